//! What a snapshot leaves to commands, and that it ends with the engine.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::fuzzy::take_under_load;
use super::watched::Watched;
use super::world::{Run, World};
use crate::journal::Watermark;
use crate::model::{Lsn, Timestamp};
use crate::snapshot::{
    MemoryStore, Pace, SnapshotError, SnapshotStore, Source, load_newest, take, take_at,
};

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

/// An engine of which an event is applied whenever something is written, or a chunk is
/// read, or neither.
struct Beside {
    store: MemoryStore,
    applied: Watermark,
    closing: AtomicBool,
    at_writes: bool,
    at_reads: bool,
    /// The engine closes at this write.
    closes_at: u64,
    writes: AtomicU64,
}

impl Beside {
    fn new(at_writes: bool, at_reads: bool) -> Self {
        Self {
            store: MemoryStore::default(),
            applied: Watermark::new(Lsn::NONE),
            closing: AtomicBool::new(false),
            at_writes,
            at_reads,
            closes_at: u64::MAX,
            writes: AtomicU64::new(0),
        }
    }

    fn apply(&self, does: bool) {
        if does {
            self.applied.advance(self.applied.applied().next());
        }
    }

    fn write(&self) {
        self.apply(self.at_writes);
        let writes = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        self.closing.fetch_or(writes >= self.closes_at, Ordering::Release);
    }

    /// Takes a snapshot; answers with how long it made way.
    fn take(&self, run: &Run) -> Result<Duration, SnapshotError> {
        let mut pace = Pace::beside(&self.applied, &self.closing);
        let on_write = || self.write();
        let on_read = |_| {
            self.apply(self.at_reads);
            Ok(())
        };
        let watched = Watched { store: &self.store, on_write: &on_write, on_read: &on_read };
        let taken = take_at(&mut pace, Source::from(&run.world), &watched, AT)?;
        Ok(taken.took_resting)
    }
}

#[test]
fn it_makes_way_for_events_while_it_copies_and_while_it_verifies() {
    let run = Run::new(3);
    run.go_on(200);
    let rested = |at_writes, at_reads| Beside::new(at_writes, at_reads).take(&run).unwrap();
    assert!(rested(true, false) > Duration::ZERO, "copying");
    assert!(rested(false, true) > Duration::ZERO, "verifying");
    assert_eq!(rested(false, false), Duration::ZERO, "an idle engine is not waited for");
}

#[test]
fn nobody_is_made_way_for_where_nobody_is_served() {
    let run = Run::new(3);
    run.go_on(200);
    let taken = take_under_load(&run, &MemoryStore::default(), 1);
    assert_eq!(taken.took_resting, Duration::ZERO);
}

#[test]
fn it_ends_with_the_engine_and_what_was_there_stays() {
    let run = Run::new(3);
    run.go_on(200);
    let mut beside = Beside::new(true, true);
    beside.take(&run).unwrap();
    run.go_on(200);
    beside.closes_at = beside.writes.load(Ordering::Relaxed) + 2;
    assert!(matches!(beside.take(&run), Err(SnapshotError::Closing)));
    assert_eq!(beside.writes.load(Ordering::Relaxed), beside.closes_at, "not one more");
    assert_eq!(beside.store.generations().unwrap(), [1]);
    // The next engine on the directory takes it as if nothing had been.
    take(Source::from(&run.world), &beside.store, AT).unwrap();
    let recovered = load_newest(&beside.store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), run.world.hash());
}
