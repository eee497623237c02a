//! A naive model of the engine: what it must come to, written a second time
//! without its structures, its concurrency and its care for speed.
//!
//! ```text
//!   outcomes, in version order --> admissible? --> state --> equal to the engine's?
//! ```
//! It is told what the engine answered, in the order of the versions, checks
//! that each answer was one that could be given, and predicts every quantity.

mod order;
mod pair;

use std::collections::BTreeMap;
use std::sync::Arc;

use backstock_engine::engine::Engine;
use backstock_engine::model::command::{LineCancellation, OrderRequest, StockOperation};
use backstock_engine::model::{self, Lsn, Shortage, Split, Supply, Timestamp};

use crate::fixture::{DAY, NOW, node_id, order_id, sku};
pub use order::{Grant, Order};
use pair::Pair;

/// Something that the engine said happened.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The supply of a pair changed.
    Changed {
        /// The item.
        sku: String,
        /// The node.
        node: String,
        /// How.
        operation: StockOperation,
    },
    /// An order was placed.
    Placed {
        /// What was asked for.
        wanted: OrderRequest,
        /// The engine's number for it.
        no: u64,
        /// What it was given.
        grants: Vec<Grant>,
    },
    /// Units of an order were cancelled.
    Cancelled {
        /// The order.
        order: String,
        /// Of which lines; of all when empty.
        lines: Vec<LineCancellation>,
    },
    /// A shipment left.
    Shipped {
        /// The order.
        order: String,
        /// Counted from 1.
        shipment: u16,
    },
}

/// An order that was refused for want of supply, between two versions.
#[derive(Clone, Debug)]
pub struct SoldOut {
    /// What was asked for.
    pub wanted: OrderRequest,
    /// The newest version before it was asked for.
    pub from: Lsn,
    /// The version that it was refused at.
    pub until: Lsn,
}

/// What can be promised of each SKU: the largest single offer, and all of them.
type Offers = BTreeMap<String, (i64, i64)>;

/// The model.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    pairs: BTreeMap<(String, String), Pair>,
    orders: BTreeMap<String, Order>,
    /// What could be promised at each version.
    history: BTreeMap<Lsn, Offers>,
    suppliers: Vec<String>,
}

impl Naive {
    /// A network without stock, at a version; `suppliers` are those of its nodes
    /// that ship a vendor's stock.
    pub fn new(version: Lsn, suppliers: &[&str]) -> Self {
        let suppliers = suppliers.iter().map(ToString::to_string).collect();
        let history = BTreeMap::from([(version, Offers::new())]);
        Self { history, suppliers, ..Self::default() }
    }

    /// The version that it has come to.
    pub fn version(&self) -> Lsn {
        *self.history.last_key_value().expect("it begins with a version").0
    }

    /// Takes in what happened at a version, if it could happen.
    pub fn apply(&mut self, version: Lsn, fact: &Fact) -> Result<(), String> {
        if version != self.version().next() {
            return Err(format!("after version {} comes {version}", self.version()));
        }
        let done = match fact {
            Fact::Changed { sku, node, operation } => self.pair(sku, node).change(operation),
            Fact::Placed { wanted, no, grants } => self.place(wanted, *no, grants),
            Fact::Cancelled { order, lines } => self.cancel(order, lines),
            Fact::Shipped { order, shipment } => self.ship(order, *shipment),
        };
        done.map_err(|error| format!("version {version}, {fact:?}: {error}"))?;
        let offers = self.offers();
        self.history.insert(version, offers);
        Ok(())
    }

    fn pair(&mut self, sku: &str, node: &str) -> &mut Pair {
        self.pairs.entry((sku.into(), node.into())).or_default()
    }

    fn offers(&self) -> Offers {
        let mut offers = Offers::new();
        for ((sku, _), pair) in &self.pairs {
            let (most, sum) = pair.offers(horizon());
            let known = offers.entry(sku.clone()).or_default();
            *known = (known.0.max(most), known.1 + sum);
        }
        offers
    }

    fn place(&mut self, wanted: &OrderRequest, no: u64, grants: &[Grant]) -> Result<(), String> {
        let lines = sum_lines(wanted);
        for (at, (sku, quantity)) in (0_u16..).zip(&lines) {
            let of_line = || grants.iter().filter(move |grant| grant.line == at);
            let given: u32 = of_line().map(|grant| grant.units).sum();
            let waits = of_line().any(|grant| grant.supply == Supply::Backorder);
            let whole = wanted.shortage != Some(Shortage::Partial);
            let too_much = given > *quantity || (whole && given < *quantity);
            if too_much || (waits && wanted.shortage != Some(Shortage::Backorder)) {
                return Err(format!("line {at} wants {quantity} of {sku} and was given {given}"));
            }
            let supplies = of_line().filter(|grant| grant.supply != Supply::Backorder).count();
            if wanted.split == Some(Split::WholeLine) && supplies + usize::from(waits) > 1 {
                return Err(format!("line {at} was split"));
            }
        }
        for grant in grants {
            let supplied = self.suppliers.contains(&grant.node);
            if supplied != (grant.supply == Supply::Supplier) {
                return Err(format!("a supply of another kind of node: {grant:?}"));
            }
            for _ in 0..grant.units {
                self.pair(&grant.sku, &grant.node).grant(no, grant.line, grant.supply)?;
            }
        }
        let ordered = lines.into_iter().map(|(_, quantity)| quantity).collect();
        let order = Order::new(no, ordered, grants.to_vec());
        match self.orders.insert(wanted.id.to_string(), order) {
            None => Ok(()),
            Some(_) => Err("the order was placed before".into()),
        }
    }

