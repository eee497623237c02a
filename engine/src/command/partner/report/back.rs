//! What comes back: goods that a partner says came, and goods that were announced to it.
//!
//! ```text
//!   names --> rma, else tracking number, else order and items ---> a return: a step of it
//!                                             \--> nobody's: on hand, not sellable, matched by a person
//! ```
//! A fact belongs to one return for good: once its goods are of a return, each revision of it is.

use std::collections::BTreeMap;

use super::carry::{Carried, Done, decide_pairs, give_up_but_partner, impossible, known, node_of};
use super::event::PairReported;
use super::steps::adjusted;
use crate::command::order::returned::{ReturnProgressed, Shelf};
use crate::command::partner::goods::{NotTaken, beside_others, came, taken};
use crate::limits::{PARTNER_CANDIDATES_MAX, PARTNER_NAMESAKES_MAX, PARTNER_PARTS_MAX};
use crate::model::partner::{
    Arrival, ArrivalOf, Measure, Move, PartnerMessage, QuarantineReason, ReturnNames, Subject,
    Topic, stated, without_gone,
};
use crate::model::returns::{Came, Return, ReturnLine, ReturnProgress, Sent};
use crate::model::{
    LineUnits, NodeNo, Order, Pair, Proposal, ReturnId, SkuNo, StockChange, Text, Timestamp,
};
use crate::state::State;
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
    let Some(moves) = without_gone(moves, arrival) else {
        return Ok(impossible("more of the goods were let go"));
    };
    let goods = match goods(tx.state(), &moves) {
        Ok(goods) => goods,
        Err(quarantined) => return Ok(quarantined),
    };
    if let Some(elsewhere) = arrival.filter(|known| known.node != node_id) {
        return Ok(impossible(&format!("the goods came in at {}", elsewhere.node)));
    }
    let new = if let Some(known) = arrival {
        goods_again(known, &moves, at)
    } else {
        let Found { of, candidates } = find(tx, names, node, &goods).await?;
        let candidates = Some(candidates).filter(|all| of.is_none() && !all.is_empty());
        let candidates = candidates.map(Vec::into_boxed_slice);
        Some(Arrival { candidates, ..Arrival::new(node_id, at, of) })
    };
    let of = new.as_ref().or(arrival).and_then(|arrival| arrival.of.clone());
    let carried = match of {
        Some(of) => into_return(tx, &of, (message, node), (&moves, at)).await?,
        None => unmatched(tx, node, &goods).await?,
    };
    Ok(carried.map(|done| Done { arrival: new.map(Box::new), ..done }))
}

/// The goods, if all were let go and some are there again.
fn goods_again(known: &Arrival, moves: &[Move], at: Timestamp) -> Option<Arrival> {
    let is_more = |of: &Move| of.measure == Measure::Received && of.by() > 0;
    let is_again = known.ended.is_some() && moves.iter().any(is_more);
    is_again.then(|| Arrival { since: at, ended: None, ..known.clone() })
}

/// What came, by item.
fn goods(state: &State, moves: &[Move]) -> Result<Vec<Came>, Carried> {
    let counts = moves.iter().map(|of| (&of.sku, &of.measure, of.by()));
    came(counts, |sku| known(state, sku))
}

fn is_graded(of: &Move) -> bool {
    matches!(of.measure, Measure::Graded(_))
}

/// Goods of a return: a step of it, and its pairs.
async fn into_return(
    tx: &mut Transaction<'_>,
    of: &ArrivalOf,
    (message, node): (&PartnerMessage, NodeNo),
    (moves, at): (&[Move], Timestamp),
) -> Result<Carried, EngineError> {
    let order = tx.claims.in_hand(&of.order).await?;
    let Some(found) = order.return_of(&of.id) else { unreachable!("returns never go") };
    let moves = match beside_others(tx.state(), &message.fact(), (&order, found.1), moves) {
        Ok(moves) => moves,
        Err(why) => {
            give_up_but_partner(tx);
            return Ok(impossible_of(&of.id, &why));
        }
    };
    let goods = match goods(tx.state(), &moves) {
        Ok(goods) => goods,
        Err(quarantined) => return Ok(quarantined),
    };
    match taken(&order, found, (node, &goods), at) {
        Err(why) => {
            give_up_but_partner(tx);
            Ok(impossible_of(&of.id, &why))
        }
        Ok(None) => {
            give_up_but_partner(tx);
            Ok(Carried::Out(Done::default()))
        }
        Ok(Some(event)) => shelve(tx, &order, event).await,
    }
}

/// Goods are not taken into the return that they were to be of.
fn impossible_of(id: &ReturnId, why: &NotTaken) -> Carried {
    let candidates = Text::new("candidate", id.as_str()).into_iter().collect();
    Carried::Quarantined { reason: QuarantineReason::impossible(&why.told()), candidates }
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
    (arrival, at): (Option<&Arrival>, Timestamp),
) -> Result<Carried, EngineError> {
    let (node_id, node) = node_of(tx.state(), message);
    // What was announced in all: of the return, it is what others did not say before.
    let counts = moves.iter().map(|of| (&of.sku, &Measure::Received, of.to));
    let goods = match came(counts, |sku| known(tx.state(), sku)) {
        Ok(goods) => goods,
        Err(quarantined) => return Ok(quarantined),
    };
    let known = arrival.and_then(|arrival| arrival.of.clone());
    let found = match known {
        Some(of) => Found { of: Some(of), candidates: Vec::new() },
        None => find(tx, names, node, &goods).await?,
    };
    let Some(of) = found.of else {
        let (reason, candidates) = (QuarantineReason::UnknownSubject, ids(&found.candidates));
        return Ok(Carried::Quarantined { reason, candidates });
    };
    let new = arrival.is_none().then(|| Arrival::new(node_id, at, Some(of.clone())));
    let carried = on_its_way(tx, &of, (message, names), (&goods, at)).await?;
    Ok(carried.map(|done| Done { arrival: new.map(Box::new), ..done }))
}

