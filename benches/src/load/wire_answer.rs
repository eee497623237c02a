//! Answers to orders as they come over gRPC.

use backstock_engine::model::OrderId;
use backstock_proto::v1::place_orders_result::Result as Outcome;
use backstock_proto::v1::{OrderOutcome, PlaceOrderResponse, PlaceOrdersResult};

use super::answers::{Answers, Placed};
use super::error::LoadError;

/// Counts what became of an order.
pub fn count(answers: &mut Answers, units: u32, response: PlaceOrderResponse) {
    if response.outcome() == OrderOutcome::Rejected {
        return answers.sold_out();
    }
    answers.placed(units, || {
        let shipment = response.shipments.iter().find(|shipment| shipment.number == 1);
        let lines = shipment.iter().flat_map(|shipment| &shipment.lines);
        let first_shipment = lines.map(|line| u64::from(line.quantity)).sum();
        let first_line = response.lines.first();
        let first_line = first_line.map_or(0, |l| l.allocated + l.preordered + l.backordered);
        let id = OrderId::new("order", response.order_id).expect("as it was sent");
        Placed { id, first_shipment, first_line }
    });
}

/// The same for an order of a stream; a fault is an error.
pub fn count_result(
    answers: &mut Answers,
    units: u32,
    result: PlaceOrdersResult,
) -> Result<(), LoadError> {
    match result.result {
        Some(Outcome::Response(response)) => count(answers, units, response),
        Some(Outcome::Fault(fault)) => {
            return Err(LoadError::Fault { reason: fault.reason, message: fault.message });
        }
        None => return Err(LoadError::StreamEnded),
    }
    Ok(())
}
