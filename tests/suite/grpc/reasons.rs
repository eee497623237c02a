//! Every reason for a refusal, provoked over a real connection.

use std::future::pending;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use backstock::cli::Exit;
use backstock::config::Config;
use backstock::status::Reason::{self, Refused};
use backstock_engine::command::PlaceOrder;
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::disk::simulated::Operation;
use backstock_engine::limits;
use backstock_engine::model::{RefusalKind, Shortage};
use backstock_engine::snapshot::{ChunkKey, Kind, SnapshotStore};
use backstock_proto::v1;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_tests::fixture;
use tempfile::TempDir;
use tonic::codegen::tokio_stream;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::bundles::bundle;
use super::feed::{begin_at, consumer, cut};
use super::holds::{change, confirm, extend, for_seconds, held, hold, lapsed, release};
use super::opening::Opening;
use super::server::{
    TestServer, announcement, configuration, dispatch, fields, node, order, recall, waiting_order,
};

/// Reasons with which no caller can have a call fail at will; `server/src/grpc/errors.rs` maps the
/// engine's error of each. Those of changes are told as faults in an answer, or have the change
/// quoted anew: see `changes.rs`.
const NOT_AT_WILL: [Reason; 11] = [
    Refused(RefusalKind::ChangeOvertaken),
    Refused(RefusalKind::ChangeExpired),
    Refused(RefusalKind::ChangeShort),
    Refused(RefusalKind::CurrencyDiffers),
    Refused(RefusalKind::OrderFull),
    Refused(RefusalKind::ShipmentStays),
    Refused(RefusalKind::NodeNotServing),
    Refused(RefusalKind::Contended),
    Refused(RefusalKind::CommandTooLarge),
    Reason::ReaderStalled,
    Reason::RequestStalled,
];

