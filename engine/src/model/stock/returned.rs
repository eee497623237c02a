//! Goods that came back from customers.

use super::{Stock, StockChange};
use crate::limits::STOCK_UNITS_MAX;
use crate::model::ids::Text;

impl Stock {
    /// What units that came back, or of which it was decided what becomes of them, change here. Goods are
    /// there whatever was said of them, and no more are taken away than there are: a count may have found
    /// them already, or missed them.
    pub(super) fn returned(&self, on_hand: i64, unavailable: i64) -> StockChange {
        let within = |units: i64, most: u32| {
            u32::try_from(units.clamp(0, most.into())).expect("it is within a quantity")
        };
        let there = within(i64::from(self.on_hand) + on_hand, STOCK_UNITS_MAX);
        let unsellable = within(i64::from(self.unavailable) + unavailable, there);
        let delta = |from: u32, to: u32| {
            let delta = i64::from(to) - i64::from(from);
            i32::try_from(delta).expect("a quantity is far below 2^31")
        };
        StockChange::Adjusted {
            on_hand_delta: delta(self.on_hand, there),
            unavailable_delta: delta(self.unavailable, unsellable),
            reason: Text::default(),
        }
    }
}
