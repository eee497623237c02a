//! The server's clock is that of the orders: one that is only asked for moves it.

use backstock_engine::model::Timestamp;
use backstock_proto::v1;

use super::error::DemoError;
use super::setup::wire_instant;
use crate::client::Client;

/// Time passes, up to an instant. `sku` is any item that there is.
pub(super) async fn pass_to(client: &Client, sku: &str, now: Timestamp) -> Result<(), DemoError> {
    let request = v1::PlaceOrderRequest {
        order_id: "CLOCK".into(),
        placed_time: Some(wire_instant(now)),
        destination_postal_code: "10001".into(),
        shortage_policy: v1::ShortagePolicy::Reject.into(),
        lines: vec![v1::PlaceOrderLine { sku: sku.to_owned(), quantity: 1 }],
        validate_only: true,
        ..v1::PlaceOrderRequest::default()
    };
    client.orders().place_order(request).await?;
    Ok(())
}
