//! Reading an order from its bytes: all of it, or what is asked of every order.

use smallvec::SmallVec;

use super::form::{
    ASKS, CHANNEL, CLAIMED, CUSTOMER, DECIDED, DELIVERS, ENDED_AT, EXPIRED, Features, Form, HELD,
    LEFT, OWNER, PAYING, READY, RECALLED, RELEASED, SHIPPED, SHIPS, TOLD_NOT_THERE, TOLD_THERE,
    UNTIL, WORKED,
};
use crate::limits::LEARNT_LINES_MAX;
use crate::model::answer::{Answer, AnswerKind};
use crate::model::bundle::OrderedBundle;
use crate::model::catalog::{Shortage, Split};
use crate::model::destination::{Destination, Pickup};
use crate::model::fulfilment::{Dispatch, Ended, Ending, Package, Work, WorkClaim};
use crate::model::hold::{Hold, HoldState};
use crate::model::ids::{
    CustomerId, HoldId, NodeNo, OrderId, OrderNo, OwnerId, PackageId, Pair, PostalCode, ServiceNo,
    SkuNo, Text,
};
use crate::model::lsn::Lsn;
use crate::model::order::{
    Added, Allocation, Amended, Decisions, Order, OrderHeader, OrderHold, OrderLine, OrderMoney,
    Shipment, Timeline,
};
use crate::model::pack::{Unpackable, Unpacker};
use crate::model::priority::Priority;
use crate::model::reservations::Supply;
use crate::model::returns::Return;
use crate::model::stock::LineUnits;
use crate::model::time::{Day, Timestamp};

pub(super) fn unpack(bytes: &[u8]) -> Result<Order, Unpackable> {
    let mut from = Unpacker::new(bytes);
    let form = Form::read(&mut from)?;
    let priority = priority(&mut from, form)?;
    let no = OrderNo(from.number("number")?);
    let id = id(&mut from, "id", OrderId::packed)?;
    let lines: Box<[OrderLine]> =
        (0..from.count("lines")?).map(|_| line(&mut from)).collect::<Result<_, _>>()?;
    let shipments = (0..from.count("shipments")?)
        .map(|_| shipment(&mut from, form))
        .collect::<Result<Box<[_]>, _>>()?;
    let allocations = (0..from.count("allocations")?)
        .map(|_| allocation(&mut from, form))
        .collect::<Result<Box<[_]>, _>>()?;
    let added = added(&mut from, form, (shipments.len(), allocations.len()))?;
    let declined = declined(&mut from, form)?;
    let decisions = Decisions::kept(decisions(&mut from, form)?);
    let timeline = Timeline::kept(timeline(&mut from, form)?);
    let order_holds = order_holds(&mut from, form)?;
    let pickup = pickup(&mut from, form)?;
    let bundles = bundles(&mut from, form)?;
    let (lines_added, amended) = changed(&mut from, form)?;
    let added = Added { lines: lines_added, ..added };
    let money = money(&mut from, form)?;
    let returns = returns(&mut from, form, lines.len())?;
    let header = OrderHeader { priority, ..header(&mut from, form, (id, pickup))? };
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
        timeline,
        order_holds,
        bundles,
        amended,
        money,
        returns,
        placed_lsn: Lsn::NONE,
        last_lsn: Lsn::NONE,
    };
    order.check().map_err(|_| Unpackable { at: "allocations" })?;
    if usize::from(order.added.lines) > order.lines.len() {
        return Err(Unpackable { at: "added" });
    }
    if order.money.as_deref().is_some_and(|money| !money.is_sound(ordered(&order.lines))) {
        return Err(Unpackable { at: "money" });
    }
    if !order.has_sound_bundles() {
        return Err(Unpackable { at: "bundles" });
    }
    Ok(order)
}

