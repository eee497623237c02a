//! Working a change out, with the order in hand, and the hold of its new units: as it is quoted, and
//! once more as it is committed.

use smallvec::SmallVec;

use super::assign::NewLine;
use super::build::{Anew, Built, Rested, build, released, rests_left};
use super::decide::{Fault, Sought, seek};
use super::moving::{Demand, Loose, Moving, demands, moved, redirected};
use super::operation::{Change, Operation, Wanted as WantedMore};
use super::redirect::redirect;
pub use super::redirect::way;
use super::today::price_changed;
use crate::command::order::on_hold::refuse_on_hold;
use crate::limits::LINE_UNITS_MAX;
use crate::model::load::{self, put_on};
use crate::model::{
    Day, Loads, NodeId, NodeNo, Order, OrderHeader, OrderState, Pegged, Redirect, Refusal,
    Shortage, Sku, SkuNo, Text, Timestamp, Weekdays,
};
use crate::placing::bundles::bundled;
use crate::placing::seen::look_and_plan;
use crate::planning::{Draft, Opening, Others, Own, Replanned, Rooms, Wanted, WantedLine, Way};
use crate::state::catalogue::Catalogue;
use crate::state::network::Network;
use crate::state::stock::Ready;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, days};

/// What a change asks of an order at an instant.
///
/// # Errors
/// What is wrong with the content, an order that is cancelled, and what stopped the engine.
pub fn sought(
    kernel: &Kernel,
    (order, resting): Rested<'_>,
    (change, at): (&Change, Timestamp),
) -> Result<Sought, EngineError> {
    let sku = |no: SkuNo| kernel.state.catalogue.entry(no).sku().clone();
    let mut sought = seek((order, resting), change, sku)?;
    if let Err(why) = price_changed(kernel, order, (&mut sought, change.apart), at) {
        sought.faults.push(Fault { operation: None, why });
    }
    if order.state() != OrderState::Open {
        // All of it left: nothing can leave from elsewhere. What it would have more of, an order on hold
        // for too long was to let go.
        let is_too_long = order.lets_go_at().is_some_and(|until| until <= at);
        if is_too_long && !sought.more.is_empty() {
            let why = refuse_on_hold(order).expect_err("it is on hold");
            sought.faults.push(Fault { operation: None, why });
        }
        return Ok(sought);
    }
    // What is no longer wanted keeps nothing where it is.
    let found = moving(kernel, &released(order, &sought.releases), (change, at))
        .and_then(|found| Ok(found.map(|of| of.of_some(order, &resting.rests)).transpose()?));
    match found {
        Ok(moving) => sought.moving = moving,
        Err(EngineError::Refused(why)) => {
            let concerns = |of: &Operation| of.redirects() || matches!(of, Operation::Move { .. });
            let operation = change.operations.iter().position(concerns);
            sought.faults.push(Fault { operation, why });
        }
        Err(error) => return Err(error),
    }
    Ok(sought)
}

/// What of the order is sourced anew, if anything is.
fn moving(
    kernel: &Kernel,
    order: &Order,
    (change, at): (&Change, Timestamp),
) -> Result<Option<Moving>, EngineError> {
    let network = kernel.state.network.load();
    if let Some(to) = redirect(kernel, order, (change, at))? {
        let way = way(kernel, &order.header, &to);
        let serves = |no| way.is_some_and(|way| serves(&network, &order.header, way, no));
        let node_id = |no: NodeNo| network.node(no).node.id.clone();
        return Ok(Some(redirected(order, to, serves, node_id)?));
    }
    let way = way(kernel, &order.header, &Redirect::of(&order.header));
    let ships = |no| {
        let is_enabled = network.known_terms(no).is_some_and(|terms| terms.enabled);
        is_enabled && way.is_some_and(|way| serves(&network, &order.header, way, no))
    };
    Ok(moved(order, change, |id: &NodeId| network.named(id), ships)?)
}

/// Whether a node ships an order that way.
fn serves(network: &Network, header: &OrderHeader, way: Way, no: NodeNo) -> bool {
    let channel = header.channel.as_ref().map(Text::as_str);
    let leaves: Weekdays = way.leaving_days(network, no);
    let is_picked_up = network.node(no).calendar.working_days().meets(leaves);
    is_picked_up && !network.barred(channel, way.service, way.pickup).bars(no)
}