/// A stocked server for one refusal.
struct Refusing {
    server: TestServer,
    directory: TempDir,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reason_is_given_with_its_code() {
    for reason in Reason::all().filter(|reason| !NOT_AT_WILL.contains(reason)) {
        let (code, status) = provoked(reason).await;
        let details = status.get_error_details();
        let told = details.error_info().unwrap_or_else(|| panic!("{reason}: {status:?}"));
        assert_eq!((told.reason.as_str(), told.domain.as_str()), (reason.as_str(), "backstock"));
        assert_eq!(status.code(), code, "{reason}: {status:?}");
        assert!(is_documented(reason, code), "{reason} is not listed below {code:?}");
        let again = code == Code::ResourceExhausted
            || matches!(
                reason,
                Reason::Draining | Reason::DiskFull | Reason::ConsumersUnwritable | Reason::Opening
            );
        assert_eq!(details.retry_info().is_some(), again, "{reason}: {status:?}");
        let state = code == Code::FailedPrecondition;
        assert_eq!(details.precondition_failure().is_some(), state, "{reason}: {status:?}");
    }
}

/// Whether the list at `Fault.reason` in the .proto files has the reason below that
/// code.
fn is_documented(reason: Reason, code: Code) -> bool {
    let comment = include_str!("../../../proto/backstock/v1/types.proto").lines();
    let comment: Vec<_> = comment.map(|line| line.trim().trim_start_matches("//").trim()).collect();
    let entry = format!("- {reason}:");
    let mut paragraphs = comment.split(|line| line.is_empty());
    let of_code = paragraphs.find(|lines| lines.iter().any(|line| line.starts_with(&entry)));
    let heading = of_code.map_or("", |lines| lines[0]);
    let name = heading.split([',', ':']).next().unwrap_or_default().replace('_', "");
    name.eq_ignore_ascii_case(&format!("{code:?}"))
}

/// Provokes a reason; with the code that is to come with it. There is no arm for
/// all others: a new reason needs a case of its own.
#[expect(clippy::too_many_lines, reason = "a list with a row for each reason")]
async fn provoked(reason: Reason) -> (Code, Status) {
    match reason {
        Reason::InvalidRequest => (Code::InvalidArgument, invalid().await),
        Refused(
            RefusalKind::ItemNotFound
            | RefusalKind::NodeNotFound
            | RefusalKind::InboundNotFound
            | RefusalKind::OrderNotFound
            | RefusalKind::HoldNotFound
            | RefusalKind::ConsumerNotFound
            | RefusalKind::EndpointNotFound
            | RefusalKind::LineNotFound
            | RefusalKind::ShipmentNotFound,
        )
        | Reason::SnapshotNotFound => (Code::NotFound, not_found(reason).await),
        Refused(RefusalKind::InboundExists) => (Code::AlreadyExists, inbound_exists().await),
        Refused(RefusalKind::InboundClosed) => (Code::FailedPrecondition, inbound_closed().await),
        Refused(RefusalKind::InboundIsTransfer) => {
            (Code::FailedPrecondition, inbound_is_transfer().await)
        }
        Refused(RefusalKind::InboundNoTransfer) => {
            (Code::FailedPrecondition, inbound_no_transfer().await)
        }
        Refused(RefusalKind::OrderIdReused) => (Code::AlreadyExists, order_id_reused().await),
        Refused(RefusalKind::HoldIdReused) => (Code::AlreadyExists, hold_id_reused().await),
        Refused(RefusalKind::HoldEnded) => (Code::FailedPrecondition, hold_ended().await),
        Refused(RefusalKind::HoldWaits) => (Code::FailedPrecondition, hold_waits().await),
        Refused(RefusalKind::HoldDiffers) => (Code::FailedPrecondition, hold_differs().await),
        Refused(RefusalKind::HoldGrows) => (Code::FailedPrecondition, hold_grows().await),
        Refused(RefusalKind::HoldTakesPart) => (Code::FailedPrecondition, hold_takes_part().await),
        Refused(RefusalKind::HoldShort) => (Code::FailedPrecondition, hold_short().await),
        Refused(RefusalKind::HoldAtLimit) => (Code::FailedPrecondition, hold_at_limit().await),
        Refused(RefusalKind::BacklogFull) => (Code::FailedPrecondition, backlog_full().await),
        Refused(RefusalKind::PickupNotOffered) => {
            (Code::FailedPrecondition, pickup_not_offered().await)
        }
        Refused(RefusalKind::ItemOffSale) => (Code::FailedPrecondition, item_off_sale().await),
        Refused(RefusalKind::SaleNotOpen) => (Code::FailedPrecondition, sale_not_open().await),
        Refused(RefusalKind::ItemIsBundle) => (Code::FailedPrecondition, item_is_bundle().await),
        Refused(RefusalKind::LineOfBundle) => (Code::FailedPrecondition, line_of_bundle().await),
        Refused(RefusalKind::LineOfNoBundle) => {
            (Code::FailedPrecondition, line_of_no_bundle().await)
        }
        Refused(RefusalKind::HoldUnitsGone) => (Code::FailedPrecondition, hold_units_gone().await),
        Refused(RefusalKind::RequestIdReused) => (Code::AlreadyExists, request_id_reused().await),
        Refused(RefusalKind::NodeIsSupplier) => (Code::FailedPrecondition, at_supplier().await),
        Refused(RefusalKind::NodeNotSupplier) => {
            (Code::FailedPrecondition, not_at_supplier().await)
        }
        Refused(RefusalKind::VendorFeedOutdated) => {
            (Code::FailedPrecondition, vendor_feed_outdated().await)
        }
        Refused(RefusalKind::NodeKindFixed) => (Code::FailedPrecondition, node_kind_fixed().await),
        Refused(RefusalKind::ServiceFixed) => (Code::FailedPrecondition, service_fixed().await),
        Refused(RefusalKind::NoNode) => (Code::FailedPrecondition, no_node().await),
        Refused(RefusalKind::QuantityTooLarge) => {
            (Code::FailedPrecondition, quantity_too_large().await)
        }
        Refused(RefusalKind::ListFull) => (Code::FailedPrecondition, list_full().await),
        Refused(RefusalKind::StockBelowZero) => {
            (Code::FailedPrecondition, stock_below_zero().await)
        }
        Refused(RefusalKind::UnitsShipped) => (Code::FailedPrecondition, units_shipped().await),
        Refused(RefusalKind::UnitsCancelled) => (Code::FailedPrecondition, units_cancelled().await),
        Refused(RefusalKind::OrderClosed) => (Code::FailedPrecondition, order_closed().await),
        Refused(RefusalKind::CustomerNotAsked) => {
            (Code::FailedPrecondition, customer_not_asked().await)
        }
        Refused(RefusalKind::OrderHoldNotFound) => (Code::NotFound, order_hold_not_found().await),
        Refused(RefusalKind::OrderHoldExists) => (Code::AlreadyExists, order_hold_exists().await),
        Refused(RefusalKind::OrderOnHold) => (Code::FailedPrecondition, order_on_hold().await),
        Refused(RefusalKind::UnitsNotOrdered) => {
            (Code::FailedPrecondition, units_not_ordered().await)
        }
        Refused(RefusalKind::ShipmentNotPlanned) => {
            (Code::FailedPrecondition, shipment_not_planned().await)
        }
        Refused(RefusalKind::ShipmentClaimed) => (Code::FailedPrecondition, steps::claimed().await),
        Refused(RefusalKind::ShipmentDeclined) => {
            (Code::FailedPrecondition, shipment_declined().await)
        }
        Refused(RefusalKind::SupplyNotReceived) => {
            (Code::FailedPrecondition, supply_not_received().await)
        }
        Refused(RefusalKind::UnitsMissing) => (Code::FailedPrecondition, units_missing().await),
        Refused(RefusalKind::PackageNotFound) => {
            (Code::NotFound, steps::refused(RefusalKind::PackageNotFound).await)
        }
        Refused(
            of_a_step @ (RefusalKind::UnitsPicked
            | RefusalKind::ShipmentExpired
            | RefusalKind::UnitsPacked
            | RefusalKind::UnitsReady
            | RefusalKind::UnitsNotShipped
            | RefusalKind::UnitsLeftNode
            | RefusalKind::UnitsArrived
            | RefusalKind::UnitsNotInShipment
            | RefusalKind::NotCollectedHere
            | RefusalKind::BundleNotWhole
            | RefusalKind::DeliveredTooEarly
            | RefusalKind::RecallNotAsked),
        ) => (Code::FailedPrecondition, steps::refused(of_a_step).await),
        Reason::SnapshotRunning => (Code::FailedPrecondition, snapshot_running().await),
        Reason::VersionAhead => (Code::OutOfRange, version_ahead().await),
        Reason::VersionDropped => (Code::OutOfRange, version_dropped().await),
        Reason::Overloaded => (Code::ResourceExhausted, overloaded().await),
        Reason::Draining => (Code::Unavailable, draining().await),
        Reason::Opening => (Code::Unavailable, opening().await),
        Reason::DiskFull => (Code::Unavailable, disk_full().await),
        Reason::ConsumersUnwritable => (Code::Unavailable, consumers_unwritable().await),
        Reason::JournalHalted => (Code::Unavailable, journal_halted().await),
        Reason::EngineHalted => (Code::Unavailable, engine_halted().await),
        Reason::ArchiveUnreadable => (Code::DataLoss, archive_unreadable().await),
        Reason::JournalUnreadable => (Code::DataLoss, journal_unreadable().await),
        Reason::Internal => (Code::Internal, damaged_store().await),
        Refused(
            RefusalKind::Contended
            | RefusalKind::CommandTooLarge
            | RefusalKind::ChangeOvertaken
            | RefusalKind::ChangeExpired
            | RefusalKind::ChangeShort
            | RefusalKind::CurrencyDiffers
            | RefusalKind::OrderFull
            | RefusalKind::ShipmentStays
            | RefusalKind::NodeNotServing,
        )
        | Reason::ReaderStalled
        | Reason::RequestStalled => {
            unreachable!("not at will")
        }
    }
}

impl Refusing {
    async fn stocked() -> Self {
        Self::stocked_as(|config| config).await
    }

