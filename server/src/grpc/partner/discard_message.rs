//! `DiscardMessage`: a message in quarantine never counts.

use backstock_engine::command::DiscardPartnerMessage;
use backstock_engine::model::{MessageId, PartnerId};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DiscardMessageRequest,
) -> Result<v1::DiscardMessageResponse, Status> {
    let mut found = Violations::default();
    let partner = found.id("partner_id", &request.partner_id, PartnerId::new);
    let message = found.id("message_id", &request.message_id, MessageId::new);
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), false);
    let command = found.finish(DiscardPartnerMessage { meta, partner, message })?;
    let done = api.engine().discard_partner_message(command).await.map_err(plain)?;
    Ok(v1::DiscardMessageResponse { version: done.version.get(), is_repeat: done.is_repeat })
}
