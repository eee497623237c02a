//! A bundle, from its definition to the last of its units.

use backstock_proto::v1;

use crate::grpc::changes::{self, quantity, swap};
use crate::grpc::server::{TestServer, fields, order, waiting_order};

/// A bundle of so many units each.
pub fn bundle(sku: &str, components: &[(&str, u32)]) -> v1::UpdateItemRequest {
    let component = |(sku, quantity): &(&str, u32)| v1::Component {
        sku: (*sku).to_owned(),
        quantity: *quantity,
    };
    let components = components.iter().map(component).collect();
    let item = v1::Item { sku: sku.into(), components, ..v1::Item::default() };
    v1::UpdateItemRequest { item: Some(item), allow_missing: true, ..Default::default() }
}

fn cancel(id: &str, line_index: u32, quantity: u32) -> v1::CancelOrderRequest {
    v1::CancelOrderRequest {
        order_id: id.into(),
        lines: vec![v1::CancelOrderLine { line_index, quantity, of_bundle: true }],
        ..Default::default()
    }
}

impl TestServer {
    async fn atp(&mut self, sku: &str) -> (u64, Vec<(String, i64)>) {
        let get = v1::GetAvailabilityRequest { sku: sku.into(), ..Default::default() };
        let there = self.inventory.get_availability(get).await.expect("read").into_inner();
        let there = there.availability.expect("the item");
        let nodes = there.nodes.into_iter().map(|node| (node.node_id, node.free_now)).collect();
        (there.atp_now, nodes)
    }

