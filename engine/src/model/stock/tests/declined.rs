//! Tables: what a pair comes to whose node does not ship units of an order.

use super::*;
use crate::model::answer::DeclineReason::{
    self, Capacity, Closed, Damaged, NotFound, Short, Unspecified,
};

/// Ten on the shelf, one of which cannot be sold. Order 1 has three of them, order 2 four, and
/// order 3 waits for two.
fn shelf() -> Table {
    let level = StockChange::Set { on_hand: 10, unavailable: 1, safety: 0 };
    let table = Table::default().change(level);
    let table = table.reserve(1, &[(Supply::OnHand, 3)]).reserve(2, &[(Supply::OnHand, 4)]);
    table.reserve(3, &[(Supply::Backorder, 2)])
}

/// A supplier who has ten. Order 1 has three of them, order 2 four.
fn feed(quantity: Option<u32>) -> Table {
    let table = Table::default().change(StockChange::SupplierFeed { quantity });
    table.reserve(1, &[(Supply::Supplier, 3)]).reserve(2, &[(Supply::Supplier, 4)])
}

/// The pair after its node declines so many units of an order, `ahead` of which others of its
/// shipments have a better right to.
fn declines(
    table: Table,
    (order, units, ahead): (u64, u32, u32),
    reason: DeclineReason,
    at_supplier: bool,
) -> Table {
    let order = OrderNo(order);
    let lines = SmallVec::from_iter([ShipmentLine { line: 0, units, picked: 0, ahead }]);
    let decline = Decline { order, lines, reason, at_supplier };
    let declined = table.stock.decline(&decline);
    let free = table.stock.free_declined(&declined);
    let change = StockChange::Declined(Box::new(declined));
    let table = table.then(&StockEffect::Change { change, serves: Serves::Backlog });
    assert_eq!(table.stock.free(), free, "{reason:?}: what is free is known beforehand");
    table
}

#[test]
fn a_shelf_is_told_anew_by_the_reason() {
    let rows = [
        // Nothing is known of the goods: they are free, and the order waits.
        (Unspecified, (10, 4, 5, 5), 1),
        (Capacity, (10, 4, 5, 5), 1),
        (Closed, (10, 4, 5, 5), 1),
        // Only what cannot be sold is left, and who had the rest waits.
        (NotFound, (1, 0, 9, 0), 1),
        // The three cannot be sold either.
        (Damaged, (10, 4, 5, 2), 4),
        // The three are not there: the others are.
        (Short, (7, 4, 5, 2), 1),
    ];
    for (reason, (on_hand, allocated, waiting, free), unavailable) in rows {
        let table = declines(shelf(), (1, 3, 0), reason, false);
        let table = table.shows(on_hand, allocated, waiting, free);
        assert_eq!(table.stock.unavailable, unavailable, "{reason:?}");
    }
}

#[test]
fn a_feed_is_told_anew_by_the_reason() {
    let rows = [
        (Some(10), Capacity, (10, 4, 3, 6), false),
        // He has what others have of him, and nothing more.
        (Some(10), NotFound, (4, 4, 3, 0), false),
        (Some(10), Damaged, (7, 4, 3, 3), false),
        (Some(10), Short, (7, 4, 3, 3), false),
        (None, NotFound, (4, 4, 3, 0), false),
    ];
    for (units, reason, (on_hand, allocated, waiting, free), is_unlimited) in rows {
        let table = declines(feed(units), (1, 3, 0), reason, true);
        let table = table.shows(on_hand, allocated, waiting, free);
        assert_eq!(table.stock.is_unlimited(), is_unlimited, "{reason:?}");
    }
    for reason in [Damaged, Short] {
        let table = declines(feed(None), (1, 3, 0), reason, true);
        assert!(table.stock.is_unlimited(), "of one without a bound nothing is known");
    }
}

/// Of three units that an order has, a count took two off before its node says that these are missing.
#[test]
fn what_a_count_took_off_is_not_taken_off_again_by_a_node_that_has_fewer() {
    let table = Table::default().change(set(3)).reserve(1, &[(Supply::OnHand, 3)]);
    let counted = StockChange::Set { on_hand: 1, unavailable: 0, safety: 0 };
    declines(table.change(counted), (1, 2, 0), Short, false).shows(1, 1, 2, 0);
}

/// A shelf that was short before is empty all the same: nobody rests on it.
#[test]
fn what_others_have_of_an_empty_shelf_waits_though_its_count_is_known() {
    let table = shelf().change(StockChange::Set { on_hand: 1, unavailable: 1, safety: 0 });
    declines(table, (3, 2, 0), NotFound, false).shows(1, 0, 9, 0);
}

/// Units that come first are of the shipments that leave first.
#[test]
fn the_units_that_are_declined_are_those_that_come_last() {
    let table = Table::default().change(set(2)).change(announce(PO, 5));
    let parts = [(Supply::OnHand, 2), (Supply::Inbound(PO), 3), (Supply::Backorder, 1)];
    let table = table.reserve(1, &parts);
    let order = OrderNo(1);
    let off = |units, ahead| {
        let (reason, at_supplier) = (Capacity, false);
        let lines = SmallVec::from_iter([ShipmentLine { line: 0, units, picked: 0, ahead }]);
        let decline = Decline { order, lines, reason, at_supplier };
        table.stock.decline(&decline).off
    };
    assert_eq!(off(2, 0), [(Supply::OnHand, 2)]);
    assert_eq!(off(3, 1), [(Supply::OnHand, 1), (Supply::Inbound(PO), 2)]);
    assert_eq!(off(4, 2), [(Supply::Inbound(PO), 3), (Supply::Backorder, 1)]);
}

/// A node that finds nothing has not passed over what lay on its shelf: units that another order gives
/// back beside it are there, whichever of the two is written first.
#[test]
fn what_is_put_back_beside_a_decline_is_there_whichever_of_the_two_comes_first() {
    let handled = |put_back, picked| Handled {
        order: OrderNo(2),
        lines: SmallVec::from_iter([LineHandled {
            line: 0,
            put_back,
            picked,
            left: 0,
            ..LineHandled::default()
        }]),
        parts: false,
    };
    let table = || {
        let table = Table::default().change(set(10)).reserve(1, &[(Supply::OnHand, 3)]);
        let table = table.reserve(2, &[(Supply::OnHand, 4)]).reserve(3, &[(Supply::OnHand, 2)]);
        table.then(&StockEffect::Handle(handled(0, 4).into()))
    };
    let lines = SmallVec::from_iter([ShipmentLine { line: 0, units: 3, picked: 0, ahead: 0 }]);
    let (order, reason, at_supplier) = (OrderNo(1), NotFound, false);
    let decline = Decline { order, lines, reason, at_supplier };
    let declined = table().stock.decline(&decline);
    let free = table().stock.free_declined(&declined);
    let change = StockChange::Declined(Box::new(declined));
    let declined = StockEffect::Change { change, serves: Serves::Backlog };
    let back = StockEffect::Handle(handled(4, 0).into());
    for effects in [[&back, &declined], [&declined, &back]] {
        let table = effects.into_iter().fold(table(), Table::then).shows(4, 4, 5, free);
        let (waits, there) = (Supply::Backorder, Supply::OnHand);
        table.holds(&[(1, waits, 3), (2, there, 4), (3, waits, 2)]);
    }
}
