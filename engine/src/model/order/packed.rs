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
//! says what behind its first byte, and has all that version 2 has.
//!
//! ```text
//!   4  features: what else is there
//!   1  the code of the priority
//!      ...
//!      shipments:   as above; what the node answered behind the dispatch
//!      ...
//!      added, and the nodes that declined
//!      the newest decisions, as events have them, behind their length
//! ```

use smallvec::SmallVec;

use super::{Added, Allocation, Decision, Dispatch, Order, OrderHeader, OrderLine, Shipment};
use crate::model::answer::{Answer, AnswerKind};
use crate::model::catalog::{Shortage, Split};
use crate::model::digest::{Part, PartHash, hash_bytes, hash_words};
use crate::model::hold::{Hold, HoldState};
use crate::model::ids::{
    CustomerId, HoldId, NodeNo, OrderId, OrderNo, OwnerId, Pair, PostalCode, ServiceNo, SkuNo, Text,
};
use crate::model::lsn::Lsn;
use crate::model::pack::{Unpackable, Unpacker, put_number, put_signed, put_text};
use crate::model::priority::Priority;
use crate::model::reservations::Supply;
use crate::model::time::{Day, Timestamp};

const VERSION: u8 = 1;
/// The version of an order whose units came to rest on other supply.
const VERSION_REPEGGED: u8 = 2;
/// The version of an order that began as a hold. It has what version 2 has.
const VERSION_HELD: u8 = 3;
/// The version of an order with [features](Features).
const VERSION_FEATURED: u8 = 4;

/// What a packed order of [version 4](VERSION_FEATURED) has that not all have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Features(u8);

impl Features {
    /// It began as a hold.
    const HELD: Self = Self(1);
    /// Nodes answered that they ship it, or that they do not.
    const ANSWERED: Self = Self(2);
    /// It has another priority than orders have that say nothing.
    const PRIORITISED: Self = Self(4);
    /// Decisions on it are kept after the first one.
    const DECIDED_ANEW: Self = Self(32);
    const ALL: Self =
        Self(Self::HELD.0 | Self::ANSWERED.0 | Self::PRIORITISED.0 | Self::DECIDED_ANEW.0);

    const fn has(self, feature: Self) -> bool {
        self.0 & feature.0 != 0
    }

    /// These, and that one if it is there.
    const fn with(self, feature: Self, is_there: bool) -> Self {
        if is_there { Self(self.0 | feature.0) } else { self }
    }

    fn of(order: &Order) -> Self {
        let answered = order.shipments.iter().any(|shipment| shipment.answer.is_some());
        Self::default()
            .with(Self::HELD, order.header.hold.is_some())
            .with(Self::ANSWERED, answered || !order.declined.is_empty())
            .with(Self::PRIORITISED, !order.header.priority.is_default())
            .with(Self::DECIDED_ANEW, !order.decisions.is_empty())
    }
}

/// How an order is packed: its version, and what is there beyond it.
#[derive(Clone, Copy, Debug)]
struct Form {
    version: u8,
    features: Features,
}

impl Form {
    /// The oldest version that can say all of the order.
    fn of(order: &Order) -> Self {
        let features = Features::of(order);
        let version = match features {
            Features(0) if is_repegged(order) => VERSION_REPEGGED,
            Features(0) => VERSION,
            Features::HELD => VERSION_HELD,
            _ => VERSION_FEATURED,
        };
        Self { version, features }
    }

    fn put(self, out: &mut Vec<u8>) {
        out.push(self.version);
        if self.version == VERSION_FEATURED {
            out.push(self.features.0);
        }
    }

    fn read(from: &mut Unpacker<'_>) -> Result<Self, Unpackable> {
        let version = from.byte("version")?;
        let features = match version {
            VERSION | VERSION_REPEGGED => Features::default(),
            VERSION_HELD => Features::HELD,
            VERSION_FEATURED => Features(from.byte("features")?),
            _ => return Err(Unpackable { at: "version" }),
        };
        let is_known = features.0 & !Features::ALL.0 == 0;
        is_known.then_some(Self { version, features }).ok_or(Unpackable { at: "features" })
    }

    /// Whether units may have come to rest on other supply.
    const fn is_repegged(self) -> bool {
        self.version >= VERSION_REPEGGED
    }

    const fn has(self, feature: Features) -> bool {
        self.features.has(feature)
    }
}

const SHIPS: u8 = 1;
const DELIVERS: u8 = 2;
const SHIPPED: u8 = 4;
/// Its days were told anew: of units that were there, or not.
const TOLD_THERE: u8 = 8;
const TOLD_NOT_THERE: u8 = 16;

