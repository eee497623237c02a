//! Items as callers see them.

use backstock_engine::model::{Item, Sku, Text};
use backstock_proto::v1;

use crate::status::Violations;

/// What an update mask may name.
pub(super) const FIELDS: [&str; 2] = ["sku", "title"];

/// Reads an item.
pub(super) fn read(found: &mut Violations, item: &v1::Item) -> Option<Item> {
    let sku = found.taken("item.sku", Sku::new("sku", item.sku.as_str()));
    let title = found.taken("item.title", Text::new("title", item.title.as_str()));
    Some(Item { sku: sku?, title: title? })
}

/// An item as callers see it.
pub(super) fn message(item: &Item) -> v1::Item {
    v1::Item { sku: item.sku.to_string(), title: item.title.as_str().to_owned() }
}
