//! From the numbers of the engine to the ids of its callers, in what an event says of itself.
//!
//! | in the journal | told |
//! |---|---|
//! | `sku_no`, `sku_nos` | `sku`, `skus` |
//! | `node_no`, `node_nos` | `node_id`, `node_ids` |
//! | `order_no` beside an `order_id` or a `hold_id` | nothing: the id says it |
//! | `order_no` alone | `order_id`, or `hold_id` of a hold that nobody confirmed |
//! | `shipment`, from 0 | `shipment_number`, from 1 |
//! | `line`, from 0 | `line_index`, from 0 |
//!
//! Each also behind something, as `from_node_no`. What no caller has an id for is not told.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::model::{NodeNo, OrderId, OrderNo, SkuNo};

type Object = Map<String, Value>;

/// The ids of what has a number. None of what has none.
pub(super) trait Names {
    /// The SKU of an item.
    fn sku(&self, no: SkuNo) -> Option<String>;
    /// The id of a node.
    fn node(&self, no: NodeNo) -> Option<String>;
    /// The id of an order, or of a hold as an order.
    fn order(&self, no: OrderNo) -> Option<OrderId>;
}

/// What a field has the number of, or the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sku,
    Skus,
    Node,
    Nodes,
    Order,
    Shipment,
    Line,
}

/// What fields with numbers end with, and what they end with once they have ids.
const ENDINGS: [(&str, Kind, &str); 7] = [
    ("sku_no", Kind::Sku, "sku"),
    ("sku_nos", Kind::Skus, "skus"),
    ("node_no", Kind::Node, "node_id"),
    ("node_nos", Kind::Nodes, "node_ids"),
    ("order_no", Kind::Order, "order_id"),
    ("shipment", Kind::Shipment, "shipment_number"),
    ("line", Kind::Line, "line_index"),
];

/// Has ids where there are numbers.
pub(super) fn name(data: &mut Value, names: &dyn Names) {
    let mut known = HashMap::new();
    note_orders(data, &mut known);
    Naming { names, known }.value(data);
}

/// Notes the id that stands beside the number of an order.
fn note_orders(value: &Value, known: &mut HashMap<u64, (&'static str, Value)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| note_orders(item, known)),
        Value::Object(object) => {
            if let (Some(no), Some(id)) = (number(object.get("order_no")), id_of(object)) {
                known.insert(no, id);
            }
            object.values().for_each(|value| note_orders(value, known));
        }
        _ => {}
    }
}

/// The id of the order, or the hold, that an object is about.
fn id_of(object: &Object) -> Option<(&'static str, Value)> {
    let ids = ["order_id", "hold_id"].into_iter();
    let mut told = ids.filter_map(|key| Some((key, object.get(key).filter(|id| id.is_string())?)));
    told.next().map(|(key, id)| (key, id.clone()))
}

fn number(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::as_u64)
}

struct Naming<'a> {
    names: &'a dyn Names,
    /// Orders that the event names by number and by id: the key and the id.
    known: HashMap<u64, (&'static str, Value)>,
}

