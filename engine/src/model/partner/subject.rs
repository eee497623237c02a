//! What a partner's message is about.

use minicbor::{Decode, Encode};

use crate::model::ids::{InboundId, OrderId, PartnerId, Reference};

/// Names a fact: who states it, and of what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct FactKey {
    /// Who.
    #[n(0)]
    pub sender: PartnerId,
    /// Of what.
    #[n(1)]
    pub subject: Subject,
}

/// Type and subject of a message. Together with its sender they name a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Subject {
    /// What came of a delivery.
    #[n(0)]
    Receipt {
        /// The delivery.
        #[n(0)]
        inbound: InboundId,
        /// The partner's own number of the receipt, where it reports each by itself.
        #[n(1)]
        part: Option<Reference>,
    },
    /// What was shipped of a shipment.
    #[n(1)]
    Shipment {
        /// The order.
        #[n(0)]
        order: OrderId,
        /// The shipment, by the number that the order told.
        #[n(1)]
        shipment: Reference,
        /// The partner's own number, where it reports each part by itself.
        #[n(2)]
        part: Option<Reference>,
    },
    /// Stock that changed without a delivery or a shipment.
    #[n(2)]
    Adjustment(#[n(0)] Reference),
    /// What is there.
    #[n(3)]
    Count(#[n(0)] Reference),
    /// Goods that will come back.
    #[n(4)]
    Return(#[n(0)] ReturnNames),
    /// Goods that came back.
    #[n(5)]
    ReturnReceipt(#[n(0)] ReturnNames),
    /// A package, by its tracking number.
    #[n(6)]
    Tracking(#[n(0)] Reference),
}

/// By what a return is known. At least one is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ReturnNames {
    /// The number of the permission.
    #[n(0)]
    pub rma: Option<Reference>,
    /// The tracking number of the package.
    #[n(1)]
    pub tracking: Option<Reference>,
    /// The order.
    #[n(2)]
    pub order: Option<OrderId>,
}

impl Subject {
    /// The type's name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Receipt { .. } => "receipt",
            Self::Shipment { .. } => "shipment",
            Self::Adjustment(_) => "adjustment",
            Self::Count(_) => "count",
            Self::Return(_) => "return",
            Self::ReturnReceipt(_) => "return_receipt",
            Self::Tracking(_) => "tracking",
        }
    }

    /// By what goods that come back are known, if it is of such.
    pub const fn return_names(&self) -> Option<&ReturnNames> {
        if let Self::Return(names) | Self::ReturnReceipt(names) = self { Some(names) } else { None }
    }

    /// Whether it is of goods that came back.
    pub const fn is_return_receipt(&self) -> bool {
        matches!(self, Self::ReturnReceipt(_))
    }

    /// Whether a message says what is there, and nothing of what it does not list: a count. All
    /// others say everything, so that what is not listed is 0.
    pub const fn is_count(&self) -> bool {
        matches!(self, Self::Count(_))
    }
}
