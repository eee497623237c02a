//! An endpoint as callers see it.

use backstock_engine::feed::endpoints::{Endpoint, EndpointState, Failure};
use backstock_engine::model::EndpointId;
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::feed::type_of;
use crate::grpc::times;
use crate::status::Violations;

/// An endpoint as it is sent: without its secrets.
pub(super) fn message(id: &EndpointId, endpoint: &Endpoint) -> v1::Endpoint {
    v1::Endpoint {
        endpoint_id: id.to_string(),
        url: endpoint.url.clone(),
        secrets: Vec::new(),
        types: endpoint.names.iter().map(|name| type_of(name)).collect(),
        subjects: endpoint.subjects.clone(),
        disabled: endpoint.state == EndpointState::Disabled,
        state: state(endpoint.state).into(),
        create_time: Some(times::timestamp(endpoint.created_at)),
        last_failure: endpoint.last_failure.as_ref().map(failure),
        delivered_version: endpoint.progress.delivered().get(),
        events_waiting: u32::try_from(endpoint.progress.undelivered.len()).unwrap_or(u32::MAX),
    }
}

const fn state(state: EndpointState) -> v1::EndpointState {
    match state {
        EndpointState::Active => v1::EndpointState::Active,
        EndpointState::Disabled => v1::EndpointState::Disabled,
        EndpointState::Parked => v1::EndpointState::Parked,
        EndpointState::Gone => v1::EndpointState::Gone,
    }
}

fn failure(of: &Failure) -> v1::DeliveryFailure {
    v1::DeliveryFailure {
        time: Some(times::timestamp(of.at)),
        version: of.version.get(),
        http_status: of.status.into(),
        message: of.why.clone(),
    }
}

/// The id that a request names.
pub(super) fn id(text: &str) -> Result<EndpointId, Status> {
    let mut found = Violations::default();
    let id = found.id("endpoint_id", text, EndpointId::new);
    found.finish(id)
}
