//! Commands on configuration, which every command reads: items, nodes, the policy. They
//! come one at a time.

pub mod define_item;
pub mod define_node;
pub mod set_policy;

use crate::limits::ITEMS_MAX;
use crate::model::effect::Claim;
use crate::model::{Refusal, Sku, SkuNo};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// The number of an item, and whether it is defined. A new item's number is claimed. The
/// event of this command then comes before that of the next new item: items are numbered
/// in the order of the journal. Waits while the item's first definition is in flight: if
/// the disk has no room for that one, its number is free again.
async fn number_item(tx: &mut Transaction<'_>, sku: &Sku) -> Result<(SkuNo, bool), EngineError> {
    if let Some(known) = tx.state().catalogue.sku_no(sku.as_str()) {
        return Ok((known, true));
    }
    loop {
        let seen = tx.kernel().look_at_names();
        tx.take_turn_at_numbering().await;
        if let Some(number) = number_now(tx, sku)? {
            return Ok(number);
        }
        tx.end_turn();
        tx.kernel().progress(seen).await?;
    }
}

/// None while the item's first definition is in flight.
fn number_now(tx: &mut Transaction<'_>, sku: &Sku) -> Result<Option<(SkuNo, bool)>, Refusal> {
    let state = tx.state();
    let mut new = state.new_items.lock();
    if new.numbers.contains_key(sku) {
        return Ok(None);
    }
    if let Some(known) = state.catalogue.sku_no(sku.as_str()) {
        return Ok(Some((known, true)));
    }
    let no = next_number(state.catalogue.len() + new.numbers.len())?;
    new.numbers.insert(sku.clone(), no);
    drop(new);
    tx.claims.hold(Claim::Item(sku.clone()));
    tx.numbered(no);
    Ok(Some((no, false)))
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
