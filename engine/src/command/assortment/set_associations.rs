//! Setting what goes with an item, and what may take its place.

use std::collections::HashSet;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::number;
use crate::companions::{Associated, AssortmentChange, SkuAssociations};
use crate::limits::{ASSOCIATIONS_MAX, ASSORTED_AT_ONCE_MAX};
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{Meta, Refusal, Rule, Sku, SkuNo, Violation};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets all that is said of items. What is said of others stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAssociations {
    /// Key, origin, time.
    pub meta: Meta,
    /// The items.
    pub items: Vec<ItemAssociations>,
}

/// What other items are to an item: of each kind the best one first; none where nothing is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct ItemAssociations {
    /// The item.
    #[n(0)]
    pub sku: Sku,
    /// The others.
    #[n(1)]
    pub associated: Vec<Associated<Sku>>,
}

/// What is said of items was set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AssociationsSet {
    /// What is said of each of these items now.
    #[n(0)]
    pub items: Vec<SkuAssociations>,
}

impl SetAssociations {
    /// Checks all fields. No item is anything to itself, and none is the same to another one twice.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.items.is_empty() {
            found.push(Violation::new("items", "", Rule::Required));
        }
        if self.items.len() > ASSORTED_AT_ONCE_MAX {
            let rule = Rule::TooMany { max: ASSORTED_AT_ONCE_MAX };
            found.push(Violation::new("items", self.items.len(), rule));
            return finish(found);
        }
        let mut skus = HashSet::new();
        for (at, item) in self.items.iter().enumerate() {
            let field = format!("items[{at}]");
            if !skus.insert(&item.sku) {
                found.push(Violation::new(format!("{field}.sku"), &item.sku, Rule::Duplicate));
            }
            item.check(&mut found, &field);
        }
        finish(found)
    }
}

impl ItemAssociations {
    fn check(&self, found: &mut Vec<Violation>, field: &str) {
        let all = &self.associated;
        if all.len() > ASSOCIATIONS_MAX {
            let rule = Rule::TooMany { max: ASSOCIATIONS_MAX };
            found.push(Violation::new(format!("{field}.associations"), all.len(), rule));
            return;
        }
        for (at, of) in all.iter().enumerate() {
            let field = format!("{field}.associations[{at}].sku");
            if of.sku == self.sku {
                let rule = Rule::Malformed("is the item itself".into());
                found.push(Violation::new(field, &of.sku, rule));
            } else if all[..at].contains(of) {
                found.push(Violation::new(field, &of.sku, Rule::Duplicate));
            }
        }
    }
}

impl Command for SetAssociations {
    type Event = AssociationsSet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.items)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<AssociationsSet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        let state = tx.state();
        Ok(Decision::Event(decide(&self.items, |sku| number(&state.catalogue, sku))?))
    }
}

fn decide(
    items: &[ItemAssociations],
    number: impl Fn(&Sku) -> Result<SkuNo, Refusal>,
) -> Result<AssociationsSet, Refusal> {
    let of = |item: &ItemAssociations| {
        let associated = item
            .associated
            .iter()
            .map(|of| Ok(Associated { association: of.association, sku: number(&of.sku)? }));
        let associated = associated.collect::<Result<_, Refusal>>()?;
        Ok(SkuAssociations { sku: number(&item.sku)?, associated })
    };
    Ok(AssociationsSet { items: items.iter().map(of).collect::<Result<_, Refusal>>()? })
}

impl Event for AssociationsSet {
    fn describe(&self) -> Value {
        let items: Vec<_> = self.items.iter().map(|of| of.sku.0).collect();
        json!({ "sku_nos": items })
    }
}

impl Effective for AssociationsSet {
    fn effects(self) -> Effects {
        let change = AssortmentChange::Associations(self.items);
        vec![Effect::Configuration(Configuration::Assortment(Box::new(change)))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{associations, check, sku};
    use crate::model::RefusalKind;

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let number = |of: &Sku| match of.as_str() {
            "A" => Ok(SkuNo(0)),
            "B" => Ok(SkuNo(1)),
            _ => Err(Refusal::ItemNotFound { sku: of.clone() }),
        };
        let decided = |one: &str, other: &str| {
            decide(&associations(one, other).items, number).map(|event| event.items.len())
        };
        let unknown = || Err(Refusal::ItemNotFound { sku: sku("C") });
        check([
            ("of two items", decided("A", "B"), Ok(1)),
            ("of none", decided("C", "B"), unknown()),
            ("with none", decided("A", "C"), unknown()),
        ])
    }

    #[test]
    fn what_is_said_is_of_items() {
        table();
    }
}
