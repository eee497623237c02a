//! What bounds the quantities and the lists of a pair.

use super::Stock;
use crate::limits::{INBOUND_PER_PAIR_MAX, STOCK_UNITS_MAX};
use crate::model::ids::{InboundId, InboundNo};
use crate::model::refusal::Refusal;
use crate::model::reservations::Supply;

impl Stock {
    /// A supply that is closed is not announced anew: what arrived of it would come twice.
    pub(super) fn refuse_known(&self, id: &InboundId) -> Result<(), Refusal> {
        if self.open(id).is_some() || self.closed(id).is_some() {
            return Err(Refusal::InboundExists { inbound_id: id.to_string() });
        }
        Ok(())
    }

    /// The number that the next open inbound supply gets, of so many units.
    pub(super) fn next_inbound(&self, quantity: u32) -> Result<InboundNo, Refusal> {
        if self.inbound().len() >= INBOUND_PER_PAIR_MAX {
            return Err(Refusal::ListFull { what: "inbound supplies", max: INBOUND_PER_PAIR_MAX });
        }
        self.has_room_inbound(quantity)?;
        // Numbers are used again after the last one: what is closed has no pegs.
        let next = self.inbound_next().0;
        let numbers = (next..=Supply::INBOUND_NO_MAX).chain(0..next).map(InboundNo);
        let free = numbers.into_iter().find(|no| self.inbound_no(*no).is_none());
        Ok(free.expect("more numbers than INBOUND_PER_PAIR_MAX"))
    }

    /// All that is on its way to a pair may come to wait there: its sum is bounded.
    pub(super) fn has_room_inbound(&self, more: u32) -> Result<(), Refusal> {
        let expected: u64 = self.inbound().iter().map(|i| u64::from(i.quantity)).sum();
        bounded("inbound", expected + u64::from(more))
    }
}

/// Whether so many units more have room in a quantity.
pub(super) fn has_room(what: &'static str, there: u32, more: u32) -> Result<(), Refusal> {
    bounded(what, u64::from(there) + u64::from(more))
}

/// Whether a quantity may be so many units.
pub(super) fn bounded(what: &'static str, units: u64) -> Result<(), Refusal> {
    let max = u64::from(STOCK_UNITS_MAX);
    if units > max {
        return Err(Refusal::QuantityTooLarge { what, max });
    }
    Ok(())
}

/// Whether no more units are wanted than there are.
pub(super) fn not_more(what: &'static str, wanted: u32, available: u32) -> Result<(), Refusal> {
    if wanted > available {
        let (wanted, available) = (u64::from(wanted), u64::from(available));
        return Err(Refusal::StockBelowZero { what, wanted, available });
    }
    Ok(())
}
