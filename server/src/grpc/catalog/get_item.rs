//! `GetItem`: one item.

use backstock_engine::model::Sku;
use backstock_proto::v1;
use tonic::Status;

use super::item;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetItemRequest,
) -> Result<v1::GetItemResponse, Status> {
    let v1::GetItemRequest { sku, min_version } = request;
    let mut found = Violations::default();
    let sku = found.taken("sku", Sku::new("sku", sku));
    let sku = found.converted(sku)?;
    api.reach(min_version).await?;
    let version = api.version();
    let item = api.engine().item(&sku).map_err(plain)?;
    Ok(v1::GetItemResponse { item: Some(item::message(&item)), version })
}
