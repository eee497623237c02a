//! What a node, a desk and a customer say of an order has its bounds: each field that is over its own
//! is told by its name, and nothing is done.

use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation;
use tempfile::TempDir;
use tonic::{Code, Status};

use super::changes::{add, change};
use super::server::{TestServer, fields, order};

/// A server with an order of two units, which nobody began with.
struct World {
    server: TestServer,
    _directory: TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let mut server = TestServer::stocked(directory.path()).await;
        server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
        Self { server, _directory: directory }
    }

    async fn read(&mut self) -> v1::Order {
        let get = v1::GetOrderRequest { order_id: "A".into(), ..Default::default() };
        let answer = self.server.orders.get_order(get).await.expect("the order").into_inner();
        answer.order.expect("the order")
    }
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

fn ship() -> v1::ShipShipmentRequest {
    v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        tracking: "1Z".into(),
        ..Default::default()
    }
}

fn pack() -> v1::PackShipmentRequest {
    v1::PackShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        package_id: "P".into(),
        ..Default::default()
    }
}

fn lines(count: u32) -> Vec<v1::LineQuantity> {
    (0..count).map(|line_index| v1::LineQuantity { line_index, quantity: 1 }).collect()
}

fn wrong<T>(answer: Result<T, Status>, expected: &[&str]) {
    let Err(status) = answer else { panic!("it was taken, and not refused for {expected:?}") };
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(fields(&status), expected, "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_says_has_its_bounds() {
    let mut world = World::new().await;
    let before = (world.read().await, world.server.engine.version());
    let node = &mut world.server.fulfillment;
    let tracking = v1::ShipShipmentRequest { tracking: text(10 << 10), ..ship() };
    wrong(node.ship_shipment(tracking).await, &["tracking"]);
    let carrier = v1::ShipShipmentRequest { carrier: text(257), ..ship() };
    wrong(node.ship_shipment(carrier).await, &["carrier"]);
    let package_ids = vec![text(65)];
    wrong(
        node.ship_shipment(v1::ShipShipmentRequest { package_ids, ..ship() }).await,
        &["package_ids[0]"],
    );
    let package_ids = (0..101).map(|at| format!("P{at}")).collect();
    wrong(
        node.ship_shipment(v1::ShipShipmentRequest { package_ids, ..ship() }).await,
        &["package_ids"],
    );
    let package_id = text(65);
    wrong(
        node.pack_shipment(v1::PackShipmentRequest { package_id, ..pack() }).await,
        &["package_id"],
    );
    wrong(
        node.pack_shipment(v1::PackShipmentRequest { lines: lines(501), ..pack() }).await,
        &["lines[500].line_index", "lines"],
    );
    let none = vec![v1::LineQuantity { line_index: 0, quantity: 0 }];
    wrong(
        node.pack_shipment(v1::PackShipmentRequest { lines: none, ..pack() }).await,
        &["lines[0].quantity"],
    );
    let claim = v1::ClaimShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        owner: text(65),
        lease_seconds: 12 * 60 * 60 + 1,
        ..Default::default()
    };
    wrong(node.claim_shipment(claim).await, &["owner", "lease_seconds"]);
    let decline = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        reason: 99,
        lines: lines(1),
        ..Default::default()
    };
    wrong(node.decline_shipment(decline).await, &["reason", "request_id"]);
    let wave = v1::ReleaseWaveRequest {
        node_id: "NYC".into(),
        shipments_max: 501,
        request_id: text(65),
        ..Default::default()
    };
    wrong(node.release_wave(wave).await, &["request_id", "shipments_max"]);
    let after = (world.read().await, world.server.engine.version());
    assert_eq!(after, before, "nothing was done");
    world.server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_desk_says_has_its_bounds() {
    let mut world = World::new().await;
    let before = (world.read().await, world.server.engine.version());
    let desk = &mut world.server.orders;
    let hold = v1::HoldOrderRequest {
        order_id: "A".into(),
        order_hold_id: text(65),
        kind: v1::OrderHoldKind::Fraud.into(),
        reason: text(257),
        owner: text(257),
        ..Default::default()
    };
    wrong(desk.hold_order(hold).await, &["order_hold_id", "reason", "owner"]);
    let note = |bytes| v1::ChangeOperation { operation: Some(Operation::SetNote(text(bytes))) };
    wrong(desk.quote_change(change(vec![note(257)])).await, &["operations[0].set_note"]);
    let reason = v1::QuoteChangeRequest { reason: text(257), ..change(vec![note(1)]) };
    wrong(desk.quote_change(reason).await, &["reason"]);
    let many = (0..501).map(|_| add("SKU", 1)).collect();
    wrong(desk.quote_change(change(many)).await, &["operations"]);
    wrong(desk.quote_change(change(vec![])).await, &["operations"]);
    let commit = |change_token: Vec<u8>| v1::CommitChangeRequest {
        order_id: "A".into(),
        change_token: change_token.into(),
    };
    for token in [vec![], vec![0; 131_073], b"no token".to_vec()] {
        wrong(desk.commit_change(commit(token)).await, &["change_token"]);
    }
    let cancel =
        v1::CancelOrderRequest { order_id: "A".into(), reason: text(257), ..Default::default() };
    wrong(desk.cancel_order(cancel).await, &["reason"]);
    let after = (world.read().await, world.server.engine.version());
    assert_eq!(after, before, "nothing was done");
    world.server.stop().await.expect("it drains");
}

