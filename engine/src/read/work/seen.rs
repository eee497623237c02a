//! What was seen of nodes' work when it was read last, so that only what is different is read anew.
//!
//! ```text
//!   pair of the node, last event as seen? --yes--> its reservations as seen
//!   order there, last event as seen? -------yes--> its shipments as seen
//! ```
//! A pair and an order say which event changed them last. That costs nothing where they are changed, and
//! a look for each of them where work is read. Nothing of it is kept over a start.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::shipments::{ShipmentWork, shipments_of};
use crate::actor::Seat;
use crate::blocking::block_on;
use crate::limits::{WORK_NODES_SEEN_MAX, WORK_SEEN_MAX};
use crate::model::{Lsn, NodeNo, Order, OrderNo, Pair, Priority, Reservation, SkuNo};
use crate::read::read_stock;
use crate::state::order::OrderActor;
use crate::state::stock::StockActor;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;

/// What was seen of all nodes whose work is read, the one that was read last at the end.
#[derive(Default)]
pub struct SeenWork(Mutex<Vec<Kept>>);

/// What was seen of a node, and how many parts that has.
struct Kept {
    node: NodeNo,
    seen: Arc<Mutex<SeenNode>>,
    parts: usize,
}

/// What was seen of a node.
#[derive(Default)]
pub struct SeenNode {
    /// How many pairs there were of all nodes when those of this one were looked for.
    slots: Option<u32>,
    pairs: Vec<SeenPair>,
    orders: HashMap<OrderNo, SeenOrder>,
    /// How often the work was read.
    reads: u64,
}

/// What was seen of a pair.
struct SeenPair {
    sku: SkuNo,
    seat: Seat,
    lsn: Option<Lsn>,
    units: Vec<UnitsAt>,
}

/// Units of an order at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitsAt {
    /// The order.
    pub order: OrderNo,
    /// The line, from 0.
    pub line: u16,
    /// Units of it that are not there yet.
    pub coming: u32,
    /// Before whom it is served.
    pub priority: Priority,
}

/// What was seen of an order.
struct SeenOrder {
    lsn: Lsn,
    shipments: Vec<ShipmentWork>,
    /// The last read of the work in which it was there.
    read: u64,
}

impl SeenWork {
    /// What was seen of a node. Two who read the work of a node do so one after the other.
    pub fn of(&self, node: NodeNo) -> Arc<Mutex<SeenNode>> {
        let mut nodes = self.0.lock();
        let kept = match nodes.iter().position(|kept| kept.node == node) {
            Some(at) => nodes.remove(at),
            None => Kept { node, seen: Arc::default(), parts: 0 },
        };
        let seen = Arc::clone(&kept.seen);
        nodes.push(kept);
        let too_many = nodes.len().saturating_sub(WORK_NODES_SEEN_MAX);
        nodes.drain(..too_many);
        seen
    }

    /// Keeps what was seen of a node. Where it is too much in all, those that were read longest ago are
    /// forgotten; the last one never is.
    pub fn keep(&self, node: NodeNo, parts: usize) {
        let mut nodes = self.0.lock();
        if let Some(kept) = nodes.iter_mut().find(|kept| kept.node == node) {
            kept.parts = parts;
        }
        let mut all: usize = nodes.iter().map(|kept| kept.parts).sum();
        let is_too_much = |kept: &&Kept| {
            let is = all > WORK_SEEN_MAX;
            all -= kept.parts;
            is
        };
        let last = nodes.len().saturating_sub(1);
        let too_many = nodes[..last].iter().take_while(is_too_much).count();
        nodes.drain(..too_many);
    }
}

/// What the audit finds.
impl SeenWork {
    /// What is kept of pairs and orders that no event changed since, and is not as they are.
    pub fn breaches(&self, kernel: &Kernel) -> Result<Vec<String>, EngineError> {
        let kept = |kept: &Kept| (kept.node, Arc::clone(&kept.seen));
        let nodes: Vec<_> = self.0.lock().iter().map(kept).collect();
        let mut found = Vec::new();
        for (node, seen) in nodes {
            seen.lock().breaches(kernel, node, &mut found)?;
        }
        Ok(found)
    }
}

impl SeenNode {
    fn breaches(
        &self,
        kernel: &Kernel,
        node: NodeNo,
        found: &mut Vec<String>,
    ) -> Result<(), EngineError> {
        for pair in &self.pairs {
            let (lsn, units) = pair.read(kernel, node)?;
            if lsn == pair.lsn && units != pair.units {
                found.push(format!("sku {} at node {}", pair.sku.0, node.0));
            }
        }
        for (no, seen) in &self.orders {
            let Some(order) = block_on(read_order(kernel, *no))? else { continue };
            if order.last_lsn == seen.lsn && shipments_of(&order, node) != seen.shipments {
                found.push(format!("order {} at node {}", no.0, node.0));
            }
        }
        Ok(())
    }

    /// The units of orders at the node, by order and line.
    pub fn units(&mut self, kernel: &Kernel, node: NodeNo) -> Result<Vec<UnitsAt>, EngineError> {
        self.find_pairs(kernel, node);
        for pair in &mut self.pairs {
            pair.look(kernel, node)?;
        }
        let mut all: Vec<_> = self.pairs.iter().flat_map(|pair| &pair.units).copied().collect();
        all.sort_unstable();
        self.reads += 1;
        Ok(all)
    }

