//! What changes of all that prices are made of.

use minicbor::{Decode, Encode};

use super::list::PriceListDefinition;
use super::promotion::Promotion;
use super::row::PriceRow;
use super::shipping::ShippingRate;
use super::tax::TaxRates;
use crate::model::{PriceListNo, PromotionNo, SkuNo, Text};

/// A part of what prices are made of, as it is from now on. Snapshots hold parts in this form as
/// well.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PricingChange {
    /// A price list, by its number. Its prices stay.
    #[n(0)]
    List(#[n(0)] PriceListNo, #[n(1)] PriceListDefinition),
    /// Prices of items in a list. Those of other items stay.
    #[n(1)]
    Prices(#[n(0)] PriceListNo, #[n(1)] Vec<SkuPrices>),
    /// A promotion, by its number.
    #[n(2)]
    Promotion(#[n(0)] PromotionNo, #[n(1)] Box<Promotion>),
    /// All tax rates.
    #[n(3)]
    Taxes(#[n(0)] TaxRates),
    /// All shipping rates.
    #[n(4)]
    Shipping(#[n(0)] Vec<ShippingRate>),
    /// The tax categories of items. Those of other items stay.
    #[n(5)]
    Categories(#[n(0)] Vec<SkuCategory>),
}

/// All rows of an item in a list. Without any, the list has no price for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SkuPrices {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// By fewest units, then by day.
    #[n(1)]
    pub rows: Vec<PriceRow>,
}

/// The tax category of an item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SkuCategory {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// Its category; none, if the general rates are its.
    #[n(1)]
    pub category: Option<Text>,
}
