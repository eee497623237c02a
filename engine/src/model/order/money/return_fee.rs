//! What a return costs somebody.

use minicbor::{Decode, Encode};

/// For what of a return somebody pays. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ReturnFee {
    /// The goods came in another condition than they left.
    #[n(1)]
    Reduction,
    /// What it takes to sell them again.
    #[n(2)]
    Restocking,
    /// The label.
    #[n(3)]
    Label,
}

impl ReturnFee {
    /// What people are told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reduction => "reduced value",
            Self::Restocking => "restocking",
            Self::Label => "return label",
        }
    }
}