    /// Finds the pairs of the node, if there are more pairs than when they were found last: none ever
    /// goes.
    fn find_pairs(&mut self, kernel: &Kernel, node: NodeNo) {
        let catalogue = &kernel.state.catalogue;
        // Before they are looked for: one that comes meanwhile is looked for the next time.
        let slots = catalogue.slots();
        if self.slots.replace(slots) == Some(slots) {
            return;
        }
        let mut known = std::mem::take(&mut self.pairs).into_iter().peekable();
        for (sku, entry) in catalogue.iter() {
            let Some(seat) = entry.row.seat(node) else { continue };
            let seen = known.next_if(|pair| pair.sku == sku);
            let new = || SeenPair { sku, seat, lsn: None, units: Vec::new() };
            self.pairs.push(seen.unwrap_or_else(new));
        }
    }

    /// The shipments of an order that have not left the node; none of an order that is not placed yet.
    pub fn shipments(
        &mut self,
        kernel: &Kernel,
        no: OrderNo,
        read: impl FnOnce(&Order) -> Vec<ShipmentWork>,
    ) -> Result<&[ShipmentWork], EngineError> {
        let cell = kernel.state.orders.by_no(no);
        let lsn = cell.and_then(|cell| cell.peek(OrderActor::last_lsn)).flatten();
        let is_seen = lsn.is_some() && self.orders.get(&no).map(|seen| seen.lsn) == lsn;
        if !is_seen {
            let Some(order) = block_on(read_order(kernel, no))? else { return Ok(&[]) };
            let (lsn, shipments) = (order.last_lsn, read(&order));
            self.orders.insert(no, SeenOrder { lsn, shipments, read: 0 });
        }
        let seen = self.orders.get_mut(&no).expect("it was seen");
        seen.read = self.reads;
        Ok(&seen.shipments)
    }

    /// Forgets orders that were not there when the work was read last; how much is kept then.
    pub fn forget(&mut self) -> usize {
        self.orders.retain(|_, seen| seen.read == self.reads);
        self.orders.len() + self.pairs.iter().map(|pair| 1 + pair.units.len()).sum::<usize>()
    }
}

impl SeenPair {
    fn look(&mut self, kernel: &Kernel, node: NodeNo) -> Result<(), EngineError> {
        let row = &kernel.state.catalogue.entry(self.sku).row;
        let lsn = row.peek_at(self.seat, StockActor::last_lsn);
        if lsn.is_some() && lsn == self.lsn {
            return Ok(());
        }
        (self.lsn, self.units) = self.read(kernel, node)?;
        Ok(())
    }

    fn read(
        &self,
        kernel: &Kernel,
        node: NodeNo,
    ) -> Result<(Option<Lsn>, Vec<UnitsAt>), EngineError> {
        let stock = block_on(read_stock(kernel, Pair { sku: self.sku, node }))?;
        let units = |of: &Reservation| UnitsAt {
            order: of.order,
            line: of.line,
            coming: if of.supply.is_there() { 0 } else { of.units },
            priority: of.priority,
        };
        let units = stock.reservations.iter().filter(|of| !of.held).map(|of| units(&of));
        Ok((Some(stock.last_lsn), units.collect()))
    }
}

#[cfg(test)]
impl SeenWork {
    /// Makes all that is kept wrong.
    pub fn spoil(&self) {
        for kept in self.0.lock().iter() {
            let mut seen = kept.seen.lock();
            seen.pairs.iter_mut().for_each(|pair| pair.units.clear());
            seen.orders.values_mut().for_each(|order| order.shipments.clear());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(seen: &SeenWork) -> Vec<u16> {
        seen.0.lock().iter().map(|kept| kept.node.0).collect()
    }

    fn read(seen: &SeenWork, node: u16, parts: usize) {
        seen.of(NodeNo(node));
        seen.keep(NodeNo(node), parts);
    }

    #[test]
    fn over_the_bound_the_node_that_was_read_longest_ago_is_forgotten() {
        let seen = SeenWork::default();
        for node in [1, 2, 3, 1] {
            read(&seen, node, WORK_SEEN_MAX / 3);
        }
        read(&seen, 4, WORK_SEEN_MAX / 3);
        assert_eq!(nodes(&seen), [3, 1, 4]);
        let of_one = seen.of(NodeNo(1));
        assert!(Arc::ptr_eq(&of_one, &seen.of(NodeNo(1))), "what was seen of it is there");
        read(&seen, 5, WORK_SEEN_MAX / 3 * 2);
        assert_eq!(nodes(&seen), [1, 5]);
        read(&seen, 6, 2 * WORK_SEEN_MAX);
        assert_eq!(nodes(&seen), [6], "the last one is kept however much it is");
    }

    #[test]
    fn of_too_many_nodes_the_one_that_was_read_longest_ago_is_forgotten() {
        let seen = SeenWork::default();
        let most = u16::try_from(WORK_NODES_SEEN_MAX).expect("few nodes");
        for node in 0..most {
            read(&seen, node, 1);
        }
        read(&seen, 0, 1);
        read(&seen, most, 1);
        assert_eq!(nodes(&seen)[..2], [2, 3]);
        assert_eq!(nodes(&seen)[WORK_NODES_SEEN_MAX - 2..], [0, most]);
    }
}