const CUSTOMER: u8 = 1;
const CHANNEL: u8 = 2;
/// It was not taken when the customer ordered. Packed since orders know of it.
const DECIDED: u8 = 4;
/// It began as a hold.
const HELD: u8 = 8;
/// The hold has an owner.
const OWNER: u8 = 16;
/// The hold was given its grace for a payment.
const PAYING: u8 = 32;

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
    /// allocated for it, unless it was decided on anew.
    ///
    /// # Errors
    /// When the bytes are not those of an order.
    pub fn read(
        &self,
        show: impl FnMut(&Allocation, Pair),
    ) -> Result<(OrderNo, OrderId), Unpackable> {
        read(&self.0, show)
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

    /// Whether it began as a hold.
    pub fn is_held(&self) -> bool {
        match self.0[..] {
            [VERSION_FEATURED, features, ..] => Features(features).has(Features::HELD),
            [version, ..] => version == VERSION_HELD,
            [] => false,
        }
    }

    /// The hold that it began as, if it did.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    pub fn hold(&self) -> Option<Box<Hold>> {
        let order = self.is_held().then(|| self.unpack());
        order?.expect("REPLAY_EQUAL: what was packed unpacks").header.hold
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
        self.0.first() == Some(&VERSION_FEATURED)
    }

    /// Before whom it is served.
    ///
    /// # Panics
    /// When the bytes are not those of an order: they are checked when they come in.
    #[inline]
    pub fn priority(&self) -> Priority {
        match self.0[..] {
            [VERSION_FEATURED, features, code, ..]
                if Features(features).has(Features::PRIORITISED) =>
            {
                Priority::from_code(code).expect("REPLAY_EQUAL: what was packed unpacks")
            }
            _ => Priority::DEFAULT,
        }
    }

    /// What comes behind what is said of all of it.
    fn body(&self) -> Unpacker<'_> {
        let head = match self.0[..] {
            [VERSION_FEATURED, features, ..] => {
                2 + usize::from(Features(features).has(Features::PRIORITISED))
            }
            _ => 1,
        };
        Unpacker::new(&self.0[head..])
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

fn pack(order: &Order, out: &mut Vec<u8>) {
    let header = &order.header;
    let form = Form::of(order);
    form.put(out);
    if form.has(Features::PRIORITISED) {
        out.push(header.priority.code());
    }
    put_number(out, order.no.0);
    put_text(out, header.id.as_str());
    put_number(out, order.lines.len() as u64);
    for line in &order.lines {
        put_number(out, line.sku.0.into());
        put_number(out, line.ordered.into());
        put_number(out, line.cancelled.into());
    }
    put_number(out, order.shipments.len() as u64);
    for shipment in &order.shipments {
        pack_shipment(shipment, form, out);
    }
    put_number(out, order.allocations.len() as u64);
    for a in &order.allocations {
        put_number(out, a.line.into());
        put_number(out, a.shipment.into());
        put_number(out, a.supply.code().into());
        put_number(out, a.units.into());
        put_number(out, a.shipped.into());
        put_number(out, a.cancelled.into());
        if form.is_repegged() {
            put_number(out, a.moved.into());
        }
    }
    if form.is_repegged() {
        put_number(out, order.added.shipments.into());
        put_number(out, order.added.allocations.into());
    }
    if form.has(Features::ANSWERED) {
        put_number(out, order.declined.len() as u64);
        order.declined.iter().for_each(|node| put_number(out, node.0.into()));
    }
    if form.has(Features::DECIDED_ANEW) {
        pack_decisions(&order.decisions, out);
    }
    pack_header(header, out);
    out.extend_from_slice(&order.trace);
}

/// As events have them, behind their length.
fn pack_decisions(decisions: &[Decision], out: &mut Vec<u8>) {
    let bytes = minicbor::to_vec(decisions).expect("memory takes what is written");
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
}

/// Whether something can be said of the order that version 1 has no place for.
fn is_repegged(order: &Order) -> bool {
    order.added != Added::default()
        || order.shipments.iter().any(|shipment| shipment.told_of_units_there.is_some())
        || order.allocations.iter().any(|allocation| allocation.moved > 0)
}

