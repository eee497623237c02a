//! What callers ask for besides orders: snapshots, the policy, parts of nodes,
//! pages, reservations, supplies on their way, many SKUs at once.

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::journal_directory;
use backstock_engine::journal::{Known, Log as _, open_read_only};
use backstock_engine::snapshot::{MemoryStore, import};
use backstock_proto::v1;
use tonic::Code;
use tonic_types::StatusExt;

use super::server::{LONG, TestServer, announcement, node, order, waiting_order};

/// The fields that a refusal names, in order.
fn fields(status: &tonic::Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let violations = &details.bad_request().expect("violations").field_violations;
    violations.iter().map(|violation| violation.field.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_taken_listed_verified_and_sent_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let take = v1::TakeSnapshotRequest {};
    let first = server.admin.take_snapshot(take).await.expect("taken").into_inner().snapshot;
    let first = first.expect("a snapshot");
    assert_eq!((first.pairs, first.orders), (1, 0));
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let second = server.admin.take_snapshot(take).await.expect("taken").into_inner().snapshot;
    let second = second.expect("a snapshot");
    assert_eq!(second.generation, first.generation + 1);
    assert_eq!(second.state_hash[..], server.state_hash().value().to_be_bytes());

    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let list = v1::ListSnapshotsRequest { page_size: 1, page_token };
        let page = server.admin.list_snapshots(list).await.expect("listed").into_inner();
        listed.extend(page.snapshots);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, [second.clone(), first.clone()], "the newest first");

    let verify = v1::VerifySnapshotRequest { generation: 0 };
    let verified = server.admin.verify_snapshot(verify).await.expect("verified").into_inner();
    assert_eq!((verified.snapshot, verified.problems), (Some(second.clone()), Vec::new()));

    let export = v1::ExportSnapshotRequest { generation: first.generation };
    let mut pieces = server.admin.export_snapshot(export).await.expect("a stream").into_inner();
    let mut sent = Vec::new();
    while let Some(piece) = pieces.message().await.expect("a piece") {
        assert!((1..=1 << 20).contains(&piece.data.len()));
        sent.extend_from_slice(&piece.data);
    }
    let file = directory.path().join("sent");
    std::fs::write(&file, &sent).expect("written");
    let imported = import(&file, &MemoryStore::default(), |_, _| Ok(())).expect("it is whole");
    assert_eq!(imported.manifest.generation, first.generation);
    let left = || std::fs::read_dir(directory.path().join("exports")).expect("it is there").count();
    let deadline = tokio::time::Instant::now() + LONG;
    while left() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "what was sent is removed");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    server.stop().await.expect("drained");
}

/// Loads a server with more than two windows and a queue of pieces take.
async fn load(server: &mut TestServer) {
    for at in 0..50 {
        server.define_item(&format!("I{at}")).await;
    }
    for round in 0..60 {
        let adjustment = v1::StockAdjustment { on_hand_delta: 1, unavailable_delta: 0 };
        let rows = (0..1_000).map(|at| v1::StockRow {
            sku: format!("I{}", at % 50),
            node_id: "NYC".into(),
            change: Some(v1::stock_row::Change::Adjustment(adjustment)),
        });
        // The key of each row is part of the snapshot.
        let request_id = format!("a-long-key-so-that-the-snapshot-is-large-enough-{round}");
        let request = v1::LoadStockRequest { rows: rows.collect(), request_id };
        let reply = feed(server, request).await;
        assert_eq!(reply.rows_applied, 1_000, "{:?}", reply.faults.first());
    }
}

/// Sends one request of a feed.
pub(super) async fn feed(
    server: &mut TestServer,
    request: v1::LoadStockRequest,
) -> v1::LoadStockResponse {
    let stream = tonic::codegen::tokio_stream::iter([request]);
    let mut replies = server.inventory.load_stock(stream).await.expect("a feed").into_inner();
    replies.message().await.expect("a reply").expect("one")
}

