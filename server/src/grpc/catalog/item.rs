//! Items as callers see them.

use backstock_engine::model::{Item, Sale, Sku, Text};
use backstock_proto::v1;

use crate::status::Violations;

/// What an update mask may name.
pub(super) const FIELDS: [&str; 3] = ["sku", "title", "off_sale"];

/// Reads an item.
pub(super) fn read(found: &mut Violations, item: &v1::Item) -> Option<Item> {
    let sku = found.taken("item.sku", Sku::new("sku", item.sku.as_str()));
    let title = found.taken("item.title", Text::new("title", item.title.as_str()));
    let sale = if item.off_sale { Sale::Off } else { Sale::On };
    Some(Item { sku: sku?, title: title?, sale })
}

/// An item as callers see it.
pub(super) fn message(item: &Item) -> v1::Item {
    v1::Item {
        sku: item.sku.to_string(),
        title: item.title.as_str().to_owned(),
        off_sale: item.sale == Sale::Off,
    }
}