    async fn stocked_as(change: impl FnOnce(Config) -> Config) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let config = change(configuration(directory.path()));
        let mut server = TestServer::start_as(&config).await;
        server.stock().await;
        Self { server, directory }
    }

    /// Ends the server, in which all is well.
    async fn stop(self) {
        self.server.stop().await.expect("drained");
    }
}

/// The refusal, of a server in which nothing changed.
macro_rules! refused {
    ($refusing:ident, $call:expr) => {{
        let before = $refusing.server.state_hash();
        let status = $call.await.map(|_| ()).expect_err("it is refused");
        assert_eq!($refusing.server.state_hash(), before, "a refusal changes nothing");
        $refusing.stop().await;
        status
    }};
}

mod steps;

async fn invalid() -> Status {
    let mut a = Refusing::stocked().await;
    refused!(a, a.server.orders.place_order(order("", &[("SKU", 1)])))
}

async fn not_found(reason: Reason) -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let line = |line_index| v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index, quantity: 1, of_bundle: false }],
        ..Default::default()
    };
    let inbound = v1::CancelInboundRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        inbound_id: "NONE".into(),
        ..Default::default()
    };
    let get = |order_id: &str, shipment_number| v1::GetShipmentRequest {
        order_id: order_id.into(),
        shipment_number,
        min_version: 0,
    };
    match reason {
        Refused(RefusalKind::ItemNotFound) => {
            refused!(a, a.server.orders.place_order(order("B", &[("NONE", 1)])))
        }
        Refused(RefusalKind::NodeNotFound) => {
            let get = v1::GetNodeRequest { node_id: "NONE".into(), min_version: 0 };
            refused!(a, a.server.catalog.get_node(get))
        }
        Refused(RefusalKind::InboundNotFound) => {
            refused!(a, a.server.inventory.cancel_inbound(inbound))
        }
        Refused(RefusalKind::OrderNotFound) => {
            refused!(a, a.server.fulfillment.get_shipment(get("NONE", 1)))
        }
        Refused(RefusalKind::HoldNotFound) => {
            let get = v1::GetHoldRequest { hold_id: "NONE".into(), min_version: 0 };
            refused!(a, a.server.holds.get_hold(get))
        }
        Refused(RefusalKind::ConsumerNotFound) => {
            let delete = v1::DeleteConsumerRequest { consumer_id: "NONE".into() };
            refused!(a, a.server.feed.delete_consumer(delete))
        }
        Refused(RefusalKind::EndpointNotFound) => {
            let delete = v1::DeleteEndpointRequest { endpoint_id: "NONE".into() };
            refused!(a, a.server.webhooks.delete_endpoint(delete))
        }
        Refused(RefusalKind::LineNotFound) => refused!(a, a.server.orders.cancel_order(line(1))),
        Refused(RefusalKind::ShipmentNotFound) => {
            refused!(a, a.server.fulfillment.get_shipment(get("A", 2)))
        }
        Reason::SnapshotNotFound => {
            let verify = v1::VerifySnapshotRequest { generation: 7 };
            refused!(a, a.server.admin.verify_snapshot(verify))
        }
        other => unreachable!("{other} is not among those"),
    }
}

