//! What an event is about: the orders and holds that it names, and all that it changes.
//!
//! | subject | of |
//! |---|---|
//! | `orders/ID`, `holds/ID`, `partners/ID` | orders, holds and partners that the event names |
//! | `items/SKU`, `nodes/ID`, `policy` | configuration that it changes |
//! | `price_lists/ID`, `promotions/ID`, `taxes`, `shipping_rates` | the same, of prices |
//! | `stock/SKU/ID` | a SKU at a node that it changes |
//!
//! In this order. Within an id, `%` is `%25` and `/` is `%2F`.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use super::names::Names;
use crate::command::AnyEvent;
use crate::model::effect::{Configuration, Effect};
use crate::model::{Pair, Unpackable};
use crate::pricing::PricingChange;
use crate::transaction::written::Written;

/// The subjects of an event that says `data` of itself, each once.
///
/// # Errors
/// When the order in it does not unpack.
pub(super) fn subjects(
    event: AnyEvent,
    data: &Value,
    names: &dyn Names,
) -> Result<Vec<String>, Unpackable> {
    let mut found = Found::default();
    found.of_data(data);
    match event.replay(None)?.0 {
        Written::Placed(placed) => {
            placed.reserves.iter().for_each(|reserve| found.pair(reserve.pair, names));
        }
        Written::Other(recorded) => {
            let effects = &recorded.effects;
            for effect in effects {
                found.configuration(effect, names);
            }
            for effect in effects {
                found.stock(effect, names);
            }
        }
    }
    Ok(found.subjects)
}

/// What fields with ids end with, and what these are of.
const NAMED: [(&str, &str); 5] = [
    ("order_id", "orders"),
    ("hold_id", "holds"),
    ("partner_id", "partners"),
    ("price_list_id", "price_lists"),
    ("promotion_id", "promotions"),
];

#[derive(Default)]
struct Found {
    subjects: Vec<String>,
    seen: HashSet<String>,
    last: Option<Pair>,
}

impl Found {
    fn add(&mut self, kind: &str, id: &str) {
        let subject = format!("{kind}/{}", escaped(id));
        if self.seen.insert(subject.clone()) {
            self.subjects.push(subject);
        }
    }

    /// Orders, holds, partners, price lists and promotions that are named in it.
    fn of_data(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.of_data(item)),
            Value::Object(object) => {
                for (ending, kind) in NAMED {
                    let ids = object.iter().filter(|(key, _)| key.ends_with(ending));
                    ids.filter_map(|(_, id)| id.as_str()).for_each(|id| self.add(kind, id));
                }
                object.values().for_each(|value| self.of_data(value));
            }
            _ => {}
        }
    }

    fn configuration(&mut self, effect: &Effect, names: &dyn Names) {
        let Effect::Configuration(changed) = effect else { return };
        match changed {
            Configuration::Item(_, item) => self.add("items", item.sku.as_str()),
            Configuration::Opened(no, _) => {
                names.sku(*no).iter().for_each(|sku| self.add("items", sku));
            }
            Configuration::Node(_, node) => self.add("nodes", node.id.as_str()),
            Configuration::Paused(no, _) => {
                names.node(*no).iter().for_each(|node| self.add("nodes", node));
            }
            Configuration::Policy(_) => self.subjects.push("policy".to_owned()),
            Configuration::Pricing(change) => self.pricing(change),
            Configuration::ReturnPolicy(_) => self.subjects.push("return_policy".to_owned()),
            Configuration::Assortment(_) => self.subjects.push("assortment".to_owned()),
        }
    }

    /// Lists and promotions are named in the event.
    fn pricing(&mut self, change: &PricingChange) {
        let subject = match change {
            PricingChange::Taxes(_) | PricingChange::Categories(_) => "taxes",
            PricingChange::Shipping(_) => "shipping_rates",
            PricingChange::List(..) | PricingChange::Prices(..) | PricingChange::Promotion(..) => {
                return;
            }
        };
        self.subjects.push(subject.to_owned());
    }

    fn stock(&mut self, effect: &Effect, names: &dyn Names) {
        if let Effect::Stock(pair, _) = effect {
            self.pair(*pair, names);
        }
    }

    /// What is reserved of a pair stands together, mostly.
    fn pair(&mut self, pair: Pair, names: &dyn Names) {
        if self.last.replace(pair) == Some(pair) {
            return;
        }
        if let (Some(sku), Some(node)) = (names.sku(pair.sku), names.node(pair.node)) {
            self.add(&format!("stock/{}", escaped(&sku)), &node);
        }
    }
}

/// An id as a part of a subject.
fn escaped(id: &str) -> Cow<'_, str> {
    if id.contains(['/', '%']) {
        Cow::Owned(id.replace('%', "%25").replace('/', "%2F"))
    } else {
        Cow::Borrowed(id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn orders_and_holds_are_found_wherever_they_are_named() {
        let mut found = Found::default();
        found.of_data(&json!({
            "hold_id": "H", "order_id": "A", "ended_hold_id": "G", "lines": [{ "order_id": "B" }],
            "owner_id": "nobody",
        }));
        assert_eq!(found.subjects, ["orders/A", "holds/G", "holds/H", "orders/B"]);
        found.of_data(&json!({ "order_id": "A" }));
        assert_eq!(found.subjects.len(), 4, "each once");
    }

    #[test]
    fn an_id_is_one_part_of_a_subject() {
        assert_eq!(escaped("WEB/1 50%"), "WEB%2F1 50%25");
        assert_eq!(escaped("WEB-1"), "WEB-1");
    }
}
