//! Where goods are that come back, and who gets them.

use super::super::server::{node, waiting_order};
use super::*;

/// Pain 14: nobody restocks what came back, while others wait for it. It is free at the node where it came
/// in, in the event that credits it, and who waits longest has it at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_restocked_serves_who_waits_at_once() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    shop.server.define_node(node("LAX", "90001")).await;
    shop.place(waiting_order("FIRST", &[("A", 1)])).await;
    shop.place(waiting_order("SECOND", &[("A", 1)])).await;
    let to_lax = v1::RequestReturnRequest { node_id: "LAX".into(), ..asked("R", &[(0, 2)]) };
    shop.ask(to_lax).await.expect("granted");
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    let waits = |order: &v1::Order| order.lines[0].units.as_ref().expect("units").backordered;
    assert_eq!(waits(&shop.order("FIRST").await), 1, "nobody looked at it");
    shop.inspect(as_new("R")).await.expect("looked at");
    let first = shop.order("FIRST").await;
    assert_eq!((waits(&first), waits(&shop.order("SECOND").await)), (0, 1));
    assert_eq!(first.shipments.last().expect("one").node_id, "LAX");
    assert_eq!(shop.stock("A", "LAX").await, (1, 0, 0));
    assert_eq!(shop.stock("A", "NYC").await, (0, 0, 0));
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
    shop.server.audit().await;
}

/// Before anything came, a customer may bring it where he likes; afterwards it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_are_restocked_where_they_came_in() {
    let (mut shop, _) = Shop::sold(&[("A", 2, 100_000)]).await;
    shop.server.define_node(node("LAX", "90001")).await;
    shop.ask(asked("R", &[(0, 2)])).await.expect("granted");
    let at = |node: &str, revision, units| v1::ReceiveReturnRequest {
        node_id: node.into(),
        ..report("R", revision, &[(0, units)])
    };
    assert_eq!(shop.receive(at("LAX", 1, 1)).await.expect("received").node_id, "LAX");
    shop.receive(at("NYC", 2, 2)).await.expect_err("the other one is at LAX");
    shop.receive(report("R", 2, &[(0, 2)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.stock("A", "LAX").await, (2, 0, 2));
    assert_eq!(shop.stock("A", "NYC").await, (0, 0, 0));
}

/// Each disposition in the books of the node: what is damaged is never sellable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_goods_is_in_the_books_of_their_node() {
    use v1::ReturnDisposition::{Liquidate, Refurbish, Restock, ReturnToVendor, Scrap, SendBack};
    use v1::ReturnVerdict::{Approve, Reject};
    for (verdict, how, stock, refunded) in [
        (Approve, Restock, (1, 0, 1), 1_000),
        (Approve, Refurbish, (1, 1, 0), 1_000),
        (Approve, Liquidate, (1, 1, 0), 1_000),
        (Approve, ReturnToVendor, (1, 1, 0), 1_000),
        (Approve, Scrap, (0, 0, 0), 1_000),
        (Reject, Scrap, (0, 0, 0), 0),
        (Reject, SendBack, (0, 0, 0), 0),
        (Reject, v1::ReturnDisposition::Missing, (0, 0, 0), 0),
    ] {
        let (mut shop, mut provider) = Shop::sold(&[("A", 1, 100_000)]).await;
        shop.ask(asked("R", &[(0, 1)])).await.expect("granted");
        shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
        let request = v1::InspectReturnRequest {
            verdict: verdict.into(),
            disposition: how.into(),
            ..as_new("R")
        };
        shop.inspect(request).await.expect("looked at");
        assert_eq!(shop.stock("A", "NYC").await, stock, "{how:?}");
        assert_eq!(shop.refunded(&mut provider).await, refunded, "{how:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_unit_is_not_sellable() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 1, 100_000)]).await;
    shop.ask(asked("R", &[(0, 1)])).await.expect("granted");
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    let damaged =
        v1::InspectReturnRequest { grade: v1::ReturnGrade::Damaged.into(), ..as_new("R") };
    shop.inspect(damaged.clone()).await.expect_err("nobody sells it as it is");
    assert_eq!(shop.stock("A", "NYC").await, (1, 1, 0), "a refusal changes nothing");
    let later = v1::InspectReturnRequest { disposition: 0, ..damaged };
    shop.inspect(later).await.expect("looked at");
    assert_eq!(shop.stock("A", "NYC").await, (1, 1, 0));
    assert_eq!(shop.refunded(&mut provider).await, 1_000, "the credit does not wait");
    let restock = v1::DisposeReturnRequest {
        order_id: "O".into(),
        return_id: "R".into(),
        disposition: v1::ReturnDisposition::Restock.into(),
        ..Default::default()
    };
    shop.server.returns.dispose_return(restock.clone()).await.expect_err("it is damaged");
    let scrap =
        v1::DisposeReturnRequest { disposition: v1::ReturnDisposition::Scrap.into(), ..restock };
    for _ in 0..2 {
        shop.server.returns.dispose_return(scrap.clone()).await.expect("disposed of");
        assert_eq!(shop.stock("A", "NYC").await, (0, 0, 0));
    }
}

/// More than was announced, other items, and a report that is corrected: all that came is there once, and
/// what nobody asked for is not sold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_totals_and_each_unit_is_somewhere_once() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 3, 100_000)]).await;
    shop.server.define_item("OTHER").await;
    shop.ask(asked("R", &[(0, 1)])).await.expect("granted");
    let others = vec![v1::ReturnedItem { sku: "OTHER".into(), quantity: 2 }];
    let over = v1::ReceiveReturnRequest { others, ..report("R", 2, &[(0, 3)]) };
    for _ in 0..2 {
        let rma = shop.receive(over.clone()).await.expect("received");
        assert_eq!((rma.lines[0].surplus, rma.others[0].quantity), (2, 2));
        assert_eq!(shop.stock("A", "NYC").await, (3, 3, 0));
        assert_eq!(shop.stock("OTHER", "NYC").await, (2, 2, 0));
    }
    shop.receive(report("R", 1, &[(0, 1)])).await.expect_err("it is older");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.stock("A", "NYC").await, (3, 2, 1), "one was asked for");
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
    shop.receive(report("R", 3, &[(0, 0)])).await.expect_err("one was looked at");
    shop.receive(report("R", 3, &[(0, 1)])).await.expect("the others were counted wrong");
    assert_eq!(shop.stock("A", "NYC").await, (1, 0, 1));
    shop.server.audit().await;
}
