//! `GetAssortment`: what is said of an item.

use backstock_engine::model::Sku;
use backstock_proto::v1;
use tonic::Status;

use super::style::{associated_message, message};
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetAssortmentRequest,
) -> Result<v1::GetAssortmentResponse, Status> {
    let mut found = Violations::default();
    let sku = found.id("sku", &request.sku, Sku::new);
    let sku = found.finish(sku)?;
    api.reach(request.min_version).await?;
    let version = api.version();
    let engine = api.engine();
    let no = engine.number_of(&sku).map_err(plain)?;
    let assorted = engine.assortment();
    let (assortment, name) = (assorted.assortment(), |no| engine.sku_no(no).to_string());
    let of_it = assortment.associations_of(no).iter();
    Ok(v1::GetAssortmentResponse {
        style: assortment.style_of(no).map(|style| message(style, name)),
        associations: of_it.map(|of| associated_message(*of, name)).collect(),
        version,
    })
}
