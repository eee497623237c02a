//! Items as callers see them.

use backstock_engine::model::{Item, Sale, Sku, Text};
use backstock_proto::v1;

use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// What an update mask may name.
pub(super) const FIELDS: [&str; 4] = ["sku", "title", "off_sale", "waiting_units_max"];

/// The engine calls the fields of an item as callers do.
const NAMES: FieldNames = FieldNames::new("item.", &[]);

/// Reads an item.
pub(super) fn read(found: &mut Violations, item: &v1::Item) -> Option<Item> {
    let sku = found.taken("item.sku", Sku::new("sku", item.sku.as_str()));
    let title = found.taken("item.title", Text::new("title", item.title.as_str()));
    let sale = if item.off_sale { Sale::Off } else { Sale::On };
    let item = Item { sku: sku?, title: title?, sale, waiting_max: item.waiting_units_max };
    found.rules(item.validate(), &NAMES);
    Some(item)
}

/// An item as callers see it.
pub(super) fn message(item: &Item) -> v1::Item {
    v1::Item {
        sku: item.sku.to_string(),
        title: item.title.as_str().to_owned(),
        off_sale: item.sale == Sale::Off,
        waiting_units_max: item.waiting_max,
    }
}
