//! `GetNodeLoad`: what is planned to leave a node, day by day.

use backstock_engine::engine::{DayLoad, Planned};
use backstock_engine::limits::LOAD_DAYS_READ_MAX;
use backstock_engine::model::{NodeId, Rule};
use backstock_proto::v1;
use tonic::Status;

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
    api.reach(min_version).await?;
    let days = if read == 0 { DAYS } else { read };
    let load = api.engine().node_load(&id, from, days).map_err(plain)?;
    let capacity = load.node.capacity();
    let [capacity_units, capacity_shipments] =
        [capacity.units, capacity.shipments].map(|most| (most > 0).then_some(most));
    let day = |DayLoad { day, planned }| v1::NodeDayLoad {
        day: times::date(day),
        capacity_units,
        capacity_shipments,
        planned_units: planned.map(|Planned { units, .. }| units),
        planned_shipments: planned.map(|Planned { shipments, .. }| shipments),
    };
    let days = load.days.into_iter().map(day).collect();
    Ok(v1::GetNodeLoadResponse { days, version: load.version.get() })
}
