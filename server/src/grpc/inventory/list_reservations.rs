//! `ListReservations`: the orders and holds that have a right to units of a pair.

use backstock_engine::engine::EngineError;
use backstock_engine::model::{NodeId, OrderId, Reservation, Sku, Stock};
use backstock_proto::v1;
use tonic::Status;

use super::{view, wanted};
use crate::grpc::pages::Page;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListReservationsRequest,
) -> Result<v1::ListReservationsResponse, Status> {
    let mut found = Violations::default();
    let pair = wanted::pair(&mut found, &request.sku, &request.node_id);
    let page = Page::read(&mut found, request.page_size, &request.page_token);
    let ((sku, node), page) = found.converted(pair.zip(page))?;
    api.reach(request.min_version).await?;
    reservations(api, &sku, &node, page).await.map_err(plain)
}

async fn reservations(
    api: &Api,
    sku: &Sku,
    id: &NodeId,
    page: Page,
) -> Result<v1::ListReservationsResponse, EngineError> {
    let pair = api.engine().stock(sku, id).await?;
    let (read, next_page_token) = page.list(pair.stock.reservations.iter());
    let mut reservations = Vec::with_capacity(read.len());
    for reservation in read {
        reservations.push(message(api, &pair.stock, reservation).await?);
    }
    let version = pair.version.get();
    Ok(v1::ListReservationsResponse { reservations, next_page_token, version })
}

async fn message(
    api: &Api,
    stock: &Stock,
    reservation: Reservation,
) -> Result<v1::Reservation, EngineError> {
    let order = api.engine().order_id(reservation.order).await?;
    let hold = order.as_ref().and_then(OrderId::hold);
    let order = order.filter(|_| hold.is_none());
    Ok(v1::Reservation {
        order_id: order.map(|id| id.to_string()).unwrap_or_default(),
        line_index: reservation.line.into(),
        quantity: reservation.units.into(),
        supply: Some(view::supply_of(stock, reservation.supply)),
        hold_id: hold.map(|id| id.to_string()).unwrap_or_default(),
    })
}
