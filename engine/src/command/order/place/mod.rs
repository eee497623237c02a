//! Placing an order: plan, claim, append.

pub mod event;
mod known;
pub mod plan;
pub mod request;
pub mod submitted;

use std::sync::Arc;

use smallvec::SmallVec;

use self::plan::{Draft, InboundSeen, Wanted, WantedLine};
use crate::actor::Slot;
use crate::command::order::place::event::OrderPlaced;
use crate::command::order::place::known::{Room, begin_order, find_same, is_repeat_of_old};
use crate::command::{OrderRequest, PlaceOrder};
use crate::geo::PostalMatch;
use crate::journal::Ticket;
use crate::limits::{LINE_UNITS_MAX, ORDER_ALLOCATIONS_MAX, ORDER_LINES_MAX, STOCK_UNITS_MAX};
use crate::model::event::{Numbered, Record};
use crate::model::{
    Allocation, Lsn, Order, OrderHeader, OrderNo, PackedOrder, Pair, Refusal, Request, RequestId,
    Rule, Shortage, Split, Supply, Violation,
};
use crate::state::network::Network;
use crate::state::requests::Remembered;
use crate::state::stock::Grant;
use crate::state::stock::{Standing, StockActor, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::attempts::{Attempt, Attempts, Ear};
use crate::transaction::begin::{Started, begin_request};
use crate::transaction::bells::{Awaited, Listening};
use crate::transaction::claims::{Claims, standing_of};
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::Placement;
use crate::transaction::written::Written;
use crate::transaction::written::{self, Reserve, Reserves};

/// The outcome of placing an order, before it is durable.
pub enum Placing {
    /// The event is on its way to the disk.
    Written(Ticket, Arc<Order>),
    /// The same order was placed before.
    Known(Arc<Order>),
    /// Durable state has not enough, and the order is not to wait.
    SoldOut(Vec<LineShortage>),
}

/// A line that cannot be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineShortage {
    /// The line, from 0, lines of one SKU summed.
    pub line: u16,
    /// Units wanted.
    pub wanted: u32,
    /// Units without supply.
    pub short: u32,
}

