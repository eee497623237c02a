//! What comes back: goods that a partner says came, and goods that were announced to it.
//!
//! ```text
//!   names --> rma, else tracking number, else order and items ---> a return: a step of it
//!                                             \--> nobody's: on hand, not sellable, matched by a person
//! ```
//! A fact belongs to one return for good: once its goods are of a return, each revision of it is.

use super::carry::{Carried, Done, decide_pairs, give_up_but_partner, impossible, known, node_of};
use super::event::PairReported;
use super::steps::adjusted;
use crate::command::order::returned::{ReturnProgressed, Shelf};
use crate::command::partner::goods::{came, taken};
use crate::limits::{PARTNER_CANDIDATES_MAX, PARTNER_NAMESAKES_MAX};
use crate::model::partner::{
    Arrival, ArrivalOf, Measure, Move, PartnerMessage, QuarantineReason, ReturnNames,
};
use crate::model::returns::{Came, Return, ReturnLine, ReturnProgress, Sent};
use crate::model::{
    LineUnits, NodeNo, Order, Pair, Proposal, ReturnId, SkuNo, StockChange, Text, Timestamp,
};
use crate::state::rmas::ParcelName;
use crate::transaction::error::EngineError;
use crate::transaction::find::{find_order, read_order};
use crate::transaction::in_flight::Transaction;

/// Takes goods that came back, where the fact is known to belong, or where it is found to.
pub(super) async fn came_back(
    tx: &mut Transaction<'_>,
    (message, names): (&PartnerMessage, &ReturnNames),
    moves: &[Move],
    (arrival, at): (Option<&Arrival>, Timestamp),
) -> Result<Carried, EngineError> {
    let (node_id, node) = node_of(tx.state(), message);
    if let Some(less) = moves.iter().find(|of| is_graded(of) && of.by() < 0) {
        return Ok(impossible(&format!("{} of {} were looked at", less.from, less.sku)));
    }
    let counts = moves.iter().map(|of| (&of.sku, &of.measure, of.by()));
    let goods = match came(counts, |sku| known(tx.state(), sku)) {
        Ok(goods) => goods,
        Err(quarantined) => return Ok(quarantined),
    };
    if let Some(elsewhere) = arrival.filter(|known| known.node != node_id) {
        return Ok(impossible(&format!("the goods came in at {}", elsewhere.node)));
    }
    let new = match arrival {
        Some(_) => None,
        None => {
            Some(Arrival { node: node_id, since: at, of: find(tx, names, node, &goods).await? })
        }
    };
    let of = new.as_ref().or(arrival).and_then(|arrival| arrival.of.clone());
    let carried = match of {
        Some(of) => into_return(tx, &of, (node, &goods), at).await?,
        None => unmatched(tx, node, &goods).await?,
    };
    Ok(carried.map(|done| Done { arrival: new, ..done }))
}

fn is_graded(of: &Move) -> bool {
    matches!(of.measure, Measure::Graded(_))
}

/// Goods of a return: a step of it, and its pairs.
async fn into_return(
    tx: &mut Transaction<'_>,
    of: &ArrivalOf,
    goods: (NodeNo, &[Came]),
    at: Timestamp,
) -> Result<Carried, EngineError> {
    let order = tx.claims.in_hand(&of.order).await?;
    let Some(found) = order.return_of(&of.id) else { unreachable!("returns never go") };
    match taken(&order, found, goods, at) {
        Err(why) => {
            give_up_but_partner(tx);
            Ok(impossible(&why.told()))
        }
        Ok(None) => {
            give_up_but_partner(tx);
            Ok(Carried::Out(Done::default()))
        }
        Ok(Some(event)) => shelve(tx, &order, event).await,
    }
}

/// Has the pairs of the node take what a step of a return does there.
async fn shelve(
    tx: &mut Transaction<'_>,
    order: &Order,
    mut event: ReturnProgressed,
) -> Result<Carried, EngineError> {
    let proposals = event.proposals(order);
    let decided = match decide_pairs(tx, &proposals).await? {
        Ok(decided) => decided,
        Err(quarantined) => return Ok(quarantined),
    };
    let changes = proposals.iter().zip(decided);
    event.shelves = changes.filter_map(|((pair, _), of)| Some(Shelf::of(*pair, &of?))).collect();
    Ok(Carried::Out(Done { returned: Some(event.into()), ..Done::default() }))
}

