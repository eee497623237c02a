//! What is bought most, for where nothing else is known.

use std::cmp::Reverse;

use crate::limits::BESTSELLERS_MAX;
use crate::model::SkuNo;

/// Orders between two looks at all items. A look at 200,000 of them takes some tenth of a millisecond.
const EVERY: u64 = 1_024;

/// The items that are bought most, the first one most of all. It is made anew once in so many orders, and
/// while there are few of them at each power of two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bestsellers(pub(super) Vec<SkuNo>);

impl Bestsellers {
    /// Whether they are looked for after so many orders.
    pub(super) const fn are_due(orders: u64) -> bool {
        orders.is_power_of_two() || orders.is_multiple_of(EVERY)
    }

    /// Those of what is sold. Of items that are bought as often, the ones that were defined first.
    pub(super) fn of(sales: impl Iterator<Item = (SkuNo, u32)>) -> Self {
        let mut all: Vec<_> = sales.filter(|(_, orders)| *orders > 0).collect();
        let key = |(sku, orders): &(SkuNo, u32)| (Reverse(*orders), *sku);
        if all.len() > BESTSELLERS_MAX {
            all.select_nth_unstable_by_key(BESTSELLERS_MAX, key);
            all.truncate(BESTSELLERS_MAX);
        }
        all.sort_unstable_by_key(key);
        Self(all.into_iter().map(|(sku, _)| sku).collect())
    }

    /// The items.
    pub fn skus(&self) -> &[SkuNo] {
        &self.0
    }
}
