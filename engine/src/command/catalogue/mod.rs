//! Commands on configuration, which every command reads: items, nodes, the policy. They
//! come one at a time.

pub mod define_item;
pub mod define_node;
pub mod set_policy;

use crate::limits::ITEMS_MAX;
use crate::model::effect::Claim;
use crate::model::{Item, Refusal, SkuNo};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// The number of an item, and whether it is defined. Its definition is claimed: no other command
/// changes it until the event of this one is applied. A new item's number is claimed with it. The
/// event of this command then comes before that of the next new item: items are numbered in the
/// order of the journal. Waits while another definition of the item is in flight: if the disk has
/// no room for that one, it is as it was, and a new one's number is free again. It is so with the
/// components of a new bundle.
async fn number_item(tx: &mut Transaction<'_>, item: &Item) -> Result<(SkuNo, bool), EngineError> {
    loop {
        let seen = tx.kernel().look_at_names();
        if tx.state().catalogue.sku_no(item.sku.as_str()).is_none() {
            tx.take_turn_at_numbering().await;
        }
        if let Some(number) = number_now(tx, item)? {
            return Ok(number);
        }
        tx.end_turn();
        tx.kernel().progress(seen).await?;
    }
}

/// None while another definition of the item is in flight, or one of a component that it gets.
fn number_now(tx: &mut Transaction<'_>, item: &Item) -> Result<Option<(SkuNo, bool)>, Refusal> {
    let (state, sku) = (tx.state(), &item.sku);
    let mut defined = state.items_defined.lock();
    if defined.is_in_flight(sku) {
        return Ok(None);
    }
    let known = state.catalogue.sku_no(sku.as_str());
    let no = if let Some(no) = known {
        defined.changes.insert(sku.clone());
        no
    } else {
        let mut components = item.components.0.iter();
        if components.any(|component| defined.is_in_flight(&component.sku)) {
            return Ok(None);
        }
        let no = next_number(state.catalogue.len() + defined.numbers.len())?;
        defined.begin(item, no);
        no
    };
    drop(defined);
    tx.claims.hold(Claim::Item(sku.clone()));
    if known.is_none() {
        tx.numbered(no);
    }
    Ok(Some((no, known.is_some())))
}

/// The number after those of all items, of which so many there are or will be.
fn next_number(items: usize) -> Result<SkuNo, Refusal> {
    if items >= ITEMS_MAX {
        return Err(Refusal::ListFull { what: "items", max: ITEMS_MAX });
    }
    Ok(SkuNo(u32::try_from(items).expect("ITEMS_MAX fits 32 bits")))
}

#[cfg(test)]
pub(crate) mod tests;
