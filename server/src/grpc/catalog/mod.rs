//! `CatalogService`: items, nodes, the sourcing policy. A file a method, and what they
//! share.
//!
//! | file | what |
//! |---|---|
//! | `update` | what every update has: its mask, what is to be there, what it answers |
//! | `item`, `node`, `policy` | each as callers see it, there and back |
//! | `weekdays` | days of the week, and what differs by them |

mod get_item;
mod get_node;
mod get_node_load;
mod get_sourcing_policy;
mod item;
mod list_items;
mod list_nodes;
mod node;
mod policy;
mod update_item;
mod update_node;
mod update_sourcing_policy;
mod weekdays;

use backstock_proto::v1;
use backstock_proto::v1::catalog_service_server::CatalogService;
use tonic::{Request, Response, Status};

use super::Api;
use super::service::service;

service! {
    CatalogService:
    update_item(v1::UpdateItemRequest) -> v1::UpdateItemResponse;
    get_item(v1::GetItemRequest) -> v1::GetItemResponse;
    list_items(v1::ListItemsRequest) -> v1::ListItemsResponse;
    update_node(v1::UpdateNodeRequest) -> v1::UpdateNodeResponse;
    get_node(v1::GetNodeRequest) -> v1::GetNodeResponse;
    get_node_load(v1::GetNodeLoadRequest) -> v1::GetNodeLoadResponse;
    list_nodes(v1::ListNodesRequest) -> v1::ListNodesResponse;
    get_sourcing_policy(v1::GetSourcingPolicyRequest) -> v1::GetSourcingPolicyResponse;
    update_sourcing_policy(v1::UpdateSourcingPolicyRequest) -> v1::UpdateSourcingPolicyResponse;
}
