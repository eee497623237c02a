//! A node's work: what it has to do, by when, on the screen and on paper.

use std::time::{Duration, Instant, SystemTime};

use backstock_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use backstock_engine::model::Timestamp;

use super::overdue::today;
use super::server::{TestServer, announcement, fields, node, order, waiting_order};

async fn list(server: &TestServer, node: &str) -> v1::ListWorkResponse {
    let request = v1::ListWorkRequest { node_id: node.into(), ..Default::default() };
    server.fulfillment.clone().list_work(request).await.expect("listed").into_inner()
}

fn orders(work: &v1::ListWorkResponse) -> Vec<&str> {
    work.shipments.iter().map(|of| &*of.order_id).collect()
}

async fn place(server: &mut TestServer, request: v1::PlaceOrderRequest) {
    server.orders.place_order(request).await.expect("placed");
}

fn wait_until_tomorrow(server: &TestServer) {
    let then = SystemTime::now() + Duration::from_hours(24);
    let since = then.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_micros();
    server.engine.tell_time(Timestamp::from_micros(i64::try_from(since).expect("in range")));
}

async fn ship(server: &mut TestServer, order_id: &str) {
    let ship = v1::ShipShipmentRequest {
        order_id: order_id.into(),
        shipment_number: 1,
        carrier: "UPS".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
}

async fn pick_list(server: &TestServer, node: &str) -> Vec<(String, u64)> {
    let request = v1::GetPickListRequest { node_id: node.into(), ..Default::default() };
    let list = server.fulfillment.clone().get_pick_list(request).await.expect("made").into_inner();
    list.shipments.into_iter().map(|of| (of.order_id, of.units_to_pick)).collect()
}

async fn pack(server: &mut TestServer, order_id: &str, package_id: &str, quantity: u32) {
    let lines = vec![v1::LineQuantity { line_index: 0, quantity }];
    let request = v1::PackShipmentRequest {
        order_id: order_id.into(),
        shipment_number: 1,
        package_id: package_id.into(),
        lines,
        ..Default::default()
    };
    server.fulfillment.pack_shipment(request).await.expect("packed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_sees_what_has_to_leave_first_and_how_far_all_of_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("BOS", "02116")).await;
    for id in ["A", "B", "C", "D"] {
        place(&mut server, order(id, &[("SKU", 2)])).await;
    }
    server.inventory.announce_inbound(announcement("RARE", "PO", 9)).await.expect("announced");
    place(&mut server, waiting_order("W", &[("RARE", 3)])).await;
    let pick =
        v1::PickShipmentRequest { order_id: "A".into(), shipment_number: 1, ..Default::default() };
    server.fulfillment.pick_shipment(pick).await.expect("picked");
    pack(&mut server, "B", "P1", 2).await;

    let work = list(&server, "NYC").await;
    assert_eq!(orders(&work), ["A", "B", "C", "D", "W"]);
    let counts = work.counts.expect("counts");
    let told = [counts.to_pick, counts.picked, counts.packed, counts.waiting, counts.ready];
    assert_eq!(told, [2, 1, 1, 1, 0]);
    let of = |id: &str| work.shipments.iter().find(|of| of.order_id == id).expect("it is there");
    assert_eq!((of("A").state(), of("A").units_to_pick), (v1::ShipmentState::Picked, 0));
    assert_eq!((of("C").units, of("C").units_to_pick, of("C").units_waiting), (2, 2, 0));
    assert_eq!((of("W").units_waiting, of("C").late), (3, false));
    assert!(of("C").cut_off_time.is_some() && of("C").ship_by.is_some());

    // What left, or is not wanted any more, is no work; nor is what another node has.
    ship(&mut server, "B").await;
    let cancel = v1::CancelOrderRequest { order_id: "C".into(), ..Default::default() };
    server.orders.cancel_order(cancel).await.expect("cancelled");
    assert_eq!(orders(&list(&server, "NYC").await), ["A", "D", "W"]);
    assert_eq!(list(&server, "BOS").await.shipments, []);

    // Pages follow each other.
    let mut request =
        v1::ListWorkRequest { node_id: "NYC".into(), page_size: 2, ..Default::default() };
    let page = server.fulfillment.list_work(request.clone()).await.expect("listed").into_inner();
    assert_eq!(orders(&page), ["A", "D"]);
    request.page_token = page.next_page_token;
    let page = server.fulfillment.list_work(request.clone()).await.expect("listed").into_inner();
    assert_eq!((orders(&page), &*page.next_page_token), (vec!["W"], ""));
    request.node_id = "NONE".into();
    let unknown = server.fulfillment.list_work(request).await.expect_err("it is not there");
    let reason = unknown.get_error_details().error_info().expect("a reason").reason.clone();
    assert_eq!((unknown.code(), &*reason), (Code::NotFound, "NODE_NOT_FOUND"));
    server.stop().await.expect("drained");
}

/// What is to leave on an earlier day comes first, however late it was placed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_to_leave_first_comes_first_and_what_is_late_is_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("BOS", "02116")).await;
    server.define_item("BOOK").await;
    server.set_stock("BOOK", "BOS", 1).await;
    let two_a_day = v1::Node { capacity_units_per_day: Some(2), ..node("NYC", "10001") };
    server.define_node(two_a_day).await;
    server.inventory.announce_inbound(announcement("RARE", "PO", 9)).await.expect("announced");
    let day = today(&server);
    place(&mut server, waiting_order("W", &[("RARE", 1)])).await;
    for id in ["A", "B", "C", "D"] {
        place(&mut server, order(id, &[("SKU", 1)])).await;
    }
    place(&mut server, order("X", &[("BOOK", 1)])).await;
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    server.orders.cancel_order(cancel).await.expect("cancelled");
    place(&mut server, order("E", &[("SKU", 1)])).await;

    let work = list(&server, "NYC").await;
    assert_eq!(orders(&list(&server, "BOS").await), ["X"]);
    // At midnight the day is another one.
    if today(&server) != day {
        return;
    }
    assert_eq!(orders(&work), ["B", "E", "C", "D", "W"]);
    let counts = work.counts.expect("counts");
    assert_eq!((counts.to_pick, counts.late, counts.due_today), (4, 0, 2));

    wait_until_tomorrow(&server);
    let work = list(&server, "NYC").await;
    let is_late: Vec<_> = work.shipments.iter().map(|of| of.late).collect();
    assert_eq!(
        (orders(&work), is_late),
        (vec!["B", "E", "C", "D", "W"], vec![true, true, false, false, false])
    );
    let counts = work.counts.expect("counts");
    assert_eq!((counts.late, counts.due_today), (2, 2));
    let load = v1::GetNodeLoadRequest { node_id: "NYC".into(), days: 2, ..Default::default() };
    let load = server.catalog.get_node_load(load).await.expect("read").into_inner();
    let told = |of: Option<v1::WorkCounts>| of.map(|of| (of.to_pick, of.late, of.due_today));
    assert_eq!(told(load.overdue), Some((2, 2, 0)));
    assert_eq!(told(load.days[0].work), Some((2, 0, 2)));
    assert_eq!(told(load.days[1].work), Some((0, 0, 0)));
    server.stop().await.expect("drained");
}

/// A store in Boston where customers collect.
fn store() -> v1::Node {
    let kind = v1::NodeKind::Store.into();
    v1::Node { kind, offers_pickup: true, ..node("BOS", "02116") }
}

fn collected(order: v1::PlaceOrderRequest) -> v1::PlaceOrderRequest {
    let pickup = v1::Pickup { node_id: "BOS".into(), only_stock_there: false };
    let destination_postal_code = String::new();
    v1::PlaceOrderRequest { destination_postal_code, pickup: Some(pickup), ..order }
}

/// A package that waits for its customer is not late: it has not to leave.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ready_is_never_late_and_comes_behind_what_has_to_leave() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.define_item("BOOK").await;
    server.set_stock("BOOK", "BOS", 2).await;
    place(&mut server, collected(order("R", &[("BOOK", 1)]))).await;
    let ready = v1::MakeShipmentReadyRequest {
        order_id: "R".into(),
        shipment_number: 1,
        ..Default::default()
    };
    server.fulfillment.make_shipment_ready(ready).await.expect("ready");
    place(&mut server, order("L", &[("BOOK", 1)])).await;
    wait_until_tomorrow(&server);
    let work = list(&server, "BOS").await;
    let told: Vec<_> = work.shipments.iter().map(|of| (&*of.order_id, of.late)).collect();
    assert_eq!(told, [("L", true), ("R", false)]);
    let counts = work.counts.expect("counts");
    assert_eq!((counts.ready, counts.to_pick, counts.late, counts.due_today), (1, 1, 1, 0));
    server.stop().await.expect("drained");
}