fn pack_shipment(shipment: &Shipment, form: Form, out: &mut Vec<u8>) {
    put_number(out, shipment.node.0.into());
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    out.push(
        flag(shipment.ship_by.is_some(), SHIPS)
            | flag(shipment.deliver_by.is_some(), DELIVERS)
            | flag(shipment.shipped.is_some(), SHIPPED)
            | flag(shipment.told_of_units_there == Some(true), TOLD_THERE)
            | flag(shipment.told_of_units_there == Some(false), TOLD_NOT_THERE),
    );
    for day in [shipment.ship_by, shipment.deliver_by].into_iter().flatten() {
        put_signed(out, day.epoch_days().into());
    }
    if let Some(dispatch) = shipment.shipped.as_deref() {
        put_signed(out, dispatch.at.as_micros());
        put_text(out, dispatch.carrier.as_str());
        put_text(out, dispatch.tracking.as_str());
    }
    if form.has(Features::ANSWERED) {
        pack_answer(shipment.answer, out);
    }
}

fn pack_answer(answer: Option<Answer>, out: &mut Vec<u8>) {
    out.push(answer.map_or(0, |answer| answer.kind.code()));
    if let Some(Answer { at, .. }) = answer {
        put_signed(out, at.as_micros());
    }
}

fn pack_header(header: &OrderHeader, out: &mut Vec<u8>) {
    out.extend_from_slice(&header.fingerprint.to_le_bytes());
    out.extend_from_slice(&header.ordered_at.as_micros().to_le_bytes());
    let customer = header.customer.as_ref().map(CustomerId::as_str);
    let channel = header.channel.as_ref().map(Text::as_str);
    let flag = |text: Option<&str>, flag: u8| text.map_or(0, |_| flag);
    let decided = header.decided_at.map_or(0, |_| DECIDED);
    let held = header.hold.as_deref().map_or(0, |hold| {
        HELD | hold.owner.as_ref().map_or(0, |_| OWNER) | if hold.is_paying { PAYING } else { 0 }
    });
    let flags = flag(customer, CUSTOMER) | flag(channel, CHANNEL) | decided | held;
    out.extend_from_slice(&[header.service.0, header.shortage.code(), header.split.code(), flags]);
    put_signed(out, header.promise_by.epoch_days().into());
    for text in [customer, channel].into_iter().flatten() {
        put_text(out, text);
    }
    if let Some(at) = header.decided_at {
        put_signed(out, at.as_micros());
    }
    if let Some(Hold {
        id,
        fingerprint,
        owner,
        began,
        created,
        until,
        seconds,
        extended,
        state,
        ..
    }) = header.hold.as_deref()
    {
        put_text(out, id.as_str());
        out.extend_from_slice(&fingerprint.to_le_bytes());
        if let Some(owner) = owner {
            put_text(out, owner.as_str());
        }
        put_signed(out, began.as_micros());
        put_number(out, created.get());
        put_signed(out, until.as_micros());
        put_number(out, (*seconds).into());
        out.extend_from_slice(&[*extended, state.code()]);
    }
    put_text(out, header.postal_code.as_str());
}

fn unpack(bytes: &[u8]) -> Result<Order, Unpackable> {
    let mut from = Unpacker::new(bytes);
    let form = Form::read(&mut from)?;
    let priority = priority(&mut from, form)?;
    let no = OrderNo(from.number("number")?);
    let id = id(&mut from, "id", OrderId::packed)?;
    let lines = (0..from.count("lines")?).map(|_| line(&mut from)).collect::<Result<_, _>>()?;
    let shipments = (0..from.count("shipments")?)
        .map(|_| shipment(&mut from, form))
        .collect::<Result<Box<[_]>, _>>()?;
    let allocations = (0..from.count("allocations")?)
        .map(|_| allocation(&mut from, form))
        .collect::<Result<Box<[_]>, _>>()?;
    let added = added(&mut from, form, (shipments.len(), allocations.len()))?;
    let declined = declined(&mut from, form)?;
    let decisions = decisions(&mut from, form)?;
    let header = OrderHeader { priority, ..header(&mut from, form, id)? };
    let order = Order {
        no,
        header,
        lines,
        shipments,
        allocations,
        trace: from.rest().into(),
        added,
        declined,
        decisions,
        placed_lsn: Lsn::NONE,
        last_lsn: Lsn::NONE,
    };
    order.check().map_err(|_| Unpackable { at: "allocations" })?;
    Ok(order)
}

