use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;
use crate::demo::data::SuperstoreOrder;
use crate::demo::hash::spread;
use crate::demo::network::nodes;

fn shared_plan() -> DemoPlan {
    plan(Superstore::shared())
}

#[test]
fn the_plan_is_the_same_on_every_machine_and_in_every_build() {
    let text = format!("{:?}", shared_plan());
    assert_eq!(
        spread("plan", &text),
        11_984_741_249_584_909_891,
        "the plan changed: pin the new hash if that is meant"
    );
}

#[test]
fn supply_names_products_and_nodes_that_exist_and_each_pair_once() {
    let plan = shared_plan();
    let skus: HashSet<&str> =
        Superstore::shared().products.iter().map(|product| product.sku.as_str()).collect();
    let ids: HashSet<&str> = nodes().iter().map(|node| node.id).collect();
    let mut pairs = HashSet::new();
    for stock in &plan.stock {
        assert!(pairs.insert((&stock.sku, stock.node)), "{stock:?}");
        assert!(stock.safety < stock.on_hand, "{stock:?}");
        assert!(ids.contains(stock.node) && skus.contains(stock.sku.as_str()), "{stock:?}");
    }
    for inbound in &plan.inbound {
        assert!(inbound.quantity > 0 && inbound.announced < inbound.eta, "{inbound:?}");
        assert!(ids.contains(inbound.node) && skus.contains(inbound.sku.as_str()), "{inbound:?}");
    }
    let purchase_orders: HashSet<_> = plan.inbound.iter().map(|inbound| &inbound.id).collect();
    assert_eq!(purchase_orders.len(), plan.inbound.len());
    assert!(plan.feeds.iter().all(|feed| ids.contains(feed.node)));
}

/// Units on hand beyond safety and inbound, of a product over all nodes.
fn promisable(plan: &DemoPlan) -> HashMap<&str, u32> {
    let mut units = HashMap::new();
    for stock in &plan.stock {
        *units.entry(stock.sku.as_str()).or_default() += stock.on_hand - stock.safety;
    }
    for inbound in &plan.inbound {
        *units.entry(inbound.sku.as_str()).or_default() += inbound.quantity;
    }
    units
}

#[test]
fn each_class_has_the_supply_that_it_is_named_for() {
    let plan = shared_plan();
    let units = promisable(&plan);
    for (sku, demand) in demand(Superstore::shared()) {
        let supplied = units.get(sku).copied().unwrap_or(0);
        let places = plan.stock.iter().filter(|stock| stock.sku == sku).count();
        let fed = plan.feeds.iter().any(|feed| feed.sku == sku);
        match SupplyClass::of(sku) {
            SupplyClass::Deep => assert!(supplied >= demand.units && places == 11, "{sku}"),
            SupplyClass::Regional => assert!(supplied >= demand.units && places <= 2, "{sku}"),
            SupplyClass::StoreOnly => assert!(supplied >= demand.units && places <= 4, "{sku}"),
            SupplyClass::ThirdPartyOnly => assert!(supplied == demand.units && places == 1),
            SupplyClass::SupplierOnly => assert!(supplied == 0 && fed, "{sku}"),
            SupplyClass::Inbound => assert_eq!(supplied, demand.units, "{sku}"),
            SupplyClass::Short => assert!(supplied < demand.units && !fed, "{sku}"),
            SupplyClass::Nowhere => assert!(supplied == 0 && !fed, "{sku}"),
        }
    }
}

#[test]
fn every_class_has_its_products() {
    let mut counts: BTreeMap<SupplyClass, usize> = BTreeMap::new();
    for product in &Superstore::shared().products {
        *counts.entry(SupplyClass::of(&product.sku)).or_default() += 1;
    }
    let counts: Vec<_> = counts.into_iter().collect();
    let expected = [
        (SupplyClass::Deep, 1_259),
        (SupplyClass::Regional, 210),
        (SupplyClass::StoreOnly, 99),
        (SupplyClass::ThirdPartyOnly, 38),
        (SupplyClass::SupplierOnly, 105),
        (SupplyClass::Inbound, 90),
        (SupplyClass::Short, 54),
        (SupplyClass::Nowhere, 7),
    ];
    assert_eq!(counts, expected);
}

#[test]
fn the_first_customer_to_find_a_shelf_empty_finds_a_shipment_announced() {
    let store = Superstore::shared();
    for inbound in &shared_plan().inbound {
        let demand = &demand(store)[inbound.sku.as_str()];
        let on_hand = match SupplyClass::of(&inbound.sku) {
            SupplyClass::Short => demand.units / 3,
            _ => demand.units / 2,
        };
        let empty = i64::from(demand.exceeds(on_hand).unwrap().epoch_days()) * 86_400_000_000;
        assert!(inbound.announced.as_micros() < empty && empty < inbound.eta.as_micros());
    }
}

