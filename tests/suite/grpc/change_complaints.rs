//! What users of other systems complain about when orders are changed, each as a test. Without
//! prices, what they say of money is said of the amounts that callers give.

use backstock_engine::command::AnyEvent;
use backstock_proto::v1;
use tempfile::TempDir;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::changes::{add, added, amount, change, commit, quantity, quote};
use super::server::{TestServer, node, order, waiting_order};
use v1::change_operation::Operation;

async fn read(server: &mut TestServer) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

fn units(order: &v1::Order, line: usize) -> v1::LineUnits {
    order.lines[line].units.expect("units")
}

/// A change with amounts.
fn euros(operations: Vec<v1::ChangeOperation>) -> v1::QuoteChangeRequest {
    v1::QuoteChangeRequest { currency_code: "EUR".into(), ..change(operations) }
}

/// An item that costs so much in all.
fn sold(sku: &str, quantity: u32, amount_minor: i64) -> v1::ChangeOperation {
    let of = v1::AddedLine { amount_minor: Some(amount_minor), ..added(sku, quantity) };
    v1::ChangeOperation { operation: Some(Operation::AddLine(of)) }
}

/// Quotes a change and commits it. What was quoted of amounts is what they are then.
async fn changed(server: &mut TestServer, request: v1::QuoteChangeRequest) -> v1::Order {
    let before = read(server).await;
    let quoted = quote(server, request).await;
    assert_eq!(quoted.faults, [], "{quoted:?}");
    assert_eq!(quoted.amount_before_minor, before.amount_minor);
    let committed = commit(server, &quoted.change_token).await.expect("an answer");
    assert_eq!(committed.outcome(), v1::ChangeOutcome::Committed);
    let after = read(server).await;
    assert_eq!(after.amount_minor, quoted.amount_minor);
    let lines = after.lines.iter().map(|line| line.amount_minor);
    assert_eq!(lines.sum::<i64>(), after.amount_minor, "{after:?}");
    after
}

async fn cancel(server: &mut TestServer, line_index: u32, quantity: u32) {
    let lines = vec![v1::CancelOrderLine { line_index, quantity, of_bundle: false }];
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), lines, ..Default::default() };
    server.orders.cancel_order(cancel).await.expect("cancelled");
}

/// An order of three of `SKU` and a hat.
async fn placed(data: &TempDir) -> TestServer {
    let mut server = TestServer::stocked(data.path()).await;
    server.define_item("HAT").await;
    server.set_stock("HAT", "NYC", 5).await;
    server.orders.place_order(order("A", &[("SKU", 3), ("HAT", 1)])).await.expect("placed");
    server
}

fn amounts(order: &v1::Order) -> Vec<i64> {
    order.lines.iter().map(|line| line.amount_minor).collect()
}

/// vendure#4811: refunding a line moved its share of the order's discount onto the lines that were
/// left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendure_4811_the_share_of_a_line_leaves_with_the_line() {
    let data = TempDir::new().expect("a directory");
    let mut server = placed(&data).await;
    // 30.00 and 20.00, less 10.00 of the order.
    let shares = changed(&mut server, euros(vec![amount(0, 24_00), amount(1, 16_00)])).await;
    assert_eq!(amounts(&shares), [24_00, 16_00]);
    let without_hat = changed(&mut server, change(vec![quantity(1, 0)])).await;
    assert_eq!((amounts(&without_hat), without_hat.amount_minor), (vec![24_00, 0], 24_00));
    // Unit by unit, in whatever way: what left and what is left are the whole.
    changed(&mut server, euros(vec![amount(0, 10_00)])).await;
    cancel(&mut server, 0, 1).await;
    assert_eq!(read(&mut server).await.amount_minor, 6_66);
    let one = changed(&mut server, change(vec![quantity(0, 1), add("HAT", 2)])).await;
    assert_eq!((amounts(&one), one.amount_minor), (vec![3_33, 0, 0], 3_33));
    // What is said anew is of the units that are there by then.
    let said = changed(&mut server, euros(vec![amount(0, 4_00), amount(2, 9_00)])).await;
    assert_eq!(amounts(&said), [4_00, 0, 9_00]);
    cancel(&mut server, 2, 1).await;
    cancel(&mut server, 0, 1).await;
    assert_eq!(amounts(&read(&mut server).await), [0, 0, 4_50]);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// vendure#4013: an item was added and not paid, and removed again: the customer was refunded money
