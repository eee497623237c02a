//! What becomes of a shipment between its node and the customer, as nodes report it.

use backstock_engine::model::fulfilment::table;
use backstock_engine::model::stock::decline;
use backstock_proto::v1;
use backstock_proto::v1::ShipmentState as State;
use tonic::Code;

use super::server::{TestServer, node, order};

/// An order of three units, in one shipment.
async fn three(server: &mut TestServer, id: &str) {
    server.orders.place_order(order(id, &[("SKU", 3)])).await.expect("placed");
}

fn lines(quantity: u32) -> Vec<v1::LineQuantity> {
    vec![v1::LineQuantity { line_index: 0, quantity }]
}

macro_rules! step {
    ($server:ident, $call:ident, $request:ident { $($field:ident: $value:expr),* }) => {{
        let request = v1::$request {
            order_id: "A".into(),
            shipment_number: 1,
            $($field: $value,)*
            ..Default::default()
        };
        let answer = $server.fulfillment.$call(request).await.expect("the step is taken");
        answer.into_inner().shipment.expect("a shipment")
    }};
}

/// Units of the first line of the order.
async fn units(server: &mut TestServer) -> v1::LineUnits {
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    let order = server.orders.get_order(get).await.expect("read").into_inner().order;
    order.expect("an order").lines[0].units.expect("units")
}

/// One shipment goes all the way, in two packages: what is told twice, late, or in another order
/// changes nothing that is so already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_is_picked_packed_shipped_in_parts_and_delivered() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    three(&mut server, "A").await;
    let released = step!(server, release_shipment, ReleaseShipmentRequest {});
    assert_eq!(released.state(), State::Released);
    assert!(released.released_time.is_some());
    // A scanner tells what it picked so far, and sends it again.
    step!(server, pick_shipment, PickShipmentRequest { lines: lines(1) });
    step!(server, pick_shipment, PickShipmentRequest { lines: lines(2) });
    let late = step!(server, pick_shipment, PickShipmentRequest { lines: lines(1) });
    assert_eq!(late.state(), State::Released, "one unit is on the shelf");
    let there = units(&mut server).await;
    assert_eq!((there.released, there.picked, there.allocated), (1, 2, 0));
    let pack = |id: &str, quantity| v1::PackShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        package_id: id.into(),
        lines: lines(quantity),
        ..Default::default()
    };
    for _ in 0..2 {
        server.fulfillment.pack_shipment(pack("BOX", 2)).await.expect("packed");
    }
    let ship = |ids: &[&str], tracking: &str| v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        tracking: tracking.into(),
        package_ids: ids.iter().map(|id| (*id).into()).collect(),
        ..Default::default()
    };
    for _ in 0..2 {
        server.fulfillment.ship_shipment(ship(&["BOX"], "1Z")).await.expect("shipped");
    }
    let there = units(&mut server).await;
    assert_eq!((there.released, there.shipped), (1, 2));
    assert_eq!(server.on_hand("SKU", "NYC").await, 10 - 2, "they left once");
    // It arrives before anybody said that the rest left.
    let arrived = step!(server, deliver_shipment, DeliverShipmentRequest {});
    assert_eq!(arrived.state(), State::Delivered);
    let late = server.fulfillment.ship_shipment(ship(&["1"], "2Z")).await.expect("told late");
    let packages = late.into_inner().shipment.expect("a shipment").packages;
    let told: Vec<_> = packages.iter().map(|p| (&*p.package_id, &*p.tracking, p.state())).collect();
    assert_eq!(told, [("BOX", "1Z", State::Delivered), ("1", "2Z", State::Delivered)]);
    let there = units(&mut server).await;
    assert_eq!((there.delivered, there.shipped, there.allocated), (3, 0, 0));
    // What was told of either package may be told again, and so may that the node accepts.
    for (ids, tracking) in [(&["BOX"][..], "1Z"), (&["1"][..], "2Z"), (&[][..], "2Z")] {
        server.fulfillment.ship_shipment(ship(ids, tracking)).await.expect("told again");
    }
    step!(server, accept_shipment, AcceptShipmentRequest {});
    let other = server.fulfillment.ship_shipment(ship(&[], "3Z")).await.expect_err("another one");
    assert_eq!(other.code(), Code::FailedPrecondition);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// A store declines one of its units, and ships the others: its count is corrected in the same step,
/// and the unit goes to another node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_pick_goes_elsewhere_and_the_others_stay() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    three(&mut server, "A").await;
    server.define_node(node("BOSTON", "02116")).await;
    server.set_stock("SKU", "BOSTON", 5).await;
    step!(server, pick_shipment, PickShipmentRequest { lines: lines(2) });
    let short = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        reason: v1::DeclineReason::NotFound.into(),
        request_id: "SHORT".into(),
        lines: lines(1),
        ..Default::default()
    };
    let answer = server.fulfillment.decline_shipment(short.clone()).await.expect("declined");
    let after = answer.into_inner().order.expect("an order");
    let here: Vec<_> = after.shipments.iter().filter(|s| !s.lines.is_empty()).collect();
    let units = |of: &v1::Shipment| of.lines.iter().map(|line| line.quantity).sum::<u32>();
    let at: Vec<_> = here.iter().map(|of| (&of.node_id[..], units(of), of.state())).collect();
    let elsewhere = ("BOSTON", 1, State::Planned);
    assert_eq!(at, [("NYC", 2, State::Picked), elsewhere], "{after:?}");
    assert_eq!(after.shipments[1].state(), State::Declined);
    assert_eq!(server.on_hand("SKU", "NYC").await, 2, "what is picked is all that is there");
    let again = server.fulfillment.decline_shipment(short).await.expect("said again").into_inner();
    assert!(again.is_repeat);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// Cancelling what is in a package puts it back once: the reservation that it held is freed, and the
