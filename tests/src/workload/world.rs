//! What a generator knows of what it sent: commands are about what earlier ones made.

use backstock_engine::command::{CreateHold, DispatchTransfer, OrderRequest};
use backstock_engine::model::{InboundId, OrderId, Timestamp};

use super::{BUNDLES, DROP, LATE_NODE, LATE_SKU, NODES, SKUS};
use crate::fixture::{DAY, NOW};
use crate::seed::Random;

/// The last orders, transfers and holds: most commands on them are on one of so many.
const LAST: usize = 8;

/// Before the next command, up to so many microseconds pass. A run of some hundred commands
/// takes some minutes: holds lapse in it, and the day is the same one at its end.
const STEP_US_MAX: u32 = 4_000_000;

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
    /// Shipments of orders that are collected which were declined, whatever became of that.
    pub declined: Vec<(OrderId, u16)>,
    /// Holds that were to be created, whatever became of them.
    pub holds: Vec<CreateHold>,
    /// What time it is.
    pub now: Timestamp,
}

impl World {
    /// A world in which nothing was sent yet; `name` begins all ids of it.
    pub fn new(random: Random, name: &str) -> Self {
        let (orders, announced, transfers) = (Vec::new(), Vec::new(), Vec::new());
        let (name, holds) = (name.into(), Vec::new());
        Self {
            random,
            name,
            made: 0,
            declined: Vec::new(),
            orders,
            announced,
            transfers,
            holds,
            now: NOW,
        }
    }

    /// Another command is about to be drawn: some time passed.
    pub fn go_on(&mut self) {
        self.made += 1;
        self.now = self.now.saturating_add_micros(self.random.within(0..STEP_US_MAX).into());
    }

    /// Noon of the day on which it is, or was last.
    pub fn noon(&self) -> Timestamp {
        let days = (self.now.as_micros() - NOW.as_micros()) / DAY;
        NOW.saturating_add_micros(days * DAY)
    }

    /// The name of one of few owners of holds. Generators of one name share them.
    pub fn owner(&mut self) -> String {
        format!("{}-owner{}", self.name, self.random.within(0..3))
    }

    /// An id that no other command made.
    pub fn id(&self, kind: &str) -> String {
        format!("{}-{kind}{}", self.name, self.made)
    }

    /// An item; seldom one that may not be defined.
    pub fn sku(&mut self) -> &'static str {
        match self.random.within(0..100) {
            0..5 => LATE_SKU,
            5..20 => DROP,
            _ => self.random.pick::<&str>(&SKUS),
        }
    }

    /// An item to order: now and then a bundle.
    pub fn wanted(&mut self) -> &'static str {
        if self.random.percent(20) {
            let (name, _): (&str, _) = *self.random.pick(&BUNDLES);
            return name;
        }
        self.sku()
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
        last(&mut self.random, &self.orders)
    }

    /// An order that is collected: mostly one of the last.
    pub fn collected(&mut self) -> Option<OrderRequest> {
        let all = self.orders.iter().filter(|order| order.destination.pickup().is_some());
        let all: Vec<_> = all.cloned().collect();
        last(&mut self.random, &all)
    }

    /// A shipment of an order that is collected which was declined: mostly one of the last.
    pub fn declined(&mut self) -> Option<(OrderId, u16)> {
        last(&mut self.random, &self.declined)
    }

    /// A transfer that was dispatched: mostly one of the last.
    pub fn transfer(&mut self) -> Option<DispatchTransfer> {
        last(&mut self.random, &self.transfers)
    }

    /// A hold that was to be created: mostly one of the last.
    pub fn hold(&mut self) -> Option<CreateHold> {
        last(&mut self.random, &self.holds)
    }
}

/// One of these: mostly one of the last.
fn last<T: Clone>(random: &mut Random, of: &[T]) -> Option<T> {
    let first = if random.percent(70) { of.len().saturating_sub(LAST) } else { 0 };
    let of = &of[first..];
    if of.is_empty() { None } else { Some(random.pick(of).clone()) }
}