/// that he never paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendure_4013_what_is_added_unpaid_and_removed_again_leaves_amounts_as_they_were() {
    let data = TempDir::new().expect("a directory");
    let mut server = placed(&data).await;
    let paid = changed(&mut server, euros(vec![amount(0, 24_00), amount(1, 16_00)])).await;
    let more = changed(&mut server, euros(vec![sold("HAT", 2, 31_99)])).await;
    assert_eq!(more.amount_minor, 40_00 + 31_99);
    let fewer = changed(&mut server, change(vec![quantity(2, 1)])).await;
    assert_eq!(fewer.amount_minor, 40_00 + 15_99);
    let removed = changed(&mut server, change(vec![quantity(2, 0)])).await;
    assert_eq!(removed.amount_minor, paid.amount_minor);
    assert_eq!(amounts(&removed), [24_00, 16_00, 0]);
    // So it is when it is cancelled.
    changed(&mut server, euros(vec![sold("HAT", 1, 19_99)])).await;
    cancel(&mut server, 3, 1).await;
    assert_eq!(read(&mut server).await.amount_minor, paid.amount_minor);
    server.stop().await.expect("drained");
}

/// vendure#1865, #1310: a coupon made an order unable to leave the state in which it is modified.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendure_1865_an_order_is_in_no_state_of_being_modified_whatever_becomes_of_the_change() {
    let data = TempDir::new().expect("a directory");
    let mut server = placed(&data).await;
    let coupon = euros(vec![amount(0, 24_00), amount(1, -5_00), add("HAT", 1)]);
    let abandoned = quote(&mut server, coupon).await;
    assert!(!abandoned.change_token.is_empty());
    let refused = quote(&mut server, change(vec![add("HAT", 100)])).await;
    assert_eq!(refused.faults.len(), 1);
    // All goes on, with both of them open.
    let state = read(&mut server).await.state();
    assert_eq!(state, v1::OrderState::Open);
    cancel(&mut server, 1, 1).await;
    let note = Operation::SetNote("Ring twice".into());
    let noted = change(vec![v1::ChangeOperation { operation: Some(note) }]);
    assert_eq!(changed(&mut server, noted).await.note, "Ring twice");
    let (order_id, shipment_number) = (String::from("A"), 1);
    let pick = v1::PickShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        ..Default::default()
    };
    server.fulfillment.pick_shipment(pick).await.expect("picked");
    let ship = v1::ShipShipmentRequest {
        order_id,
        shipment_number,
        carrier: "Owl Post".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    assert_eq!(read(&mut server).await.state(), v1::OrderState::Closed);
    // What was quoted touches nothing that left: it is had after all.
    let late = commit(&mut server, &abandoned.change_token).await.expect("committed");
    assert_eq!(late.outcome(), v1::ChangeOutcome::Committed);
    let after = read(&mut server).await;
    assert_eq!((after.state(), after.amount_minor), (v1::OrderState::Open, 19_00));
    server.audit().await;
    server.stop().await.expect("drained");
}

