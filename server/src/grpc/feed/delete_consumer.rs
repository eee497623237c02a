//! `DeleteConsumer`: forgets a consumer.

use backstock_engine::model::ConsumerId;
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DeleteConsumerRequest,
) -> Result<v1::DeleteConsumerResponse, Status> {
    let mut found = Violations::default();
    let id = found.id("consumer_id", &request.consumer_id, ConsumerId::new);
    let id = found.finish(id)?;
    api.on_disk(move |api| api.engine().delete_consumer(&id)).await?;
    Ok(v1::DeleteConsumerResponse {})
}