/// Places an order up to the journal.
pub async fn place(kernel: &Kernel, command: &PlaceOrder) -> Result<Placing, EngineError> {
    let PlaceOrder { meta, order, .. } = command;
    let fingerprint = command.fingerprint();
    let request = meta.request_id.clone().map(|id| Request { id, fingerprint });
    let key = match begin_request(kernel, request.as_ref()).await {
        Ok(Started::Fresh(key)) => key,
        Ok(Started::Repeat(done)) => return known(kernel, done).await,
        Err(EngineError::Refused(Refusal::RequestIdReused { request_id })) => {
            return known_of_old(kernel, command, request_id).await;
        }
        Err(error) => return Err(error),
    };
    let room = match begin_order(kernel, command, fingerprint).await? {
        Room::New(room) => room,
        Room::Known(known) => return Ok(Placing::Known(Arc::new(known))),
    };
    // Only now: a known order may be too old by now, or the day by which it was wanted
    // may have passed.
    let wanted = resolve(kernel, &kernel.state.network.load(), command)?;
    let (draft, reserves, claims) = match settle(kernel, &wanted).await? {
        Settled::Granted(draft, reserves, claims) => (draft, reserves, claims),
        Settled::SoldOut(shortages) => return Ok(Placing::SoldOut(shortages)),
    };
    let no = kernel.state.next_order();
    let mut placed = placed(no, header(command, &wanted, fingerprint), draft);
    kernel.state.orders.number(&order.id, no);
    let event = Numbered(OrderPlaced { order: PackedOrder::of(&placed) });
    let record = Record { at: meta.at, request, origin: meta.origin.clone(), event };
    let written = |request, OrderPlaced { order: packed }| {
        Written::Placed(Box::new(Placement { request, no, packed, reserves }))
    };
    let ticket = kernel.append(record, written).inspect_err(|_| kernel.state.unnumber(no))?;
    claims.hand_over();
    room.hand_over();
    if let Some(key) = key {
        key.hand_over();
    }
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
pub async fn quote(kernel: &Kernel, command: &PlaceOrder) -> Result<Quoted, EngineError> {
    if let Some(known) = find_same(kernel, command, command.fingerprint()).await? {
        return Ok(Quoted::Known(Arc::new(known)));
    }
    let wanted = resolve(kernel, &kernel.state.network.load(), command)?;
    Ok(match decide(kernel, &wanted, &mut Attempts::begin(kernel)).await? {
        Decided::Plan(draft) => Quoted::Plan(Box::new(draft)),
        Decided::SoldOut(shortages) => Quoted::SoldOut(shortages),
    })
}

async fn known(kernel: &Kernel, done: Remembered) -> Result<Placing, EngineError> {
    let no = done.order.expect("the fingerprint says that the request placed an order");
    let order = read_order(kernel, no).await?.expect("a remembered order is placed");
    Ok(Placing::Known(Arc::new(order)))
}

/// The order of a key that was used for something else by its fingerprint: an older
/// version may have remembered it by another one.
async fn known_of_old(
    kernel: &Kernel,
    command: &PlaceOrder,
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

/// Checks an order and looks up every name in it. All that is wrong is told at
/// once; an order whose only fault is that items are not defined is refused.
fn resolve<'a>(
    kernel: &'a Kernel,
    network: &Network,
    command: &PlaceOrder,
) -> Result<Wanted<'a>, EngineError> {
    let order = &command.order;
    let destination = kernel.postal.locate(order.postal_code.as_str());
    // Days of a destination are its own.
    let local_day =
        |there: PostalMatch| kernel.postal.days_in(there.zone).day(command.ordered_at());
    let ordered_on = destination.map(local_day);
    let mut found = command.validate(ordered_on).err().unwrap_or_default();
    if destination.is_none() {
        found.push(unknown_code(kernel, order));
    }
    let service = network.service_no(order.service.as_ref());
    if service.is_none() {
        found.push(unknown_service(network, order));
    }
    let (lines, unknown) = resolve_lines(kernel, order, &mut found);
    let (Some(destination), Some(ordered_on), Some(service), true) =
        (destination, ordered_on, service, found.is_empty())
    else {
        found.extend(unknown.into_iter().map(|at| unknown_sku(order, at)));
        return Err(found.into());
    };
    if let Some(at) = unknown.first() {
        return Err(Refusal::ItemNotFound { sku: order.lines.0[*at].sku.clone() }.into());
    }
    let promise_days = network.policy.services[usize::from(service.0)].promise_days;
    Ok(Wanted {
        lines,
        destination,
        service,
        promise_by: order.deliver_by.unwrap_or_else(|| ordered_on.plus(promise_days)),
        shortage: order.shortage.unwrap_or(network.policy.shortage),
        split: order.split.unwrap_or(network.policy.split),
        at: command.meta.at,
    })
}

fn unknown_code(kernel: &Kernel, order: &OrderRequest) -> Violation {
    let why = kernel.postal.why_unknown(order.postal_code.as_str());
    Violation::new("postal_code", &order.postal_code, Rule::Malformed(why))
}

fn unknown_service(network: &Network, order: &OrderRequest) -> Violation {
    let names = network.policy.services.iter().map(|s| s.name.as_str());
    let allowed = names.collect::<Vec<_>>().join(", ");
    let given = order.service.as_ref().map_or("", |name| name.as_str());
    Violation::new("service", given, Rule::NotOneOf { allowed })
}

fn unknown_sku(order: &OrderRequest, at: usize) -> Violation {
    let allowed = "the SKUs that are defined".into();
    let sku = &order.lines.0[at].sku;
    Violation::new(format!("lines[{at}].sku"), sku, Rule::NotOneOf { allowed })
}

