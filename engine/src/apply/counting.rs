//! Counting what orders put on the days of nodes that have a capacity.
//!
//! ```text
//!   turns of a step --> how loads moved, claims of room that end --> one turn of each day
//! ```
//! All that a step does to a day is one turn of its counter: what an event takes off a day and
//! puts back, as where a cart takes over another one, and what it claimed, leaves no room between
//! that another command would find.

use std::collections::BTreeMap;

use crate::actor::ActorPanicked;
use crate::model::{Load, Loads, LoadsMoved, NodeDay, NodeNo, OrderNo};
use crate::state::State;
use crate::state::loads::Step;
use crate::state::order::{OrderMessage, OrderReply};
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
        let OrderReply::Resident(kept) = cell.ask(OrderMessage::Read).wait()? else { continue };
        if !kept.packed.is_open() {
            continue;
        }
        for (at, load) in kept.order().loads() {
            if nodes.contains(&at.node) {
                state.loads.step(at, Step { more: load, ..Step::default() })?;
            }
        }
    }
    state.loads.begin();
    Ok(())
}
