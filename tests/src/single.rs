//! An engine on one thread and a simulated disk: nothing happens but what the
//! test makes happen.

use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use backstock_engine::disk::{Disk, SimulatedDisk};
use backstock_engine::engine::{Engine, OpenError, OpenOptions, Pump, Recovered};

use crate::fixture::Line;

/// Where the engine's data is on a simulated disk.
pub const DIRECTORY: &str = "/data";

/// Times that a future is polled before it is said to hang.
const POLLS_MAX: usize = 10_000;

/// The engine and what runs it.
pub struct Single {
    /// The engine.
    pub engine: Engine,
    /// Writes and applies, when told to.
    pub pump: Pump,
    /// What recovery did.
    pub recovered: Recovered,
}

impl Single {
    /// Opens an engine with small segments, so that runs cross their borders.
    pub fn open(disk: &SimulatedDisk) -> Result<Self, OpenError> {
        let options = OpenOptions { segment_bytes: 16 << 10, ..OpenOptions::new(DIRECTORY) };
        let disk = Arc::new(disk.clone()) as Arc<dyn Disk>;
        let (engine, pump, recovered) =
            Engine::open_single_threaded(&options, disk, Arc::new(Line))?;
        Ok(Self { engine, pump, recovered })
    }

    /// Opens an engine on a disk of its own.
    ///
    /// # Panics
    /// When it does not open.
    pub fn fresh() -> Self {
        Self::open(&SimulatedDisk::new()).expect("the engine opens")
    }

    /// Writes and applies all that waits.
    ///
    /// # Panics
    /// When the engine halts.
    pub fn drain(&mut self) {
        while self.pump.pump().expect("the engine does not halt") {}
    }

    /// Runs a future to its end, writing and applying whenever it waits.
    ///
    /// # Panics
    /// When it hangs.
    pub fn run<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        for _ in 0..POLLS_MAX {
            if let Poll::Ready(done) = poll(future.as_mut()) {
                return done;
            }
            // What halts the engine is told to the future as well.
            let _ = self.pump.pump();
        }
        panic!("the command hangs");
    }
}

/// The journal's segments on a disk, the oldest first, with their content.
pub fn segments(disk: &SimulatedDisk) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let directory = backstock_engine::engine::journal_directory(Path::new(DIRECTORY));
    let names = disk.list(&directory).expect("the journal has a directory");
    let paths = names.into_iter().map(|name| directory.join(name));
    let files = paths.map(|path| (path.clone(), disk.contents(&path).expect("it is listed")));
    files.filter(|(_, content)| !content.is_empty()).collect()
}

/// Polls a future once, with a waker that wakes nothing.
pub fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Notes that a future is woken.
#[derive(Default)]
pub struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Woken {
    /// Whether it was woken since it was polled last.
    pub fn is_woken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Polls a future that wakes this.
    pub fn poll<F: Future + ?Sized>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
        self.0.store(false, Ordering::SeqCst);
        future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }
}
