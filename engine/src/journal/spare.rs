//! A segment's file made beforehand, of zeros that are written and not only promised.
//!
//! A file system keeps room that was promised as extents "not written yet": each sync
//! of a batch in them has to commit that they are written now, which takes several
//! times as long as syncing the batch. So the next segment is filled with zeros beside
//! the appending, a piece at a time; then a sync writes the batch and nothing else.
//!
//! ```text
//!   active segment an eighth full ----> wanted ----> zeros, synced ----> ready
//!   active segment full: taken, header written, renamed <------------------+
//! ```
//! Whatever goes wrong here, the log makes a segment itself, as it does its first one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::limits::SPARE_PIECE_BYTES;
use crate::disk::{Access, Disk, DiskFile};

/// The file that is being made.
const NAME: &str = "spare.journal.new";

/// Between two pieces, so that appending finds the disk idle.
const PAUSE: Duration = Duration::from_millis(2);

/// Makes one file at a time, on a thread of its own.
pub(crate) struct Spares {
    shared: Arc<Shared>,
    maker: Option<JoinHandle<()>>,
}

struct Shared {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

enum State {
    Idle,
    /// A file of so many bytes is to be made, or is being made.
    Wanted(u64),
    Ready(Box<dyn DiskFile>, u64),
    /// Nothing more is made.
    Closed,
}

/// Whether `name` is what a crash may leave of a spare.
pub(crate) fn is_spare(name: &str) -> bool {
    name == NAME
}

impl Spares {
    /// Begins to make what is wanted of it, in `dir`. None where no thread is to be had.
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: &Path) -> Option<Self> {
        let (state, changed) = (Mutex::new(State::Idle), Condvar::new());
        let shared = Arc::new(Shared { disk, path: dir.join(NAME), state, changed });
        let making = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("journal spare".into());
        let maker = thread.spawn(move || making.run()).ok()?;
        Some(Self { shared, maker: Some(maker) })
    }

    /// Wants a file of `bytes` zeros, unless one is wanted or there already.
    pub(crate) fn want(&self, bytes: u64) {
        let mut state = self.shared.state.lock();
        if matches!(*state, State::Idle) {
            *state = State::Wanted(bytes);
            self.shared.changed.notify_all();
        }
    }

    /// Takes the file if it is ready and of that length, with its path.
    pub(crate) fn take(&self, bytes: u64) -> Option<(Box<dyn DiskFile>, &Path)> {
        let mut state = self.shared.state.lock();
        if !matches!(*state, State::Ready(_, ready) if ready == bytes) {
            return None;
        }
        let State::Ready(file, _) = std::mem::replace(&mut *state, State::Idle) else {
            unreachable!("looked at under the same lock");
        };
        Some((file, &self.shared.path))
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *self.shared.state.lock(), State::Closed);
        self.shared.changed.notify_all();
        // A maker that panicked has nothing more to say: the log did without it.
        let _ = self.maker.take().map(JoinHandle::join);
        if !matches!(before, State::Idle) {
            // What stays here is removed when the log is opened.
            let _ = self.shared.disk.remove(&self.shared.path);
        }
    }
}

impl Shared {
    fn run(&self) {
        while let Some(bytes) = self.next() {
            let made = self.make(bytes);
            let mut state = self.state.lock();
            match (&*state, made) {
                (State::Wanted(_), Some(file)) => *state = State::Ready(file, bytes),
                // No room, or a failed disk: the log finds out for itself.
                (State::Wanted(_), None) => *state = State::Idle,
                _ => {}
            }
        }
    }

    /// The length of the next file to make; none when closed.
    fn next(&self) -> Option<u64> {
        let mut state = self.state.lock();
        loop {
            match *state {
                State::Wanted(bytes) => return Some(bytes),
                State::Closed => return None,
                State::Idle | State::Ready(..) => self.changed.wait(&mut state),
            }
        }
    }

    fn make(&self, bytes: u64) -> Option<Box<dyn DiskFile>> {
        let file = self.disk.open(&self.path, Access::Create).ok()?;
        file.preallocate(bytes).ok()?;
        let zeros = vec![0; SPARE_PIECE_BYTES];
        let mut done = 0;
        while done < bytes {
            let piece = usize::try_from(bytes - done).unwrap_or(usize::MAX).min(zeros.len());
            file.write_at(&zeros[..piece], done).ok()?;
            file.sync_data().ok()?;
            done += piece as u64;
            if self.is_closed_within(PAUSE) {
                return None;
            }
        }
        Some(file)
    }

    fn is_closed_within(&self, pause: Duration) -> bool {
        let mut state = self.state.lock();
        if !matches!(*state, State::Closed) {
            self.changed.wait_for(&mut state, pause);
        }
        matches!(*state, State::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimulatedDisk;

    fn spares() -> Spares {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(Path::new("/d")).unwrap();
        Spares::new(Arc::new(disk), Path::new("/d")).expect("a thread")
    }

    fn wait_for(spares: &Spares, bytes: u64) -> Option<(Box<dyn DiskFile>, &Path)> {
        for _ in 0..5_000 {
            let taken = spares.take(bytes);
            if taken.is_some() {
                return taken;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        None
    }

    #[test]
    fn a_file_of_zeros_is_made_and_can_be_taken_once() {
        let spares = spares();
        assert!(spares.take(10_000).is_none());
        spares.want(10_000);
        let (file, path) = wait_for(&spares, 10_000).expect("made");
        assert_eq!((file.len().unwrap(), path), (10_000, Path::new("/d/spare.journal.new")));
        let mut bytes = vec![1; 10_000];
        assert_eq!(file.read_at(&mut bytes, 0).unwrap(), 10_000);
        assert!(bytes.iter().all(|byte| *byte == 0));
        assert!(spares.take(10_000).is_none());
    }

    #[test]
    fn a_file_of_another_length_is_not_taken() {
        let spares = spares();
        spares.want(5_000);
        assert!(wait_for(&spares, 5_000).is_some());
        spares.want(5_000);
        std::thread::sleep(Duration::from_millis(20));
        assert!(spares.take(6_000).is_none());
    }
}