async fn with_bundle() -> Refusing {
    let mut a = Refusing::stocked().await;
    a.server.catalog.update_item(bundle("SET", &[("SKU", 2)])).await.expect("defined");
    a
}

async fn item_is_bundle() -> Status {
    let mut a = with_bundle().await;
    refused!(a, a.server.catalog.update_item(bundle("SETS", &[("SKU", 1), ("SET", 1)])))
}

async fn hold_takes_part() -> Status {
    let mut a = with_bundle().await;
    let partly =
        v1::CreateHoldRequest { accept_part: true, wait: true, ..hold("A", 60, &[("SKU", 1)]) };
    a.server.holds.create_hold(partly).await.expect("held");
    refused!(a, a.server.holds.change_hold(change("A", &[("SET", 1)])))
}

async fn line_of_bundle() -> Status {
    let mut a = with_bundle().await;
    a.server.orders.place_order(order("A", &[("SET", 1)])).await.expect("placed");
    let lines = vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }];
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), lines, ..Default::default() };
    refused!(a, a.server.orders.cancel_order(cancel))
}

async fn line_of_no_bundle() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let lines = vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: true }];
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), lines, ..Default::default() };
    refused!(a, a.server.orders.cancel_order(cancel))
}

async fn item_off_sale() -> Status {
    let mut a = Refusing::stocked().await;
    let off = |title: &str, path: &str| v1::UpdateItemRequest {
        item: Some(v1::Item {
            sku: "SKU".into(),
            title: title.into(),
            off_sale: Some(title.is_empty()),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.into()] }),
        ..Default::default()
    };
    let mut put = async |request| {
        let answer = a.server.catalog.update_item(request).await.expect("updated").into_inner();
        answer.item.expect("the item")
    };
    let before = put(off("Scarf", "title")).await;
    let kept = put(off("", "off_sale")).await;
    assert_eq!(kept, v1::Item { off_sale: Some(true), ..before });
    let titled = put(off("Shawl", "title")).await;
    assert_eq!(titled.off_sale, Some(true), "a mask leaves it as it is");
    // Callers that are older than it write all of an item without it.
    let of_old = v1::Item { sku: "SKU".into(), title: "Scarf".into(), ..Default::default() };
    let of_old = v1::UpdateItemRequest { item: Some(of_old), ..Default::default() };
    assert_eq!(put(of_old).await.off_sale, Some(true), "so does who does not say it");
    let get = v1::GetAvailabilityRequest { sku: "SKU".into(), ..Default::default() };
    let there = a.server.inventory.get_availability(get).await.expect("read").into_inner();
    let there = there.availability.expect("the item");
    assert_eq!((there.atp_now, there.off_sale, there.nodes.len()), (0, true, 0));
    refused!(a, a.server.orders.place_order(order("B", &[("SKU", 1)])))
}

async fn sale_not_open() -> Status {
    let mut a = Refusing::stocked().await;
    let opens_time = Some(prost_types::Timestamp { seconds: 9_999_999_999, nanos: 0 });
    let item = v1::Item { sku: "SKU".into(), opens_time, ..Default::default() };
    let request = v1::UpdateItemRequest { item: Some(item), ..Default::default() };
    let updated = a.server.catalog.update_item(request).await.expect("updated").into_inner();
    assert_eq!(updated.item.expect("the item").opens_time, opens_time);
    refused!(a, a.server.orders.place_order(order("A", &[("SKU", 1)])))
}

async fn hold_short() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    refused!(a, a.server.holds.change_hold(change("A", &[("SKU", 9_999)])))
}

async fn hold_grows() -> Status {
    let mut a = Refusing::stocked().await;
    let waits = v1::CreateHoldRequest { wait: true, ..hold("A", 60, &[("SKU", 9_999)]) };
    a.server.holds.create_hold(waits).await.expect("it waits");
    refused!(a, a.server.holds.change_hold(change("A", &[("SKU", 10_000)])))
}

async fn backlog_full() -> Status {
    let mut a = Refusing::stocked().await;
    let put = |max, path: &str| v1::UpdateItemRequest {
        item: Some(v1::Item { sku: "SKU".into(), waiting_units_max: max, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.into()] }),
        ..Default::default()
    };
    let too_many = a.server.catalog.update_item(put(Some(u32::MAX), "*")).await;
    let too_many = too_many.expect_err("more than any stock has");
    assert_eq!(fields(&too_many), ["item.waiting_units_max"]);
    let bounded = a.server.catalog.update_item(put(Some(2), "waiting_units_max")).await;
    assert_eq!(bounded.expect("updated").into_inner().item.expect("it").waiting_units_max, Some(2));
    let titled = a.server.catalog.update_item(put(None, "title")).await;
    let titled = titled.expect("updated").into_inner().item.expect("the item");
    assert_eq!(titled.waiting_units_max, Some(2), "a mask leaves it as it is");
    refused!(a, a.server.orders.place_order(waiting_order("B", &[("SKU", 9_999)])))
}