/// medusa#11429: the tax of an item vanished when it was added by an edit. #13405: wrong tax in the
/// summary led to refunds that nobody had asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn medusa_11429_what_an_added_item_costs_is_in_every_sum_and_in_the_same_one() {
    let data = TempDir::new().expect("a directory");
    let mut server = placed(&data).await;
    changed(&mut server, euros(vec![amount(0, 24_00), amount(1, 16_00)])).await;
    // The price and its tax, in one operation and in two.
    let more = euros(vec![sold("HAT", 1, 19_99), sold("HAT", 1, 1_45), quantity(1, 1)]);
    let after = changed(&mut server, more).await;
    assert_eq!(amounts(&after), [24_00, 16_00, 21_44]);
    // Nothing is said of what this one costs, and nothing is owed to anybody.
    let free = changed(&mut server, change(vec![add("HAT", 1)])).await;
    assert_eq!((free.amount_minor, after.amount_minor), (61_44, 61_44));
    // It is so after a restart as well.
    server.stop().await.expect("drained");
    let mut server = TestServer::start(data.path()).await;
    assert_eq!(amounts(&read(&mut server).await), [24_00, 16_00, 21_44, 0]);
    server.stop().await.expect("drained");
}

/// Kibo: once there are shipments, a larger quantity needs a new order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kibo_a_larger_quantity_is_of_the_same_order_also_when_a_part_of_it_left() {
    let data = TempDir::new().expect("a directory");
    let mut server = TestServer::stocked(data.path()).await;
    server.define_item("HAT").await;
    server.define_node(node("BOSTON", "02116")).await;
    server.set_stock("HAT", "BOSTON", 5).await;
    server.orders.place_order(order("A", &[("SKU", 2), ("HAT", 1)])).await.expect("placed");
    let before = read(&mut server).await;
    let [first, second] = &before.shipments[..] else { panic!("two nodes ship: {before:?}") };
    let left = if first.node_id == "NYC" { first } else { second };
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: left.number,
        carrier: "Owl Post".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    // Two of them left: five are wanted in all.
    let after = changed(&mut server, change(vec![quantity(0, 5)])).await;
    assert_eq!((after.lines[2].sku.as_str(), units(&after, 2).allocated), ("SKU", 3));
    assert_eq!((units(&after, 0).shipped, units(&after, 1).allocated), (2, 1));
    assert_eq!(after.shipments.len(), 3, "what left has left: {after:?}");
    let rest: Vec<u32> = [1, 2, 3].into_iter().filter(|number| *number != left.number).collect();
    for shipment_number in rest {
        let ship = v1::ShipShipmentRequest {
            order_id: "A".into(),
            shipment_number,
            carrier: "Owl Post".into(),
            ..Default::default()
        };
        server.fulfillment.ship_shipment(ship).await.expect("shipped");
    }
    assert_eq!(read(&mut server).await.state(), v1::OrderState::Closed);
    assert_eq!(server.on_hand("SKU", "NYC").await, 5);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// Shopify's help: an app may still ship the line that was removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shopify_a_line_that_was_removed_is_shipped_by_no_message_that_was_on_its_way() {
    let data = TempDir::new().expect("a directory");
    let mut server = placed(&data).await;
    let (order_id, shipment_number) = (String::from("A"), 1);
    let line = |line_index, quantity| v1::LineQuantity { line_index, quantity };
    let packed = v1::PackShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        package_id: "BOX".into(),
        lines: vec![line(0, 3), line(1, 1)],
        ..Default::default()
    };
    server.fulfillment.pack_shipment(packed.clone()).await.expect("packed");
    let without = changed(&mut server, change(vec![quantity(1, 0)])).await;
    assert_eq!(without.shipments[0].packages[0].lines.len(), 1, "the hat goes back: {without:?}");
    // What the node sent before it heard of that: all of these name the hat.
    let status = server.fulfillment.pack_shipment(packed.clone()).await.expect_err("it is gone");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    let picked = v1::PickShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        lines: packed.lines.clone(),
        ..Default::default()
    };
    server.fulfillment.pick_shipment(picked).await.expect_err("it is gone");
    let other = v1::PackShipmentRequest {
        package_id: "BAG".into(),
        lines: vec![line(1, 1)],
        ..packed.clone()
    };
    server.fulfillment.pack_shipment(other).await.expect_err("it is gone");
    // These name the box, or nothing.
    let ship = v1::ShipShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        carrier: "Owl Post".into(),
        package_ids: vec!["BOX".into()],
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    let deliver = v1::DeliverShipmentRequest { order_id, shipment_number, ..Default::default() };
    server.fulfillment.deliver_shipment(deliver).await.expect("delivered");
    let after = read(&mut server).await;
    let hat = units(&after, 1);
    assert_eq!((hat.cancelled, hat.shipped, units(&after, 0).cancelled), (1, 0, 0), "{after:?}");
    assert_eq!((server.on_hand("HAT", "NYC").await, server.on_hand("SKU", "NYC").await), (5, 7));
    server.audit().await;
    server.stop().await.expect("drained");
}

