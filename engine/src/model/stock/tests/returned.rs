//! Tables: what came back in the books of a pair.

use super::*;

fn shelf(on_hand: u32, unavailable: u32) -> Table {
    let set = StockChange::Set { on_hand, unavailable, safety: 0 };
    Table::default().then(&StockEffect::Change { change: set, serves: Serves::Backlog })
}

/// A count in between may have found the goods, or missed them: nothing is there less than not at all, and
/// no more is unsellable than is there.
#[test]
fn what_came_back_is_a_fact_and_never_goes_below_zero() {
    let max = STOCK_UNITS_MAX;
    for ((on_hand, unavailable), (more, unsellable), expected) in [
        ((0, 0), (2, 2), (2, 2)),
        ((5, 3), (0, -2), (0, -2)),
        ((5, 3), (-2, -2), (-2, -2)),
        // Somebody counted, and called all of it good.
        ((5, 0), (0, -2), (0, 0)),
        ((1, 0), (-2, -2), (-1, 0)),
        ((0, 0), (-2, -2), (0, 0)),
        ((3, 3), (-1, 0), (-1, -1)),
        ((max, 0), (2, 2), (0, 2)),
    ] {
        let change = shelf(on_hand, unavailable).stock.returned(more, unsellable);
        let (on_hand_delta, unavailable_delta) = expected;
        let reason = Text::default();
        let expected = StockChange::Adjusted { on_hand_delta, unavailable_delta, reason };
        assert_eq!(change, expected, "{on_hand}, {unavailable}: {more}, {unsellable}");
    }
}
