//! Commands, and what they are about, for tests of several folders.

use crate::command::{
    ChangeStock, DefineItem, DefineNode, LineRequest, Lines, Meta, NodeDefinition, OrderRequest,
    PlaceOrder, StockOperation,
};
use crate::model::{
    Item, Location, Node, NodeId, NodeKind, OrderId, PostalCode, RequestId, Shortage, Sku, Text,
    Timestamp,
};

/// When the commands are taken.
pub const AT: Timestamp = Timestamp::from_micros(1_795_435_200_000_000);

/// Without a key.
pub fn meta() -> Meta {
    Meta { request_id: None, content: None, origin: None, at: AT, validate_only: false }
}

/// With that key.
pub fn keyed(key: &str) -> Meta {
    Meta { request_id: RequestId::new("request_id", key).ok(), ..meta() }
}

/// The SKU of that name.
pub fn sku(name: &str) -> Sku {
    Sku::new("sku", name).expect("a sku")
}

/// The id of that name.
pub fn node_id(name: &str) -> NodeId {
    NodeId::new("node", name).expect("a node id")
}

fn code() -> PostalCode {
    PostalCode::new("postal_code", "00000").expect("a code")
}

/// A node of that name and kind, which always works.
pub fn definition(name: &str, kind: NodeKind) -> NodeDefinition {
    NodeDefinition {
        id: node_id(name),
        kind,
        title: Text::default(),
        postal_code: code(),
        time_zone: "UTC".into(),
        working_days: 0b111_1111,
        cut_off_minute: 0,
        holidays: Vec::new(),
        capacity_units_per_day: 1,
        shipment_cost: 0,
        unit_cost: 0,
        lead_time_days: 0,
        enabled: true,
    }
}

/// The same, where it is.
pub fn located(name: &str, kind: NodeKind) -> Node {
    definition(name, kind).at(Location::new(0, 0).expect("a location"))
}

/// Defines a warehouse of that name, which always works.
pub fn node(name: &str) -> DefineNode {
    DefineNode { meta: meta(), node: definition(name, NodeKind::Warehouse) }
}

/// Defines an item without a title.
pub fn item(name: &str) -> DefineItem {
    DefineItem { meta: meta(), item: Item { sku: sku(name), title: Text::default() } }
}

/// Changes the supply of a pair.
pub fn change(name: &str, node: &str, operation: StockOperation) -> ChangeStock {
    ChangeStock { meta: meta(), sku: sku(name), node: node_id(node), operation }
}

/// One unit more.
pub fn receive(name: &str, node: &str) -> ChangeStock {
    change(name, node, StockOperation::Receive { quantity: 1, unavailable: 0 })
}

/// The order `O` of one unit of the item `A`, which is not to wait.
pub fn order() -> PlaceOrder {
    let order = OrderRequest {
        id: OrderId::new("order", "O").expect("an order id"),
        customer: None,
        channel: None,
        postal_code: code(),
        service: None,
        deliver_by: None,
        shortage: Some(Shortage::Reject),
        split: None,
        lines: Lines([LineRequest { sku: sku("A"), quantity: 1 }].into_iter().collect()),
    };
    PlaceOrder { meta: meta(), placed_at: None, order }
}
