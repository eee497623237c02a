//! An order tells what happened to it: all to the desk, and to its customer what he may know.

use backstock_proto::v1;
use backstock_proto::v1::{TimelineAudience as Audience, TimelineEvent as Event};

use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use super::changes::{amount, change};
use super::feed::events_from;
use super::holds::{confirm, hold};
use super::overdue::{date, today};
use super::server::{TestServer, announcement, waiting_order};

async fn timeline(server: &mut TestServer, audience: Audience) -> Vec<v1::TimelineEntry> {
    let get =
        v1::GetTimelineRequest { order_id: "A".into(), audience: audience.into(), min_version: 0 };
    let answer = server.orders.get_timeline(get).await.expect("told").into_inner();
    assert_eq!(answer.dropped_entries, 0);
    answer.entries
}

/// What people did, without what the engine did by itself.
fn events(entries: &[v1::TimelineEntry]) -> Vec<Event> {
    let events = entries.iter().map(v1::TimelineEntry::event);
    events.filter(|event| !matches!(event, Event::Resourced | Event::DateMoved)).collect()
}

fn units(entry: &v1::TimelineEntry) -> Vec<(u32, u32)> {
    entry.lines.iter().map(|line| (line.line_index, line.quantity)).collect()
}

async fn ship(server: &mut TestServer, package_ids: &[&str], tracking: &str) {
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        tracking: tracking.into(),
        package_ids: package_ids.iter().map(|id| (*id).into()).collect(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
}

/// An order of three units that are there, and of two that are on their way, late.
async fn late_order(server: &mut TestServer) {
    let day = today(server);
    let mut announced = announcement("RARE", "PO", 2);
    announced.inbound.as_mut().expect("an announcement").eta = Some(date(day.plus(1)));
    server.inventory.announce_inbound(announced).await.expect("announced");
    let order = waiting_order("A", &[("SKU", 3), ("RARE", 2)]);
    let order = v1::PlaceOrderRequest { channel: "web".into(), ..order };
    server.orders.place_order(order).await.expect("placed");
    let slips = v1::UpdateInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO".into(),
        eta: Some(date(day.plus(3))),
        ..Default::default()
    };
    server.inventory.update_inbound(slips).await.expect("moved");
}

