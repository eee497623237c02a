//! What a customer wants otherwise.

use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation;

use super::super::data::Superstore;
use super::super::hash::spread_below;
use super::super::stocking::SupplyClass;
use super::course::Course;

/// What is asked, and the units that it adds and gives up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) operation: Operation,
    pub(super) added: u64,
    pub(super) given_up: u64,
}

/// What a course has a customer ask for, of an order a shipment of which is to leave.
pub(super) fn asked(course: Course, order: &v1::Order, shipment: &v1::Shipment) -> Option<Asked> {
    let line = shipment.lines.iter().max_by_key(|line| line.quantity)?;
    let index = line.line_index;
    let quantity =
        |quantity| Operation::SetQuantity(v1::SetLineQuantity { line_index: index, quantity });
    let units = order.lines.get(index as usize)?.units?;
    let wanted = |sku: &str, quantity| v1::AddedLine {
        sku: sku.to_owned(),
        quantity,
        amount_minor: None,
        pricing: None,
    };
    let (operation, added, given_up) = match course {
        Course::More => (Operation::AddLine(wanted(&line.sku, 1)), 1, 0),
        Course::Fewer => (quantity(left(&units) - 1), 0, 1),
        Course::TakenOut => (quantity(gone(&units)), 0, left(&units) - gone(&units)),
        Course::Swapped => {
            let instead = Some(wanted(other(&order.order_id, &line.sku)?, line.quantity));
            let swap = v1::SwapLine { line_index: index, instead };
            (Operation::SwapLine(swap), line.quantity, line.quantity)
        }
        _ => return None,
    };
    Some(Asked { operation, added: added.into(), given_up: given_up.into() })
}

/// Units that left.
const fn gone(units: &v1::LineUnits) -> u32 {
    units.shipped + units.delivered + units.collected + units.lost
}

/// Units that were not cancelled.
const fn left(units: &v1::LineUnits) -> u32 {
    let waiting = units.backordered + units.preordered + units.allocated + units.released;
    gone(units) + waiting + units.picked + units.packed + units.ready
}

/// Another product, of which there is enough everywhere.
fn other(order: &str, sku: &str) -> Option<&'static str> {
    let products = &Superstore::shared().products;
    let enough = |sku: &str| SupplyClass::of(sku) == SupplyClass::Deep;
    let others: Vec<_> = products.iter().filter(|of| enough(&of.sku) && of.sku != sku).collect();
    let at = spread_below("instead", order, u32::try_from(others.len().max(1)).unwrap_or(1));
    others.get(at as usize).map(|product| product.sku.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_counts_units_that_left() {
        let units = v1::LineUnits { allocated: 2, shipped: 1, cancelled: 4, ..Default::default() };
        let line = v1::OrderLine {
            sku: "A".into(),
            quantity: 7,
            units: Some(units),
            ..Default::default()
        };
        let order = v1::Order { lines: vec![line], ..Default::default() };
        let inside = v1::ShipmentLine { sku: "A".into(), quantity: 2, ..Default::default() };
        let shipment = v1::Shipment { lines: vec![inside], ..Default::default() };
        let of = |course| asked(course, &order, &shipment);
        let quantity =
            |quantity| Operation::SetQuantity(v1::SetLineQuantity { line_index: 0, quantity });
        let fewer = Asked { operation: quantity(2), added: 0, given_up: 1 };
        assert_eq!(of(Course::Fewer), Some(fewer));
        let out = Asked { operation: quantity(1), added: 0, given_up: 2 };
        assert_eq!(of(Course::TakenOut), Some(out));
        let swapped = of(Course::Swapped).unwrap();
        assert_eq!((swapped.added, swapped.given_up), (2, 2));
        assert_eq!(of(Course::AsPlanned), None);
    }
}
