//! Price lists: what items cost, and for whom.

use minicbor::{Decode, Encode};

use super::rows::Rows;
use crate::model::{Currency, PriceListId, Text};

/// For whom a price list is. The more it says of the buyer, the earlier it is asked for a price.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Scope {
    /// Everybody.
    #[default]
    #[n(0)]
    Everybody,
    /// Orders of a channel.
    #[n(1)]
    Channel(#[n(0)] Text),
    /// Customers of a group.
    #[n(2)]
    Group(#[n(0)] Text),
    /// Orders under a contract.
    #[n(3)]
    Contract(#[n(0)] Text),
}

/// What items cost, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// The caller's id.
    pub id: PriceListId,
    /// The currency of all its prices.
    pub currency: Currency,
    /// For whom it is.
    pub scope: Scope,
    /// Its prices.
    pub rows: Rows,
}
