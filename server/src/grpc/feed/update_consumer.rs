//! `UpdateConsumer`: makes a consumer, or puts it elsewhere.

use backstock_engine::model::{ConsumerId, Lsn};
use backstock_proto::v1;
use tonic::Status;

use super::consumer::message;
use crate::grpc::Api;
use crate::grpc::update::Mask;
use crate::status::Violations;

/// What may be written.
const FIELDS: [&str; 1] = ["acknowledged_version"];

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateConsumerRequest,
) -> Result<v1::UpdateConsumerResponse, Status> {
    let (id, version) = read(&request)?;
    if let Some(version) = version {
        api.reach(version).await?;
    }
    let wanted = (version.map(Lsn::new), request.allow_missing);
    let put = api.on_disk(move |api| api.engine().put_consumer(&id, wanted, api.0.clock.now()));
    Ok(v1::UpdateConsumerResponse { consumer: Some(message(&put.await?)) })
}

fn read(request: &v1::UpdateConsumerRequest) -> Result<(ConsumerId, Option<u64>), Status> {
    let mut found = Violations::default();
    Mask::read(&mut found, request.update_mask.as_ref(), &FIELDS);
    let Some(given) = found.required("consumer", request.consumer.clone()) else {
        return Err(found.into_status());
    };
    let id = found.id("consumer.consumer_id", &given.consumer_id, ConsumerId::new);
    found.finish((id, given.acknowledged_version))
}
