//! Holding for longer.

use backstock_engine::command;
use backstock_engine::model::{HoldId, HoldState, Lsn, Timestamp};

use super::Fact;
use crate::naive::Naive;
use crate::naive::hold::key;

/// A hold lapses later.
#[derive(Clone, Debug)]
pub struct HoldExtended {
    /// The hold.
    pub hold: HoldId,
    /// When it lapses.
    pub until: Timestamp,
    /// Whether that is the grace for a payment.
    pub for_payment: bool,
}

impl From<command::HoldExtended> for HoldExtended {
    fn from(event: command::HoldExtended) -> Self {
        let command::HoldExtended { id: hold, until, for_payment, .. } = event;
        Self { hold, until, for_payment }
    }
}

impl Fact for HoldExtended {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&key(&self.hold)).ok_or("no such hold")?;
        order.changes.push(version);
        let hold = order.hold.as_mut().expect("it began as a hold");
        if hold.state != HoldState::Live {
            return Err(format!("it is not live: {hold:?}"));
        }
        hold.extend(self.until, self.for_payment)
    }
}
