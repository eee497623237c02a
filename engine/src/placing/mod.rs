//! Placing: from an order as a caller describes it to its event in the journal. Orders and
//! holds are placed alike.
//!
//! ```text
//!   request --resolve--> wanted --look--> draft --judge--> claim ---> append
//!                          ^   \--> sold out, or refused     |
//!                          +------- overtaken, in the way ---+
//! ```

pub mod asking;
pub mod basket;
pub mod bundles;
pub mod cost;
pub mod costs;
pub mod going;
pub mod judge;
pub mod known;
mod look;
mod not_placeable;
pub mod one_of;
pub mod opening;
pub mod over;
pub mod places;
pub mod request;
pub mod resolve;
pub mod seen;
pub mod services;
pub mod submitted;
mod waiting;

use std::sync::Arc;

use smallvec::SmallVec;

use self::asking::new_order_asks;
use self::costs::OrderPrices;
use self::going::destination;
use self::judge::{LineShortage, judge, no_room_to_wait};
use self::known::{Begun, TakenId, begin_order, find_same, is_repeat_of_old};
use self::look::{Moment, confirm};
use self::not_placeable::not_placeable;
use self::places::Places;
use self::resolve::resolve;
use self::seen::look_and_plan;
use crate::journal::Ticket;
use crate::model::event::{Numbered, Record};
use crate::model::load;
use crate::model::{
    Added, Allocation, Decisions, Lsn, Order, OrderHeader, OrderNo, PackedOrder, Pair, Refusal,
    Request, RequestId, Supply, Timeline, Timestamp,
};
use crate::planning::{Draft, Wanted};
use crate::state::requests::Remembered;
use crate::state::stock::{Asks, Grant, StockMessage};
use crate::transaction::asked::ask;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::begin::{Key, Started, begin_request};
use crate::transaction::claims::{Claims, standing_of};
use crate::transaction::error::EngineError;
use crate::transaction::find::{find_order, read_order};
use crate::transaction::kernel::Kernel;
use crate::transaction::written::{self, Placement, Reserve, Reserves, Written};

/// The outcome of placing an order, before it is durable.
pub enum Placing {
    /// The event is on its way to the disk.
    Written(Ticket, Arc<Order>),
    /// The same order was placed before.
    Known(Arc<Order>),
    /// Durable state has not enough, and the order is not to wait.
    SoldOut(Vec<LineShortage>),
}

/// What came in for the first time: its key and its id are in hand.
pub struct New<'a> {
    key: Option<Key<'a>>,
    id: TakenId<'a>,
    request: Option<Request>,
    /// Of its content.
    pub fingerprint: u64,
}

/// How placing begins.
pub enum Began<'a> {
    /// It came in for the first time.
    New(New<'a>),
    /// The same was placed before.
    Known(Placing),
}

impl New<'_> {
    /// The key of its command.
    pub fn request(&self) -> Option<Request> {
        self.request.clone()
    }

    /// Its event is in the journal.
    pub fn hand_over(self) {
        self.id.hand_over();
        if let Some(key) = self.key {
            key.hand_over();
        }
    }
}

/// Takes the key and the id of what is placed.
///
/// # Errors
/// Where either was used before, for something else.
pub async fn begin<'a, C: Places>(
    kernel: &'a Kernel,
    command: &'a C,
) -> Result<Began<'a>, EngineError> {
    let fingerprint = command.fingerprint();
    let request = command.meta().request_id.clone().map(|id| Request { id, fingerprint });
    let key = match begin_request(kernel, request.as_ref()).await {
        Ok(Started::Fresh(key)) => key,
        Ok(Started::Repeat(done)) => return known(kernel, command, done).await.map(Began::Known),
        Err(EngineError::Refused(Refusal::RequestIdReused { request_id })) => {
            return known_of_old(kernel, command, request_id).await.map(Began::Known);
        }
        Err(error) => return Err(error),
    };
    Ok(match begin_order(kernel, command, fingerprint).await? {
        Begun::New(id) => Began::New(New { key, id, request, fingerprint }),
        Begun::Known(known) => Began::Known(Placing::Known(Arc::from(known))),
    })
}

