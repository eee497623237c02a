//! `UpdateItem`: defines an item, changes it, or makes sure of it.

use backstock_engine::command::DefineItem;
use backstock_proto::v1;
use tonic::Status;

use super::item;
use super::update::{Mask, known, shown};
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateItemRequest,
) -> Result<v1::UpdateItemResponse, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id);
    let mask = Mask::read(&mut found, request.update_mask.as_ref(), &item::FIELDS);
    let given = found.required("item", request.item.as_ref());
    let given = given.and_then(|given| item::read(&mut found, given));
    let (item, request_id) = found.converted(given.zip(request_id))?;
    let sku = item.sku.clone();
    known(api.engine().item(&sku), request.allow_missing)?;
    // An item that is there keeps its title where the mask names the SKU alone.
    let ensures = mask.is_only("sku");
    let asked = item::message(&item);
    let command = DefineItem { meta: api.meta(request_id, request.validate_only), item };
    let done = if ensures {
        api.engine().ensure_item(command).await
    } else {
        api.engine().define_item(command).await
    };
    let done = done.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let now = || Some(item::message(&*api.engine().item(&sku).ok()?));
    let item = Some(shown(asked, !is_repeat && !ensures, now));
    Ok(v1::UpdateItemResponse { item, version, is_repeat })
}
