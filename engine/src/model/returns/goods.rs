//! Goods that come back: their grade, and what becomes of them.

use minicbor::{Decode, Encode};

use super::state::GoodsState;

/// What an inspector found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Grade {
    /// As new, in a closed box.
    #[n(1)]
    A = 1,
    /// As new, opened.
    #[n(2)]
    B = 2,
    /// Used.
    #[n(3)]
    C = 3,
    /// Damaged, or without function.
    #[n(4)]
    Damaged = 4,
}

impl Grade {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::Damaged];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::Damaged => "damaged",
        }
    }
}

/// What becomes of goods that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Disposition {
    /// They are sold again, at the node where they came in.
    #[n(1)]
    Restock = 1,
    /// They are repaired, or packed anew.
    #[n(2)]
    Refurbish = 2,
    /// They are sold as a lot.
    #[n(3)]
    Liquidate = 3,
    /// They go back to whom they were bought from.
    #[n(4)]
    ReturnToVendor = 4,
    /// They are thrown away.
    #[n(5)]
    Scrap = 5,
    /// The customer gets them back.
    #[n(6)]
    SendBack = 6,
    /// They were not in the box.
    #[n(7)]
    Missing = 7,
}

impl Disposition {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Restock,
        Self::Refurbish,
        Self::Liquidate,
        Self::ReturnToVendor,
        Self::Scrap,
        Self::SendBack,
        Self::Missing,
    ];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restock => "restock",
            Self::Refurbish => "refurbish",
            Self::Liquidate => "liquidate",
            Self::ReturnToVendor => "return_to_vendor",
            Self::Scrap => "scrap",
            Self::SendBack => "send_back",
            Self::Missing => "missing",
        }
    }
}

/// Where goods are, and all that is known of them there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Goods {
    /// The customer has them.
    #[n(1)]
    Expected,
    /// They are on their way.
    #[n(2)]
    InTransit,
    /// They arrived.
    #[n(3)]
    Received,
    /// They were looked at.
    #[n(4)]
    Inspected(#[n(0)] Grade),
    /// What becomes of them is done.
    #[n(5)]
    Disposed {
        /// What was found; none where nobody looked, because they go back, or were not there.
        #[n(0)]
        grade: Option<Grade>,
        /// What became of them.
        #[n(1)]
        how: Disposition,
    },
    /// The carrier lost them.
    #[n(6)]
    Lost,
    /// They did not come in time.
    #[n(7)]
    Expired,
    /// They need not come.
    #[n(8)]
    NotRequired,
}

/// What one unit is in the books of the node that has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnShelf {
    /// Units that are there.
    pub on_hand: u32,
    /// Of those, units that cannot be sold.
    pub unavailable: u32,
}

impl Goods {
    /// The state, without what is known beside it.
    pub const fn state(self) -> GoodsState {
        match self {
            Self::Expected => GoodsState::Expected,
            Self::InTransit => GoodsState::InTransit,
            Self::Received => GoodsState::Received,
            Self::Inspected(_) => GoodsState::Inspected,
            Self::Disposed { .. } => GoodsState::Disposed,
            Self::Lost => GoodsState::Lost,
            Self::Expired => GoodsState::Expired,
            Self::NotRequired => GoodsState::NotRequired,
        }
    }

    /// What an inspector found.
    pub const fn grade(self) -> Option<Grade> {
        match self {
            Self::Inspected(grade) => Some(grade),
            Self::Disposed { grade, .. } => grade,
            _ => None,
        }
    }

    /// What became of them.
    pub const fn disposition(self) -> Option<Disposition> {
        match self {
            Self::Disposed { how, .. } => Some(how),
            _ => None,
        }
    }

    /// Whether the node reported that they came.
    pub const fn has_arrived(self) -> bool {
        matches!(self, Self::Received | Self::Inspected(_) | Self::Disposed { .. })
    }

    /// What one of them adds to the books of its node. A move changes those by the difference, so that a
    /// unit is restocked once.
    pub const fn on_shelf(self) -> OnShelf {
        match self {
            Self::Received | Self::Inspected(_) => OnShelf { on_hand: 1, unavailable: 1 },
            Self::Disposed { how, .. } => match how {
                Disposition::Restock => OnShelf { on_hand: 1, unavailable: 0 },
                Disposition::Refurbish | Disposition::Liquidate | Disposition::ReturnToVendor => {
                    OnShelf { on_hand: 1, unavailable: 1 }
                }
                Disposition::Scrap | Disposition::SendBack | Disposition::Missing => {
                    OnShelf { on_hand: 0, unavailable: 0 }
                }
            },
            _ => OnShelf { on_hand: 0, unavailable: 0 },
        }
    }
}