/// What a change makes of an order, with the hold of its new units, if it has one.
///
/// # Errors
/// What stopped the engine. That it cannot be, or not as it is sought, is an answer.
pub async fn built(
    kernel: &Kernel,
    (order, resting): Rested<'_>,
    (change, sought): (&Change, &Sought),
    (held, at): (Option<Rested<'_>>, Timestamp),
) -> Result<Result<Built, Refusal>, EngineError> {
    let sku_no = |sku: &Sku| kernel.state.catalogue.sku_no(sku.as_str());
    let Some(moving) = &sought.moving else {
        return Ok(build((order, resting), (change, sought), (held, None, at), sku_no));
    };
    let new = match new_lines(&kernel.state.catalogue, &sought.more) {
        Ok(new) => new,
        Err(why) => return Ok(Err(why)),
    };
    let wants = Wants::of((order, resting), (sought, moving), &new);
    if let Err(why) = bounded(kernel, order, &wants.skus) {
        return Ok(Err(why));
    }
    let draft = plan(kernel, (order, held), (moving, wants), at).await?;
    let Ok(draft) = draft else {
        return Ok(Err(Refusal::ChangeOvertaken { order_id: order.header.id.clone() }));
    };
    let left = Resting { rests: rests_left(resting, &sought.releases), newest: resting.newest };
    let days = |shipment| days_of_stay(kernel, (order, &left), &moving.to, (shipment, at));
    let anew = Some(Anew { draft: draft.as_ref(), new: &new, days: &days });
    Ok(build((order, resting), (change, sought), (held, anew, at), sku_no))
}

/// What an order is to have as well, units of one item summed.
fn new_lines(catalogue: &Catalogue, more: &[WantedMore]) -> Result<Vec<NewLine>, Refusal> {
    let mut new: Vec<NewLine> = Vec::new();
    for of in more {
        let no = catalogue.sku_no(of.sku.as_str());
        let sku = no.ok_or_else(|| Refusal::ItemNotFound { sku: of.sku.clone() })?;
        if let Some(known) = new.iter_mut().find(|known| known.sku == sku) {
            known.units = known.units.saturating_add(of.quantity);
            continue;
        }
        let is_bundle = catalogue.entry(sku).is_bundle();
        let parts = if is_bundle {
            catalogue.parts(sku).iter().map(|part| (part.sku, part.each)).collect()
        } else {
            vec![(sku, 1)]
        };
        new.push(NewLine { sku, units: of.quantity, is_bundle, parts });
    }
    Ok(new)
}

/// Units that an order has, those that it is to have, and what it is to have them of.
pub struct Wants {
    /// Units that leave from wherever sourcing has them leave.
    pub loose: Vec<Pegged>,
    /// Units, or bundles, by item.
    pub skus: Vec<(SkuNo, u32)>,
    /// Those of them that the order has already.
    pub has: Vec<(SkuNo, u32)>,
    /// What they put on days, and what stays there.
    pub loads: Replanned,
}

impl Wants {
    /// Of an order that is changed so.
    fn of(
        (order, resting): Rested<'_>,
        (sought, moving): (&Sought, &Moving),
        new: &[NewLine],
    ) -> Self {
        // What is no longer wanted is not planned.
        let after = released(order, &sought.releases);
        let left = rests_left(resting, &sought.releases);
        let loose = moving.loose(&after, &left);
        let mut skus = Vec::<(SkuNo, u32)>::new();
        let had = demands(&after, &loose);
        for Demand { sku, units, .. } in &had {
            sum(&mut skus, (*sku, *units));
        }
        let has = skus.clone();
        for of in new {
            sum(&mut skus, (of.sku, of.units));
        }
        let mut stays = after;
        for of in &loose {
            stays.allocations[usize::from(of.allocation)].moved += of.units;
        }
        let loads = Replanned {
            own: order.loads(),
            stays: load::loads(&stays.shipments, &stays.allocations),
            taken: Loads::new(),
        };
        Self { loose: loose.iter().map(Loose::peg).collect(), skus, has, loads }
    }
}

fn sum(skus: &mut Vec<(SkuNo, u32)>, (sku, units): (SkuNo, u32)) {
    match skus.iter_mut().find(|known| known.0 == sku) {
        Some(known) => known.1 = known.1.saturating_add(units),
        None => skus.push((sku, units)),
    }
}

/// Lines of one item are planned as one: it has no more units than a line may have, in all.
fn bounded(kernel: &Kernel, order: &Order, skus: &[(SkuNo, u32)]) -> Result<(), Refusal> {
    let catalogue = &kernel.state.catalogue;
    let is_over = |(sku, units): &(SkuNo, u32)| {
        let parts = catalogue.entry(*sku).is_bundle().then(|| catalogue.parts(*sku));
        let each = parts.iter().flat_map(|parts| parts.iter()).map(|part| part.each).max();
        *units > LINE_UNITS_MAX / each.unwrap_or(1)
    };
    if skus.iter().any(is_over) {
        let (order_id, max) = (order.header.id.clone(), LINE_UNITS_MAX as usize);
        return Err(Refusal::OrderFull { order_id, max, what: "units of an item" });
    }
    Ok(())
}

/// What an order needs for a change.
#[derive(Debug, Default)]
pub struct Needs {
    /// Units, or bundles, of items that are to be there.
    pub lines: Vec<(Sku, u32)>,
    /// Units that it has of them, where it is planned beside such.
    pub beside: Option<Own>,
}

/// What an order needs for what is sought.
///
/// # Errors
/// [`Refusal::ItemNotFound`].
pub fn needs(
    kernel: &Kernel,
    (order, resting): Rested<'_>,
    sought: &Sought,
) -> Result<Needs, Refusal> {
    let Some(moving) = &sought.moving else {
        let lines = sought.more.iter().map(|of| (of.sku.clone(), of.quantity)).collect();
        return Ok(Needs { lines, beside: None });
    };
    let catalogue = &kernel.state.catalogue;
    let new = new_lines(catalogue, &sought.more)?;
    let Wants { mut loose, skus, has, .. } = Wants::of((order, resting), (sought, moving), &new);
    bounded(kernel, order, &skus)?;
    loose.retain(|peg| moving.others.allow(peg.pair.node));
    let named = |(sku, units): (SkuNo, u32)| (catalogue.entry(sku).sku().clone(), units);
    let own = Own {
        stays: loose.clone(),
        has,
        in_hand: false,
        others: moving.others.clone(),
        ..own(order, moving, loose)
    };
    Ok(Needs { lines: skus.into_iter().map(named).collect(), beside: Some(own) })
}

/// Units of an order, and of the hold of its new ones, and no others.
fn own(order: &Order, moving: &Moving, units: Vec<Pegged>) -> Own {
    let now = Redirect::of(&order.header);
    let to = &moving.to;
    Own {
        no: order.no,
        channel: order.header.channel.clone(),
        units,
        stays: Vec::new(),
        has: Vec::new(),
        // What the order has on days stays there while the hold has what it lacks.
        loads: Replanned::default(),
        given_up: Loads::new(),
        was_served: (&to.destination, to.service) == (&now.destination, now.service),
        in_hand: true,
        others: Others::None,
    }
}

/// What sourcing has the units cost that are sourced anew, as they leave now; none where a plan for
/// them as they are cannot be made any more.
///
/// # Errors
/// What stopped the engine.
pub async fn cost_now(
    kernel: &Kernel,
    (order, resting): Rested<'_>,
    sought: &Sought,
    at: Timestamp,
) -> Result<Option<u64>, EngineError> {
    let Some(moving) = &sought.moving else { return Ok(None) };
    let wants = Wants::of((order, resting), (sought, moving), &[]);
    let (to, others) = (Redirect::of(&order.header), Others::ANY);
    let stays = Moving { to, others, ..moving.clone() };
    let draft = plan(kernel, (order, None), (&stays, wants), at).await?;
    Ok(draft.ok().flatten().map(|draft| draft.cost))
}

/// Plans what an order has of units that are sourced anew, and what the hold has for it, and nothing
/// else: none if there is nothing to plan; an error where it has not all that it wants.
async fn plan(
    kernel: &Kernel,
    (order, held): (&Order, Option<Rested<'_>>),
    (moving, wants): (&Moving, Wants),
    at: Timestamp,
) -> Result<Result<Option<Draft>, ()>, EngineError> {
    let Wants { mut loose, skus, mut loads, .. } = wants;
    if skus.is_empty() {
        return Ok(Ok(None));
    }
    let Some(way) = way(kernel, &order.header, &moving.to) else { return Ok(Err(())) };
    loose.retain(|peg| moving.others.allow(peg.pair.node));
    if let Some((hold, resting)) = held {
        loose.extend(resting.units_of(hold));
        for (day, load) in hold.loads() {
            put_on(&mut loads.own, day, load);
        }
    }
    let catalogue = &kernel.state.catalogue;
    let line = |(sku, quantity)| WantedLine { sku, entry: catalogue.entry(sku), quantity };
    let mut lines: SmallVec<[WantedLine<'_>; 4]> = skus.into_iter().map(line).collect();
    let bundled = bundled(catalogue, &mut lines);
    let own = Own { loads, ..own(order, moving, loose) };
    let wanted = Wanted {
        lines,
        way,
        channel: order.header.channel.as_ref(),
        promise_by: moving.to.promise_by,
        shortage: Shortage::Reject,
        split: order.header.split,
        at,
        seen: None,
        own: Some(&own),
        opening: Opening::Joined,
        rooms: Rooms { replanned: Some(&own.loads), ..Rooms::of(&kernel.state.loads) },
        bundled,
    };
    let draft = look_and_plan(kernel, &wanted).await?;
    Ok(if draft.unfilled_units() == 0 { Ok(Some(draft)) } else { Err(()) })
}

/// The days of a shipment that stays at its node and goes another way: not earlier than it was to
/// leave, where its units are there.
fn days_of_stay(
    kernel: &Kernel,
    (order, resting): Rested<'_>,
    to: &Redirect,
    (shipment, at): (u16, Timestamp),
) -> Option<(Day, Day)> {
    let Redirect { destination, service, promise_by } = to.clone();
    let header = OrderHeader { destination, service, promise_by, ..order.header.clone() };
    let known = &order.shipments[usize::from(shipment)];
    let ready = resting.ready(order, shipment)?;
    let network = kernel.state.network.load();
    let days = days(kernel, &network, &header, known.node, (ready, at))?;
    match known.ship_by.filter(|told| ready == Ready::Now && *told > days.0) {
        None => Some(days),
        Some(told) => {
            let way = way(kernel, &header, to)?;
            let calendar = &network.node(known.node).calendar;
            let ship_by = calendar.picked_up(told, way.leaving_days(&network, known.node))?;
            Some((ship_by, way.arrival(&network, known.node, ship_by)))
        }
    }
}
