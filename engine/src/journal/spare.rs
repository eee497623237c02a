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

/// How long a log that has no room waits for the room of a file that is being made: as
/// long as a slow disk takes to write and sync a piece.
const GIVING_UP_MAX: Duration = Duration::from_secs(1);

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
    /// A file of so many bytes is to be made.
    Wanted(u64),
    /// It is being made.
    Making,
    Ready(Box<dyn DiskFile>, u64),
    /// It is being made, and its room is wanted for something else.
    GivenUp,
    /// There was no room for it. Nothing is made before the log made a segment itself.
    Failed,
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
        if matches!(*state, State::Failed) {
            *state = State::Idle;
        }
        if !matches!(*state, State::Ready(_, ready) if ready == bytes) {
            return None;
        }
        let State::Ready(file, _) = std::mem::replace(&mut *state, State::Idle) else {
            unreachable!("looked at under the same lock");
        };
        Some((file, &self.shared.path))
    }

    /// Gives the room back that a file takes, made or being made, to a log that has
    /// none for a segment. False when there is none to give back; true when there may be
    /// more now.
    pub(crate) fn give_up(&self) -> bool {
        let Shared { state, changed, .. } = &*self.shared;
        let mut state = state.lock();
        match *state {
            State::Wanted(_) => *state = State::Failed,
            State::Ready(..) => {
                *state = State::Failed;
                let _ = self.shared.disk.remove(&self.shared.path);
            }
            State::Making => {
                *state = State::GivenUp;
                changed.notify_all();
                // A file that is open keeps its room, with a name or without.
                let is_making = |state: &mut State| matches!(state, State::GivenUp);
                changed.wait_while_for(&mut state, is_making, GIVING_UP_MAX);
            }
            State::Idle | State::GivenUp | State::Failed | State::Closed => return false,
        }
        true
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *self.shared.state.lock(), State::Closed);
        self.shared.changed.notify_all();
        // A maker that panicked has nothing more to say: the log did without it.
        let _ = self.maker.take().map(JoinHandle::join);
        if !matches!(before, State::Idle) {
            // What stays here all the same is removed when the log is opened.
            let _ = self.shared.disk.remove(&self.shared.path);
        }
    }
}

impl Shared {
    fn run(&self) {
        while let Some(bytes) = self.next() {
            let made = self.make(bytes);
            let mut state = self.state.lock();
            match made {
                Some(file) if matches!(*state, State::Making) => {
                    *state = State::Ready(file, bytes);
                }
                // Given up, or no room, or a failed disk: the log finds out for itself.
                // What there is of the file must not keep its room.
                unwanted => {
                    drop(unwanted);
                    let _ = self.disk.remove(&self.path);
                    if matches!(*state, State::Making | State::GivenUp) {
                        *state = State::Failed;
                        self.changed.notify_all();
                    }
                }
            }
        }
    }

    /// The next file to make; none when closed.
    fn next(&self) -> Option<u64> {
        let mut state = self.state.lock();
        loop {
            match *state {
                State::Wanted(bytes) => {
                    *state = State::Making;
                    return Some(bytes);
                }
                State::Closed => return None,
                _ => self.changed.wait(&mut state),
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
            if !self.is_making_after(PAUSE) {
                return None;
            }
        }
        Some(file)
    }

    fn is_making_after(&self, pause: Duration) -> bool {
        let mut state = self.state.lock();
        if matches!(*state, State::Making) {
            self.changed.wait_for(&mut state, pause);
        }
        matches!(*state, State::Making)
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

    /// A spare that there is no room for gives its room back to the disk.
    #[test]
    fn a_spare_that_there_is_no_room_for_leaves_none_behind() {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(Path::new("/d")).unwrap();
        disk.set_capacity(Some(4_000));
        let spares = Spares::new(Arc::new(disk.clone()), Path::new("/d")).expect("a thread");
        spares.want(10_000);
        for _ in 0..5_000 {
            if matches!(*spares.shared.state.lock(), State::Failed) {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(matches!(*spares.shared.state.lock(), State::Failed));
        assert!(disk.list(Path::new("/d")).unwrap().is_empty());
        spares.want(10_000);
        assert!(matches!(*spares.shared.state.lock(), State::Failed), "not again and again");
        assert!(spares.take(10_000).is_none());
        assert!(matches!(*spares.shared.state.lock(), State::Idle));
    }

    #[test]
    fn a_spare_is_given_up_for_a_log_that_has_no_room() {
        let spares = spares();
        assert!(!spares.give_up());
        spares.want(5_000);
        assert!(spares.give_up());
        assert!(spares.take(5_000).is_none());
        let disk = spares.shared.disk.clone();
        drop(spares);
        assert!(disk.list(Path::new("/d")).unwrap().is_empty());
    }

    /// Whatever is made of it: a file that is open keeps its room without a name.
    #[test]
    fn what_is_given_up_leaves_its_room_at_once() {
        for moment in 0..50 {
            let disk = SimulatedDisk::new();
            disk.create_dir_all(Path::new("/d")).unwrap();
            let spares = Spares::new(Arc::new(disk.clone()), Path::new("/d")).expect("a thread");
            spares.want(10 * SPARE_PIECE_BYTES as u64);
            std::thread::sleep(Duration::from_micros(moment * 500));
            assert!(spares.give_up());
            assert_eq!(disk.used(), 0, "{moment}");
        }
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