async fn pickup_not_offered() -> Status {
    let mut a = Refusing::stocked().await;
    let pickup = Some(v1::Pickup { node_id: "NYC".into(), only_stock_there: false });
    let destination_postal_code = String::new();
    let order =
        v1::PlaceOrderRequest { destination_postal_code, pickup, ..order("B", &[("SKU", 1)]) };
    refused!(a, a.server.orders.place_order(order))
}

async fn inbound_exists() -> Status {
    let mut a = Refusing::stocked().await;
    let announce = announcement("SKU", "PO-1", 5);
    a.server.inventory.announce_inbound(announce.clone()).await.expect("announced");
    refused!(a, a.server.inventory.announce_inbound(announce))
}

async fn inbound_closed() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.inventory.announce_inbound(announcement("SKU", "PO-1", 5)).await.expect("announced");
    let (sku, node_id, inbound_id) = ("SKU".to_owned(), "NYC".to_owned(), "PO-1".to_owned());
    let cancel = v1::CancelInboundRequest {
        sku: sku.clone(),
        node_id: node_id.clone(),
        inbound_id: inbound_id.clone(),
        ..Default::default()
    };
    a.server.inventory.cancel_inbound(cancel).await.expect("cancelled");
    let quantity = Some(6);
    let update =
        v1::UpdateInboundRequest { sku, node_id, inbound_id, quantity, ..Default::default() };
    refused!(a, a.server.inventory.update_inbound(update))
}

async fn inbound_is_transfer() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.define_node(node("BOS", "02108")).await;
    let transfer = dispatch("SKU", "NYC", "BOS", "TR-1", 1);
    a.server.inventory.dispatch_transfer(transfer).await.expect("dispatched");
    let cancel = v1::CancelInboundRequest {
        sku: "SKU".into(),
        node_id: "BOS".into(),
        inbound_id: "TR-1".into(),
        ..Default::default()
    };
    refused!(a, a.server.inventory.cancel_inbound(cancel))
}

async fn inbound_no_transfer() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.define_node(node("BOS", "02108")).await;
    a.server.inventory.announce_inbound(announcement("SKU", "PO-1", 5)).await.expect("announced");
    refused!(a, a.server.inventory.recall_transfer(recall("SKU", "BOS", "NYC", "PO-1")))
}

async fn order_id_reused() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    refused!(a, a.server.orders.place_order(order("A", &[("SKU", 2)])))
}

async fn hold_id_reused() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    refused!(a, a.server.holds.create_hold(hold("A", 61, &[("SKU", 1)])))
}

async fn hold_ended() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    a.server.holds.release_hold(release("A")).await.expect("released");
    refused!(a, a.server.holds.extend_hold(extend("A", for_seconds(60))))
}

async fn hold_waits() -> Status {
    let mut a = Refusing::stocked().await;
    let waits = v1::CreateHoldRequest { wait: true, ..hold("A", 60, &[("RARE", 1)]) };
    a.server.holds.create_hold(waits).await.expect("it waits");
    refused!(a, a.server.holds.confirm_hold(confirm("A", "A")))
}

async fn hold_differs() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    let lines = order("", &[("SKU", 2)]).lines;
    refused!(a, a.server.holds.confirm_hold(v1::ConfirmHoldRequest { lines, ..confirm("A", "A") }))
}

async fn hold_at_limit() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    for _ in 0..limits::HOLD_EXTENSIONS_MAX {
        a.server.holds.extend_hold(extend("A", for_seconds(60))).await.expect("extended");
    }
    refused!(a, a.server.holds.extend_hold(extend("A", for_seconds(60))))
}

async fn hold_units_gone() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 1, &[("SKU", 10)])).await;
    lapsed(&mut a.server, "A").await;
    a.server.orders.place_order(order("B", &[("SKU", 1)])).await.expect("placed");
    refused!(a, a.server.holds.confirm_hold(confirm("A", "C")))
}

fn count(counted: u64, request_id: &str) -> v1::CountStockRequest {
    v1::CountStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        counted: Some(counted),
        request_id: request_id.into(),
        ..Default::default()
    }
}

async fn request_id_reused() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.inventory.count_stock(count(9, "K")).await.expect("counted");
    refused!(a, a.server.inventory.count_stock(count(8, "K")))
}

fn receipt(node: &str) -> v1::ReceiveStockRequest {
    v1::ReceiveStockRequest {
        sku: "SKU".into(),
        node_id: node.into(),
        quantity: 1,
        ..Default::default()
    }
}

