//! What a node has to do, as callers see it.

use backstock_engine::engine::{NodeWork, ShipmentWork};
use backstock_engine::model::{Day, NodeId, Sku, UnitState};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::order::view::work_state;
use crate::grpc::{Api, times};

/// Reads what a node has to do, on a thread that may be at it for a while.
pub(in crate::grpc) async fn read(
    api: &Api,
    node: NodeId,
    min_version: u64,
) -> Result<NodeWork, Status> {
    api.reach(min_version).await?;
    api.on_disk(move |api| api.engine().node_work(&node)).await
}

/// A shipment of it.
pub(super) fn message(of: &ShipmentWork) -> v1::ShipmentWork {
    v1::ShipmentWork {
        order_id: of.order.to_string(),
        shipment_number: u32::from(of.shipment) + 1,
        ship_by: of.ship_by.and_then(times::date),
        cut_off_time: of.cut_off.map(times::timestamp),
        late: of.is_late,
        state: work_state(of).into(),
        units: of.open().into(),
        units_to_pick: of.loose().into(),
        units_waiting: of.waiting.into(),
        on_hold: of.is_on_hold,
        claimed_by: of.claim.as_ref().map_or_else(String::new, |claim| claim.owner.to_string()),
        claimed_until: of.claim.as_ref().map(|claim| times::timestamp(claim.until)),
    }
}

/// How much of what there is.
pub(super) fn counts(work: &NodeWork) -> v1::WorkCounts {
    let mut counts = v1::WorkCounts::default();
    for of in &work.shipments {
        count(&mut counts, of, work.today);
    }
    counts
}

/// Counts a shipment, on a local day of its node.
pub(in crate::grpc) fn count(counts: &mut v1::WorkCounts, of: &ShipmentWork, today: Day) {
    let count = match of.state {
        UnitState::Ready => &mut counts.ready,
        UnitState::Packed => &mut counts.packed,
        UnitState::Picked => &mut counts.picked,
        _ if of.waiting > 0 => &mut counts.waiting,
        _ => &mut counts.to_pick,
    };
    *count += 1;
    counts.claimed += u64::from(of.claim.is_some());
    counts.late += u64::from(of.is_late);
    let is_due = of.has_to_leave() && of.ship_by == Some(today);
    counts.due_today += u64::from(is_due && !of.is_late);
}

/// What an item is called; empty if it is not known.
pub(super) fn title(api: &Api, sku: &Sku) -> String {
    api.engine().item(sku).map_or_else(|_| String::new(), |item| item.title.as_str().to_owned())
}
