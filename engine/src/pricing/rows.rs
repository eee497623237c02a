//! The prices of a list, in pages that versions of it share.

use std::sync::Arc;

use super::row::{PriceRow, SkuRows};
use crate::model::SkuNo;

/// Items of one page: an update copies the pages that it touches.
const PAGE: usize = 64;

/// The rows of each item of a price list. A copy shares all pages with the original, and a change
/// copies the pages of the items that it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pages: Vec<Option<Arc<Page>>>,
    skus: usize,
}

/// The rows of items that follow each other by number.
type Page = [SkuRows; PAGE];

impl Rows {
    /// The rows of an item; none where the list does not have it.
    pub fn of(&self, sku: SkuNo) -> &[PriceRow] {
        let (page, at) = place(sku);
        match self.pages.get(page) {
            Some(Some(page)) => &page[at],
            _ => &[],
        }
    }

    /// States the rows of an item. Without any, the list has it no longer.
    pub fn set(&mut self, sku: SkuNo, rows: SkuRows) {
        let (page, at) = place(sku);
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let page = self.pages[page]
            .get_or_insert_with(|| Arc::new(std::array::from_fn(|_| SkuRows::new())));
        let slot = &mut Arc::make_mut(page)[at];
        self.skus = self.skus + usize::from(!rows.is_empty()) - usize::from(!slot.is_empty());
        *slot = rows;
    }

    /// How many items have a price.
    pub const fn skus(&self) -> usize {
        self.skus
    }

    /// The items that have a price, by number, with their rows.
    pub fn iter(&self) -> impl Iterator<Item = (SkuNo, &[PriceRow])> {
        let pages = self.pages.iter().enumerate();
        let pages = pages.filter_map(|(no, page)| Some((no, page.as_ref()?)));
        let rows = pages.flat_map(|(no, page)| {
            page.iter().enumerate().map(move |(at, rows)| (sku_at(no, at), rows.as_slice()))
        });
        rows.filter(|(_, rows)| !rows.is_empty())
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
    use super::super::validity::Validity;
    use super::*;
    use crate::model::UnitPrice;

    fn at(price: i64) -> SkuRows {
        let row = PriceRow { min_units: 1, valid: Validity::ALWAYS, price: UnitPrice(price) };
        [row].into_iter().collect()
    }

    #[test]
    fn a_change_leaves_the_copy_that_others_read_and_shares_what_it_does_not_touch() {
        let mut rows = Rows::default();
        for sku in [3, 64, 700] {
            rows.set(SkuNo(sku), at(i64::from(sku)));
        }
        let old = rows.clone();
        rows.set(SkuNo(3), at(1));
        rows.set(SkuNo(700), SkuRows::new());
        let numbers =
            |rows: &Rows| rows.iter().map(|(sku, of)| (sku.0, of[0].price.0)).collect::<Vec<_>>();
        assert_eq!(numbers(&old), [(3, 3), (64, 64), (700, 700)]);
        assert_eq!(numbers(&rows), [(3, 1), (64, 64)]);
        assert_eq!((old.skus(), rows.skus()), (3, 2));
        let shared = |page: usize| {
            Arc::ptr_eq(old.pages[page].as_ref().unwrap(), rows.pages[page].as_ref().unwrap())
        };
        assert_eq!((shared(0), shared(1), shared(10)), (false, true, false));
        assert!(rows.of(SkuNo(u32::MAX)).is_empty());
    }
}