/// Places an order up to the journal.
///
/// # Errors
/// A reused key or id, what is wrong with the content, what durable state refuses.
pub async fn place<C: Places>(kernel: &Kernel, command: &C) -> Result<Placing, EngineError> {
    let new = match begin(kernel, command).await? {
        Began::New(new) => new,
        Began::Known(placing) => return Ok(placing),
    };
    // Only now: a known order may be too old by now, or the day by which it was wanted
    // may have passed.
    let wanted = resolve(&kernel.state, &*kernel.postal, command)?;
    place_new(kernel, command, new, &wanted).await
}

/// Plans and claims what came in for the first time, and hands it to the journal.
///
/// # Errors
/// What durable state refuses, and what stopped the engine.
pub async fn place_new<C: Places>(
    kernel: &Kernel,
    command: &C,
    new: New<'_>,
    wanted: &Wanted<'_>,
) -> Result<Placing, EngineError> {
    let prices = command.order().prices.as_deref();
    let cost = match prices {
        None => None,
        // Most have none, and the future of placing an order has no room for this.
        Some(_) => Box::pin(cost::of_order(kernel, command, wanted)).await?,
    };
    let (draft, reserves, mut claims) = match plan_and_claim(kernel, wanted).await? {
        Claimed::Granted(draft, reserves, claims) => (draft, reserves, claims),
        Claimed::SoldOut(_) if prices.is_some_and(OrderPrices::is_paid) => {
            (not_placeable(wanted), Reserves::new(), Claims::new(kernel))
        }
        Claimed::SoldOut(shortages) => return Ok(Placing::SoldOut(shortages)),
    };
    let header = header(command, wanted, (&draft, new.fingerprint));
    let _joining = header.hold.is_some().then(|| kernel.joining.read());
    let no = kernel.state.next_order();
    let mut placed = placed(no, header, draft);
    let uses = cost.and_then(|cost| {
        cost.put_on(&mut placed, &command.order().lines, command.meta().at);
        // An order whose units are all cancelled uses nothing: the claims end here.
        let uses = placed.uses_taken();
        claims.take(
            cost.into_claims(&uses).expect("it is of the customer of whom they were claimed"),
        );
        uses
    });
    placed.note_who_places(command.meta());
    kernel.state.orders.number(&command.order().id, no);
    let event = Numbered(C::Event::from(PackedOrder::of(&placed)));
    let (meta, request, room) = (command.meta(), new.request(), claims.room_claimed());
    let record = Record { at: meta.at, request, origin: meta.origin.clone(), event };
    let written = |request, event: C::Event| {
        let packed = event.into();
        Written::Placed(Box::new(Placement { request, no, packed, reserves, room, uses }))
    };
    let ticket = kernel.append(record, written).inspect_err(|_| kernel.state.unnumber(no))?;
    claims.hand_over();
    new.hand_over();
    (placed.placed_lsn, placed.last_lsn) = (ticket.lsn, ticket.lsn);
    Ok(Placing::Written(ticket, Arc::new(placed)))
}

/// What placing an order now would do.
pub enum Quoted {
    /// It would go in like this.
    Plan(Box<Draft>),
    /// The same order was placed before.
    Known(Arc<Order>),
    /// Durable state has not enough, and the order is not to wait.
    SoldOut(Vec<LineShortage>),
}

/// Decides on an order as placing would, and changes nothing.
pub async fn quote(kernel: &Kernel, command: &impl Places) -> Result<Quoted, EngineError> {
    if let Some(known) = find_same(kernel, command, command.fingerprint()).await? {
        return Ok(Quoted::Known(Arc::new(known)));
    }
    let wanted = resolve(&kernel.state, &*kernel.postal, command)?;
    if command.order().prices.is_some() {
        // What it claims ends here.
        drop(Box::pin(cost::of_order(kernel, command, &wanted)).await?);
    }
    decided(kernel, &wanted).await
}

/// Decides on what was never placed, as placing would, and changes nothing: its id is not looked
/// at. What durable state refuses is an answer as well.
///
/// # Errors
/// What is wrong with the content, and what stopped the engine.
async fn estimate(
    kernel: &Kernel,
    command: &impl Places,
) -> Result<Result<Quoted, Refusal>, EngineError> {
    let wanted = resolve(&kernel.state, &*kernel.postal, command)?;
    match decided(kernel, &wanted).await {
        Ok(quoted) => Ok(Ok(quoted)),
        Err(EngineError::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error),
    }
}

