//! Defining an item, or making sure that there is one.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::number_item;
use crate::model::catalog::not_of_bundles;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{Component, Item, Lsn, Meta, Rule, Sale, SkuNo, Violation};
use crate::state::State;
use crate::state::catalogue::Definition;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Defines an item, or changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineItem {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub item: Item,
    /// What stays as it is, of an item that there is. Of a new one, it is as `item` has it.
    pub keeps: Vec<ItemField>,
}

/// A part of what an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemField {
    /// Its name for people.
    Title,
    /// Whether it is on sale.
    Sale,
    /// How many units may wait for it.
    WaitingMax,
    /// What it is made of.
    Components,
    /// When its sale opens.
    Opens,
}

/// An item was defined, or changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ItemDefined {
    /// Its number.
    #[n(0)]
    pub no: SkuNo,
    /// What it is now.
    #[n(1)]
    pub item: Item,
}

impl DefineItem {
    /// Defines all of an item.
    pub const fn new(meta: Meta, item: Item) -> Self {
        Self { meta, item, keeps: Vec::new() }
    }

    /// What the item is from then on, where there is none or this one.
    pub fn makes(&self, known: Option<&Item>) -> Item {
        let mut item = self.item.clone();
        for field in known.iter().flat_map(|_| &self.keeps) {
            let known = known.expect("it is there");
            match field {
                ItemField::Title => item.title = known.title.clone(),
                ItemField::Sale => item.sale = known.sale,
                ItemField::WaitingMax => item.waiting_max = known.waiting_max,
                ItemField::Components => item.components = known.components.clone(),
                ItemField::Opens => item.opens = known.opens,
            }
        }
        item
    }
}

impl Command for DefineItem {
    type Event = ItemDefined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Of what stays, callers say in their own content ([`Meta::content`]).
    fn fingerprint(&self) -> u64 {
        fingerprint(&self.item)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.item.validate()
    }

    /// A definition that is there already is not written again, unless it comes under a
    /// key that is to be remembered.
    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<ItemDefined>, EngineError> {
        let keeps = if self.meta.request_id.is_some() { Keeps::None } else { Keeps::Same };
        let number = if self.meta.validate_only {
            tx.state().catalogue.sku_no(self.item.sku.as_str()).map(|no| (no, true))
        } else {
            Some(number_item(tx, &self.item).await?)
        };
        let no = number.filter(|(_, is_known)| *is_known).map(|(no, _)| no);
        let known = no.map(|no| tx.state().catalogue.entry(no).definition());
        let item = self.makes(known.as_ref().map(|known| &*known.item));
        if !self.keeps.is_empty() {
            // With what it keeps it may be what no item is.
            item.validate()?;
        }
        if let Some(lsn) = decide(known.as_ref(), &item, keeps) {
            return Ok(Decision::Nothing(lsn));
        }
        check_components(tx.state(), &item, no)?;
        Ok(match number.filter(|_| !self.meta.validate_only) {
            Some((no, _)) => Decision::Event(ItemDefined { no, item }),
            None => Decision::Nothing(tx.kernel().shown()),
        })
    }
}

/// Defines an item unless there is one of its SKU, which stays as it is. A command
/// that changes nothing leaves no trace, and its key is not remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnsureItem(pub DefineItem);

impl Command for EnsureItem {
    type Event = ItemDefined;

    fn meta(&self) -> &Meta {
        self.0.meta()
    }

    fn fingerprint(&self) -> u64 {
        self.0.fingerprint()
    }

