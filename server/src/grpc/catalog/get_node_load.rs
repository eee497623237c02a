//! `GetNodeLoad`: what is planned to leave a node, day by day.

use backstock_engine::engine::{DayLoad, NodeWork, Planned};
use backstock_engine::limits::LOAD_DAYS_READ_MAX;
use backstock_engine::model::{Node, NodeId, Rule};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::fulfillment::work;
use crate::grpc::{Api, plain, times};
use crate::status::Violations;

/// Days that are read when the request does not say how many.
const DAYS: u32 = 7;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetNodeLoadRequest,
) -> Result<v1::GetNodeLoadResponse, Status> {
    let v1::GetNodeLoadRequest { node_id, from, days, min_version } = request;
    let mut found = Violations::default();
    let id = found.taken("node_id", NodeId::new("node_id", node_id));
    let from = from.and_then(|date| times::day(&mut found, "from", &date));
    let max = LOAD_DAYS_READ_MAX;
    let read = u32::try_from(days).ok().filter(|days| *days <= max);
    if read.is_none() {
        found.breaks("days", days, Rule::OutOfRange { min: 0, max: max.into() });
    }
    let (id, read) = (found.converted(id)?, read.unwrap_or(DAYS));
    let work = work::read(api, id.clone(), min_version).await?;
    let days = if read == 0 { DAYS } else { read };
    let load = api.engine().node_load(&id, from, days).map_err(plain)?;
    let first = load.days.first().map(|load| load.day);
    let overdue = work::counts(&work, |of| of.ship_by.is_some() && of.ship_by < first);
    let without_day = work::counts(&work, |of| of.ship_by.is_none());
    Ok(v1::GetNodeLoadResponse {
        days: load.days.iter().map(|of| day(&load.node, &work, of)).collect(),
        version: load.version.min(work.version).get(),
        overdue: Some(overdue),
        without_day: Some(without_day),
        orders_left_out: work.orders_left_out,
    })
}

fn day(node: &Node, work: &NodeWork, of: &DayLoad) -> v1::NodeDayLoad {
    let capacity = node.capacity();
    let [capacity_units, capacity_shipments] =
        [capacity.units, capacity.shipments].map(|most| (most > 0).then_some(most));
    let planned_units = of.planned.map(|Planned { units, .. }| units);
    let planned_shipments = of.planned.map(|Planned { shipments, .. }| shipments);
    let left = |most: Option<u32>, planned: Option<u64>| {
        most.map(|most| u64::from(most).saturating_sub(planned.unwrap_or(0)))
    };
    v1::NodeDayLoad {
        day: times::date(of.day),
        capacity_units,
        capacity_shipments,
        planned_units,
        planned_shipments,
        left_units: left(capacity_units, planned_units),
        left_shipments: left(capacity_shipments, planned_shipments),
        work: Some(work::counts(work, |shipment| shipment.ship_by == Some(of.day))),
    }
}
