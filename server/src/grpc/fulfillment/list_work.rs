//! `ListWork`: what a node has to do, by when it has to leave.

use backstock_engine::model::NodeId;
use backstock_proto::v1;
use tonic::Status;

use super::work;
use crate::grpc::Api;
use crate::grpc::pages::Page;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListWorkRequest,
) -> Result<v1::ListWorkResponse, Status> {
    let mut found = Violations::default();
    let node = found.taken("node_id", NodeId::new("node_id", request.node_id));
    let page = Page::read(&mut found, request.page_size, &request.page_token);
    let (node, page) = found.converted(node.zip(page))?;
    let all = work::read(api, node, request.min_version).await?;
    let counts = Some(work::counts(&all, |_| true));
    let (shipments, next_page_token) = page.list(all.shipments.iter().map(work::message));
    let (version, orders_left_out) = (all.version.get(), all.orders_left_out);
    Ok(v1::ListWorkResponse { shipments, next_page_token, version, counts, orders_left_out })
}
