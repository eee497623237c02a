//! `ListNodes`: all nodes, in the order in which they were defined.

use backstock_proto::v1;
use tonic::Status;

use super::node;
use crate::grpc::Api;
use crate::grpc::pages::Page;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListNodesRequest,
) -> Result<v1::ListNodesResponse, Status> {
    let page = Page::of(request.page_size, &request.page_token)?;
    api.reach(request.min_version).await?;
    let version = api.version();
    let (here, next_page_token) = page.list(api.engine().nodes().into_iter());
    let nodes = here.iter().map(|node| node::message(node)).collect();
    Ok(v1::ListNodesResponse { nodes, next_page_token, version })
}