/// One unit of three is not found, and cancelled; the others leave in two packages, and arrive.
async fn fulfil(server: &mut TestServer) {
    let lines = |quantity| vec![v1::LineQuantity { line_index: 0, quantity }];
    let (order_id, shipment_number) = (String::from("A"), 1);
    let pick = v1::PickShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        lines: lines(2),
        ..Default::default()
    };
    server.fulfillment.pick_shipment(pick).await.expect("picked");
    let short = v1::DeclineShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        reason: v1::DeclineReason::NotFound.into(),
        lines: lines(1),
        request_id: "SHORT".into(),
        ..Default::default()
    };
    server.fulfillment.decline_shipment(short).await.expect("declined");
    let cancel = v1::CancelOrderRequest {
        order_id: order_id.clone(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }],
        reason: "two will do".into(),
        ..Default::default()
    };
    server.orders.cancel_order(cancel).await.expect("cancelled");
    let pack = v1::PackShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        package_id: "BOX".into(),
        lines: lines(1),
        ..Default::default()
    };
    server.fulfillment.pack_shipment(pack).await.expect("packed");
    ship(server, &["BOX"], "1Z").await;
    ship(server, &[], "2Z").await;
    let deliver = v1::DeliverShipmentRequest { order_id, shipment_number, ..Default::default() };
    server.fulfillment.deliver_shipment(deliver).await.expect("delivered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_tells_its_story_to_the_desk_and_to_its_customer() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    late_order(&mut server).await;
    fulfil(&mut server).await;

    let desk = timeline(&mut server, Audience::Desk).await;
    let told = [
        Event::Placed,
        Event::Picked,
        Event::Declined,
        Event::Cancelled,
        Event::Packed,
        Event::Shipped,
        Event::Shipped,
        Event::Delivered,
    ];
    assert_eq!(events(&desk), told, "{desk:#?}");
    assert!(desk.is_sorted_by_key(|entry| entry.version));
    assert!(desk.iter().all(|entry| entry.time.is_some()));
    let first = |event| desk.iter().find(|entry| entry.event() == event).expect("it happened");
    assert_eq!(first(Event::Placed).channel, "web");
    let moved = first(Event::DateMoved);
    assert_eq!(moved.cause(), v1::DecisionCause::SupplyMoved);
    let days = moved.dates[0];
    assert!(days.deliver_by_before.is_some() && days.deliver_by.is_some(), "{days:?}");
    assert_ne!(days.deliver_by_before, days.deliver_by);
    assert_eq!(units(first(Event::Picked)), [(0, 2)]);
    let short = first(Event::Declined);
    assert_eq!((short.decline_reason(), &*short.node_id), (v1::DeclineReason::NotFound, "NYC"));
    assert_eq!(units(short), [(0, 1)]);
    assert_eq!(first(Event::Cancelled).reason, "two will do");
    assert_eq!(units(first(Event::Cancelled)), [(0, 1)]);
    let left = desk.iter().filter(|entry| entry.event() == Event::Shipped);
    let left: Vec<_> = left.map(|e| (&*e.carrier, &*e.tracking, units(e))).collect();
    let one = vec![(0, 1)];
    assert_eq!(left, [("Owl Post", "1Z", one.clone()), ("Owl Post", "2Z", one)]);

    let customer = timeline(&mut server, Audience::Customer).await;
    let told = [Event::Placed, Event::Cancelled, Event::Shipped, Event::Shipped, Event::Delivered];
    assert_eq!(events(&customer), told);
    assert!(customer.iter().any(|entry| entry.dates.contains(&days)));
    assert!(customer.iter().any(|entry| entry.tracking == "2Z"));
    let is_said = |entry: &v1::TimelineEntry| {
        let texts = [&entry.node_id, &entry.actor, &entry.channel, &entry.reason];
        texts.iter().any(|text| !text.is_empty()) || entry.cause != 0 || entry.decline_reason != 0
    };
    assert!(!customer.iter().any(is_said), "no internals: {customer:#?}");
    assert_eq!(timeline(&mut server, Audience::Unspecified).await, customer);

    // By the journal alone, and then by a snapshot.
    for _ in 0..2 {
        let hash = server.state_hash();
        server.stop().await.expect("drained");
        server = TestServer::start(directory.path()).await;
        assert_eq!(server.state_hash(), hash);
        assert_eq!(timeline(&mut server, Audience::Desk).await, desk);
        server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("a snapshot");
    }
    server.stop().await.expect("drained");
}

