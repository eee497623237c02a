//! An order as the bytes that it is written, kept and copied as.
//!
//! An order is planned once, written once, and then mostly lies there. So the command
//! that plans it packs it; the journal, the order's actor and snapshots take the very
//! same bytes, and a reader unpacks them. That takes a sixth of the memory, and one
//! encoding where there would be three.
//!
//! ```text
//!   1  format version            what an applier needs, first
//!      number, id
//!      lines:       sku, ordered, cancelled
//!      shipments:   node, flags, days, dispatch
//!      allocations: line, shipment, supply, units, shipped, cancelled
//!   8  fingerprint               what only a reader needs
//!   8  when the customer ordered
//!      service, promise, shortage, split, flags, customer, channel, when it was taken if
//!      that was at another time, postal code
//!      trace, to the end
//! ```
//! Numbers and texts as [`crate::model::pack`] has them.
//!
//! Version 2 has more: of an allocation, the units that moved; behind the allocations, how
//! many shipments and allocations were added; of a shipment, what its days were told of. An
//! order of which none of that can be said is packed in version 1, as every order is when it
//! is placed. Version 3 is of orders that began as a hold: it has what version 2 has, and the
//! hold before the postal code. Version 4 is of orders of which something else can be said: it
//! says what behind its first byte, and has all that version 2 has. Version 5 is the same, with three
//! bytes for that.
//!
//! ```text
//!   4  features: what else is there, in one byte, or in two where the first one says so
//!   1  the code of the priority
//!      ...
//!      shipments:   as above; what the node answered behind the dispatch, and what it did: since
//!        when it may work, until when it is asked for the shipment, who works on it, its packages
//!      allocations: as above; units that are picked, behind those that moved
//!      ...
//!      added, and the nodes that declined
//!      the node where it is collected, and whether its units alone may serve it: then there is
//!        no postal code
//!      the newest decisions, as events have them, behind their length
//!      what happened to it, behind its length
//!      the holds on it, as events have them, behind their length
//!      its bundles: of each the item, how many, its first line, and how many lines it has
//!      how many lines were added, and what is said of it beside its lines, as events have it, behind
//!        its length
//!      its prices and its ledger, as events have them, behind their length
//!      its returns, as events have them, behind their length
//! ```

mod form;
mod read;
mod write;

use self::form::{Features, VERSION_FEATURED, VERSION_REPEGGED, VERSION_WIDE};
use self::read::{bought, id, read, unpack};
use self::write::pack;
use super::{Allocation, Intent, Order, OrderMoney};
use crate::model::digest::{Part, PartHash, hash_bytes, hash_words};
use crate::model::hold::Hold;
use crate::model::ids::{OrderId, OrderNo, Pair, SkuNo};
use crate::model::lsn::Lsn;
use crate::model::pack::{Unpackable, Unpacker};
use crate::model::priority::Priority;

/// An order, packed: all of it except the LSNs of the events that placed it and changed it
/// last.
///
/// Bytes from outside are checked with [`PackedOrder::check`] where they come in;
/// in the engine they are known to unpack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedOrder(Box<[u8]>);

impl<C> minicbor::Encode<C> for PackedOrder {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for PackedOrder {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(Self(d.bytes()?.into()))
    }
}

/// Decodes an order of an event, and checks that it unpacks.
///
/// # Errors
/// When it does not.
pub fn decode_checked<C>(
    d: &mut minicbor::Decoder<'_>,
    _: &mut C,
) -> Result<PackedOrder, minicbor::decode::Error> {
    PackedOrder::check(d.bytes()?)
        .map_err(|error| minicbor::decode::Error::message(error.to_string()))
}

impl PackedOrder {
    /// Packs an order.
    pub fn of(order: &Order) -> Self {
        thread_local! {
            static BYTES: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
        }
        // Packed in memory that is kept, so that the bytes are allocated once, to size.
        BYTES.with_borrow_mut(|out| {
            out.clear();
            pack(order, out);
            Self(out.as_slice().into())
        })
    }

    /// Takes bytes that were packed, from outside.
    ///
    /// # Errors
    /// When they do not unpack.
    pub fn check(bytes: &[u8]) -> Result<Self, Unpackable> {
        read(bytes, |_, _| ())?;
        Ok(Self(bytes.into()))
    }

