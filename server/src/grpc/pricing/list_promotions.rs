//! `ListPromotions`: all promotions, in the order in which they were defined.

use backstock_proto::v1;
use tonic::Status;

use super::promotion;
use crate::grpc::Api;
use crate::grpc::pages::Page;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListPromotionsRequest,
) -> Result<v1::ListPromotionsResponse, Status> {
    let page = Page::of(request.page_size, &request.page_token)?;
    api.reach(request.min_version).await?;
    let version = api.version();
    let pricing = api.engine().pricing();
    let (here, next_page_token) = page.list(pricing.book().promotions().iter());
    let sku = |no| api.engine().sku_no(no).to_string();
    let promotions = here.iter().map(|of| v1::Promotion {
        uses: api.engine().promotion_uses(&of.id),
        ..promotion::message(of, sku)
    });
    let promotions = promotions.collect();
    Ok(v1::ListPromotionsResponse { promotions, next_page_token, version })
}
