//! What a customer answers who is asked about units that the store does not have (case A12,
//! hotwax/bopis#251): each of his answers, and that nothing is done before it.

use backstock_proto::v1;
use tempfile::TempDir;
use tonic::Code;

use super::super::changes::{change, commit, quote};
use super::super::redirects::{collect_at, reasons, to};
use super::super::scenarios::{before_christmas, december};
use super::super::server::{TestServer, order, waiting_order};
use super::{read, store};

/// The other store, across the river.
const OTHER: &str = "CAMBRIDGE";

fn units(order: &v1::Order, line: usize) -> v1::LineUnits {
    order.lines[line].units.expect("units")
}

/// Node, units, and the day on which they are there, of the shipments that are still to leave or to
/// be collected.
fn going(order: &v1::Order) -> Vec<(&str, u32, Option<v1::Date>)> {
    let units = |of: &v1::Shipment| of.lines.iter().map(|line| line.quantity).sum::<u32>();
    let is_done = |of: &v1::Shipment| of.state() == v1::ShipmentState::Collected;
    let open = order.shipments.iter().filter(|of| !of.lines.is_empty() && !is_done(of));
    open.map(|of| (&*of.node_id, units(of), of.deliver_by)).collect()
}

/// It is ten in the morning on that day of December: the server goes by the orders that come in.
async fn it_is(server: &mut TestServer, day: u32) {
    let time = format!("2026-12-{day}T15:00:00Z").parse().expect("an instant");
    let tick = v1::PlaceOrderRequest { placed_time: Some(time), ..order("tick", &[("TICK", 1)]) };
    server.orders.place_order(tick).await.expect("an answer");
}

/// On Tuesday the 22nd, two of three units that are to be collected in Boston are not on the shelf
/// there. New York has plenty. The number of the shipment that asks.
async fn asked(data: &TempDir) -> (TestServer, u32) {
    let mut server = before_christmas(data.path()).await;
    server.stock().await;
    server.define_item("TICK").await;
    server.define_node(store()).await;
    let other = v1::Node { node_id: OTHER.into(), postal_code: "02139".into(), ..store() };
    server.define_node(other).await;
    for (sku, at, on_hand) in [("SKU", "BOSTON", 5), ("RARE", "BOSTON", 5), ("RARE", "NYC", 50)] {
        server.set_stock(sku, at, on_hand).await;
    }
    let pickup = v1::Pickup { node_id: "BOSTON".into(), only_stock_there: false };
    let order = v1::PlaceOrderRequest {
        destination_postal_code: String::new(),
        pickup: Some(pickup),
        ..waiting_order("A", &[("SKU", 1), ("RARE", 2)])
    };
    server.orders.place_order(order).await.expect("placed");
    let decline = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        reason: v1::DeclineReason::NotFound.into(),
        lines: vec![v1::LineQuantity { line_index: 1, quantity: 2 }],
        request_id: "SHORT".into(),
        ..Default::default()
    };
    let declined = server.fulfillment.decline_shipment(decline).await.expect("declined");
    let asked = declined.into_inner().order.expect("the order");
    assert_eq!(going(&asked), [("BOSTON", 1, Some(december(22))), ("BOSTON", 2, None)]);
    // A day passes, and more comes to all places.
    it_is(&mut server, 23).await;
    for at in ["BOSTON", "NYC", OTHER] {
        server.set_stock("RARE", at, 60).await;
    }
    let still = read(&mut server, "A").await;
    assert_eq!((&still.shipments, &still.lines), (&asked.shipments, &asked.lines));
    assert_eq!((units(&still, 1).backordered, units(&still, 1).asked), (2, 2));
    // Nothing of it is kept for him either: it is anybody's.
    for at in ["BOSTON", "NYC", OTHER] {
        let get = v1::GetStockRequest { sku: "RARE".into(), node_id: at.into(), min_version: 0 };
        let stock = server.inventory.get_stock(get).await.expect("read").into_inner().stock;
        assert_eq!(stock.expect("a stock").allocated, 0, "{at}");
    }
    let asks = still.shipments.iter().find(|of| of.customer_asked).expect("one asks").number;
    (server, asks)
}

/// Makes what is left of an order ready where it is collected, and has it collected.
async fn collect(server: &mut TestServer, shipment_number: u32) {
    let order_id = String::from("A");
    let ready = v1::MakeShipmentReadyRequest {
        order_id: order_id.clone(),
        shipment_number,
        ..Default::default()
    };
    server.fulfillment.make_shipment_ready(ready).await.expect("ready");
    let collect = v1::CollectShipmentRequest { order_id, shipment_number, ..Default::default() };
    server.fulfillment.collect_shipment(collect).await.expect("collected");
}

async fn ends_well(mut server: TestServer, data: &TempDir) {
    server.audit().await;
    let before = read(&mut server, "A").await;
    server.stop().await.expect("drained");
    let mut server = before_christmas(data.path()).await;
    assert_eq!(read(&mut server, "A").await, before, "after a restart");
    server.stop().await.expect("drained");
}

/// The order goes another way from now on. What he was asked about is served as it goes then:
/// before it is committed, no day is told of that.
async fn goes(server: &mut TestServer, way: v1::ChangeOperation) -> v1::Order {
    let told = quote(server, change(vec![way])).await;
    assert_eq!(reasons(&told), [""; 0]);
    let would_be = told.order.expect("the order");
    assert_eq!((units(&would_be, 1).backordered, units(&would_be, 1).asked), (2, 0));
    assert_eq!(units(&read(server, "A").await, 1).asked, 2, "a quote is no answer");
    let answer = commit(server, &told.change_token).await.expect("an answer");
    assert_eq!(answer.outcome(), v1::ChangeOutcome::Committed);
    answer.order.expect("the order")
}

