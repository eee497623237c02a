//! `GetNodeLoad`: what is planned to leave a node, day by day.

use std::collections::BTreeMap;

use backstock_engine::engine::{DayLoad, NodeWork, Planned};
use backstock_engine::limits::LOAD_DAYS_READ_MAX;
use backstock_engine::model::{Day, Node, NodeId, Rule};
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
    let before = load.days.first().map_or(work.today, |load| load.day).minus(1);
    let mut counts = by_day(&work, before);
    let mut of_day = |day| counts.remove(&day).unwrap_or_default();
    let day = |of: &DayLoad| day(&load.node, of, of_day(Some(of.day)));
    Ok(v1::GetNodeLoadResponse {
        days: load.days.iter().map(day).collect(),
        version: load.version.min(work.version).get(),
        overdue: Some(of_day(Some(before))),
        without_day: Some(of_day(None)),
        orders_left_out: work.orders_left_out,
    })
}

/// How far the shipments of each day are, those of all earlier days with those of the day `before` the
/// first.
fn by_day(work: &NodeWork, before: Day) -> BTreeMap<Option<Day>, v1::WorkCounts> {
    let mut all = BTreeMap::<_, v1::WorkCounts>::new();
    for of in &work.shipments {
        let day = of.ship_by.map(|day| day.max(before));
        work::count(all.entry(day).or_default(), of, work.today);
    }
    all
}

fn day(node: &Node, of: &DayLoad, work: v1::WorkCounts) -> v1::NodeDayLoad {
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
        work: Some(work),
    }
}
