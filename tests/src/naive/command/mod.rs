//! The commands in the naive model: one room for each, with its outcome.

mod accept_shipment;
mod backlog_repegged;
mod bundle_moved;
mod cancel_order;
mod change_hold;
mod change_stock;
mod claim_shipment;
mod confirm_hold;
mod create_hold;
mod decline_shipment;
mod define_item;
mod define_node;
mod dispatch_transfer;
mod extend_hold;
mod holds_ended;
mod holds_prolonged;
mod order_changed;
mod order_held;
mod place_order;
mod progress_shipment;
mod recall_transfer;
mod resolve_decline;
mod sale_opened;
mod set_order_priority;
mod set_policy;
mod shipment_expired;
mod shipments_released;

use std::collections::BTreeMap;
use std::fmt;

use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Pegged};

pub use self::accept_shipment::ShipmentAccepted;
pub use self::backlog_repegged::BacklogRepegged;
pub use self::bundle_moved::BundleMoved;
pub use self::cancel_order::OrderCancelled;
pub use self::change_hold::HoldChanged;
pub use self::change_stock::StockChanged;
pub use self::claim_shipment::ShipmentClaimed;
pub use self::confirm_hold::HoldConfirmed;
pub use self::create_hold::HoldCreated;
pub use self::decline_shipment::ShipmentDeclined;
pub use self::define_item::{ItemDefined, ItemEnsured};
pub use self::define_node::NodeDefined;
pub use self::dispatch_transfer::TransferDispatched;
pub use self::extend_hold::HoldExtended;
pub use self::holds_ended::HoldsEnded;
pub use self::holds_prolonged::HoldsProlonged;
pub use self::order_changed::OrderChanged;
pub use self::order_held::{OrderHeld, OrderHoldReleased, OrderStockLetGo};
pub use self::place_order::{OrderPlaced, SoldOut, allotted};
pub use self::progress_shipment::ShipmentProgressed;
pub use self::recall_transfer::TransferRecalled;
pub use self::resolve_decline::DeclineResolved;
pub use self::sale_opened::SaleOpened;
pub use self::set_order_priority::OrderPrioritised;
pub use self::set_policy::PolicySet;
pub use self::shipment_expired::ShipmentExpired;
pub use self::shipments_released::ShipmentsReleased;
use super::hold::Units;
use super::pair::same;
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

/// Units that an event names, by line, SKU, node and supply.
fn units_of(engine: &Engine, pegs: &[Pegged]) -> Units {
    let mut units = Units::new();
    for peg in pegs {
        let sku = engine.sku_no(peg.pair.sku).to_string();
        let node = engine.node_no(peg.pair.node).id.to_string();
        *units.entry((peg.line, sku, node, peg.supply)).or_default() += peg.units;
    }
    units
}

/// Units that an order was given, by line, SKU, node and supply.
fn units_in(allotted: &[Allotted]) -> Units {
    let mut given = Units::new();
    for part in allotted {
        let at = (part.line, part.sku.clone(), part.node.clone(), part.supply);
        *given.entry(at).or_default() += part.units;
    }
    given
}

/// Refuses units that are not those which an order was given.
fn same_units(units: &Units, allotted: &[Allotted]) -> Result<(), String> {
    same("units of pairs and of their order", units, &units_in(allotted))
}