/// The README of kuberiva/OMS: units that wait are tried again every 30 minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kuberiva_who_waits_has_units_before_the_answer_to_whoever_brought_them() {
    let data = TempDir::new().expect("a directory");
    let mut server = TestServer::stocked(data.path()).await;
    server.orders.place_order(waiting_order("A", &[("RARE", 2)])).await.expect("placed");
    assert_eq!(units(&read(&mut server).await, 0).backordered, 2);
    server.set_stock("RARE", "NYC", 1).await;
    assert_eq!(units(&read(&mut server).await, 0).allocated, 1);
    // So it is with what another order gives up by a change.
    server.set_stock("RARE", "NYC", 3).await;
    assert_eq!(units(&read(&mut server).await, 0).allocated, 2);
    server.orders.place_order(order("B", &[("RARE", 1)])).await.expect("placed");
    server.orders.place_order(waiting_order("C", &[("RARE", 1)])).await.expect("placed");
    let without = v1::QuoteChangeRequest { order_id: "B".into(), ..change(vec![quantity(0, 0)]) };
    let change_token = quote(&mut server, without).await.change_token;
    let commit = v1::CommitChangeRequest { order_id: "B".into(), change_token };
    server.orders.commit_change(commit).await.expect("committed");
    let get = v1::GetOrderRequest { order_id: "C".into(), min_version: 0 };
    let served = server.orders.get_order(get).await.expect("read").into_inner().order;
    assert_eq!(units(&served.expect("the order"), 0).allocated, 1);
    server.stop().await.expect("drained");
}

/// Reservations of `SKU` at `NYC`, and its quantities there.
async fn reserved(server: &mut TestServer) -> (Vec<v1::Reservation>, v1::Stock) {
    let (sku, node_id) = (String::from("SKU"), String::from("NYC"));
    let list = v1::ListReservationsRequest {
        sku: sku.clone(),
        node_id: node_id.clone(),
        ..Default::default()
    };
    let listed = server.inventory.list_reservations(list).await.expect("listed").into_inner();
    let get = v1::GetStockRequest { sku, node_id, min_version: 0 };
    let stock = server.inventory.get_stock(get).await.expect("read").into_inner().stock;
    (listed.reservations, stock.expect("a stock"))
}

/// Pain 7 (medusa#16406): an edit of the price alone reserved the whole line again, so that it was
/// reserved twice, or refused where there was nothing more to reserve.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_7_a_price_only_edit_reserves_nothing_again() {
    let data = TempDir::new().expect("a directory");
    let mut server = TestServer::stocked(data.path()).await;
    server.orders.place_order(waiting_order("A", &[("SKU", 12)])).await.expect("placed");
    assert_eq!((units(&read(&mut server).await, 0).backordered), 2, "ten are there");
    // All of it, and then less than all of it is there.
    for counted in [10, 3, 0] {
        let count = v1::CountStockRequest {
            sku: "SKU".into(),
            node_id: "NYC".into(),
            counted: Some(counted),
            ..Default::default()
        };
        server.inventory.count_stock(count).await.expect("counted");
        let (before, there) = (read(&mut server).await, reserved(&mut server).await);
        let minor = i64::try_from(counted).expect("few") + 1_00;
        let after = changed(&mut server, euros(vec![amount(0, minor)])).await;
        assert_eq!(after.amount_minor, minor);
        assert_eq!(
            (&after.shipments, after.lines[0].units),
            (&before.shipments, before.lines[0].units)
        );
        assert_eq!(reserved(&mut server).await, there, "of {counted}");
        // The event touches the order, and no pair.
        let event = server.engine.event(server.engine.version());
        let Some(AnyEvent::OrderChanged(event)) = event else { panic!("{event:?}") };
        assert_eq!((event.off, event.on, event.taken, event.waits), (vec![], vec![], None, vec![]));
    }
    server.audit().await;
    server.stop().await.expect("drained");
}