/// A caller that does not read takes a place until it hangs up, and there are two places.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_snapshots_are_sent_at_a_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let left = directory.path().join("exports").join("left");
    std::fs::create_dir_all(&left).expect("made");
    let mut server = TestServer::stocked(directory.path()).await;
    assert!(!left.exists(), "what a killed process left is gone");
    load(&mut server).await;
    server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    let export = v1::ExportSnapshotRequest { generation: 0 };
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(server.admin.export_snapshot(export).await.expect("a place").into_inner());
    }
    let refused = server.admin.export_snapshot(export).await.map(|_| ()).expect_err("no place");
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    drop(open);
    let deadline = tokio::time::Instant::now() + LONG;
    let mut pieces = loop {
        match server.admin.export_snapshot(export).await {
            Ok(pieces) => break pieces.into_inner(),
            Err(status) => assert!(tokio::time::Instant::now() < deadline, "{status:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    while pieces.message().await.expect("a piece").is_some() {}
    drop(pieces);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_is_read_and_replaced_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let get = v1::GetSourcingPolicyRequest { min_version: 0 };
    let read = server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    let mut policy = read.policy.expect("a policy");
    policy.currency_code = "EUR".into();
    policy.objectives = vec![
        v1::SourcingObjective::Cost.into(),
        v1::SourcingObjective::PromiseDate.into(),
        v1::SourcingObjective::Shipments.into(),
        v1::SourcingObjective::Balance.into(),
    ];
    let update = v1::UpdateSourcingPolicyRequest {
        policy: Some(policy.clone()),
        validate_only: true,
        ..Default::default()
    };
    server.catalog.update_sourcing_policy(update.clone()).await.expect("valid");
    let same = server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    assert_ne!(same.policy.as_ref(), Some(&policy), "it was only validated");

    let update = v1::UpdateSourcingPolicyRequest { validate_only: false, ..update };
    let updated = server.catalog.update_sourcing_policy(update).await.expect("set").into_inner();
    assert_eq!(updated.policy.as_ref(), Some(&policy));
    let get = v1::GetSourcingPolicyRequest { min_version: updated.version };
    let read = server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    assert_eq!(read.policy, Some(policy.clone()));

    policy.objectives[1] = 99;
    policy.default_split_policy = 0;
    policy.inbound_horizon_days = Some(10_000);
    let update = v1::UpdateSourcingPolicyRequest {
        policy: Some(policy),
        request_id: "\n".into(),
        ..Default::default()
    };
    let status = server.catalog.update_sourcing_policy(update).await.expect_err("refused");
    let expected = [
        "request_id",
        "policy.objectives[1]",
        "policy.default_split_policy",
        "policy.inbound_horizon_days",
    ];
    assert_eq!(fields(&status), expected);
    server.stop().await.expect("drained");
}

/// What says nothing of a title does not take it away, and what cannot change is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_can_be_made_sure_of_and_a_kind_be_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let sure = |sku: &str, title: &str, validate_only| v1::UpdateItemRequest {
        item: Some(v1::Item { sku: sku.into(), title: title.into() }),
        update_mask: Some(mask(&["sku"])),
        allow_missing: true,
        validate_only,
        ..Default::default()
    };
    for (asked, title) in [
        (sure("SKU", "", false), "Item SKU"),
        (sure("SKU", "Other", true), "Item SKU"),
        (sure("NEW", "First", true), "First"),
        (sure("NEW", "First", false), "First"),
        (sure("NEW", "Second", false), "First"),
    ] {
        let made = server.catalog.update_item(asked.clone()).await.expect("made sure of");
        assert_eq!(made.into_inner().item.expect("an item").title, title, "{asked:?}");
    }

    let named = |kind: v1::NodeKind| v1::UpdateNodeRequest {
        node: Some(v1::Node { kind: kind.into(), title: "Named".into(), ..node("NYC", "10001") }),
        update_mask: Some(mask(&["kind", "title"])),
        ..Default::default()
    };
    let refused = server.catalog.update_node(named(v1::NodeKind::Store)).await;
    assert_eq!(refused.expect_err("it is fixed").code(), Code::FailedPrecondition);
    let changed = server.catalog.update_node(named(v1::NodeKind::Warehouse)).await;
    assert_eq!(changed.expect("changed").into_inner().node.expect("a node").title, "Named");
    server.stop().await.expect("drained");
}

