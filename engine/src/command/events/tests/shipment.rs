//! What nodes do of shipments, and what becomes of those that they decline.

use super::*;
use crate::command::order::cancelled::Picked;
use crate::command::order::decline::Apart;
use crate::command::order::released::Released;
use crate::model::fulfilment::{Ended, Ending};
use crate::model::ids::{OrderNo, OwnerId};
use crate::model::stock::LineDeclined;
use crate::model::{
    Act, DeclineReason, Declined, Dispatch, Found, LineUnits, Package, PackageId, Priority, Serves,
    Supply,
};

pub(super) fn events() -> Vec<Named> {
    [of_shipped(), of_answers(), of_asked_customers(), of_fulfilment()].concat()
}

/// Shipments left whole in older versions.
fn of_shipped() -> Vec<Named> {
    let dispatch = Dispatch { at: ETA, carrier: text("Owl Post"), tracking: text("1Z") };
    let (no, id, units) = (OrderNo(5), order_id(), parts());
    let shipped = ShipmentShipped { no, id, shipment: 1, dispatch, units };
    vec![("shipment_shipped", shipped.into())]
}

fn of_answers() -> Vec<Named> {
    let off = vec![(Supply::OnHand, 2), (Supply::Inbound(NO), 1)];
    let found = Some(Found { on_hand: 4, unavailable: 1 });
    let declined = Declined { order: OrderNo(5), line: 1, off, found, beside: None };
    let off = vec![(Supply::Supplier, 3)];
    let other = Declined { line: 0, off, found: None, ..declined.clone() };
    let pairs = vec![(PAIR, declined.clone()), (Pair { node: NodeNo(9), ..PAIR }, other)];
    let of_other = LineDeclined { line: 3, off: vec![(Supply::OnHand, 1)] };
    let of_lines = Declined { beside: Some(vec![of_other]), ..declined };
    let (no, id, shipment, at) = (OrderNo(5), order_id(), 1, ETA);
    let reason = DeclineReason::NotFound;
    let claimed = |until| {
        let (id, owner) = (order_id(), OwnerId::new("owner", "anna").expect("an id"));
        ShipmentClaimed { no, id, shipment, at, owner, until }
    };
    vec![
        ("shipment_claimed", claimed(Some(ETA)).into()),
        ("shipment_given_up", claimed(None).into()),
        ("shipment_accepted", ShipmentAccepted { no, id: id.clone(), shipment, at }.into()),
        (
            "shipment_declined",
            ShipmentDeclined {
                no,
                id: id.clone(),
                shipment,
                at,
                reason,
                pairs,
                apart: None,
                asks: None,
                paused: None,
            }
            .into(),
        ),
        (
            "lines_declined",
            ShipmentDeclined {
                no,
                id,
                shipment,
                at,
                reason,
                pairs: vec![(PAIR, of_lines)],
                apart: None,
                asks: None,
                paused: None,
            }
            .into(),
        ),
    ]
}

fn of_asked_customers() -> Vec<Named> {
    let declined = Declined {
        order: OrderNo(1 << 33),
        line: 1,
        off: vec![(Supply::OnHand, 2)],
        found: None,
        beside: None,
    };
    let declined = ShipmentDeclined {
        no: OrderNo(1 << 33),
        id: order_id(),
        shipment: 1,
        at: ETA,
        reason: DeclineReason::NotFound,
        pairs: vec![(PAIR, declined)],
        apart: None,
        asks: Some(true),
        paused: None,
    };
    let (no, id, priority) = (OrderNo(1 << 33), order_id(), Priority::DEFAULT);
    let resolved = DeclineResolved { no, id, shipment: 1, pairs: vec![PAIR], priority };
    let pauses = ShipmentDeclined {
        reason: DeclineReason::Closed,
        paused: Some((PAIR.node, ETA)),
        ..declined.clone()
    };
    let short = ShipmentDeclined { reason: DeclineReason::Short, ..declined.clone() };
    vec![
        ("pickup_declined", declined.into()),
        ("decline_resolved", resolved.into()),
        ("pause_declined", pauses.into()),
        ("short_declined", short.into()),
    ]
}

/// A package in each state that one can be in.
pub(super) fn packages() -> Vec<Package> {
    let lines = LineUnits::from_slice(&[(0, 2), (499, 500_000)]);
    let id = |name: &str| PackageId::new("package", name).unwrap();
    let packed =
        Package { id: id("P"), lines, ready: None, dispatch: None, ended: None, until: None };
    let dispatch = Dispatch { at: ETA, carrier: text("Owl Post"), tracking: text("1Z") };
    let shipped = Package { id: id("S"), dispatch: Some(dispatch.into()), ..packed.clone() };
    let ended = |how| Some(Ended { how, at: ETA });
    vec![
        Package { id: id("R"), ready: Some(ETA), ..packed.clone() },
        Package { id: id("D"), ended: ended(Ending::Delivered), ..shipped.clone() },
        Package { id: id("C"), ended: ended(Ending::Collected), ..packed.clone() },
        Package { id: id("L"), ended: ended(Ending::Lost), ..shipped.clone() },
        Package { id: id("E"), lines: LineUnits::new(), ..packed.clone() },
        packed,
        shipped,
    ]
}

fn of_fulfilment() -> Vec<Named> {
    let (no, id, shipment, at) = (OrderNo(5), order_id(), 1, ETA);
    let progressed = |act, recall| ShipmentProgressed {
        no,
        id: order_id(),
        shipment,
        at,
        act,
        put_back: parts(),
        picked: parts(),
        left: parts(),
        all_left: true,
        packages: packages(),
        recall,
        parts: None,
    };
    let kept = {
        let ready = progressed(Act::MakeReady, None);
        let packages = ready.packages.iter().cloned();
        let packages = packages.map(|package| Package { until: Some(ETA), ..package }).collect();
        ShipmentProgressed { packages, ..ready }
    };
    let released = |shipments: u16, left| ShipmentsReleased {
        at,
        shipments: (0..shipments)
            .map(|shipment| Released { no, id: order_id(), shipment })
            .collect(),
        left,
    };
    let expired = ShipmentExpired {
        no,
        id: order_id(),
        shipment,
        at,
        units: parts(),
        packages: packages().into_iter().map(|package| package.id).collect(),
    };
    let picked = Some(Picked { put_back: parts(), packages: vec![(3, packages().remove(0))] });
    let serves = Some(Serves::Backlog);
    let declined =
        Declined { order: no, line: 1, off: vec![(Supply::Picked, 2)], found: None, beside: None };
    let (reason, pairs) = (DeclineReason::Damaged, vec![(PAIR, declined)]);
    let apart = |units| Some(Apart { put_back: parts(), units });
    let declined = |apart| ShipmentDeclined {
        no,
        id: order_id(),
        shipment,
        at,
        reason,
        pairs: pairs.clone(),
        apart,
        asks: None,
        paused: None,
    };
    vec![
        ("shipment_progressed", progressed(Act::Ship, None).into()),
        (
            "line_parted",
            ShipmentProgressed { parts: Some(true), ..progressed(Act::Pick, None) }.into(),
        ),
        ("shipment_asked_back", progressed(Act::Recall, Some(ETA)).into()),
        ("shipment_kept_until", kept.into()),
        ("shipment_expired", expired.into()),
        ("shipment_released", released(1, None).into()),
        ("wave_released", released(2, Some(70_000)).into()),
        ("picked_cancelled", OrderCancelled { no, id, releases: parts(), serves, picked }.into()),
        ("picked_declined", declined(apart(None)).into()),
        ("part_declined", declined(apart(Some(parts()))).into()),
    ]
}
