//! Supplies on their way to a pair, and those of which nothing more is to come.
//!
//! ```text
//!   announced --> open: ordered = received + still to come --> closed: remembered
//!                  ^  parts arrive                               |
//!                  +---------- more is ordered than was ---------+
//! ```
//! A file of open orders comes every night, and says of each how much was ordered in all.
//! What is still to come is that, less what arrived.

use super::confidence::Confidence;
use super::source::SupplySource;
use crate::limits::CLOSED_INBOUND_PER_PAIR_MAX;
use crate::model::digest::{Part, hash_written};
use crate::model::ids::{InboundId, InboundNo, NodeNo};
use crate::model::time::Timestamp;

/// Units on their way to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Its number at this pair.
    pub no: InboundNo,
    /// The caller's id.
    pub id: InboundId,
    /// Units still expected.
    pub quantity: u32,
    /// Units promised from it; never more than `quantity`.
    pub pegged: u32,
    /// When they are expected.
    pub eta: Timestamp,
    /// Units that arrived. Events of older versions do not count them.
    pub received: u32,
    /// The node that they left, if they are of a transfer.
    pub from: Option<NodeNo>,
    /// Whether another day is expected than was told to orders that rest on them.
    pub untold: bool,
    /// How much of what is still expected may be promised.
    pub confidence: Confidence,
    /// Where it comes from, if it is no transfer.
    pub source: SupplySource,
}

impl Inbound {
    /// Units that can still be promised: what counts of those expected, less those promised. A
    /// supply that counts for less than was promised from it keeps its promises.
    pub fn free(&self) -> u32 {
        self.confidence.of(self.quantity).saturating_sub(self.pegged)
    }

    /// Units ordered in all.
    pub const fn ordered(&self) -> u32 {
        self.received.saturating_add(self.quantity)
    }
}

/// A supply of which nothing more is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedInbound {
    /// The caller's id.
    pub id: InboundId,
    /// Units ordered in all, when it closed; of a transfer that turned back, those that arrived.
    pub ordered: u32,
    /// Units that arrived.
    pub received: u32,
    /// The node that they left, if it was a transfer.
    pub from: Option<NodeNo>,
}

/// The supplies of a pair that closed last, each id once, in the order of their closing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedInbounds {
    list: Vec<ClosedInbound>,
    /// Made anew with each change of the list: every event of the pair asks for it.
    hash: u64,
}

impl ClosedInbounds {
    /// Those that closed first before others.
    pub fn list(&self) -> &[ClosedInbound] {
        &self.list
    }

    /// Remembers one more; beyond [`CLOSED_INBOUND_PER_PAIR_MAX`], the first transfer is
    /// forgotten, or else the first of all. No file lists a transfer.
    pub(super) fn push(&mut self, closed: ClosedInbound) {
        self.list.push(closed);
        if self.list.len() > CLOSED_INBOUND_PER_PAIR_MAX {
            let transfer = self.list.iter().position(|closed| closed.from.is_some());
            self.list.remove(transfer.unwrap_or(0));
        }
        self.rehash();
    }

    /// Takes out the supply of that id.
    pub(super) fn take(&mut self, id: &InboundId) -> Option<ClosedInbound> {
        let at = self.list.iter().position(|closed| closed.id == *id)?;
        let closed = self.list.remove(at);
        self.rehash();
        Some(closed)
    }

    /// Counts units that arrived of the supply of that id.
    pub(super) fn count_late(&mut self, id: &InboundId, units: u32) {
        for closed in self.list.iter_mut().filter(|closed| closed.id == *id) {
            closed.received = closed.received.saturating_add(units);
        }
        self.rehash();
    }

    /// Takes back units that did not arrive after all of the supply of that id.
    pub(super) fn take_back(&mut self, id: &InboundId, units: u32) {
        for closed in self.list.iter_mut().filter(|closed| closed.id == *id) {
            closed.received = closed.received.saturating_sub(units);
        }
        self.rehash();
    }

    /// The hash of the list; 0 of an empty one, which no state of older versions has filled.
    pub(super) const fn hash(&self) -> u64 {
        self.hash
    }

    fn rehash(&mut self) {
        *self = std::mem::take(&mut self.list).into();
    }
}

impl From<Vec<ClosedInbound>> for ClosedInbounds {
    fn from(list: Vec<ClosedInbound>) -> Self {
        if list.is_empty() {
            return Self::default();
        }
        let hash = hash_written(Part::ClosedInbound, |digest| {
            for closed in &list {
                digest.bytes(closed.id.as_str().as_bytes());
                let from = closed.from.map_or(u64::MAX, |node| node.0.into());
                digest.words([closed.ordered.into(), closed.received.into(), from]);
            }
        });
        Self { list, hash: hash.value() }
    }
}