/// Reads as [`unpack`] does, and refuses what it refuses, but keeps nothing.
pub(super) fn read(
    bytes: &[u8],
    mut show: impl FnMut(&Allocation, Pair),
) -> Result<(OrderNo, OrderId), Unpackable> {
    let mut from = Unpacker::new(bytes);
    let form = Form::read(&mut from)?;
    priority(&mut from, form)?;
    let no = OrderNo(from.number("number")?);
    let id = id(&mut from, "id", OrderId::packed)?;
    let mut lines = SmallVec::<[OrderLine; 8]>::new();
    for _ in 0..from.count("lines")? {
        lines.push(line(&mut from)?);
    }
    let mut nodes = SmallVec::<[NodeNo; 8]>::new();
    for _ in 0..from.count("shipments")? {
        nodes.push(shipment(&mut from, form)?.node);
    }
    let allocations = from.count("allocations")?;
    for _ in 0..allocations {
        let a = allocation(&mut from, form)?;
        if !a.fits(lines.len(), nodes.len()) {
            return Err(Unpackable { at: "allocations" });
        }
        let (sku, node) = (lines[usize::from(a.line)].sku, nodes[usize::from(a.shipment)]);
        show(&a, Pair { sku, node });
    }
    added(&mut from, form, (nodes.len(), allocations))?;
    declined(&mut from, form)?;
    let decisions = decisions(&mut from, form)?;
    if form.has(Features::DECIDED_ANEW) && !Decisions::are(decisions) {
        return Err(Unpackable { at: "decisions" });
    }
    let timeline = timeline(&mut from, form)?;
    if form.has(Features::TIMELINE) && !Timeline::are(timeline) {
        return Err(Unpackable { at: "timeline" });
    }
    order_holds(&mut from, form)?;
    let pickup = pickup(&mut from, form)?;
    bundles(&mut from, form)?;
    changed(&mut from, form)?;
    if money(&mut from, form)?.is_some_and(|money| !money.is_sound(ordered(&lines))) {
        return Err(Unpackable { at: "money" });
    }
    returns(&mut from, form, lines.len())?;
    let header = header(&mut from, form, (id, pickup))?;
    Ok((no, header.id))
}

/// The items that were bought, read as far as that is said. This is asked of every order that is placed.
pub(super) fn bought(bytes: &[u8]) -> Result<Vec<SkuNo>, Unpackable> {
    let mut from = Unpacker::new(bytes);
    let form = Form::read(&mut from)?;
    if form.has(Features::BUNDLED) {
        return Ok(unpack(bytes)?.bought());
    }
    priority(&mut from, form)?;
    from.number("number")?;
    from.text("id")?;
    let lines = from.count("lines")?;
    if lines > LEARNT_LINES_MAX {
        return Ok(Vec::new());
    }
    let mut skus = Vec::with_capacity(lines);
    for _ in 0..lines {
        let line = line(&mut from)?;
        skus.extend((line.wanted() > 0).then_some(line.sku));
    }
    skus.sort_unstable();
    skus.dedup();
    Ok(skus)
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
    let added =
        Added { shipments: from.narrow("added")?, allocations: from.narrow("added")?, lines: 0 };
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

/// The bytes of the decisions that are kept of it: none where it is not said that there are.
fn decisions<'a>(from: &mut Unpacker<'a>, form: Form) -> Result<&'a [u8], Unpackable> {
    if !form.has(Features::DECIDED_ANEW) {
        return Ok(&[]);
    }
    let length = from.count("decisions")?;
    from.bytes(length, "decisions")
}

/// The bytes of what happened to it: none where it is not said that anything did.
fn timeline<'a>(from: &mut Unpacker<'a>, form: Form) -> Result<&'a [u8], Unpackable> {
    if !form.has(Features::TIMELINE) {
        return Ok(&[]);
    }
    let length = from.count("timeline")?;
    from.bytes(length, "timeline")
}

/// The holds on it: some, where it is said that there are.
fn order_holds(from: &mut Unpacker<'_>, form: Form) -> Result<Box<[OrderHold]>, Unpackable> {
    let at = "order holds";
    if !form.has(Features::ON_HOLD) {
        return Ok(Box::default());
    }
    let length = from.count(at)?;
    let mut bytes = minicbor::Decoder::new(from.bytes(length, at)?);
    let all: Vec<OrderHold> = bytes.decode().map_err(|_| Unpackable { at })?;
    let is_all = bytes.position() == length && !all.is_empty();
    if is_all { Ok(all.into()) } else { Err(Unpackable { at }) }
}

/// The node where the customer collects it, if he does.
fn pickup(from: &mut Unpacker<'_>, form: Form) -> Result<Option<Pickup>, Unpackable> {
    if !form.has(Features::COLLECTED) {
        return Ok(None);
    }
    let node = NodeNo(from.narrow("pickup")?);
    let only_there = match from.byte("pickup")? {
        0 => false,
        1 => true,
        _ => return Err(Unpackable { at: "pickup" }),
    };
    Ok(Some(Pickup { node, only_there }))
}

