//! Reporting that a shipment left its node.

use crate::model::command::ShipShipment;
use crate::model::order::by_pair;
use crate::model::{Allocation, Dispatch, Event, Order, Pair, Refusal, Release};
use crate::state::stock::Claim;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::hand::{keep_until_applied, lock};
use crate::transaction::kernel::Kernel;
use crate::transaction::write::{Change, request_of, write};

/// Reports that a shipment left.
pub async fn ship(kernel: &Kernel, command: ShipShipment) -> Result<Change, EngineError> {
    command.validate()?;
    let ShipShipment { meta, order: id, shipment, carrier, tracking } = command;
    let request = request_of(&meta, &(&id, shipment, &carrier, &tracking));
    let dispatch = Dispatch { at: meta.at, carrier, tracking };
    let mut hand = None;
    let change = write(kernel, meta, request, async || {
        let locked = hand.insert(lock(kernel, &id).await?);
        let (shipment, units) = leaving(&locked.order, shipment)?;
        let claims = claim_leaving(kernel, &locked.order, shipment, &units).await?;
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
    let unknown = || Refusal::ShipmentNotFound {
        order_id: order.header.id.clone(),
        shipment_number: number.into(),
    };
    let at = at.ok_or_else(unknown)?;
    let of_it = order.allocations.iter().enumerate().filter(|(_, a)| a.shipment == at);
    let open = of_it.filter(|(_, a)| a.open() > 0);
    let units: Vec<Release> = open.map(|(place, a)| order.release(place, a.open())).collect();
    if units.is_empty() || order.shipments[usize::from(at)].shipped.is_some() {
        return Err(Refusal::ShipmentNotPlanned { shipment_number: number });
    }
    Ok((at, units))
}

/// Claims units by pair and line; waits while others in flight stand in the way.
async fn claim_leaving<'a>(
    kernel: &'a Kernel,
    order: &Order,
    shipment: u16,
    units: &[Release],
) -> Result<Claims<'a>, EngineError> {
    let mut by_pair = by_pair(units);
    by_pair.sort_unstable_by_key(|(pair, ..)| *pair);
    let mut attempts = Attempts::begin(kernel);
    loop {
        let attempt = claim_once(kernel, order, shipment, &by_pair).await?;
        if let Some(claims) = attempts.end(attempt).await? {
            return Ok(claims);
        }
    }
}

async fn claim_once<'a>(
    kernel: &'a Kernel,
    order: &Order,
    shipment: u16,
    by_pair: &[(Pair, u16, u32)],
) -> Result<Attempt<'a, Claims<'a>>, EngineError> {
    let mut claims = Claims::new(kernel);
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
    let shipment_number = shipment + 1;
    match (short, missing) {
        (0, 0) => Ok(Attempt::Done(claims)),
        // What is on its way comes by itself; what is missing somebody has to find.
        (_, 0) => Err(Refusal::SupplyNotReceived { shipment_number, missing: short }.into()),
        _ => Err(Refusal::UnitsMissing { shipment_number, missing }.into()),
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
    earlier.map(Allocation::open).sum()
}