async fn decided(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<Quoted, EngineError> {
    Ok(match decide(kernel, wanted, &mut Attempts::begin(kernel)).await? {
        Decided::Plan(draft, _) => Quoted::Plan(Box::new(draft.beyond_what_stays(wanted))),
        Decided::SoldOut(shortages) => Quoted::SoldOut(shortages),
    })
}

/// What a request placed. A hold is found by its id: one that took over another one is remembered
/// without its number, and one that was confirmed after it lapsed has another by now.
async fn known(
    kernel: &Kernel,
    command: &impl Places,
    done: Remembered,
) -> Result<Placing, EngineError> {
    let id = &command.order().id;
    let order = match done.order.filter(|_| !id.is_of_hold()) {
        Some(no) => read_order(kernel, no).await?.expect("a remembered order is placed"),
        None => find_order(kernel, id).await?,
    };
    Ok(Placing::Known(Arc::new(order.as_under(id))))
}

/// The order of a key that was used for something else by its fingerprint: an older
/// version may have remembered it by another one.
async fn known_of_old(
    kernel: &Kernel,
    command: &impl Places,
    key: RequestId,
) -> Result<Placing, EngineError> {
    if let Some(no) = kernel.state.requests.done(&key).and_then(|done| done.order)
        && let Some(order) = read_order(kernel, no).await?
        && is_repeat_of_old(command, &order.header)
    {
        return Ok(Placing::Known(Arc::new(order)));
    }
    Err(Refusal::RequestIdReused { request_id: key }.into())
}

#[expect(clippy::large_enum_variant, reason = "most are granted, and it is moved once")]
enum Claimed<'a> {
    Granted(Draft, Reserves, Claims<'a>),
    SoldOut(Vec<LineShortage>),
}

/// Plans and claims until every claim is granted or durable state refuses.
async fn plan_and_claim<'a>(
    kernel: &'a Kernel,
    wanted: &Wanted<'_>,
) -> Result<Claimed<'a>, EngineError> {
    let mut attempts = Attempts::begin(kernel);
    loop {
        let (draft, planned) = match decide(kernel, wanted, &mut attempts).await? {
            Decided::Plan(draft, planned) => (draft.beyond_what_stays(wanted), planned),
            Decided::SoldOut(shortages) => return Ok(Claimed::SoldOut(shortages)),
        };
        if draft.lines.is_empty() {
            // By now, what stays with the order beside which it is planned is all it needs.
            return Err(Refusal::Contended.into());
        }
        let reserves = reserves(kernel, &draft);
        let asks = draft.asked.then(|| new_order_asks(kernel, wanted));
        let attempt = match claim(kernel, &reserves, (wanted, &draft), asks).await? {
            // What it claimed may have come free for older orders since it was planned.
            Attempt::Done(_) if !wanted.is_settled() => Attempt::Again,
            Attempt::Done(_) if opening::is_overtaken(wanted, &draft) => Attempt::Again,
            Attempt::Done(claims) => match with_room(claims, wanted, &draft)? {
                Some(claims) => {
                    unsettle_overtaken(kernel, &draft, planned);
                    return Ok(Claimed::Granted(draft, reserves, claims));
                }
                // Another order took the last room of a day.
                None => Attempt::Overtaken,
            },
            in_the_way => in_the_way,
        };
        attempts.end(attempt).await?;
    }
}

enum Decided {
    /// This, planned from that moment on.
    Plan(Draft, u64),
    SoldOut(Vec<LineShortage>),
}

/// Decides what an order would get now, for placing and for quoting alike. What came free of
/// its SKUs is offered to older orders before. Each time that another command overtakes it, at
/// whatever step, it costs the transaction a try: one bound holds for all of them.
async fn decide(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    attempts: &mut Attempts<'_>,
) -> Result<Decided, EngineError> {
    loop {
        if !wanted.is_settled() {
            // Mostly they are, and the future of placing an order has no room for the wait.
            Box::pin(until_settled(kernel, wanted, attempts)).await?;
        }
        opening::judge_again(&kernel.state, wanted)?;
        let decided = decide_settled(kernel, wanted, attempts).await?;
        if wanted.is_settled() {
            return Ok(decided);
        }
        attempts.end::<()>(Attempt::Again).await?;
    }
}

