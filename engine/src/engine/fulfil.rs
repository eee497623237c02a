//! Commands on an order that is there: cancel, ship.

use smallvec::SmallVec;

use super::attempts::{Attempt, Attempts, Awaited, Ear};
use super::change::{Change, request_of, write};
use super::claims::{Asked, Claims, give_back};
use super::core::Core;
use super::error::EngineError;
use super::orders::{Found, OrderCell};
use crate::actor::order::{Lock, OrderMessage, OrderReply};
use crate::actor::stock::Claim;
use crate::model::command::{CancelOrder, LineCancellation, ShipShipment};
use crate::model::{
    Dispatch, Event, Gone, Order, OrderId, OrderLine, OrderNo, Pair, Refusal, Release, Supply,
};

/// An order in hand. Dropped before its event is written, it is free again.
struct Locked<'a> {
    core: &'a Core,
    cell: &'a OrderCell,
    order: Order,
    held: bool,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if self.held {
            let actor = Awaited::Order(self.order.no);
            give_back(self.core, actor, self.cell.ask(OrderMessage::Unlock));
        }
    }
}

/// Takes an order in hand; waits while others have it, and while it is being placed.
async fn lock<'a>(core: &'a Core, id: &OrderId) -> Result<Locked<'a>, EngineError> {
    let mut attempts = Attempts::begin(core);
    loop {
        let seen = core.look_at_names();
        let met = match core.orders.by_id(id) {
            Found::Unknown => return Err(Refusal::UnknownOrder(id.clone()).into()),
            Found::InFlight => None,
            Found::There(no, cell) => lock_cell(core, no, cell, id).await?,
        };
        let Some(attempt) = met else {
            // Its event, or the end of its id, comes soon, whoever else gets on.
            core.progress(seen).await?;
            continue;
        };
        if let Some(locked) = attempts.end(attempt).await? {
            return Ok(locked);
        }
    }
}

/// Takes the order of that id in hand, if nobody else has it; none while it is not placed.
/// One that left memory comes back first.
async fn lock_cell<'a>(
    core: &'a Core,
    no: OrderNo,
    cell: &'a OrderCell,
    id: &OrderId,
) -> Result<Option<Attempt<'a, Locked<'a>>>, EngineError> {
    let actor = Awaited::Order(no);
    let undo = |reply| {
        if matches!(reply, OrderReply::Lock(Lock::Granted(_))) {
            give_back(core, actor, cell.ask(OrderMessage::Unlock));
        }
    };
    let mut ear = Ear::at(core, actor);
    // Orders leave memory once a snapshot: it is asked once more for each that ends
    // meanwhile.
    loop {
        match Asked::new(core, cell.ask(OrderMessage::Lock), undo).await? {
            OrderReply::Lock(Lock::Granted(kept)) => {
                let locked = Locked { core, cell, order: kept.order(), held: true };
                // The number of an order that came to nothing passed on to another one.
                let is_it = locked.order.header.id == *id;
                return Ok(is_it.then_some(Attempt::Done(locked)));
            }
            OrderReply::Lock(Lock::Vacant) => return Ok(None),
            OrderReply::Lock(Lock::InFlight) => {
                if let Some(bell) = ear.refused() {
                    return Ok(Some(Attempt::InTheWay(bell)));
                }
            }
            OrderReply::Lock(Lock::Archived(archived)) => {
                let order = core.archive.read(no, archived).await?;
                let recalled = core.orders.recall(no, order);
                recalled.map_err(|panicked| core.panicked(panicked))?;
            }
            other => unreachable!("a lock is answered with a lock, not {other:?}"),
        }
    }
}

/// Cancels what is left of an order, or units of some lines.
pub async fn cancel(core: &Core, command: CancelOrder) -> Result<Change, EngineError> {
    command.validate()?;
    let CancelOrder { meta, order: id, lines } = command;
    let request = request_of(&meta, &(&id, &lines));
    let mut hand = None;
    let change = write(core, meta, request, async || {
        let locked = hand.insert(lock(core, &id).await?);
        let releases = releases(&locked.order, &lines)?;
        let claims = claim_releases(core, &releases).await?;
        let event = Event::OrderCancelled { no: locked.order.no, id, releases };
        Ok((event, claims))
    })
    .await?;
    keep_until_applied(change, hand);
    Ok(change)
}

