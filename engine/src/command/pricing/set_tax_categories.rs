//! Setting the tax categories of items.

use minicbor::Encode;

use super::items::{check_items, number};
use super::rates::{Rates, RatesSet};
use crate::limits::{PRICE_ROWS_AT_ONCE_MAX, TAX_CATEGORIES_MAX};
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::{Meta, Refusal, Rule, Sku, SkuNo, Text, Violation};
use crate::pricing::{Categories, SkuCategory};
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets the tax categories of items. Those of other items stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetTaxCategories {
    /// Key, origin, time.
    pub meta: Meta,
    /// The items.
    pub items: Vec<ItemCategory>,
}

/// The tax category of an item.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct ItemCategory {
    /// The item.
    #[n(0)]
    pub sku: Sku,
    /// Its category; none, if the general rates are its.
    #[n(1)]
    pub category: Option<Text>,
}

impl SetTaxCategories {
    /// Checks all fields.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        check_items(&mut found, "items", &self.items, PRICE_ROWS_AT_ONCE_MAX, |of| &of.sku);
        let is_unnamed = |of: &ItemCategory| of.category.as_ref().is_some_and(is_empty);
        let unnamed = self.items.iter().position(is_unnamed);
        found.extend(
            unnamed.map(|at| Violation::new(format!("items[{at}].category"), "", Rule::Required)),
        );
        finish(found)
    }
}

impl Command for SetTaxCategories {
    type Event = RatesSet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.items)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<RatesSet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        let state = tx.state();
        let number = |sku: &Sku| number(&state.catalogue, sku);
        let pricing = state.pricing.load();
        Ok(Decision::Event(decide(pricing.book().categories(), &self.items, number)?))
    }
}

fn is_empty(name: &Text) -> bool {
    name.as_str().is_empty()
}

/// Decides on the categories of items.
fn decide(
    known: &Categories,
    items: &[ItemCategory],
    number: impl Fn(&Sku) -> Result<SkuNo, Refusal>,
) -> Result<RatesSet, Refusal> {
    let named = items.iter().filter_map(|of| of.category.as_ref());
    let new = named.filter(|name| !known.names().contains(name));
    let new: std::collections::HashSet<&Text> = new.collect();
    if known.names().len() + new.len() > TAX_CATEGORIES_MAX {
        return Err(Refusal::ListFull { what: "tax categories", max: TAX_CATEGORIES_MAX });
    }
    let of = |of: &ItemCategory| {
        Ok(SkuCategory { sku: number(&of.sku)?, category: of.category.clone() })
    };
    let of = items.iter().map(of).collect::<Result<_, _>>()?;
    Ok(RatesSet { rates: Rates::Categories(of) })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, sku};
    use crate::model::RefusalKind;

    fn of(names: usize) -> Vec<ItemCategory> {
        let name = |no| Text::new("category", format!("category {no}")).expect("a text");
        (0..names).map(|no| ItemCategory { sku: sku("A"), category: Some(name(no)) }).collect()
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let all = |_: &Sku| Ok(SkuNo(3));
        let none = |sku: &Sku| Err(Refusal::ItemNotFound { sku: sku.clone() });
        let mut known = Categories::default();
        known.set(SkuNo(0), of(1)[0].category.as_ref());
        let full = Refusal::ListFull { what: "tax categories", max: TAX_CATEGORIES_MAX };
        let is_decided = |decided: Result<RatesSet, Refusal>| decided.map(drop);
        check([
            ("as many as may be", is_decided(decide(&known, &of(TAX_CATEGORIES_MAX), all)), Ok(())),
            (
                "one too many",
                is_decided(decide(&known, &of(TAX_CATEGORIES_MAX + 1), all)),
                Err(full),
            ),
            (
                "of no item",
                is_decided(decide(&known, &of(1), none)),
                Err(Refusal::ItemNotFound { sku: sku("A") }),
            ),
        ])
    }

    #[test]
    fn there_are_so_many_categories_at_most() {
        table();
    }
}
