//! Setting all tax rates.

use super::rates::{Rates, RatesSet};
use crate::model::digest::fingerprint;
use crate::model::{Meta, Violation};
use crate::pricing::TaxRates;
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets all tax rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineTaxRates {
    /// Key, origin, time.
    pub meta: Meta,
    /// What they are from now on.
    pub rates: TaxRates,
}

impl Command for DefineTaxRates {
    type Event = RatesSet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.rates)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.rates.validate()
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<RatesSet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        Ok(Decision::Event(RatesSet { rates: Rates::Taxes(self.rates.clone()) }))
    }
}
