//! `RecallTransfer`: what is on its way between two nodes turns back.

use backstock_engine::command::RecallTransfer;
use backstock_engine::model::{InboundId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::transfer::{RECALL, between, stand};
use crate::grpc::caller::origin;
use crate::grpc::{Api, errors, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RecallTransferRequest,
) -> Result<v1::RecallTransferResponse, Status> {
    let mut found = Violations::default();
    let nodes = [&*request.from_node_id, &*request.to_node_id];
    let (sku, from, to) = between(&mut found, &request.sku, nodes);
    let id = found.id("inbound_id", &request.inbound_id, InboundId::new);
    let request_id = found.request_id(&request.request_id);
    let reason = found.taken("reason", Text::new("reason", &*request.reason));
    let mut meta = api.meta(request_id.flatten(), request.validate_only);
    meta.origin = origin(reason.unwrap_or_default());
    let (s, f, t) = (sku.clone(), from.clone(), to.clone());
    let command = RecallTransfer { meta, id, sku: s, from: f, to: t };
    found.rules(command.validate(), &RECALL);
    found.finish(())?;
    let done = api.engine().recall_transfer(command).await;
    let done = done.map_err(|error| errors::status(error, &RECALL))?;
    let [from_stock, to_stock] = stand(api, &sku, [&from, &to]).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    Ok(v1::RecallTransferResponse { from_stock, to_stock, version, is_repeat })
}