/// Sums lines of one SKU: they draw on the same stock. Sums that are too large
/// are noted; the places of lines whose SKU is not defined are answered.
fn resolve_lines<'a>(
    kernel: &'a Kernel,
    order: &OrderRequest,
    found: &mut Vec<Violation>,
) -> (SmallVec<[WantedLine<'a>; 4]>, Vec<usize>) {
    let mut lines = SmallVec::<[WantedLine<'a>; 4]>::new();
    let mut unknown = Vec::new();
    // More lines are noted as too many already.
    for (at, line) in order.lines.0.iter().enumerate().take(ORDER_LINES_MAX) {
        let Some(sku) = kernel.state.catalogue.sku_no(line.sku.as_str()) else {
            unknown.push(at);
            continue;
        };
        match lines.iter_mut().find(|known| known.sku == sku) {
            None => {
                let entry = kernel.state.catalogue.entry(sku);
                lines.push(WantedLine { sku, entry, quantity: line.quantity });
            }
            Some(known) => {
                // Too large a line is noted by itself; it must not overflow the sum.
                known.quantity = known.quantity.saturating_add(line.quantity);
                if known.quantity > LINE_UNITS_MAX {
                    let rule = Rule::OutOfRange { min: 1, max: i64::from(LINE_UNITS_MAX) };
                    let field = format!("lines[{at}].quantity");
                    found.push(Violation::new(field, known.quantity, rule));
                }
            }
        }
    }
    (lines, unknown)
}

#[expect(clippy::large_enum_variant, reason = "most are granted, and it is moved once")]
enum Settled<'a> {
    Granted(Draft, Reserves, Claims<'a>),
    SoldOut(Vec<LineShortage>),
}

/// Plans and claims until every claim is granted or durable state refuses.
async fn settle<'a>(kernel: &'a Kernel, wanted: &Wanted<'_>) -> Result<Settled<'a>, EngineError> {
    let mut attempts = Attempts::begin(kernel);
    loop {
        let draft = match decide(kernel, wanted, &mut attempts).await? {
            Decided::Plan(draft) => draft,
            Decided::SoldOut(shortages) => return Ok(Settled::SoldOut(shortages)),
        };
        let reserves = reserves(kernel, &draft);
        let attempt = match claim(kernel, &reserves).await? {
            Attempt::Done(_) if waits_for_nothing(kernel, wanted, &draft) => Attempt::Again,
            claimed => claimed,
        };
        if let Some(claims) = attempts.end(attempt).await? {
            return Ok(Settled::Granted(draft, reserves, claims));
        }
    }
}

enum Decided {
    Plan(Draft),
    SoldOut(Vec<LineShortage>),
}

/// Decides what an order would get now, for placing and for quoting alike. Each time that
/// another command overtakes it, at whatever step, it costs the transaction a try: one
/// bound holds for all of them.
async fn decide(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    attempts: &mut Attempts<'_>,
) -> Result<Decided, EngineError> {
    let (moment, draft) = (Moment::now(kernel), look_and_plan(kernel, wanted).await?);
    if draft.unfilled_units() == 0 {
        bounded(&draft)?;
        return Ok(Decided::Plan(draft));
    }
    let draft = confirm(kernel, wanted, (moment, draft), attempts).await?;
    if draft.unfilled_units() > 0
        && let Some(shortages) = refused(wanted, &draft)?
    {
        return Ok(Decided::SoldOut(shortages));
    }
    bounded(&draft)?;
    room_to_wait(kernel, &draft).await?;
    Ok(Decided::Plan(draft))
}

/// Plans until the units that the plan lacks are durably not there. The first plan is made
/// already.
///
/// `NO_PHANTOM_SOLD_OUT`: what counts is whether the pairs of the lines that lack units
/// changed during the look, or are claimed. Under load they mostly are by the time that
/// all pairs of a large order are read. So the lines that lack units are planned once more
/// without the other lines, and the plan mostly [stands] beside the result.
async fn confirm(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    first: (Moment<'_>, Draft),
    attempts: &mut Attempts<'_>,
) -> Result<Draft, EngineError> {
    let (mut moment, mut draft) = first;
    loop {
        let lack = moment.lack(wanted, &draft).await?;
        let lacking = draft.lacking().count();
        let is_alone = lacking == wanted.lines.len() || draft.cut_short;
        let lack = match lack {
            lack if is_alone || matches!(lack, Attempt::Done(())) => lack,
            _ => {
                let alone = lack_alone(kernel, wanted, &draft, attempts).await?;
                if stands(wanted, &mut draft, &alone) { Attempt::Done(()) } else { Attempt::Again }
            }
        };
        if attempts.end(lack).await?.is_some() {
            return Ok(draft);
        }
        (moment, draft) = (Moment::now(kernel), look_and_plan(kernel, wanted).await?);
    }
}

/// The lines of a draft that lack units are planned without the other lines: answers how
/// many units each of them durably lacks.
async fn lack_alone(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    draft: &Draft,
    attempts: &mut Attempts<'_>,
) -> Result<SmallVec<[u32; 4]>, EngineError> {
    let wanted = wanted.with_lines(draft.lacking());
    loop {
        let (moment, alone) = (Moment::now(kernel), look_and_plan(kernel, &wanted).await?);
        let lack = moment.lack(&wanted, &alone).await?;
        if attempts.end(lack).await?.is_some() {
            return Ok(alone.unfilled);
        }
    }
}

/// Whether a draft stands, when its lacking lines durably lacked `alone` units a moment
/// later. If that is as many as the draft says, or more, it is right to cancel the draft's
/// lack or to let it wait, and the claims decide whether the rest is still there. An order
/// that does not wait is refused if anything is lacking, and is told the later numbers.
fn stands(wanted: &Wanted<'_>, draft: &mut Draft, alone: &[u32]) -> bool {
    if wanted.shortage == Shortage::Reject {
        let said = draft.unfilled.iter_mut().filter(|short| **short > 0);
        said.zip(alone).for_each(|(said, short)| *said = *short);
        return draft.unfilled_units() > 0;
    }
    draft.lacking().zip(alone).all(|(line, short)| *short >= draft.unfilled[line])
}

/// The beginning of a look at what is published.
struct Moment<'a> {
    kernel: &'a Kernel,
    /// All of it was shown.
    applied: Lsn,
    /// Whether nothing more was.
    is_quiet: bool,
}

impl<'a> Moment<'a> {
    fn now(kernel: &'a Kernel) -> Self {
        let applied = kernel.watermark.applied();
        Self { kernel, applied, is_quiet: kernel.quiet() == Some(applied) }
    }

    /// Whether a draft that was planned since this moment durably lacks its units: no claim
    /// hid any of them, and no event after this moment changed a pair of the lines that
    /// lack units. Then all these pairs were read at one version. A unit that moves between
    /// two reads, from a pair not read yet to one read already, changes both pairs.
    async fn lack(
        &self,
        wanted: &Wanted<'_>,
        draft: &Draft,
    ) -> Result<Attempt<'a, ()>, EngineError> {
        let hidden = draft.lacking().any(|line| draft.is_in_flight(line));
        if !hidden && self.is_quiet && self.kernel.quiet() == Some(self.applied) {
            return Ok(Attempt::Done(()));
        }
        let mut lack = if hidden { Attempt::Again } else { Attempt::Done(()) };
        for line in draft.lacking() {
            let (want, hidden) = (&wanted.lines[line], draft.is_in_flight(line));
            for slot in &want.entry.row {
                let pair = Pair { sku: want.sku, node: slot.node };
                match self.standing(pair, slot, hidden).await? {
                    Err(bell) => return Ok(Attempt::InTheWay(bell)),
                    Ok(standing) if standing.last_lsn > self.applied && !hidden => {
                        lack = Attempt::Overtaken;
                    }
                    Ok(_) => {}
                }
            }
        }
        Ok(lack)
    }

    /// How a pair stands; its bell while a claim or change in flight there hides supply.
    async fn standing(
        &self,
        pair: Pair,
        slot: Slot<'_, StockActor>,
        hidden: bool,
    ) -> Result<Result<Standing, Listening<'a>>, EngineError> {
        let mut ear = Ear::at(self.kernel, Awaited::Pair(pair));
        loop {
            let standing = standing_of(ask(self.kernel, slot, StockMessage::ReadStanding).await?);
            if !(hidden && standing.in_flight) {
                return Ok(Ok(standing));
            }
            if let Some(bell) = ear.refused() {
                return Ok(Err(bell));
            }
        }
    }
}

