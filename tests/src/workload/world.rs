//! What a generator knows of what it sent: commands are about what earlier ones made.

use backstock_engine::command::{DispatchTransfer, OrderRequest};
use backstock_engine::model::InboundId;

use super::{LATE_NODE, LATE_SKU, NODES, SKUS};
use crate::seed::Random;

/// The last orders: most commands on orders are on one of so many.
const LAST: usize = 8;

/// What commands are drawn from.
pub(super) struct World {
    pub random: Random,
    /// Sets the names of this generator apart from those of others.
    name: String,
    /// Commands drawn.
    pub made: u32,
    /// Orders that were sent, whatever became of them.
    pub orders: Vec<OrderRequest>,
    /// Inbound supplies that were announced, whatever became of them.
    pub announced: Vec<(&'static str, &'static str, InboundId)>,
    /// Transfers that were dispatched, whatever became of them.
    pub transfers: Vec<DispatchTransfer>,
}

impl World {
    /// A world in which nothing was sent yet; `name` begins all ids of it.
    pub fn new(random: Random, name: &str) -> Self {
        let (orders, announced, transfers) = (Vec::new(), Vec::new(), Vec::new());
        Self { random, name: name.into(), made: 0, orders, announced, transfers }
    }

    /// An id that no other command made.
    pub fn id(&self, kind: &str) -> String {
        format!("{}-{kind}{}", self.name, self.made)
    }

    /// An item; seldom one that may not be defined.
    pub fn sku(&mut self) -> &'static str {
        if self.random.percent(5) { LATE_SKU } else { self.random.pick::<&str>(&SKUS) }
    }

    /// A node that holds stock; seldom one that may not be defined.
    pub fn node(&mut self) -> &'static str {
        if self.random.percent(5) { LATE_NODE } else { self.random.pick::<&str>(&NODES) }
    }

    /// A supply that was announced, or a transfer that was dispatched; there is one.
    pub fn supply(&mut self) -> (&'static str, &'static str, InboundId) {
        let transfers = self.announced.iter().filter(|(_, _, id)| id.as_str().contains("tr-"));
        let transfers: Vec<_> = transfers.cloned().collect();
        let of = if self.random.percent(25) && !transfers.is_empty() {
            &transfers
        } else {
            &self.announced
        };
        self.random.pick(of).clone()
    }

    /// An order that was sent: mostly one of the last.
    pub fn order(&mut self) -> Option<OrderRequest> {
        let first =
            if self.random.percent(70) { self.orders.len().saturating_sub(LAST) } else { 0 };
        let of = &self.orders[first..];
        if of.is_empty() { None } else { Some(self.random.pick(of).clone()) }
    }
}
