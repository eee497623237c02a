//! Defining an item, or making sure that there is one.

use backstock_engine::model::{Item, Lsn};

use super::Fact;
use crate::naive::Naive;

/// An item is from now on like this.
#[derive(Clone, Debug)]
pub struct ItemDefined(pub Item);

impl Fact for ItemDefined {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        naive.items.insert(self.0.sku.to_string(), self.0.clone());
        Ok(())
    }
}

/// An item came to be, of which there was none.
#[derive(Clone, Debug)]
pub struct ItemEnsured(pub Item);

impl Fact for ItemEnsured {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        if let Some(there) = naive.items.get(self.0.sku.as_str()) {
            return Err(format!("it was there: {there:?}"));
        }
        ItemDefined(self.0.clone()).apply(naive, asked)
    }
}
