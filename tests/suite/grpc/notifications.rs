//! What a customer is told is in the feed: with the facts, and once each, however often it was said.

use backstock_engine::model::Timestamp;
use backstock_proto::v1;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::feed::{data, events_from};
use super::overdue::{date, today};
use super::server::{TestServer, announcement, node, order, waiting_order};

/// A store where customers collect, with some of one item and a supply of another on its way.
async fn store() -> (TestServer, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let node = v1::Node { offers_pickup: true, pickup_days: Some(1), ..node("NYC", "10001") };
    server.define_node(node).await;
    let mut announced = announcement("RARE", "PO", 2);
    announced.inbound.as_mut().expect("an announcement").eta = Some(date(today(&server).plus(1)));
    server.inventory.announce_inbound(announced).await.expect("announced");
    (server, directory)
}

async fn place(server: &mut TestServer, request: v1::PlaceOrderRequest) -> v1::PlaceOrderResponse {
    server.orders.place_order(request).await.expect("placed").into_inner()
}

fn collected(id: &str) -> v1::PlaceOrderRequest {
    let pickup = Some(v1::Pickup { node_id: "NYC".into(), only_stock_there: true });
    let order = order(id, &[("SKU", 1)]);
    v1::PlaceOrderRequest { destination_postal_code: String::new(), pickup, ..order }
}

async fn make_ready(server: &mut TestServer, id: &str) -> v1::Package {
    let ready = || v1::MakeShipmentReadyRequest {
        order_id: id.into(),
        shipment_number: 1,
        ..Default::default()
    };
    server.fulfillment.make_shipment_ready(ready()).await.expect("ready");
    let again = server.fulfillment.make_shipment_ready(ready()).await.expect("ready").into_inner();
    again.shipment.expect("the shipment").packages[0].clone()
}

/// What is told of an order: each type with its facts.
async fn told(server: &TestServer, id: &str) -> Vec<(String, Value)> {
    let subject = format!("orders/{id}");
    let events = events_from(server, 1).await.into_iter();
    let of = events.filter(|event| event.subjects.contains(&subject));
    of.map(|event| {
        let kind =
            event.r#type.strip_prefix("backstock.").and_then(|name| name.strip_suffix(".v1"));
        (kind.expect("a type").to_owned(), data(&event))
    })
    .collect()
}

fn types(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

fn day(day: Option<v1::Date>) -> Value {
    let v1::Date { year, month, day } = day.expect("a day");
    format!("{year}-{month:02}-{day:02}").into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shipped_is_told_with_its_day_its_tracking_and_its_arrival() {
    let (mut server, _directory) = store().await;
    let placed = place(&mut server, order("A", &[("SKU", 2)])).await;
    for _ in 0..3 {
        let ship = v1::ShipShipmentRequest {
            order_id: "A".into(),
            shipment_number: 1,
            carrier: "Owl Post".into(),
            tracking: "1Z".into(),
            ..Default::default()
        };
        server.fulfillment.ship_shipment(ship).await.expect("shipped");
    }
    for _ in 0..3 {
        let deliver = v1::DeliverShipmentRequest {
            order_id: "A".into(),
            shipment_number: 1,
            ..Default::default()
        };
        server.fulfillment.deliver_shipment(deliver).await.expect("delivered");
    }
    let told = told(&server, "A").await;
    assert_eq!(types(&told), ["order_placed", "shipment_shipped", "shipment_delivered"]);
    assert_eq!(told[0].1["shipments"][0]["deliver_by"], day(placed.shipments[0].deliver_by));
    let shipped = &told[1].1;
    assert_eq!((&shipped["carrier"], &shipped["tracking"]), (&json!("Owl Post"), &json!("1Z")));
    assert_eq!(
        (&shipped["units"][0]["line_index"], &shipped["units"][0]["units"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(
        (&told[2].1["shipment_number"], &told[2].1["packages"][0]["package_id"]),
        (&json!(1), &json!("1"))
    );
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_collected_is_told_with_until_when_and_what_expires_with_what_was_cancelled() {
    let (mut server, _directory) = store().await;
    place(&mut server, collected("COMES")).await;
    place(&mut server, collected("STAYS")).await;
    let until = make_ready(&mut server, "COMES").await.ready_until.expect("until when");
    make_ready(&mut server, "STAYS").await;
    for _ in 0..2 {
        let collect = v1::CollectShipmentRequest {
            order_id: "COMES".into(),
            shipment_number: 1,
            ..Default::default()
        };
        server.fulfillment.collect_shipment(collect).await.expect("collected");
    }
    let comes = told(&server, "COMES").await;
    assert_eq!(types(&comes), ["order_placed", "shipment_ready", "shipment_collected"]);
    let until = Timestamp::from_micros(until.seconds * 1_000_000);
    assert_eq!(comes[1].1["packages"][0]["ready_until"], until.to_string());

    server.expire("STAYS").await;
    let stays = told(&server, "STAYS").await;
    assert_eq!(types(&stays), ["order_placed", "shipment_ready", "shipment_expired"]);
    assert_eq!(stays[2].1["units"][0]["units"], 1, "{}", stays[2].1);
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_moved_is_told_with_the_one_before_and_a_cancellation_with_its_units() {
    let (mut server, _directory) = store().await;
    let before = place(&mut server, waiting_order("LATE", &[("RARE", 2)])).await;
    let day_before = day(before.shipments[0].deliver_by);
    for _ in 0..2 {
        let slips = v1::UpdateInboundRequest {
            sku: "RARE".into(),
            node_id: "NYC".into(),
            inbound_id: "PO".into(),
            eta: Some(date(today(&server).plus(9))),
            ..Default::default()
        };
        server.inventory.update_inbound(slips).await.expect("moved");
    }
    let get = v1::GetOrderRequest { order_id: "LATE".into(), ..Default::default() };
    let after = server.orders.get_order(get).await.expect("the order").into_inner().order;
    let day_after = day(after.expect("the order").shipments[0].deliver_by);
    assert_ne!(day_before, day_after);
    let late = told(&server, "LATE").await;
    assert_eq!(types(&late), ["order_placed", "backlog_repegged"]);
    let moved = &late[1].1["lines"][0]["told"][0];
    assert_eq!((&moved["deliver_by_before"], &moved["deliver_by"]), (&day_before, &day_after));

    for _ in 0..2 {
        let cancel = v1::CancelOrderRequest {
            order_id: "LATE".into(),
            request_id: "K".into(),
            reason: "too late".into(),
            ..Default::default()
        };
        server.orders.cancel_order(cancel).await.expect("cancelled");
    }
    let cancelled = told(&server, "LATE").await;
    assert_eq!(types(&cancelled), ["order_placed", "backlog_repegged", "order_cancelled"]);
    assert_eq!(cancelled[2].1["units"][0]["units"], 2, "{}", cancelled[2].1);
    server.stop().await.expect("it drains");
}
