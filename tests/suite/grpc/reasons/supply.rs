//! Refusals of stock, and of what is on its way.

use backstock_engine::limits;
use tonic::codegen::tokio_stream;

use super::*;
use crate::grpc::server::{announcement, dispatch, fields, node, recall};

pub(super) async fn inbound_exists() -> Status {
    let mut a = Refusing::stocked().await;
    let announce = announcement("SKU", "PO-1", 5);
    a.server.inventory.announce_inbound(announce.clone()).await.expect("announced");
    refused!(a, a.server.inventory.announce_inbound(announce))
}

pub(super) async fn inbound_closed() -> Status {
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

pub(super) async fn inbound_is_transfer() -> Status {
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

pub(super) async fn inbound_no_transfer() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.define_node(node("BOS", "02108")).await;
    a.server.inventory.announce_inbound(announcement("SKU", "PO-1", 5)).await.expect("announced");
    refused!(a, a.server.inventory.recall_transfer(recall("SKU", "BOS", "NYC", "PO-1")))
}

fn receipt(node: &str) -> v1::ReceiveStockRequest {
    v1::ReceiveStockRequest {
        sku: "SKU".into(),
        node_id: node.into(),
        quantity: 1,
        ..Default::default()
    }
}

pub(super) async fn at_supplier() -> Status {
    let mut a = Refusing::stocked().await;
    let kind = v1::NodeKind::Supplier.into();
    a.server.define_node(v1::Node { kind, ..node("VENDOR", "60601") }).await;
    refused!(a, a.server.inventory.receive_stock(receipt("VENDOR")))
}

pub(super) async fn not_at_supplier() -> Status {
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

pub(super) async fn vendor_feed_outdated() -> Status {
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

pub(super) async fn quantity_too_large() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.set_stock("SKU", "NYC", limits::STOCK_UNITS_MAX.into()).await;
    refused!(a, a.server.inventory.receive_stock(receipt("NYC")))
}

pub(super) async fn list_full() -> Status {
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

pub(super) async fn stock_below_zero() -> Status {
    let mut a = Refusing::stocked().await;
    let adjust = v1::AdjustStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        adjustment: Some(v1::StockAdjustment { on_hand_delta: -11, unavailable_delta: 0 }),
        ..Default::default()
    };
    refused!(a, a.server.inventory.adjust_stock(adjust))
}

/// A partner speaks of a node that is not one of its own.
pub(super) async fn partner_out_of_scope() -> Status {
    let mut a = Refusing::stocked().await;
    let (partner_id, node_ids) = ("P".into(), vec!["NYC".into()]);
    let define = v1::DefinePartnerRequest { partner_id, node_ids, ..Default::default() };
    a.server.partners.define_partner(define).await.expect("defined");
    let message = r#"{"sender":"P","seq":1,"id":"1","type":"count","occurred_at":"2026-01-01T00:00:00Z",
        "node":"BOS","subject":{"count":"C"},"revision":1,"seq_seen":0,
        "lines":[{"sku":"SKU","on_hand":1}]}"#;
    let content = Some(v1::report_request::Content::Json(message.into()));
    refused!(a, a.server.partners.report(v1::ReportRequest { partner_id: "P".into(), content }))
}

/// More goods of nobody are to be let go than came.
pub(super) async fn partner_goods_too_few() -> Status {
    let mut a = Refusing::stocked().await;
    let (partner_id, node_ids) = ("P".into(), vec!["NYC".into()]);
    let define = v1::DefinePartnerRequest { partner_id, node_ids, ..Default::default() };
    a.server.partners.define_partner(define).await.expect("defined");
    let message = r#"{"sender":"P","seq":1,"id":"1","type":"return_receipt","occurred_at":"2026-01-01T00:00:00Z",
        "node":"NYC","subject":{"rma":"BOX"},"revision":1,"lines":[{"sku":"SKU","received":1}]}"#;
    let content = Some(v1::report_request::Content::Json(message.into()));
    let report = v1::ReportRequest { partner_id: "P".into(), content };
    a.server.partners.report(report).await.expect("taken");
    let of = v1::DisposeGoodsRequest {
        partner_id: "P".into(),
        names: Some(v1::GoodsNames { rma: "BOX".into(), ..Default::default() }),
        lines: vec![v1::GoodsLine { sku: "SKU".into(), quantity: 2 }],
        disposition: v1::ReturnDisposition::Scrap.into(),
        reason: "lost".into(),
        request_id: "K".into(),
        ..Default::default()
    };
    refused!(a, a.server.partners.dispose_goods(of))
}
