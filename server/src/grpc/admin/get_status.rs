//! `GetStatus`: how the server is, and how much it holds.

use backstock_proto::v1;
use bytes::Bytes;
use tonic::Status;

use crate::grpc::{Api, times};
use crate::shutdown::Phase;

#[expect(clippy::unused_async, reason = "as the other methods are")]
pub(super) async fn handle(
    api: &Api,
    _: v1::GetStatusRequest,
) -> Result<v1::GetStatusResponse, Status> {
    let status = api.engine().status();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Ok(v1::GetStatusResponse {
        state: state(api).into(),
        server_version: env!("CARGO_PKG_VERSION").to_owned(),
        start_time: Some(times::timestamp(api.0.started)),
        appended_lsn: status.tail.get(),
        applied_lsn: status.applied.get(),
        state_hash: Bytes::copy_from_slice(&status.state_hash.value().to_be_bytes()),
        items: count(status.items),
        nodes: count(status.nodes),
        pairs: count(status.pairs),
        orders: count(status.orders),
        archived_orders: count(status.archived_orders),
        request_ids: count(status.requests),
        commands_in_flight: u32::try_from(status.in_flight).unwrap_or(u32::MAX),
        commands_in_flight_max: api.0.commands_in_flight_max,
    })
}

fn state(api: &Api) -> v1::ServerState {
    if api.engine().halt().is_some() {
        return v1::ServerState::Halted;
    }
    match api.0.shutdown.phase() {
        Phase::Running => v1::ServerState::Serving,
        Phase::Draining | Phase::Cut => v1::ServerState::Draining,
    }
}