/// Goods of a return are on their way: as many as were announced, less those that were sent already.
async fn on_its_way(
    tx: &mut Transaction<'_>,
    of: &ArrivalOf,
    (message, names): (&PartnerMessage, &ReturnNames),
    (goods, at): (&[Came], Timestamp),
) -> Result<Carried, EngineError> {
    let others = other_announcements(tx.state(), message, of);
    let order = tx.claims.in_hand(&of.order).await?;
    let Some((no, found)) = order.return_of(&of.id) else { unreachable!("returns never go") };
    let stepped = match sent_more(&order, found, goods, &others) {
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

/// What the partner's other announcements of a return state, by item.
fn other_announcements(
    state: &State,
    message: &PartnerMessage,
    of: &ArrivalOf,
) -> BTreeMap<SkuNo, i64> {
    let topic = Topic::Return(of.clone());
    let facts = state.documents.about(&message.sender, &topic, PARTNER_PARTS_MAX);
    let facts = facts.unwrap_or_default();
    let is_other = |it: &Subject| matches!(it, Subject::Return(_)) && *it != message.subject;
    let others = facts.iter().filter(|(it, _)| is_other(it)).map(|(_, fact)| fact);
    let others = stated(others, &Measure::Expected).into_iter();
    let number = |(sku, units)| Some((state.catalogue.with_stock(&sku).ok()?, units));
    others.filter_map(number).collect()
}

/// Units by line that were announced, and that nobody sent yet.
fn sent_more(
    order: &Order,
    of: &Return,
    goods: &[Came],
    others: &BTreeMap<SkuNo, i64>,
) -> LineUnits {
    let mut lines = LineUnits::new();
    for announced in goods {
        let its = |of: &&ReturnLine| order.lines[usize::from(of.line)].sku == announced.sku;
        let sent: u32 = of.lines.iter().filter(its).map(ReturnLine::sent).sum();
        let others = others.get(&announced.sku).copied().unwrap_or(0);
        let known = (i64::from(sent) - others).max(0);
        let mut left = u32::try_from(announced.units - known).unwrap_or(0);
        for line in of.lines.iter().filter(its) {
            let units = left.min(line.sendable());
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

/// The return that goods are of, or those that they may be of.
#[derive(Debug, Default)]
struct Found {
    of: Option<ArrivalOf>,
    candidates: Vec<ArrivalOf>,
}

/// The return that goods at a node are of, if it is known: by its id, else by its parcel, else by its
/// order and what came. A name that several returns have is nobody's, and so are goods under the id alone
/// of a return that is awaited at another node: an id is unique in its order alone.
async fn find(
    tx: &Transaction<'_>,
    names: &ReturnNames,
    node: NodeNo,
    goods: &[Came],
) -> Result<Found, EngineError> {
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
        let is_sure = named.is_some() || names.tracking.is_some();
        let may_come = |of: &Return| may_come(of, node) && (is_sure || is_awaited(of, node));
        if let Some(found) = known_as(&orders, is_it, may_come) {
            return Ok(found);
        }
    }
    if let Some(number) = &names.tracking {
        let orders = orders(tx, named.as_ref(), ParcelName::Tracking(number.as_str())).await?;
        let is_it = |of: &Return| {
            of.sent.as_deref().is_some_and(|sent| sent.tracking.as_str() == number.as_str())
        };
        if let Some(found) = known_as(&orders, is_it, |of| may_come(of, node)) {
            return Ok(found);
        }
    }
    let of = named.iter().flatten().find_map(|order| waiting(order, node, goods));
    let candidates = named.iter().flatten().flat_map(all_of).take(PARTNER_CANDIDATES_MAX);
    Ok(Found { of, candidates: candidates.collect() })
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

/// What is known of a name, if any return has it: goods under it are of no other one. They are of the one that
/// they may have come in for.
fn known_as(
    orders: &[Order],
    is_it: impl Fn(&Return) -> bool,
    may_come: impl Fn(&Return) -> bool,
) -> Option<Found> {
    let its = |order: &Order| {
        let its = order.returns.iter().filter(|of| is_it(of));
        its.map(|of| (named(order, &of.id), may_come(of))).collect::<Vec<_>>()
    };
    let all: Vec<(ArrivalOf, bool)> = orders.iter().flat_map(its).collect();
    let mut sure = all.iter().filter(|(_, may_come)| *may_come);
    let of = match (sure.next(), sure.next()) {
        (Some((of, _)), None) => Some(of.clone()),
        _ => None,
    };
    let candidates = all.iter().take(PARTNER_CANDIDATES_MAX).map(|(of, _)| of.clone());
    (!all.is_empty()).then(|| Found { of, candidates: candidates.collect() })
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

/// Whether a return waits for its goods at a node, or at no certain one.
fn is_awaited(of: &Return, node: NodeNo) -> bool {
    of.node.is_none_or(|known| known == node)
}

/// The returns of an order.
fn all_of(order: &Order) -> impl Iterator<Item = ArrivalOf> {
    order.returns.iter().map(|of| named(order, &of.id))
}

fn named(order: &Order, id: &ReturnId) -> ArrivalOf {
    ArrivalOf { order: order.header.id.clone(), id: id.clone() }
}

/// Ids of returns, for a person.
fn ids(candidates: &[ArrivalOf]) -> Vec<Text> {
    let ids = candidates.iter().filter_map(|of| Text::new("candidate", of.id.as_str()).ok());
    ids.collect()
}
