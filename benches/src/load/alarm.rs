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
    fn new(epoch: Instant) -> Self {
        Self { epoch, at_ns: AtomicU64::new(NEVER), ringing: Notify::new() }
    }

    /// Waits until then, or a little longer.
    pub async fn wait_until(&self, at: Instant) {
        let at_ns = u64::try_from((at - self.epoch).as_nanos()).unwrap_or(NEVER);
        self.at_ns.store(at_ns, Ordering::Release);
        self.ringing.notified().await;
    }

    fn ring_if_due(&self, now_ns: u64) {
        let at_ns = self.at_ns.load(Ordering::Acquire);
        if at_ns <= now_ns && self.at_ns.swap(NEVER, Ordering::AcqRel) != NEVER {
            self.ringing.notify_one();
        }
    }
}

/// The thread that rings alarms; it ends when this is dropped.
#[derive(Debug)]
pub struct Ringer {
    alarms: Vec<Arc<Alarm>>,
    ends: Arc<AtomicBool>,
}

impl Ringer {
    /// Starts the thread, with so many alarms.
    pub fn start(count: usize) -> Self {
        let epoch = Instant::now();
        let alarms: Vec<_> = (0..count).map(|_| Arc::new(Alarm::new(epoch))).collect();
        let ends = Arc::new(AtomicBool::new(false));
        let (rung, ending) = (alarms.clone(), Arc::clone(&ends));
        thread::spawn(move || {
            while !ending.load(Ordering::Relaxed) {
                thread::sleep(NAP);
                let now_ns = u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(NEVER);
                rung.iter().for_each(|alarm| alarm.ring_if_due(now_ns));
            }
        });
        Self { alarms, ends }
    }

    /// The alarms, one for each caller.
    pub fn alarms(&self) -> &[Arc<Alarm>] {
        &self.alarms
    }
}

impl Drop for Ringer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}