fn mask(paths: &[&str]) -> prost_types::FieldMask {
    prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_a_node_change_and_the_others_stay() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let given = v1::Node {
        node_id: "NYC".into(),
        title: "New York".into(),
        enabled: Some(false),
        capacity_units_per_day: Some(5),
        ..Default::default()
    };
    let update = v1::UpdateNodeRequest {
        node: Some(given.clone()),
        update_mask: Some(mask(&["title", "capacity_units_per_day"])),
        ..Default::default()
    };
    let updated = server.catalog.update_node(update).await.expect("changed").into_inner();
    let expected = v1::Node {
        title: "New York".into(),
        capacity_units_per_day: Some(5),
        ..node("NYC", "10001")
    };
    assert_eq!(updated.node, Some(expected.clone()));
    let get = v1::GetNodeRequest { node_id: "NYC".into(), min_version: updated.version };
    let read = server.catalog.get_node(get).await.expect("read").into_inner();
    assert_eq!(read.node, Some(expected));

    // What is wrong with the request is told at once, and before what is missing.
    let update = |node_id: &str, request_id: &str, paths: &[&str]| v1::UpdateNodeRequest {
        node: Some(v1::Node { node_id: node_id.into(), ..given.clone() }),
        update_mask: Some(mask(paths)),
        request_id: request_id.into(),
        ..Default::default()
    };
    let wrong = update("", "\n", &["colour", "title"]);
    let status = server.catalog.update_node(wrong).await.expect_err("refused");
    assert_eq!(fields(&status), ["request_id", "update_mask", "node.node_id"]);
    let missing = update("NONE", "", &["title"]);
    let status = server.catalog.update_node(missing).await.expect_err("refused");
    assert_eq!(status.code(), Code::NotFound);
    let whole = v1::UpdateNodeRequest { allow_missing: true, ..update("NONE", "", &["*"]) };
    let status = server.catalog.update_node(whole).await.expect_err("refused");
    let expected = ["node.kind", "node.postal_code", "node.time_zone", "node.working_days"];
    assert_eq!(fields(&status), expected);
    server.stop().await.expect("drained");
}

/// A new node ships. One that exists becomes what is said of all of it, as callers without
/// unset numbers say it; a mask keeps the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_node_ships_and_one_that_exists_is_as_all_of_it_or_the_mask_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::start(directory.path()).await;
    let silent = v1::Node { enabled: None, cut_off_minutes: None, ..node("NYC", "10001") };
    let update = |node: &v1::Node, paths: &[&str]| v1::UpdateNodeRequest {
        node: Some(node.clone()),
        update_mask: Some(mask(paths)),
        allow_missing: true,
        ..Default::default()
    };
    let said = |enabled, minutes| (Some(enabled), Some(minutes));
    let off = v1::Node { enabled: Some(false), cut_off_minutes: Some(600), ..silent.clone() };
    let both: &[&str] = &["enabled", "cut_off_minutes"];
    for (given, paths, expected) in [
        (&silent, &[][..], said(true, 1_440)),
        (&off, &["enabled"], said(false, 1_440)),
        (&off, &["cut_off_minutes"], said(false, 600)),
        (&silent, &["title"], said(false, 600)),
        (&node("NYC", "10001"), &[], said(true, 1_440)),
        (&silent, &["title"], said(true, 1_440)),
        // Turned off by a caller whose code sends no false and no 0.
        (&silent, &[], said(false, 0)),
        (&node("NYC", "10001"), &[], said(true, 1_440)),
        (&silent, &["*"], said(false, 0)),
        (&node("NYC", "10001"), &[], said(true, 1_440)),
        (&silent, both, said(false, 0)),
    ] {
        let updated = server.catalog.update_node(update(given, paths)).await.expect("changed");
        let updated = updated.into_inner().node.expect("a node");
        assert_eq!((updated.enabled, updated.cut_off_minutes), expected, "{paths:?}");
    }
    server.stop().await.expect("drained");
}

/// Of these, 0 is a fact that empties a shelf or ends preorders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_whose_zero_means_something_has_to_be_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let (sku, node_id) = ("SKU".to_owned(), "NYC".to_owned());
    let count =
        v1::CountStockRequest { sku: sku.clone(), node_id: node_id.clone(), ..Default::default() };
    let status = server.inventory.count_stock(count.clone()).await.expect_err("refused");
    assert_eq!(fields(&status), ["counted"]);
    let safety = v1::SetSafetyStockRequest { sku, node_id, ..Default::default() };
    let status = server.inventory.set_safety_stock(safety.clone()).await.expect_err("refused");
    assert_eq!(fields(&status), ["safety"]);
    let get = v1::GetSourcingPolicyRequest { min_version: 0 };
    let policy = server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    let mut policy = policy.policy.expect("a policy");
    policy.inbound_horizon_days = None;
    policy.services[1].promise_days = None;
    policy.bands[0].max_distance_metres = None;
    let update = v1::UpdateSourcingPolicyRequest { policy: Some(policy), ..Default::default() };
    let status = server.catalog.update_sourcing_policy(update).await.expect_err("refused");
    let expected = [
        "policy.bands[0].max_distance_metres",
        "policy.services[1].promise_days",
        "policy.inbound_horizon_days",
    ];
    assert_eq!(fields(&status), expected);
    assert_eq!(server.state_hash(), before);

    let nothing = v1::CountStockRequest { counted: Some(0), ..count };
    let counted = server.inventory.count_stock(nothing).await.expect("counted").into_inner();
    assert_eq!(counted.stock.expect("a stock").on_hand, 0);
    let none = v1::SetSafetyStockRequest { safety: Some(0), ..safety };
    server.inventory.set_safety_stock(none).await.expect("set");
    server.stop().await.expect("drained");
}