/// Refuses units that are to wait where no more may.
async fn room_to_wait(kernel: &Kernel, draft: &Draft) -> Result<(), EngineError> {
    for waiting in draft.allocations.iter().filter(|a| a.supply == Supply::Backorder) {
        let sku = draft.lines[usize::from(waiting.line)].sku;
        let node = draft.shipments[usize::from(waiting.shipment)].node;
        let slot = kernel.state.cell(Pair { sku, node });
        let standing = standing_of(ask(kernel, slot, StockMessage::ReadStanding).await?);
        if waiting.units > standing.room_to_wait {
            return Err(no_room_to_wait());
        }
    }
    Ok(())
}

fn no_room_to_wait() -> EngineError {
    Refusal::QuantityTooLarge { what: "waiting", max: u64::from(STOCK_UNITS_MAX) }.into()
}

/// Whether an order that lacks units is refused, and which.
fn refused(wanted: &Wanted<'_>, draft: &Draft) -> Result<Option<Vec<LineShortage>>, EngineError> {
    if draft.cut_short {
        let max = crate::sourcing::limits::SHIPMENTS_MAX;
        let why = format!("its items are at more nodes than the {max} that one plan looks at");
        return Err(Refusal::CommandTooLarge { why }.into());
    }
    let nothing = draft.allocations.is_empty();
    match wanted.shortage {
        Shortage::Backorder if waiting_units(draft) < draft.unfilled_units() => {
            Err(Refusal::NoNode.into())
        }
        Shortage::Backorder => Ok(None),
        Shortage::Partial if !nothing => Ok(None),
        Shortage::Partial | Shortage::Reject => Ok(Some(shortages(wanted, draft))),
    }
}