async fn at_supplier() -> Status {
    let mut a = Refusing::stocked().await;
    let kind = v1::NodeKind::Supplier.into();
    a.server.define_node(v1::Node { kind, ..node("VENDOR", "60601") }).await;
    refused!(a, a.server.inventory.receive_stock(receipt("VENDOR")))
}

async fn not_at_supplier() -> Status {
    let mut a = Refusing::stocked().await;
    let amount = Some(v1::vendor_feed::Amount::Quantity(5));
    let vendor_feed = Some(v1::VendorFeed { amount, as_of: None });
    let set = v1::SetStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        level: Some(v1::StockLevel { vendor_feed, ..Default::default() }),
        ..Default::default()
    };
    refused!(a, a.server.inventory.set_stock(set))
}

/// What a vendor has, as of so many seconds after the epoch.
fn stated(seconds: i64) -> v1::SetStockRequest {
    let amount = Some(v1::vendor_feed::Amount::Quantity(5));
    let as_of = Some(prost_types::Timestamp { seconds, nanos: 7_999 });
    let vendor_feed = Some(v1::VendorFeed { amount, as_of });
    v1::SetStockRequest {
        sku: "SKU".into(),
        node_id: "VENDOR".into(),
        level: Some(v1::StockLevel { vendor_feed, ..Default::default() }),
        ..Default::default()
    }
}

async fn vendor_feed_outdated() -> Status {
    let mut a = Refusing::stocked().await;
    let kind = v1::NodeKind::Supplier.into();
    a.server.define_node(v1::Node { kind, ..node("VENDOR", "60601") }).await;
    for again in [1_700_000_000, 1_700_000_000] {
        let set = a.server.inventory.set_stock(stated(again)).await.expect("set").into_inner();
        let feed = set.stock.expect("the pair").vendor_feed.expect("a feed");
        assert_eq!(feed.as_of, Some(prost_types::Timestamp { seconds: again, nanos: 7_000 }));
    }
    // One of next year would keep out all that come after it.
    let ahead = a.server.inventory.set_stock(stated(4_000_000_000)).await.expect_err("ahead");
    let fields = fields(&ahead);
    assert_eq!(fields, ["level.vendor_feed.as_of"]);
    assert!(ahead.message().contains("too far ahead"), "{ahead:?}");
    refused!(a, a.server.inventory.set_stock(stated(1_699_999_999)))
}

async fn node_kind_fixed() -> Status {
    let mut a = Refusing::stocked().await;
    let kind = v1::NodeKind::Store.into();
    let update = v1::UpdateNodeRequest {
        node: Some(v1::Node { kind, ..node("NYC", "10001") }),
        ..Default::default()
    };
    refused!(a, a.server.catalog.update_node(update))
}

async fn service_fixed() -> Status {
    let mut a = Refusing::stocked().await;
    let get = v1::GetSourcingPolicyRequest { min_version: 0 };
    let policy = a.server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    let mut policy = policy.policy.expect("a policy");
    policy.services[0].name = "by owl".into();
    let update = v1::UpdateSourcingPolicyRequest { policy: Some(policy), ..Default::default() };
    refused!(a, a.server.catalog.update_sourcing_policy(update))
}

async fn no_node() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.define_node(v1::Node { enabled: Some(false), ..node("NYC", "10001") }).await;
    refused!(a, a.server.orders.place_order(waiting_order("A", &[("SKU", 1)])))
}

async fn quantity_too_large() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.set_stock("SKU", "NYC", limits::STOCK_UNITS_MAX.into()).await;
    refused!(a, a.server.inventory.receive_stock(receipt("NYC")))
}

async fn list_full() -> Status {
    let mut a = Refusing::stocked().await;
    let rows = (0..limits::INBOUND_PER_PAIR_MAX).map(|at| v1::StockRow {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        change: announcement("SKU", &format!("PO-{at}"), 1)
            .inbound
            .map(v1::stock_row::Change::Inbound),
    });
    let request = v1::LoadStockRequest { rows: rows.collect(), request_id: String::new() };
    let stream = a.server.inventory.load_stock(tokio_stream::iter([request])).await;
    let mut replies = stream.expect("a stream").into_inner();
    let reply = replies.message().await.expect("a reply").expect("one");
    assert!(reply.faults.is_empty(), "{:?}", reply.faults);
    drop(replies);
    refused!(a, a.server.inventory.announce_inbound(announcement("SKU", "ONE-MORE", 1)))
}

async fn stock_below_zero() -> Status {
    let mut a = Refusing::stocked().await;
    let adjust = v1::AdjustStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        adjustment: Some(v1::StockAdjustment { on_hand_delta: -11, unavailable_delta: 0 }),
        ..Default::default()
    };
    refused!(a, a.server.inventory.adjust_stock(adjust))
}

async fn units_shipped() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    a.server.fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }],
        ..Default::default()
    };
    refused!(a, a.server.orders.cancel_order(cancel))
}

async fn units_cancelled() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    a.server.orders.cancel_order(cancel.clone()).await.expect("cancelled");
    refused!(a, a.server.orders.cancel_order(cancel))
}

