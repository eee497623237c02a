//! `UpdateItem`: defines an item, changes it, or makes sure of it.

use backstock_engine::command::{DefineItem, ItemField};
use backstock_engine::engine::EngineError;
use backstock_engine::model::digest;
use backstock_proto::v1;
use prost::Message;
use tonic::Status;

use super::item;
use crate::grpc::update::{Mask, known, shown};
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
    let item = given.and_then(|given| item::read(&mut found, given));
    let (item, request_id) = found.converted(item.zip(request_id))?;
    let sku = item.sku.clone();
    // An item that is there stays as it is where the mask names the SKU alone.
    let ensures = mask.is_only("sku");
    let there = known(api.engine().item(&sku), request.allow_missing)?;
    let mut meta = api.meta(request_id, request.validate_only);
    // What stays may be another thing when the request is sent again.
    if !mask.is_whole() && !ensures {
        let given = request.item.as_ref().map(Message::encode_to_vec);
        meta.content = Some(digest::fingerprint(&(given, mask.paths())));
    }
    let keeps = keeps(mask, given);
    let is_all = keeps.is_empty();
    let command = DefineItem { keeps, ..DefineItem::new(meta, item) };
    let asked = item::message(&command.makes(there.as_deref()));
    let done = if ensures {
        api.engine().ensure_item(command).await
    } else {
        api.engine().define_item(command).await
    };
    let done = done.map_err(|error| plain(of_item(error)))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let now = || Some(item::message(&*api.engine().item(&sku).ok()?));
    // What stays may have changed since it was read here.
    let is_as_asked = request.validate_only || (is_all && !ensures);
    let item = Some(shown(asked, !is_repeat && is_as_asked, now));
    Ok(v1::UpdateItemResponse { item, version, is_repeat })
}

/// What an update leaves as it is, of an item that there is.
fn keeps(mask: Mask<'_>, given: Option<&v1::Item>) -> Vec<ItemField> {
    // Callers that are older than it do not say it, and write all else.
    let says_sale = mask.says("off_sale") && !mask.is_whole();
    let is_said = |is: fn(&v1::Item) -> bool| given.is_some_and(is);
    let says_sale = says_sale || (mask.is_whole() && is_said(|item| item.off_sale.is_some()));
    let says_opens = mask.says("opens_time");
    let says_opens = says_opens && (!mask.is_whole() || is_said(|item| item.opens_time.is_some()));
    let is_bundle = is_said(|item| !item.components.is_empty());
    let all = [
        (ItemField::Title, mask.says("title")),
        (ItemField::Sale, says_sale),
        (ItemField::WaitingMax, mask.says("waiting_units_max")),
        // Nor does a sale open for want of a word: callers may be older than that.
        (ItemField::Opens, says_opens),
        // They stay, said or not.
        (ItemField::Components, mask.says("components") && is_bundle),
    ];
    all.into_iter().filter(|(_, is_said)| !is_said).map(|(field, _)| field).collect()
}
