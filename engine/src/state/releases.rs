//! Nodes of which shipments may have become due for release by their rule, but no event names the orders:
//! the rule is another one. Derived, and in no snapshot: a start looks at each node that has a rule.
//!
//! ```text
//!   applier --note--> nodes to look at --> their orders are woken --> what is due of each
//! ```

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::model::NodeNo;

/// The nodes that are to be looked at, each once.
#[derive(Default)]
pub struct Releases {
    /// Whether a node ever had a rule since the start: where none has, nothing is noted.
    is_on: AtomicBool,
    nodes: Mutex<BTreeSet<NodeNo>>,
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
        self.nodes.lock().insert(node);
    }

    /// The next node to look at. It is forgotten.
    pub fn take(&self) -> Option<NodeNo> {
        self.nodes.lock().pop_first()
    }
}
