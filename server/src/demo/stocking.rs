//! What the network holds when the demo starts, and what arrives later.
//!
//! The plan knows the demand of the four years to come, product by product, and
//! is sized against it so that each kind of promise is seen: most orders ship
//! from one node, some split, some are drop-shipped, some rest on a shipment
//! on its way, and some wait. A hash of the SKU decides which product is which;
//! nothing is drawn at random.

mod sizing;

use std::collections::BTreeMap;

use backstock_engine::model::{Day, Timestamp};

use super::data::Superstore;
use super::hash::spread_below;

/// How a product is supplied. Each has its share of the products, in
/// [`SupplyClass::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SupplyClass {
    /// In every warehouse, each of which could serve half of all demand, and in
    /// some stores. Nearly every order of it ships from one node.
    Deep,
    /// In one or two warehouses, enough for all demand: orders that also want
    /// something else may split.
    Regional,
    /// On the shelves of a few stores, just enough for all demand.
    StoreOnly,
    /// At the third party only, enough for all demand.
    ThirdPartyOnly,
    /// Made to order: the supplier drop-ships any quantity.
    SupplierOnly,
    /// Half of demand in one warehouse, and the rest inbound to it, due after
    /// the first half has run out.
    Inbound,
    /// Supply short of demand for good: a third on hand, a third inbound.
    Short,
    /// Listed and never supplied: every order waits.
    Nowhere,
}

impl SupplyClass {
    /// The class of a SKU: the shares are in thousandths and sum to 1,000.
    pub fn of(sku: &str) -> Self {
        const SHARES: [(SupplyClass, u32); 8] = [
            (SupplyClass::Deep, 680),
            (SupplyClass::Regional, 120),
            (SupplyClass::StoreOnly, 50),
            (SupplyClass::ThirdPartyOnly, 20),
            (SupplyClass::SupplierOnly, 50),
            (SupplyClass::Inbound, 50),
            (SupplyClass::Short, 25),
            (SupplyClass::Nowhere, 5),
        ];
        let mut left = spread_below("supply class", sku, 1_000);
        for (class, share) in SHARES {
            if left < share {
                return class;
            }
            left -= share;
        }
        Self::Nowhere
    }
}

/// Units of a product at a node when the demo starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoStock {
    /// The product id.
    pub sku: String,
    /// The node id.
    pub node: &'static str,
    /// Units there, at least 1.
    pub on_hand: u32,
    /// Units of them that are withheld from promising, below `on_hand`.
    pub safety: u32,
}

/// Units on their way to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoInbound {
    /// The id of the purchase order, unique in the plan.
    pub id: String,
    /// The product id.
    pub sku: String,
    /// The node id.
    pub node: &'static str,
    /// Units, at least 1.
    pub quantity: u32,
    /// The instant from which it may be promised: an order before it sees no
    /// such supply. Not after `eta`.
    pub announced: Timestamp,
    /// The instant at which it arrives, and becomes stock on hand.
    pub eta: Timestamp,
}

/// What a supplier says that it can drop-ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoFeed {
    /// The product id.
    pub sku: String,
    /// The supplier's node id.
    pub node: &'static str,
    /// Units; `None` is unlimited.
    pub quantity: Option<u32>,
}

/// All supply of the demo, each list in the order of the products.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoPlan {
    /// On hand at the start; a product and a node at most once.
    pub stock: Vec<DemoStock>,
    /// On its way at some time.
    pub inbound: Vec<DemoInbound>,
    /// At suppliers.
    pub feeds: Vec<DemoFeed>,
}

/// What the orders will want of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Demand {
    /// Of all lines of all orders.
    units: u32,
    /// The day and units of each line, ascending by day.
    lines: Vec<(Day, u32)>,
}

/// The supply for all products of `store`, sized against its orders.
pub fn plan(store: &Superstore) -> DemoPlan {
    let demand = demand(store);
    let mut plan = DemoPlan::default();
    for product in &store.products {
        // Every product is here because some line named it.
        if let Some(demand) = demand.get(product.sku.as_str()) {
            sizing::supply(&mut plan, product, demand);
        }
    }
    plan
}

fn demand(store: &Superstore) -> BTreeMap<&str, Demand> {
    let mut demand: BTreeMap<&str, Demand> = BTreeMap::new();
    for order in &store.orders {
        for line in &order.lines {
            let fresh = || Demand { units: 0, lines: Vec::new() };
            let wanted = demand.entry(line.sku.as_str()).or_insert_with(fresh);
            wanted.units += line.quantity;
            wanted.lines.push((order.date, line.quantity));
        }
    }
    demand
}

impl Demand {
    /// The first day on which more than `units` have been wanted in all; `None`
    /// when they suffice for ever.
    fn exceeds(&self, units: u32) -> Option<Day> {
        let mut wanted = 0;
        let exceeding = self.lines.iter().find(|(_, quantity)| {
            wanted += quantity;
            wanted > units
        });
        exceeding.map(|(day, _)| *day)
    }
}

#[cfg(test)]
mod tests;
