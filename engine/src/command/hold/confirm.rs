//! Confirming a hold: it becomes an order, in one commit.

use smallvec::SmallVec;

use super::replaced::HoldReplaced;
use super::{ended, in_hand};
use crate::limits::ORDER_LINES_MAX;
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::effect::Claim;
use crate::model::hold::by_pair;
use crate::model::{
    CustomerId, Day, Destination, Hold, HoldId, HoldState, Lsn, Meta, NodeId, Order, OrderHeader,
    OrderId, PackedOrder, Pegged, Refusal, Rule, ServiceName, Shortage, SkuNo, Supply, Text,
    Timeline, Violation,
};
use crate::placing::asking::{as_before, has_terms};
use crate::placing::bundles::bundled;
use crate::placing::cost::{Cost, ToPrice, cost};
use crate::placing::costs::OrderPrices;
use crate::placing::going::{Going, destination, offered, said};
use crate::placing::opening;
use crate::placing::over::{self, Over, pegs, plan_over};
use crate::placing::request::Lines;
use crate::placing::resolve::unknown_service;
use crate::placing::{placed, until_settled};
use crate::planning::{Opening, Rooms, Wanted, WantedLine, Way};
use crate::state::State;
use crate::state::network::Network;
use crate::state::orders::Found;
use crate::state::stock::Ready;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::find::{find_order, read_named};
use crate::transaction::in_flight::Transaction;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, can_be_kept};

/// Makes an order of a hold. The order has the hold's units, and the days that were told for
/// it. Where it goes elsewhere, or is wanted in another way, it is planned anew, its own units
/// among those that are free. A hold that lapsed is confirmed as well, if there are units still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmHold {
    /// Key, origin, time.
    pub meta: Meta,
    /// The hold.
    pub hold: HoldId,
    /// The order's id, which is an idempotency key.
    pub order: OrderId,
    /// The customer that orders; the hold's when left out.
    pub customer: Option<CustomerId>,
    /// Where the order comes in; the hold's when left out.
    pub channel: Option<Text>,
    /// Where it goes; where the hold goes when left out.
    pub destination: Option<Destination<NodeId>>,
    /// How it is to be shipped; the hold's service when left out.
    pub service: Option<ServiceName>,
    /// The day by which it is wanted; the hold's when left out.
    pub deliver_by: Option<Day>,
    /// What is ordered; what is held when empty. Anything else is refused.
    pub lines: Lines,
    /// What it costs and how it is paid, if the engine is to know: of the lines, which are said then.
    pub prices: Option<Box<OrderPrices>>,
}

impl ConfirmHold {
    /// Checks the lines, if there are any, and what they cost.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        match &self.prices {
            None if self.lines.0.is_empty() => Ok(()),
            None => self.lines.validate(),
            Some(prices) => {
                self.lines.validate()?;
                let units: Vec<u32> = self.lines.0.iter().map(|line| line.quantity).collect();
                prices.validate(&units)
            }
        }
    }
}

impl Command for ConfirmHold {
    type Event = HoldReplaced;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let Self { hold, order, customer, channel, destination, service, deliver_by, .. } = self;
        let by = deliver_by.map(Day::epoch_days);
        let said = (hold, order, customer, channel, destination, service, by, &self.lines);
        match &self.prices {
            None => fingerprint(&said),
            Some(prices) => fingerprint(&(fingerprint(&said), prices.fingerprint())),
        }
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<HoldReplaced>, EngineError> {
        let kernel = tx.kernel();
        if let Some(placed) = self.begin_order(&mut tx.claims).await? {
            return Ok(Decision::Repeat(placed.placed_lsn));
        }
        // Before the hold is in hand: an order that claims a use may wait for it.
        let cost = match &self.prices {
            None => None,
            Some(prices) => Some(Box::pin(cost_of(kernel, self, prices)).await?),
        };
        let event = self.confirm(tx, cost.as_ref()).await?;
        if let Some(cost) = cost {
            let uses = event.order.unpack().ok().and_then(|order| order.uses_taken());
            // Else it is the order of another customer than was read before.
            tx.claims.take(cost.into_claims(&uses).ok_or(Refusal::Contended)?);
        }
        Ok(Decision::Event(event))
    }
}