/// He collects all of it in another store, that has it: today.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_he_goes_to_another_store() {
    let data = TempDir::new().expect("a directory");
    let (mut server, _) = asked(&data).await;
    server.set_stock("SKU", OTHER, 1).await;
    let after = goes(&mut server, collect_at(OTHER)).await;
    assert_eq!(after.pickup.as_ref().expect("a place").node_id, OTHER);
    let today = Some(december(23));
    assert_eq!((units(&after, 1).allocated, units(&after, 1).asked), (2, 0), "{after:?}");
    assert!(going(&after).iter().all(|(at, _, there)| (*at, *there) == (OTHER, today)));
    assert!(after.shipments.iter().all(|of| !of.customer_asked), "{after:?}");
    let numbers: Vec<_> =
        after.shipments.iter().filter(|of| !of.lines.is_empty()).map(|of| of.number).collect();
    for number in numbers {
        collect(&mut server, number).await;
    }
    let done = read(&mut server, "A").await;
    assert_eq!(done.state(), v1::OrderState::Closed);
    assert_eq!((units(&done, 0).collected, units(&done, 1).collected), (1, 2));
    assert_eq!(server.on_hand("SKU", "BOSTON").await, 5, "that store keeps its own");
    ends_well(server, &data).await;
}

/// He has all of it sent to him. It leaves from wherever it is, but for the store that declined it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_he_has_it_shipped() {
    let data = TempDir::new().expect("a directory");
    let (mut server, _) = asked(&data).await;
    let after = goes(&mut server, to("02116")).await;
    assert_eq!((&after.pickup, &*after.destination_postal_code), (&None, "02116"));
    assert_eq!((units(&after, 1).allocated, units(&after, 1).asked), (2, 0), "{after:?}");
    assert!(going(&after).iter().all(|(at, ..)| *at != "BOSTON"), "{after:?}");
    assert!(after.promised_by.is_some() && going(&after).iter().all(|(.., day)| day.is_some()));
    ends_well(server, &data).await;
}

/// One of the units is ready for him: he collects that one, and has the others sent. As long as it
/// waits for him in the store, the order does not go elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_he_collects_what_is_ready_and_has_the_rest_shipped() {
    let data = TempDir::new().expect("a directory");
    let (mut server, _) = asked(&data).await;
    let ready = v1::MakeShipmentReadyRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    server.fulfillment.make_shipment_ready(ready).await.expect("ready");
    let refused = quote(&mut server, change(vec![to("02116")])).await;
    assert_eq!(reasons(&refused), ["SHIPMENT_STAYS"]);
    assert_eq!(units(&read(&mut server, "A").await, 1).asked, 2, "nothing is done before it");
    collect(&mut server, 1).await;
    let after = goes(&mut server, to("02116")).await;
    assert_eq!((units(&after, 0).collected, units(&after, 1).allocated), (1, 2), "{after:?}");
    let [(at, 2, Some(_))] = going(&after)[..] else { panic!("one shipment: {after:?}") };
    assert_ne!(at, "BOSTON");
    ends_well(server, &data).await;
}

/// He waits for it in that store: it is brought there, from wherever it is by then. What was there
/// while he thought about it was anybody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_he_waits_until_it_is_brought_to_that_store() {
    let data = TempDir::new().expect("a directory");
    let (mut server, shipment_number) = asked(&data).await;
    server.set_stock("RARE", OTHER, 0).await;
    server.orders.place_order(order("B", &[("RARE", 60)])).await.expect("placed");
    server.orders.place_order(order("C", &[("RARE", 60)])).await.expect("placed");
    let resolve =
        v1::ResolveDeclineRequest { order_id: "A".into(), shipment_number, ..Default::default() };
    let resolved = server.orders.resolve_decline(resolve).await.expect("resolved").into_inner();
    let waits = resolved.order.expect("the order");
    assert_eq!((units(&waits, 1).backordered, units(&waits, 1).asked), (2, 0), "{waits:?}");
    assert_eq!(waits.promised_by, None, "nobody knows when");
    it_is(&mut server, 28).await;
    server.set_stock("RARE", "NYC", 62).await;
    let brought = read(&mut server, "A").await;
    assert_eq!(brought.pickup.as_ref().expect("a place").node_id, "BOSTON");
    let there = ("BOSTON", 1, Some(december(22)));
    assert_eq!(going(&brought), [there, ("NYC", 2, Some(december(30)))], "{brought:?}");
    ends_well(server, &data).await;
}

/// He does not want it any more: the other one stays ready for him, and no shelf has more for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_he_cancels_what_is_not_there() {
    let data = TempDir::new().expect("a directory");
    let (mut server, shipment_number) = asked(&data).await;
    let cancel =
        v1::CancelOrderRequest { order_id: "A".into(), shipment_number, ..Default::default() };
    let cancelled = server.orders.cancel_order(cancel.clone()).await.expect("cancelled");
    let after = cancelled.into_inner().order.expect("the order");
    assert_eq!((units(&after, 0).allocated, units(&after, 1).cancelled), (1, 2));
    assert_eq!((units(&after, 1).asked, going(&after).len()), (0, 1), "{after:?}");
    let again = server.orders.cancel_order(cancel).await.expect_err("it is cancelled");
    assert_eq!(again.code(), Code::FailedPrecondition);
    for at in ["BOSTON", "NYC", OTHER] {
        assert_eq!(server.on_hand("RARE", at).await, 60, "{at}");
    }
    collect(&mut server, 1).await;
    assert_eq!(read(&mut server, "A").await.state(), v1::OrderState::Closed);
    ends_well(server, &data).await;
}