/// Its bundles: some, where it is said that there are.
fn bundles(from: &mut Unpacker<'_>, form: Form) -> Result<Box<[OrderedBundle]>, Unpackable> {
    if !form.has(Features::BUNDLED) {
        return Ok(Box::default());
    }
    let bundle = |from: &mut Unpacker<'_>| {
        Ok(OrderedBundle {
            sku: SkuNo(from.narrow("bundle")?),
            units: from.narrow("bundle")?,
            line: from.narrow("bundle")?,
            components: from.narrow("bundle")?,
        })
    };
    let count = from.count("bundles")?;
    let all: Box<[_]> = (0..count).map(|_| bundle(from)).collect::<Result<_, _>>()?;
    if all.is_empty() { Err(Unpackable { at: "bundles" }) } else { Ok(all) }
}

/// How many lines were added to it, and what is said of it beside them.
fn changed(from: &mut Unpacker<'_>, form: Form) -> Result<(u16, Option<Box<Amended>>), Unpackable> {
    if !form.has(Features::CHANGED) {
        return Ok((0, None));
    }
    let at = "change";
    let lines = from.narrow(at)?;
    let length = from.count(at)?;
    let bytes = from.bytes(length, at)?;
    let amended = match bytes {
        [] => None,
        bytes => {
            let mut decoder = minicbor::Decoder::new(bytes);
            let amended: Amended = decoder.decode().map_err(|_| Unpackable { at })?;
            Some(amended).filter(|_| decoder.position() == bytes.len()).map(Box::new)
        }
    };
    // They are packed in one way alone.
    let is_said = lines > 0 || amended.is_some();
    let is_sound = is_said && amended.is_some() != bytes.is_empty();
    if is_sound { Ok((lines, amended)) } else { Err(Unpackable { at }) }
}

/// What of an order of so many lines comes back: something, where it is said that it does.
fn returns(from: &mut Unpacker<'_>, form: Form, lines: usize) -> Result<Box<[Return]>, Unpackable> {
    let at = "returns";
    if !form.has(Features::RETURNED) {
        return Ok(Box::default());
    }
    let length = from.count(at)?;
    let mut bytes = minicbor::Decoder::new(from.bytes(length, at)?);
    let all: Vec<Return> = bytes.decode().map_err(|_| Unpackable { at })?;
    let is_all = bytes.position() == length && !all.is_empty();
    let is_sound = is_all && all.iter().all(|of| of.is_sound() && of.fits(lines));
    if is_sound { Ok(all.into()) } else { Err(Unpackable { at }) }
}

/// How many units of a line, from 0, were ordered.
fn ordered(lines: &[OrderLine]) -> impl Fn(u16) -> Option<u32> {
    |line| lines.get(usize::from(line)).map(|line| line.ordered)
}

/// Its prices and its ledger, where it is said that it has them.
fn money(from: &mut Unpacker<'_>, form: Form) -> Result<Option<Box<OrderMoney>>, Unpackable> {
    let at = "money";
    if !form.has(Features::PRICED) {
        return Ok(None);
    }
    let length = from.count(at)?;
    let mut bytes = minicbor::Decoder::new(from.bytes(length, at)?);
    let money: OrderMoney = bytes.decode().map_err(|_| Unpackable { at })?;
    let is_all = bytes.position() == length;
    is_all.then(|| Some(Box::new(money))).ok_or(Unpackable { at })
}

pub(super) fn id<T, V>(
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
    let known = SHIPS | DELIVERS | SHIPPED | TOLD_THERE | TOLD_NOT_THERE;
    let asks = flags & ASKS != 0;
    if flags > known | ASKS || (asks && !form.has(Features::ASKED)) {
        return Err(Unpackable { at: "shipment flags" });
    }
    let mut dated = |flag| (flags & flag != 0).then(|| day(from, "day")).transpose();
    let (ship_by, deliver_by) = (dated(SHIPS)?, dated(DELIVERS)?);
    let shipped = (flags & SHIPPED != 0).then(|| dispatch(from)).transpose()?;
    let shipped = shipped.map(Box::new);
    let answer = if form.has(Features::ANSWERED) { answer(from)? } else { None };
    let work = if form.has(Features::WORKED) { work(from, form)? } else { None };
    Ok(Shipment {
        node,
        ship_by,
        deliver_by,
        shipped,
        told_of_units_there: told,
        answer,
        work,
        asks,
    })
}

