//! What callers may ask of a pair's supply.

use minicbor::Encode;

use super::PairTerms;
use super::confidence::Confidence;
use super::source::SupplySource;
use crate::limits;
use crate::model::check::{finish, in_range};
use crate::model::ids::{InboundId, Text};
use crate::model::time::Timestamp;
use crate::model::violation::{Rule, Violation};

/// How the supply of a pair is changed. Quantities are whole units.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub enum StockOperation {
    /// States what is there; what is left out stays as it is.
    #[n(1)]
    Set {
        /// Units physically there; not for suppliers.
        #[n(0)]
        on_hand: Option<u32>,
        /// Of those, units that cannot be sold; not for suppliers.
        #[n(1)]
        unavailable: Option<u32>,
        /// Units withheld from promising.
        #[n(2)]
        safety: Option<u32>,
    },
    /// States what a supplier has; without a quantity, any number.
    #[n(2)]
    SupplierFeed {
        /// Units that the supplier has.
        #[n(0)]
        quantity: Option<u32>,
        /// When the supplier stated it, if that is said: at most
        /// [`limits::FEED_AHEAD_MAX_MICROS`] from now, and not before the newest one that was
        /// taken.
        #[n(1)]
        as_of: Option<Timestamp>,
    },
    /// Takes in goods that were not announced.
    #[n(3)]
    Receive {
        /// Units, from 1.
        #[n(0)]
        quantity: u32,
        /// Of those, units that cannot be sold.
        #[n(1)]
        unavailable: u32,
    },
    /// Corrects by so many units; not both are 0.
    #[n(4)]
    Adjust {
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
    /// States what a physical count found.
    #[n(5)]
    Count {
        /// Units found.
        #[n(0)]
        on_hand: u32,
    },
    /// Announces a supply on its way.
    #[n(7)]
    AnnounceInbound {
        /// The caller's id for it.
        #[n(0)]
        id: InboundId,
        /// Units, from 1.
        #[n(1)]
        quantity: u32,
        /// When it is expected: the start of a day at the node. That may have passed, see
        /// [`limits::INBOUND_OVERDUE_DAYS_MAX`].
        #[n(2)]
        eta: Timestamp,
    },
    /// States how much of a supply was ordered in all. What arrived already is part of it:
    /// a file of open orders may say the same every night. What is closed short stays closed.
    #[n(11)]
    StateInbound {
        /// The caller's id for it.
        #[n(0)]
        id: InboundId,
        /// Units, from 1.
        #[n(1)]
        ordered: u32,
        /// When those that did not arrive yet are expected, as in
        /// [`AnnounceInbound`](Self::AnnounceInbound).
        #[n(2)]
        eta: Timestamp,
    },
    /// Changes a supply on its way.
    #[n(8)]
    ChangeInbound {
        /// Which one.
        #[n(0)]
        id: InboundId,
        /// Units now expected, if that changes.
        #[n(1)]
        quantity: Option<u32>,
        /// When, if that changes.
        #[n(2)]
        eta: Option<Timestamp>,
    },
    /// Announces, states or changes a supply on its way, and says how much of it counts. Of a
    /// change, nothing else has to be said.
    #[n(12)]
    Weigh {
        /// How it is announced, stated or changed.
        #[n(0)]
        operation: Box<Self>,
        /// The part of it that may be promised, in basis points, 0 to 10,000.
        #[n(1)]
        confidence_basis_points: u16,
    },
    /// Announces or states a supply on its way, also with how much of it counts, and says where it
    /// comes from.
    #[n(25)]
    Source {
        /// How it is announced or stated.
        #[n(0)]
        operation: Box<Self>,
        /// Where it comes from.
        #[n(1)]
        source: SupplySource,
    },
    /// Takes in units of an announced supply, also of one that is closed.
    #[n(9)]
    ReceiveInbound {
        /// Which one.
        #[n(0)]
        id: InboundId,
        /// Units that arrived.
        #[n(1)]
        quantity: u32,
        /// Whether nothing more will come.
        #[n(2)]
        closes: bool,
    },
    /// Takes back an announcement.
    #[n(10)]
    CancelInbound {
        /// Which one.
        #[n(0)]
        id: InboundId,
    },
    /// States who may have the pair's units, whole: what is left out is not said any more.
    #[n(13)]
    SetTerms(#[n(0)] Box<PairTerms>),
}

impl StockOperation {
    /// When a supply is expected from now on, if the operation says.
    pub fn eta(&self) -> Option<Timestamp> {
        match self {
            Self::AnnounceInbound { eta, .. } | Self::StateInbound { eta, .. } => Some(*eta),
            Self::ChangeInbound { eta, .. } => *eta,
            Self::Weigh { operation, .. } | Self::Source { operation, .. } => operation.eta(),
            _ => None,
        }
    }

    /// When a supplier stated what he has, if the operation says.
    pub const fn as_of(&self) -> Option<Timestamp> {
        match self {
            Self::SupplierFeed { as_of, .. } => *as_of,
            _ => None,
        }
    }

    /// The supply on its way that it is about, if it is about one.
    pub fn inbound(&self) -> Option<&InboundId> {
        match self {
            Self::AnnounceInbound { id, .. }
            | Self::StateInbound { id, .. }
            | Self::ChangeInbound { id, .. }
            | Self::ReceiveInbound { id, .. }
            | Self::CancelInbound { id } => Some(id),
            Self::Weigh { operation, .. } | Self::Source { operation, .. } => operation.inbound(),
            Self::Set { .. }
            | Self::SupplierFeed { .. }
            | Self::Receive { .. }
            | Self::Adjust { .. }
            | Self::Count { .. }
            | Self::SetTerms(_) => None,
        }
    }

    /// Checks quantities. Days are the node's, and are checked with it; what is ahead of now is
    /// checked where now is known.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let max = i64::from(limits::STOCK_UNITS_MAX);
        let mut found = Vec::new();
        let mut units = |field: &str, value: u32, min: i64| {
            in_range(&mut found, field.into(), i64::from(value), min, max);
        };
        match self {
            Self::Set { on_hand: None, unavailable: None, safety: None } => {
                found.push(says_nothing("levels", "sets no level"));
            }
            Self::Set { on_hand, unavailable, safety } => {
                units("on_hand", on_hand.unwrap_or(0), 0);
                units("unavailable", unavailable.unwrap_or(0), 0);
                units("safety", safety.unwrap_or(0), 0);
            }
            Self::SupplierFeed { quantity, .. } => units("quantity", quantity.unwrap_or(0), 0),
            Self::Receive { quantity, unavailable } => {
                units("quantity", *quantity, 1);
                let all = i64::from(*quantity);
                let most = if (1..=max).contains(&all) { all } else { max };
                let field = "unavailable".into();
                in_range(&mut found, field, i64::from(*unavailable), 0, most);
            }
            Self::Adjust { on_hand_delta: 0, unavailable_delta: 0, .. } => {
                found.push(says_nothing("deltas", "changes nothing: both deltas are 0"));
            }
            Self::Adjust { on_hand_delta, unavailable_delta, .. } => {
                let mut delta = |field: &str, delta: i32| {
                    in_range(&mut found, field.into(), i64::from(delta), -max, max);
                };
                delta("on_hand_delta", *on_hand_delta);
                delta("unavailable_delta", *unavailable_delta);
            }
            Self::Count { on_hand } => units("on_hand", *on_hand, 0),
            Self::AnnounceInbound { quantity, .. }
            | Self::StateInbound { ordered: quantity, .. } => {
                units("quantity", *quantity, 1);
            }
            Self::Weigh { operation, confidence_basis_points } => {
                return finish(weighed(operation, *confidence_basis_points));
            }
            Self::Source { operation, .. } => return sourced(operation),
            Self::ChangeInbound { quantity: None, eta: None, .. } => {
                found.push(says_nothing("quantity", "sets neither quantity, eta nor confidence"));
            }
            Self::ChangeInbound { quantity, .. } => units("quantity", quantity.unwrap_or(1), 1),
            Self::ReceiveInbound { quantity, closes, .. } => {
                units("quantity", *quantity, i64::from(!closes));
            }
            Self::CancelInbound { .. } => {}
            Self::SetTerms(terms) => return finish(terms.faults()),
        }
        finish(found)
    }
}

