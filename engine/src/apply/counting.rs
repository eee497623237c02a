//! Counting what orders put on the days of nodes that have a capacity.
//!
//! ```text
//!   turns of a step --> how loads moved, claims of room that end --> one turn of each day
//! ```
//! All that a step does to a day is one turn of its counter: what an event takes off a day and
//! puts back, as where a cart takes over another one, and what it claimed, leaves no room between
//! that another command would find.

use std::collections::{BTreeMap, BTreeSet};

use crate::actor::ActorPanicked;
use crate::model::{Load, Loads, LoadsMoved, NodeDay, NodeNo, OrderNo};
use crate::state::State;
use crate::state::loads::Step;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::orders::OrderCell;
use crate::state::stock::{StockMessage, StockReply};
use crate::transaction::written::Room;

/// What is to be counted at the end of a step, and the claims that end then.
#[derive(Default)]
pub struct Counting {
    moved: Vec<LoadsMoved>,
    room: Vec<(NodeDay, Load)>,
}

impl Counting {
    /// An event moved what an order puts on days.
    pub fn moved(&mut self, moved: LoadsMoved) {
        self.moved.push(moved);
    }

    /// An order was placed, which puts that on days.
    pub fn placed(&mut self, after: Loads) {
        if !after.is_empty() {
            self.moved.push(LoadsMoved { before: Loads::new(), after });
        }
    }

    /// The command of an event claimed that room.
    pub fn claimed(&mut self, room: Room) {
        self.room.extend(room.into_iter().flatten());
    }

    /// Counts it all.
    ///
    /// # Errors
    /// When a turn of a counter panicked.
    pub fn count(&mut self, state: &State) -> Result<(), ActorPanicked> {
        if self.moved.is_empty() && self.room.is_empty() {
            return Ok(());
        }
        let network = state.network.load();
        let mut days = BTreeMap::<NodeDay, Step>::new();
        for LoadsMoved { before, after } in self.moved.drain(..) {
            for (at, load) in after.into_iter().filter(|(at, _)| network.is_bounded(at.node)) {
                let day = days.entry(at).or_default();
                day.more = day.more.and(load);
            }
            for (at, load) in before.into_iter().filter(|(at, _)| network.is_bounded(at.node)) {
                let day = days.entry(at).or_default();
                day.less = day.less.and(load);
            }
        }
        for (at, load) in self.room.drain(..) {
            let day = days.entry(at).or_default();
            day.ends = day.ends.and(load);
        }
        days.into_iter().try_for_each(|(at, step)| state.loads.step(at, step))
    }
}

/// Counts anew what all orders in memory put on the days of nodes: those that left memory put
/// nothing there. Nothing is applied meanwhile.
///
/// # Errors
/// When an actor panicked.
pub fn count_all(state: &State, nodes: &[NodeNo]) -> Result<(), ActorPanicked> {
    if nodes.is_empty() {
        return Ok(());
    }
    nodes.iter().try_for_each(|node| state.loads.clear(*node))?;
    for no in (1..).map(OrderNo) {
        let Some(cell) = state.orders.by_no(no) else { break };
        count_order(state, cell, nodes)?;
    }
    state.loads.begin();
    Ok(())
}

/// Counts anew what orders put on the days of one node, which got its first capacity: those alone
/// are read that have units reserved at its pairs, because all that is to leave it is reserved
/// there. Nothing is applied meanwhile.
///
/// # Errors
/// When an actor panicked.
pub fn count_node(state: &State, node: NodeNo) -> Result<(), ActorPanicked> {
    state.loads.clear(node)?;
    let mut orders = BTreeSet::new();
    for (_, entry) in state.catalogue.iter() {
        let Some(pair) = entry.row.find(node) else { continue };
        if let StockReply::State(stock) = pair.ask(StockMessage::Read).wait()? {
            orders.extend(stock.reservations.iter().map(|reservation| reservation.order));
        }
    }
    for no in orders {
        let cell = state.orders.by_no(no).expect("an order that has units is there");
        count_order(state, cell, &[node])?;
    }
    state.loads.begin();
    Ok(())
}

fn count_order(state: &State, cell: &OrderCell, nodes: &[NodeNo]) -> Result<(), ActorPanicked> {
    let OrderReply::Resident(kept) = cell.ask(OrderMessage::Read).wait()? else { return Ok(()) };
    if !kept.packed.is_open() {
        return Ok(());
    }
    let loads = kept.order().loads().into_iter().filter(|(at, _)| nodes.contains(&at.node));
    for (at, load) in loads {
        state.loads.step(at, Step { more: load, ..Step::default() })?;
    }
    Ok(())
}
