//! Defining an item.

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
