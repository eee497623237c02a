//! `ListShipments`: the shipments of an order, by number.

use backstock_engine::model::OrderId;
use backstock_proto::v1;
use tonic::Status;

use super::shipments;
use crate::grpc::Api;
use crate::grpc::pages::Page;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListShipmentsRequest,
) -> Result<v1::ListShipmentsResponse, Status> {
    let mut found = Violations::default();
    let id = found.taken("order_id", OrderId::new("order_id", request.order_id));
    let page = Page::read(&mut found, request.page_size, &request.page_token);
    let (id, page) = found.converted(id.zip(page))?;
    api.reach(request.min_version).await?;
    let (all, version) = shipments(api, &id).await?;
    let (shipments, next_page_token) = page.list(all.into_iter());
    Ok(v1::ListShipmentsResponse { shipments, next_page_token, version })
}
