//! Wakes callers when an order is due. A runtime's timers go by milliseconds; these
//! by some tens of microseconds, at the price of a thread that mostly sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How long the thread sleeps at most: an alarm may be set meanwhile.
const NAP: Duration = Duration::from_micros(50);

/// Not set.
const NEVER: u64 = u64::MAX;

/// The alarm of one caller.
#[derive(Debug)]
pub struct Alarm {
    epoch: Instant,
    at_ns: AtomicU64,
    ringing: Notify,
}

impl Alarm {
    /// An alarm that is not set.
    pub fn new() -> Self {
        Self { epoch: Instant::now(), at_ns: AtomicU64::new(NEVER), ringing: Notify::new() }
    }

    fn ns(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.epoch).as_nanos()).unwrap_or(NEVER)
    }

    /// Waits until then, or a little longer.
    pub async fn wait_until(&self, at: Instant) {
        self.at_ns.store(self.ns(at), Ordering::Release);
        self.ringing.notified().await;
    }

    fn ring_if_due(&self, now: Instant) {
        let due = self.at_ns.load(Ordering::Acquire) <= self.ns(now);
        if due && self.at_ns.swap(NEVER, Ordering::AcqRel) != NEVER {
            self.ringing.notify_one();
        }
    }
}

/// The thread that rings alarms; it ends when this is dropped.
#[derive(Debug)]
pub struct Ringer {
    ends: Arc<AtomicBool>,
}

impl Ringer {
    /// Starts the thread for these alarms.
    pub fn start(alarms: Vec<Arc<Alarm>>) -> Self {
        let ends = Arc::<AtomicBool>::default();
        let ending = Arc::clone(&ends);
        thread::spawn(move || {
            while !ending.load(Ordering::Relaxed) {
                thread::sleep(NAP);
                let now = Instant::now();
                for alarm in &alarms {
                    alarm.ring_if_due(now);
                }
            }
        });
        Self { ends }
    }
}

impl Drop for Ringer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}