    fn cancel(&mut self, id: &str, lines: &[LineCancellation]) -> Result<(), String> {
        let order = self.orders.get_mut(id).ok_or("no such order")?;
        let (no, back) = (order.no, order.cancel(lines)?);
        for ((line, sku, node), units) in by_pair(&back) {
            self.pair(&sku, &node).release(no, line, units)?;
        }
        Ok(())
    }

    fn ship(&mut self, id: &str, shipment: u16) -> Result<(), String> {
        let order = self.orders.get_mut(id).ok_or("no such order")?;
        let (no, left) = (order.no, order.ship(shipment));
        if left.is_empty() {
            return Err("the shipment was empty".into());
        }
        for ((line, sku, node), units) in by_pair(&left) {
            self.pair(&sku, &node).ship(no, line, units)?;
        }
        Ok(())
    }

    /// `NO_PHANTOM_SOLD_OUT`: some version between asking and answering lacked
    /// what the order wanted.
    pub fn check_sold_out(&self, refused: &SoldOut) -> Result<(), String> {
        let versions = self.history.range(refused.from..=refused.until);
        if versions.clone().any(|(_, offers)| is_short(offers, &refused.wanted)) {
            return Ok(());
        }
        let versions: Vec<_> = versions.collect();
        Err(format!("{refused:?} could have been filled at each of {versions:?}"))
    }

    /// Compares every pair and every order with the engine's, in which nothing is
    /// in flight: what can be promised is net of claims, so that a leaked claim
    /// shows as well.
    pub async fn compare(&self, engine: &Engine) -> Result<(), String> {
        for (item, (_, sum)) in &self.offers() {
            let there = engine.availability(&sku(item), horizon()).await;
            let atp = i64::try_from(there.map_err(|e| e.to_string())?.atp).expect("not that many");
            pair::same(&format!("atp of {item}"), &atp, sum)?;
        }
        for ((item, node), pair) in &self.pairs {
            let view = engine.stock(&sku(item), &node_id(node)).await.map_err(|e| e.to_string())?;
            pair.compare(&view.stock).map_err(|error| format!("{item} at {node}: {error}"))?;
        }
        for (id, order) in &self.orders {
            let view = engine.order(&order_id(id)).await.map_err(|e| format!("{id}: {e}"))?;
            order.compare(&view.order).map_err(|error| format!("order {id}: {error}"))?;
        }
        pair::same("orders", &engine.status().orders, &self.orders.len())
    }
}

/// The instant up to which the default policy promises inbound supply.
fn horizon() -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() + 60 * DAY)
}

/// What an order as the engine answers it was given when it was placed.
pub fn grants(engine: &Engine, order: &Arc<model::Order>) -> Vec<Grant> {
    let grant = |a: &model::Allocation| Grant {
        line: a.line,
        sku: engine.sku_no(order.lines[usize::from(a.line)].sku).to_string(),
        node: engine.node_no(order.shipments[usize::from(a.shipment)].node).id.to_string(),
        shipment: a.shipment,
        supply: a.supply,
        units: a.units,
    };
    order.allocations.iter().map(grant).collect()
}

/// Lines of one SKU are one.
fn sum_lines(wanted: &OrderRequest) -> Vec<(String, u32)> {
    let mut lines = Vec::<(String, u32)>::new();
    for line in &wanted.lines.0 {
        match lines.iter_mut().find(|(sku, _)| sku == line.sku.as_str()) {
            Some((_, quantity)) => *quantity += line.quantity,
            None => lines.push((line.sku.to_string(), line.quantity)),
        }
    }
    lines
}

/// Whether an order cannot be filled as it wants to be; one that takes what
/// there is, not even in part.
fn is_short(offers: &Offers, wanted: &OrderRequest) -> bool {
    let fills = |(sku, quantity): &(String, u32)| {
        let (most, sum) = offers.get(sku).copied().unwrap_or_default();
        let partial = wanted.shortage == Some(Shortage::Partial);
        match wanted.split {
            Some(Split::WholeLine) => most >= i64::from(*quantity),
            _ => sum >= if partial { 1 } else { i64::from(*quantity) },
        }
    };
    let lines = sum_lines(wanted);
    match wanted.shortage {
        Some(Shortage::Partial) => !lines.iter().any(fills),
        _ => !lines.iter().all(fills),
    }
}

fn by_pair(units: &[Grant]) -> BTreeMap<(u16, String, String), u32> {
    let mut sums = BTreeMap::new();
    for grant in units {
        *sums.entry((grant.line, grant.sku.clone(), grant.node.clone())).or_default() +=
            grant.units;
    }
    sums
}