    async fn got(&mut self, id: &str) -> v1::Order {
        let get = v1::GetOrderRequest { order_id: id.into(), ..Default::default() };
        let order = self.orders.get_order(get).await.expect("read").into_inner();
        order.order.expect("the order")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_lives_from_its_definition_to_its_last_unit() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_item("GLOVE").await;
    server.define_item("CAP").await;
    server.set_stock("CAP", "NYC", 1).await;
    for of in [&[("SET", 1), ("GLOVE", 2)][..], &[("GLOVE", 1)], &[("GLOVE", 0), ("SKU", 1)]] {
        let refused = server.catalog.update_item(bundle("SET", of)).await.expect_err("no bundle");
        assert!(fields(&refused)[0].starts_with("item.components"), "{refused:?}");
    }
    let defined = server.catalog.update_item(bundle("SET", &[("SKU", 1), ("GLOVE", 2)])).await;
    let item = defined.expect("defined").into_inner().item.expect("the item");
    assert_eq!(item.components.len(), 2);
    // It stays so, said or not.
    let again = server.catalog.update_item(bundle("SET", &[])).await.expect("kept").into_inner();
    assert_eq!(again.item.expect("the item").components, item.components);
    let other = bundle("SET", &[("SKU", 1), ("GLOVE", 3)]);
    let refused = server.catalog.update_item(other).await.expect_err("it stays");
    assert_eq!(fields(&refused), ["item.components"]);

    server.set_stock("SKU", "NYC", 5).await;
    server.set_stock("GLOVE", "NYC", 5).await;
    assert_eq!(server.atp("SET").await, (2, vec![("NYC".to_owned(), 2)]));
    let placed = server.orders.place_order(order("O", &[("SET", 2), ("CAP", 1)])).await;
    let placed = placed.expect("an answer").into_inner();
    assert_eq!(placed.outcome(), v1::OrderOutcome::Allocated);
    assert_eq!(placed.skus, ["SKU", "GLOVE", "CAP"]);
    let set = v1::OrderBundle {
        sku: "SET".into(),
        quantity: 2,
        cancelled: 0,
        first_line_index: 0,
        lines: 2,
    };
    assert_eq!(placed.bundles, std::slice::from_ref(&set));
    assert_eq!((placed.shipments.len(), placed.shipments[0].lines.len()), (1, 3));

    let cancelled = server.orders.cancel_order(cancel("O", 1, 1)).await.expect("cancelled");
    let now = cancelled.into_inner().order.expect("the order");
    assert_eq!(now.bundles, [v1::OrderBundle { cancelled: 1, ..set }]);
    let left: Vec<u32> = now.lines.iter().map(|l| l.units.expect("units").allocated).collect();
    assert_eq!(left, [1, 2, 1]);
    assert_eq!(server.atp("SET").await.0, 1);

    // One waits for a glove, and keeps what there is.
    let waits = server.orders.place_order(waiting_order("W", &[("SET", 2)])).await;
    let waits = waits.expect("an answer").into_inner();
    assert_eq!(waits.outcome(), v1::OrderOutcome::PartiallyAllocated);
    server.set_stock("GLOVE", "NYC", 6).await;
    let units = server.got("W").await.lines[1].units.expect("units");
    assert_eq!((units.allocated, units.backordered), (4, 0));

    let explain = v1::ExplainOrderRequest { order_id: "O".into(), ..Default::default() };
    let why = server.orders.explain_order(explain).await.expect("told").into_inner();
    let chosen = why.traces[0].candidates.iter().filter(|c| c.taken > 0);
    let chosen: Vec<_> = chosen.map(|c| (c.line_index, c.taken)).collect();
    assert_eq!(chosen, [(0, 2), (2, 1)], "two bundles, and one of its own");

    let ship = v1::ShipShipmentRequest {
        order_id: "O".into(),
        shipment_number: 1,
        carrier: "Post".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("it leaves");
    assert_eq!(server.got("O").await.state(), v1::OrderState::Closed);
    server.stop().await.expect("drained");
}

fn shipped(id: &str) -> v1::ShipShipmentRequest {
    v1::ShipShipmentRequest {
        order_id: id.into(),
        shipment_number: 1,
        carrier: "Post".into(),
        ..Default::default()
    }
}

/// Two lines of one order that need the same item are filled of the same units, from the quote to the
/// carrier.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_2_two_lines_that_need_the_same_item_do_not_oversell_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for item in ["GLOVE", "CAP"] {
        server.define_item(item).await;
        server.set_stock(item, "NYC", 9).await;
    }
    for (name, of) in [("SET", &[("SKU", 1), ("GLOVE", 2)]), ("KIT", &[("SKU", 1), ("CAP", 1)])] {
        server.catalog.update_item(bundle(name, of)).await.expect("defined");
    }
    server.set_stock("SKU", "NYC", 3).await;
    let lines = [("SET", 1), ("KIT", 1), ("SKU", 2)];
    let sold_out = server.orders.place_order(order("O", &lines)).await.expect("an answer");
    assert_eq!(sold_out.into_inner().outcome(), v1::OrderOutcome::Rejected, "it needs four");
    assert_eq!(server.atp("SKU").await.0, 3);
    let lines = [("SET", 1), ("KIT", 1), ("SKU", 1)];
    let quote = v1::PlaceOrderRequest { validate_only: true, ..order("O", &lines) };
    let quoted = server.orders.place_order(quote).await.expect("a quote").into_inner();
    assert_eq!(quoted.outcome(), v1::OrderOutcome::Allocated);
    assert_eq!(server.atp("SKU").await.0, 3);
    let placed = server.orders.place_order(order("O", &lines)).await.expect("an answer");
    let placed = placed.into_inner();
    assert_eq!(placed.outcome(), v1::OrderOutcome::Allocated);
    assert_eq!(placed.skus, ["SKU", "GLOVE", "SKU", "CAP", "SKU"]);
    assert_eq!((placed.bundles.len(), placed.shipments.len()), (2, 1));
    let there = [server.atp("SKU").await.0, server.atp("SET").await.0, server.atp("KIT").await.0];
    assert_eq!(there, [0, 0, 0]);
    let other = server.orders.place_order(order("P", &[("SKU", 1)])).await.expect("an answer");
    assert_eq!(other.into_inner().outcome(), v1::OrderOutcome::Rejected);
    server.orders.cancel_order(cancel("O", 2, 1)).await.expect("the second bundle");
    assert_eq!([server.atp("SKU").await.0, server.atp("CAP").await.0], [1, 9]);
    server.fulfillment.ship_shipment(shipped("O")).await.expect("it leaves");
    assert_eq!(server.got("O").await.state(), v1::OrderState::Closed);
    assert_eq!(server.atp("SKU").await.0, 1);
    server.stop().await.expect("drained");
}