/// Announces a cancellation to its pairs; waits while orders in flight are about
/// to wait there, so that what it gives back serves them.
///
/// It sleeps with what it holds, because others cannot go on there for ever: nobody begins
/// to wait at a pair that was told, and those who are about to do not sleep.
async fn claim_releases<'a>(
    core: &'a Core,
    releases: &[Release],
) -> Result<Claims<'a>, EngineError> {
    let mut claims = Claims::new(core);
    let pairs = by_pair(releases);
    for (pair, ..) in &pairs {
        claims.release(*pair).await?;
    }
    for (pair, ..) in &pairs {
        let mut attempts = Attempts::begin(core);
        while attempts.end(claims.released(*pair).await?).await?.is_none() {}
    }
    Ok(claims)
}

/// Once the event is in the journal, applying it frees the order.
fn keep_until_applied(change: Change, hand: Option<Locked<'_>>) {
    if let (Change::Written(_), Some(mut locked)) = (change, hand) {
        locked.held = false;
    }
}

/// What a cancellation gives back: everything open, or so many units of each
/// line named, the least firm allocations first.
fn releases(order: &Order, lines: &[LineCancellation]) -> Result<Vec<Release>, Refusal> {
    let mut releases = Vec::new();
    if lines.is_empty() {
        for line in 0..order.lines.len() {
            let open = open_units(order, line);
            release_line(order, line, open, &mut releases);
        }
        if releases.is_empty() {
            return Err(nothing_left(order));
        }
    }
    for cancellation in lines {
        let unknown =
            || Refusal::UnknownLine { order: order.header.id.clone(), line: cancellation.line };
        let line = (cancellation.line as usize).checked_sub(1).ok_or_else(unknown)?;
        if line >= order.lines.len() {
            return Err(unknown());
        }
        let open = open_units(order, line);
        let wanted = u64::from(cancellation.quantity);
        if wanted > open {
            return Err(too_few_open(order, line, wanted));
        }
        release_line(order, line, wanted, &mut releases);
    }
    releases.sort_by_key(|release| release.allocation);
    Ok(releases)
}

/// Why nothing is left of an order.
fn nothing_left(order: &Order) -> Refusal {
    let ordered = order.lines.iter().map(|line| u64::from(line.ordered)).sum();
    let any_left = order.lines.iter().any(|line| line.ordered > line.cancelled);
    let gone = if any_left { Gone::Shipped } else { Gone::Cancelled };
    let order = order.header.id.clone();
    Refusal::NothingToCancel { order, line: None, open: 0, wanted: ordered, gone }
}

/// Why a line has fewer open units than are to be cancelled.
fn too_few_open(order: &Order, line: usize, wanted: u64) -> Refusal {
    let OrderLine { ordered, cancelled, .. } = order.lines[line];
    let open = open_units(order, line);
    let gone = if wanted > u64::from(ordered) {
        Gone::NeverOrdered
    } else if u64::from(ordered - cancelled) > open {
        Gone::Shipped
    } else {
        Gone::Cancelled
    };
    let (order, line) = (order.header.id.clone(), u32::try_from(line + 1).ok());
    Refusal::NothingToCancel { order, line, open, wanted, gone }
}

fn open_units(order: &Order, line: usize) -> u64 {
    let of_line = order.allocations.iter().filter(|a| usize::from(a.line) == line);
    of_line.map(|a| u64::from(a.open())).sum()
}

fn release_line(order: &Order, line: usize, units: u64, releases: &mut Vec<Release>) {
    let mut open: SmallVec<[(Supply, u16, usize); 4]> = order
        .allocations
        .iter()
        .enumerate()
        .filter(|(_, a)| usize::from(a.line) == line && a.open() > 0)
        .map(|(at, a)| (a.supply, a.shipment, at))
        .collect();
    open.sort_unstable();
    let mut left = units;
    for (_, _, at) in open.into_iter().rev() {
        let allocation = &order.allocations[at];
        let units = u32::try_from(left.min(u64::from(allocation.open()))).expect("at most a u32");
        if units == 0 {
            break;
        }
        releases.push(release(order, at, units));
        left -= u64::from(units);
    }
}

fn release(order: &Order, at: usize, units: u32) -> Release {
    let allocation = &order.allocations[at];
    Release {
        allocation: u16::try_from(at).expect("fewer allocations than a u16 holds"),
        pair: order.pair_of(allocation),
        line: allocation.line,
        units,
    }
}

