//! Defining an item, or making sure that there is one.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::number_item;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{Item, Lsn, Meta, SkuNo};
use crate::state::State;
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Defines an item, or changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineItem {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub item: Item,
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

impl Command for DefineItem {
    type Event = ItemDefined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.item)
    }

    /// A definition that is there already is not written again, unless it comes under a
    /// key that is to be remembered.
    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<ItemDefined>, EngineError> {
        if self.meta.request_id.is_none()
            && let Some(lsn) = defined_so(tx.state(), &self.item)
        {
            return Ok(Decision::Nothing(lsn));
        }
        if self.meta.validate_only {
            return Ok(Decision::Nothing(tx.kernel().shown()));
        }
        let (no, _) = number_item(tx, &self.item.sku).await?;
        Ok(Decision::Event(ItemDefined { no, item: self.item.clone() }))
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

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<ItemDefined>, EngineError> {
        let DefineItem { meta, item } = &self.0;
        if meta.validate_only {
            return Ok(Decision::Nothing(tx.kernel().shown()));
        }
        let (no, is_known) = number_item(tx, &item.sku).await?;
        if is_known {
            let known = tx.state().catalogue.entry(no).definition();
            return Ok(Decision::Nothing(known.last_lsn));
        }
        Ok(Decision::Event(ItemDefined { no, item: item.clone() }))
    }
}

/// The event that defined an item so.
fn defined_so(state: &State, item: &Item) -> Option<Lsn> {
    let no = state.catalogue.sku_no(item.sku.as_str())?;
    let definition = state.catalogue.entry(no).definition();
    (*definition.item == *item).then_some(definition.last_lsn)
}

impl Event for ItemDefined {
    fn describe(&self) -> Value {
        json!({ "sku_no": self.no.0, "sku": self.item.sku.as_str() })
    }
}

impl Effective for ItemDefined {
    fn effects(self) -> Effects {
        vec![Effect::Configuration(Configuration::Item(self.no, self.item))]
    }
}