/// A call that says who makes it, through which channel, and why.
fn said<T>(message: T, fields: &[(&'static str, &'static str)]) -> Request<T> {
    let mut request = Request::new(message);
    for (field, value) in fields {
        request.metadata_mut().insert(*field, value.parse().expect("a value"));
    }
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_did_it_through_which_channel_and_why_is_told_to_the_desk_and_in_the_feed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let (ann, bob) = (("backstock-actor", "Ann"), ("backstock-actor", "Bob"));
    let (phone, chat) = (("backstock-channel", "phone"), ("backstock-channel", "chat"));
    let place =
        v1::PlaceOrderRequest { channel: "web".into(), ..waiting_order("A", &[("SKU", 3)]) };
    server.orders.place_order(said(place, &[("backstock-actor", "shop")])).await.expect("placed");
    // A step has no reason of its own.
    let pick = v1::PickShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        lines: vec![v1::LineQuantity { line_index: 0, quantity: 1 }],
        ..Default::default()
    };
    let scanner = [("backstock-actor", "scanner-7"), ("backstock-reason", "wave 12")];
    server.fulfillment.pick_shipment(said(pick, &scanner)).await.expect("picked");
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }],
        reason: "two will do".into(),
        ..Default::default()
    };
    let asked = [ann, phone, ("backstock-reason", "not this one")];
    server.orders.cancel_order(said(cancel, &asked)).await.expect("cancelled");
    // Ann quotes a change, and Bob commits it.
    let note = v1::ChangeOperation {
        operation: Some(v1::change_operation::Operation::SetNote("ring twice".into())),
    };
    let request = v1::QuoteChangeRequest {
        reason: "asked".into(),
        currency_code: "EUR".into(),
        ..change(vec![note, amount(0, 19_99)])
    };
    let quoted = server.orders.quote_change(said(request, &[ann, chat])).await.expect("quoted");
    let change_token = quoted.into_inner().change_token;
    let commit = v1::CommitChangeRequest { order_id: "A".into(), change_token };
    server.orders.commit_change(said(commit, &[bob])).await.expect("committed");

    let expected = [
        (Event::Placed, ["shop", "web", ""]),
        (Event::Picked, ["scanner-7", "", "wave 12"]),
        (Event::Cancelled, ["Ann", "phone", "two will do"]),
        (Event::Changed, ["Bob", "", "asked"]),
    ];
    let desk = timeline(&mut server, Audience::Desk).await;
    let of = |entry: &v1::TimelineEntry| {
        (entry.event(), [entry.actor.clone(), entry.channel.clone(), entry.reason.clone()])
    };
    let expected = expected.map(|(event, who)| (event, who.map(str::to_owned)));
    let feed = events_from(&server, 1).await;
    let feed = feed.iter().filter(|event| event.subject == "orders/A");
    let in_feed =
        |event: &v1::Event| [&event.actor, &event.channel, &event.cause].map(Clone::clone);
    assert_eq!(feed.map(in_feed).collect::<Vec<_>>(), expected.clone().map(|(_, who)| who));
    assert_eq!(desk.iter().map(of).collect::<Vec<_>>(), expected);
    let changed = desk.last().expect("an entry");
    assert_eq!(changed.note.as_deref(), Some("ring twice"));
    let amounts = [v1::AmountTold { line_index: 0, amount_minor: 19_99 }];
    assert_eq!((&changed.amounts[..], changed.currency_code.as_str()), (&amounts[..], "EUR"));
    let customer = timeline(&mut server, Audience::Customer).await;
    let told = customer.last().expect("an entry");
    assert_eq!((&told.amounts[..], told.note.as_deref()), (&amounts[..], None));
    for entry in &customer {
        assert_eq!(of(entry).1, ["", "", ""], "the customer is told nothing of who: {entry:?}");
    }
    // Of a note alone, nothing is for the customer.
    let note = v1::ChangeOperation {
        operation: Some(v1::change_operation::Operation::SetNote("ring once".into())),
    };
    let quoted = server.orders.quote_change(change(vec![note])).await.expect("quoted");
    let change_token = quoted.into_inner().change_token;
    let commit = v1::CommitChangeRequest { order_id: "A".into(), change_token };
    server.orders.commit_change(commit).await.expect("committed");
    assert_eq!(timeline(&mut server, Audience::Customer).await, customer);
    let desk = timeline(&mut server, Audience::Desk).await;
    assert_eq!(desk.last().expect("an entry").note.as_deref(), Some("ring once"));
    server.stop().await.expect("it drains");

    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(timeline(&mut server, Audience::Desk).await, desk, "after a restart");
    server.stop().await.expect("it drains");
}

/// Ann holds what the customer wants, and Bob makes it an order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_held_it_and_who_placed_it_are_told_to_the_desk_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let (ann, bob) = (("backstock-actor", "Ann"), ("backstock-actor", "Bob"));
    let held = said(hold("H", 600, &[("SKU", 1)]), &[ann, ("backstock-reason", "calls back")]);
    server.holds.create_hold(held).await.expect("held");
    server.holds.confirm_hold(said(confirm("H", "A"), &[bob])).await.expect("placed");
    let desk = timeline(&mut server, Audience::Desk).await;
    let of = |entry: &v1::TimelineEntry| (entry.event(), entry.actor.clone(), entry.reason.clone());
    let [held, placed] = &desk[..] else { panic!("held, and placed: {desk:?}") };
    assert_eq!(of(held), (Event::Held, "Ann".into(), "calls back".into()));
    assert_eq!(of(placed), (Event::Placed, "Bob".into(), String::new()));
    server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("a snapshot");
    server.stop().await.expect("it drains");
    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(timeline(&mut server, Audience::Desk).await, desk);
    server.audit().await;
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_is_a_text_of_256_bytes_and_what_is_none_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut request = Request::new(waiting_order("A", &[("SKU", 1)]));
    for (field, value) in
        [("backstock-actor", "x".repeat(257)), ("backstock-reason", "y".repeat(300))]
    {
        request.metadata_mut().insert(field, value.parse().expect("a value"));
    }
    let refused = server.orders.place_order(request).await.expect_err("too long");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let fields = refused.get_details_bad_request().expect("fields").field_violations;
    let fields: Vec<_> = fields.iter().map(|of| of.field.as_str()).collect();
    assert_eq!(fields, ["backstock-actor", "backstock-reason"]);
    let get = v1::GetOrderRequest { order_id: "A".into(), ..Default::default() };
    assert_eq!(server.orders.get_order(get).await.expect_err("none").code(), Code::NotFound);
    server.stop().await.expect("it drains");
}