impl ConfirmHold {
    /// Confirms the hold, of an order that costs so much.
    async fn confirm(
        &self,
        tx: &mut Transaction<'_>,
        cost: Option<&Cost<'_, '_>>,
    ) -> Result<HoldReplaced, EngineError> {
        let kernel = tx.kernel();
        let confirming = Confirming { command: self, cost };
        let mut attempts = Attempts::begin(kernel);
        loop {
            let mut claims = Claims::new(kernel);
            let held = in_hand(&mut claims, &self.hold).await?;
            let rest = rest(kernel, &held)?;
            let way = decide(&held, &rest, self, &kernel.state)?;
            let has_all = way == Becomes::Kept && !has_lost(kernel, &held)?;
            if way == Becomes::Kept && !has_all {
                may_be_taken(&held, self, &kernel.state)?;
            }
            let keeps = has_all && can_be_kept(kernel, &held, self.meta.at)?;
            let anew = if keeps {
                Anew::Gone
            } else {
                plan_anew((&held, &rest), &confirming, &mut claims).await?
            };
            match anew {
                Anew::Event(event) => {
                    tx.claims.take(claims);
                    return Ok(*event);
                }
                // It has its units, though its days may have passed, or only a part of them.
                Anew::Gone if has_all || (way == Becomes::Part && is_not_short(kernel, &held)?) => {
                    // A count may have been applied before the claim; none is while that stands.
                    if let Some(event) = keep((&held, &rest), &confirming, &mut claims).await?
                        && (has_all || is_not_short(kernel, &held)?)
                    {
                        tx.claims.take(claims);
                        return Ok(event);
                    }
                    drop(claims);
                    attempts.end::<()>(Attempt::Again).await?;
                }
                Anew::Gone => {
                    return Err(Refusal::HoldUnitsGone { hold_id: self.hold.clone() }.into());
                }
                Anew::Unsettled => {
                    drop(claims);
                    let wanted = wanted(kernel, (&held, &rest), self)?;
                    until_settled(kernel, &wanted, &mut attempts).await?;
                }
                Anew::Due => {
                    drop(claims);
                    attempts.end::<()>(Attempt::Overtaken).await?;
                }
            }
        }
    }
}

/// A hold that is confirmed, and what the order costs.
struct Confirming<'a> {
    command: &'a ConfirmHold,
    cost: Option<&'a Cost<'a, 'a>>,
}

impl Confirming<'_> {
    /// The order that the hold becomes, with what it costs and who says so.
    fn packed(&self, mut order: Order) -> PackedOrder {
        let ConfirmHold { meta, lines, .. } = self.command;
        order.note_who_places(meta);
        if let Some(cost) = self.cost {
            cost.put_on(&mut order, lines, meta.at);
        }
        PackedOrder::of(&order)
    }
}

/// What planning the order anew comes to.
enum Anew {
    /// This.
    Event(Box<HoldReplaced>),
    /// Units that it needs are not there.
    Gone,
    /// Older orders come first.
    Unsettled,
    /// Other holds have what it lacks, and are about to lapse.
    Due,
}

impl ConfirmHold {
    /// Takes the order's id; answers the order if this hold became it before.
    async fn begin_order(&self, claims: &mut Claims<'_>) -> Result<Option<Order>, EngineError> {
        let kernel = claims.kernel();
        loop {
            let seen = kernel.look_at_names();
            let found = match kernel.state.orders.begin(&self.order) {
                Found::Unknown => {
                    claims.hold(Claim::Name(self.order.clone()));
                    return Ok(None);
                }
                Found::There(no, _) => read_named(kernel, no, &self.order).await?,
                Found::InFlight => None,
            };
            match found {
                Some(order) if self.is_of(&order) => return Ok(Some(order)),
                Some(_) => {
                    return Err(Refusal::OrderIdReused { order_id: self.order.clone() }.into());
                }
                None => kernel.progress(seen).await?,
            }
        }
    }

