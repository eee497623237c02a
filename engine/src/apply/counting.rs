//! Counting what orders put on the days of nodes that have a capacity.
//!
//! ```text
//!   turns of a step --> how loads moved --> counters of days --> claims of room end
//! ```
//! A claim ends after what its event put on the day is counted, so that no other command finds
//! room between the two.

use crate::actor::ActorPanicked;
use crate::model::load::load_on;
use crate::model::{Load, Loads, LoadsMoved, NodeDay, NodeNo, OrderNo};
use crate::state::State;
use crate::state::network::Network;
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
        for moved in self.moved.drain(..) {
            count(state, &network, &moved)?;
        }
        self.room.drain(..).try_for_each(|(at, load)| state.loads.end(at, load))
    }
}

fn count(state: &State, network: &Network, moved: &LoadsMoved) -> Result<(), ActorPanicked> {
    let LoadsMoved { before, after } = moved;
    for (at, load) in after {
        if network.is_bounded(at.node) {
            state.loads.moved(*at, *load, load_on(before, *at))?;
        }
    }
    for (at, load) in before.iter().filter(|(at, _)| after.iter().all(|(of, _)| of != at)) {
        if network.is_bounded(at.node) {
            state.loads.moved(*at, Load::default(), *load)?;
        }
    }
    Ok(())
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
                state.loads.moved(at, load, Load::default())?;
            }
        }
    }
    state.loads.begin();
    Ok(())
}
