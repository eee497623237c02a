//! Refusals of items, nodes and the policy.

use super::*;
use crate::grpc::server::node;

pub(super) async fn item_is_bundle() -> Status {
    let mut a = with_bundle().await;
    refused!(a, a.server.catalog.update_item(bundle("SETS", &[("SKU", 1), ("SET", 1)])))
}

pub(super) async fn node_kind_fixed() -> Status {
    let mut a = Refusing::stocked().await;
    let kind = v1::NodeKind::Store.into();
    let update = v1::UpdateNodeRequest {
        node: Some(v1::Node { kind, ..node("NYC", "10001") }),
        ..Default::default()
    };
    refused!(a, a.server.catalog.update_node(update))
}

pub(super) async fn service_fixed() -> Status {
    let mut a = Refusing::stocked().await;
    let get = v1::GetSourcingPolicyRequest { min_version: 0 };
    let policy = a.server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    let mut policy = policy.policy.expect("a policy");
    policy.services[0].name = "by owl".into();
    let update = v1::UpdateSourcingPolicyRequest { policy: Some(policy), ..Default::default() };
    refused!(a, a.server.catalog.update_sourcing_policy(update))
}
