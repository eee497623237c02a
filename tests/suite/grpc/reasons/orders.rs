//! Refusals of orders: as they are placed, cancelled, and kept from nodes.

use super::*;
use crate::grpc::server::{fields, node, waiting_order};

pub(super) async fn order_id_reused() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    refused!(a, a.server.orders.place_order(order("A", &[("SKU", 2)])))
}

pub(super) async fn no_node() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.define_node(v1::Node { enabled: Some(false), ..node("NYC", "10001") }).await;
    refused!(a, a.server.orders.place_order(waiting_order("A", &[("SKU", 1)])))
}

pub(super) async fn item_off_sale() -> Status {
    let mut a = Refusing::stocked().await;
    let off = |title: &str, path: &str| v1::UpdateItemRequest {
        item: Some(v1::Item {
            sku: "SKU".into(),
            title: title.into(),
            off_sale: Some(title.is_empty()),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.into()] }),
        ..Default::default()
    };
    let mut put = async |request| {
        let answer = a.server.catalog.update_item(request).await.expect("updated").into_inner();
        answer.item.expect("the item")
    };
    let before = put(off("Scarf", "title")).await;
    let kept = put(off("", "off_sale")).await;
    assert_eq!(kept, v1::Item { off_sale: Some(true), ..before });
    let titled = put(off("Shawl", "title")).await;
    assert_eq!(titled.off_sale, Some(true), "a mask leaves it as it is");
    // Callers that are older than it write all of an item without it.
    let of_old = v1::Item { sku: "SKU".into(), title: "Scarf".into(), ..Default::default() };
    let of_old = v1::UpdateItemRequest { item: Some(of_old), ..Default::default() };
    assert_eq!(put(of_old).await.off_sale, Some(true), "so does who does not say it");
    let get = v1::GetAvailabilityRequest { sku: "SKU".into(), ..Default::default() };
    let there = a.server.inventory.get_availability(get).await.expect("read").into_inner();
    let there = there.availability.expect("the item");
    assert_eq!((there.atp_now, there.off_sale, there.nodes.len()), (0, true, 0));
    refused!(a, a.server.orders.place_order(order("B", &[("SKU", 1)])))
}

pub(super) async fn sale_not_open() -> Status {
    let mut a = Refusing::stocked().await;
    let opens_time = Some(prost_types::Timestamp { seconds: 9_999_999_999, nanos: 0 });
    let item = v1::Item { sku: "SKU".into(), opens_time, ..Default::default() };
    let request = v1::UpdateItemRequest { item: Some(item), ..Default::default() };
    let updated = a.server.catalog.update_item(request).await.expect("updated").into_inner();
    assert_eq!(updated.item.expect("the item").opens_time, opens_time);
    refused!(a, a.server.orders.place_order(order("A", &[("SKU", 1)])))
}

pub(super) async fn backlog_full() -> Status {
    let mut a = Refusing::stocked().await;
    let put = |max, path: &str| v1::UpdateItemRequest {
        item: Some(v1::Item { sku: "SKU".into(), waiting_units_max: max, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.into()] }),
        ..Default::default()
    };
    let too_many = a.server.catalog.update_item(put(Some(u32::MAX), "*")).await;
    let too_many = too_many.expect_err("more than any stock has");
    assert_eq!(fields(&too_many), ["item.waiting_units_max"]);
    let bounded = a.server.catalog.update_item(put(Some(2), "waiting_units_max")).await;
    assert_eq!(bounded.expect("updated").into_inner().item.expect("it").waiting_units_max, Some(2));
    let titled = a.server.catalog.update_item(put(None, "title")).await;
    let titled = titled.expect("updated").into_inner().item.expect("the item");
    assert_eq!(titled.waiting_units_max, Some(2), "a mask leaves it as it is");
    refused!(a, a.server.orders.place_order(waiting_order("B", &[("SKU", 9_999)])))
}

pub(super) async fn pickup_not_offered() -> Status {
    let mut a = Refusing::stocked().await;
    let pickup = Some(v1::Pickup { node_id: "NYC".into(), only_stock_there: false });
    let destination_postal_code = String::new();
    let order =
        v1::PlaceOrderRequest { destination_postal_code, pickup, ..order("B", &[("SKU", 1)]) };
    refused!(a, a.server.orders.place_order(order))
}

pub(super) async fn line_of_bundle() -> Status {
    let mut a = with_bundle().await;
    a.server.orders.place_order(order("A", &[("SET", 1)])).await.expect("placed");
    let lines = vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }];
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), lines, ..Default::default() };
    refused!(a, a.server.orders.cancel_order(cancel))
}

pub(super) async fn line_of_no_bundle() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let lines = vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: true }];
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), lines, ..Default::default() };
    refused!(a, a.server.orders.cancel_order(cancel))
}

pub(super) async fn units_not_ordered() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 2, of_bundle: false }],
        ..Default::default()
    };
    refused!(a, a.server.orders.cancel_order(cancel))
}

pub(super) async fn units_shipped() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    a.server.fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }],
        ..Default::default()
    };
    refused!(a, a.server.orders.cancel_order(cancel))
}

pub(super) async fn units_cancelled() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    a.server.orders.cancel_order(cancel.clone()).await.expect("cancelled");
    refused!(a, a.server.orders.cancel_order(cancel))
}

pub(super) async fn order_closed() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    a.server.orders.cancel_order(cancel).await.expect("cancelled");
    let first = v1::SetOrderPriorityRequest { order_id: "A".into(), ..Default::default() };
    refused!(a, a.server.orders.set_order_priority(first))
}

pub(super) async fn customer_not_asked() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let resolve = v1::ResolveDeclineRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    refused!(a, a.server.orders.resolve_decline(resolve))
}

/// A server with an order on hold.
async fn order_held() -> Refusing {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    a.server.orders.hold_order(order_hold(v1::OrderHoldKind::Fraud)).await.expect("held");
    a
}

fn order_hold(kind: v1::OrderHoldKind) -> v1::HoldOrderRequest {
    v1::HoldOrderRequest {
        order_id: "A".into(),
        order_hold_id: "REVIEW".into(),
        kind: kind.into(),
        ..Default::default()
    }
}

pub(super) async fn order_hold_not_found() -> Status {
    let mut a = order_held().await;
    let release = v1::ReleaseOrderHoldRequest {
        order_id: "A".into(),
        order_hold_id: "OTHER".into(),
        ..Default::default()
    };
    refused!(a, a.server.orders.release_order_hold(release))
}

pub(super) async fn order_hold_exists() -> Status {
    let mut a = order_held().await;
    refused!(a, a.server.orders.hold_order(order_hold(v1::OrderHoldKind::Credit)))
}

pub(super) async fn order_on_hold() -> Status {
    let mut a = order_held().await;
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}
