//! What a merchandiser says of two items.

use minicbor::{Decode, Encode};

use crate::model::SkuNo;

/// What an item is to another one. The kinds are those of a catalogue that is curated by hand; their numbers are
/// written, and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Association {
    /// It may be sold in place of the item.
    #[n(1)]
    Substitute,
    /// It goes with the item.
    #[n(2)]
    Complement,
    /// It is a better one, for more.
    #[n(3)]
    Upgrade,
    /// The item is not made any more, and this one is what came after it.
    #[n(4)]
    Successor,
}

/// An item that is something to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Associated<S = SkuNo> {
    /// What it is.
    #[n(0)]
    pub association: Association,
    /// The item.
    #[n(1)]
    pub sku: S,
}

/// All that was said of an item: of each kind the best one first.
pub type Associations = Vec<Associated>;
