//! What is said of items by those who choose what is sold: styles, and what goes with what.

use std::collections::HashMap;
use std::sync::Arc;

use super::association::{Associated, Association, Associations};
use super::style::Style;
use crate::model::{SkuNo, StyleId, StyleNo};
use crate::pricing::Pages;

/// Styles and associations of all items. A copy shares with the original what a change leaves.
#[derive(Clone, Debug, Default)]
pub struct Assortment {
    styles: Vec<Arc<Style>>,
    ids: HashMap<StyleId, StyleNo>,
    /// The number of an item's style, and one.
    of: Pages<u32>,
    associations: Pages<Associations>,
}

impl Assortment {
    /// All styles, by number.
    pub fn styles(&self) -> &[Arc<Style>] {
        &self.styles
    }

    /// The number of a style.
    pub fn style_no(&self, id: &StyleId) -> Option<StyleNo> {
        self.ids.get(id).copied()
    }

    /// The number of the style that an item is of.
    pub fn style_no_of(&self, sku: SkuNo) -> Option<StyleNo> {
        self.of.of(sku).map(|no| StyleNo(no - 1))
    }

    /// The style that an item is of.
    pub fn style_of(&self, sku: SkuNo) -> Option<&Arc<Style>> {
        self.styles.get(self.style_no_of(sku)?.0 as usize)
    }

    /// Whether two items are of one style.
    pub fn are_of_one_style(&self, one: SkuNo, other: SkuNo) -> bool {
        self.style_no_of(one).is_some_and(|no| self.style_no_of(other) == Some(no))
    }

    /// What is said of an item.
    pub fn associations_of(&self, sku: SkuNo) -> &[Associated] {
        self.associations.of(sku).map_or(&[], Vec::as_slice)
    }

    /// The items that are this to an item, the best one first.
    pub fn associated(&self, sku: SkuNo, as_a: Association) -> impl Iterator<Item = SkuNo> {
        let of_it = self.associations_of(sku).iter();
        of_it.filter(move |of| of.association == as_a).map(|of| of.sku)
    }

    /// Whether another item came after it.
    pub fn is_superseded(&self, sku: SkuNo) -> bool {
        self.associated(sku, Association::Successor).next().is_some()
    }

    /// All of which something is said, by number.
    pub fn associations(&self) -> impl Iterator<Item = (SkuNo, &Associations)> {
        self.associations.iter()
    }

    /// Of how many items something is said.
    pub const fn associated_items(&self) -> usize {
        self.associations.len()
    }

    /// Defines a style anew, or the next one. Answers with the one that it was. Items that it lost are of
    /// none.
    pub fn set_style(&mut self, no: StyleNo, style: Style) -> Option<Arc<Style>> {
        let before = self.styles.get(no.0 as usize).cloned();
        for variant in before.iter().flat_map(|style| &style.variants) {
            if self.style_no_of(variant.sku) == Some(no) {
                self.of.set(variant.sku, 0);
            }
        }
        for variant in &style.variants {
            self.of.set(variant.sku, no.0 + 1);
        }
        self.ids.insert(style.id.clone(), no);
        match self.styles.get_mut(no.0 as usize) {
            Some(place) => *place = Arc::new(style),
            None => self.styles.push(Arc::new(style)),
        }
        before
    }

    /// States all that is said of an item. Answers with what was.
    pub fn set_associations(&mut self, sku: SkuNo, of: Associations) -> Associations {
        self.associations.set(sku, of)
    }
}
