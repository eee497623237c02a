//! `ListPrices`: the prices of a list, by the order in which items were defined.

use backstock_engine::model::{PriceListId, Refusal};
use backstock_proto::v1;
use tonic::Status;

use super::list;
use crate::grpc::pages::Page;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListPricesRequest,
) -> Result<v1::ListPricesResponse, Status> {
    let mut found = Violations::default();
    let page = Page::read(&mut found, request.page_size, &request.page_token);
    let id = found.taken("price_list_id", PriceListId::new("price_list_id", request.price_list_id));
    let (page, id) = found.converted(page.zip(id))?;
    api.reach(request.min_version).await?;
    let version = api.version();
    let pricing = api.engine().pricing();
    let of = pricing.list_no(&id).and_then(|no| pricing.book().list(no));
    let of = of.ok_or_else(|| plain(Refusal::PriceListNotFound { price_list_id: id }.into()))?;
    let (here, next_page_token) = page.list(of.rows.iter());
    let sku = |no| api.engine().sku_no(no);
    let items = here.into_iter().map(|(no, rows)| list::prices_message(sku(no), rows)).collect();
    Ok(v1::ListPricesResponse { items, next_page_token, version })
}