/// Reports that a shipment left.
pub async fn ship(core: &Core, command: ShipShipment) -> Result<Change, EngineError> {
    let ShipShipment { meta, order: id, shipment, carrier, tracking } = command;
    let request = request_of(&meta, &(&id, shipment, &carrier, &tracking));
    let dispatch = Dispatch { at: meta.at, carrier, tracking };
    let mut hand = None;
    let change = write(core, meta, request, async || {
        let locked = hand.insert(lock(core, &id).await?);
        let (shipment, units) = leaving(&locked.order, shipment)?;
        let claims = claim_leaving(core, &locked.order, shipment, &units).await?;
        let no = locked.order.no;
        Ok((Event::ShipmentShipped { no, id, shipment, dispatch, units }, claims))
    })
    .await?;
    keep_until_applied(change, hand);
    Ok(change)
}

/// The units of a shipment, which callers count from 1.
fn leaving(order: &Order, number: u16) -> Result<(u16, Vec<Release>), Refusal> {
    let at = number.checked_sub(1).filter(|at| usize::from(*at) < order.shipments.len());
    let unknown = || Refusal::UnknownShipment { order: order.header.id.clone(), shipment: number };
    let at = at.ok_or_else(unknown)?;
    let of_it = order.allocations.iter().enumerate().filter(|(_, a)| a.shipment == at);
    let open = of_it.filter(|(_, a)| a.open() > 0);
    let units: Vec<Release> = open.map(|(place, a)| release(order, place, a.open())).collect();
    if units.is_empty() || order.shipments[usize::from(at)].shipped.is_some() {
        return Err(Refusal::ShipmentClosed(number));
    }
    Ok((at, units))
}

/// Claims units by pair and line; waits while others in flight stand in the way.
async fn claim_leaving<'a>(
    core: &'a Core,
    order: &Order,
    shipment: u16,
    units: &[Release],
) -> Result<Claims<'a>, EngineError> {
    let mut by_pair = by_pair(units);
    by_pair.sort_unstable_by_key(|(pair, ..)| *pair);
    let mut attempts = Attempts::begin(core);
    loop {
        let attempt = claim_once(core, order, shipment, &by_pair).await?;
        if let Some(claims) = attempts.end(attempt).await? {
            return Ok(claims);
        }
    }
}

async fn claim_once<'a>(
    core: &'a Core,
    order: &Order,
    shipment: u16,
    by_pair: &[(Pair, u16, u32)],
) -> Result<Attempt<'a, Claims<'a>>, EngineError> {
    let mut claims = Claims::new(core);
    let (mut short, mut missing) = (0, 0);
    for &(pair, line, units) in by_pair {
        let ahead = ahead_of(order, shipment, line);
        match claims.shipment(pair, order.no, line, units, ahead).await? {
            Ok(Claim::Granted) => {}
            Ok(Claim::Short(units)) => short += units,
            Ok(Claim::Missing(units)) => missing += units,
            Ok(Claim::InFlight) => unreachable!("it comes with a bell"),
            Ok(Claim::NoRoomToWait) => unreachable!("what leaves does not wait"),
            Err(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    let shipment = shipment + 1;
    match (short, missing) {
        (0, 0) => Ok(Attempt::Done(claims)),
        // What is on its way comes by itself; what is missing somebody has to find.
        (_, 0) => Err(Refusal::ShipmentNotReady { shipment, missing: short }.into()),
        _ => Err(Refusal::UnitsMissing { shipment, missing }.into()),
    }
}

/// Units of a line that earlier shipments of the same node have a right to.
fn ahead_of(order: &Order, shipment: u16, line: u16) -> u32 {
    let node = order.shipments[usize::from(shipment)].node;
    let earlier = order.allocations.iter().filter(|a| {
        a.line == line
            && a.shipment < shipment
            && order.shipments[usize::from(a.shipment)].node == node
    });
    earlier.map(crate::model::Allocation::open).sum()
}

/// Sums releases by pair and line: one event does one thing to one actor, in one
/// turn. Releases ascend by allocation, and allocations by line and node, so that
/// those of one pair are neighbours.
pub fn by_pair(releases: &[Release]) -> SmallVec<[(Pair, u16, u32); 4]> {
    let mut sums = SmallVec::<[(Pair, u16, u32); 4]>::new();
    for release in releases {
        match sums.last_mut() {
            Some((pair, line, units)) if (*pair, *line) == (release.pair, release.line) => {
                *units += release.units;
            }
            _ => sums.push((release.pair, release.line, release.units)),
        }
    }
    sums
}
