//! Where shipments may have become due for release by the rule of their node, but no event names their
//! orders: a node has another rule, or units came in at a pair. Derived, and in no snapshot: a start
//! looks at each node that has a rule.
//!
//! ```text
//!   applier --note--> nodes and pairs to look at --> their orders are woken --> what is due of each
//! ```

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::model::{NodeNo, Pair};

/// Where to look for orders of which a shipment may be due for release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// At all that a node has.
    Node(NodeNo),
    /// At an item of it.
    Pair(Pair),
}

/// What is to be looked at, each once.
#[derive(Default)]
pub struct Releases {
    /// Whether a node ever had a rule since the start: where none has, nothing is noted.
    is_on: AtomicBool,
    looks: Mutex<BTreeSet<Look>>,
}

impl Releases {
    /// Whether a node ever had a rule.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// A node has a rule, or another one than before.
    pub fn begin(&self, node: NodeNo) {
        self.is_on.store(true, Ordering::Relaxed);
        self.note(Look::Node(node));
    }

    /// Something may be due there. What is noted already is not noted twice: there are no more than
    /// nodes and pairs.
    pub fn note(&self, look: Look) {
        self.looks.lock().insert(look);
    }

    /// What is to be looked at, at most so many. They are forgotten.
    pub fn take(&self, most: usize) -> Vec<Look> {
        let mut looks = self.looks.lock();
        let taken: Vec<Look> = looks.iter().take(most).copied().collect();
        for look in &taken {
            looks.remove(look);
        }
        taken
    }
}
