//! Looking ahead: whoever has several orders in hand lets their memory come here before
//! they are planned, instead of waiting for it line by line.
//!
//! ```text
//!   submitted now   1 order later       2 later             3 later: announced now
//!   planned         the rest of rows    items: row, SKU     slots of the index of SKUs
//! ```
//! Each step finds here what the step before it brought. Hints change nothing: an order
//! that was not announced is planned the same.

use smallvec::SmallVec;

use super::core::Core;
use crate::model::command::PlaceOrder;

/// Lines of an order whose memory is brought. More are rare, and the hints of all orders
/// under way are to leave room in the nearest cache.
const LINES_MAX: usize = 8;

/// An order that is about to be submitted. Nothing of it need be checked.
pub trait Upcoming {
    /// The SKUs of its lines.
    fn skus(&self) -> impl Iterator<Item = &str>;
}

impl Upcoming for PlaceOrder {
    fn skus(&self) -> impl Iterator<Item = &str> {
        self.order.lines.0.iter().map(|line| line.sku.as_str())
    }
}

/// The orders that one caller announced and has not submitted yet.
#[derive(Debug, Default)]
pub struct LookAhead {
    /// Hashes of the SKUs of those that memory is being brought for, the newest first.
    announced: [SmallVec<[u64; 4]>; Self::ORDERS],
}

impl LookAhead {
    /// An order is announced so many orders before it is submitted: a step for each, and
    /// planning one order takes longer than memory does.
    pub const ORDERS: usize = 3;

    /// Takes the next order, if there is one, and brings those before it a step further.
    pub(super) fn announce<O: Upcoming>(&mut self, core: &Core, order: Option<&O>) {
        self.announced.rotate_right(1);
        let [new, second, third] = &mut self.announced;
        let catalogue = &core.catalogue;
        new.clear();
        let skus = order.into_iter().flat_map(O::skus).take(LINES_MAX);
        new.extend(skus.map(|sku| catalogue.hash(sku)));
        new.iter().for_each(|sku| catalogue.prefetch_slot(*sku));
        second.iter().for_each(|sku| catalogue.prefetch_item(*sku));
        third.iter().for_each(|sku| catalogue.prefetch_row(*sku));
    }
}
