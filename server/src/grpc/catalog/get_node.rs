//! `GetNode`: one node.

use backstock_engine::model::NodeId;
use backstock_proto::v1;
use tonic::Status;

use super::node;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetNodeRequest,
) -> Result<v1::GetNodeResponse, Status> {
    let v1::GetNodeRequest { node_id, min_version } = request;
    let mut found = Violations::default();
    let id = found.taken("node_id", NodeId::new("node_id", node_id));
    let id = found.converted(id)?;
    api.reach(min_version).await?;
    let version = api.version();
    let node = api.engine().node(&id).map_err(plain)?;
    Ok(v1::GetNodeResponse { node: Some(node::message(&node)), version })
}