/// A code of another country may look like one that is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_or_destination_of_another_country_is_refused_and_says_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let update = |country: &str, paths: &[&str]| v1::UpdateNodeRequest {
        node: Some(v1::Node { country_code: country.into(), ..node("NYC", "10115") }),
        update_mask: Some(mask(paths)),
        ..Default::default()
    };
    let before = server.state_hash();
    // Whatever the mask names.
    for paths in [&[][..], &["*"], &["postal_code"], &["country_code"], &["title"]] {
        let status = server.catalog.update_node(update("DE", paths)).await.expect_err("refused");
        assert_eq!(fields(&status), ["node.country_code"], "{paths:?}");
        let why = "\"DE\" is not US, the only country whose addresses this server knows";
        assert_eq!(status.message(), format!("node.country_code: {why}"));
    }
    let of_brazil = v1::UpdateNodeRequest {
        node: Some(node("NYC", "01310-100")),
        update_mask: Some(mask(&["postal_code"])),
        ..Default::default()
    };
    let status = server.catalog.update_node(of_brazil).await.expect_err("refused");
    assert!(status.message().contains("looks like a postal code of Brazil"), "{status:?}");
    let to = |code: &str, country: &str| v1::PlaceOrderRequest {
        destination_postal_code: code.into(),
        destination_country_code: country.into(),
        ..order("A", &[("SKU", 1)])
    };
    let status = server.orders.place_order(to("SW1A 1AA", "")).await.expect_err("refused");
    assert_eq!(fields(&status), ["destination_postal_code"]);
    assert!(status.message().contains("looks like a postal code of the United Kingdom"));
    let status = server.orders.place_order(to("10115", "DE")).await.expect_err("refused");
    assert_eq!(fields(&status), ["destination_country_code"]);
    assert_eq!(server.state_hash(), before);

    // What is known is taken in any case, and told in capitals.
    let updated = server.catalog.update_node(update("us", &["postal_code"])).await;
    let updated = updated.expect("changed").into_inner().node.expect("a node");
    assert_eq!((&*updated.postal_code, &*updated.country_code), ("10115", "US"));
    server.orders.place_order(to("10001", "us")).await.expect("placed");
    server.orders.place_order(to("10001", "")).await.expect("the same order");
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    let read = server.orders.get_order(get).await.expect("read").into_inner();
    assert_eq!(read.order.expect("an order").destination_country_code, "US");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_one_another_and_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for at in 0..5 {
        server.define_item(&format!("I{at}")).await;
        server.define_node(node(&format!("N{at}"), "60601")).await;
    }
    let (mut skus, mut page_token) = (Vec::new(), String::new());
    loop {
        let list = v1::ListItemsRequest { page_size: 3, page_token, min_version: 0 };
        let page = server.catalog.list_items(list).await.expect("listed").into_inner();
        skus.extend(page.items.into_iter().map(|item| item.sku));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(skus, ["SKU", "RARE", "I0", "I1", "I2", "I3", "I4"]);
    let list = v1::ListNodesRequest { page_size: 0, page_token: String::new(), min_version: 0 };
    let page = server.catalog.list_nodes(list).await.expect("listed").into_inner();
    assert_eq!((page.nodes.len(), page.next_page_token.as_str()), (6, ""));

    // A page that cannot be read is told with all else.
    let list = v1::ListReservationsRequest {
        sku: String::new(),
        node_id: "NYC".into(),
        page_size: -1,
        page_token: "7".into(),
        min_version: 0,
    };
    let status = server.inventory.list_reservations(list).await.expect_err("refused");
    assert_eq!(fields(&status), ["sku", "page_size", "page_token"]);
    let list =
        v1::ListShipmentsRequest { order_id: String::new(), page_size: -1, ..Default::default() };
    let status = server.fulfillment.list_shipments(list).await.expect_err("refused");
    assert_eq!(fields(&status), ["order_id", "page_size"]);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reservations_are_listed_by_order_and_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for (id, units) in [("A", 7), ("B", 5)] {
        let wanted = waiting_order(id, &[("SKU", units)]);
        server.orders.place_order(wanted).await.expect("placed");
    }
    let list = v1::ListReservationsRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        ..Default::default()
    };
    let listed = server.inventory.list_reservations(list).await.expect("listed").into_inner();
    let listed: Vec<_> = listed
        .reservations
        .iter()
        .map(|r| (&*r.order_id, r.line_index, r.quantity, r.supply.as_ref().expect("one").kind()))
        .collect();
    let expected = [
        ("A", 0, 7, v1::SupplyKind::OnHand),
        ("B", 0, 3, v1::SupplyKind::OnHand),
        ("B", 0, 2, v1::SupplyKind::Backorder),
    ];
    assert_eq!(listed, expected);
    server.stop().await.expect("drained");
}

