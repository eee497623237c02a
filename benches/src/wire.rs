//! Orders of a workload as a caller of the gRPC services sends them.

use backstock_engine::model::command::PlaceOrder;
use backstock_proto::v1::{PlaceOrderLine, PlaceOrderRequest, ShortagePolicy};

/// The request that places `order` now.
pub fn request(order: &PlaceOrder) -> PlaceOrderRequest {
    let order = &order.order;
    let line = |line: &backstock_engine::model::command::LineRequest| PlaceOrderLine {
        sku: line.sku.to_string(),
        quantity: line.quantity,
    };
    PlaceOrderRequest {
        order_id: order.id.to_string(),
        destination_postal_code: order.postal_code.to_string(),
        shortage_policy: ShortagePolicy::Backorder.into(),
        lines: order.lines.0.iter().map(line).collect(),
        ..PlaceOrderRequest::default()
    }
}