/// Something may have come free of a SKU after an order was planned that is to wait for it, or
/// to rest on what is on its way; or something comes later than is promised to new orders. The
/// order's claims show by now: what comes free later finds them, and what came free before is
/// offered to it, as soon as it is placed, before any newer order.
fn unsettle_overtaken(kernel: &Kernel, draft: &Draft, planned: u64) {
    for late in draft.allocations.iter().filter(|a| !a.supply.is_there()) {
        let sku = draft.lines[usize::from(late.line)].sku;
        let comes_late = draft.comes_late && late.supply == Supply::Backorder;
        if comes_late || kernel.state.freed_after(sku, planned) {
            kernel.state.unsettle(sku);
        }
    }
}

/// Waits until what came free of an order's SKUs was offered to older orders. No order is in
/// hand meanwhile: the re-pegger may want it.
///
/// # Errors
/// [`Refusal::Contended`] after too many attempts; and what stopped the engine.
pub async fn until_settled(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    attempts: &mut Attempts<'_>,
) -> Result<(), EngineError> {
    for line in 0..wanted.lines.len() {
        for (sku, entry) in wanted.items_of(line) {
            while let Err(bell) = kernel.settled(sku, entry)? {
                attempts.end::<()>(Attempt::InTheWay(bell)).await?;
            }
        }
    }
    Ok(())
}

/// The same, while its SKUs are settled: it does not wait until they are.
async fn decide_settled(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    attempts: &mut Attempts<'_>,
) -> Result<Decided, EngineError> {
    loop {
        let planned = kernel.state.moment();
        let (moment, draft) = (Moment::now(kernel), look_and_plan(kernel, wanted).await?);
        if draft.unfilled_units() == 0 {
            judge(wanted, &draft, true)?;
            return Ok(Decided::Plan(draft, planned));
        }
        // Who has a hold in hand lets go of it before he waits.
        if !wanted.has_in_hand() && lack_what_is_due(kernel, wanted, draft.lacking(), None)? {
            attempts.end::<()>(Attempt::Overtaken).await?;
            continue;
        }
        let draft = confirm(kernel, wanted, (moment, draft), attempts).await?;
        let has_room = has_room_to_wait(kernel, wanted, &draft, attempts).await?;
        return Ok(match judge(wanted, &draft, has_room)? {
            None => Decided::Plan(draft, planned),
            Some(shortages) => Decided::SoldOut(shortages),
        });
    }
}

/// Whether holds have units of these lines, and their time had run out when the order came: they
/// are about to lapse. Its own hold, which lapses then, does not count.
///
/// # Errors
/// [`EngineError::DiskFull`] while there is no room for the event by which they lapse.
fn lack_what_is_due(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    mut lacking: impl Iterator<Item = usize>,
    own: Option<Timestamp>,
) -> Result<bool, EngineError> {
    let is_due_of = |sku| {
        let lapse = kernel.state.holds.of_sku(sku).first_lapse;
        lapse.is_some_and(|lapse| lapse <= wanted.at && Some(lapse) != own)
    };
    let is_due = |line: usize| wanted.items_of(line).any(|(sku, _)| is_due_of(sku));
    if !lacking.any(is_due) {
        return Ok(false);
    }
    kernel.hurry_lapses()?;
    Ok(true)
}

/// Whether the units that are to wait may do so.
///
/// # Errors
/// [`Refusal::BacklogFull`], and what stopped the engine.
async fn has_room_to_wait(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    draft: &Draft,
    attempts: &mut Attempts<'_>,
) -> Result<bool, EngineError> {
    for waiting in draft.allocations.iter().filter(|a| a.supply == Supply::Backorder) {
        let sku = draft.lines[usize::from(waiting.line)].sku;
        let node = draft.shipments[usize::from(waiting.shipment)].node;
        // A quote makes no pair: the item would be one that the node had.
        let Some(slot) = kernel.state.catalogue.entry(sku).row.find(node) else { continue };
        let standing = standing_of(ask(kernel, slot, StockMessage::ReadStanding).await?);
        if waiting.units > standing.room_to_wait {
            return Ok(false);
        }
    }
    if waiting::concerns(wanted, draft) {
        // Mostly nothing does, and the future of placing an order has no room for it.
        Box::pin(waiting::judge(kernel, wanted, draft, attempts)).await?;
    }
    Ok(true)
}

