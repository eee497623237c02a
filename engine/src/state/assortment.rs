//! Styles and associations, as they are in memory: one value, swapped whole.
//!
//! Its hash moves with each change, so that a change of a few items does not cost a look at all of them.

use crate::companions::{
    Associations, Assortment, AssortmentChange, NumberedStyle, SkuAssociations, Style,
};
use crate::model::digest::{Part, hash_encoded};
use crate::model::{Lsn, SkuNo, StateHash, StyleNo};

/// Styles and associations, and the event that changed any of it last. A snapshot copies all of it as of one event.
#[derive(Clone, Debug, Default)]
pub struct Assorted {
    assortment: Assortment,
    lsn: Lsn,
    hash: StateHash,
}

/// Styles, or items of which something is said, in one part: some ten kilobytes.
const BLOCK: usize = 128;

impl Assorted {
    /// What is said of items.
    pub const fn assortment(&self) -> &Assortment {
        &self.assortment
    }

    /// The event that changed any of it last.
    pub const fn lsn(&self) -> Lsn {
        self.lsn
    }

    /// The hash of all of it, as changes moved it.
    pub const fn hash(&self) -> StateHash {
        self.hash
    }

    /// The same after an event; none where it is as of that event, or a later one, already.
    #[must_use]
    pub fn with(&self, change: AssortmentChange, lsn: Lsn) -> Option<Self> {
        (self.lsn < lsn).then(|| {
            let mut changed = self.clone();
            changed.change(change, lsn);
            changed
        })
    }

    /// Changes a part, whichever event it is of.
    pub fn change(&mut self, change: AssortmentChange, lsn: Lsn) {
        match change {
            AssortmentChange::Styles(styles) => {
                for NumberedStyle { no, style } in styles {
                    self.hash.merge(hash_style(no, &style));
                    let before = self.assortment.set_style(no, style);
                    self.take_out(before.map(|before| hash_style(no, &before)));
                }
            }
            AssortmentChange::Associations(items) => {
                for SkuAssociations { sku, associated } in items {
                    self.hash.merge(hash_associations(sku, &associated));
                    let before = self.assortment.set_associations(sku, associated);
                    self.take_out(Some(hash_associations(sku, &before)));
                }
            }
        }
        self.lsn = self.lsn.max(lsn);
    }

    fn take_out(&mut self, part: Option<StateHash>) {
        let part = part.map_or(0, StateHash::value);
        self.hash = StateHash::from_value(self.hash.value().wrapping_sub(part));
    }

    /// Whether a part may be put back: its styles follow those that are there, and nothing was said of its
    /// items.
    pub fn takes(&self, change: &AssortmentChange) -> bool {
        match change {
            AssortmentChange::Styles(styles) => {
                let next = self.assortment.styles().len();
                (next..).zip(styles).all(|(no, of)| of.no.0 as usize == no)
            }
            AssortmentChange::Associations(items) => {
                items.iter().all(|of| self.assortment.associations_of(of.sku).is_empty())
            }
        }
    }

    /// All of it, as changes of a value that has none, in the order in which they are to be made.
    pub fn parts(&self) -> Vec<AssortmentChange> {
        let styles: Vec<_> = (0..).map(StyleNo).zip(self.assortment.styles()).collect();
        let styles = styles.chunks(BLOCK).map(|styles| {
            let numbered = |(no, style): &(StyleNo, &std::sync::Arc<Style>)| NumberedStyle {
                no: *no,
                style: Style::clone(style),
            };
            AssortmentChange::Styles(styles.iter().map(numbered).collect())
        });
        let items: Vec<_> = self.assortment.associations().collect();
        let items = items.chunks(BLOCK).map(|items| {
            let of = |(sku, associated): &(SkuNo, &Associations)| SkuAssociations {
                sku: *sku,
                associated: Associations::clone(associated),
            };
            AssortmentChange::Associations(items.iter().map(of).collect())
        });
        styles.chain(items).collect()
    }

    /// The hash of all of it, computed from its parts.
    pub fn hash_anew(&self) -> StateHash {
        let mut hash = StateHash::default();
        self.parts().iter().for_each(|part| hash.merge(hash_part(part)));
        hash
    }
}

/// The hash of a part that is a change of a value without any.
pub fn hash_part(change: &AssortmentChange) -> StateHash {
    let mut hash = StateHash::default();
    match change {
        AssortmentChange::Styles(styles) => {
            for of in styles {
                hash.merge(hash_style(of.no, &of.style));
            }
        }
        AssortmentChange::Associations(items) => {
            for of in items {
                hash.merge(hash_associations(of.sku, &of.associated));
            }
        }
    }
    hash
}

fn hash_style(no: StyleNo, style: &Style) -> StateHash {
    let mut hash = StateHash::default();
    hash.add(hash_encoded(Part::Style, &(no, style)));
    hash
}

/// Where nothing is said, there is no part.
fn hash_associations(sku: SkuNo, of: &Associations) -> StateHash {
    let mut hash = StateHash::default();
    if !of.is_empty() {
        hash.add(hash_encoded(Part::Associations, &(sku, of)));
    }
    hash
}