/// Goods of no return: they are there, and nobody may have them.
async fn unmatched(
    tx: &mut Transaction<'_>,
    node: NodeNo,
    goods: &[Came],
) -> Result<Carried, EngineError> {
    let steps = |of: &Came| adjusted(of.units, of.units, "came back".to_owned());
    let asked = goods.iter().filter(|of| of.units != 0);
    let asked = asked.map(|of| (Pair { sku: of.sku, node }, Proposal::Reported(steps(of))));
    let proposals: Vec<(Pair, Proposal)> = asked.collect();
    let decided = match decide_pairs(tx, &proposals).await? {
        Ok(decided) => decided,
        Err(quarantined) => return Ok(quarantined),
    };
    let changed = |((pair, _), change): (&(Pair, Proposal), Option<StockChange>)| {
        change.map(|change| PairReported { pair: *pair, change })
    };
    let changes = proposals.iter().zip(decided).filter_map(changed).collect();
    Ok(Carried::Out(Done { changes, ..Done::default() }))
}

/// Goods were announced: they are on their way. Nothing is known of what nobody asked to return.
pub(super) async fn announced(
    tx: &mut Transaction<'_>,
    (message, names): (&PartnerMessage, &ReturnNames),
    moves: &[Move],
    at: Timestamp,
) -> Result<Carried, EngineError> {
    let (_, node) = node_of(tx.state(), message);
    let counts = moves.iter().map(|of| (&of.sku, &Measure::Received, of.by()));
    let goods = match came(counts, |sku| known(tx.state(), sku)) {
        Ok(goods) => goods,
        Err(quarantined) => return Ok(quarantined),
    };
    let Some(of) = find(tx, names, node, &goods).await? else {
        let candidates = candidates(tx, names).await?;
        return Ok(Carried::Quarantined { reason: QuarantineReason::UnknownSubject, candidates });
    };
    let order = tx.claims.in_hand(&of.order).await?;
    let Some((no, found)) = order.return_of(&of.id) else { unreachable!("returns never go") };
    let stepped = match on_its_way(&order, found, &goods) {
        lines if lines.is_empty() => Ok(None),
        lines => found.send(sent(found, names, at), &lines).and_then(|step| {
            let settled = |step: ReturnProgress| found.settled(step);
            step.map(settled).transpose()
        }),
    };
    match stepped {
        Ok(Some(step)) => shelve(tx, &order, ReturnProgressed::new(&order, no, step)).await,
        Ok(None) => {
            give_up_but_partner(tx);
            Ok(Carried::Out(Done::default()))
        }
        Err(refusal) => {
            give_up_but_partner(tx);
            Ok(impossible(&refusal.to_string()))
        }
    }
}

/// Units by line that are announced more than before.
fn on_its_way(order: &Order, of: &Return, goods: &[Came]) -> LineUnits {
    let mut lines = LineUnits::new();
    for announced in goods {
        let mut left = u32::try_from(announced.units).unwrap_or(0);
        let its = |line: u16| order.lines[usize::from(line)].sku == announced.sku;
        for line in of.lines.iter().filter(|of| its(of.line)) {
            let units = left.min(line.units());
            lines.extend((units > 0).then_some((line.line, units)));
            left -= units;
        }
    }
    lines
}

/// How they are on their way. A partner knows no carrier; what is known of the same parcel stays.
fn sent(of: &Return, names: &ReturnNames, at: Timestamp) -> Sent {
    let number = names.tracking.as_ref().map_or("", |number| number.as_str());
    let known =
        of.sent.as_deref().filter(|sent| number.is_empty() || sent.tracking.as_str() == number);
    let tracking = Text::new("tracking", number).unwrap_or_default();
    let new = || Sent { at, carrier: Text::default(), tracking, eta: None };
    known.cloned().unwrap_or_else(new)
}

