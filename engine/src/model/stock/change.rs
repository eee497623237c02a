//! What an event changes of one pair's supply.

use minicbor::{Decode, Encode};

use super::{Confidence, Declined, PairTerms, SupplySource};
use crate::model::ids::{InboundId, InboundNo, NodeNo, Text};
use crate::model::time::Timestamp;

/// A change to one pair's supply.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum StockChange {
    /// What is there, as an upstream system states it.
    #[n(1)]
    Set {
        /// Units physically there.
        #[n(0)]
        on_hand: u32,
        /// Of those, units that cannot be sold.
        #[n(1)]
        unavailable: u32,
        /// Units withheld from promising.
        #[n(2)]
        safety: u32,
    },
    /// What a supplier's feed states that does not say as of when; without a quantity, any
    /// number.
    #[n(2)]
    SupplierFeed {
        /// Units that the supplier has.
        #[n(0)]
        quantity: Option<u32>,
    },
    /// Goods arrived that were not announced.
    #[n(3)]
    Received {
        /// Units that arrived.
        #[n(0)]
        quantity: u32,
        /// Of those, units that cannot be sold.
        #[n(1)]
        unavailable: u32,
    },
    /// A correction by so many units.
    #[n(4)]
    Adjusted {
        /// Units on hand more, or less when below zero.
        #[n(0)]
        on_hand_delta: i32,
        /// Units more that cannot be sold, or less when below zero.
        #[n(1)]
        unavailable_delta: i32,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// A physical count.
    #[n(5)]
    Counted {
        /// Units found.
        #[n(0)]
        on_hand: u32,
        /// As in [`CountedBelow`](Self::CountedBelow). Read still, and written no more:
        /// programs that do not know it pass over it.
        #[n(1)]
        unavailable: Option<u32>,
    },
    /// A supply on its way became known.
    #[n(6)]
    InboundAnnounced {
        /// Its number at this pair.
        #[n(0)]
        no: InboundNo,
        /// The caller's id.
        #[n(1)]
        id: InboundId,
        /// Units expected.
        #[n(2)]
        quantity: u32,
        /// When.
        #[n(3)]
        eta: Timestamp,
    },
    /// A supply on its way changed in quantity or time. Read still, and written no more: it
    /// does not know who is to be told.
    #[n(7)]
    InboundChanged {
        /// Which one.
        #[n(0)]
        no: InboundNo,
        /// Units now expected.
        #[n(1)]
        quantity: u32,
        /// When.
        #[n(2)]
        eta: Timestamp,
    },
    /// Units of an announced supply arrived. Read still, and written no more: it does not
    /// count what arrived in all.
    #[n(8)]
    InboundReceived {
        /// Which one.
        #[n(0)]
        no: InboundNo,
        /// Units that arrived.
        #[n(1)]
        quantity: u32,
        /// Whether nothing more will come.
        #[n(2)]
        closes: bool,
    },
    /// A supply will not come. Read still, and written no more: it forgets the supply.
    #[n(9)]
    InboundCancelled {
        /// Which one.
        #[n(0)]
        no: InboundNo,
    },
    /// A physical count that found fewer units than there were that cannot be sold.
    #[n(10)]
    CountedBelow {
        /// Units found.
        #[n(0)]
        on_hand: u32,
        /// Units that cannot be sold from now on.
        #[n(1)]
        unavailable: u32,
    },
    /// Units of an announced supply arrived.
    #[n(11)]
    InboundArrived {
        /// Which one.
        #[n(0)]
        no: InboundNo,
        /// Units that arrived.
        #[n(1)]
        quantity: u32,
        /// Whether nothing more will come.
        #[n(2)]
        closes: bool,
    },
    /// What is still to come of a supply will not come.
    #[n(12)]
    InboundClosed {
        /// Which one.
        #[n(0)]
        no: InboundNo,
    },
    /// More was ordered of a supply that was closed.
    #[n(13)]
    InboundReopened {
        /// Its number from now on.
        #[n(0)]
        no: InboundNo,
        /// The caller's id.
        #[n(1)]
        id: InboundId,
        /// Units expected.
        #[n(2)]
        quantity: u32,
        /// When.
        #[n(3)]
        eta: Timestamp,
    },
    /// Units of a supply arrived of which nothing more was to come.
    #[n(14)]
    InboundLate {
        /// The caller's id.
        #[n(0)]
        id: InboundId,
        /// Units that arrived.
        #[n(1)]
        quantity: u32,
    },
    /// What was said is so already.
    #[n(15)]
    Unchanged,
    /// Units left for another node.
    #[n(16)]
    TransferLeft {
        /// How many.
        #[n(0)]
        quantity: u32,
    },
    /// Units left another node for this one.
    #[n(17)]
    TransferAnnounced(#[n(0)] Box<TransferAnnounced>),
    /// Units that were on their way here turned back.
    #[n(18)]
    TransferTurnedBack {
        /// Which supply.
        #[n(0)]
        no: InboundNo,
        /// How many.
        #[n(1)]
        quantity: u32,
    },
    /// Units that had left for another node are back.
    #[n(19)]
    TransferReturned {
        /// How many.
        #[n(0)]
        quantity: u32,
    },
    /// A supply on its way changed in quantity or time.
    #[n(20)]
    InboundMoved {
        /// Which one.
        #[n(0)]
        no: InboundNo,
        /// Units now expected; with none, it closes.
        #[n(1)]
        quantity: u32,
        /// When.
        #[n(2)]
        eta: Timestamp,
    },
    /// The node does not ship units of an order.
    #[n(21)]
    Declined(#[n(0)] Box<Declined>),
    /// A supply on its way is announced or changed, and another part of it counts.
    #[n(22)]
    InboundWeighed(#[n(0)] Box<InboundWeighed>),
    /// Who may have the pair's units from now on.
    #[n(23)]
    Termed(#[n(0)] Box<PairTerms>),
    /// What a supplier's feed states as of an instant; without a quantity, any number.
    #[n(24)]
    SupplierStated {
        /// Units that the supplier has.
        #[n(0)]
        quantity: Option<u32>,
        /// When he stated it.
        #[n(1)]
        as_of: Timestamp,
    },
    /// A supply on its way is announced or stated, and comes from elsewhere.
    #[n(25)]
    InboundSourced(#[n(0)] Box<InboundSourced>),
    /// A partner said several things of the pair in one message: they happen one after the other.
    #[n(30)]
    Reported(#[n(0)] Vec<StockChange>),
    /// A partner corrected what came of a supply: fewer units came than it had said.
    #[n(31)]
    ReceiptTakenBack {
        /// The caller's id of the supply.
        #[n(0)]
        id: InboundId,
        /// Units that did not come.
        #[n(1)]
        quantity: u32,
    },
}

impl StockChange {
    /// When a supply is expected that it announces, states or moves.
    pub fn eta(&self) -> Option<Timestamp> {
        match self {
            Self::InboundAnnounced { eta, .. }
            | Self::InboundChanged { eta, .. }
            | Self::InboundReopened { eta, .. }
            | Self::InboundMoved { eta, .. } => Some(*eta),
            Self::TransferAnnounced(announced) => Some(announced.eta),
            Self::InboundWeighed(weighed) => weighed.change.eta(),
            Self::InboundSourced(sourced) => sourced.change.eta(),
            _ => None,
        }
    }
}

/// A supply on its way is announced or stated, and comes from elsewhere than was said.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InboundSourced {
    /// Which one.
    #[n(0)]
    pub no: InboundNo,
    /// What else happens to it.
    #[n(1)]
    pub change: StockChange,
    /// Where it comes from.
    #[n(2)]
    pub source: SupplySource,
}

/// A supply on its way is announced or changed, and another part of it counts from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InboundWeighed {
    /// Which one.
    #[n(0)]
    pub no: InboundNo,
    /// What else happens to it.
    #[n(1)]
    pub change: StockChange,
    /// How much of it counts.
    #[n(2)]
    pub confidence: Confidence,
}

/// Units that are on their way from another node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TransferAnnounced {
    /// Their number at this pair.
    #[n(0)]
    pub no: InboundNo,
    /// The caller's id.
    #[n(1)]
    pub id: InboundId,
    /// Units expected.
    #[n(2)]
    pub quantity: u32,
    /// When.
    #[n(3)]
    pub eta: Timestamp,
    /// The node that they left.
    #[n(4)]
    pub from: NodeNo,
}
