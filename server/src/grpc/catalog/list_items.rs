//! `ListItems`: all items, in the order in which they were defined.

use backstock_engine::model::SkuNo;
use backstock_proto::v1;
use tonic::Status;

use super::item;
use crate::grpc::Api;
use crate::grpc::pages::Page;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListItemsRequest,
) -> Result<v1::ListItemsResponse, Status> {
    let page = Page::of(request.page_size, &request.page_token)?;
    api.reach(request.min_version).await?;
    let version = api.version();
    let from = SkuNo(u32::try_from(page.from).unwrap_or(u32::MAX));
    let read = api.engine().items(from, page.peek());
    let mut items = read.iter().map(|(_, item)| item::message(item)).collect();
    let next_page_token = page.cut(&mut items);
    Ok(v1::ListItemsResponse { items, next_page_token, version })
}