/// package has what is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_packed_is_cancelled_and_put_back_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    three(&mut server, "A").await;
    step!(server, pack_shipment, PackShipmentRequest { package_id: "BOX".into() });
    let on_hand = server.on_hand("SKU", "NYC").await;
    let line = v1::CancelOrderLine { line_index: 0, quantity: 2, of_bundle: false };
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![line],
        request_id: "C".into(),
        ..Default::default()
    };
    for _ in 0..2 {
        server.orders.cancel_order(cancel.clone()).await.expect("cancelled");
    }
    let there = units(&mut server).await;
    assert_eq!((there.packed, there.cancelled), (1, 2));
    assert_eq!(server.on_hand("SKU", "NYC").await, on_hand, "they are on the shelf again");
    let left = step!(
        server,
        unpack_shipment,
        UnpackShipmentRequest { package_id: "BOX".into(), request_id: "U".into() }
    );
    assert!(left.packages.is_empty() && left.state() == State::Picked);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// A customer collects at a store: ready, then collected, and nothing is shipped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_waits_for_its_customer_and_is_collected() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(v1::Node { offers_pickup: true, ..node("NYC", "10001") }).await;
    let pickup = Some(v1::Pickup { node_id: "NYC".into(), only_stock_there: true });
    let placed = v1::PlaceOrderRequest {
        destination_postal_code: String::new(),
        pickup,
        ..order("A", &[("SKU", 3)])
    };
    server.orders.place_order(placed).await.expect("placed");
    let ready = step!(server, make_shipment_ready, MakeShipmentReadyRequest {});
    assert_eq!(ready.state(), State::Ready);
    assert!(ready.packages[0].ready_time.is_some());
    let on_hand = server.on_hand("SKU", "NYC").await;
    let collected = step!(server, collect_shipment, CollectShipmentRequest {});
    assert_eq!((collected.state(), &*collected.carrier), (State::Collected, ""));
    assert_eq!(server.on_hand("SKU", "NYC").await, on_hand - 3);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// A node that accepted is asked: what it picked meanwhile is too late to have back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recall_gets_an_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    three(&mut server, "A").await;
    let until = || Some((std::time::SystemTime::now() + std::time::Duration::from_mins(1)).into());
    step!(server, release_shipment, ReleaseShipmentRequest {});
    let back = step!(server, recall_shipment, RecallShipmentRequest { until: until() });
    assert_eq!((back.state(), back.released_time), (State::Planned, None), "nobody had begun");
    step!(server, release_shipment, ReleaseShipmentRequest {});
    step!(server, accept_shipment, AcceptShipmentRequest {});
    let asked = step!(server, recall_shipment, RecallShipmentRequest { until: until() });
    assert!(asked.recall_until.is_some() && asked.released_time.is_some());
    let kept = step!(server, answer_recall, AnswerRecallRequest { gives_back: false });
    assert!(kept.recall_until.is_none() && kept.released_time.is_some());
    step!(server, recall_shipment, RecallShipmentRequest { until: until() });
    let given = step!(server, answer_recall, AnswerRecallRequest { gives_back: true });
    assert_eq!((given.state(), given.recall_until), (State::Planned, None), "as if nobody had it");
    // It accepts, and nobody told it to work on it: it is asked all the same.
    step!(server, accept_shipment, AcceptShipmentRequest {});
    let asked = step!(server, recall_shipment, RecallShipmentRequest { until: until() });
    assert!(asked.recall_until.is_some());
    step!(server, answer_recall, AnswerRecallRequest { gives_back: true });
    step!(server, release_shipment, ReleaseShipmentRequest {});
    step!(server, pick_shipment, PickShipmentRequest { lines: lines(1) });
    let recall = v1::RecallShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        until: until(),
        ..Default::default()
    };
    let late = server.fulfillment.recall_shipment(recall).await.expect_err("it is too late");
    assert_eq!(late.code(), Code::FailedPrecondition);
    server.stop().await.expect("drained");
}

/// So is the table of what a reason for a decline says of the goods.
#[test]
fn the_reasons_for_people_are_the_reasons() {
    let architecture = include_str!("../../../ARCHITECTURE.md");
    let table = decline::markdown();
    assert!(architecture.contains(&table), "it is now\n{table}");
}

/// The table in ARCHITECTURE is the one that decides.
#[test]
fn the_table_for_people_is_the_table() {
    let architecture = include_str!("../../../ARCHITECTURE.md");
    let table = table::markdown();
    assert!(architecture.contains(&table), "it is now\n{table}");
}
