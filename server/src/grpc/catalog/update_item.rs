//! `UpdateItem`: defines an item, changes it, or makes sure of it.

use backstock_engine::command::DefineItem;
use backstock_engine::engine::EngineError;
use backstock_engine::model::{Item, Sale, digest};
use backstock_proto::v1;
use prost::Message;
use tonic::Status;

use super::item;
use super::update::{Mask, known, shown};
use crate::grpc::{Api, plain};
use crate::status::Violations;

/// What the engine finds wrong with an item is a field of the request's item.
fn of_item(error: EngineError) -> EngineError {
    let EngineError::Invalid(mut found) = error else { return error };
    for violation in &mut found {
        violation.field = item::path(&violation.field);
    }
    EngineError::Invalid(found)
}

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateItemRequest,
) -> Result<v1::UpdateItemResponse, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id);
    let mask = Mask::read(&mut found, request.update_mask.as_ref(), &item::FIELDS);
    let given = found.required("item", request.item.as_ref());
    let given = given.and_then(|given| item::read(&mut found, given));
    let (mut item, request_id) = found.converted(given.zip(request_id))?;
    let sku = item.sku.clone();
    // An item that is there stays as it is where the mask names the SKU alone.
    let ensures = mask.is_only("sku");
    let known_as = || known(api.engine().item(&sku), request.allow_missing);
    // A title is written with the terms on which the item is sold: what they were is not to change
    // meanwhile.
    let lock = &api.0.changing_terms;
    let (_alone, _beside) = if changes_terms(mask, &item, known_as()?.as_deref()) {
        (Some(lock.write().await), None)
    } else {
        (None, Some(lock.read().await))
    };
    if let Some(there) = known_as()?.filter(|_| !ensures) {
        if !mask.says("off_sale") {
            item.sale = there.sale;
        }
        if !mask.says("waiting_units_max") {
            item.waiting_max = there.waiting_max;
        }
        if !mask.says("title") {
            item.title = there.title.clone();
        }
        // They stay, said or not.
        if !mask.says("components") || !item.components.is_bundle() {
            item.components = there.components.clone();
        }
    }
    let asked = item::message(&item);
    let mut meta = api.meta(request_id, request.validate_only);
    // What is merged may be another item when the request is sent again.
    if !mask.is_whole() && !ensures {
        let given = request.item.as_ref().map(Message::encode_to_vec);
        meta.content = Some(digest::fingerprint(&(given, mask.paths())));
    }
    let command = DefineItem { meta, item };
    let done = if ensures {
        api.engine().ensure_item(command).await
    } else {
        api.engine().define_item(command).await
    };
    let done = done.map_err(|error| plain(of_item(error)))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let now = || Some(item::message(&*api.engine().item(&sku).ok()?));
    let item = Some(shown(asked, !is_repeat && !ensures, now));
    Ok(v1::UpdateItemResponse { item, version, is_repeat })
}

/// Whether an update is about the terms on which an item is sold, and says others.
fn changes_terms(mask: Mask<'_>, item: &Item, there: Option<&Item>) -> bool {
    let sale = there.map_or(Sale::On, |there| there.sale);
    let waiting_max = there.and_then(|there| there.waiting_max);
    (mask.says("off_sale") && item.sale != sale)
        || (mask.says("waiting_units_max") && item.waiting_max != waiting_max)
}