/// Reads as [`unpack`] does, and refuses what it refuses, but keeps nothing.
fn read(
    bytes: &[u8],
    mut show: impl FnMut(&Allocation, Pair),
) -> Result<(OrderNo, OrderId), Unpackable> {
    let mut from = Unpacker::new(bytes);
    let form = Form::read(&mut from)?;
    priority(&mut from, form)?;
    let no = OrderNo(from.number("number")?);
    let id = id(&mut from, "id", OrderId::packed)?;
    let mut skus = SmallVec::<[SkuNo; 8]>::new();
    for _ in 0..from.count("lines")? {
        skus.push(line(&mut from)?.sku);
    }
    let mut nodes = SmallVec::<[NodeNo; 8]>::new();
    for _ in 0..from.count("shipments")? {
        nodes.push(shipment(&mut from, form)?.node);
    }
    let allocations = from.count("allocations")?;
    for _ in 0..allocations {
        let a = allocation(&mut from, form)?;
        if !a.fits(skus.len(), nodes.len()) {
            return Err(Unpackable { at: "allocations" });
        }
        let (sku, node) = (skus[usize::from(a.line)], nodes[usize::from(a.shipment)]);
        show(&a, Pair { sku, node });
    }
    added(&mut from, form, (nodes.len(), allocations))?;
    declined(&mut from, form)?;
    decisions(&mut from, form)?;
    let header = header(&mut from, form, id)?;
    Ok((no, header.id))
}

/// Before whom it is served: never as an order that says nothing, where it is said.
fn priority(from: &mut Unpacker<'_>, form: Form) -> Result<Priority, Unpackable> {
    if !form.has(Features::PRIORITISED) {
        return Ok(Priority::DEFAULT);
    }
    let said = Priority::from_code(from.byte("priority")?);
    said.filter(|said| !said.is_default()).ok_or(Unpackable { at: "priority" })
}

/// What was added to an order that has so many shipments and allocations.
fn added(
    from: &mut Unpacker<'_>,
    form: Form,
    (shipments, allocations): (usize, usize),
) -> Result<Added, Unpackable> {
    if !form.is_repegged() {
        return Ok(Added::default());
    }
    let added = Added { shipments: from.narrow("added")?, allocations: from.narrow("added")? };
    let is_of_it =
        usize::from(added.shipments) <= shipments && usize::from(added.allocations) <= allocations;
    is_of_it.then_some(added).ok_or(Unpackable { at: "added" })
}

/// The nodes that declined, each once.
fn declined(from: &mut Unpacker<'_>, form: Form) -> Result<Box<[NodeNo]>, Unpackable> {
    if !form.has(Features::ANSWERED) {
        return Ok(Box::default());
    }
    (0..from.count("declined")?).map(|_| Ok(NodeNo(from.narrow("declined")?))).collect()
}

/// The decisions that are kept of it: some, where it is said that there are.
fn decisions(from: &mut Unpacker<'_>, form: Form) -> Result<Box<[Decision]>, Unpackable> {
    if !form.has(Features::DECIDED_ANEW) {
        return Ok(Box::default());
    }
    let unpackable = Unpackable { at: "decisions" };
    let length = from.count("decisions")?;
    let mut bytes = minicbor::Decoder::new(from.bytes(length, "decisions")?);
    let decisions: Vec<Decision> = bytes.decode().map_err(|_| unpackable)?;
    let is_whole = bytes.position() == length && !decisions.is_empty();
    is_whole.then(|| decisions.into()).ok_or(unpackable)
}

fn id<T, V>(
    from: &mut Unpacker<'_>,
    at: &'static str,
    new: impl FnOnce(&str, compact_str::CompactString) -> Result<T, V>,
) -> Result<T, Unpackable> {
    new(at, from.text(at)?.into()).map_err(|_| Unpackable { at })
}

fn line(from: &mut Unpacker<'_>) -> Result<OrderLine, Unpackable> {
    Ok(OrderLine {
        sku: SkuNo(from.narrow("sku")?),
        ordered: from.narrow("ordered")?,
        cancelled: from.narrow("cancelled")?,
    })
}

fn shipment(from: &mut Unpacker<'_>, form: Form) -> Result<Shipment, Unpackable> {
    let node = NodeNo(from.narrow("node")?);
    let flags = from.byte("shipment flags")?;
    let told = match (flags & (TOLD_THERE | TOLD_NOT_THERE), form.is_repegged()) {
        (0, _) => None,
        (TOLD_THERE, true) => Some(true),
        (TOLD_NOT_THERE, true) => Some(false),
        _ => return Err(Unpackable { at: "shipment flags" }),
    };
    if flags > SHIPS | DELIVERS | SHIPPED | TOLD_THERE | TOLD_NOT_THERE {
        return Err(Unpackable { at: "shipment flags" });
    }
    let mut dated = |flag| (flags & flag != 0).then(|| day(from, "day")).transpose();
    let (ship_by, deliver_by) = (dated(SHIPS)?, dated(DELIVERS)?);
    let shipped = (flags & SHIPPED != 0).then(|| dispatch(from)).transpose()?;
    let shipped = shipped.map(Box::new);
    let answer = if form.has(Features::ANSWERED) { answer(from)? } else { None };
    Ok(Shipment { node, ship_by, deliver_by, shipped, told_of_units_there: told, answer })
}

