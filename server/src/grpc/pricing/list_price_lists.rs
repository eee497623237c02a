//! `ListPriceLists`: all price lists, in the order in which they were defined.

use backstock_proto::v1;
use tonic::Status;

use super::list;
use crate::grpc::Api;
use crate::grpc::pages::Page;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListPriceListsRequest,
) -> Result<v1::ListPriceListsResponse, Status> {
    let page = Page::of(request.page_size, &request.page_token)?;
    api.reach(request.min_version).await?;
    let version = api.version();
    let pricing = api.engine().pricing();
    let (here, next_page_token) = page.list(pricing.book().lists().iter());
    let price_lists = here.iter().map(|list| list::message(&list.definition)).collect();
    Ok(v1::ListPriceListsResponse { price_lists, next_page_token, version })
}
