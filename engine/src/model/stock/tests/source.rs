//! Tables: where a supply on its way comes from.

use super::*;
use crate::model::stock::SupplySource;

fn stated(ordered: u32) -> StockOperation {
    let id = InboundId::new("id", "PO-0").unwrap();
    StockOperation::StateInbound { id, ordered, eta: Timestamp::from_micros(1) }
}

fn sourced(operation: StockOperation, source: SupplySource) -> StockOperation {
    StockOperation::Source { operation: Box::new(operation), source }
}

fn then(table: Table, operation: &StockOperation) -> Table {
    let change = decide(&table, operation).unwrap();
    table.then(&StockEffect::Change { change, serves: Serves::Backlog })
}

fn source(table: &Table) -> SupplySource {
    table.stock.inbound()[0].source
}

#[test]
fn a_supply_is_a_purchase_order_until_something_else_is_said() {
    let table = then(Table::default(), &stated(9));
    assert_eq!(source(&table), SupplySource::PurchaseOrder);
    let table = then(table, &sourced(stated(9), SupplySource::Return));
    assert_eq!(source(&table), SupplySource::Return);
    // Nothing is said of it, and the same again.
    let table = then(table, &stated(7));
    assert_eq!((source(&table), table.stock.inbound()[0].quantity), (SupplySource::Return, 7));
    let same = sourced(stated(7), SupplySource::Return);
    assert_eq!(decide(&table, &same), Ok(StockChange::Unchanged));
    let table = then(table, &sourced(stated(7), SupplySource::PurchaseOrder));
    assert_eq!(source(&table), SupplySource::PurchaseOrder);
}

#[test]
fn where_a_supply_comes_from_is_said_with_how_much_of_it_counts() {
    let (operation, confidence_basis_points) = (Box::new(stated(10)), 5_000);
    let weighed = StockOperation::Weigh { operation, confidence_basis_points };
    let table = then(Table::default(), &sourced(weighed, SupplySource::Return));
    assert_eq!((source(&table), table.stock.inbound()[0].free()), (SupplySource::Return, 5));
    let change = StockOperation::ChangeInbound {
        id: InboundId::new("id", "PO-0").unwrap(),
        quantity: Some(4),
        eta: None,
    };
    assert!(sourced(change, SupplySource::Return).validate().is_err(), "it announces nothing");
}
