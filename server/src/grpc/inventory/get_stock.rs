//! `GetStock`: one pair as it stands.

use backstock_proto::v1;
use tonic::Status;

use super::change::stock;
use super::wanted;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetStockRequest,
) -> Result<v1::GetStockResponse, Status> {
    let v1::GetStockRequest { sku, node_id, min_version } = request;
    let mut found = Violations::default();
    let pair = wanted::pair(&mut found, &sku, &node_id);
    let (sku, node) = found.converted(pair)?;
    api.reach(min_version).await?;
    let (stock, version) = stock(api, &sku, &node).await.map_err(plain)?;
    Ok(v1::GetStockResponse { stock: Some(stock), version })
}
