//! Setting prices of items in a list.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::items::{check_items, number};
use crate::limits::PRICE_ROWS_AT_ONCE_MAX;
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{Meta, PriceListId, PriceListNo, Refusal, Rule, Sku, SkuNo, Violation};
use crate::pricing::{PriceRow, PricingChange, SkuPrices, sku_rows};
use crate::state::pricing::Pricing;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets the prices of items in a list. Those of other items stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPrices {
    /// Key, origin, time.
    pub meta: Meta,
    /// The list.
    pub list: PriceListId,
    /// All rows of each of these items.
    pub items: Vec<ItemPrices>,
}

/// All rows of an item in a list, in any order; none where the list is to have no price for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct ItemPrices {
    /// The item.
    #[n(0)]
    pub sku: Sku,
    /// Its rows.
    #[n(1)]
    pub rows: Vec<PriceRow>,
}

/// Prices of items in a list were set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PricesSet {
    /// The list.
    #[n(0)]
    pub no: PriceListNo,
    /// Its id.
    #[n(1)]
    pub id: PriceListId,
    /// All rows of each of these items.
    #[n(2)]
    pub items: Vec<SkuPrices>,
}

impl SetPrices {
    /// Checks all fields.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let (mut found, max) = (Vec::new(), PRICE_ROWS_AT_ONCE_MAX);
        check_items(&mut found, "items", &self.items, max, |of| &of.sku);
        let rows: usize = self.items.iter().map(|of| of.rows.len()).sum();
        if rows > max {
            found.push(Violation::new("items.rows", rows, Rule::TooMany { max }));
            return finish(found);
        }
        for (at, of) in self.items.iter().enumerate() {
            let wrong = sku_rows(&format!("items[{at}].rows"), &of.rows).err();
            found.extend(wrong.into_iter().flatten());
        }
        finish(found)
    }
}

impl Command for SetPrices {
    type Event = PricesSet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&(&self.list, &self.items))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<PricesSet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        let state = tx.state();
        let no = named(&state.pricing.load(), &self.list)?;
        let items = self.items.iter().map(|of| prices(of, |sku| number(&state.catalogue, sku)));
        let items = items.collect::<Result<_, _>>()?;
        Ok(Decision::Event(PricesSet { no, id: self.list.clone(), items }))
    }
}

fn named(pricing: &Pricing, id: &PriceListId) -> Result<PriceListNo, Refusal> {
    let unknown = || Refusal::PriceListNotFound { price_list_id: id.clone() };
    pricing.list_no(id).ok_or_else(unknown)
}

/// The rows of an item by number, in their order.
fn prices(
    of: &ItemPrices,
    number: impl Fn(&Sku) -> Result<SkuNo, Refusal>,
) -> Result<SkuPrices, EngineError> {
    let rows = sku_rows("rows", &of.rows)?.into_vec();
    Ok(SkuPrices { sku: number(&of.sku)?, rows })
}

impl Event for PricesSet {
    /// The items that it is of, and no prices: there may be thousands.
    fn describe(&self) -> Value {
        let items: Vec<_> = self.items.iter().map(|of| of.sku.0).collect();
        json!({ "price_list_id": self.id.as_str(), "sku_nos": items })
    }
}

impl Effective for PricesSet {
    fn effects(self) -> Effects {
        let change = PricingChange::Prices(self.no, self.items);
        vec![Effect::Configuration(Configuration::Pricing(Box::new(change)))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, price_list, price_row, sku};
    use crate::model::{Lsn, RefusalKind};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let mut pricing = Pricing::default();
        let known = price_list("known").definition;
        let unknown = price_list("unknown").definition.id;
        pricing.change(PricingChange::List(PriceListNo(0), known.clone()), Lsn::FIRST);
        let not_found = Refusal::PriceListNotFound { price_list_id: unknown.clone() };
        let no_item = |sku: &Sku| Err(Refusal::ItemNotFound { sku: sku.clone() });
        let of = ItemPrices { sku: sku("A"), rows: vec![price_row(1, 100)] };
        let priced = |numbered: Result<SkuPrices, EngineError>| match numbered {
            Err(EngineError::Refused(refusal)) => Err(refusal),
            numbered => Ok(numbered.expect("the rows are right").sku.0),
        };
        check([
            ("a list", named(&pricing, &known.id).map(|no| no.0), Ok(0)),
            ("no list", named(&pricing, &unknown).map(|no| no.0), Err(not_found)),
            ("an item", priced(prices(&of, |_| Ok(SkuNo(7)))), Ok(7)),
            ("no item", priced(prices(&of, no_item)), no_item(&of.sku).map(|no: SkuNo| no.0)),
        ])
    }

    #[test]
    fn prices_are_of_items_and_lists_that_there_are() {
        table();
    }
}