/// What left cannot be declined, and the node is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_left_is_not_declined() {
    use tonic_types::StatusExt as _;
    let mut world = World::new().await;
    world.server.fulfillment.ship_shipment(ship()).await.expect("shipped");
    let before = world.read().await;
    for lines in [vec![], lines(1)] {
        let decline = v1::DeclineShipmentRequest {
            order_id: "A".into(),
            shipment_number: 1,
            reason: v1::DeclineReason::NotFound.into(),
            request_id: if lines.is_empty() { String::new() } else { "K".into() },
            lines,
            ..Default::default()
        };
        let status = world.server.fulfillment.decline_shipment(decline).await.expect_err("left");
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        let details = status.get_error_details();
        let reason = &details.error_info().expect("a reason").reason;
        assert!(["SHIPMENT_NOT_PLANNED", "UNITS_LEFT_NODE"].contains(&reason.as_str()), "{reason}");
    }
    assert_eq!(world.read().await, before);
    world.server.stop().await.expect("it drains");
}

/// A node may say that a package has what there is, in one or in several: never more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_has_no_more_units_than_the_shipment_has() {
    use tonic_types::StatusExt as _;
    let mut world = World::new().await;
    let has = |package_id: &str, quantity| v1::PackShipmentRequest {
        package_id: package_id.into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity }],
        ..pack()
    };
    let refused = async |world: &mut World, request| {
        let before = (world.read().await, world.server.state_hash());
        let status = world.server.fulfillment.pack_shipment(request).await.expect_err("too many");
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        let info = status.get_details_error_info().expect("a reason");
        assert_eq!(info.reason, "UNITS_NOT_IN_SHIPMENT");
        assert_eq!((world.read().await, world.server.state_hash()), before, "nothing was done");
    };
    refused(&mut world, has("P", 3)).await;
    world.server.fulfillment.pack_shipment(has("P", 1)).await.expect("packed");
    // With the one that is in the first package, these are too many; so is more in that one.
    refused(&mut world, has("Q", 2)).await;
    refused(&mut world, has("P", 3)).await;
    world.server.fulfillment.pack_shipment(has("Q", 1)).await.expect("packed");
    refused(&mut world, has("R", 1)).await;
    // What leaves is what was packed, and no package that nobody packed.
    let package_ids = vec!["P".into(), "R".into()];
    let unknown = v1::ShipShipmentRequest { package_ids, ..ship() };
    world.server.fulfillment.ship_shipment(unknown).await.expect_err("there is no such package");
    let package_ids = vec!["P".into()];
    let left = v1::ShipShipmentRequest { package_ids, ..ship() };
    world.server.fulfillment.ship_shipment(left).await.expect("it leaves");
    let units = world.read().await.lines[0].units.expect("units");
    assert_eq!((units.shipped, units.packed), (1, 1));
    world.server.audit().await;
    world.server.stop().await.expect("it drains");
}