/// Spree 6: an order cannot be cancelled once anything of it shipped; returns are all that is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spree_6_the_rest_of_an_order_is_cancelled_though_a_part_of_it_left() {
    let data = TempDir::new().expect("a directory");
    let mut server = TestServer::stocked(data.path()).await;
    server.define_item("HAT").await;
    server.define_node(node("BOSTON", "02116")).await;
    server.set_stock("HAT", "BOSTON", 5).await;
    server.orders.place_order(order("A", &[("SKU", 5), ("HAT", 2)])).await.expect("placed");
    let placed = read(&mut server).await;
    let number =
        |at: &str| placed.shipments.iter().find(|of| of.node_id == at).expect("one").number;
    let [of_sku, of_hat] = [number("NYC"), number("BOSTON")];
    let (order_id, shipment_number) = (String::from("A"), of_sku);
    let pack = v1::PackShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        package_id: "BOX".into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity: 2 }],
        ..Default::default()
    };
    server.fulfillment.pack_shipment(pack).await.expect("packed");
    let ship = v1::ShipShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        carrier: "Owl Post".into(),
        package_ids: vec!["BOX".into()],
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    let reason = |status: tonic::Status| {
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        status.get_details_error_info().expect("a reason").reason
    };
    let lines = |quantity| vec![v1::CancelOrderLine { line_index: 0, quantity, of_bundle: false }];
    let cancel = v1::CancelOrderRequest { order_id, ..Default::default() };
    // More of a line than is there still: what left comes back by a return.
    let more = v1::CancelOrderRequest { lines: lines(4), ..cancel.clone() };
    let refused = server.orders.cancel_order(more).await.expect_err("two of five left");
    assert!(refused.message().contains("has 3 "), "how many it may be is told: {refused:?}");
    assert_eq!(reason(refused), "UNITS_SHIPPED");

    // A shipment of which nothing left, then a part of a line, then all the rest.
    let hats = v1::CancelOrderRequest { shipment_number: of_hat, ..cancel.clone() };
    server.orders.cancel_order(hats).await.expect("cancelled");
    let one = v1::CancelOrderRequest { lines: lines(1), ..cancel.clone() };
    server.orders.cancel_order(one).await.expect("cancelled");
    let open = read(&mut server).await;
    assert_eq!((open.state(), units(&open, 0).released), (v1::OrderState::Open, 2));
    server.orders.cancel_order(cancel.clone()).await.expect("cancelled");
    let after = read(&mut server).await;
    assert_eq!((units(&after, 0).shipped, units(&after, 0).cancelled), (2, 3), "{after:?}");
    assert_eq!((after.state(), units(&after, 1).cancelled), (v1::OrderState::Closed, 2));
    let again = server.orders.cancel_order(cancel).await.expect_err("all that is left has left");
    assert_eq!(reason(again), "UNITS_SHIPPED");
    let (_, stock) = reserved(&mut server).await;
    assert_eq!((stock.on_hand, stock.allocated, stock.free), (8, 0, 8), "each came back once");
    assert_eq!(server.on_hand("HAT", "BOSTON").await, 5);
    let deliver =
        v1::DeliverShipmentRequest { order_id: "A".into(), shipment_number, ..Default::default() };
    server.fulfillment.deliver_shipment(deliver).await.expect("what left arrives");
    assert_eq!(units(&read(&mut server).await, 0).delivered, 2);
    server.audit().await;
    server.stop().await.expect("drained");
}
