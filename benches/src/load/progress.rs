//! What is shown while a run goes on: a line a second.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::recorder::Shared;
use crate::workload::network::Progress;

/// Time between two lines.
const EVERY: Duration = Duration::from_secs(1);

/// A task that ends when this is dropped.
#[derive(Debug)]
pub struct Ticking(Option<JoinHandle<()>>);

impl Drop for Ticking {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Where progress is shown, if anywhere.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    shows: bool,
}

impl Screen {
    /// The standard error output, when a person reads it and wants to.
    pub fn new(quiet: bool) -> Self {
        Self { shows: !quiet && std::io::stderr().is_terminal() }
    }

    /// Shows a line.
    pub fn say(self, line: &str) {
        if self.shows {
            eprintln!("{line}");
        }
    }

    /// Shows how far setting up has come.
    pub fn setting_up(self, progress: &Arc<Progress>, pairs: u32) -> Ticking {
        let progress = Arc::clone(progress);
        self.tick(move || format!("stocking: {} of {pairs} pairs", progress.done()))
    }

    /// Shows throughput and latency.
    pub fn running(self, phase: &'static str, record: &Shared) -> Ticking {
        let record = Arc::clone(record);
        self.tick(move || {
            let (orders, p99_us) = record.lock().take_recent();
            format!("{phase}: {orders:>8} orders/s   p99 {p99_us:>8} us")
        })
    }

    fn tick(self, line: impl Fn() -> String + Send + 'static) -> Ticking {
        Ticking(self.shows.then(|| {
            tokio::spawn(async move {
                let mut ticks = interval(EVERY);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                ticks.tick().await;
                loop {
                    ticks.tick().await;
                    eprintln!("{}", line());
                }
            })
        }))
    }
}
