//! `TestEndpoint`: sends a message that is no event.

use backstock_proto::v1;
use tonic::Status;

use super::endpoint::id;
use crate::grpc::{Api, errors, plain};
use crate::webhooks::{TestFailed, Tested};

pub(super) async fn handle(
    api: &Api,
    request: v1::TestEndpointRequest,
) -> Result<v1::TestEndpointResponse, Status> {
    let id = id(&request.endpoint_id)?;
    let tested = api.0.webhooks.test(&id).await.map_err(|failed| match failed {
        TestFailed::Engine(error) => plain(error),
        TestFailed::Busy => errors::too_many_tests(),
    });
    let Tested { is_delivered, status, why } = tested?;
    let http_status = status.into();
    Ok(v1::TestEndpointResponse { delivered: is_delivered, http_status, message: why })
}
