//! What was learnt from orders, as it is in memory, and how far the journal was read for it.
//!
//! It is no part of the state that events change as they are applied: a reader of the journal learns behind the
//! applier (`crate::learning`), and may be behind. So it is in no state hash. It is a pure function of the journal all
//! the same: who reads on from a copy comes to what the original came to.

use std::sync::OnceLock;

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::companions::{Learnt, LearntPage, PageError};
use crate::journal::Cursor;
use crate::model::Lsn;

/// What was learnt, and who learns.
#[derive(Default)]
pub struct Companions {
    learnt: RwLock<LearntUpTo>,
    /// Where in the journal is read on. Held by who learns, for some hundred events at a time, and by who copies all of
    /// what was learnt.
    turn: Mutex<Place>,
    learner: OnceLock<Box<dyn Learns>>,
}

/// A place in the journal, once something was read.
pub type Place = Option<Box<dyn Cursor>>;

/// What was learnt of the journal up to an event.
#[derive(Clone, Debug, Default)]
pub struct LearntUpTo {
    /// What was.
    pub learnt: Learnt,
    /// The last event that was read for it.
    pub upto: Lsn,
    /// The event from which on the journal was read without a gap. An order that was placed before it was not learnt
    /// from, and is not taken back.
    pub since: Lsn,
}

/// Who learns from the journal.
pub trait Learns: Send + Sync {
    /// Learns from all events up to one that is applied. Blocks its thread.
    fn reach(&self, lsn: Lsn);
}

impl Companions {
    /// What was learnt. Whoever learns waits meanwhile, so it is let go of soon.
    pub fn read(&self) -> RwLockReadGuard<'_, LearntUpTo> {
        self.learnt.read()
    }

    /// What is to be learnt of.
    pub fn write(&self) -> RwLockWriteGuard<'_, LearntUpTo> {
        self.learnt.write()
    }

    /// The turn to learn, or to copy what was learnt while nothing is.
    pub const fn turn(&self) -> &Mutex<Place> {
        &self.turn
    }

    /// Somebody learns from now on. The first one stays.
    pub fn begin(&self, learner: Box<dyn Learns>) {
        drop(self.learner.set(learner));
    }

    /// Has all events up to one be learnt from, if somebody learns.
    pub fn reach(&self, lsn: Lsn) {
        if let Some(learner) = self.learner.get() {
            learner.reach(lsn);
        }
    }

    /// Puts a part of a copy back, which has read the journal from one event up to another.
    ///
    /// # Errors
    /// When it is none.
    pub fn put_back(&self, page: LearntPage, (since, upto): (Lsn, Lsn)) -> Result<(), PageError> {
        let mut all = self.learnt.write();
        (all.since, all.upto) = (since, upto);
        all.learnt.put_back(page)
    }
}
