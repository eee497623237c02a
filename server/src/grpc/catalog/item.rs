//! Items as callers see them.

use backstock_engine::limits::BUNDLE_COMPONENTS_MAX;
use backstock_engine::model::{Component, Components, Item, Sale, Sku, Text};
use backstock_proto::v1;

use crate::grpc::times;
use crate::status::Violations;

/// What an update mask may name.
pub(super) const FIELDS: [&str; 6] =
    ["sku", "title", "off_sale", "waiting_units_max", "components", "opens_time"];

/// Reads an item.
pub(super) fn read(found: &mut Violations, item: &v1::Item) -> Option<Item> {
    let sku = found.taken("item.sku", Sku::new("sku", item.sku.as_str()));
    let title = found.taken("item.title", Text::new("title", item.title.as_str()));
    let sale = if item.off_sale.unwrap_or_default() { Sale::Off } else { Sale::On };
    let components = components(found, &item.components);
    let waiting_max = item.waiting_units_max;
    let opens = match &item.opens_time {
        Some(at) => Some(times::instant(found, "item.opens_time", at)?),
        None => None,
    };
    let item = Item { sku: sku?, title: title?, sale, waiting_max, components: components?, opens };
    if let Err(broken) = item.validate() {
        for violation in &broken {
            found.note(path(&violation.field), violation);
        }
        return None;
    }
    Some(item)
}

/// What a bundle is made of, as far as each of its components can be read.
fn components(found: &mut Violations, given: &[v1::Component]) -> Option<Components> {
    let component = |(at, of): (usize, &v1::Component)| {
        let field = format!("item.components[{at}].sku");
        let sku = found.taken(field, Sku::new("sku", of.sku.as_str()))?;
        Some(Component { sku, units: of.quantity })
    };
    // Collected first, so that every one that is wrong is noted.
    let read: Vec<Option<Component>> =
        given.iter().take(BUNDLE_COMPONENTS_MAX + 1).enumerate().map(component).collect();
    Some(Components(read.into_iter().collect::<Option<_>>()?))
}

/// A field of an item as the request has it: units are a quantity there.
pub(super) fn path(field: &str) -> String {
    format!("item.{}", field.replace("].units", "].quantity"))
}

/// An item as callers see it.
pub(super) fn message(item: &Item) -> v1::Item {
    v1::Item {
        sku: item.sku.to_string(),
        title: item.title.as_str().to_owned(),
        off_sale: Some(item.sale == Sale::Off),
        waiting_units_max: item.waiting_max,
        components: item.components.0.iter().map(component).collect(),
        opens_time: item.opens.map(times::timestamp),
    }
}

fn component(component: &Component) -> v1::Component {
    v1::Component { sku: component.sku.to_string(), quantity: component.units }
}
