//! What the disk takes to keep 4 KiB, measured beside a run: what latency is compared with.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::error::LoadError;
use super::recorder::histogram;

/// What is written each time.
const BYTES: [u8; 4_096] = [0x5a; 4_096];
/// Between two times: so rarely that the run does not feel it.
const PAUSE: Duration = Duration::from_millis(20);

/// A thread that measures.
pub struct Syncing {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<std::io::Result<Histogram<u64>>>,
}

impl Syncing {
    /// Starts it, with a file without a name in this directory.
    pub fn start(directory: &Path) -> Result<Self, LoadError> {
        let failed = |source| LoadError::File { path: directory.to_owned(), source };
        let file = tempfile::tempfile_in(directory).map_err(failed)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&stop);
        let thread = std::thread::spawn(move || measure(file, &stops));
        Ok(Self { stop, thread })
    }

    /// Stops it; how long each took, in microseconds.
    pub fn end(self, directory: &Path) -> Result<Histogram<u64>, LoadError> {
        self.stop.store(true, Ordering::Relaxed);
        let measured = self.thread.join().expect("no panic");
        measured.map_err(|source| LoadError::File { path: directory.to_owned(), source })
    }
}

fn measure(mut file: std::fs::File, stop: &AtomicBool) -> std::io::Result<Histogram<u64>> {
    let mut took = histogram(3);
    while !stop.load(Ordering::Relaxed) {
        file.write_all(&BYTES)?;
        let began = Instant::now();
        file.sync_data()?;
        took.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        std::thread::sleep(PAUSE);
    }
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sync_is_measured_until_it_is_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let syncing = Syncing::start(directory.path()).unwrap();
        std::thread::sleep(PAUSE * 2);
        assert!(!syncing.end(directory.path()).unwrap().is_empty());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