impl Naming<'_> {
    fn value(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(object) => {
                self.object(object);
                object.values_mut().for_each(|value| self.value(value));
            }
            _ => {}
        }
    }

    fn object(&self, object: &mut Object) {
        let numbered: Vec<_> = object.keys().filter_map(|key| ending(key)).collect();
        for (key, kind, named) in numbered {
            let Some(value) = object.remove(&key) else { continue };
            if kind == Kind::Order {
                self.order(object, &key, &value);
            } else if !object.contains_key(&named)
                && let Some(id) = self.id(kind, &value)
            {
                object.insert(named, id);
            }
        }
    }

    fn id(&self, kind: Kind, value: &Value) -> Option<Value> {
        match kind {
            Kind::Sku => self.sku(value),
            Kind::Node => self.node(value),
            Kind::Skus => Some(value.as_array()?.iter().filter_map(|no| self.sku(no)).collect()),
            Kind::Nodes => Some(value.as_array()?.iter().filter_map(|no| self.node(no)).collect()),
            Kind::Shipment => Some((value.as_u64()? + 1).into()),
            Kind::Line => Some(value.clone()),
            Kind::Order => None,
        }
    }

    fn sku(&self, no: &Value) -> Option<Value> {
        let no = u32::try_from(no.as_u64()?).ok()?;
        self.names.sku(SkuNo(no)).map(Value::String)
    }

    fn node(&self, no: &Value) -> Option<Value> {
        let no = u16::try_from(no.as_u64()?).ok()?;
        self.names.node(NodeNo(no)).map(Value::String)
    }

    /// The id of the order whose number stood at `key`.
    fn order(&self, object: &mut Object, key: &str, no: &Value) {
        let before = key.strip_suffix("order_no").unwrap_or_default();
        if before.is_empty() && id_of(object).is_some() {
            return;
        }
        let id = no.as_u64().and_then(|no| self.known.get(&no).cloned().or_else(|| self.find(no)));
        if let Some((key, id)) = id {
            object.insert(format!("{before}{key}"), id);
        }
    }

    fn find(&self, no: u64) -> Option<(&'static str, Value)> {
        let id = self.names.order(OrderNo(no))?;
        Some(match id.hold() {
            Some(hold) => ("hold_id", hold.as_str().into()),
            None => ("order_id", id.as_str().into()),
        })
    }
}

/// The key of a field with numbers, what they are of, and its key once it has ids.
fn ending(key: &str) -> Option<(String, Kind, String)> {
    let named = |(ending, kind, named): &(&str, Kind, &str)| {
        let before = key.strip_suffix(ending)?;
        let is_whole = before.is_empty() || before.ends_with('_');
        is_whole.then(|| (key.to_owned(), *kind, format!("{before}{named}")))
    };
    ENDINGS.iter().find_map(named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::HoldId;

    struct Numbered;

    impl Names for Numbered {
        fn sku(&self, no: SkuNo) -> Option<String> {
            Some(format!("SKU-{}", no.0))
        }

        fn node(&self, no: NodeNo) -> Option<String> {
            Some(format!("NODE-{}", no.0))
        }

        fn order(&self, no: OrderNo) -> Option<OrderId> {
            match no.0 {
                1 => OrderId::new("order_id", "WEB-1").ok(),
                2 => Some(OrderId::of_hold(&HoldId::new("hold_id", "CART-2").ok()?)),
                _ => None,
            }
        }
    }

    fn named(mut data: Value) -> Value {
        name(&mut data, &Numbered);
        data
    }

    #[test]
    fn numbers_become_ids_wherever_they_stand() {
        let data = json!({
            "sku_no": 3, "from_node_no": 1, "shipment_node_nos": [1, 2],
            "lines": [{ "sku_no": 4, "to": { "node_no": 2, "shipment": 0 }, "line": 0 }],
            "inbound_no": 7,
        });
        let expected = json!({
            "sku": "SKU-3", "from_node_id": "NODE-1", "shipment_node_ids": ["NODE-1", "NODE-2"],
            "lines": [{
                "sku": "SKU-4", "to": { "node_id": "NODE-2", "shipment_number": 1 }, "line_index": 0,
            }],
            "inbound_no": 7,
        });
        assert_eq!(named(data), expected);
    }

    #[test]
    fn an_order_is_told_by_its_id_alone() {
        let data = json!({ "order_id": "A", "order_no": 9, "pairs": [{ "order_no": 9 }] });
        let expected = json!({ "order_id": "A", "pairs": [{ "order_id": "A" }] });
        assert_eq!(named(data), expected);
        let data = json!({ "ended_order_no": 2, "hold_id": "B", "order_id": null, "order_no": 8 });
        let expected = json!({ "ended_hold_id": "CART-2", "hold_id": "B", "order_id": null });
        assert_eq!(named(data), expected);
    }

    #[test]
    fn what_has_no_id_is_not_told() {
        assert_eq!(named(json!({ "before_order_no": 5 })), json!({}));
        assert_eq!(named(json!({ "sku_no": 1, "sku": "own" })), json!({ "sku": "own" }));
    }
}