/// A row of a feed that changed a supply, sent again after the supply was received
/// and closed, is the same row: nothing is on its way any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_sent_again_does_not_announce_what_has_arrived() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let announced = announcement("RARE", "PO-1", 10);
    server.inventory.announce_inbound(announced.clone()).await.expect("announced");
    let inbound = v1::InboundAnnouncement {
        inbound_id: "PO-1".into(),
        quantity: 12,
        eta: announced.inbound.and_then(|inbound| inbound.eta),
    };
    let row = v1::StockRow {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        change: Some(v1::stock_row::Change::Inbound(inbound)),
    };
    let request = v1::LoadStockRequest { rows: vec![row], request_id: "FEED".into() };
    let first = feed(&mut server, request.clone()).await;
    assert_eq!(first.rows_applied, 1, "{:?}", first.faults);
    let receive = v1::ReceiveInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        quantity: 12,
        complete: true,
        ..Default::default()
    };
    let answer = server.inventory.receive_inbound(receive).await.expect("received").into_inner();
    let stock = answer.stock.expect("a stock");
    assert_eq!((stock.on_hand, stock.inbound.len()), (12, 0));
    let again = feed(&mut server, request).await;
    assert_eq!((again.rows_applied, again.version), (1, first.version));
    assert_eq!((first.rows_repeated, again.rows_repeated), (0, 1));
    let get = v1::GetAvailabilityRequest { sku: "RARE".into(), ..Default::default() };
    let rare = server.inventory.get_availability(get).await.expect("read").into_inner();
    assert_eq!(rare.availability.expect("the item").atp_at, 12, "nothing is on its way");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supply_is_announced_changed_received_and_cancelled() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let announce = announcement("RARE", "PO-1", 10);
    let answer = server.inventory.announce_inbound(announce).await.expect("announced");
    let supply = answer.into_inner().stock.expect("a stock").inbound.remove(0);
    assert_eq!((&*supply.inbound_id, supply.quantity, supply.free), ("PO-1", 10, 10));

    let change = v1::UpdateInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        quantity: Some(8),
        ..Default::default()
    };
    let nothing = v1::UpdateInboundRequest { quantity: None, ..change.clone() };
    let status = server.inventory.update_inbound(nothing).await.expect_err("refused");
    assert_eq!(fields(&status), ["quantity"]);
    let answer = server.inventory.update_inbound(change).await.expect("changed").into_inner();
    assert_eq!(answer.stock.expect("a stock").inbound[0].quantity, 8);

    let receive = v1::ReceiveInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        quantity: 3,
        ..Default::default()
    };
    let answer = server.inventory.receive_inbound(receive).await.expect("received").into_inner();
    let stock = answer.stock.expect("a stock");
    assert_eq!((stock.on_hand, stock.inbound[0].quantity), (3, 5));

    let cancel = v1::CancelInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        reason: "lost at sea".into(),
        ..Default::default()
    };
    let bad = v1::CancelInboundRequest { reason: "\n".into(), ..cancel.clone() };
    let status = server.inventory.cancel_inbound(bad).await.expect_err("refused");
    assert_eq!(fields(&status), ["reason"]);
    let answer = server.inventory.cancel_inbound(cancel).await.expect("cancelled").into_inner();
    assert!(answer.stock.expect("a stock").inbound.is_empty());

    let count = v1::CountStockRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        counted: Some(2),
        reason: "one is broken".into(),
        ..Default::default()
    };
    server.inventory.count_stock(count).await.expect("counted");
    server.stop().await.expect("drained");
    for reason in ["lost at sea", "one is broken"] {
        assert!(journal_has(directory.path(), reason), "{reason} is kept");
    }
}

