//! Decisions on an order after the first one: units come to rest elsewhere, or other days are
//! told, and why.

use minicbor::{Decode, Decoder, Encode};

use crate::limits::DECISIONS_KEPT_MAX;
use crate::model::ids::NodeNo;
use crate::model::lsn::Lsn;
use crate::model::reservations::Supply;
use crate::model::time::{Day, Timestamp};

/// Units of a line rest on other supply from now on, and the order's days with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct LineRepegged {
    /// The line, from 0.
    #[n(0)]
    pub line: u16,
    /// The nodes of shipments that are added, whose numbers follow those that there are.
    #[n(1)]
    pub opened: Vec<NodeNo>,
    /// What rests on what.
    #[n(2)]
    pub moves: Vec<Move>,
    /// Shipments whose days are told anew.
    #[n(3)]
    pub told: Vec<Told>,
    /// The order is a hold that waited, and has all its units from now on, until then.
    #[n(4)]
    pub offered_until: Option<Timestamp>,
    /// Why; none in events of older versions.
    #[n(5)]
    pub why: Option<Box<Why>>,
}

/// Units of a line that rest on other supply from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Move {
    /// How many.
    #[n(0)]
    pub units: u32,
    /// The shipment that they were in, from 0.
    #[n(1)]
    pub shipment: u16,
    /// The node that ships it, and what they rested on there.
    #[n(2)]
    pub from: (NodeNo, Supply),
    /// The shipment that they are in now: the same one if the same node ships them.
    #[n(3)]
    pub to_shipment: u16,
    /// The node that ships it, and what they rest on there.
    #[n(4)]
    pub to: (NodeNo, Supply),
}

/// The days of a shipment, told anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Told {
    /// Which one, from 0.
    #[n(0)]
    pub shipment: u16,
    /// The day by which it was to arrive, as told before; none if none was.
    #[n(1)]
    pub deliver_by_before: Option<Day>,
    /// When it ships and arrives from now on; none while units of it wait.
    #[n(2)]
    pub days: Option<(Day, Day)>,
    /// Whether all its units are there.
    #[n(3)]
    pub units_there: bool,
}

/// Why a line was looked at again, and on what it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Why {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// What brought it about.
    #[n(1)]
    pub cause: Cause,
    /// The last event that was looked at: that one, or one before it, is the cause.
    #[n(2)]
    pub looked_at: Lsn,
    /// The candidates of the line, as a [trace](super::trace) of it alone; empty where none was
    /// looked for.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub candidates: Box<[u8]>,
}

/// What brings a decision about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Cause {
    /// Units that waited were given supply that came free.
    #[n(1)]
    SupplyCame,
    /// Supply came free that is there sooner than what they rested on.
    #[n(2)]
    SoonerSupply,
    /// Their supply is expected on another day.
    #[n(3)]
    SupplyMoved,
    /// Their supply fell away, or came short.
    #[n(4)]
    SupplyLost,
    /// The node that was to ship them declined.
    #[n(5)]
    NodeDeclined,
}

impl Cause {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::SupplyCame,
        Self::SoonerSupply,
        Self::SupplyMoved,
        Self::SupplyLost,
        Self::NodeDeclined,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SupplyCame => "supply came",
            Self::SoonerSupply => "sooner supply",
            Self::SupplyMoved => "supply moved",
            Self::SupplyLost => "supply lost",
            Self::NodeDeclined => "node declined",
        }
    }
}

/// A decision on a line of an order, after the first one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Decision {
    /// The event that it is part of.
    #[n(0)]
    pub lsn: Lsn,
    /// What became different, and why.
    #[n(1)]
    pub line: LineRepegged,
}

/// The newest decisions on an order after the first one, the oldest of them first.
///
/// They are kept as bytes, as events have them: nearly all that reads or changes an order passes
/// them on as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions(
    /// An array of them; no byte where there is none.
    Box<[u8]>,
);

impl Decisions {
    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The decisions, read one after the other.
    ///
    /// # Panics
    /// When the bytes are not those of decisions: they are checked when they come in.
    pub fn iter(&self) -> impl Iterator<Item = Decision> + '_ {
        let (mut bytes, count) = self.read();
        (0..count).map(move |_| bytes.decode().expect("REPLAY_EQUAL: what was kept is read"))
    }

    /// Keeps one more, and lets the oldest go of those that are too many.
    pub(super) fn keep(&mut self, decision: &Decision) {
        let (mut kept, count) = self.read();
        let gone = (count + 1).saturating_sub(DECISIONS_KEPT_MAX as u64);
        for _ in 0..gone {
            kept.skip().expect("REPLAY_EQUAL: what was kept is read");
        }
        let mut out = Vec::with_capacity(self.0.len() + 128);
        let mut to = minicbor::Encoder::new(&mut out);
        to.array(count + 1 - gone).expect("memory takes what is written");
        to.writer_mut().extend_from_slice(&self.0[kept.position()..]);
        to.encode(decision).expect("memory takes what is written");
        self.0 = out.into();
    }

    /// Where the decisions begin, and how many there are.
    fn read(&self) -> (Decoder<'_>, u64) {
        let mut bytes = Decoder::new(&self.0);
        let count = if self.0.is_empty() { Ok(Some(0)) } else { bytes.array() };
        let count = count.ok().flatten().expect("REPLAY_EQUAL: what was kept is read");
        (bytes, count)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes the bytes of an order, which were checked when they came in.
    pub(super) fn kept(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Whether these are the bytes of some decisions, and of nothing else.
    pub(super) fn are(bytes: &[u8]) -> bool {
        let mut from = Decoder::new(bytes);
        let count = from.array().ok().flatten().unwrap_or(0);
        let is_read = (0..count).all(|_| from.decode::<Decision>().is_ok());
        count > 0 && is_read && from.position() == bytes.len()
    }
}
