//! Every reason for a refusal, provoked over a real connection: each by a case in the file of its
//! subject.

use std::pin::Pin;

use backstock::config::Config;
use backstock::status::Reason::{self, Refused};
use backstock_engine::model::RefusalKind;
use backstock_proto::v1;
use tempfile::TempDir;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::bundles::bundle;
use super::server::{TestServer, configuration, order};

/// Reasons with which no caller can have a call fail at will; `server/src/grpc/errors.rs` maps the
/// engine's error of each. Those of changes are told as faults in an answer, or have the change
/// quoted anew: see `changes.rs`.
const NOT_AT_WILL: [Reason; 13] = [
    Refused(RefusalKind::OrderPriced),
    Refused(RefusalKind::PriceMissing),
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

/// A case, made and kept on the heap: unoptimised, all of them together are more than a thread's
/// stack has.
fn apart<F: Future>(case: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(case())
}

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
        Reason::InvalidRequest => (Code::InvalidArgument, apart(invalid).await),
        Refused(
            RefusalKind::ItemNotFound
            | RefusalKind::NodeNotFound
            | RefusalKind::InboundNotFound
            | RefusalKind::OrderNotFound
            | RefusalKind::HoldNotFound
            | RefusalKind::ConsumerNotFound
            | RefusalKind::EndpointNotFound
            | RefusalKind::PartnerNotFound
            | RefusalKind::PartnerMessageNotFound
            | RefusalKind::PartnerGoodsNotFound
            | RefusalKind::LineNotFound
            | RefusalKind::ShipmentNotFound,
        )
        | Reason::SnapshotNotFound => {
            (Code::NotFound, apart(|| not_found::not_found(reason)).await)
        }
        Refused(RefusalKind::PriceListNotFound | RefusalKind::PriceListCurrencyFixed) => {
            apart(|| prices::refused(reason)).await
        }
        Refused(RefusalKind::ItemInOtherStyle) => {
            (Code::FailedPrecondition, apart(styles::item_in_other_style).await)
        }
        Refused(RefusalKind::PartnerOutOfScope) => {
            (Code::FailedPrecondition, apart(supply::partner_out_of_scope).await)
        }
        Refused(RefusalKind::PartnerGoodsTooFew) => {
            (Code::FailedPrecondition, apart(supply::partner_goods_too_few).await)
        }
        Refused(RefusalKind::InboundExists) => {
            (Code::AlreadyExists, apart(supply::inbound_exists).await)
        }
        Refused(RefusalKind::InboundClosed) => {
            (Code::FailedPrecondition, apart(supply::inbound_closed).await)
        }
        Refused(RefusalKind::InboundIsTransfer) => {
            (Code::FailedPrecondition, apart(supply::inbound_is_transfer).await)
        }
        Refused(RefusalKind::InboundNoTransfer) => {
            (Code::FailedPrecondition, apart(supply::inbound_no_transfer).await)
        }
        Refused(RefusalKind::OrderIdReused) => {
            (Code::AlreadyExists, apart(orders::order_id_reused).await)
        }
        Refused(RefusalKind::HoldIdReused) => {
            (Code::AlreadyExists, apart(holds::hold_id_reused).await)
        }
        Refused(RefusalKind::HoldEnded) => {
            (Code::FailedPrecondition, apart(holds::hold_ended).await)
        }
        Refused(RefusalKind::HoldWaits) => {
            (Code::FailedPrecondition, apart(holds::hold_waits).await)
        }
        Refused(RefusalKind::HoldDiffers) => {
            (Code::FailedPrecondition, apart(holds::hold_differs).await)
        }
        Refused(RefusalKind::HoldGrows) => {
            (Code::FailedPrecondition, apart(holds::hold_grows).await)
        }
        Refused(RefusalKind::HoldTakesPart) => {
            (Code::FailedPrecondition, apart(holds::hold_takes_part).await)
        }
        Refused(RefusalKind::HoldShort) => {
            (Code::FailedPrecondition, apart(holds::hold_short).await)
        }
        Refused(RefusalKind::HoldAtLimit) => {
            (Code::FailedPrecondition, apart(holds::hold_at_limit).await)
        }
        Refused(RefusalKind::BacklogFull) => {
            (Code::FailedPrecondition, apart(orders::backlog_full).await)
        }
        Refused(RefusalKind::PickupNotOffered) => {
            (Code::FailedPrecondition, apart(orders::pickup_not_offered).await)
        }
        Refused(RefusalKind::ItemOffSale) => {
            (Code::FailedPrecondition, apart(orders::item_off_sale).await)
        }
        Refused(RefusalKind::SaleNotOpen) => {
            (Code::FailedPrecondition, apart(orders::sale_not_open).await)
        }
        Refused(RefusalKind::ItemIsBundle) => {
            (Code::FailedPrecondition, apart(catalogue::item_is_bundle).await)
        }
        Refused(RefusalKind::LineOfBundle) => {
            (Code::FailedPrecondition, apart(orders::line_of_bundle).await)
        }
        Refused(RefusalKind::LineOfNoBundle) => {
            (Code::FailedPrecondition, apart(orders::line_of_no_bundle).await)
        }
        Refused(RefusalKind::HoldUnitsGone) => {
            (Code::FailedPrecondition, apart(holds::hold_units_gone).await)
        }
        Refused(RefusalKind::PaymentIdReused) => {
            (Code::AlreadyExists, apart(payments::id_reused).await)
        }
        Refused(RefusalKind::RefundIdReused) => {
            (Code::AlreadyExists, apart(payments::refund_id_reused).await)
        }
        Refused(RefusalKind::PaymentNotFound) => (Code::NotFound, apart(payments::not_found).await),
        Refused(RefusalKind::PaymentEventNotFound) => {
            (Code::NotFound, apart(payments::event_not_found).await)
        }
        Refused(RefusalKind::IntentNotFound) => {
            (Code::NotFound, apart(payments::intent_not_found).await)
        }
        Refused(RefusalKind::OrderNotPriced) => {
            (Code::FailedPrecondition, apart(payments::order_not_priced).await)
        }
        Refused(RefusalKind::PaymentNotSecured) => {
            (Code::FailedPrecondition, apart(payments::not_secured).await)
        }
        Refused(
            kind @ (RefusalKind::PriceNotFound
            | RefusalKind::CouponUsedUp
            | RefusalKind::CouponNotGranted
            | RefusalKind::PriceDiffers),
        ) => (Code::FailedPrecondition, apart(|| prices::unpriced(kind)).await),
        Refused(RefusalKind::AmountTooLarge) => {
            (Code::FailedPrecondition, apart(payments::amount_too_large).await)
        }
        Refused(RefusalKind::RequestIdReused) => {
            (Code::AlreadyExists, apart(request_id_reused).await)
        }
        Refused(
            of_a_return @ (RefusalKind::ReturnIdReused
            | RefusalKind::ReturnRevisionReused
            | RefusalKind::ReturnNotFound
            | RefusalKind::ReturnLineNotFound
            | RefusalKind::UnitsNotReturnable
            | RefusalKind::ReturnReportStale
            | RefusalKind::ReturnNodeMissing
            | RefusalKind::ReturnNodeDiffers
            | RefusalKind::ReturnUnitsInspected
            | RefusalKind::NotInReturnTerms
            | RefusalKind::NotInReturnPolicy
            | RefusalKind::ReturnTermsDiffer
            | RefusalKind::ExchangeNotSecured
            | RefusalKind::WaitsForReturn
            | RefusalKind::ReturnStepRefused
            | RefusalKind::ReturnUnitsTooFew),
        ) => apart(|| returns::provoked(of_a_return)).await,
        Refused(RefusalKind::NodeIsSupplier) => {
            (Code::FailedPrecondition, apart(supply::at_supplier).await)
        }
        Refused(RefusalKind::NodeNotSupplier) => {
            (Code::FailedPrecondition, apart(supply::not_at_supplier).await)
        }
        Refused(RefusalKind::VendorFeedOutdated) => {
            (Code::FailedPrecondition, apart(supply::vendor_feed_outdated).await)
        }
        Refused(RefusalKind::NodeKindFixed) => {
            (Code::FailedPrecondition, apart(catalogue::node_kind_fixed).await)
        }
        Refused(RefusalKind::ServiceFixed) => {
            (Code::FailedPrecondition, apart(catalogue::service_fixed).await)
        }
        Refused(RefusalKind::NoNode) => (Code::FailedPrecondition, apart(orders::no_node).await),
        Refused(RefusalKind::QuantityTooLarge) => {
            (Code::FailedPrecondition, apart(supply::quantity_too_large).await)
        }
        Refused(RefusalKind::ListFull) => {
            (Code::FailedPrecondition, apart(supply::list_full).await)
        }
        Refused(RefusalKind::StockBelowZero) => {
            (Code::FailedPrecondition, apart(supply::stock_below_zero).await)
        }
        Refused(RefusalKind::UnitsShipped) => {
            (Code::FailedPrecondition, apart(orders::units_shipped).await)
        }
        Refused(RefusalKind::UnitsCancelled) => {
            (Code::FailedPrecondition, apart(orders::units_cancelled).await)
        }
        Refused(RefusalKind::OrderClosed) => {
            (Code::FailedPrecondition, apart(orders::order_closed).await)
        }
        Refused(RefusalKind::CustomerNotAsked) => {
            (Code::FailedPrecondition, apart(orders::customer_not_asked).await)
        }
        Refused(RefusalKind::OrderHoldNotFound) => {
            (Code::NotFound, apart(orders::order_hold_not_found).await)
        }
        Refused(RefusalKind::OrderHoldExists) => {
            (Code::AlreadyExists, apart(orders::order_hold_exists).await)
        }
        Refused(RefusalKind::OrderOnHold) => {
            (Code::FailedPrecondition, apart(orders::order_on_hold).await)
        }
        Refused(RefusalKind::UnitsNotOrdered) => {
            (Code::FailedPrecondition, apart(orders::units_not_ordered).await)
        }
        Refused(RefusalKind::ShipmentNotPlanned) => {
            (Code::FailedPrecondition, apart(steps::shipment_not_planned).await)
        }
        Refused(RefusalKind::ShipmentClaimed) => {
            (Code::FailedPrecondition, apart(steps::claimed).await)
        }
        Refused(RefusalKind::ShipmentDeclined) => {
            (Code::FailedPrecondition, apart(steps::shipment_declined).await)
        }
        Refused(RefusalKind::SupplyNotReceived) => {
            (Code::FailedPrecondition, apart(steps::supply_not_received).await)
        }
        Refused(RefusalKind::UnitsMissing) => {
            (Code::FailedPrecondition, apart(steps::units_missing).await)
        }
        Refused(RefusalKind::PackageNotFound) => {
            (Code::NotFound, apart(|| steps::refused(RefusalKind::PackageNotFound)).await)
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
        ) => (Code::FailedPrecondition, apart(|| steps::refused(of_a_step)).await),
        Reason::SnapshotRunning => {
            (Code::FailedPrecondition, apart(serving::snapshot_running).await)
        }
        Reason::VersionAhead => (Code::OutOfRange, apart(serving::version_ahead).await),
        Reason::VersionDropped => (Code::OutOfRange, apart(serving::version_dropped).await),
        Reason::Overloaded => (Code::ResourceExhausted, apart(serving::overloaded).await),
        Reason::Draining => (Code::Unavailable, apart(serving::draining).await),
        Reason::Opening => (Code::Unavailable, apart(serving::opening).await),
        Reason::DiskFull => (Code::Unavailable, apart(disk::disk_full).await),
        Reason::ConsumersUnwritable => (Code::Unavailable, apart(disk::consumers_unwritable).await),
        Reason::JournalHalted => (Code::Unavailable, apart(disk::journal_halted).await),
        Reason::EngineHalted => (Code::Unavailable, apart(disk::engine_halted).await),
        Reason::ArchiveUnreadable => (Code::DataLoss, apart(disk::archive_unreadable).await),
        Reason::JournalUnreadable => (Code::DataLoss, apart(disk::journal_unreadable).await),
        Reason::Internal => (Code::Internal, apart(disk::damaged_store).await),
        Refused(
            RefusalKind::Contended
            | RefusalKind::CommandTooLarge
            | RefusalKind::OrderPriced
            | RefusalKind::PriceMissing
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

mod catalogue;
mod disk;
mod holds;
mod not_found;
mod orders;
mod payments;
mod prices;
mod returns;
mod serving;
mod steps;
mod styles;
mod supply;

async fn invalid() -> Status {
    let mut a = Refusing::stocked().await;
    refused!(a, a.server.orders.place_order(order("", &[("SKU", 1)])))
}

async fn request_id_reused() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.inventory.count_stock(count(9, "K")).await.expect("counted");
    refused!(a, a.server.inventory.count_stock(count(8, "K")))
}

async fn with_bundle() -> Refusing {
    let mut a = Refusing::stocked().await;
    a.server.catalog.update_item(bundle("SET", &[("SKU", 2)])).await.expect("defined");
    a
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

fn shipping(order: &str) -> v1::ShipShipmentRequest {
    v1::ShipShipmentRequest {
        order_id: order.into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        ..Default::default()
    }
}
