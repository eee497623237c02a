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

/// The item and the two nodes of a request.
pub(super) fn between(
    found: &mut Violations,
    sku: &str,
    [from, to]: [&str; 2],
) -> Option<(Sku, [NodeId; 2])> {
    let sku = found.taken("sku", Sku::new("sku", sku));
    let from = found.taken("from_node_id", NodeId::new("from_node_id", from));
    let to = found.taken("to_node_id", NodeId::new("to_node_id", to));
    Some((sku?, [from?, to?]))
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
