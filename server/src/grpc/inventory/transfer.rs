//! What both commands on a transfer have: an item, two nodes, and how these stand then.

use backstock_engine::engine::EngineError;
use backstock_engine::model::{NodeId, Sku};
use backstock_proto::v1;

use super::change::stock;
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// How the engine calls the fields of a dispatch.
pub(super) const DISPATCH: FieldNames = FieldNames::new(
    "",
    &[("to", "to_node_id"), ("quantity", "inbound.quantity"), ("eta", "inbound.eta")],
);

/// How the engine calls the fields of a recall.
pub(super) const RECALL: FieldNames = FieldNames::new("", &[("to", "to_node_id")]);

/// The item and the two nodes of a request. What is wrong is noted, and something stands for
/// it.
pub(super) fn between(
    found: &mut Violations,
    sku: &str,
    [from, to]: [&str; 2],
) -> (Sku, NodeId, NodeId) {
    let sku = found.id("sku", sku, Sku::new);
    let from = found.id("from_node_id", from, NodeId::new);
    (sku, from, found.id("to_node_id", to, NodeId::new))
}

/// How both nodes stand.
pub(super) async fn stand(
    api: &Api,
    sku: &Sku,
    [from, to]: [&NodeId; 2],
) -> Result<[Option<v1::Stock>; 2], EngineError> {
    let (from, _) = stock(api, sku, from).await?;
    let (to, _) = stock(api, sku, to).await?;
    Ok([Some(from), Some(to)])
}