/// Units that are to wait for supply.
fn waiting_units(draft: &Draft) -> u64 {
    let waiting = draft.allocations.iter().filter(|a| a.supply == Supply::Backorder);
    waiting.map(|a| u64::from(a.units)).sum()
}

/// Refuses what one event and one shipment's bookkeeping cannot hold.
fn bounded(draft: &Draft) -> Result<(), Refusal> {
    let parts = draft.allocations.len();
    if parts > ORDER_ALLOCATIONS_MAX {
        let parts = format!("{parts} parts of stock; at most {ORDER_ALLOCATIONS_MAX}");
        return Err(Refusal::CommandTooLarge { why: format!("the order would take {parts}") });
    }
    Ok(())
}

/// The lines of a draft that lack units.
fn shortages(wanted: &Wanted<'_>, draft: &Draft) -> Vec<LineShortage> {
    let lines = wanted.lines.iter().zip(&draft.unfilled).enumerate();
    let short = lines.filter(|(_, (_, short))| **short > 0);
    short
        .map(|(at, (line, short))| LineShortage {
            line: u16::try_from(at).expect("ORDER_LINES_MAX fits 16 bits"),
            wanted: line.quantity,
            short: *short,
        })
        .collect()
}

/// Plans on what is there now. Inbound supplies are asked for only where there are
/// some. The network is read last: it knows every node at which something was seen on
/// its way.
async fn look_and_plan(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<Draft, EngineError> {
    if let Some(draft) = plan::plan(&kernel.state.network.load(), wanted, None) {
        return Ok(draft);
    }
    let inbound = look_inbound(kernel, wanted).await?;
    let draft = plan::plan(&kernel.state.network.load(), wanted, Some(&inbound));
    Ok(draft.expect("inbound supply was looked for"))
}

async fn look_inbound(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<InboundSeen, EngineError> {
    let mut seen = InboundSeen::new();
    for (at, line) in wanted.lines.iter().enumerate() {
        for slot in line.entry.row.iter().filter(|s| s.shared().glance().has_inbound) {
            let StockReply::Inbound(glances) = ask(kernel, slot, StockMessage::ReadInbound).await?
            else {
                unreachable!("a read of inbound supplies is answered with them");
            };
            let at = u16::try_from(at).expect("ORDER_LINES_MAX fits 16 bits");
            seen.push((at, slot.node, glances));
        }
    }
    Ok(seen)
}

/// Claims all that a draft needs, pairs ascending; nothing when one refuses.
async fn claim<'a>(
    kernel: &'a Kernel,
    reserves: &[Reserve],
) -> Result<Attempt<'a, Claims<'a>>, EngineError> {
    let mut wanted: SmallVec<[&[Reserve]; 4]> = written::by_pair(reserves).collect();
    wanted.sort_unstable_by_key(|of_pair| of_pair[0].pair);
    let mut claims = Claims::new(kernel);
    for of_pair in wanted {
        match claims.units(of_pair).await? {
            Ok(Grant::Granted) => {}
            Ok(Grant::NoRoomToWait) => return Err(no_room_to_wait()),
            // The units went to another order: plan on what is left.
            Ok(Grant::Short(_)) => return Ok(Attempt::Overtaken),
            Ok(Grant::Missing(_)) => unreachable!("only what leaves can be missing"),
            Ok(Grant::InFlight) => unreachable!("it comes with a bell"),
            Err(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    Ok(Attempt::Done(claims))
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
    draft.allocations.iter().map(reserve).collect()
}

/// Whether units would wait at a pair where units came free since the plan read it.
/// With the claim to wait in hand, no more come free before it is applied.
fn waits_for_nothing(kernel: &Kernel, wanted: &Wanted<'_>, draft: &Draft) -> bool {
    let mut waiting = draft.allocations.iter().filter(|a| a.supply == Supply::Backorder);
    // A plan that left candidates out may know of the free ones.
    !draft.cut_short
        && waiting.any(|a| {
            let sku = draft.lines[usize::from(a.line)].sku;
            let node = draft.shipments[usize::from(a.shipment)].node;
            let free = kernel.state.cell(Pair { sku, node }).shared().glance().free;
            // A whole line may wait beside fewer free units than it wants.
            let enough = if wanted.split == Split::Units { 1 } else { a.units };
            i64::from(free) >= i64::from(enough)
        })
}

fn header(command: &PlaceOrder, wanted: &Wanted<'_>, fingerprint: u64) -> OrderHeader {
    let order = &command.order;
    let ordered_at = command.ordered_at();
    OrderHeader {
        id: order.id.clone(),
        fingerprint,
        ordered_at,
        decided_at: Some(wanted.at).filter(|at| *at != ordered_at),
        customer: order.customer.clone(),
        channel: order.channel.clone(),
        postal_code: order.postal_code.clone(),
        service: wanted.service,
        promise_by: wanted.promise_by,
        shortage: wanted.shortage,
        split: wanted.split,
    }
}

fn placed(no: OrderNo, header: OrderHeader, draft: Draft) -> Order {
    Order {
        no,
        header,
        lines: draft.lines,
        shipments: draft.shipments,
        allocations: draft.allocations,
        trace: draft.trace,
        placed_lsn: Lsn::NONE,
        last_lsn: Lsn::NONE,
    }
}

#[cfg(test)]
mod tests;