    /// Whether an order is what this made of the hold before.
    fn is_of(&self, order: &Order) -> bool {
        let is_hold = order.header.hold.as_deref().is_some_and(|hold| hold.id == self.hold);
        is_hold && order.header.fingerprint == self.fingerprint()
    }
}

/// What the order costs: what its command leaves out is as the hold says. Where its destination is not
/// known, no day is; planning refuses it.
///
/// # Errors
/// As [`cost`], and where there is no such hold.
async fn cost_of<'k, 'p>(
    kernel: &'k Kernel,
    command: &ConfirmHold,
    prices: &'p OrderPrices,
) -> Result<Cost<'k, 'p>, EngineError> {
    let held = find_order(kernel, &OrderId::of_hold(&command.hold)).await?.header;
    let network = kernel.state.network.load_full();
    let as_held = said(&network, &held.destination);
    let to = command.destination.as_ref().unwrap_or(&as_held);
    let going = Going::to(to, &network, &*kernel.postal);
    going.unknown.map_or(Ok(()), |unknown| Err(vec![unknown]))?;
    going.pickup?;
    let place = going.place.expect("nothing was found");
    let of_hold = &network.policy.services[usize::from(held.service.0)].name;
    let service = command.service.as_ref().unwrap_or(of_hold);
    let order = ToPrice {
        id: &command.order,
        lines: &command.lines,
        customer: command.customer.as_ref().or(held.customer.as_ref()),
        channel: command.channel.as_ref().or(held.channel.as_ref()),
        day: kernel.postal.zone(place.zone).local_day(command.meta.at),
        postal_code: to.address(),
        service: to.pickup().is_none().then_some(service),
    };
    cost(kernel, &order, prices).await
}

/// How a hold becomes an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    /// With the units that it has, where they are.
    Kept,
    /// Planned anew without what it waits for, or else with the part that it has, where that is.
    Part,
    /// Planned anew, on what is free, and on the units that it has.
    PlannedAnew,
}

/// How a hold becomes the order, if it has what is ordered.
fn decide(
    held: &Order,
    rest: &Rest,
    command: &ConfirmHold,
    state: &State,
) -> Result<Becomes, Refusal> {
    let hold = held.header.hold.as_deref().expect("it is found as a hold");
    let network = state.network.load();
    let is_planned_so = match hold.state {
        HoldState::Live => {
            let service = &network.policy.services[usize::from(held.header.service.0)].name;
            is_as_held(&network, &held.header, command, service)
                && is_served_alike(state, held, command)
        }
        HoldState::Lapsed => false,
        HoldState::Waiting => return Err(Refusal::HoldWaits { hold_id: hold.id.clone() }),
        _ => return Err(ended(held)),
    };
    if !command.lines.0.is_empty() && !has_lines((held, rest), &command.lines, state) {
        return Err(Refusal::HoldDiffers { hold_id: hold.id.clone() });
    }
    if hold.state == HoldState::Lapsed {
        may_be_taken(held, command, state)?;
    }
    Ok(match is_planned_so {
        true if rest.is_nothing() => Becomes::Kept,
        true => Becomes::Part,
        false => Becomes::PlannedAnew,
    })
}

/// Units that a hold waits for still, by line, and that the order goes without: it takes a part.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rest(Vec<u32>);

impl Rest {
    fn of(held: &Order, resting: &Resting) -> Self {
        let mut rest = Self(vec![0; held.lines.len()]);
        for peg in resting.units_of(held) {
            if peg.supply == Supply::Backorder {
                rest.0[usize::from(peg.line)] += peg.units;
            }
        }
        rest
    }

    fn is_nothing(&self) -> bool {
        self.0.iter().all(|units| *units == 0)
    }

    /// What the order has of each item that it asks for. A hold that takes a part has no bundles.
    fn without(&self, held: &Order) -> SmallVec<[(SkuNo, u32); 4]> {
        if self.is_nothing() {
            return held.asked_for().collect();
        }
        let lines = held.lines.iter().zip(&self.0);
        let left = lines.map(|(line, rest)| (line.sku, line.ordered - rest));
        left.filter(|(_, units)| *units > 0).collect()
    }
}