/// A list shrinks while it is read, because what is on its first page leaves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaves_between_two_pages_takes_nothing_off_the_second_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for id in ["A", "B", "C", "D", "E"] {
        place(&mut server, order(id, &[("SKU", 1)])).await;
    }
    place(&mut server, waiting_order("W", &[("RARE", 1)])).await;
    let mut request =
        v1::ListWorkRequest { node_id: "NYC".into(), page_size: 2, ..Default::default() };
    let mut told = Vec::new();
    loop {
        let page = server.fulfillment.list_work(request.clone()).await.expect("listed");
        let page = page.into_inner();
        for of in page.shipments {
            if *of.order_id < *"D" {
                ship(&mut server, &of.order_id).await;
            }
            told.push(of.order_id);
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(told, ["A", "B", "C", "D", "E", "W"]);
    for made_up in ["2", "p2", "w0.1", "w0.1.0.1.0.0", "w2.1.0.1.0", "w0.1.ff.1.0"] {
        request.page_token = made_up.into();
        let refused = server.fulfillment.list_work(request.clone()).await.expect_err("made up");
        assert_eq!(fields(&refused), ["page_token"], "{made_up}");
    }
    server.stop().await.expect("drained");
}

/// A list is for one picker: what another one has begun, or is asked back, is on none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_has_and_what_is_asked_back_is_on_no_pick_list() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for id in ["A", "B", "C"] {
        place(&mut server, order(id, &[("SKU", 1)])).await;
    }
    let one = |id: &str| (id.to_owned(), 1);
    let claim = |give_up| v1::ClaimShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        owner: "anna".into(),
        give_up,
        ..Default::default()
    };
    server.fulfillment.claim_shipment(claim(false)).await.expect("claimed");
    let accept = v1::AcceptShipmentRequest {
        order_id: "B".into(),
        shipment_number: 1,
        ..Default::default()
    };
    server.fulfillment.accept_shipment(accept).await.expect("accepted");
    assert_eq!(pick_list(&server, "NYC").await, [one("B"), one("C")]);
    let ask = v1::RecallShipmentRequest {
        order_id: "B".into(),
        shipment_number: 1,
        until: Some((SystemTime::now() + Duration::from_hours(1)).into()),
        ..Default::default()
    };
    server.fulfillment.recall_shipment(ask).await.expect("asked back");
    assert_eq!(pick_list(&server, "NYC").await, [one("C")]);
    server.fulfillment.claim_shipment(claim(true)).await.expect("given up");
    assert_eq!(pick_list(&server, "NYC").await, [one("A"), one("C")]);
    // Its node did not answer in time, and goes on.
    wait_until_tomorrow(&server);
    assert_eq!(pick_list(&server, "NYC").await, [one("A"), one("B"), one("C")]);
    server.stop().await.expect("drained");
}

