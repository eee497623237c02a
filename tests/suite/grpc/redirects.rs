//! Orders that go elsewhere than they were to go, are shipped otherwise, or leave from elsewhere.

use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation;
use tempfile::TempDir;
use tonic_types::StatusExt;

use super::changes::{add, change, commit, quote};
use super::feed::{data as data_of, events_from};
use super::overdue::{date, today};
use super::server::{TestServer, fields, node, order};

/// A warehouse in Los Angeles.
const WEST: &str = "LAX";

fn asked(operation: Operation) -> v1::ChangeOperation {
    v1::ChangeOperation { operation: Some(operation) }
}

pub(super) fn to(code: &str) -> v1::ChangeOperation {
    let destination_postal_code = code.into();
    asked(Operation::SetDestination(v1::SetDestination {
        destination_postal_code,
        ..Default::default()
    }))
}

pub(super) fn collect_at(node_id: &str) -> v1::ChangeOperation {
    let pickup = Some(v1::Pickup { node_id: node_id.into(), only_stock_there: false });
    asked(Operation::SetDestination(v1::SetDestination { pickup, ..Default::default() }))
}

fn service(name: &str) -> v1::ChangeOperation {
    asked(Operation::SetService(name.into()))
}

fn move_it(shipment_number: u32, node_id: &str) -> v1::ChangeOperation {
    asked(Operation::MoveShipment(v1::MoveShipment {
        shipment_number,
        node_id: node_id.into(),
        lines: vec![],
    }))
}

/// `NYC` has 10 units and an order for 2 of them to Boston; the warehouse in the west has none.
async fn stocked(data: &TempDir) -> TestServer {
    let mut server = TestServer::stocked(data.path()).await;
    server.define_node(node(WEST, "90001")).await;
    server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    server
}

async fn read(server: &mut TestServer) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

/// Number, node and units of the shipments that are still to leave.
fn leaving(order: &v1::Order) -> Vec<(u32, &str, u32)> {
    let units = |of: &v1::Shipment| of.lines.iter().map(|line| line.quantity).sum::<u32>();
    let open = order.shipments.iter().filter(|of| of.state() != v1::ShipmentState::Shipped);
    let all = open.map(|of| (of.number, &*of.node_id, units(of)));
    all.filter(|(.., units)| *units > 0).collect()
}

pub(super) fn reasons(answer: &v1::QuoteChangeResponse) -> Vec<&str> {
    assert!(answer.faults.is_empty() != answer.change_token.is_empty());
    answer.faults.iter().map(|of| &*of.fault.as_ref().expect("it is set").reason).collect()
}

async fn changed(server: &mut TestServer, operations: Vec<v1::ChangeOperation>) -> v1::Order {
    let told = quote(server, change(operations)).await;
    assert_eq!(reasons(&told), [""; 0]);
    let answer = commit(server, &told.change_token).await.expect("an answer");
    assert_eq!(answer.outcome(), v1::ChangeOutcome::Committed);
    let is = answer.order.expect("the order");
    assert_eq!(told.order.expect("the order"), is, "what was told is what it is");
    is
}

async fn step(server: &mut TestServer, which: &str) {
    let (order_id, shipment_number) = ("A".to_owned(), 1);
    match which {
        "pick" => {
            let pick = v1::PickShipmentRequest { order_id, shipment_number, ..Default::default() };
            server.fulfillment.pick_shipment(pick).await.expect("picked");
        }
        "pack" => {
            let package_id = "P-1".into();
            let pack = v1::PackShipmentRequest {
                order_id,
                shipment_number,
                package_id,
                ..Default::default()
            };
            server.fulfillment.pack_shipment(pack).await.expect("packed");
        }
        _ => {
            let ship = v1::ShipShipmentRequest {
                order_id,
                shipment_number,
                carrier: "UPS".into(),
                ..Default::default()
            };
            server.fulfillment.ship_shipment(ship).await.expect("shipped");
        }
    }
}

