//! Tables: how much of a supply on its way counts.

use super::*;
use crate::model::stock::{Confidence, InboundWeighed};

fn weighed(operation: StockOperation, confidence_basis_points: u16) -> StockOperation {
    StockOperation::Weigh { operation: Box::new(operation), confidence_basis_points }
}

fn announced(quantity: u32) -> StockOperation {
    let id = InboundId::new("id", "PO-0").unwrap();
    StockOperation::AnnounceInbound { id, quantity, eta: Timestamp::from_micros(1) }
}

fn changed(quantity: Option<u32>) -> StockOperation {
    StockOperation::ChangeInbound { id: InboundId::new("id", "PO-0").unwrap(), quantity, eta: None }
}

fn stated(ordered: u32) -> StockOperation {
    let id = InboundId::new("id", "PO-0").unwrap();
    StockOperation::StateInbound { id, ordered, eta: Timestamp::from_micros(1) }
}

fn then(table: Table, operation: &StockOperation) -> Table {
    let change = decide(&table, operation).unwrap();
    table.then(&StockEffect::Change { change, serves: Serves::Backlog })
}

/// Units that can be promised of the one supply.
fn free(table: &Table) -> u32 {
    table.stock.inbound()[0].free()
}

#[test]
fn only_the_part_that_counts_is_promised_in_whole_units() {
    for (quantity, basis_points, expected) in
        [(10, 10_000, 10), (10, 7_500, 7), (10, 999, 0), (3, 3_333, 0), (3, 3_334, 1), (10, 0, 0)]
    {
        let table = then(Table::default(), &weighed(announced(quantity), basis_points));
        assert_eq!(free(&table), expected, "{quantity} at {basis_points}");
        assert_eq!(table.stock.inbound()[0].quantity, quantity, "all of them are to come");
    }
}

/// What counts is a part of what is still to come, and stays so until another part is told.
#[test]
fn a_supply_keeps_what_counts_of_it_through_changes_and_arrivals() {
    let table = then(Table::default(), &weighed(announced(10), 5_000));
    let table = then(table, &changed(Some(20)));
    assert_eq!(free(&table), 10);
    let arrive = StockOperation::ReceiveInbound {
        id: InboundId::new("id", "PO-0").unwrap(),
        quantity: 4,
        closes: false,
    };
    let table = then(table, &arrive);
    assert_eq!((free(&table), table.stock.on_hand), (8, 4));
    let table = then(table, &stated(20));
    assert_eq!(free(&table), 8, "a row that does not say leaves it");
    let table = then(table, &weighed(stated(20), 10_000));
    assert_eq!(free(&table), 16);
    assert_eq!(decide(&table, &weighed(stated(20), 10_000)), Ok(StockChange::Unchanged));
}

/// It takes nothing from anybody that less counts than was promised; nothing more is promised.
#[test]
fn less_that_counts_than_is_promised_breaks_no_promise() {
    let table = then(Table::default(), &announced(10)).reserve(1, &[(Supply::Inbound(PO), 8)]);
    let table = then(table, &weighed(changed(None), 2_000));
    assert_eq!(free(&table), 0);
    let table = table.holds(&[(1, Supply::Inbound(PO), 8)]).shows(0, 0, 0, 0);
    let table = then(table, &weighed(changed(None), 9_000));
    assert_eq!(free(&table), 1);
}

#[test]
fn a_change_that_says_what_is_so_says_nothing_of_what_counts() {
    let table = then(Table::default(), &announced(10));
    let change = decide(&table, &weighed(changed(Some(9)), 10_000)).unwrap();
    assert!(matches!(change, StockChange::InboundMoved { .. }), "{change:?}");
    let change = decide(&table, &weighed(changed(Some(9)), 9_999)).unwrap();
    let StockChange::InboundWeighed(weighed) = change else { panic!("{change:?}") };
    let InboundWeighed { no, confidence, .. } = *weighed;
    assert_eq!((no, confidence), (PO, Confidence::new(9_999).unwrap()));
}

#[test]
fn what_counts_is_bounded_and_of_a_supply() {
    let fields = |operation: &StockOperation| {
        let found = operation.validate().err().unwrap_or_default();
        found.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    assert!(fields(&weighed(changed(None), 10_000)).is_empty(), "nothing else has to change");
    assert_eq!(fields(&weighed(announced(10), 10_001)), ["confidence_basis_points"]);
    assert_eq!(fields(&weighed(announced(0), 1)), ["quantity"]);
    let count = StockOperation::Count { on_hand: 1 };
    assert_eq!(fields(&weighed(count, 1)), ["operation"]);
    let twice = weighed(weighed(announced(1), 1), 1);
    assert_eq!(fields(&twice), ["operation"]);
}