fn answer(from: &mut Unpacker<'_>) -> Result<Option<Answer>, Unpackable> {
    let at = "answer";
    let code = from.byte(at)?;
    if code == 0 {
        return Ok(None);
    }
    let kind = AnswerKind::from_code(code).ok_or(Unpackable { at })?;
    Ok(Some(Answer { kind, at: Timestamp::from_micros(from.signed(at)?) }))
}

fn dispatch(from: &mut Unpacker<'_>) -> Result<Dispatch, Unpackable> {
    Ok(Dispatch {
        at: Timestamp::from_micros(from.signed("dispatch")?),
        carrier: id(from, "carrier", Text::new)?,
        tracking: id(from, "tracking", Text::new)?,
    })
}

fn allocation(from: &mut Unpacker<'_>, form: Form) -> Result<Allocation, Unpackable> {
    Ok(Allocation {
        line: from.narrow("line")?,
        shipment: from.narrow("shipment")?,
        supply: Supply::from_code(from.narrow("supply")?).ok_or(Unpackable { at: "supply" })?,
        units: from.narrow("units")?,
        shipped: from.narrow("shipped")?,
        cancelled: from.narrow("cancelled")?,
        moved: if form.is_repegged() { from.narrow("moved")? } else { 0 },
    })
}

fn day(from: &mut Unpacker<'_>, at: &'static str) -> Result<Day, Unpackable> {
    let days = i32::try_from(from.signed(at)?).map_err(|_| Unpackable { at })?;
    Ok(Day::from_epoch_days(days))
}

fn header(from: &mut Unpacker<'_>, form: Form, id: OrderId) -> Result<OrderHeader, Unpackable> {
    let fingerprint = from.word("fingerprint")?;
    let ordered_at = Timestamp::from_micros(from.word("ordered at")?.cast_signed());
    let service = ServiceNo(from.byte("service")?);
    let shortage = Shortage::from_code(from.byte("shortage")?);
    let shortage = shortage.ok_or(Unpackable { at: "shortage" })?;
    let split = Split::from_code(from.byte("split")?).ok_or(Unpackable { at: "split" })?;
    let flags = from.byte("header flags")?;
    let held = HELD | OWNER | PAYING;
    let is_held = form.has(Features::HELD);
    if flags > CUSTOMER | CHANNEL | DECIDED | held
        || (flags & HELD != 0) != is_held
        || (flags & held != 0) != is_held
    {
        return Err(Unpackable { at: "header flags" });
    }
    let promise_by = day(from, "promise")?;
    let customer = flags & CUSTOMER != 0;
    let customer = customer.then(|| self::id(from, "customer", CustomerId::new)).transpose()?;
    let channel = flags & CHANNEL != 0;
    let channel = channel.then(|| self::id(from, "channel", Text::new)).transpose()?;
    let decided_at = flags & DECIDED != 0;
    let decided_at = decided_at.then(|| from.signed("decided at")).transpose()?;
    let hold = is_held.then(|| hold(from, flags)).transpose()?.map(Box::new);
    let postal_code = self::id(from, "postal code", PostalCode::new)?;
    Ok(OrderHeader {
        id,
        fingerprint,
        ordered_at,
        customer,
        channel,
        postal_code,
        service,
        promise_by,
        shortage,
        split,
        decided_at: decided_at.map(Timestamp::from_micros),
        hold,
        priority: Priority::DEFAULT,
    })
}

fn hold(from: &mut Unpacker<'_>, flags: u8) -> Result<Hold, Unpackable> {
    let id = id(from, "hold", HoldId::new)?;
    let fingerprint = from.word("fingerprint")?;
    let owner = (flags & OWNER != 0).then(|| self::id(from, "owner", OwnerId::new)).transpose()?;
    let began = Timestamp::from_micros(from.signed("began")?);
    let created = Lsn::new(from.number("created")?);
    let until = Timestamp::from_micros(from.signed("until")?);
    let seconds = from.narrow("seconds")?;
    let extended = from.byte("extended")?;
    let state = HoldState::from_code(from.byte("hold state")?);
    let state = state.ok_or(Unpackable { at: "hold state" })?;
    let is_paying = flags & PAYING != 0;
    Ok(Hold { id, fingerprint, owner, began, created, until, seconds, extended, is_paying, state })
}
