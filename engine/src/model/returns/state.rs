//! The states of the three machines of a return.

use minicbor::{Decode, Encode};

/// Where the goods are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoodsState {
    /// The customer has them, and is to send them.
    Expected,
    /// They are on their way.
    InTransit,
    /// They arrived, and nobody looked at them.
    Received,
    /// They were looked at and graded.
    Inspected,
    /// What becomes of them was decided, and done.
    Disposed,
    /// The carrier lost them.
    Lost,
    /// They did not come in time.
    Expired,
    /// They need not come: the customer keeps them.
    NotRequired,
}

impl GoodsState {
    /// Each of them.
    pub const ALL: [Self; 8] = [
        Self::Expected,
        Self::InTransit,
        Self::Received,
        Self::Inspected,
        Self::Disposed,
        Self::Lost,
        Self::Expired,
        Self::NotRequired,
    ];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::InTransit => "in_transit",
            Self::Received => "received",
            Self::Inspected => "inspected",
            Self::Disposed => "disposed",
            Self::Lost => "lost",
            Self::Expired => "expired",
            Self::NotRequired => "not_required",
        }
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionState {
    /// Nothing: somebody has to.
    Requested,
    /// The customer may send them.
    Authorised,
    /// He may not.
    Refused,
    /// He is owed what they are worth.
    Approved,
    /// He is owed a part of that.
    Reduced,
    /// They came, and he is owed nothing.
    Rejected,
    /// He does not send them after all.
    Cancelled,
}

impl DecisionState {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Authorised,
        Self::Refused,
        Self::Approved,
        Self::Reduced,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Authorised => "authorised",
            Self::Refused => "refused",
            Self::Approved => "approved",
            Self::Reduced => "reduced",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whether the customer has his credit for them. How it is paid, and whether that failed, is in the order's
/// ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Credit {
    /// He has none.
    #[n(1)]
    None = 1,
    /// He has it before the goods came.
    #[n(2)]
    Advanced = 2,
    /// He has it.
    #[n(3)]
    Given = 3,
    /// He had it before the goods came, and it is his.
    #[n(4)]
    Earned = 4,
    /// He had it before the goods came, and owes it.
    #[n(5)]
    ChargedBack = 5,
}

impl Credit {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Advanced, Self::Given, Self::Earned, Self::ChargedBack];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Advanced => "advanced",
            Self::Given => "given",
            Self::Earned => "earned",
            Self::ChargedBack => "charged_back",
        }
    }

    /// Whether he has the money.
    pub const fn is_had(self) -> bool {
        matches!(self, Self::Advanced | Self::Given | Self::Earned)
    }
}
