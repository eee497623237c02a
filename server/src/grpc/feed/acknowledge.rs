//! `Acknowledge`: how far a consumer has come.

use backstock_engine::model::{ConsumerId, Lsn};
use backstock_proto::v1;
use tonic::Status;

use super::consumer::message;
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::AcknowledgeRequest,
) -> Result<v1::AcknowledgeResponse, Status> {
    let mut found = Violations::default();
    let id = found.id("consumer_id", &request.consumer_id, ConsumerId::new);
    let id = found.finish(id)?;
    api.reach(request.version).await?;
    let version = Lsn::new(request.version);
    let acknowledged =
        api.on_disk(move |api| api.engine().acknowledge(&id, version, api.0.clock.now()));
    Ok(v1::AcknowledgeResponse { consumer: Some(message(&acknowledged.await?)) })
}
