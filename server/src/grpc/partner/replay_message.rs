//! `ReplayMessage`: a message in quarantine is judged anew.

use backstock_engine::model::{MessageId, PartnerId};
use backstock_proto::v1;
use tonic::Status;

use super::take::report;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ReplayMessageRequest,
) -> Result<v1::ReplayMessageResponse, Status> {
    let mut found = Violations::default();
    let partner = found.id("partner_id", &request.partner_id, PartnerId::new);
    let message = found.id("message_id", &request.message_id, MessageId::new);
    let (partner, message) = found.finish((partner, message))?;
    let kept = api.engine().quarantined(&partner, &message).map_err(plain)?;
    let (answer, version) = report(api, kept.message).await.map_err(plain)?;
    Ok(v1::ReplayMessageResponse { answer: Some(answer), version })
}