/// Whether a record of the journal has that text in it.
fn journal_has(data: &std::path::Path, text: &str) -> bool {
    let disk = std::sync::Arc::new(RealDisk);
    let log = open_read_only(disk, &journal_directory(data), Known::default()).expect("it opens");
    let history = log.history();
    let mut found = false;
    let read = history.cursor(history.first()).read(&mut |_, payload| {
        found |= payload.windows(text.len()).any(|part| part == text.as_bytes());
        std::ops::ControlFlow::Continue(())
    });
    read.expect("it can be read");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_skus_are_promised_in_the_order_asked() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("CHI", "60601")).await;
    server.set_stock("SKU", "CHI", 4).await;
    let announce = announcement("RARE", "PO-1", 6);
    server.inventory.announce_inbound(announce).await.expect("announced");
    let ask = |node_ids: &[&str], at| v1::BatchGetAvailabilityRequest {
        skus: vec!["RARE".into(), "SKU".into(), "RARE".into()],
        node_ids: node_ids.iter().map(|id| (*id).to_owned()).collect(),
        at,
        min_version: 0,
    };
    let later = Some(v1::Date { year: 2100, month: 1, day: 2 });
    let answer = server.inventory.batch_get_availability(ask(&[], later)).await;
    let answer = answer.expect("answered").into_inner().availabilities;
    let read = |of: &v1::SkuAvailability| (of.sku.clone(), of.atp_now, of.atp_at);
    let rare = ("RARE".to_owned(), 0, 6);
    let expected = [rare.clone(), ("SKU".to_owned(), 14, 14), rare];
    assert_eq!(answer.iter().map(read).collect::<Vec<_>>(), expected);

    let answer = server.inventory.batch_get_availability(ask(&["CHI"], None)).await;
    let answer = answer.expect("answered").into_inner().availabilities;
    assert_eq!(answer.iter().map(|of| of.atp_now).collect::<Vec<_>>(), [0, 4, 0]);

    // One that is at fault does not lose the others their answers, nor their places.
    let skus = ["SKU", "NONE", "", "RARE"].map(String::from).to_vec();
    let some = v1::BatchGetAvailabilityRequest { skus, ..ask(&[], None) };
    let answer = server.inventory.batch_get_availability(some).await;
    let answer = answer.expect("answered").into_inner();
    let read = answer.availabilities.iter().map(|of| (&*of.sku, of.atp_now)).collect::<Vec<_>>();
    assert_eq!(read, [("SKU", 14), ("NONE", 0), ("", 0), ("RARE", 0)]);
    assert!(answer.availabilities[1].nodes.is_empty() && answer.version > 0);
    let faults = answer.faults.iter().map(|of| {
        let fault = of.fault.as_ref().expect("a fault");
        (of.sku_index, fault.code, &*fault.reason, fault.field_violations.len())
    });
    let expected = [(1, 5, "ITEM_NOT_FOUND", 0), (2, 3, "INVALID_REQUEST", 1)];
    assert_eq!(faults.collect::<Vec<_>>(), expected);
    let skus = vec!["NONE".to_owned()];
    let none = v1::BatchGetAvailabilityRequest { skus, ..ask(&[], None) };
    let answer = server.inventory.batch_get_availability(none).await;
    assert!(answer.expect("answered").into_inner().version > 0);

    let unknown = ask(&["NYC", "Z", "Y"], None);
    let status = server.inventory.batch_get_availability(unknown).await.expect_err("refused");
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("node Y"), "{}", status.message());
    let empty = v1::BatchGetAvailabilityRequest { skus: Vec::new(), ..ask(&["\n"], None) };
    let status = server.inventory.batch_get_availability(empty).await.expect_err("refused");
    assert_eq!(fields(&status), ["skus", "node_ids[0]"]);
    server.stop().await.expect("drained");
}