/// It goes to the other coast, from where it is: with other days, and nothing else is touched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_to_another_address_with_the_days_of_that_address() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let before = read(&mut server).await;
    let told = quote(&mut server, change(vec![to("90210")])).await;
    assert_eq!((reasons(&told), &told.shipments_touched[..]), (vec![], &[1][..]));
    let [date] = &told.dates[..] else { panic!("one date: {:?}", told.dates) };
    let day = |of: &v1::Order| of.shipments[0].deliver_by;
    let told_order = told.order.as_ref().expect("the order");
    assert_eq!((date.deliver_by_before, date.deliver_by), (day(&before), day(told_order)));
    let of = |day: Option<v1::Date>| day.map(|day| (day.year, day.month, day.day));
    assert!(of(day(told_order)) > of(day(&before)), "it is farther");
    assert_eq!(read(&mut server).await, before, "a quote changes nothing");

    let after = changed(&mut server, vec![to("90210")]).await;
    assert_eq!(after.destination_postal_code, "90210");
    assert_eq!(leaving(&after), [(1, "NYC", 2)]);
    assert_eq!(after.lines, before.lines);
    assert_eq!(server.on_hand("SKU", "NYC").await, 10);
    let get = v1::GetTimelineRequest { order_id: "A".into(), ..Default::default() };
    let story = server.orders.get_timeline(get).await.expect("told").into_inner().entries;
    let last = story.last().expect("an entry");
    assert_eq!(last.event(), v1::TimelineEvent::Changed);
    assert_eq!(last.goes_to.as_ref().expect("where to").destination_postal_code, "90210");
    assert_eq!((last.dates.len(), last.dates[0].deliver_by), (1, day(&after)));
    let is_change = |event: &&v1::Event| event.r#type == "backstock.order_changed.v1";
    let events = events_from(&server, 1).await;
    let fact = data_of(events.iter().find(is_change).expect("it is told"));
    assert_eq!(fact["goes_to"]["postal_code"], "90210");
    let v1::Date { year, month, day: of_month } = day(&after).expect("a day");
    let told = [(&fact["told"][0]["shipment_number"], &fact["told"][0]["deliver_by"])];
    assert_eq!(told, [(&1.into(), &format!("{year}-{month:02}-{of_month:02}").into())], "{fact}");
    server.audit().await;
    server.stop().await.expect("it drains");

    let mut server = TestServer::start(data.path()).await;
    assert_eq!(read(&mut server).await, after, "after a restart");
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// Where the other coast has units of its own, the order leaves from there: they are held while the
/// customer thinks about it, and the others come free in the step that takes them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_leaves_from_where_it_is_nearer_to_where_it_goes() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    server.set_stock("SKU", WEST, 2).await;
    let told = quote(&mut server, change(vec![to("90210")])).await;
    assert_eq!(reasons(&told), [""; 0]);
    assert_eq!(leaving(told.order.as_ref().expect("the order")), [(2, WEST, 2)]);
    let cost = |of: Option<i64>| of.expect("a cost");
    let costs = (cost(told.sourcing_cost_before_minor), cost(told.sourcing_cost_minor));
    assert!(costs.0 > 0 && costs.1 > 0, "{costs:?}");
    // Nobody else gets them meanwhile.
    let near = v1::PlaceOrderRequest {
        destination_postal_code: "90210".into(),
        ..order("B", &[("SKU", 10)])
    };
    let sold_out = server.orders.place_order(near).await.expect("an answer").into_inner();
    assert_eq!(sold_out.outcome(), v1::OrderOutcome::Rejected);
    let answer = commit(&mut server, &told.change_token).await.expect("an answer");
    assert_eq!(answer.outcome(), v1::ChangeOutcome::Committed);
    assert_eq!(leaving(&answer.order.expect("the order")), [(2, WEST, 2)]);
    let all = order("C", &[("SKU", 10)]);
    let placed = server.orders.place_order(all).await.expect("an answer").into_inner();
    assert_eq!(placed.outcome(), v1::OrderOutcome::Allocated, "what it gave up is free");
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// Address, another line and another quantity in one change, and one commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_goes_elsewhere_has_more_and_fewer_units_in_the_same_step() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    server.define_item("HAT").await;
    server.set_stock("HAT", WEST, 3).await;
    let fewer = v1::SetLineQuantity { line_index: 0, quantity: 1 };
    let fewer = asked(Operation::SetQuantity(fewer));
    let after = changed(&mut server, vec![to("90210"), add("HAT", 2), fewer]).await;
    let units = |at: usize| after.lines[at].units.expect("units");
    assert_eq!((units(0).allocated, units(0).cancelled, units(1).allocated), (1, 1, 2));
    assert_eq!(leaving(&after), [(1, "NYC", 1), (2, WEST, 2)]);
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// A line that must not be split goes elsewhere as a whole, also with fewer units than it had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_line_goes_elsewhere_with_fewer_units() {
    let data = TempDir::new().expect("a directory");
    let mut server = TestServer::stocked(data.path()).await;
    server.define_node(node(WEST, "90001")).await;
    server.set_stock("SKU", WEST, 2).await;
    let split_policy = v1::SplitPolicy::WholeLine.into();
    let placed = v1::PlaceOrderRequest { split_policy, ..order("A", &[("SKU", 3)]) };
    server.orders.place_order(placed).await.expect("placed");
    let fewer = asked(Operation::SetQuantity(v1::SetLineQuantity { line_index: 0, quantity: 2 }));
    let after = changed(&mut server, vec![to("90210"), fewer]).await;
    assert_eq!(leaving(&after), [(2, WEST, 2)]);
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// What was picked stays at its node; what was packed has to be unpacked first; what left goes where
/// it went.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_began_stays_there_and_what_left_goes_where_it_went() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    server.set_stock("SKU", WEST, 2).await;
    step(&mut server, "pick").await;
    let after = changed(&mut server, vec![to("90210")]).await;
    assert_eq!(leaving(&after), [(1, "NYC", 2)], "it is picked there");
    step(&mut server, "pack").await;
    let told = quote(&mut server, change(vec![to("02116")])).await;
    assert_eq!(reasons(&told), ["SHIPMENT_STAYS"]);
    let told = quote(&mut server, change(vec![move_it(1, "")])).await;
    assert_eq!(reasons(&told), ["SHIPMENT_STAYS"]);
    step(&mut server, "ship").await;
    let told = quote(&mut server, change(vec![to("02116")])).await;
    assert_eq!(reasons(&told), ["ORDER_CLOSED"]);
    server.audit().await;
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_left_is_told_with_where_it_went() {
    let data = TempDir::new().expect("a directory");
    let mut server = TestServer::stocked(data.path()).await;
    server.define_node(node(WEST, "90001")).await;
    server.define_item("HAT").await;
    server.set_stock("HAT", WEST, 1).await;
    server.orders.place_order(order("A", &[("SKU", 2), ("HAT", 1)])).await.expect("placed");
    let placed = read(&mut server).await;
    let left = placed.shipments.iter().find(|of| of.node_id == "NYC").expect("a shipment").number;
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: left,
        carrier: "UPS".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    let after = changed(&mut server, vec![to("90210")]).await;
    let went = |of: &v1::Order, number: u32| {
        let at = usize::try_from(number - 1).expect("few");
        of.shipments[at].went_to.clone().map(|to| to.destination_postal_code)
    };
    assert_eq!(went(&after, left), Some("02116".into()));
    assert_eq!(went(&after, 3 - left), None);
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// From the web to the store, and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_collected_instead_and_shipped_after_all() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let store = v1::Node {
        kind: v1::NodeKind::Store.into(),
        offers_pickup: true,
        ..node("BOSTON", "02116")
    };
    server.define_node(store).await;
    server.set_stock("SKU", "BOSTON", 2).await;
    let today = date(today(&server));
    let there = changed(&mut server, vec![collect_at("BOSTON")]).await;
    assert_eq!(there.pickup.as_ref().expect("a place").node_id, "BOSTON");
    assert_eq!(leaving(&there), [(2, "BOSTON", 2)]);
    assert_eq!(there.shipments[1].deliver_by, Some(today), "it is there already");
    let home = changed(&mut server, vec![to("02116")]).await;
    assert_eq!((home.pickup, &*home.destination_postal_code), (None, "02116"));
    let told = quote(&mut server, change(vec![collect_at("NYC")])).await;
    assert_eq!(reasons(&told), ["PICKUP_NOT_OFFERED"]);
    let told = quote(&mut server, change(vec![collect_at("NOWHERE")])).await;
    assert_eq!(reasons(&told), ["NODE_NOT_FOUND"]);
    server.audit().await;
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_by_another_service_and_is_wanted_by_another_day() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let before = read(&mut server).await;
    let get = v1::GetSourcingPolicyRequest::default();
    let policy = server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    let services = policy.policy.expect("a policy").services;
    let other = services.iter().find(|of| of.name != before.service).expect("another").name.clone();
    let express = changed(&mut server, vec![service(&other)]).await;
    assert_eq!(express.service, other);
    assert_ne!(express.wanted_by, before.wanted_by, "the service promises another day");
    assert_eq!(leaving(&express), [(1, "NYC", 2)]);
    let wanted = date(today(&server).plus(30));
    let later = changed(&mut server, vec![asked(Operation::SetDeliverBy(wanted))]).await;
    assert_eq!((later.wanted_by, later.service), (Some(wanted), other));
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// The desk moves a shipment to where it says, or asks what sourcing proposes, and is told what
/// that costs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_is_moved_by_hand_with_its_cost_and_a_reason() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let short = quote(&mut server, change(vec![move_it(1, WEST)])).await;
    assert_eq!(reasons(&short), ["CHANGE_SHORT"]);
    server.set_stock("SKU", WEST, 5).await;
    let request = v1::QuoteChangeRequest {
        reason: "the dock in New York is closed".into(),
        ..change(vec![move_it(1, "")])
    };
    let told = quote(&mut server, request).await;
    assert_eq!(leaving(told.order.as_ref().expect("the order")), [(2, WEST, 2)]);
    assert!(told.sourcing_cost_minor.is_some() && told.sourcing_cost_before_minor.is_some());
    commit(&mut server, &told.change_token).await.expect("moved");
    let desk = v1::TimelineAudience::Desk.into();
    let get = v1::GetTimelineRequest { order_id: "A".into(), audience: desk, min_version: 0 };
    let story = server.orders.get_timeline(get).await.expect("told").into_inner().entries;
    let last = story.last().expect("an entry");
    assert_eq!(last.reason, "the dock in New York is closed");
    assert_eq!(last.lines.iter().map(|of| of.quantity).sum::<u32>(), 2);
    let back = changed(&mut server, vec![move_it(2, "NYC")]).await;
    assert_eq!(leaving(&back), [(3, "NYC", 2)]);
    let gone = quote(&mut server, change(vec![move_it(1, "")])).await;
    assert_eq!(reasons(&gone), ["SHIPMENT_NOT_PLANNED"]);
    let none = quote(&mut server, change(vec![move_it(9, "")])).await;
    assert_eq!(reasons(&none), ["SHIPMENT_NOT_FOUND"]);
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// A part of a shipment: what is not named stays, with its days.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_are_moved_by_hand_and_the_others_stay() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    server.set_stock("SKU", WEST, 2).await;
    let before = read(&mut server).await;
    let part = |quantity| {
        let lines = vec![v1::LineQuantity { line_index: 0, quantity }];
        let node_id = WEST.into();
        asked(Operation::MoveShipment(v1::MoveShipment { shipment_number: 1, node_id, lines }))
    };
    let told = quote(&mut server, change(vec![part(3)])).await;
    assert_eq!(reasons(&told), ["UNITS_NOT_IN_SHIPMENT"]);
    for (lines, field) in [
        (vec![(0, 0)], "lines[0].quantity"),
        (vec![(500, 1)], "lines[0].line_index"),
        (vec![(0, 1), (0, 1)], "lines[1].line_index"),
    ] {
        let line = |(line_index, quantity)| v1::LineQuantity { line_index, quantity };
        let lines = lines.into_iter().map(line).collect();
        let wrong = v1::MoveShipment { shipment_number: 1, node_id: WEST.into(), lines };
        let request = change(vec![asked(Operation::MoveShipment(wrong))]);
        let status = server.orders.quote_change(request).await.expect_err("wrong");
        assert_eq!(fields(&status), [format!("operations[0].move_shipment.{field}")]);
    }

    let after = changed(&mut server, vec![part(1)]).await;
    assert_eq!(leaving(&after), [(1, "NYC", 1), (2, WEST, 1)]);
    let days = |of: &v1::Shipment| (of.ship_by, of.deliver_by);
    assert_eq!(days(&after.shipments[0]), days(&before.shipments[0]), "what stays keeps its days");
    assert_eq!(after.lines, before.lines);
    server.audit().await;
    server.stop().await.expect("it drains");

    let mut server = TestServer::start(data.path()).await;
    assert_eq!(read(&mut server).await, after, "after a restart");
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_where_an_order_is_to_go_is_told_by_its_field() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let both = v1::SetDestination {
        destination_postal_code: "02116".into(),
        pickup: Some(v1::Pickup { node_id: "NYC".into(), only_stock_there: false }),
        destination_country_code: "DE".into(),
    };
    let yesterday = date(today(&server).minus(1));
    let rows = [
        (vec![to("00001")], vec!["operations[0].set_destination.destination_postal_code"]),
        (vec![to("")], vec!["operations[0].set_destination.destination_postal_code"]),
        (
            vec![asked(Operation::SetDestination(both))],
            vec![
                "operations[0].set_destination.destination_country_code",
                "operations[0].set_destination.destination_postal_code",
            ],
        ),
        (vec![service("by dove")], vec!["operations[0].set_service"]),
        (vec![service("")], vec!["operations[0].set_service"]),
        (vec![asked(Operation::SetDeliverBy(yesterday))], vec!["operations[0].set_deliver_by"]),
        (vec![to("02116"), to("90210")], vec!["operations[1]"]),
        (vec![to("02116"), move_it(1, "")], vec!["operations[1]"]),
        (vec![move_it(1, "é")], vec!["operations[0].move_shipment.node_id"]),
    ];
    for (operations, expected) in rows {
        let status = server.orders.quote_change(change(operations)).await.expect_err("refused");
        let details = status.get_error_details();
        let violations = details.bad_request().expect("fields").field_violations.clone();
        let mut fields: Vec<_> = violations.into_iter().map(|of| of.field).collect();
        fields.sort_unstable();
        assert_eq!(fields, expected);
    }
    server.stop().await.expect("it drains");
}