    /// Checks bytes as [`PackedOrder::check`] does, and shows each allocation with its
    /// pair on the way; answers with number and id. Recovery asks this of every order: nothing is
    /// allocated for it, unless it was decided on anew, or something
    /// happened to it.
    ///
    /// # Errors
    /// When the bytes are not those of an order.
    pub fn read(
        &self,
        show: impl FnMut(&Allocation, Pair),
    ) -> Result<(OrderNo, OrderId), Unpackable> {
        read(&self.0, show)
    }

    /// Whether what happened to it is kept.
    pub fn has_timeline(&self) -> bool {
        Features::at(&self.0).0.has(Features::TIMELINE)
    }

    /// Whether no node is to work on it.
    pub fn is_on_hold(&self) -> bool {
        Features::at(&self.0).0.has(Features::ON_HOLD)
    }

    /// Whether units are still to be shipped.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn is_open(&self) -> bool {
        let mut open = false;
        let read = self.read(|allocation, _| open |= allocation.open() > 0);
        read.expect("REPLAY_EQUAL: what was packed unpacks");
        open
    }

    /// Whether it may leave memory: no unit is still to be shipped, or to come back, no payment provider is
    /// still to answer, and nothing is due to the customer for what came back.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn may_leave_memory(&self) -> bool {
        if self.is_open() {
            return false;
        }
        let order = (self.is_priced() || self.is_returned()).then(|| self.unpack());
        order.is_none_or(|order| {
            let order = order.expect("REPLAY_EQUAL: what was packed unpacks");
            let asks = |of: &OrderMoney| of.intents.iter().any(Intent::is_in_flight);
            let waits = order.returns.iter().any(|of| of.is_open() || of.wakes_at().is_some());
            let is_owed = order.refund_due().is_some();
            !waits && !is_owed && !order.money.as_deref().is_some_and(asks)
        })
    }

    /// Whether it began as a hold.
    pub fn is_held(&self) -> bool {
        Features::at(&self.0).0.has(Features::HELD)
    }

    /// The hold that it began as, if it did.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn hold(&self) -> Option<Box<Hold>> {
        let order = self.is_held().then(|| self.unpack());
        order?.expect("REPLAY_EQUAL: what was packed unpacks").header.hold
    }

    /// Whether it began as a hold, and is one.
    pub(super) fn has_open_hold(&self) -> bool {
        self.hold().is_some_and(|hold| hold.is_open())
    }

    /// Whether it is found under an id: its own, or that of the hold that it began as.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn is_named(&self, id: &OrderId) -> bool {
        let is_of = |hold: &Hold| OrderId::of_hold(&hold.id) == *id;
        self.id() == *id || self.hold().is_some_and(|hold| is_of(&hold))
    }

    /// Whether it is packed in the version of orders whose units came to rest on other
    /// supply.
    pub fn is_repegged(&self) -> bool {
        self.0.first() == Some(&VERSION_REPEGGED)
    }

    /// Whether it is packed in the version of orders of which more can be said.
    pub fn is_featured(&self) -> bool {
        matches!(self.0.first(), Some(&(VERSION_FEATURED | VERSION_WIDE)))
    }

    /// Whether it has features that no chunk of a snapshot before version 8 has.
    pub fn needs_version_8(&self) -> bool {
        Features::at(&self.0).0.has(Features::OF_VERSION_8)
    }

    /// Whether it has features that no chunk of a snapshot before version 10 has.
    pub fn needs_version_10(&self) -> bool {
        Features::at(&self.0).0.has(Features::OF_VERSION_10)
    }

    /// Whether it has features that no chunk of a snapshot before version 11 has.
    pub fn needs_version_11(&self) -> bool {
        Features::at(&self.0).0.has(Features::OF_VERSION_11)
    }

    /// Whether packages of it wait for the customer until an instant, or did.
    pub fn has_expiry(&self) -> bool {
        Features::at(&self.0).0.has(Features::EXPIRES)
    }

    /// Whether it has features that no chunk of a snapshot before version 12 has.
    pub fn needs_version_12(&self) -> bool {
        Features::at(&self.0).0.has(Features::OF_VERSION_12)
    }

    /// Whether it has features that no chunk of a snapshot before version 13 has.
    pub fn needs_version_13(&self) -> bool {
        Features::at(&self.0).0.has(Features::OF_VERSION_13)
    }

    /// Whether it has features that no chunk of a snapshot before version 14 has.
    pub fn needs_version_14(&self) -> bool {
        Features::at(&self.0).0.has(Features::OF_VERSION_14)
    }

    /// Whether it is paid by what is authorised until an instant.
    pub fn is_authorised(&self) -> bool {
        Features::at(&self.0).0.has(Features::AUTHORISED)
    }

    /// Whether units of it come back, or did.
    pub fn is_returned(&self) -> bool {
        Features::at(&self.0).0.has(Features::RETURNED)
    }

    /// Whether it has prices.
    pub fn is_priced(&self) -> bool {
        Features::at(&self.0).0.has(Features::PRICED)
    }

    /// Before whom it is served.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    #[inline]
    pub fn priority(&self) -> Priority {
        let (features, head) = Features::at(&self.0);
        if !features.has(Features::PRIORITISED) {
            return Priority::DEFAULT;
        }
        Priority::from_code(self.0[head]).expect("REPLAY_EQUAL: what was packed unpacks")
    }

    /// What comes behind what is said of all of it.
    fn body(&self) -> Unpacker<'_> {
        let (features, head) = Features::at(&self.0);
        Unpacker::new(&self.0[head + usize::from(features.has(Features::PRIORITISED))..])
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The order's number.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn no(&self) -> OrderNo {
        let mut from = self.body();
        OrderNo(from.number("number").expect("REPLAY_EQUAL: what was packed unpacks"))
    }

    /// The order's id.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn id(&self) -> OrderId {
        let mut from = self.body();
        let known = from.number("number").and_then(|_| id(&mut from, "id", OrderId::packed));
        known.expect("REPLAY_EQUAL: what was packed unpacks")
    }

    /// The items that were bought by it, each once, ascending: nothing that was short when it was placed, and bundles in
    /// place of what they are made of. None of an order that is too large to learn from.
    ///
    /// # Errors
    /// When the bytes are not those of an order: never for bytes that were checked.
    pub fn bought(&self) -> Result<Vec<SkuNo>, Unpackable> {
        bought(&self.0)
    }

    /// The order, without the events that placed and changed it.
    ///
    /// # Errors
    /// When the bytes are not those of an order: never for bytes that were checked.
    pub fn unpack(&self) -> Result<Order, Unpackable> {
        unpack(&self.0)
    }
}

