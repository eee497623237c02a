//! `ResumeEndpoint`: has an endpoint sent to again.

use backstock_engine::model::Lsn;
use backstock_proto::v1;
use tonic::Status;

use super::endpoint::{id, message};
use crate::grpc::{Api, plain};

pub(super) async fn handle(
    api: &Api,
    request: v1::ResumeEndpointRequest,
) -> Result<v1::ResumeEndpointResponse, Status> {
    let id = id(&request.endpoint_id)?;
    let from = request.from_version.map(Lsn::new);
    let resumed = api.0.webhooks.resume(id.clone(), from).await.map_err(plain)?;
    Ok(v1::ResumeEndpointResponse { endpoint: Some(message(&id, &resumed)) })
}
