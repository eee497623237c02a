//! `DispatchTransfer`: units leave one node for another.

use backstock_engine::command::DispatchTransfer;
use backstock_engine::model::{Text, Timestamp, digest};
use backstock_proto::v1;
use tonic::Status;

use super::transfer::{DISPATCH, between, stand};
use super::wanted;
use crate::grpc::caller::origin;
use crate::grpc::{Api, errors, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DispatchTransferRequest,
) -> Result<v1::DispatchTransferResponse, Status> {
    let mut found = Violations::default();
    let nodes = [&*request.from_node_id, &*request.to_node_id];
    let (sku, from, to) = between(&mut found, &request.sku, nodes);
    let request_id = found.request_id(&request.request_id);
    let inbound = found.required("inbound", request.inbound.as_ref());
    let supply = inbound.map(|inbound| wanted::supply(&mut found, "inbound", inbound));
    if inbound.is_some_and(|inbound| inbound.confidence_basis_points.is_some()) {
        let all = "is not said of a transfer: all of it is on its way";
        found.add("inbound.confidence_basis_points", all);
    }
    let source = inbound.map_or(0, |inbound| inbound.source);
    if ![0, v1::SupplySource::Transfer.into()].contains(&source) {
        found.add("inbound.source", "is another than that of a transfer");
    }
    let reason = found.taken("reason", Text::new("reason", &*request.reason));
    let command = supply.map(|(id, quantity, day)| {
        let mut meta = api.meta(request_id.flatten(), request.validate_only);
        let content = (&sku, &from, &to, "dispatch", &id, quantity, &day);
        meta.content = Some(digest::fingerprint(&content));
        meta.origin = origin(reason.unwrap_or_default());
        // The day is not yet an instant at its node.
        let eta = Timestamp::default();
        let (sku, from, to) = (sku.clone(), from.clone(), to.clone());
        (DispatchTransfer { meta, id, sku, from, to, quantity, eta }, day)
    });
    if let Some((command, _)) = &command {
        found.rules(command.validate(), &DISPATCH);
    }
    let (mut command, day) = found.converted(command)?;
    // An unknown item is named before a node without which a day has no instant, and the node
    // that the units leave before the other.
    api.engine().item(&sku).map_err(plain)?;
    api.engine().node(&from).map_err(plain)?;
    command.eta = api.engine().start_of_day(&to, day).map_err(plain)?;
    let done = api.engine().dispatch_transfer(command).await;
    let done = done.map_err(|error| errors::status(error, &DISPATCH))?;
    let [from_stock, to_stock] = stand(api, &sku, [&from, &to]).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    Ok(v1::DispatchTransferResponse { from_stock, to_stock, version, is_repeat })
}