/// An order as its actor and snapshots have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOrder {
    /// The order.
    pub packed: PackedOrder,
    /// The event that placed it.
    pub placed_lsn: Lsn,
    /// The last event applied.
    pub last_lsn: Lsn,
}

impl KeptOrder {
    /// An order as the event at `lsn` places it.
    pub const fn placed(packed: PackedOrder, lsn: Lsn) -> Self {
        Self { packed, placed_lsn: lsn, last_lsn: lsn }
    }

    /// An order packed as it stands.
    pub fn of(order: &Order) -> Self {
        let (placed_lsn, last_lsn) = (order.placed_lsn, order.last_lsn);
        Self { packed: PackedOrder::of(order), placed_lsn, last_lsn }
    }

    /// The order as it stands.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn order(&self) -> Order {
        let order = self.packed.unpack().expect("REPLAY_EQUAL: what was packed unpacks");
        Order { placed_lsn: self.placed_lsn, last_lsn: self.last_lsn, ..order }
    }

    /// The hash of all that it holds.
    pub fn hash(&self) -> PartHash {
        let content = hash_bytes(Part::Order, &self.packed.0);
        hash_words(Part::Order, [content.value(), self.placed_lsn.get(), self.last_lsn.get()])
    }
}

/// What stays in memory of an order that left it: enough to know it again when it is
/// read from a snapshot, and to skip events that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchivedOrder {
    /// The last event applied.
    pub last_lsn: Lsn,
    /// The hash of all that it holds.
    pub hash: PartHash,
}

impl From<&KeptOrder> for ArchivedOrder {
    fn from(kept: &KeptOrder) -> Self {
        Self { last_lsn: kept.last_lsn, hash: kept.hash() }
    }
}
