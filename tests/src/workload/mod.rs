//! Random commands on a small network, and what they come to.
//!
//! ```text
//!   seed --> Mixture: a weight for each command
//!              |
//!              v
//!   World --> Generator --> Command --> run: the engine --> Outcome --> History
//! ```
//! Few items at few nodes and a supplier: small enough that every command meets the
//! others. A command's room here says how it is drawn, sent, and told to the naive model.
//! To add one: its room, its `mod` line, and its line in the list of [`Command`].

mod accept_shipment;
mod cancel_order;
mod change_hold;
mod change_order;
mod change_stock;
mod claim_shipment;
mod command;
mod confirm_hold;
mod create_hold;
mod decline_shipment;
mod define_item;
mod define_node;
mod dispatch_transfer;
mod ensure_item;
mod extend_hold;
mod generator;
mod history;
mod hold_order;
mod place_order;
mod progress_shipment;
mod recall_transfer;
mod release_hold;
mod release_order_hold;
mod release_wave;
mod resolve_decline;
mod set_order_priority;
mod set_policy;
mod world;

use backstock_engine::command::{DefineItem, NodeDefinition};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Item, Lsn, NodeKind};

pub use self::command::{Command, Outcome, run};
pub use self::generator::{Generator, Mixture};
pub use self::history::{Answers, History, unmet};
use crate::fixture::{bundle, define_items, define_nodes, item, meta, node};
use crate::naive::Naive;

/// The items that are defined before a run.
pub const SKUS: [&str; 3] = ["BLOUSE", "SCARF", "SOCKS"];
/// An item that is no component, and whose sale opens now and then.
pub const DROP: &str = "GOWN";

/// The bundles that are defined before a run, with what they are made of.
pub const BUNDLES: [(&str, &[(&str, u32)]); 2] =
    [("SET", &[("BLOUSE", 1), ("SOCKS", 2)]), ("GIFT", &[("SCARF", 1), ("BLOUSE", 1)])];

/// An item that is defined in the course of a run, or never.
const LATE_SKU: &str = "SHAWL";

/// The channels that orders come in by, if they say so.
pub const CHANNELS: [&str; 2] = ["web", "store"];

/// The nodes that hold stock and are defined before a run.
pub const NODES: [&str; 3] = ["EAST", "WEST", "STORE"];
/// A node that is defined in the course of a run, or never.
const LATE_NODE: &str = "ANNEX";
/// The node that ships a vendor's stock.
pub const SUPPLIER: &str = "VENDOR";

/// The nodes that are defined before a run.
fn nodes() -> Vec<NodeDefinition> {
    [NODES[0], NODES[1], NODES[2], SUPPLIER].into_iter().map(node_of).collect()
}

/// A node of the network as it is defined at first.
fn node_of(name: &str) -> NodeDefinition {
    let (kind, code) = match name {
        "EAST" => (NodeKind::Warehouse, 5),
        "WEST" => (NodeKind::ThirdParty, 20),
        SUPPLIER => (NodeKind::Supplier, 50),
        _ => (NodeKind::Store, 1),
    };
    let pickup = (kind == NodeKind::Store).into();
    NodeDefinition { pickup, ..node(name, kind, code) }
}

fn bundles() -> impl Iterator<Item = Item> {
    BUNDLES.into_iter().map(|(name, components)| bundle(name, components))
}

/// Defines the network and its items; answers with the version.
pub async fn define(engine: &Engine) -> Lsn {
    define_nodes(engine, &nodes()).await;
    define_items(engine, &SKUS).await;
    define_items(engine, &[DROP]).await;
    for item in bundles() {
        let command = DefineItem::new(meta(), item);
        engine.define_item(command).await.expect("the bundle is defined");
    }
    engine.status().applied
}

/// The naive model of the network that [`define`] defines.
pub fn naive(version: Lsn) -> Naive {
    let items = SKUS.iter().chain([&DROP]).map(|name| item(name)).chain(bundles()).collect();
    Naive::new(version, nodes(), items)
}
