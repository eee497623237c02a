//! What the rooms of rates share: their event.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::pricing::{PricingChange, ShippingRate, SkuCategory, TaxRates};
use crate::transaction::command::Effective;

/// Rates were set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RatesSet {
    /// Which, and what they are now.
    #[n(0)]
    pub rates: Rates,
}

/// Rates, as they are from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Rates {
    /// All tax rates.
    #[n(0)]
    Taxes(#[n(0)] TaxRates),
    /// All shipping rates.
    #[n(1)]
    Shipping(#[n(0)] Vec<ShippingRate>),
    /// The tax categories of these items.
    #[n(2)]
    Categories(#[n(0)] Vec<SkuCategory>),
}

impl Event for RatesSet {
    fn describe(&self) -> Value {
        match &self.rates {
            Rates::Taxes(of) => {
                json!({ "rates": "taxes", "inclusive": of.inclusive, "rows": of.rates.len() })
            }
            Rates::Shipping(rates) => json!({ "rates": "shipping", "rows": rates.len() }),
            Rates::Categories(of) => {
                let items: Vec<_> = of.iter().map(|of| of.sku.0).collect();
                json!({ "rates": "tax_categories", "sku_nos": items })
            }
        }
    }
}

impl Effective for RatesSet {
    fn effects(self) -> Effects {
        let change = match self.rates {
            Rates::Taxes(rates) => PricingChange::Taxes(rates),
            Rates::Shipping(rates) => PricingChange::Shipping(rates),
            Rates::Categories(of) => PricingChange::Categories(of),
        };
        vec![Effect::Configuration(Configuration::Pricing(Box::new(change)))]
    }
}
