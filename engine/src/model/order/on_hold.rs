//! What holds on an order do to it.

use super::{Allocation, Order, OrderHold};
use crate::model::ids::OrderHoldId;
use crate::model::time::Timestamp;

impl Order {
    /// Whether no node is to work on it.
    pub fn is_on_hold(&self) -> bool {
        !self.order_holds.is_empty()
    }

    /// The ids of the holds on it, for a person.
    pub fn hold_ids(&self) -> String {
        let ids: Vec<&str> = self.order_holds.iter().map(|hold| hold.id.as_str()).collect();
        ids.join(", ")
    }

    /// The hold of that id.
    pub fn order_hold(&self, id: &OrderHoldId) -> Option<&OrderHold> {
        self.order_holds.iter().find(|hold| hold.id == *id)
    }

    /// Whether a hold let its units go: they wait, and are given nothing.
    pub fn has_let_go(&self) -> bool {
        self.order_holds.iter().any(|hold| hold.let_go)
    }

    /// When the next hold lets its units go.
    pub fn lets_go_at(&self) -> Option<Timestamp> {
        let keeps = self.order_holds.iter().filter(|hold| !hold.let_go);
        keeps.filter_map(|hold| hold.stock_until).min()
    }

    /// Whether the backlog passes over a line of it, from 0, which keeps its place: a hold let its units
    /// go, or the customer is asked what becomes of units of the line, or of its bundle.
    pub fn is_passed_over(&self, line: u16) -> bool {
        let together = |of: u16| of == line || self.bundle_of(line).is_some_and(|all| all.has(of));
        let asks = |a: &Allocation| {
            a.open() > 0 && self.shipments[usize::from(a.shipment)].asks && together(a.line)
        };
        self.has_let_go() || self.allocations.iter().any(asks)
    }

    pub(super) fn put_on_hold(&mut self, hold: &OrderHold) {
        let all = std::mem::take(&mut self.order_holds).into_vec().into_iter();
        self.order_holds = all.chain([hold.clone()]).collect();
    }

    pub(super) fn end_order_hold(&mut self, id: &OrderHoldId) {
        let all = std::mem::take(&mut self.order_holds).into_vec().into_iter();
        self.order_holds = all.filter(|hold| hold.id != *id).collect();
    }

    /// Its holds whose time passed by then keep its units no more.
    pub(super) fn note_let_go(&mut self, at: Timestamp) {
        for hold in &mut self.order_holds {
            hold.let_go |= hold.stock_until.is_some_and(|until| until <= at);
        }
    }
}
