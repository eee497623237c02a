//! What was answered, counted by the caller: the other side of what the audit
//! counts.

use std::time::Instant;

use backstock_engine::model::OrderId;

use super::changes::Wish;
use super::recorder::Recorder;

/// Out of 100 orders of `churn`, those that are cancelled.
const CANCELLED: u64 = 5;
/// Out of 100 orders of `churn`, those that are changed.
const CHANGED: u64 = 8;
/// Out of 100 orders of `churn`, those of which a shipment is shipped.
const SHIPPED: u64 = 90;

/// Orders and units, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Orders placed.
    pub placed: u64,
    /// Orders refused for want of stock.
    pub sold_out: u64,
    /// Units of the orders placed.
    pub units: u64,
}

impl Tally {
    /// Orders answered.
    pub const fn answered(self) -> u64 {
        self.placed + self.sold_out
    }

    /// Adds another caller's.
    pub const fn add(&mut self, other: Self) {
        self.placed += other.placed;
        self.sold_out += other.sold_out;
        self.units += other.units;
    }
}

/// An order that was placed, as far as what is done with it next has to know.
#[derive(Debug)]
pub struct Placed {
    /// Its id.
    pub id: OrderId,
    /// Units of its first shipment.
    pub first_shipment: u64,
    /// Units of its first line.
    pub first_line: u32,
}

/// What is done with an order once it is placed.
#[derive(Debug)]
pub enum FollowUp {
    /// All of it is cancelled: so many units.
    Cancel(OrderId, u64),
    /// It is changed.
    Change(Wish),
    /// Its first shipment is shipped: so many units.
    Ship(OrderId, u64),
}

/// Where answers of one caller go.
#[derive(Debug)]
pub struct Answers {
    recorder: Recorder,
    /// What was answered so far.
    pub tally: Tally,
    churns: bool,
    /// What is to be done next with orders that were placed.
    pub follow_ups: Vec<FollowUp>,
}

impl Answers {
    /// None yet; `churns` when placed orders are cancelled, changed and shipped.
    pub fn new(recorder: Recorder, churns: bool) -> Self {
        Self { recorder, tally: Tally::default(), churns, follow_ups: Vec::new() }
    }

    /// An order that was due then is answered now.
    pub fn answered(&mut self, due: Instant, now: Instant) {
        self.recorder.answered(due, now);
    }

    /// It was placed, with so many units in all.
    pub fn placed(&mut self, units: u32, order: impl FnOnce() -> Placed) {
        if self.churns {
            self.follow_ups.push(self.follow_up(units, order()));
        }
        self.tally.placed += 1;
        self.tally.units += u64::from(units);
    }

    /// Of 100 orders, the first are cancelled, the next changed, and the last shipped: some of those
    /// that were changed among them.
    fn follow_up(&self, units: u32, order: Placed) -> FollowUp {
        let (round, at) = (self.tally.placed / 100, self.tally.placed % 100);
        match at {
            at if at < CANCELLED => FollowUp::Cancel(order.id, units.into()),
            at if at < CANCELLED + CHANGED => FollowUp::Change(Wish {
                order: order.id,
                quantity: order.first_line,
                nth: round * CHANGED + at - CANCELLED,
                leaves: at >= 100 - SHIPPED,
                due: Instant::now(),
            }),
            _ => FollowUp::Ship(order.id, order.first_shipment),
        }
    }

    /// It was refused: there is not enough.
    pub const fn sold_out(&mut self) {
        self.tally.sold_out += 1;
    }
}
