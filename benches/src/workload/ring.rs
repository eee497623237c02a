//! Orders drawn beforehand, a few bytes each, made into commands on the way.

use std::sync::Arc;

use backstock_engine::command::{LineRequest, Lines, OrderRequest, PlaceOrder};
use backstock_engine::engine::OrderPrices;
use backstock_engine::model::{CustomerId, OrderId, Priority, Shortage, Sku};
use smallvec::SmallVec;

use super::names::{OrderIds, postal_code};
use super::network::meta;

/// Bits of a packed line that hold its quantity.
const QUANTITY_BITS: u32 = 4;

/// A SKU's number and a quantity from 1 to 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line(u32);

impl Line {
    /// Packs a line.
    ///
    /// # Panics
    /// When it does not fit.
    pub fn new(sku: u32, quantity: u32) -> Self {
        assert!(quantity > 0 && quantity < 1 << QUANTITY_BITS, "a quantity of 1 to 15");
        assert!(sku >> (u32::BITS - QUANTITY_BITS) == 0, "a SKU's number has 28 bits");
        Self(sku << QUANTITY_BITS | quantity)
    }

    const fn sku(self) -> u32 {
        self.0 >> QUANTITY_BITS
    }

    const fn quantity(self) -> u32 {
        self.0 & ((1 << QUANTITY_BITS) - 1)
    }
}

/// How a ring's numbers become names, and what all its orders have in common.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The SKU of a number.
    pub sku: fn(u32) -> Sku,
    /// The customer of an order's place in the ring, where orders name one.
    pub customer: Option<fn(usize) -> CustomerId>,
    /// What becomes of units without supply.
    pub shortage: Shortage,
    /// What they cost, where orders have prices.
    pub prices: Option<fn() -> Box<OrderPrices>>,
}

impl Terms {
    /// The command that places an order of these lines. Makes no allocation except
    /// for more than two lines, and for prices.
    pub fn command(self, at: usize, id: OrderId, destination: u32, lines: &[Line]) -> PlaceOrder {
        let line =
            |line: &Line| LineRequest { sku: (self.sku)(line.sku()), quantity: line.quantity() };
        let mut requests = SmallVec::with_capacity(lines.len());
        requests.extend(lines.iter().map(line));
        PlaceOrder {
            meta: meta(),
            placed_at: None,
            order: OrderRequest {
                id,
                customer: self.customer.map(|customer| customer(at)),
                channel: None,
                destination: postal_code(destination).into(),
                service: None,
                deliver_by: None,
                shortage: Some(self.shortage),
                split: None,
                lines: Lines(requests),
                priority: Priority::DEFAULT,
                prices: self.prices.map(|prices| prices()),
            },
        }
    }
}

/// Where an order's lines begin, and where it goes.
#[derive(Clone, Copy, Debug)]
struct Head {
    first_line: u32,
    destination: u32,
}

/// Orders to play again and again, each time with a fresh id.
#[derive(Debug)]
pub struct Ring {
    heads: Vec<Head>,
    lines: Vec<Line>,
    terms: Terms,
}

impl Ring {
    /// A ring without orders, which [`Self::push`] fills.
    pub fn new(terms: Terms) -> Self {
        Self { heads: Vec::new(), lines: Vec::new(), terms }
    }

    /// Adds an order.
    pub fn push(&mut self, destination: u32, lines: &[Line]) {
        let first_line = u32::try_from(self.lines.len()).expect("a ring fits memory");
        self.heads.push(Head { first_line, destination });
        self.lines.extend_from_slice(lines);
    }

    /// Orders in the ring.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    fn order(&self, at: usize) -> (u32, &[Line]) {
        let head = self.heads[at];
        let end = self.heads.get(at + 1).map_or(self.lines.len(), |next| next.first_line as usize);
        (head.destination, &self.lines[head.first_line as usize..end])
    }
}

/// An order that is offered, and its units.
#[derive(Debug)]
pub struct Offer {
    /// The command.
    pub command: PlaceOrder,
    /// Units over all lines.
    pub units: u32,
}

/// Plays a ring from some place on, under the ids of one series.
#[derive(Clone, Debug)]
pub struct Player {
    ring: Arc<Ring>,
    at: usize,
    ids: OrderIds,
}

impl Player {
    /// Begins at order `at` of a ring that has one.
    pub fn new(ring: Arc<Ring>, at: usize, series: u64) -> Self {
        let at = at % ring.len();
        Self { ring, at, ids: OrderIds::new(series) }
    }

    /// The next order.
    pub fn offer(&mut self) -> Offer {
        let (destination, lines) = self.ring.order(self.at);
        let id = self.ids.next_id();
        let command = self.ring.terms.command(self.at, id, destination, lines);
        let units = lines.iter().map(|line| line.quantity()).sum();
        self.at = if self.at + 1 == self.ring.len() { 0 } else { self.at + 1 };
        Offer { command, units }
    }

    /// A SKU that the next orders want: what their customers look at.
    pub fn sku_ahead(&self, ahead: u32) -> Sku {
        let line = self.ring.lines[(self.at + ahead as usize) % self.ring.lines.len()];
        (self.ring.terms.sku)(line.sku())
    }

    /// Orders made so far.
    pub const fn made(&self) -> u64 {
        self.ids.made()
    }

    /// The id of an order made before, by its number from 1.
    pub fn id(&self, number: u64) -> OrderId {
        self.ids.clone().id(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::names::sku;

    #[test]
    fn a_ring_begins_again_with_the_same_orders_and_fresh_ids() {
        let terms = Terms { sku, customer: None, shortage: Shortage::Reject, prices: None };
        let mut ring = Ring::new(terms);
        ring.push(10_001, &[Line::new(7, 3), Line::new(8, 15)]);
        ring.push(90_001, &[Line::new(9, 1)]);
        let mut player = Player::new(Arc::new(ring), 1, 4);
        let offers: Vec<_> = (0..3).map(|_| player.offer()).collect();
        assert_eq!(offers.iter().map(|offer| offer.units).collect::<Vec<_>>(), [1, 18, 1]);
        let (first, third) = (&offers[0].command.order, &offers[2].command.order);
        assert_eq!(first.lines, third.lines);
        assert_ne!(first.id, third.id);
        assert_eq!(third.id, player.id(3));
        assert_eq!(offers[1].command.order.lines.0[1].sku.as_str(), "SKU-0000008");
    }
}
