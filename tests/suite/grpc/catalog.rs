//! Items, nodes and the policy: defined whole or in parts, checked, read in pages.

use backstock_proto::v1;
use tonic::Code;

use super::server::{TestServer, fields, node, order};

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
        v1::SourcingObjective::OwnStock.into(),
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

    // Own stock is not behind the promise any more.
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
        "policy.objectives[2]",
        "policy.default_split_policy",
        "policy.inbound_horizon_days",
    ];
    assert_eq!(fields(&status), expected);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supplier_has_a_minimum_and_a_reliability_and_no_other_node_has() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let vendor = v1::Node {
        kind: v1::NodeKind::Supplier.into(),
        min_order_quantity: Some(12),
        reliability_basis_points: Some(9_750),
        ..node("VENDOR", "10001")
    };
    let update = |node: &v1::Node| v1::UpdateNodeRequest {
        node: Some(node.clone()),
        allow_missing: true,
        ..Default::default()
    };
    let made = server.catalog.update_node(update(&vendor)).await.expect("made").into_inner();
    assert_eq!(made.node, Some(vendor.clone()));
    let get = v1::GetNodeRequest { node_id: "VENDOR".into(), min_version: made.version };
    let read = server.catalog.get_node(get).await.expect("read").into_inner();
    assert_eq!(read.node, Some(vendor.clone()));
    let store = v1::NodeKind::Store.into();
    let (minimum, reliability) = ("node.min_order_quantity", "node.reliability_basis_points");
    for (wrong, at_fault) in [
        (v1::Node { min_order_quantity: Some(0), ..vendor.clone() }, &[minimum][..]),
        (v1::Node { min_order_quantity: Some(500_001), ..vendor.clone() }, &[minimum]),
        (v1::Node { reliability_basis_points: Some(0), ..vendor.clone() }, &[reliability]),
        (v1::Node { reliability_basis_points: Some(10_001), ..vendor.clone() }, &[reliability]),
        (v1::Node { node_id: "STORE".into(), kind: store, ..vendor }, &[minimum, reliability]),
    ] {
        let refused = server.catalog.update_node(update(&wrong)).await.expect_err("refused");
        assert_eq!(fields(&refused), at_fault, "{wrong:?}");
    }
    server.stop().await.expect("drained");
}

/// What says nothing of a title does not take it away, and what cannot change is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_can_be_made_sure_of_and_a_kind_be_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let sure = |sku: &str, title: &str, validate_only| v1::UpdateItemRequest {
        item: Some(v1::Item { sku: sku.into(), title: title.into(), ..Default::default() }),
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
        capacity_shipments_per_day: Some(3),
        ..Default::default()
    };
    let update = v1::UpdateNodeRequest {
        node: Some(given.clone()),
        update_mask: Some(mask(&["title", "capacity_units_per_day", "capacity_shipments_per_day"])),
        ..Default::default()
    };
    let updated = server.catalog.update_node(update).await.expect("changed").into_inner();
    let expected = v1::Node {
        title: "New York".into(),
        capacity_units_per_day: Some(5),
        capacity_shipments_per_day: Some(3),
        ..node("NYC", "10001")
    };
    assert_eq!(updated.node, Some(expected.clone()));
    let get = v1::GetNodeRequest { node_id: "NYC".into(), min_version: updated.version };
    let read = server.catalog.get_node(get).await.expect("read").into_inner();
    assert_eq!(read.node, Some(expected));

    let load = |from, days| v1::GetNodeLoadRequest {
        node_id: "NYC".into(),
        from,
        days,
        min_version: updated.version,
    };
    let read = server.catalog.get_node_load(load(None, 0)).await.expect("read").into_inner();
    assert_eq!(read.days.len(), 7);
    let first = v1::Date { year: 2026, month: 12, day: 31 };
    let read = server.catalog.get_node_load(load(Some(first), 2)).await.expect("read").into_inner();
    let day = |year, month, day| v1::NodeDayLoad {
        day: Some(v1::Date { year, month, day }),
        capacity_units: Some(5),
        capacity_shipments: Some(3),
        planned_units: Some(0),
        planned_shipments: Some(0),
        left_units: Some(5),
        left_shipments: Some(3),
        work: Some(v1::WorkCounts::default()),
    };
    assert_eq!(read.days, [day(2026, 12, 31), day(2027, 1, 1)]);
    for days in [-1, 367] {
        let no_day = v1::Date { year: 2026, month: 2, day: 30 };
        let status = server.catalog.get_node_load(load(Some(no_day), days)).await;
        assert_eq!(fields(&status.expect_err("refused")), ["from", "days"]);
    }

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