/// The return that goods at a node are of, if it is known: by its id, else by its parcel, else by its
/// order and what came. A name that several returns have is nobody's.
async fn find(
    tx: &Transaction<'_>,
    names: &ReturnNames,
    node: NodeNo,
    goods: &[Came],
) -> Result<Option<ArrivalOf>, EngineError> {
    let named = match &names.order {
        Some(id) => match find_order(tx.kernel(), id).await {
            Ok(order) => Some(vec![order]),
            Err(EngineError::Refused(_)) => Some(Vec::new()),
            Err(stopped) => return Err(stopped),
        },
        None => None,
    };
    if let Some(rma) = &names.rma {
        let orders = orders(tx, named.as_ref(), ParcelName::Rma(rma.as_str())).await?;
        let is_it = |of: &Return| of.id.as_str() == rma.as_str();
        if is_known(&orders, is_it) {
            return Ok(only(&orders, node, is_it));
        }
    }
    if let Some(number) = &names.tracking {
        let orders = orders(tx, named.as_ref(), ParcelName::Tracking(number.as_str())).await?;
        let is_it = |of: &Return| {
            of.sent.as_deref().is_some_and(|sent| sent.tracking.as_str() == number.as_str())
        };
        if is_known(&orders, is_it) {
            return Ok(only(&orders, node, is_it));
        }
    }
    Ok(named.iter().flatten().find_map(|order| waiting(order, node, goods)))
}

/// The order that is named, else those that have a return of a name.
async fn orders(
    tx: &Transaction<'_>,
    named: Option<&Vec<Order>>,
    name: ParcelName<'_>,
) -> Result<Vec<Order>, EngineError> {
    if let Some(named) = named {
        return Ok(named.clone());
    }
    let mut orders = Vec::new();
    for no in tx.state().rmas.named(name, PARTNER_NAMESAKES_MAX) {
        orders.extend(read_order(tx.kernel(), no).await?);
    }
    Ok(orders)
}

/// Whether a return has the name: then goods under it are of no other one.
fn is_known(orders: &[Order], is_it: impl Fn(&Return) -> bool) -> bool {
    orders.iter().flat_map(|order| &order.returns).any(is_it)
}

/// The one return that goods may be of.
fn only(orders: &[Order], node: NodeNo, is_it: impl Fn(&Return) -> bool) -> Option<ArrivalOf> {
    let of = |order: &Order| {
        let its = order.returns.iter().filter(|of| is_it(of) && may_come(of, node));
        its.map(|of| named(order, &of.id)).collect::<Vec<_>>()
    };
    let mut all = orders.iter().flat_map(of);
    let first = all.next();
    if all.next().is_some() { None } else { first }
}

/// The first return of an order that waits for any of these goods.
fn waiting(order: &Order, node: NodeNo, goods: &[Came]) -> Option<ArrivalOf> {
    let came = |sku: SkuNo| goods.iter().any(|of| of.sku == sku && of.units > 0);
    let waits = |of: &&Return| {
        let lines = of.lines.iter().filter(|line| came(order.lines[usize::from(line.line)].sku));
        may_come(of, node) && lines.map(ReturnLine::awaited).sum::<u32>() > 0
    };
    order.returns.iter().find(waits).map(|of| named(order, &of.id))
}

/// Whether goods of a return may come in at a node: at any one, as long as nothing came.
fn may_come(of: &Return, node: NodeNo) -> bool {
    of.node.is_none_or(|known| known == node) || !of.has_come()
}

fn named(order: &Order, id: &ReturnId) -> ArrivalOf {
    ArrivalOf { order: order.header.id.clone(), id: id.clone() }
}

/// Returns of the order that is named.
async fn candidates(tx: &Transaction<'_>, names: &ReturnNames) -> Result<Vec<Text>, EngineError> {
    let Some(id) = &names.order else { return Ok(Vec::new()) };
    let order = match find_order(tx.kernel(), id).await {
        Ok(order) => order,
        Err(EngineError::Refused(_)) => return Ok(Vec::new()),
        Err(stopped) => return Err(stopped),
    };
    let ids = order.returns.iter().take(PARTNER_CANDIDATES_MAX);
    Ok(ids.filter_map(|of| Text::new("candidate", of.id.as_str()).ok()).collect())
}
