//! `ListConsumers`: who reads the feed under a name, and how far behind.

use backstock_proto::v1;
use tonic::Status;

use super::consumer::message;
use crate::grpc::Api;
use crate::grpc::pages::Page;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListConsumersRequest,
) -> Result<v1::ListConsumersResponse, Status> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let consumers = api.on_disk(|api| Ok(api.engine().consumers(api.0.clock.now()))).await?;
    let (consumers, next_page_token) = page.list(consumers.iter().map(message));
    Ok(v1::ListConsumersResponse {
        consumers,
        next_page_token,
        first_version: api.engine().first_kept().get(),
        newest_version: api.version(),
    })
}
