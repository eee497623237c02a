//! Price lists: what items cost, and for whom.

use minicbor::{Decode, Encode};

use super::pages::Pages;
use super::row::{PriceRow, SkuRows};
use crate::model::check::finish;
use crate::model::{Currency, PriceListId, Rule, SkuNo, Text, Violation};

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

/// What a price list is, without its prices.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PriceListDefinition {
    /// The caller's id.
    #[n(0)]
    pub id: PriceListId,
    /// The currency of all its prices.
    #[n(1)]
    pub currency: Currency,
    /// For whom it is.
    #[n(2)]
    pub scope: Scope,
}

/// What items cost, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// What it is.
    pub definition: PriceListDefinition,
    /// Its prices, by item.
    pub rows: Pages<SkuRows>,
}

impl Scope {
    /// What kind of buyers it is for.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Channel(_) => "channel",
            Self::Group(_) => "group",
            Self::Contract(_) => "contract",
        }
    }

    /// The channel, group or contract; empty for everybody.
    pub fn name(&self) -> &str {
        match self {
            Self::Everybody => "",
            Self::Channel(name) | Self::Group(name) | Self::Contract(name) => name.as_str(),
        }
    }
}

impl PriceListDefinition {
    /// Checks all fields.
    ///
    /// # Errors
    /// All that is wrong: a currency that no amounts are paid in, a scope without a name.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.currency.exponent().is_none() {
            let rule = Rule::Malformed("is no currency that amounts are paid in".into());
            found.push(Violation::new("currency_code", self.currency, rule));
        }
        if self.scope != Scope::Everybody && self.scope.name().is_empty() {
            found.push(Violation::new("scope", "", Rule::Required));
        }
        finish(found)
    }
}

impl PriceList {
    /// What there is of an item.
    pub fn rows_of(&self, sku: SkuNo) -> &[PriceRow] {
        self.rows.of(sku).map_or(&[], |rows| rows.as_slice())
    }
}
