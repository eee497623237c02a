//! `GetOrder`: an order as it stands.

use backstock_proto::v1;
use tonic::Status;

use super::{read_id, view};
use crate::grpc::{Api, plain};

pub(super) async fn handle(
    api: &Api,
    request: v1::GetOrderRequest,
) -> Result<v1::GetOrderResponse, Status> {
    let v1::GetOrderRequest { order_id, min_version } = request;
    let id = read_id(order_id)?;
    api.reach(min_version).await?;
    let order = api.engine().order(&id).await.map_err(plain)?;
    let version = order.version.get();
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::GetOrderResponse { order: Some(order), version })
}