/// What a hold that takes a part waits for still.
///
/// # Errors
/// [`Refusal::HoldUnitsGone`] if it has nothing any more.
fn rest(kernel: &Kernel, held: &Order) -> Result<Rest, EngineError> {
    let is_live = |hold: &&Hold| hold.state == HoldState::Live && hold.accepts_part;
    let Some(hold) = held.open_hold().filter(is_live) else { return Ok(Rest::default()) };
    let rest = Rest::of(held, &Resting::read(kernel, held)?);
    if rest.without(held).is_empty() {
        return Err(Refusal::HoldUnitsGone { hold_id: hold.id.clone() }.into());
    }
    Ok(rest)
}

/// Units of a hold that lapsed, or that were lost, are taken anew: as a new order would take them,
/// also where it says again where it is collected.
fn may_be_taken(held: &Order, command: &ConfirmHold, state: &State) -> Result<(), Refusal> {
    let skus = held.lines.iter().map(|line| line.sku);
    let mut skus = skus.chain(held.bundles.iter().map(|bundle| bundle.sku));
    let mut entries = skus.clone().map(|sku| state.catalogue.entry(sku));
    if let Some(entry) = entries.find(|entry| entry.is_off_sale()) {
        return Err(Refusal::ItemOffSale { sku: entry.sku().clone() });
    }
    skus.try_for_each(|sku| opening::takes(state, sku, command.meta.at))?;
    let (network, goes) = (state.network.load(), &held.header.destination);
    let is_said = |to| is_there(&network, to, goes);
    match goes.pickup() {
        Some(pickup) if command.destination.as_ref().is_none_or(is_said) => {
            offered(&network, *pickup)
        }
        _ => Ok(()),
    }
}

/// Whether the order goes where the hold goes, in the same way.
fn is_as_held(
    network: &Network,
    header: &OrderHeader,
    command: &ConfirmHold,
    service: &ServiceName,
) -> bool {
    command.destination.as_ref().is_none_or(|to| is_there(network, to, &header.destination))
        && command.service.as_ref().is_none_or(|name| name == service)
        && command.deliver_by.is_none_or(|day| day == header.promise_by)
}

/// Whether the order's channel is served by the same nodes as the hold's, and no pair of its items
/// says who may have its units. Where it is not, other units may be its to have, also instead of
/// those that it lacks.
fn is_served_alike(state: &State, held: &Order, command: &ConfirmHold) -> bool {
    let before = held.header.channel.as_ref();
    let channel = command.channel.as_ref().or(before);
    let names = (before.map(Text::as_str), channel.map(Text::as_str));
    channel == before
        || (state.network.load().served.alike(names.0, names.1) && !has_terms(state, held))
}

/// Whether that is where a hold goes.
fn is_there(network: &Network, to: &Destination<NodeId>, held: &Destination) -> bool {
    match (to, held) {
        (Destination::Address(to), Destination::Address(held)) => to == held,
        (Destination::Pickup(to), Destination::Pickup(held)) => {
            (network.node_no(&to.node), to.only_there) == (Some(held.node), held.only_there)
        }
        _ => false,
    }
}

/// Whether these lines, those of one SKU summed, are the hold's, in any order.
fn has_lines((held, rest): (&Order, &Rest), lines: &Lines, state: &State) -> bool {
    let mut sums = Vec::<(SkuNo, u32)>::new();
    for line in lines.0.iter().take(ORDER_LINES_MAX) {
        let Some(sku) = state.catalogue.sku_no(line.sku.as_str()) else { return false };
        match sums.iter_mut().find(|(of, _)| *of == sku) {
            Some((_, units)) => *units = units.saturating_add(line.quantity),
            None => sums.push((sku, line.quantity)),
        }
    }
    let mut known = rest.without(held);
    sums.sort_unstable();
    known.sort_unstable();
    sums[..] == known[..]
}

/// Whether units lost their supply that the order is not to wait for: a count found less, or a
/// node declined.
fn has_lost(kernel: &Kernel, held: &Order) -> Result<bool, EngineError> {
    if held.header.shortage == Shortage::Backorder {
        return Ok(false);
    }
    let resting = Resting::read(kernel, held)?;
    Ok((0..).zip(&held.shipments).any(|(at, _)| resting.ready(held, at) == Some(Ready::Never)))
}

