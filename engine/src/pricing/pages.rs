//! What there is of each item, in pages that versions of it share.

use std::sync::Arc;

use crate::model::SkuNo;

/// Items of one page: a change copies the pages that it touches.
const PAGE: usize = 64;

/// A thing for each of some items. A copy shares all pages with the original, and a change copies
/// the pages of the items that it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages<T> {
    pages: Vec<Option<Arc<[T; PAGE]>>>,
    len: usize,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }
}

impl<T: Clone + Default + PartialEq> Pages<T> {
    /// What there is of an item.
    pub fn of(&self, sku: SkuNo) -> Option<&T> {
        let (page, at) = place(sku);
        let thing = &self.pages.get(page)?.as_ref()?[at];
        (*thing != T::default()).then_some(thing)
    }

    /// States what there is of an item: nothing, if it is what a new one has. Answers with what
    /// there was.
    pub fn set(&mut self, sku: SkuNo, thing: T) -> T {
        let (page, at) = place(sku);
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let new = || Arc::new(std::array::from_fn(|_| T::default()));
        let slot = &mut Arc::make_mut(self.pages[page].get_or_insert_with(new))[at];
        self.len =
            self.len + usize::from(thing != T::default()) - usize::from(*slot != T::default());
        std::mem::replace(slot, thing)
    }

    /// Of how many items there is something.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing of any item.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The items of which there is something, by number.
    pub fn iter(&self) -> impl Iterator<Item = (SkuNo, &T)> {
        let pages = self.pages.iter().enumerate();
        let pages = pages.filter_map(|(no, page)| Some((no, page.as_ref()?)));
        let all = pages.flat_map(|(no, page)| {
            page.iter().enumerate().map(move |(at, thing)| (sku_at(no, at), thing))
        });
        all.filter(|(_, thing)| **thing != T::default())
    }
}

const fn place(sku: SkuNo) -> (usize, usize) {
    (sku.0 as usize / PAGE, sku.0 as usize % PAGE)
}

fn sku_at(page: usize, at: usize) -> SkuNo {
    SkuNo(u32::try_from(page * PAGE + at).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_the_copy_that_others_read_and_shares_what_it_does_not_touch() {
        let mut now = Pages::default();
        for sku in [3, 64, 700] {
            now.set(SkuNo(sku), sku);
        }
        let old = now.clone();
        assert_eq!(now.set(SkuNo(3), 1), 3);
        assert_eq!(now.set(SkuNo(700), 0), 700);
        let all =
            |pages: &Pages<u32>| pages.iter().map(|(sku, of)| (sku.0, *of)).collect::<Vec<_>>();
        assert_eq!(all(&old), [(3, 3), (64, 64), (700, 700)]);
        assert_eq!(all(&now), [(3, 1), (64, 64)]);
        assert_eq!((old.len(), now.len(), now.is_empty()), (3, 2, false));
        let shared = |page: usize| {
            Arc::ptr_eq(old.pages[page].as_ref().unwrap(), now.pages[page].as_ref().unwrap())
        };
        assert_eq!((shared(0), shared(1), shared(10)), (false, true, false));
        assert_eq!((now.of(SkuNo(700)), now.of(SkuNo(u32::MAX))), (None, None));
    }
}
