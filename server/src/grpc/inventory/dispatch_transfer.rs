//! `DispatchTransfer`: units leave one node for another.

use backstock_engine::command::DispatchTransfer;
use backstock_engine::model::{Text, digest};
use backstock_proto::v1;
use tonic::Status;

use super::transfer::{DISPATCH, between, stand};
use super::wanted;
use crate::grpc::{Api, errors, origin, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DispatchTransferRequest,
) -> Result<v1::DispatchTransferResponse, Status> {
    let mut found = Violations::default();
    let nodes = [&*request.from_node_id, &*request.to_node_id];
    let between = between(&mut found, &request.sku, nodes);
    let request_id = found.request_id(&request.request_id);
    let inbound = found.required("inbound", request.inbound.as_ref());
    let supply = inbound.map(|inbound| wanted::supply(&mut found, "inbound", inbound));
    let reason = found.taken("reason", Text::new("reason", &*request.reason));
    let ((sku, [from, to]), (id, quantity, day)) = found.converted(between.zip(supply))?;
    // An unknown item is named before a node without which a day has no instant.
    api.engine().item(&sku).map_err(plain)?;
    let mut meta = api.meta(request_id.flatten(), request.validate_only);
    let content = (&sku, &from, &to, "dispatch", &id, quantity, &day);
    meta.content = Some(digest::fingerprint(&content));
    meta.origin = origin(reason.unwrap_or_default());
    let eta = api.engine().start_of_day(&to, day).map_err(plain)?;
    let (s, f, t) = (sku.clone(), from.clone(), to.clone());
    let command = DispatchTransfer { meta, id, sku: s, from: f, to: t, quantity, eta };
    let done = api.engine().dispatch_transfer(command).await;
    let done = done.map_err(|error| errors::status(error, &DISPATCH))?;
    let [from_stock, to_stock] = stand(api, &sku, [&from, &to]).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    Ok(v1::DispatchTransferResponse { from_stock, to_stock, version, is_repeat })
}
