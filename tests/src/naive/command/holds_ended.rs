//! Holds that were released, or lapsed, for which no command asks.

use backstock_engine::command;
use backstock_engine::engine::Engine;
use backstock_engine::model::{HoldId, HoldState, Lsn};

use super::{Fact, units_of};
use crate::naive::Naive;
use crate::naive::hold::{Units, key};

/// Holds were given up, or their time ran out.
#[derive(Clone, Debug)]
pub struct HoldsEnded {
    state: HoldState,
    /// By hold, its number and what it had.
    holds: Vec<(HoldId, u64, Units)>,
}

impl HoldsEnded {
    /// What the engine's event says, with names.
    pub fn new(engine: &Engine, event: command::HoldsEnded) -> Self {
        let ended = |ended: command::EndedHold| {
            let units = units_of(engine, &ended.units);
            (ended.id, ended.no.0, units)
        };
        Self { state: event.state, holds: event.holds.into_iter().map(ended).collect() }
    }

    /// Whether a hold is one of them.
    pub fn has(&self, hold: &HoldId) -> bool {
        self.holds.iter().any(|(id, _, _)| id == hold)
    }
}

impl Fact for HoldsEnded {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        match self.state {
            HoldState::Released if self.holds.len() == 1 => {}
            HoldState::Lapsed if !self.holds.is_empty() => {}
            state => return Err(format!("{} holds are {state:?}", self.holds.len())),
        }
        for (id, no, units) in &self.holds {
            let (version, now) = (naive.version().next(), naive.now);
            let order = naive.orders.get(&key(id)).ok_or("no such hold")?;
            if self.state == HoldState::Lapsed {
                naive.check_lapses(order)?;
            }
            let order = naive.orders.get_mut(&key(id)).expect("it is there");
            let Some(hold) = order.open_hold().filter(|_| order.no == *no) else {
                return Err(format!("{id} is not open, or not number {no}: {order:?}"));
            };
            if self.state == HoldState::Lapsed && hold.until > now {
                return Err(format!("{id} lapses at {}, and it is {now}", hold.until));
            }
            order.end_hold(self.state);
            order.changes.push(version);
            naive.take_off(*no, units)?;
        }
        Ok(())
    }
}
