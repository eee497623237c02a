//! Orders that are collected in a store, as its callers see them: the whole life of one.

use backstock_engine::model::Day;
use backstock_proto::v1;
use tonic::Code;

use super::holds::hold;
use super::overdue::{date, today};
use super::server::{TestServer, fields, node, order, waiting_order};

const STORE: &str = "BOSTON";

/// A store in Boston where customers collect, some 300 km from `NYC`: two days by the standard
/// service.
fn store() -> v1::Node {
    let kind = v1::NodeKind::Store.into();
    v1::Node { kind, offers_pickup: true, ..node(STORE, "02116") }
}

fn at_store() -> v1::Pickup {
    v1::Pickup { node_id: STORE.into(), only_stock_there: false }
}

/// The order, collected at the store.
fn collected(order: v1::PlaceOrderRequest) -> v1::PlaceOrderRequest {
    v1::PlaceOrderRequest {
        destination_postal_code: String::new(),
        pickup: Some(at_store()),
        ..order
    }
}

async fn read(server: &mut TestServer, id: &str) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: id.into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

/// Node, days and state of the shipments that have units. Each is collected at the store.
fn going(order: &v1::Order) -> Vec<(String, Option<v1::Date>, Option<v1::Date>)> {
    assert_eq!(order.pickup, Some(at_store()), "it stays an order that is collected");
    assert_eq!((&*order.destination_postal_code, &*order.destination_country_code), ("", ""));
    let open = order.shipments.iter().filter(|shipment| !shipment.lines.is_empty());
    let open = open.inspect(|shipment| assert_eq!(shipment.pickup_node_id, STORE));
    open.map(|shipment| (shipment.node_id.clone(), shipment.ship_by, shipment.deliver_by)).collect()
}

fn on(node: &str, ship_by: Day, there: Day) -> (String, Option<v1::Date>, Option<v1::Date>) {
    (node.into(), Some(date(ship_by)), Some(date(there)))
}

/// Stock there is collected today. Stock elsewhere is brought. What is nowhere waits, and is
/// brought once it comes elsewhere. What the store declines is brought there as well, if the customer
/// wants that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_collected_of_stock_there_or_of_what_is_brought_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.set_stock("SKU", STORE, 2).await;
    let get = v1::GetNodeRequest { node_id: STORE.into(), min_version: 0 };
    let read_back = server.catalog.get_node(get).await.expect("read").into_inner();
    assert_eq!(read_back.node, Some(store()));
    let now = today(&server);

    let there = collected(waiting_order("there", &[("SKU", 1)]));
    let placed = server.orders.place_order(there.clone()).await.expect("placed").into_inner();
    assert_eq!(placed.promised_by, Some(date(now)), "it can be collected today");
    assert_eq!(placed.shipments[0].pickup_node_id, STORE);
    let again = server.orders.place_order(there).await.expect("placed").into_inner();
    assert!(again.is_repeat && again.shipments == placed.shipments, "{again:?}");
    let elsewhere = collected(waiting_order("elsewhere", &[("SKU", 5)]));
    server.orders.place_order(elsewhere).await.expect("placed");
    let nowhere = collected(waiting_order("nowhere", &[("RARE", 1)]));
    let placed = server.orders.place_order(nowhere).await.expect("placed").into_inner();
    assert_eq!(placed.outcome(), v1::OrderOutcome::Backordered);
    let waits = read(&mut server, "nowhere").await;
    assert_eq!((waits.promised_by, waits.shipments[0].deliver_by), (None, None));
    server.set_stock("RARE", "NYC", 1).await;
    let all = [
        read(&mut server, "there").await,
        read(&mut server, "elsewhere").await,
        read(&mut server, "nowhere").await,
    ];
    let decline = v1::DeclineShipmentRequest {
        order_id: "there".into(),
        shipment_number: 1,
        reason: v1::DeclineReason::NotFound.into(),
        ..Default::default()
    };
    let declined = server.fulfillment.decline_shipment(decline).await.expect("declined");
    let asked = declined.into_inner().order.expect("the order");
    assert!(asked.shipments[0].customer_asked && asked.shipments.len() == 1, "{asked:?}");
    let resolve = v1::ResolveDeclineRequest {
        order_id: "there".into(),
        shipment_number: 1,
        ..Default::default()
    };
    let resolved = server.orders.resolve_decline(resolve).await.expect("resolved");
    let after = resolved.into_inner().order.expect("the order");
    // At midnight the day is another one.
    if today(&server) == now {
        assert_eq!(going(&all[0]), [on(STORE, now, now)]);
        let brought = [on("NYC", now, now.plus(2))];
        assert_eq!(going(&all[1]), brought);
        assert_eq!(going(&all[2]), brought);
        assert_eq!(going(&after), brought);
    }
    let explain = v1::ExplainOrderRequest { order_id: "there".into(), min_version: 0 };
    let told = server.orders.explain_order(explain).await.expect("explained").into_inner();
    assert_eq!(told.traces[1].cause(), v1::DecisionCause::NodeDeclined);
    let last = told.traces.last().expect("a decision");
    assert_eq!(last.moves[0].to_node_id, "NYC");
    let list = v1::ListShipmentsRequest { order_id: "there".into(), ..Default::default() };
    let listed = server.fulfillment.list_shipments(list).await.expect("listed").into_inner();
    assert!(listed.shipments.iter().all(|shipment| shipment.pickup_node_id == STORE));
    server.stop().await.expect("drained");
}

