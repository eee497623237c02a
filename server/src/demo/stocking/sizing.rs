//! How much of a product lies where, class by class.

use backstock_engine::model::{Day, Timestamp};

use super::{Demand, DemoFeed, DemoInbound, DemoPlan, DemoStock, SupplyClass};
use crate::demo::data::SuperstoreProduct;
use crate::demo::hash::spread_below;
use crate::demo::network::{THIRD_PARTY_ID, store_ids, supplier_id, warehouse_ids};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// Inbound supply is announced this long before it is due: a sea freight. It is
/// longer than [`LATE_DAYS_MAX`], so that the first order that finds a shelf empty
/// finds the shipment announced.
const ANNOUNCED_DAYS_AHEAD: u16 = 45;

/// Inbound supply is due 10 to 40 days after the shelf is empty.
const LATE_DAYS_MIN: u16 = 10;
const LATE_DAYS_MAX: u16 = 40;
const _: () = assert!(LATE_DAYS_MIN < LATE_DAYS_MAX && LATE_DAYS_MAX < ANNOUNCED_DAYS_AHEAD);

/// Trucks unload at 14:00 UTC: between 6 and 10 in the morning by the clocks of
/// the network.
const UNLOADED_AT_US: i64 = 14 * 60 * 60 * 1_000_000;

/// No line of an order wants more: a node with as many can serve any one line.
const LINE_UNITS_MAX: u32 = 14;

/// Warehouses keep this back of what lies deep, for counts that are off.
const WAREHOUSE_SAFETY_UNITS: u32 = 2;

/// A store keeps one on the shelf for customers who walk in.
const STORE_SAFETY_UNITS: u32 = 1;

/// Units of a deep product in each of the stores that carry it.
const STORE_SHELF_UNITS: u32 = 4;

pub(super) fn supply(plan: &mut DemoPlan, product: &SuperstoreProduct, demand: &Demand) {
    let mut stocker = Stocker { plan, product };
    match SupplyClass::of(&product.sku) {
        SupplyClass::Deep => stocker.deep(demand.units),
        SupplyClass::Regional => stocker.regional(demand.units),
        SupplyClass::StoreOnly => stocker.store_only(demand.units),
        SupplyClass::ThirdPartyOnly => stocker.on_hand(THIRD_PARTY_ID, demand.units, 0),
        SupplyClass::SupplierOnly => stocker.feed(None),
        SupplyClass::Inbound => stocker.inbound_later(demand),
        SupplyClass::Short => stocker.short(demand),
        SupplyClass::Nowhere => {}
    }
}

/// Adds supply of one product to the plan.
struct Stocker<'a> {
    plan: &'a mut DemoPlan,
    product: &'a SuperstoreProduct,
}

impl Stocker<'_> {
    fn deep(&mut self, demanded: u32) {
        let each = demanded.div_ceil(2).max(LINE_UNITS_MAX) + WAREHOUSE_SAFETY_UNITS;
        for warehouse in warehouse_ids() {
            self.on_hand(warehouse, each, WAREHOUSE_SAFETY_UNITS);
        }
        for store in self.pick("stores of", store_ids(), 4) {
            self.on_hand(store, STORE_SHELF_UNITS, STORE_SAFETY_UNITS);
        }
        if self.spread("also dropped by the supplier", 10) == 0 {
            self.feed(Some(demanded.div_ceil(4)));
        }
    }

    /// The first warehouse could serve all demand; the second, of every other
    /// product, half of it.
    fn regional(&mut self, demanded: u32) {
        let warehouses = 1 + self.spread("warehouses of", 2) as usize;
        let quantities = [demanded, demanded.div_ceil(2)];
        let picked = self.pick("warehouses from", warehouse_ids(), warehouses);
        for (warehouse, quantity) in picked.into_iter().zip(quantities) {
            self.on_hand(warehouse, quantity, 0);
        }
    }

    fn store_only(&mut self, demanded: u32) {
        let stores = 2 + self.spread("stores of", 3);
        for store in self.pick("stores from", store_ids(), stores as usize) {
            self.on_hand(store, demanded.div_ceil(stores), 0);
        }
    }

    fn inbound_later(&mut self, demand: &Demand) {
        let on_hand = demand.units / 2;
        self.at_one_warehouse(demand, on_hand, demand.units - on_hand);
    }

    fn short(&mut self, demand: &Demand) {
        self.at_one_warehouse(demand, demand.units / 3, demand.units / 3);
    }

    fn at_one_warehouse(&mut self, demand: &Demand, on_hand: u32, inbound: u32) {
        for warehouse in self.pick("warehouse of", warehouse_ids(), 1) {
            self.on_hand(warehouse, on_hand, 0);
            if let Some(empty) = demand.exceeds(on_hand) {
                self.inbound(warehouse, inbound, empty);
            }
        }
    }

    fn on_hand(&mut self, node: &'static str, on_hand: u32, safety: u32) {
        if on_hand > 0 {
            let sku = self.product.sku.clone();
            self.plan.stock.push(DemoStock { sku, node, on_hand, safety });
        }
    }

    fn inbound(&mut self, node: &'static str, quantity: u32, empty: Day) {
        if quantity == 0 {
            return;
        }
        let spread = self.spread("days late", u32::from(LATE_DAYS_MAX - LATE_DAYS_MIN) + 1);
        let late_days = i64::from(LATE_DAYS_MIN) + i64::from(spread);
        let empty_us = i64::from(empty.epoch_days()) * DAY_US;
        let eta = Timestamp::from_micros(empty_us + late_days * DAY_US + UNLOADED_AT_US);
        self.plan.inbound.push(DemoInbound {
            id: format!("PO-{}", self.product.sku),
            sku: self.product.sku.clone(),
            node,
            quantity,
            announced: eta.saturating_add_micros(-i64::from(ANNOUNCED_DAYS_AHEAD) * DAY_US),
            eta,
        });
    }

    fn feed(&mut self, quantity: Option<u32>) {
        let node = supplier_id(self.product.category);
        self.plan.feeds.push(DemoFeed { sku: self.product.sku.clone(), node, quantity });
    }

    fn spread(&self, purpose: &str, bound: u32) -> u32 {
        spread_below(purpose, &self.product.sku, bound)
    }

    /// So many neighbours in the list of nodes, which wraps around.
    fn pick(
        &self,
        purpose: &str,
        nodes: impl ExactSizeIterator<Item = &'static str>,
        count: usize,
    ) -> Vec<&'static str> {
        let nodes: Vec<_> = nodes.collect();
        let first = self.spread(purpose, u32::try_from(nodes.len()).unwrap_or(u32::MAX)) as usize;
        nodes.into_iter().cycle().skip(first).take(count).collect()
    }
}
