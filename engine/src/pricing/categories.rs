//! Tax categories of items.

use super::pages::Pages;
use crate::model::{SkuNo, Text};

/// Which items have a tax category. Categories are numbered from 1, in the order in which they were
/// first named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Categories {
    names: Vec<Text>,
    of: Pages<u16>,
}

impl Categories {
    /// The category of an item, if it has one.
    pub fn of(&self, sku: SkuNo) -> Option<&Text> {
        self.of.of(sku).and_then(|no| self.names.get(usize::from(*no) - 1))
    }

    /// States the category of an item. Answers with the one that it had.
    pub fn set(&mut self, sku: SkuNo, category: Option<&Text>) -> Option<Text> {
        let no = category.map_or(0, |name| self.number(name));
        let before = usize::from(self.of.set(sku, no));
        before.checked_sub(1).and_then(|at| self.names.get(at)).cloned()
    }

    /// All categories that were ever named.
    pub fn names(&self) -> &[Text] {
        &self.names
    }

    /// The items that have one, by number.
    pub fn iter(&self) -> impl Iterator<Item = (SkuNo, &Text)> {
        self.of.iter().filter_map(|(sku, no)| Some((sku, self.names.get(usize::from(*no) - 1)?)))
    }

    fn number(&mut self, name: &Text) -> u16 {
        let known = self.names.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.names.push(name.clone());
            self.names.len() - 1
        });
        u16::try_from(at + 1).expect("TAX_CATEGORIES_MAX fits 16 bits")
    }
}