/// Whether no pair of which a hold has units on hand lacks any: a count may have found less than is
/// reserved there.
fn is_not_short(kernel: &Kernel, held: &Order) -> Result<bool, EngineError> {
    let units = Resting::read(kernel, held)?.units_of(held);
    let mut on_hand = units.iter().filter(|peg| peg.supply == Supply::OnHand);
    Ok(on_hand.all(|peg| kernel.state.cell(peg.pair).shared().glance().free >= 0))
}

/// The hold without the units that wait: it has no more than the others.
fn without_rest(held: &Order, resting: &Resting) -> Order {
    let mut order = held.clone();
    for (allocation, rests) in order.allocations.iter_mut().zip(&resting.rests) {
        let waiting = rests.iter().filter(|of| of.supply == Supply::Backorder);
        let waiting: u32 = waiting.map(|of| of.units).sum();
        allocation.cancelled += waiting;
        order.lines[usize::from(allocation.line)].cancelled += waiting;
    }
    order
}

/// The order keeps the units that the hold has, where they are, and goes without the rest. None
/// where there is another rest by now; and where a pair says by now who may have its units, and the
/// order comes in by another channel than the hold: it is decided anew.
async fn keep(
    (held, rest): (&Order, &Rest),
    confirming: &Confirming<'_>,
    claims: &mut Claims<'_>,
) -> Result<Option<HoldReplaced>, EngineError> {
    let command = confirming.command;
    let kernel = claims.kernel();
    let mut attempts = Attempts::begin(kernel);
    loop {
        if !is_served_alike(&kernel.state, held, command) {
            return Ok(None);
        }
        // By another channel, a pair that says something by the time that it is asked refuses.
        let is_by_the_same = command.channel.is_none() || command.channel == held.header.channel;
        let asks = is_by_the_same && has_terms(&kernel.state, held);
        let asks = asks.then(|| as_before(kernel, &[held]));
        let resting = Resting::read(kernel, held)?;
        let (units, is_part) = (resting.units_of(held), !rest.is_nothing());
        if is_part && Rest::of(held, &resting) != *rest {
            return Ok(None);
        }
        let kept = units.iter().filter(|peg| !is_part || peg.supply != Supply::Backorder);
        let kept: Vec<Pegged> = kept.copied().collect();
        let off = units.iter().map(|peg| (peg.pair, peg.of(held.no, true)));
        let on = kept.iter().map(|peg| (peg.pair, peg.of(held.no, false)));
        let attempt = over::claim(kernel, by_pair(off, on), asks).await?;
        if let Some(more) = attempts.end(attempt).await? {
            claims.take(more);
            let header = confirmed(held, command);
            let order = if is_part { without_rest(held, &resting) } else { held.clone() };
            // The actor has what happened to the hold.
            let timeline = Timeline::default();
            let order = confirming.packed(Order { header, timeline, ..order });
            return Ok(Some(HoldReplaced { order, on: kept, off: units, ends: None }));
        }
    }
}

/// The order is planned anew. One whose hold lapsed is as old as its confirmation: it gets a
/// number of its own.
async fn plan_anew(
    (held, rest): (&Order, &Rest),
    confirming: &Confirming<'_>,
    claims: &mut Claims<'_>,
) -> Result<Anew, EngineError> {
    let command = confirming.command;
    let kernel = claims.kernel();
    let wanted = wanted(kernel, (held, rest), command)?;
    let (draft, off, more) = match plan_over(kernel, &wanted, held).await? {
        Over::Granted(draft, off, more) => (draft, off, more),
        Over::SoldOut(_) => return Ok(Anew::Gone),
        Over::Unsettled => return Ok(Anew::Unsettled),
        Over::Due => return Ok(Anew::Due),
    };
    claims.take(more);
    let on = pegs(&draft).collect();
    let (no, ends) = match held.open_hold() {
        Some(_) => (held.no, None),
        // Nobody keeps what is only validated.
        None if command.meta.validate_only => (held.no, None),
        None => (kernel.state.next_order(), Some((held.no, HoldState::Lapsed))),
    };
    let header = OrderHeader {
        service: wanted.way.service,
        promise_by: wanted.promise_by,
        decided_at: None,
        destination: match &command.destination {
            Some(to) => destination(to, wanted.way.pickup),
            None => held.header.destination.clone(),
        },
        ..confirmed(held, command)
    };
    let order = confirming.packed(placed(no, header, *draft));
    Ok(Anew::Event(Box::new(HoldReplaced { order, off, on, ends })))
}

