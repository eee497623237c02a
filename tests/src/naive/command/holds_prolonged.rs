//! Holds that wait longer for a sale that was put off, for which no command asks.

use backstock_engine::command;
use backstock_engine::model::{HoldId, Lsn, Timestamp};

use super::Fact;
use crate::naive::Naive;
use crate::naive::hold::key;

/// Holds in line wait longer.
#[derive(Clone, Debug)]
pub struct HoldsProlonged {
    /// By hold, its number and until when.
    holds: Vec<(HoldId, u64, Timestamp)>,
}

impl HoldsProlonged {
    /// What the engine's event says.
    pub fn new(event: command::HoldsProlonged) -> Self {
        let holds = event.holds.into_iter().map(|of| (of.id, of.no.0, of.until));
        Self { holds: holds.collect() }
    }
}

impl Fact for HoldsProlonged {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        for (id, no, until) in &self.holds {
            let order = naive.orders.get(&key(id)).filter(|order| order.no == *no);
            let order = order.ok_or("no such hold")?;
            let may = naive.may_be_prolonged(order);
            let (version, now) = (naive.version().next(), naive.now);
            let order = naive.orders.get_mut(&key(id)).expect("it is there");
            let hold = order.hold.as_mut().ok_or("it is no hold")?;
            if hold.until > now || !may.iter().any(|may| hold.prolonged(*may) == Some(*until)) {
                return Err(format!("it is {now}, and {hold:?} waits until {until}: {may:?}"));
            }
            hold.until = *until;
            order.changes.push(version);
        }
        Ok(())
    }
}
