//! Setting all shipping rates.

use super::rates::{Rates, RatesSet};
use crate::model::digest::fingerprint;
use crate::model::{Meta, Violation};
use crate::pricing::{ShippingRate, check_rates};
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets all shipping rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineShippingRates {
    /// Key, origin, time.
    pub meta: Meta,
    /// What they are from now on.
    pub rates: Vec<ShippingRate>,
}

impl Command for DefineShippingRates {
    type Event = RatesSet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.rates)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        check_rates(&self.rates)
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<RatesSet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        Ok(Decision::Event(RatesSet { rates: Rates::Shipping(self.rates.clone()) }))
    }
}