/// The header of the order that a hold becomes.
fn confirmed(order: &Order, command: &ConfirmHold) -> OrderHeader {
    let held = &order.header;
    let hold = held.hold.as_deref().expect("it is found as a hold").clone();
    OrderHeader {
        id: command.order.clone(),
        fingerprint: command.fingerprint(),
        ordered_at: command.meta.at,
        decided_at: Some(held.decided_at()),
        customer: command.customer.clone().or_else(|| held.customer.clone()),
        channel: command.channel.clone().or_else(|| held.channel.clone()),
        hold: Some(Box::new(Hold {
            state: HoldState::Confirmed,
            created: if hold.created == Lsn::NONE { order.placed_lsn } else { hold.created },
            ..hold
        })),
        ..held.clone()
    }
}

/// What is to be planned.
fn wanted<'a>(
    kernel: &'a Kernel,
    (order, rest): (&'a Order, &Rest),
    command: &'a ConfirmHold,
) -> Result<Wanted<'a>, EngineError> {
    let held = &order.header;
    let (network, mut found) = (kernel.state.network.load(), Vec::new());
    let as_held = said(&network, &held.destination);
    let to = command.destination.as_ref().unwrap_or(&as_held);
    let Going { place, unknown, pickup } = Going::to(to, &network, &*kernel.postal);
    found.extend(unknown);
    let service = match &command.service {
        Some(name) => network.service_no(Some(name)),
        None => Some(held.service),
    };
    if service.is_none() {
        found.push(unknown_service(&network, command.service.as_ref()));
    }
    let today = place.map(|it| kernel.postal.zone(it.zone).local_day(command.meta.at));
    if let (Some(day), Some(earliest)) = (command.deliver_by, today)
        && day < earliest
    {
        found.push(Violation::new("deliver_by", day, Rule::InThePast { earliest }));
    }
    finish(found)?;
    let pickup = pickup?;
    if let (Some(pickup), false) = (pickup, is_there(&network, to, &held.destination)) {
        offered(&network, pickup)?;
    }
    let (place, service) = place.zip(service).expect("nothing was found");
    let of_service = network.policy.services[usize::from(service.0)].promise_days;
    let today = today.expect("the destination is known");
    // What was promised for the hold holds, until its day has passed.
    let is_promised = command.service.is_none() && held.promise_by >= today;
    let promised = || if is_promised { held.promise_by } else { today.plus(of_service) };
    let line = |(sku, quantity)| {
        let entry = kernel.state.catalogue.entry(sku);
        WantedLine { sku, entry, quantity }
    };
    let mut lines: SmallVec<[WantedLine<'_>; 4]> =
        rest.without(order).into_iter().map(line).collect();
    let bundled = bundled(&kernel.state.catalogue, &mut lines);
    if bundled.is_some() {
        // Beside bundles, own units are not told from those that nobody gets.
        lines.iter().try_for_each(|of| opening::takes(&kernel.state, of.sku, command.meta.at))?;
    }
    Ok(Wanted {
        lines,
        way: Way { service, place, pickup },
        channel: command.channel.as_ref().or(held.channel.as_ref()),
        promise_by: command.deliver_by.unwrap_or_else(promised),
        shortage: Shortage::Reject,
        split: held.split,
        at: command.meta.at,
        seen: None,
        own: None,
        opening: Opening::Joined,
        rooms: Rooms::of(&kernel.state.loads),
        bundled,
    })
}

#[cfg(test)]
pub(crate) mod tests;