/// Units that a node declined wait, for another node or for an answer of the customer. Those that it
/// has of the same line do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_of_a_shipment_that_was_declined_in_part_is_listed_picked_and_released() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.define_item("BOOK").await;
    server.set_stock("BOOK", "BOS", 3).await;
    let cases = [
        ("NYC", waiting_order("A", &[("SKU", 3)])),
        ("BOS", collected(waiting_order("B", &[("BOOK", 3)]))),
    ];
    for (node, request) in cases {
        let order_id = request.order_id.clone();
        place(&mut server, request).await;
        let decline = v1::DeclineShipmentRequest {
            order_id: order_id.clone(),
            shipment_number: 1,
            reason: v1::DeclineReason::Capacity.into(),
            lines: vec![v1::LineQuantity { line_index: 0, quantity: 1 }],
            request_id: format!("K-{order_id}"),
            ..Default::default()
        };
        let declined = server.fulfillment.decline_shipment(decline).await.expect("declined");
        let after = declined.into_inner().order.expect("the order");
        let asked = after.lines[0].units.expect("units").asked;
        assert_eq!(asked, u32::from(node == "BOS"), "{after:?}");
        let work = list(&server, node).await;
        let told: Vec<_> = work.shipments.iter().map(|of| (of.units, of.units_waiting)).collect();
        assert_eq!(told, [(2, 0)], "{work:?}");
        let counts = work.counts.expect("counts");
        assert_eq!((counts.to_pick, counts.waiting), (1, 0));
        assert_eq!(pick_list(&server, node).await, [(order_id.clone(), 2)]);
        let wave = v1::ReleaseWaveRequest { node_id: node.into(), ..Default::default() };
        let wave = server.fulfillment.release_wave(wave).await.expect("released").into_inner();
        assert_eq!((&*wave.shipments[0].order_id, wave.left), (&*order_id, 0));
    }
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pick_lists_and_packing_slips_say_what_there_is_and_no_html_of_callers() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    place(&mut server, order("<b>&A", &[("SKU", 3)])).await;
    place(&mut server, order("B", &[("SKU", 2)])).await;
    place(&mut server, waiting_order("W", &[("RARE", 3)])).await;
    let mut request = v1::GetPickListRequest { node_id: "NYC".into(), ..Default::default() };
    let list = server.fulfillment.get_pick_list(request.clone()).await.expect("made").into_inner();
    let on_it: Vec<_> = list.shipments.iter().map(|of| &*of.order_id).collect();
    assert_eq!(on_it, ["<b>&A", "B"], "what waits for units cannot be picked");
    assert!(list.html.contains("<td>Item SKU</td><td class=\"n\">5</td>"), "{}", list.html);
    assert!(list.html.contains("&lt;b&gt;&amp;A") && !list.html.contains("<b>"));
    request.shipments_max = 1;
    let one = server.fulfillment.get_pick_list(request.clone()).await.expect("made").into_inner();
    assert_eq!(one.shipments.len(), 1);
    assert!(one.html.contains("1 more shipments are on no page"), "{}", one.html);
    request.shipments_max = 201;
    let refused = server.fulfillment.get_pick_list(request).await.expect_err("too many");
    assert_eq!(fields(&refused), ["shipments_max"]);

    pack(&mut server, "<b>&A", "P<1>", 2).await;
    let mut request = v1::GetPackingSlipRequest {
        order_id: "<b>&A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    let slip = server.fulfillment.get_packing_slip(request.clone()).await.expect("made");
    let html = slip.into_inner().html;
    assert!(html.contains("Package P&lt;1&gt;, of 1") && html.contains("In no package yet"));
    assert!(html.contains("<td class=\"n\">2</td>") && html.contains("<td class=\"n\">1</td>"));
    assert!(!html.contains("<b>") && !html.contains("<script"));
    request.shipment_number = 2;
    let unknown = server.fulfillment.get_packing_slip(request).await.expect_err("there is none");
    assert_eq!(unknown.code(), Code::NotFound);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pickers_do_not_begin_the_same_shipment_and_a_lost_scanner_keeps_nobody_for_long() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    place(&mut server, order("A", &[("SKU", 2)])).await;
    let claim = |owner: &str, lease_seconds| v1::ClaimShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        owner: owner.into(),
        lease_seconds,
        ..Default::default()
    };
    server.fulfillment.claim_shipment(claim("anna", 0)).await.expect("claimed");
    let work = list(&server, "NYC").await;
    assert_eq!((&*work.shipments[0].claimed_by, work.counts.expect("counts").claimed), ("anna", 1));
    let refused = server.fulfillment.claim_shipment(claim("ben", 60)).await.expect_err("hers");
    let reason = refused.get_error_details().error_info().expect("a reason").reason.clone();
    assert_eq!((refused.code(), &*reason), (Code::FailedPrecondition, "SHIPMENT_CLAIMED"));
    // The scanner says it again, under its key, because it lost the answer.
    let again = v1::ClaimShipmentRequest { request_id: "K".into(), ..claim("anna", 1) };
    let first = server.fulfillment.claim_shipment(again.clone()).await.expect("claimed");
    let second = server.fulfillment.claim_shipment(again).await.expect("claimed").into_inner();
    assert_eq!((second.is_repeat, second.version), (true, first.into_inner().version));
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    assert_eq!(list(&server, "NYC").await.shipments[0].claimed_by, "", "the lease ended");
    server.fulfillment.claim_shipment(claim("ben", 60)).await.expect("claimed");
    let give_up = v1::ClaimShipmentRequest { give_up: true, ..claim("ben", 0) };
    server.fulfillment.claim_shipment(give_up.clone()).await.expect("given up");
    server.fulfillment.claim_shipment(claim("anna", 60)).await.expect("claimed");
    // What was done is taken from whoever says it.
    pack(&mut server, "A", "P", 2).await;
    let wrong = v1::ClaimShipmentRequest { lease_seconds: 5, owner: String::new(), ..give_up };
    let wrong = server.fulfillment.claim_shipment(wrong).await.expect_err("it is wrong");
    assert_eq!(fields(&wrong), ["owner", "lease_seconds"]);
    let long = server.fulfillment.claim_shipment(claim("anna", 43_201)).await.expect_err("long");
    assert_eq!(fields(&long), ["lease_seconds"]);
    server.stop().await.expect("drained");
}

