//! Where a supply on its way comes from, as its caller tells.

use minicbor::{Decode, Encode};

/// Where a supply on its way comes from, if it is no transfer: a transfer knows the node that it
/// left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SupplySource {
    /// It was ordered from a vendor.
    #[default]
    #[n(1)]
    PurchaseOrder,
    /// Customers send it back.
    #[n(2)]
    Return,
}