async fn order_closed() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    a.server.orders.cancel_order(cancel).await.expect("cancelled");
    let first = v1::SetOrderPriorityRequest { order_id: "A".into(), ..Default::default() };
    refused!(a, a.server.orders.set_order_priority(first))
}

async fn customer_not_asked() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let resolve = v1::ResolveDeclineRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    refused!(a, a.server.orders.resolve_decline(resolve))
}

/// A server with an order on hold.
async fn order_held() -> Refusing {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    a.server.orders.hold_order(order_hold(v1::OrderHoldKind::Fraud)).await.expect("held");
    a
}

fn order_hold(kind: v1::OrderHoldKind) -> v1::HoldOrderRequest {
    v1::HoldOrderRequest {
        order_id: "A".into(),
        order_hold_id: "REVIEW".into(),
        kind: kind.into(),
        ..Default::default()
    }
}

async fn order_hold_not_found() -> Status {
    let mut a = order_held().await;
    let release = v1::ReleaseOrderHoldRequest {
        order_id: "A".into(),
        order_hold_id: "OTHER".into(),
        ..Default::default()
    };
    refused!(a, a.server.orders.release_order_hold(release))
}

async fn order_hold_exists() -> Status {
    let mut a = order_held().await;
    refused!(a, a.server.orders.hold_order(order_hold(v1::OrderHoldKind::Credit)))
}

async fn order_on_hold() -> Status {
    let mut a = order_held().await;
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}

async fn units_not_ordered() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 2, of_bundle: false }],
        ..Default::default()
    };
    refused!(a, a.server.orders.cancel_order(cancel))
}

async fn units_missing() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let count = v1::CountStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        counted: Some(0),
        ..Default::default()
    };
    a.server.inventory.count_stock(count).await.expect("counted");
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}

fn shipping(order: &str) -> v1::ShipShipmentRequest {
    v1::ShipShipmentRequest {
        order_id: order.into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        ..Default::default()
    }
}

async fn shipment_not_planned() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    a.server.fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    let other = v1::ShipShipmentRequest { tracking: "2Z".into(), ..shipping("A") };
    refused!(a, a.server.fulfillment.ship_shipment(other))
}

async fn shipment_declined() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let decline = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    a.server.fulfillment.decline_shipment(decline).await.expect("declined");
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}

async fn supply_not_received() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(waiting_order("A", &[("RARE", 1)])).await.expect("placed");
    refused!(a, a.server.fulfillment.ship_shipment(shipping("A")))
}

/// Of snapshots that are asked for at once, one is taken at a time.
async fn snapshot_running() -> Status {
    let a = Refusing::stocked().await;
    loop {
        let asked: Vec<_> = (0..8)
            .map(|_| {
                let mut admin = a.server.admin.clone();
                tokio::spawn(async move { admin.take_snapshot(v1::TakeSnapshotRequest {}).await })
            })
            .collect();
        let mut refused = None;
        for asked in asked {
            refused = asked.await.expect("no panic").err().or(refused);
        }
        if let Some(status) = refused {
            a.stop().await;
            return status;
        }
    }
}

async fn version_ahead() -> Status {
    let mut a = Refusing::stocked().await;
    let get = v1::GetItemRequest { sku: "SKU".into(), min_version: u64::MAX };
    refused!(a, a.server.catalog.get_item(get))
}

/// The journal is cut behind the older of two snapshots, and its first segments go.
async fn version_dropped() -> Status {
    let (disk, directory) = (SimulatedDisk::new(), tempfile::tempdir().expect("a directory"));
    let server = cut(&disk, directory.path()).await;
    let status = begin_at(&server, 1).await.expect_err("it is not kept");
    server.stop().await.expect("drained");
    status
}

/// A byte of the first segment is another one than was written.
async fn journal_unreadable() -> Status {
    let a = Refusing::stocked().await;
    let segment = a.directory.path().join("journal/00000000000000000001.journal");
    let mut bytes = std::fs::read(&segment).expect("a segment");
    bytes[100] ^= 1;
    let file = std::fs::OpenOptions::new().write(true).open(&segment).expect("a segment");
    file.write_all_at(&bytes[100..101], 100).expect("written");
    let mut answers = begin_at(&a.server, 1).await.expect("it is kept");
    let status = loop {
        match answers.message().await {
            Ok(told) => assert!(told.is_some(), "damage is not passed over"),
            Err(status) => break status,
        }
    };
    drop(answers);
    a.stop().await;
    status
}

/// The place of the file that is written first is taken by a directory.
async fn consumers_unwritable() -> Status {
    let mut a = Refusing::stocked().await;
    std::fs::create_dir(a.directory.path().join("CONSUMERS.new")).expect("made");
    refused!(a, a.server.feed.update_consumer(consumer("erp", None)))
}

