//! What lies at a pair or is on its way to it: changed one by one and by feed, reserved,
//! promised for many SKUs at once.

use backstock_engine::command::{ChangeStock, Meta, StockOperation};
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::journal_directory;
use backstock_engine::journal::{Known, Log as _, open_read_only};
use backstock_engine::model::{Day, InboundId, NodeId, RequestId, Sku, Timestamp, digest};
use backstock_proto::v1;
use tonic::Code;

use super::server::{
    TestServer, announcement, dispatch, feed, fields, node, recall, waiting_order,
};

async fn stock_of(server: &mut TestServer, sku: &str, node: &str) -> v1::Stock {
    let get = v1::GetStockRequest { sku: sku.into(), node_id: node.into(), ..Default::default() };
    let answer = server.inventory.get_stock(get).await.expect("read").into_inner();
    answer.stock.expect("a stock")
}

/// Where supply comes from is told by who announces it, and shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supply_says_whether_it_was_ordered_or_is_sent_back() {
    use v1::SupplySource::{PurchaseOrder, Return, Transfer};
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let announced = |id: &str, source: i32| {
        let request = announcement("RARE", id, 10);
        let inbound = request.inbound.expect("it announces");
        let inbound = v1::InboundAnnouncement { source, ..inbound };
        v1::AnnounceInboundRequest { inbound: Some(inbound), ..request }
    };
    for (id, said) in [("PO", 0), ("PO-2", PurchaseOrder.into()), ("RMA", Return.into())] {
        server.inventory.announce_inbound(announced(id, said)).await.expect("announced");
    }
    // The nightly file says another source, and then none: it stays.
    for said in [Return.into(), 0] {
        let inbound = announced("PO-2", said).inbound.expect("it announces");
        let change = Some(v1::stock_row::Change::Inbound(inbound));
        let row = v1::StockRow { sku: "RARE".into(), node_id: "NYC".into(), change };
        let rows = v1::LoadStockRequest { rows: vec![row], request_id: String::new() };
        feed(&mut server, rows).await;
    }
    let inbound = stock_of(&mut server, "RARE", "NYC").await.inbound;
    let sources: Vec<_> = inbound.iter().map(|i| (&*i.inbound_id, i.source())).collect();
    assert_eq!(sources, [("PO", PurchaseOrder), ("PO-2", Return), ("RMA", Return)]);
    for (source, id) in [(Transfer.into(), "TR"), (99, "WHAT")] {
        let refused = server.inventory.announce_inbound(announced(id, source)).await;
        assert_eq!(fields(&refused.expect_err("refused")), ["inbound.source"]);
    }
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
        confidence_basis_points: None,
        source: 0,
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
        ..Default::default()
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

/// The file of open purchase orders comes every night: what arrived is not announced again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_open_orders_that_comes_every_night_does_not_grow_what_is_to_come() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let row = |ordered| v1::StockRow {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        change: Some(v1::stock_row::Change::Inbound(v1::InboundAnnouncement {
            quantity: ordered,
            ..announcement("RARE", "PO-7", 10).inbound.expect("it announces")
        })),
    };
    let night =
        |ordered| v1::LoadStockRequest { rows: vec![row(ordered)], request_id: String::new() };
    let receive = |quantity, complete| v1::ReceiveInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-7".into(),
        quantity,
        complete,
        ..Default::default()
    };
    feed(&mut server, night(10)).await;
    server.inventory.receive_inbound(receive(4, false)).await.expect("received");
    feed(&mut server, night(10)).await;
    let stock = stock_of(&mut server, "RARE", "NYC").await;
    let [supply] = &*stock.inbound else { panic!("one is open: {stock:?}") };
    assert_eq!((supply.ordered, supply.received, supply.quantity), (10, 4, 6));
    server.inventory.receive_inbound(receive(6, false)).await.expect("received");
    feed(&mut server, night(10)).await;
    let stock = stock_of(&mut server, "RARE", "NYC").await;
    assert_eq!((stock.on_hand, stock.inbound.len()), (10, 0));
    let closed = v1::ClosedInboundSupply {
        inbound_id: "PO-7".into(),
        ordered: 10,
        received: 10,
        ..Default::default()
    };
    assert_eq!(stock.closed_inbound, [closed]);
    // Then more is ordered, comes short, and stays closed.
    feed(&mut server, night(15)).await;
    server.inventory.receive_inbound(receive(2, true)).await.expect("received");
    feed(&mut server, night(15)).await;
    let stock = stock_of(&mut server, "RARE", "NYC").await;
    assert_eq!((stock.on_hand, stock.inbound.len()), (12, 0));
    let closed = v1::ClosedInboundSupply {
        inbound_id: "PO-7".into(),
        ordered: 15,
        received: 12,
        ..Default::default()
    };
    assert_eq!(stock.closed_inbound, [closed]);
    let status = server.inventory.announce_inbound(announcement("RARE", "PO-7", 10)).await;
    let status = status.expect_err("it would come twice");
    assert_eq!(status.code(), Code::AlreadyExists);
    server.stop().await.expect("drained");
}

