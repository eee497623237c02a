//! The commands in the naive model: one room for each, with its outcome.

mod backlog_repegged;
mod cancel_order;
mod change_stock;
mod define_item;
mod define_node;
mod dispatch_transfer;
mod place_order;
mod recall_transfer;
mod set_policy;
mod ship_shipment;

use std::collections::BTreeMap;
use std::fmt;

use backstock_engine::model::Lsn;

pub use self::backlog_repegged::BacklogRepegged;
pub use self::cancel_order::OrderCancelled;
pub use self::change_stock::StockChanged;
pub use self::define_item::{ItemDefined, ItemEnsured};
pub use self::define_node::NodeDefined;
pub use self::dispatch_transfer::TransferDispatched;
pub use self::place_order::{OrderPlaced, SoldOut, allotted};
pub use self::recall_transfer::TransferRecalled;
pub use self::set_policy::PolicySet;
pub use self::ship_shipment::ShipmentShipped;
use super::{Allotted, Naive};

/// Something that the engine said happened.
pub trait Fact: fmt::Debug + Send + Sync {
    /// Changes the model's state, if the fact could happen. `asked` is the newest version
    /// when the command was sent.
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String>;
}

/// Units by line, SKU and node.
fn by_pair(units: &[Allotted]) -> BTreeMap<(u16, String, String), u32> {
    let mut sums = BTreeMap::new();
    for part in units {
        *sums.entry((part.line, part.sku.clone(), part.node.clone())).or_default() += part.units;
    }
    sums
}