/// What is wrong with an operation that says how much of a supply counts.
fn weighed(operation: &StockOperation, confidence_basis_points: u16) -> Vec<Violation> {
    let mut found = match operation {
        StockOperation::ChangeInbound { quantity: None, eta: None, .. } => Vec::new(),
        StockOperation::AnnounceInbound { .. }
        | StockOperation::StateInbound { .. }
        | StockOperation::ChangeInbound { .. } => operation.validate().err().unwrap_or_default(),
        _ => vec![says_nothing("operation", "is about no supply on its way")],
    };
    let (field, value) = ("confidence_basis_points".into(), i64::from(confidence_basis_points));
    in_range(&mut found, field, value, 0, i64::from(Confidence::BASIS_POINTS_MAX));
    found
}

/// What is wrong with an operation that says where a supply comes from.
fn sourced(operation: &StockOperation) -> Result<(), Vec<Violation>> {
    match operation {
        StockOperation::AnnounceInbound { .. }
        | StockOperation::StateInbound { .. }
        | StockOperation::Weigh { .. } => operation.validate(),
        _ => Err(vec![says_nothing("operation", "announces no supply on its way")]),
    }
}

/// An operation that says nothing is a slip of its caller.
fn says_nothing(field: &str, how: &'static str) -> Violation {
    Violation::new(field, "", Rule::SaysNothing(how))
}
