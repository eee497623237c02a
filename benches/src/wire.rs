//! Orders of a workload as a caller of the gRPC services sends them.

use backstock_engine::command::{LineRequest, PlaceOrder};
use backstock_engine::model::Shortage;
use backstock_proto::v1::{PlaceOrderLine, PlaceOrderRequest, ShortagePolicy};

/// The request that places `order` now.
pub fn request(order: &PlaceOrder) -> PlaceOrderRequest {
    let order = &order.order;
    let line = |line: &LineRequest| PlaceOrderLine {
        sku: line.sku.as_str().to_owned(),
        quantity: line.quantity,
    };
    let code = order.destination.address().expect("orders of workloads are shipped");
    PlaceOrderRequest {
        order_id: order.id.as_str().to_owned(),
        customer_id: order.customer.as_ref().map_or_else(String::new, ToString::to_string),
        destination_postal_code: code.as_str().to_owned(),
        shortage_policy: shortage_policy(order.shortage).into(),
        lines: order.lines.0.iter().map(line).collect(),
        ..PlaceOrderRequest::default()
    }
}

const fn shortage_policy(shortage: Option<Shortage>) -> ShortagePolicy {
    match shortage {
        None => ShortagePolicy::Unspecified,
        Some(Shortage::Reject) => ShortagePolicy::Reject,
        Some(Shortage::Backorder) => ShortagePolicy::Backorder,
        Some(Shortage::Partial) => ShortagePolicy::Partial,
    }
}
