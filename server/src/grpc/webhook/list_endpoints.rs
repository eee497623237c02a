//! `ListEndpoints`: those whom the feed is sent to.

use backstock_proto::v1;
use tonic::Status;

use super::endpoint::message;
use crate::grpc::Api;
use crate::grpc::pages::Page;

#[expect(clippy::unused_async, reason = "as the other methods are")]
pub(super) async fn handle(
    api: &Api,
    request: v1::ListEndpointsRequest,
) -> Result<v1::ListEndpointsResponse, Status> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let all = api.engine().endpoints().all();
    let (endpoints, next_page_token) = page.list(all.iter().map(|(id, of)| message(id, of)));
    Ok(v1::ListEndpointsResponse { endpoints, next_page_token })
}