/// Prints how long a page takes: a figure for people, as the machine and the build are any.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_many_shipments_is_told_all_of_them_in_pages() {
    const ORDERS: usize = 2_000;
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.set_stock("SKU", "NYC", 10 * ORDERS as u64).await;
    let all = (0..ORDERS).map(|at| order(&format!("O{at:0>5}"), &[("SKU", 1)])).collect();
    let all: Vec<_> = all;
    let requests = all.chunks(250).map(|of| v1::PlaceOrdersRequest { orders: of.to_vec() });
    let requests = tonic::codegen::tokio_stream::iter(requests.collect::<Vec<_>>());
    let mut placed = server.orders.place_orders(requests).await.expect("a stream").into_inner();
    while placed.message().await.expect("no error").is_some() {}
    let mut request =
        v1::ListWorkRequest { node_id: "NYC".into(), page_size: 1_000, ..Default::default() };
    let mut told = Vec::new();
    loop {
        let began = Instant::now();
        let page = server.fulfillment.list_work(request.clone()).await.expect("listed");
        println!("a page of {ORDERS} shipments took {:?}", began.elapsed());
        let page = page.into_inner();
        told.extend(page.shipments.into_iter().map(|of| of.order_id));
        assert_eq!(page.counts.expect("counts").to_pick, ORDERS as u64);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert!(told.is_sorted() && told.len() == ORDERS, "{}", told.len());
    server.stop().await.expect("drained");
}