fn work(from: &mut Unpacker<'_>, form: Form) -> Result<Option<Box<Work>>, Unpackable> {
    let flags = from.byte("work")?;
    let may_be = if form.has(Features::CLAIMED) { CLAIMED } else { 0 };
    let may_be = may_be | if form.has(Features::EXPIRES) { EXPIRED } else { 0 };
    match flags {
        0 => return Ok(None),
        _ if flags & WORKED == 0 || flags & !(WORKED | RELEASED | RECALLED | may_be) != 0 => {
            return Err(Unpackable { at: "work" });
        }
        _ => {}
    }
    let mut at = |flag| (flags & flag != 0).then(|| instant(from, "work")).transpose();
    let (released, recall, expired) = (at(RELEASED)?, at(RECALLED)?, at(EXPIRED)?);
    let claim = (flags & CLAIMED != 0).then(|| claim(from)).transpose()?.map(Box::new);
    let count = from.count("packages")?;
    let packages = (0..count).map(|_| package(from, form)).collect::<Result<_, _>>()?;
    Ok(Some(Box::new(Work { released, recall, packages, claim, expired })))
}

fn claim(from: &mut Unpacker<'_>) -> Result<WorkClaim, Unpackable> {
    let at = "claim of a shipment";
    Ok(WorkClaim { owner: id(from, at, OwnerId::new)?, until: instant(from, at)? })
}

fn package(from: &mut Unpacker<'_>, form: Form) -> Result<Package, Unpackable> {
    let at = "package";
    let id = id(from, at, PackageId::new)?;
    let count = from.count(at)?;
    let line = |from: &mut Unpacker<'_>| Ok((from.narrow(at)?, from.narrow(at)?));
    let lines = (0..count).map(|_| line(from)).collect::<Result<LineUnits, _>>()?;
    let flags = from.byte(at)?;
    let mut said = |flag| (flags & flag != 0).then(|| instant(from, at)).transpose();
    let (ready, until) = (said(READY)?, said(UNTIL)?);
    if until.is_some() && !form.has(Features::EXPIRES) {
        return Err(Unpackable { at });
    }
    let dispatch = (flags & LEFT != 0).then(|| dispatch(from)).transpose()?.map(Box::new);
    let ended = match (flags & !UNTIL) >> ENDED_AT {
        0 => None,
        code => {
            let how = Ending::from_code(code).ok_or(Unpackable { at })?;
            Some(Ended { how, at: instant(from, at)? })
        }
    };
    Ok(Package { id, lines, ready, dispatch, ended, until })
}

fn instant(from: &mut Unpacker<'_>, at: &'static str) -> Result<Timestamp, Unpackable> {
    Ok(Timestamp::from_micros(from.signed(at)?))
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
        picked: if form.has(Features::WORKED) { from.narrow("picked")? } else { 0 },
    })
}

fn day(from: &mut Unpacker<'_>, at: &'static str) -> Result<Day, Unpackable> {
    let days = i32::try_from(from.signed(at)?).map_err(|_| Unpackable { at })?;
    Ok(Day::from_epoch_days(days))
}

fn header(
    from: &mut Unpacker<'_>,
    form: Form,
    (id, pickup): (OrderId, Option<Pickup>),
) -> Result<OrderHeader, Unpackable> {
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
    let accepts_part = form.has(Features::IN_PART);
    if accepts_part && !is_held {
        return Err(Unpackable { at: "features" });
    }
    let hold = is_held.then(|| hold(from, flags)).transpose()?;
    let hold = hold.map(|hold| Box::new(Hold { accepts_part, ..hold }));
    let destination = match pickup {
        Some(pickup) => Destination::Pickup(pickup),
        None => Destination::Address(self::id(from, "postal code", PostalCode::new)?),
    };
    Ok(OrderHeader {
        id,
        fingerprint,
        ordered_at,
        customer,
        channel,
        destination,
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
    let owner =
        (flags & OWNER != 0).then(|| self::id(from, "owner", OwnerId::packed)).transpose()?;
    let began = Timestamp::from_micros(from.signed("began")?);
    let created = Lsn::new(from.number("created")?);
    let until = Timestamp::from_micros(from.signed("until")?);
    let seconds = from.narrow("seconds")?;
    let extended = from.byte("extended")?;
    let state = HoldState::from_code(from.byte("hold state")?);
    let state = state.ok_or(Unpackable { at: "hold state" })?;
    let is_paying = flags & PAYING != 0;
    Ok(Hold {
        id,
        fingerprint,
        owner,
        began,
        created,
        until,
        seconds,
        extended,
        is_paying,
        accepts_part: false,
        state,
    })
}
