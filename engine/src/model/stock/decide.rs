//! Deciding what an operation does to a pair, on durable state alone.

use super::bounds::{bounded, has_room, not_more};
use super::{
    ClosedInbound, Confidence, Inbound, InboundSourced, InboundWeighed, Proposal, Stock,
    StockChange, StockOperation, SupplySource,
};
use crate::limits::STOCK_UNITS_MAX;
use crate::model::ids::{InboundId, InboundNo};
use crate::model::refusal::Refusal;
use crate::model::time::Timestamp;

/// Why an operation cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Durable state refuses.
    Refused(Refusal),
    /// No inbound supply has that id.
    UnknownInbound,
    /// A newer feed of the supplier was taken.
    OutdatedFeed {
        /// As of when that one is.
        newest: Timestamp,
    },
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Stock {
    /// Decides what a proposal comes to here.
    pub fn decide(&self, proposal: &Proposal) -> Result<StockChange, Refused> {
        match *proposal {
            Proposal::Operation(ref operation) => self.operate(operation),
            Proposal::TransferLeaves { quantity } => Ok(self.transfer_leaves(quantity)?),
            Proposal::TransferComes { ref id, quantity, eta, from } => {
                Ok(self.transfer_comes(id, quantity, eta, from)?)
            }
            Proposal::TransferTurnsBack { ref id, from } => self.transfer_turns_back(id, from),
            Proposal::TransferReturns => Ok(self.transfer_returns()),
            Proposal::Returned { on_hand, unavailable } => Ok(self.returned(on_hand, unavailable)),
            Proposal::Reported(ref steps) => self.reported(steps),
            Proposal::Decline(ref decline) => {
                Ok(StockChange::Declined(Box::new(self.decline(decline))))
            }
        }
    }

    /// Decides what an operation does here.
    pub(super) fn operate(&self, operation: &StockOperation) -> Result<StockChange, Refused> {
        match operation {
            StockOperation::Set { on_hand, unavailable, safety } => {
                let on_hand = on_hand.unwrap_or(self.on_hand);
                let unavailable = unavailable.unwrap_or(self.unavailable);
                not_more("unavailable", unavailable, on_hand)?;
                let safety = safety.unwrap_or(self.safety);
                Ok(StockChange::Set { on_hand, unavailable, safety })
            }
            StockOperation::SupplierFeed { quantity, as_of } => self.fed(*quantity, *as_of),
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
                self.refuse_known(id)?;
                Ok(self.announced(id, *quantity, *eta)?)
            }
            StockOperation::StateInbound { id, ordered, eta } => {
                Ok(self.stated(id, *ordered, *eta)?)
            }
            StockOperation::ChangeInbound { id, quantity, eta } => {
                if self.closed(id).is_some() {
                    return Err(Refusal::InboundClosed { inbound_id: id.to_string() }.into());
                }
                let inbound = self.open(id).ok_or(Refused::UnknownInbound)?;
                if quantity.is_some_and(|quantity| quantity != inbound.quantity) {
                    inbound.refuse_transfer()?;
                }
                let quantity = quantity.unwrap_or(inbound.quantity);
                self.has_room_inbound(quantity.saturating_sub(inbound.quantity))?;
                let eta = eta.unwrap_or(inbound.eta);
                Ok(StockChange::InboundMoved { no: inbound.no, quantity, eta })
            }
            StockOperation::Weigh { operation, confidence_basis_points } => {
                let confidence = Confidence::new(*confidence_basis_points).unwrap_or_default();
                self.weighed(self.operate(operation)?, operation, confidence)
            }
            StockOperation::Source { operation, source } => {
                self.sourced(self.operate(operation)?, operation, *source)
            }
            StockOperation::ReceiveInbound { id, quantity, closes } => {
                let (quantity, closes) = (*quantity, *closes);
                let change = match (self.open(id), self.closed(id)) {
                    (Some(open), _) => {
                        if open.from.is_some() {
                            not_more("in_transfer", quantity, open.quantity)?;
                        }
                        StockChange::InboundArrived { no: open.no, quantity, closes }
                    }
                    (None, Some(_)) if quantity == 0 => StockChange::Unchanged,
                    // They are at the other node again, or were lost on the way.
                    (None, Some(closed)) if closed.from.is_some() => {
                        return Err(Refusal::InboundClosed { inbound_id: id.to_string() }.into());
                    }
                    // Goods that are there are there, whatever was said of them.
                    (None, Some(_)) => StockChange::InboundLate { id: id.clone(), quantity },
                    (None, None) => return Err(Refused::UnknownInbound),
                };
                has_room("on_hand", self.on_hand, quantity)?;
                Ok(change)
            }
            StockOperation::SetTerms(terms) => {
                let is_so = self.terms().map_or(terms.is_none(), |known| *known == **terms);
                Ok(if is_so { StockChange::Unchanged } else { StockChange::Termed(terms.clone()) })
            }
            StockOperation::CancelInbound { id } => match (self.open(id), self.closed(id)) {
                (Some(open), _) => {
                    open.refuse_transfer()?;
                    Ok(StockChange::InboundClosed { no: open.no })
                }
                (None, Some(_)) => Ok(StockChange::Unchanged),
                (None, None) => Err(Refused::UnknownInbound),
            },
        }
    }

    /// What [`Self::free`] would be after `change`, before any waiting unit is
    /// served. Lets an actor withhold units that a change in flight takes away.
    pub fn free_after(&self, change: &StockChange) -> i64 {
        let free = self.free();
        let (on_hand, allocated) = (i64::from(self.on_hand), i64::from(self.allocated));
        match *change {
            StockChange::Set { on_hand, unavailable, safety } => {
                let base = if self.is_unlimited() { STOCK_UNITS_MAX } else { on_hand };
                i64::from(base) - i64::from(unavailable) - i64::from(safety) - allocated
            }
            StockChange::SupplierFeed { quantity: None }
            | StockChange::SupplierStated { quantity: None, .. } => {
                i64::from(STOCK_UNITS_MAX) - i64::from(self.safety) - allocated
            }
            StockChange::SupplierFeed { quantity: Some(quantity) }
            | StockChange::SupplierStated { quantity: Some(quantity), .. } => {
                i64::from(quantity) - i64::from(self.safety) - allocated
            }
            StockChange::Adjusted { on_hand_delta, unavailable_delta, .. } => {
                free + i64::from(on_hand_delta) - i64::from(unavailable_delta)
            }
            StockChange::Counted { on_hand: found, unavailable: None } => {
                free + i64::from(found) - on_hand
            }
            StockChange::Counted { on_hand: found, unavailable: Some(unavailable) }
            | StockChange::CountedBelow { on_hand: found, unavailable } => {
                let good = i64::from(self.unavailable) - i64::from(unavailable);
                free + i64::from(found) - on_hand + good
            }
            StockChange::Received { quantity, unavailable } => {
                free + i64::from(quantity) - i64::from(unavailable)
            }
            StockChange::InboundReceived { quantity, .. }
            | StockChange::InboundArrived { quantity, .. }
            | StockChange::InboundLate { quantity, .. }
            | StockChange::TransferReturned { quantity } => free + i64::from(quantity),
            StockChange::TransferLeft { quantity }
            | StockChange::ReceiptTakenBack { quantity, .. } => free - i64::from(quantity),
            StockChange::Reported(ref changes) => self.free_reported(changes),
            StockChange::Declined(ref declined) => self.free_declined(declined),
            StockChange::InboundWeighed(ref weighed) => self.free_after(&weighed.change),
            StockChange::InboundSourced(ref sourced) => self.free_after(&sourced.change),
            StockChange::InboundAnnounced { .. }
            | StockChange::InboundChanged { .. }
            | StockChange::InboundCancelled { .. }
            | StockChange::InboundClosed { .. }
            | StockChange::InboundReopened { .. }
            | StockChange::TransferAnnounced(_)
            | StockChange::TransferTurnedBack { .. }
            | StockChange::InboundMoved { .. }
            | StockChange::Termed(_)
            | StockChange::Unchanged => free,
        }
    }

    /// What a supplier's feed comes to. What says of no instant cannot be late.
    fn fed(&self, quantity: Option<u32>, as_of: Option<Timestamp>) -> Result<StockChange, Refused> {
        let Some(as_of) = as_of else { return Ok(StockChange::SupplierFeed { quantity }) };
        match self.feed_as_of() {
            Some(newest) if as_of < newest => Err(Refused::OutdatedFeed { newest }),
            _ => Ok(StockChange::SupplierStated { quantity, as_of }),
        }
    }

    /// Units of a supply that arrived so far; 0 of one that is not known.
    pub fn arrived(&self, id: &InboundId) -> u32 {
        let open = self.open(id).map(|open| open.received);
        open.or_else(|| self.closed(id).map(|closed| closed.received)).unwrap_or(0)
    }

    pub(super) fn open(&self, id: &InboundId) -> Option<&Inbound> {
        self.inbound().iter().find(|inbound| inbound.id == *id)
    }

    pub(super) fn closed(&self, id: &InboundId) -> Option<&ClosedInbound> {
        self.closed_inbound().iter().find(|closed| closed.id == *id)
    }

    /// What it comes to that so many units of a supply were ordered in all.
    fn stated(&self, id: &InboundId, ordered: u32, eta: Timestamp) -> Result<StockChange, Refusal> {
        if let Some(open) = self.open(id) {
            let (no, quantity) = (open.no, ordered.saturating_sub(open.received));
            if quantity != open.quantity {
                open.refuse_transfer()?;
            } else if eta == open.eta {
                return Ok(StockChange::Unchanged);
            }
            self.has_room_inbound(quantity.saturating_sub(open.quantity))?;
            return Ok(StockChange::InboundMoved { no, quantity, eta });
        }
        match self.closed(id) {
            None => self.announced(id, ordered, eta),
            // No more is ordered than was when it closed, or than arrived.
            Some(closed)
                if ordered <= closed.ordered.max(closed.received) || closed.from.is_some() =>
            {
                Ok(StockChange::Unchanged)
            }
            Some(closed) => {
                let (id, quantity) = (id.clone(), ordered - closed.received);
                let no = self.next_inbound(quantity)?;
                Ok(StockChange::InboundReopened { no, id, quantity, eta })
            }
        }
    }

    /// The same change of a supply, of which so much counts from now on.
    fn weighed(
        &self,
        change: StockChange,
        operation: &StockOperation,
        confidence: Confidence,
    ) -> Result<StockChange, Refused> {
        let (no, before) = match (&change, operation.inbound().and_then(|id| self.open(id))) {
            (_, Some(open)) => (open.no, open.confidence),
            (
                StockChange::InboundAnnounced { no, .. } | StockChange::InboundReopened { no, .. },
                None,
            ) => (*no, Confidence::WHOLE),
            // It is closed, and stays so.
            (_, None) => return Ok(change),
        };
        if before == confidence {
            return Ok(change);
        }
        self.inbound_no(no).map_or(Ok(()), Inbound::refuse_transfer)?;
        Ok(StockChange::InboundWeighed(Box::new(InboundWeighed { no, change, confidence })))
    }

    /// The same change of a supply, which comes from there.
    fn sourced(
        &self,
        change: StockChange,
        operation: &StockOperation,
        source: SupplySource,
    ) -> Result<StockChange, Refused> {
        let open = operation.inbound().and_then(|id| self.open(id));
        let Some(no) = open.map(|open| open.no).or_else(|| announced_no(&change)) else {
            // It is closed, and stays so.
            return Ok(change);
        };
        if open.map_or(SupplySource::default(), |open| open.source) == source {
            return Ok(change);
        }
        open.map_or(Ok(()), Inbound::refuse_transfer)?;
        Ok(StockChange::InboundSourced(Box::new(InboundSourced { no, change, source })))
    }

    fn announced(
        &self,
        id: &InboundId,
        quantity: u32,
        eta: Timestamp,
    ) -> Result<StockChange, Refusal> {
        let no = self.next_inbound(quantity)?;
        Ok(StockChange::InboundAnnounced { no, id: id.clone(), quantity, eta })
    }
}

impl Inbound {
    /// Units of a transfer left another node, and do not come to be more, or fewer, or none.
    fn refuse_transfer(&self) -> Result<(), Refusal> {
        if self.from.is_some() {
            return Err(Refusal::InboundIsTransfer { inbound_id: self.id.to_string() });
        }
        Ok(())
    }
}

/// The number of a supply that a change announces, or opens again.
fn announced_no(change: &StockChange) -> Option<InboundNo> {
    match change {
        StockChange::InboundAnnounced { no, .. } | StockChange::InboundReopened { no, .. } => {
            Some(*no)
        }
        StockChange::InboundWeighed(weighed) => announced_no(&weighed.change),
        _ => None,
    }
}

/// A quantity after a correction, which does not take more than is there.
fn adjusted(what: &'static str, quantity: u32, delta: i32) -> Result<u32, Refusal> {
    if delta < 0 {
        not_more(what, delta.unsigned_abs(), quantity)?;
    }
    Ok(quantity.saturating_add_signed(delta))
}
