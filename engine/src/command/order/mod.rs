//! Commands on orders.

pub mod accept;
pub mod cancel;
pub mod cancelled;
pub mod change;
pub mod claim;
pub mod decline;
pub mod due;
pub mod exchange;
#[cfg(test)]
pub(crate) mod fixture;
mod handled;
pub mod hold;
mod on_hold;
pub mod payment;
pub mod payment_event;
pub mod place;
pub mod prioritise;
pub mod progress;
pub mod release_hold;
pub mod released;
pub mod resolve_decline;
pub mod returned;
pub mod returns;
mod secured;
pub mod shipped;
pub mod wave;

use serde_json::{Value, json};

use crate::model::{AllocationUnits, Day, Order, Refusal, Told};

/// A shipment of an order by its number, from 1 as callers count; and its units that are still
/// to leave.
///
/// # Errors
/// There is none of that number, or nothing of it is to leave.
fn planned(order: &Order, number: u16) -> Result<(u16, Vec<AllocationUnits>), Refusal> {
    let at = find(order, number)?;
    let of_it = order.allocations.iter().enumerate().filter(|(_, a)| a.shipment == at);
    let open = of_it.filter(|(_, a)| a.open() > 0);
    let units: Vec<AllocationUnits> =
        open.map(|(place, a)| order.units_of(place, a.open())).collect();
    if units.is_empty() || order.shipments[usize::from(at)].shipped.is_some() {
        return Err(Refusal::ShipmentNotPlanned { shipment_number: number });
    }
    Ok((at, units))
}

/// A shipment of an order, from 0, by its number.
fn find(order: &Order, number: u16) -> Result<u16, Refusal> {
    let at = number.checked_sub(1).filter(|at| usize::from(*at) < order.shipments.len());
    at.ok_or_else(|| Refusal::ShipmentNotFound {
        order_id: order.header.id.clone(),
        shipment_number: number.into(),
    })
}

/// The days of a shipment that are told anew, for a person or a script.
fn days_told(told: &Told) -> Value {
    let [ship_by, deliver_by] = [told.days.map(|of| of.0), told.days.map(|of| of.1)];
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    json!({
        "shipment": told.shipment, "ship_by": day(ship_by), "deliver_by": day(deliver_by),
        "deliver_by_before": day(told.deliver_by_before),
    })
}

/// Units of an order, for a person or a script.
fn units(units: &[AllocationUnits]) -> Value {
    let part = |part: &AllocationUnits| {
        json!({
            "line": part.line, "sku_no": part.pair.sku.0,
            "node_no": part.pair.node.0, "units": part.units,
        })
    };
    units.iter().map(part).collect()
}
