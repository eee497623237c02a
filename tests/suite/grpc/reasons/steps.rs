//! Steps of shipments that are refused.

use std::time::Duration;

use super::*;
use crate::grpc::server::{node, waiting_order};

/// A server with an order of two units, one shipment, whose package `P` has one of them.
async fn packed() -> Refusing {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    let lines = vec![v1::LineQuantity { line_index: 0, quantity: 1 }];
    let pack = v1::PackShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        package_id: "P".into(),
        lines,
        ..Default::default()
    };
    a.server.fulfillment.pack_shipment(pack).await.expect("packed");
    a
}

fn unpick(quantity: u32) -> v1::UnpickShipmentRequest {
    v1::UnpickShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        request_id: "K".into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity }],
        ..Default::default()
    }
}

fn unpack(package_id: &str) -> v1::UnpackShipmentRequest {
    let (order_id, package_id) = ("A".into(), package_id.into());
    let request_id = "U".into();
    v1::UnpackShipmentRequest {
        order_id,
        shipment_number: 1,
        package_id,
        request_id,
        ..Default::default()
    }
}

fn pick(quantity: u32) -> v1::PickShipmentRequest {
    let lines = vec![v1::LineQuantity { line_index: 0, quantity }];
    v1::PickShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        lines,
        ..Default::default()
    }
}

fn recall() -> v1::RecallShipmentRequest {
    // Engines of these tests keep the time of the machine.
    let soon = std::time::SystemTime::now() + Duration::from_mins(1);
    v1::RecallShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        until: Some(soon.into()),
        ..Default::default()
    }
}

/// The refusal of that kind.
pub(super) async fn refused(kind: RefusalKind) -> Status {
    match kind {
        RefusalKind::BundleNotWhole => {
            let mut a = Refusing::stocked().await;
            let set = bundle("SET", &[("SKU", 1), ("OTHER", 1)]);
            a.server.define_item("OTHER").await;
            a.server.set_stock("OTHER", "NYC", 9).await;
            a.server.catalog.update_item(set).await.expect("defined");
            a.server.orders.place_order(order("A", &[("SET", 2)])).await.expect("placed");
            return refused!(a, a.server.fulfillment.pick_shipment(pick(1)));
        }
        RefusalKind::ShipmentExpired => return expired().await,
        RefusalKind::UnitsReady => {
            let mut a = ready().await;
            return refused!(a, a.server.fulfillment.ship_shipment(shipping("A")));
        }
        _ => {}
    }
    let mut a = packed().await;
    let fulfillment = &mut a.server.fulfillment;
    let (order_id, shipment_number) = ("A".to_owned(), 1);
    let left = matches!(
        kind,
        RefusalKind::UnitsLeftNode | RefusalKind::UnitsArrived | RefusalKind::DeliveredTooEarly
    );
    if left {
        fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    }
    if kind == RefusalKind::UnitsArrived {
        let deliver =
            v1::DeliverShipmentRequest { order_id, shipment_number, ..Default::default() };
        fulfillment.deliver_shipment(deliver).await.expect("delivered");
    }
    let order_id = "A".to_owned();
    match kind {
        RefusalKind::UnitsPicked => {
            a.server.fulfillment.unpack_shipment(unpack("P")).await.expect("unpacked");
            refused!(a, a.server.fulfillment.recall_shipment(recall()))
        }
        RefusalKind::UnitsPacked => refused!(a, a.server.fulfillment.unpick_shipment(unpick(1))),
        RefusalKind::UnitsLeftNode => {
            refused!(a, a.server.fulfillment.unpack_shipment(unpack("P")))
        }
        RefusalKind::UnitsNotShipped | RefusalKind::UnitsArrived => {
            let lose = v1::LoseShipmentRequest { order_id, shipment_number, ..Default::default() };
            refused!(a, a.server.fulfillment.lose_shipment(lose))
        }
        RefusalKind::UnitsNotInShipment => {
            refused!(a, a.server.fulfillment.pick_shipment(pick(3)))
        }
        RefusalKind::PackageNotFound => {
            refused!(a, a.server.fulfillment.unpack_shipment(unpack("X")))
        }
        RefusalKind::NotCollectedHere => {
            let collect =
                v1::CollectShipmentRequest { order_id, shipment_number, ..Default::default() };
            refused!(a, a.server.fulfillment.collect_shipment(collect))
        }
        RefusalKind::DeliveredTooEarly => {
            let delivered_time = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
            let deliver = v1::DeliverShipmentRequest {
                order_id,
                shipment_number,
                delivered_time,
                ..Default::default()
            };
            refused!(a, a.server.fulfillment.deliver_shipment(deliver))
        }
        RefusalKind::RecallNotAsked => {
            let answer =
                v1::AnswerRecallRequest { order_id, shipment_number, ..Default::default() };
            refused!(a, a.server.fulfillment.answer_recall(answer))
        }
        other => unreachable!("{other:?} is no refusal of a step"),
    }
}

pub(super) async fn claimed() -> Status {
    let mut a = packed().await;
    let claim = |owner: &str| v1::ClaimShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        owner: owner.into(),
        ..Default::default()
    };
    a.server.fulfillment.claim_shipment(claim("anna")).await.expect("claimed");
    refused!(a, a.server.fulfillment.claim_shipment(claim("ben")))
}

/// An order waits for its customer at a store that keeps packages for a day.
async fn ready() -> Refusing {
    let mut a = Refusing::stocked().await;
    let offer = v1::Node { offers_pickup: true, pickup_days: Some(1), ..node("NYC", "10001") };
    a.server.define_node(offer).await;
    let pickup = Some(v1::Pickup { node_id: "NYC".into(), only_stock_there: true });
    let destination_postal_code = String::new();
    let placed =
        v1::PlaceOrderRequest { destination_postal_code, pickup, ..order("A", &[("SKU", 2)]) };
    a.server.orders.place_order(placed).await.expect("placed");
    let ready = v1::MakeShipmentReadyRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    a.server.fulfillment.make_shipment_ready(ready).await.expect("ready");
    a
}

async fn expired() -> Status {
    let mut a = ready().await;
    a.server.expire("A").await;
    let collect = v1::CollectShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    refused!(a, a.server.fulfillment.collect_shipment(collect))
}

pub(super) async fn shipment_not_planned() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    a.server.fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    let other = v1::ShipShipmentRequest { tracking: "2Z".into(), ..shipping("A") };
    refused!(a, a.server.fulfillment.ship_shipment(other))
}

pub(super) async fn shipment_declined() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let decline = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    a.server.fulfillment.decline_shipment(decline).await.expect("declined");
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}

pub(super) async fn supply_not_received() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(waiting_order("A", &[("RARE", 1)])).await.expect("placed");
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}

pub(super) async fn units_missing() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let count = v1::CountStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        counted: Some(0),
        ..Default::default()
    };
    a.server.inventory.count_stock(count).await.expect("counted");
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}