/// "Can I collect it today?" is asked of the services, or of an order that is only validated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_collected_when_is_quoted() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.set_stock("SKU", STORE, 2).await;
    let (now, before) = (today(&server), server.state_hash());
    let ask = |quantity, only_stock_there| v1::QuoteServicesRequest {
        pickup: Some(v1::Pickup { node_id: STORE.into(), only_stock_there }),
        shortage_policy: v1::ShortagePolicy::Reject.into(),
        lines: vec![v1::PlaceOrderLine { sku: "SKU".into(), quantity }],
        services: vec!["standard".into(), "first_class".into()],
        ..Default::default()
    };
    let mut days = Vec::new();
    for (quantity, only_stock_there) in [(2, true), (3, false), (3, true)] {
        let quotes = server.orders.quote_services(ask(quantity, only_stock_there)).await;
        let quotes = quotes.expect("quoted").into_inner().quotes;
        days.push([quotes[0].promised_by, quotes[1].promised_by]);
        if quantity == 2 {
            assert_eq!(quotes[0].cost_minor, 120, "no carrier is paid for it");
        }
    }
    if today(&server) == now {
        let day = |days| Some(date(now.plus(days)));
        assert_eq!(days, [[day(0), day(0)], [day(2), day(1)], [None, None]]);
    }
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_collected_as_its_order_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.set_stock("SKU", STORE, 2).await;
    let held = v1::CreateHoldRequest {
        destination_postal_code: String::new(),
        pickup: Some(at_store()),
        ..hold("H", 600, &[("SKU", 2)])
    };
    let quote = v1::CreateHoldRequest { validate_only: true, ..held.clone() };
    let quoted = server.holds.create_hold(quote).await.expect("quoted").into_inner();
    assert_eq!(quoted.hold.expect("a hold").pickup, Some(at_store()));
    let held = server.holds.create_hold(held).await.expect("held").into_inner();
    let held = held.hold.expect("a hold");
    assert_eq!((held.pickup, &*held.shipments[0].pickup_node_id), (Some(at_store()), STORE));
    let confirm = |hold: &str| v1::ConfirmHoldRequest {
        hold_id: hold.into(),
        order_id: format!("of-{hold}"),
        ..Default::default()
    };
    let both = v1::ConfirmHoldRequest {
        destination_postal_code: "02116".into(),
        pickup: Some(at_store()),
        ..confirm("H")
    };
    let status = server.holds.confirm_hold(both).await.expect_err("refused");
    assert_eq!(fields(&status), ["destination_postal_code"]);
    server.holds.confirm_hold(confirm("H")).await.expect("confirmed");
    assert_eq!(going(&read(&mut server, "of-H").await)[0].0, STORE);

    // One that was to be shipped is collected instead.
    server.holds.create_hold(hold("I", 600, &[("SKU", 3)])).await.expect("held");
    let instead = v1::ConfirmHoldRequest { pickup: Some(at_store()), ..confirm("I") };
    server.holds.confirm_hold(instead).await.expect("confirmed");
    assert_eq!(going(&read(&mut server, "of-I").await)[0].0, "NYC");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_to_an_address_or_is_collected_where_that_is_offered() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let at = |node_id: &str| v1::PlaceOrderRequest {
        pickup: Some(v1::Pickup { node_id: node_id.into(), only_stock_there: false }),
        ..collected(order("A", &[("SKU", 1)]))
    };
    let both = v1::PlaceOrderRequest { pickup: Some(at_store()), ..order("A", &[("SKU", 1)]) };
    let neither = v1::PlaceOrderRequest { pickup: None, ..at("NYC") };
    for (request, field) in [
        (both, "destination_postal_code"),
        (neither, "destination_postal_code"),
        (at(""), "pickup.node_id"),
    ] {
        let status = server.orders.place_order(request).await.expect_err("refused");
        assert_eq!((status.code(), fields(&status)), (Code::InvalidArgument, vec![field.into()]));
    }
    let status = server.orders.place_order(at("NOWHERE")).await.expect_err("refused");
    assert_eq!(status.code(), Code::NotFound, "{status:?}");
    let status = server.orders.place_order(at("NYC")).await.expect_err("refused");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "node NYC does not offer pickup, or is disabled");
    let vendor = v1::Node { kind: v1::NodeKind::Supplier.into(), ..store() };
    let update =
        v1::UpdateNodeRequest { node: Some(vendor), allow_missing: true, ..Default::default() };
    let status = server.catalog.update_node(update).await.expect_err("refused");
    assert_eq!(fields(&status), ["node.offers_pickup"]);
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}