/// Claims all that a draft needs, pairs ascending; nothing when one refuses, or when more units
/// would wait for an item than may.
async fn claim<'a>(
    kernel: &'a Kernel,
    reserves: &[Reserve],
    (wanted, draft): (&Wanted<'_>, &Draft),
    asks: Option<Arc<Asks>>,
) -> Result<Attempt<'a, Claims<'a>>, EngineError> {
    let mut pairs: SmallVec<[&[Reserve]; 4]> = written::by_pair(reserves).collect();
    pairs.sort_unstable_by_key(|of_pair| of_pair[0].pair);
    let mut claims = Claims::new(kernel);
    for of_pair in pairs {
        match claims.units(of_pair, asks.as_ref()).await? {
            Ok(Grant::Granted) => {}
            Ok(Grant::NoRoomToWait) => return Err(no_room_to_wait().into()),
            // The units went to another order: plan on what is left.
            Ok(Grant::Short(_)) => return Ok(Attempt::Overtaken),
            Ok(Grant::Missing(_)) => unreachable!("only what leaves can be missing"),
            Ok(Grant::InFlight) => unreachable!("it comes with a bell"),
            Err(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    // Mostly it does not, and the future of placing an order has no room for it.
    if waiting::concerns(wanted, draft) {
        return Box::pin(waiting::room(kernel, (wanted, draft), claims)).await;
    }
    Ok(Attempt::Done(claims))
}

/// The same claims, and room on the days on which a draft is to leave, beyond what the order has
/// there; none when a day is full. It comes after the pairs, and never sleeps.
///
/// # Errors
/// What stopped the engine.
fn with_room<'k>(
    mut claims: Claims<'k>,
    wanted: &Wanted<'_>,
    draft: &Draft,
) -> Result<Option<Claims<'k>>, EngineError> {
    if !claims.kernel().state.loads.is_used() {
        return Ok(Some(claims));
    }
    let loads = load::loads(&draft.shipments, &draft.allocations);
    let asked = load::beyond(&loads, wanted.gives_up());
    Ok(claims.room(&asked, wanted.at)?.then_some(claims))
}

/// What a draft reserves, with the actors looked up.
fn reserves(kernel: &Kernel, draft: &Draft) -> Reserves {
    let reserve = |a: &Allocation| {
        let sku = draft.lines[usize::from(a.line)].sku;
        let node = draft.shipments[usize::from(a.shipment)].node;
        let entry = kernel.state.catalogue.entry(sku);
        let seat = entry.seat(node);
        // Asked once all are looked up.
        entry.row.prefetch_actor(seat);
        let (pair, seat) = (Pair { sku, node }, Some(seat));
        Reserve { pair, seat, line: a.line, supply: a.supply, units: a.units }
    };
    let mut reserves = draft.allocations.iter().map(reserve).collect();
    if draft.bundles.is_some() {
        written::bring_together(&mut reserves);
    }
    reserves
}

/// The header of an order that is about to be placed.
pub fn header(
    command: &impl Places,
    wanted: &Wanted<'_>,
    (draft, fingerprint): (&Draft, u64),
) -> OrderHeader {
    let order = command.order();
    let ordered_at = command.ordered_at();
    let mut hold = command.hold(draft);
    if let Some(hold) = &mut hold {
        opening::wait(hold, wanted);
    }
    OrderHeader {
        id: order.id.clone(),
        fingerprint,
        ordered_at,
        decided_at: Some(wanted.at).filter(|at| *at != ordered_at),
        customer: order.customer.clone(),
        channel: order.channel.clone(),
        destination: destination(&order.destination, wanted.way.pickup),
        service: wanted.way.service,
        promise_by: wanted.promise_by,
        shortage: wanted.shortage,
        split: wanted.split,
        hold,
        priority: order.priority,
    }
}

/// An order as it is placed.
pub fn placed(no: OrderNo, header: OrderHeader, draft: Draft) -> Order {
    Order {
        no,
        header,
        lines: draft.lines,
        shipments: draft.shipments,
        allocations: draft.allocations,
        trace: draft.trace,
        added: Added::default(),
        declined: Box::default(),
        decisions: Decisions::default(),
        timeline: Timeline::default(),
        order_holds: Box::default(),
        amended: None,
        money: None,
        returns: Box::default(),
        bundles: draft.bundles.map(|bundles| bundles.0).unwrap_or_default(),
        placed_lsn: Lsn::NONE,
        last_lsn: Lsn::NONE,
    }
}
