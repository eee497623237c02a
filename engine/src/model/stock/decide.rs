//! Deciding what an operation does to a pair, on durable state alone.

use super::operation::StockOperation;
use super::{Inbound, Stock, StockChange};
use crate::limits::{INBOUND_PER_PAIR_MAX, STOCK_UNITS_MAX};
use crate::model::ids::{InboundId, InboundNo};
use crate::model::refusal::Refusal;
use crate::model::reservations::Supply;

/// Why an operation cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Durable state refuses.
    Refused(Refusal),
    /// No open inbound supply has that id.
    UnknownInbound,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Stock {
    /// Decides what an operation does here.
    pub fn decide(&self, operation: &StockOperation) -> Result<StockChange, Refused> {
        match operation {
            StockOperation::Set { on_hand, unavailable, safety } => {
                let on_hand = on_hand.unwrap_or(self.on_hand);
                let unavailable = unavailable.unwrap_or(self.unavailable);
                not_more("unavailable", unavailable, on_hand)?;
                let safety = safety.unwrap_or(self.safety);
                Ok(StockChange::Set { on_hand, unavailable, safety })
            }
            StockOperation::SupplierFeed { quantity } => {
                Ok(StockChange::SupplierFeed { quantity: *quantity })
            }
            StockOperation::Receive { quantity, unavailable } => {
                has_room("on_hand", self.on_hand, *quantity)?;
                Ok(StockChange::Received { quantity: *quantity, unavailable: *unavailable })
            }
            StockOperation::Adjust { on_hand_delta, unavailable_delta, reason } => {
                let on_hand = adjusted("on_hand", self.on_hand, *on_hand_delta)?;
                bounded("on_hand", on_hand.into())?;
                let unavailable = adjusted("unavailable", self.unavailable, *unavailable_delta)?;
                // An older version may have left more unavailable than there is: what
                // narrows that gap is taken.
                let gap = self.unavailable.saturating_sub(self.on_hand);
                not_more("unavailable", unavailable.saturating_sub(gap), on_hand)?;
                bounded("unavailable", unavailable.into())?;
                Ok(StockChange::Adjusted {
                    on_hand_delta: *on_hand_delta,
                    unavailable_delta: *unavailable_delta,
                    reason: reason.clone(),
                })
            }
            StockOperation::Count { on_hand } => {
                // A count is a fact and is not refused. It does not say which units are
                // gone, good ones or unavailable ones: no unit that was unavailable counts
                // as good after it.
                let on_hand = *on_hand;
                Ok(if on_hand < self.unavailable {
                    StockChange::CountedBelow { on_hand, unavailable: on_hand }
                } else {
                    StockChange::Counted { on_hand, unavailable: None }
                })
            }
            StockOperation::AnnounceInbound { id, quantity, eta } => {
                let no = self.announces(id, *quantity)?;
                Ok(StockChange::InboundAnnounced {
                    no,
                    id: id.clone(),
                    quantity: *quantity,
                    eta: *eta,
                })
            }
            StockOperation::ChangeInbound { id, quantity, eta } => {
                let inbound = self.open_inbound(id)?;
                let quantity = quantity.unwrap_or(inbound.quantity);
                self.has_room_inbound(quantity.saturating_sub(inbound.quantity))?;
                let eta = eta.unwrap_or(inbound.eta);
                Ok(StockChange::InboundChanged { no: inbound.no, quantity, eta })
            }
            StockOperation::ReceiveInbound { id, quantity, closes } => {
                let inbound = self.open_inbound(id)?;
                has_room("on_hand", self.on_hand, *quantity)?;
                let (no, quantity, closes) = (inbound.no, *quantity, *closes);
                Ok(StockChange::InboundReceived { no, quantity, closes })
            }
            StockOperation::CancelInbound { id } => {
                Ok(StockChange::InboundCancelled { no: self.open_inbound(id)?.no })
            }
        }
    }

    fn open_inbound(&self, id: &InboundId) -> Result<&Inbound, Refused> {
        self.inbound().iter().find(|i| i.id == *id).ok_or(Refused::UnknownInbound)
    }

    /// The number that a new inbound supply gets.
    fn announces(&self, id: &InboundId, quantity: u32) -> Result<InboundNo, Refusal> {
        if self.inbound().iter().any(|i| i.id == *id) {
            return Err(Refusal::InboundExists { inbound_id: id.to_string() });
        }
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
    fn has_room_inbound(&self, more: u32) -> Result<(), Refusal> {
        let expected: u64 = self.inbound().iter().map(|i| u64::from(i.quantity)).sum();
        bounded("inbound", expected + u64::from(more))
    }
}

/// A quantity after a correction, which does not take more than is there.
fn adjusted(what: &'static str, quantity: u32, delta: i32) -> Result<u32, Refusal> {
    if delta < 0 {
        not_more(what, delta.unsigned_abs(), quantity)?;
    }
    Ok(quantity.saturating_add_signed(delta))
}

fn has_room(what: &'static str, there: u32, more: u32) -> Result<(), Refusal> {
    bounded(what, u64::from(there) + u64::from(more))
}

fn bounded(what: &'static str, units: u64) -> Result<(), Refusal> {
    let max = u64::from(STOCK_UNITS_MAX);
    if units > max {
        return Err(Refusal::QuantityTooLarge { what, max });
    }
    Ok(())
}

fn not_more(what: &'static str, wanted: u32, available: u32) -> Result<(), Refusal> {
    if wanted > available {
        let (wanted, available) = (u64::from(wanted), u64::from(available));
        return Err(Refusal::StockBelowZero { what, wanted, available });
    }
    Ok(())
}