/// How an order came out, the worst of its lines last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    OneNode,
    Split,
    DropShip,
    FromInbound,
    Waits,
}

/// A plain stand-in for the engine: no distance, no cost, no capacity. One node
/// for all lines if there is one, else line by line from wherever there is any.
struct Greedy<'a> {
    nodes: Vec<&'static str>,
    free: HashMap<&'a str, BTreeMap<&'a str, u32>>,
    inbound: HashMap<&'a str, &'a DemoInbound>,
    inbound_left: HashMap<&'a str, u32>,
    feeds: HashMap<&'a str, Option<u32>>,
}

impl<'a> Greedy<'a> {
    fn new(plan: &'a DemoPlan) -> Self {
        let mut free: HashMap<&str, BTreeMap<&str, u32>> = HashMap::new();
        for stock in &plan.stock {
            let places = free.entry(&stock.sku).or_default();
            places.insert(stock.node, stock.on_hand - stock.safety);
        }
        let by_sku = |inbound: &'a DemoInbound| (inbound.sku.as_str(), inbound);
        Self {
            nodes: nodes().iter().map(|node| node.id).collect(),
            free,
            inbound: plan.inbound.iter().map(by_sku).collect(),
            inbound_left: plan.inbound.iter().map(|due| (due.sku.as_str(), due.quantity)).collect(),
            feeds: plan.feeds.iter().map(|feed| (feed.sku.as_str(), feed.quantity)).collect(),
        }
    }

    fn place(&mut self, order: &'a SuperstoreOrder) -> Outcome {
        self.receive(order);
        let wanted: BTreeMap<&str, u32> =
            order.lines.iter().fold(BTreeMap::new(), |mut wanted, line| {
                *wanted.entry(line.sku.as_str()).or_default() += line.quantity;
                wanted
            });
        let one = self.nodes.iter().copied().find(|node| self.has_all(node, &wanted));
        let mut shipping = HashSet::new();
        let mut worst = Outcome::OneNode;
        for (sku, units) in wanted {
            worst = worst.max(self.take(order, sku, units, one, &mut shipping));
        }
        if shipping.len() > 1 { worst.max(Outcome::Split) } else { worst }
    }

    fn receive(&mut self, order: &'a SuperstoreOrder) {
        for line in &order.lines {
            let due = self.inbound.get(line.sku.as_str()).filter(|due| due.eta <= order.placed_at);
            if let Some(due) = due {
                let arrived = self.inbound_left.insert(&due.sku, 0).unwrap();
                *self.free.entry(&due.sku).or_default().entry(due.node).or_default() += arrived;
            }
        }
    }

    fn has_all(&self, node: &str, wanted: &BTreeMap<&str, u32>) -> bool {
        let free = |sku: &str| self.free.get(sku)?.get(node).copied();
        wanted.iter().all(|(sku, units)| free(sku).unwrap_or(0) >= *units)
    }

    fn take(
        &mut self,
        order: &'a SuperstoreOrder,
        sku: &'a str,
        mut units: u32,
        only: Option<&'static str>,
        shipping: &mut HashSet<&'a str>,
    ) -> Outcome {
        for (node, free) in self.free.entry(sku).or_default() {
            let here = if only.is_none_or(|only| only == *node) { units.min(*free) } else { 0 };
            (*free, units) = (*free - here, units - here);
            if here > 0 {
                shipping.insert(node);
            }
        }
        if units == 0 {
            return Outcome::OneNode;
        }
        if self.feeds.get(sku).is_some_and(|feed| feed.is_none_or(|fed| fed >= units)) {
            return Outcome::DropShip;
        }
        let announced = self.inbound.get(sku).is_some_and(|due| due.announced <= order.placed_at);
        let left = self.inbound_left.entry(sku).or_default();
        if announced && *left >= units {
            *left -= units;
            return Outcome::FromInbound;
        }
        Outcome::Waits
    }
}

#[test]
fn the_orders_see_every_kind_of_promise_and_most_ship_from_one_node() {
    let plan = shared_plan();
    let mut greedy = Greedy::new(&plan);
    let mut counts: BTreeMap<Outcome, u32> = BTreeMap::new();
    for order in &Superstore::shared().orders {
        *counts.entry(greedy.place(order)).or_default() += 1;
    }
    let expected = [
        (Outcome::OneNode, 3_698),
        (Outcome::Split, 486),
        (Outcome::DropShip, 534),
        (Outcome::FromInbound, 138),
        (Outcome::Waits, 153),
    ];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
}