/// One command may be in flight, and it is not acknowledged yet.
async fn overloaded() -> Status {
    let mut a = Refusing::stocked_as(|config| Config { commands_in_flight_max: 1, ..config }).await;
    let mut wanted = fixture::order("HELD", &[("SKU", 1)], Shortage::Reject);
    wanted.destination = fixture::address("02116");
    let command = PlaceOrder { meta: fixture::meta(), placed_at: None, order: wanted };
    let held = a.server.engine.submit_order(command).await.expect("it is let in");
    let refused = a.server.orders.place_order(order("A", &[("SKU", 1)])).await;
    let status = refused.map(|_| ()).expect_err("it is refused");
    held.acknowledged().await.expect("it is placed");
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("there is room");
    a.stop().await;
    status
}

async fn draining() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.engine.shut_down().await;
    refused!(a, a.server.orders.place_order(order("A", &[("SKU", 1)])))
}

/// A server that never opens.
async fn opening() -> Status {
    let directory = tempfile::tempdir().expect("a directory");
    let opening = Opening::start(&configuration(directory.path()), pending()).await;
    let mut orders = OrderServiceClient::new(opening.channel.clone());
    let answer = orders.place_order(order("A", &[("SKU", 1)])).await;
    drop(orders);
    opening.stop().await.expect("it ends");
    answer.map(|_| ()).expect_err("it is refused")
}

/// A stocked server whose journal is on a simulated disk.
async fn on(disk: &SimulatedDisk) -> Refusing {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::start_on(disk, directory.path()).await;
    server.stock().await;
    Refusing { server, directory }
}

async fn disk_full() -> Status {
    let disk = SimulatedDisk::new();
    let mut a = on(&disk).await;
    disk.set_capacity(Some(disk.used()));
    let mut counted = 0;
    let status = loop {
        counted += 1;
        match a.server.inventory.count_stock(count(counted, "")).await {
            Ok(_) => assert!(counted < 10_000, "a segment has an end"),
            Err(status) => break status,
        }
    };
    disk.set_capacity(None);
    a.stop().await;
    status
}

/// The server ends by itself; what it was asked before is answered.
async fn journal_halted() -> Status {
    let disk = SimulatedDisk::new();
    let mut a = on(&disk).await;
    disk.fail(Operation::Sync, 1);
    let refused = a.server.inventory.count_stock(count(1, "")).await;
    let ended = a.server.ended().await.expect_err("it halted");
    assert_eq!(ended.exit(), Exit::DiskFailure, "{ended}");
    refused.map(|_| ()).expect_err("its outcome is not known")
}

/// Callers that were answered while the applier dies are told so.
async fn engine_halted() -> Status {
    let a = Refusing::stocked().await;
    let told = Arc::new(tokio::sync::Mutex::new(None));
    let callers: Vec<_> = (0..32u64)
        .map(|caller| {
            let (mut inventory, told) = (a.server.inventory.clone(), Arc::clone(&told));
            tokio::spawn(async move {
                for counted in 1u64.. {
                    let count = count(caller * 1_000 + counted % 1_000, "");
                    if let Err(status) = inventory.count_stock(count).await {
                        // A connection that is closed gives a status without details.
                        if status.get_error_details().error_info().is_some() {
                            told.lock().await.get_or_insert(status);
                        }
                        return;
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(a.server.engine.kill_service("applier").await);
    for caller in callers {
        caller.await.expect("no panic");
    }
    let ended = a.server.ended().await.expect_err("it halted");
    assert_eq!(ended.exit(), Exit::Failure, "{ended}");
    told.lock().await.take().expect("somebody was in flight")
}

/// A closed order that left memory, in a snapshot that lost it.
async fn archive_unreadable() -> Status {
    let mut a =
        Refusing::stocked_as(|config| Config { archive_after: Some(Duration::ZERO), ..config })
            .await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    a.server.orders.cancel_order(cancel).await.expect("cancelled");
    // It leaves when both generations that are kept have it.
    for _ in 0..2 {
        a.server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    }
    let store = a.server.engine.snapshot_store().expect("a store");
    let mut keys = store.chunk_keys().expect("keys");
    keys.retain(|key| key.kind == Kind::Orders);
    let chunk = |key: &ChunkKey| (*key, store.chunk(*key).expect("read").expect("there"));
    let chunks: Vec<_> = keys.iter().map(chunk).collect();
    assert_eq!(chunks.len(), 2);
    for key in keys {
        store.remove_chunk(key).expect("removed");
    }
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    let status = a.server.orders.get_order(get).await.expect_err("it is nowhere");
    let report = a.server.engine.audit().expect("the audit runs");
    assert_eq!(report.breaches[0].name, "ARCHIVED_READABLE");
    for (key, chunk) in &chunks {
        store.put_chunk(*key, chunk).expect("put back");
    }
    drop(store);
    a.stop().await;
    status
}

/// The place of the snapshots is taken by a file.
async fn damaged_store() -> Status {
    let mut a = Refusing::stocked().await;
    std::fs::write(a.directory.path().join("snapshots"), "no store").expect("written");
    refused!(a, a.server.admin.take_snapshot(v1::TakeSnapshotRequest {}))
}
