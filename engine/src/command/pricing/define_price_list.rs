//! Defining a price list.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::number_of;
use crate::limits::PRICE_LISTS_MAX;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{Meta, PriceListNo, Refusal, Violation};
use crate::pricing::{PriceListDefinition, PricingChange};
use crate::state::pricing::Pricing;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Defines a price list, or changes for whom it is. Its prices stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinePriceList {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub definition: PriceListDefinition,
}

/// A price list was defined, or changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PriceListDefined {
    /// Its number.
    #[n(0)]
    pub no: PriceListNo,
    /// What it is now.
    #[n(1)]
    pub definition: PriceListDefinition,
}

impl Command for DefinePriceList {
    type Event = PriceListDefined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.definition)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.definition.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<PriceListDefined>, EngineError> {
        tx.take_turn_at_configuring().await?;
        Ok(Decision::Event(decide(&tx.state().pricing.load(), &self.definition)?))
    }
}

/// Decides the definition of a list beside others. The currency of a list that has prices is that of its prices.
fn decide(
    pricing: &Pricing,
    definition: &PriceListDefinition,
) -> Result<PriceListDefined, Refusal> {
    let known = pricing.list_no(&definition.id);
    if let Some(list) = known.and_then(|no| pricing.book().list(no))
        && list.definition.currency != definition.currency
        && !list.rows.is_empty()
    {
        let (price_list_id, known) = (definition.id.clone(), list.definition.currency);
        return Err(Refusal::PriceListCurrencyFixed { price_list_id, known });
    }
    let (known, there) = (known.map(|no| no.0), pricing.book().lists().len());
    let no = number_of(known, there, ("price lists", PRICE_LISTS_MAX))?;
    Ok(PriceListDefined { no: PriceListNo(no), definition: definition.clone() })
}

impl Event for PriceListDefined {
    fn describe(&self) -> Value {
        let PriceListDefinition { id, currency, scope } = &self.definition;
        json!({
            "price_list_id": id.as_str(), "currency_code": currency.as_str(),
            "scope": scope.kind(), "scope_name": scope.name(),
        })
    }
}

impl Effective for PriceListDefined {
    fn effects(self) -> Effects {
        let change = PricingChange::List(self.no, self.definition);
        vec![Effect::Configuration(Configuration::Pricing(Box::new(change)))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, price_list, prices};
    use crate::model::{Currency, Lsn, RefusalKind};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let mut pricing = Pricing::default();
        for (no, id) in ["plain", "priced"].into_iter().enumerate() {
            let no = PriceListNo(u32::try_from(no).unwrap());
            pricing.change(PricingChange::List(no, price_list(id).definition), Lsn::FIRST);
        }
        pricing.change(PricingChange::Prices(PriceListNo(1), prices()), Lsn::FIRST);
        let usd = Currency::new("currency_code", "USD").unwrap();
        let decided = |id: &str, currency| {
            let of = price_list(id).definition;
            let definition = PriceListDefinition { currency, ..of };
            decide(&pricing, &definition).map(|event| event.no.0)
        };
        let eur = price_list("list").definition.currency;
        let fixed = Refusal::PriceListCurrencyFixed {
            price_list_id: price_list("priced").definition.id,
            known: eur,
        };
        let full = Refusal::ListFull { what: "price lists", max: PRICE_LISTS_MAX };
        let of = ("price lists", PRICE_LISTS_MAX);
        check([
            ("a new one", decided("new", eur), Ok(2)),
            ("one that is there", decided("plain", eur), Ok(0)),
            ("another currency, without prices", decided("plain", usd), Ok(0)),
            ("another currency, with prices", decided("priced", usd), Err(fixed)),
            ("the last one", number_of(None, PRICE_LISTS_MAX - 1, of), Ok(9_999)),
            ("one too many", number_of(None, PRICE_LISTS_MAX, of), Err(full)),
        ])
    }

    #[test]
    fn the_currency_of_a_list_with_prices_stays() {
        table();
    }
}