/// Of three sets, two are picked, and one of these is packed, when the customer wants one alone; then
/// another one, and a hat instead of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bundles_that_are_picked_in_part_are_changed_as_wholes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for sku in ["GLOVE", "HAT"] {
        server.define_item(sku).await;
        server.set_stock(sku, "NYC", 20).await;
    }
    let set = bundle("SET", &[("SKU", 1), ("GLOVE", 2)]);
    server.catalog.update_item(set).await.expect("defined");
    server.orders.place_order(order("A", &[("SET", 3)])).await.expect("placed");
    let lines = |bundles: u32| {
        let line = |(line_index, quantity)| v1::LineQuantity { line_index, quantity };
        [(0, bundles), (1, 2 * bundles)].map(line).to_vec()
    };
    let pick = v1::PickShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        lines: lines(2),
        ..Default::default()
    };
    server.fulfillment.pick_shipment(pick.clone()).await.expect("picked");
    let pack = v1::PackShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        package_id: "BOX".into(),
        lines: lines(1),
        ..Default::default()
    };
    server.fulfillment.pack_shipment(pack).await.expect("packed");

    // By any of its lines, in bundles: the loose one goes first, then the picked one, then what is packed.
    let told = |order: &v1::Order| {
        let units = order.lines.iter().map(|line| line.units.expect("units"));
        units.map(|of| (of.picked, of.packed, of.cancelled)).collect::<Vec<_>>()
    };
    let one = changed(&mut server, vec![quantity(1, 1)]).await;
    assert_eq!(told(&one), [(0, 1, 2), (0, 2, 4)], "{one:?}");
    assert_eq!((one.bundles[0].quantity, one.bundles[0].cancelled), (3, 2));
    server.fulfillment.pick_shipment(pick).await.expect_err("two of them are gone");
    let two = changed(&mut server, vec![quantity(0, 2)]).await;
    assert_eq!(two.bundles.len(), 2, "{two:?}");
    assert_eq!((two.bundles[1].quantity, two.bundles[1].first_line_index), (1, 2));
    assert_eq!(told(&two)[2..], [(0, 0, 0), (0, 0, 0)]);
    // One that is packed is put back: the box is empty, and is none.
    let hat = changed(&mut server, vec![swap(1, "HAT", 1)]).await;
    assert_eq!(told(&hat)[..2], [(0, 0, 3), (0, 0, 6)], "{hat:?}");
    assert_eq!(hat.lines[4].sku, "HAT");
    let both = quoted(&mut server, vec![quantity(2, 0), swap(3, "HAT", 1)]).await;
    assert_eq!(both.faults.len(), 1, "both are of one bundle: {both:?}");
    server.audit().await;

    let shipments =
        hat.shipments.iter().filter(|shipment| shipment.state() != v1::ShipmentState::Cancelled);
    for shipment in shipments {
        let ship = v1::ShipShipmentRequest {
            order_id: "A".into(),
            shipment_number: shipment.number,
            carrier: "Owl Post".into(),
            ..Default::default()
        };
        server.fulfillment.ship_shipment(ship).await.expect("shipped");
    }
    let after = server.got("A").await;
    assert_eq!(after.state(), v1::OrderState::Closed, "{after:?}");
    let mut left = Vec::new();
    for sku in ["SKU", "GLOVE", "HAT"] {
        left.push(server.on_hand(sku, "NYC").await);
    }
    assert_eq!(left, [9, 18, 19], "one set and one hat left");
    server.audit().await;
    server.stop().await.expect("it drains");
}

async fn quoted(
    server: &mut TestServer,
    operations: Vec<v1::ChangeOperation>,
) -> v1::QuoteChangeResponse {
    changes::quote(server, changes::change(operations)).await
}

async fn changed(server: &mut TestServer, operations: Vec<v1::ChangeOperation>) -> v1::Order {
    let quote = quoted(server, operations).await;
    assert_eq!(quote.faults, [], "{quote:?}");
    let committed = changes::commit(server, &quote.change_token).await.expect("an answer");
    assert_eq!(committed.outcome(), v1::ChangeOutcome::Committed, "{committed:?}");
    committed.order.expect("the order")
}