    fn validate(&self, facts: &Facts<'_>) -> Result<(), Vec<Violation>> {
        Command::validate(&self.0, facts)
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<ItemDefined>, EngineError> {
        let DefineItem { meta, item, .. } = &self.0;
        if meta.validate_only {
            if tx.state().catalogue.sku_no(item.sku.as_str()).is_none() {
                check_components(tx.state(), item, None)?;
            }
            return Ok(Decision::Nothing(tx.kernel().shown()));
        }
        let (no, is_known) = number_item(tx, item).await?;
        if !is_known {
            check_components(tx.state(), item, None)?;
        }
        let known = is_known.then(|| tx.state().catalogue.entry(no).definition());
        Ok(match decide(known.as_ref(), item, Keeps::Any) {
            Some(lsn) => Decision::Nothing(lsn),
            None => Decision::Event(ItemDefined { no, item: item.clone() }),
        })
    }
}

/// Refuses components that are not defined, or are bundles themselves, of a new item; and other
/// components than it has of one that there is.
fn check_components(state: &State, item: &Item, known: Option<SkuNo>) -> Result<(), EngineError> {
    if let Some(no) = known {
        let is_same = state.catalogue.entry(no).definition().item.components == item.components;
        let why = "are stated when an item is first defined, and stay";
        let rule = || Rule::Malformed(why.into());
        let of = || Violation::new("components", item.components.0.len(), rule());
        let is_component = state.catalogue.entry(no).is_component();
        if let (Some(opens), true) = (item.opens, is_component) {
            return Err(vec![not_of_bundles(opens)].into());
        }
        return if is_same { Ok(()) } else { Err(vec![of()].into()) };
    }
    for component in &item.components.0 {
        let no = state.catalogue.with_stock(&component.sku)?;
        if let Some(opens) = state.catalogue.entry(no).definition().item.opens {
            return Err(vec![not_of_bundles(opens)].into());
        }
    }
    Ok(())
}

/// Which definitions a command leaves as they are.
#[derive(Clone, Copy, Debug)]
enum Keeps {
    /// None of them.
    None,
    /// One that says the same.
    Same,
    /// Any.
    Any,
}

/// Decides a command on an item whose SKU is defined as `known`, if it is: the version that
/// shows that nothing has to change, or none when the item is to be defined.
fn decide(known: Option<&Definition>, item: &Item, keeps: Keeps) -> Option<Lsn> {
    let is_kept = |known: &&Definition| match keeps {
        Keeps::None => false,
        Keeps::Same => *known.item == *item,
        Keeps::Any => true,
    };
    known.filter(is_kept).map(|known| known.last_lsn)
}

impl Event for ItemDefined {
    fn describe(&self) -> Value {
        let Item { sku, sale, waiting_max, components, opens, .. } = &self.item;
        let component = |of: &Component| json!({ "sku": of.sku.as_str(), "units": of.units });
        let components = components.0.iter().map(component).collect::<Vec<_>>();
        json!({
            "sku_no": self.no.0, "sku": sku.as_str(), "off_sale": *sale == Sale::Off,
            "waiting_units_max": waiting_max, "components": components,
            "opens_time": opens.map(|opens| opens.to_string()),
        })
    }

    fn extension(&self) -> usize {
        match &self.item {
            item if item.opens.is_some() => 4,
            item if item.components.is_bundle() => 3,
            item if item.waiting_max.is_some() => 2,
            item => usize::from(item.sale == Sale::Off),
        }
    }
}

impl Effective for ItemDefined {
    fn effects(self) -> Effects {
        vec![Effect::Configuration(Configuration::Item(self.no, self.item.into()))]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::command::fixture::item;
    use crate::model::Text;

    /// Both commands, on an item that is new, defined so, and defined in another way. What
    /// durable state refuses is in the table of the folder, which numbers items.
    #[test]
    fn an_item_is_defined_unless_the_command_leaves_it_as_it_is() {
        let plain = item("A").item;
        let titled = Item { title: Text::new("title", "Scarf").expect("a text"), ..plain.clone() };
        let as_is = |item: &Item| {
            Some(Definition { item: Arc::new(item.clone()), last_lsn: Lsn::FIRST, draw: None })
        };
        let (same, other) = (as_is(&titled), as_is(&plain));
        for (command, keeps, expected) in [
            ("DefineItem without a key", Keeps::Same, [None, Some(Lsn::FIRST), None]),
            ("DefineItem under a key", Keeps::None, [None, None, None]),
            ("EnsureItem", Keeps::Any, [None, Some(Lsn::FIRST), Some(Lsn::FIRST)]),
        ] {
            let decided =
                [&None, &same, &other].map(|known| decide(known.as_ref(), &titled, keeps));
            assert_eq!(decided, expected, "{command}");
        }
    }
}
