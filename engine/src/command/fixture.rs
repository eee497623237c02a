//! What tests of several folders decide on.

use crate::model::{Location, Node, NodeId, NodeKind, PostalCode, Text};

/// A node of that name and kind, which always works.
pub fn node(name: &str, kind: NodeKind) -> Node {
    Node {
        id: NodeId::new("node", name).expect("a node id"),
        kind,
        title: Text::default(),
        postal_code: PostalCode::new("postal_code", "10001").expect("a code"),
        location: Location::new(0, 0).expect("a location"),
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
