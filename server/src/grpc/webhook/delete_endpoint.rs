//! `DeleteEndpoint`: forgets an endpoint.

use backstock_proto::v1;
use tonic::Status;

use super::endpoint::id;
use crate::grpc::{Api, plain};

pub(super) async fn handle(
    api: &Api,
    request: v1::DeleteEndpointRequest,
) -> Result<v1::DeleteEndpointResponse, Status> {
    let id = id(&request.endpoint_id)?;
    api.0.webhooks.delete(id).await.map_err(plain)?;
    Ok(v1::DeleteEndpointResponse {})
}
