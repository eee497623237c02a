//! What a pair shows without a turn: one word, read at any time.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::actor::{Actor, Row};
use crate::limits::LINE_UNITS_MAX;
use crate::model::NodeNo;

/// What a pair publishes: readable at any time without a turn. One word of four
/// bytes: four flags, and above them the free quantity as far as 28 bits go.
#[derive(Debug, Default)]
pub struct Published(AtomicU32);

/// A reading of [`Published`].
#[expect(clippy::struct_excessive_bools, reason = "each is a bit of the word")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Free now, net of claims; below zero after a short count. Exact unless it
    /// [is clamped](Self::is_clamped).
    pub free: i32,
    /// Whether an inbound supply is open.
    pub has_inbound: bool,
    /// Whether units are claimed or withheld in flight: they may come back.
    pub in_flight: bool,
    /// Whether units of orders wait here, or rest on what is on its way.
    pub has_backlog: bool,
    /// Whether the pair says who may have its units: it has to be asked.
    pub has_terms: bool,
}

/// What is so at any pair of a row.
#[expect(clippy::struct_excessive_bools, reason = "each is a bit of a pair's word")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtAny {
    /// Whether an inbound supply is open.
    pub has_inbound: bool,
    /// Whether units are claimed or withheld in flight: they may come back.
    pub in_flight: bool,
    /// Whether units of orders wait, or rest on what is on its way.
    pub has_backlog: bool,
    /// Whether a pair says who may have its units.
    pub has_terms: bool,
}

impl Glance {
    /// Most units that are published as free: more than any line wants.
    pub const FREE_MAX: i32 = i32::MAX >> Published::FLAG_BITS;
    /// Fewest units that are published as free.
    pub const FREE_MIN: i32 = i32::MIN >> Published::FLAG_BITS;

    /// The same with so many units free, as far as they are published.
    #[must_use]
    pub fn with_free(self, free: i64) -> Self {
        let (least, most) = (i64::from(Self::FREE_MIN), i64::from(Self::FREE_MAX));
        Self { free: i32::try_from(free.clamp(least, most)).expect("clamped to 28 bits"), ..self }
    }

    /// Whether all is shown that the pair could promise, to whomever.
    pub const fn shows_all(self) -> bool {
        !self.has_inbound && !self.has_terms && !self.is_clamped()
    }

    /// Whether the actor may have more units free, or lack more, than it publishes:
    /// a read that shows the quantity asks the actor
    /// (`StockMessage::ReadPromise`).
    pub const fn is_clamped(self) -> bool {
        self.free == Self::FREE_MAX || self.free == Self::FREE_MIN
    }
}

impl Published {
    const INBOUND: u32 = 1;
    const IN_FLIGHT: u32 = 2;
    const BACKLOG: u32 = 4;
    const TERMS: u32 = 8;
    const FLAG_BITS: u32 = 4;

    /// Reads what was published last.
    #[inline]
    pub fn glance(&self) -> Glance {
        Self::read(self.word())
    }

    #[inline]
    fn word(&self) -> u32 {
        // The reading is a hint to plan on; the claim decides. A refusal rests on
        // it, and its version must include the event that made it so.
        self.0.load(Ordering::Acquire)
    }

    #[inline]
    const fn read(word: u32) -> Glance {
        Glance {
            free: word.cast_signed() >> Self::FLAG_BITS,
            has_inbound: word & Self::INBOUND != 0,
            in_flight: word & Self::IN_FLIGHT != 0,
            has_backlog: word & Self::BACKLOG != 0,
            has_terms: word & Self::TERMS != 0,
        }
    }

    pub(super) fn publish(&self, glance: Glance) {
        let mut word = glance.free.cast_unsigned() << Self::FLAG_BITS;
        word |= if glance.has_inbound { Self::INBOUND } else { 0 };
        word |= if glance.in_flight { Self::IN_FLIGHT } else { 0 };
        word |= if glance.has_backlog { Self::BACKLOG } else { 0 };
        word |= if glance.has_terms { Self::TERMS } else { 0 };
        self.0.store(word, Ordering::Release);
    }
}

impl<A: Actor<Shared = Published> + Default> Row<A> {
    /// Shows what every pair of the row publishes, in the order of their insertion; answers
    /// what is so at any of them.
    #[inline]
    pub fn glances(&self, mut show: impl FnMut(NodeNo, Glance)) -> AtAny {
        let mut words = 0;
        self.for_each(|node, published| {
            let word = published.word();
            words |= word;
            show(node, Published::read(word));
        });
        let Glance { has_inbound, in_flight, has_backlog, has_terms, .. } = Published::read(words);
        AtAny { has_inbound, in_flight, has_backlog, has_terms }
    }

    /// Whether units of orders wait for this SKU at any node, or rest on what is on its way.
    pub fn has_backlog(&self) -> bool {
        self.glances(|_, _| ()).has_backlog
    }

    /// Whether a pair says who may have its units.
    pub fn has_terms(&self) -> bool {
        self.glances(|_, _| ()).has_terms
    }
}

// A clamped quantity is enough for any line, and too little for none.
const _: () = assert!(LINE_UNITS_MAX < Glance::FREE_MAX.cast_unsigned());
