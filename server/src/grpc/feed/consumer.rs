//! A consumer of the feed as callers see it.

use backstock_engine::engine::Consumer;
use backstock_proto::v1;

use crate::grpc::times;

/// A consumer as it is sent.
pub(super) fn message(consumer: &Consumer) -> v1::Consumer {
    let Consumer { id, position, events_behind, behind, is_parked } = consumer;
    v1::Consumer {
        consumer_id: id.to_string(),
        acknowledged_version: Some(position.acknowledged.get()),
        create_time: Some(times::timestamp(position.created_at)),
        acknowledge_time: Some(times::timestamp(position.moved_at)),
        events_behind: *events_behind,
        behind: prost_types::Duration::try_from(*behind).ok(),
        parked: *is_parked,
    }
}
