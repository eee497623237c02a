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
pub(crate) mod tests {
    use std::cell::RefCell;
    use std::pin::pin;

    use super::define_item::{DefineItem, ItemDefined};
    use super::*;
    use crate::command::fixture::{check, item, told};
    use crate::engine::tests::{one_unit, poll, run};
    use crate::model::{Meta, RefusalKind};
    use crate::transaction::command::{self, Command, Decision};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let full = Refusal::ListFull { what: "items", max: ITEMS_MAX };
        let rows = [(0, Ok(0)), (ITEMS_MAX - 1, Ok(ITEMS_MAX - 1)), (ITEMS_MAX, Err(full))];
        let number = |items| next_number(items).map(|no| no.0 as usize);
        let numbers = check(rows.map(|(items, expected)| (items, number(items), expected)));
        [numbers, vec![number_passed_on()]].concat()
    }

    #[test]
    fn an_item_follows_all_others_while_there_is_room() {
        table();
    }

    /// A definition whose thread is off its core between its number and the journal.
    struct Late<F>(DefineItem, RefCell<F>);

    impl<F: FnMut()> Command for Late<F> {
        type Event = ItemDefined;

        fn meta(&self) -> &Meta {
            self.0.meta()
        }

        fn fingerprint(&self) -> u64 {
            self.0.fingerprint()
        }

        async fn decide(
            &self,
            tx: &mut Transaction<'_>,
        ) -> Result<Decision<ItemDefined>, EngineError> {
            let decided = self.0.decide(tx).await;
            (self.1.borrow_mut())();
            decided
        }
    }

    /// The refusal of a definition whose number is not the next one any more.
    ///
    /// Items with lower numbers may be rejected meanwhile, with a batch that the disk has
    /// no room for. If this item were written with its number then, the journal could not
    /// be replayed.
    fn number_passed_on() -> RefusalKind {
        let (engine, mut pump) = one_unit();
        let mut before = pin!(engine.define_item(item("B")));
        assert!(poll(before.as_mut()).is_pending(), "its event is in flight");
        let claim = Claim::Item(item("B").item.sku);
        let late = Late(item("C"), RefCell::new(|| engine.kernel.give_back(claim.clone())));
        let told = told(command::run(&engine.kernel, &late));
        assert_eq!(told, Refusal::Contended);
        assert!(engine.kernel.state.new_items.lock().numbers.is_empty(), "all is given back");
        // The event of B is in the journal in this test: it comes first.
        run(&mut pump, before);
        run(&mut pump, engine.define_item(item("C")));
        assert_eq!(engine.status().items, 3);
        told.kind()
    }

    #[test]
    fn a_number_that_is_not_the_next_one_any_more_is_not_written() {
        number_passed_on();
    }
}