/// Units on their way from one node to another are promised there, and are nowhere twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_leaves_one_node_and_arrives_at_another() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("BOS", "02108")).await;
    let there = stock_of(&mut server, "SKU", "NYC").await.on_hand;
    let transfer = dispatch("SKU", "NYC", "BOS", "TR-1", 6);
    let bad = v1::DispatchTransferRequest { to_node_id: "NYC".into(), ..transfer.clone() };
    let status = server.inventory.dispatch_transfer(bad).await.expect_err("refused");
    assert_eq!(fields(&status), ["to_node_id"]);
    let asked = v1::DispatchTransferRequest { validate_only: true, ..transfer.clone() };
    server.inventory.dispatch_transfer(asked).await.expect("it could be done");
    let keyed = v1::DispatchTransferRequest { request_id: "T".into(), ..transfer };
    let first = server.inventory.dispatch_transfer(keyed.clone()).await.expect("sent").into_inner();
    let again = server.inventory.dispatch_transfer(keyed).await.expect("sent").into_inner();
    assert_eq!((again.version, first.is_repeat, again.is_repeat), (first.version, false, true));
    let (from, to) = (first.from_stock.expect("a stock"), first.to_stock.expect("a stock"));
    assert_eq!((from.on_hand, to.on_hand), (there - 6, 0));
    let [supply] = &*to.inbound else { panic!("one is on its way: {to:?}") };
    assert_eq!((supply.quantity, &*supply.from_node_id), (6, "NYC"));
    let receive = v1::ReceiveInboundRequest {
        sku: "SKU".into(),
        node_id: "BOS".into(),
        inbound_id: "TR-1".into(),
        quantity: 4,
        ..Default::default()
    };
    server.inventory.receive_inbound(receive).await.expect("received");
    let back = server.inventory.recall_transfer(recall("SKU", "NYC", "BOS", "TR-1")).await;
    let back = back.expect("recalled").into_inner();
    let (from, to) = (back.from_stock.expect("a stock"), back.to_stock.expect("a stock"));
    assert_eq!((from.on_hand, to.on_hand, to.inbound.len()), (there - 4, 4, 0));
    let [closed] = &*to.closed_inbound else { panic!("one is closed: {to:?}") };
    assert_eq!((closed.ordered, closed.received, &*closed.from_node_id), (4, 4, "NYC"));
    server.stop().await.expect("drained");
}

/// Older versions carried out a row that changed a supply under a key of its own: sent again,
/// it is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_an_older_version_carried_out_is_known() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let announced = announcement("RARE", "PO-1", 5);
    server.inventory.announce_inbound(announced.clone()).await.expect("announced");
    let (sku, node) = (Sku::new("sku", "RARE"), NodeId::new("node", "NYC"));
    let (sku, node) = (sku.expect("a sku"), node.expect("an id"));
    let (id, day) = (InboundId::new("id", "PO-1").expect("an id"), Day::from_epoch_days(47483));
    let content = digest::fingerprint(&(&sku, &node, "announce", &id, 12u32, day));
    let request_id = RequestId::new("request_id", "FEED/0c").ok();
    let eta = Some(server.engine.start_of_day(&node, day).expect("a day there"));
    let meta = Meta {
        request_id,
        content: Some(content),
        origin: None,
        at: Timestamp::from_micros(1_795_435_200_000_000),
        validate_only: false,
    };
    let operation = StockOperation::ChangeInbound { id, quantity: Some(12), eta };
    let older = ChangeStock { meta, sku, node, operation };
    let older = server.engine.change_stock(older).await.expect("changed");
    let inbound =
        v1::InboundAnnouncement { quantity: 12, ..announced.inbound.expect("it announces") };
    let change = Some(v1::stock_row::Change::Inbound(inbound));
    let row = v1::StockRow { sku: "RARE".into(), node_id: "NYC".into(), change };
    let request = v1::LoadStockRequest { rows: vec![row], request_id: "FEED".into() };
    let again = feed(&mut server, request).await;
    assert_eq!((again.rows_repeated, again.version), (1, older.version.get()), "{again:?}");
    server.stop().await.expect("drained");
}
