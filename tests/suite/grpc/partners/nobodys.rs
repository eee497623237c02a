//! Goods that came back and are nobody's: they are let go, or somebody finds whose they are.

use serde_json::json;

use super::goods::{ask, came, lies, matching, none, rma, sold, unmatched};
use super::*;
use v1::MessageStatus::Accepted;
use v1::ReturnDisposition as How;

fn let_go(names: &v1::GoodsNames, how: How, units: u64) -> v1::DisposeGoodsRequest {
    let line = v1::GoodsLine { sku: "A".into(), quantity: units };
    v1::DisposeGoodsRequest {
        partner_id: "3pl-7".into(),
        names: Some(names.clone()),
        lines: vec![line],
        disposition: how.into(),
        grade: v1::ReturnGrade::B.into(),
        reason: "nobody asked for it in a month".into(),
        request_id: format!("{how:?}"),
    }
}

/// Of five, one is sold as found stock, to the order that waits for it; two leave, and the rest is matched. All of
/// it is so after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_of_nobody_are_sold_thrown_away_or_sent_back_and_the_rest_is_matched() {
    let (mut shop, _) = sold().await;
    assert_eq!(
        say(&mut shop.server, &came(1, &rma("BOX"), 1, 5, &none())).await.status(),
        Accepted
    );
    let names = unmatched(&mut shop).await[0].names.clone().expect("names");
    let rows = [(How::Restock, (5, 4)), (How::Scrap, (4, 3)), (How::SendBack, (3, 2))];
    for (how, there) in rows {
        for is_repeat in [false, true] {
            let done = shop.server.partners.dispose_goods(let_go(&names, how, 1)).await;
            assert_eq!(done.expect("let go").into_inner().is_repeat, is_repeat, "{how:?}");
            assert_eq!(lies(&mut shop, "A").await, there, "{how:?}");
        }
    }
    let left = unmatched(&mut shop).await[0].lines.clone();
    assert_eq!(left, [v1::GoodsLine { sku: "A".into(), quantity: 2 }]);
    ask(&mut shop, "R-88", 3).await;
    shop.server.partners.match_goods(matching(names.clone(), "R-88")).await.expect("matched");
    let more = came(2, &rma("BOX"), 2, 6, &none());
    assert_eq!(say(&mut shop.server, &more).await.status(), Accepted);
    assert_eq!((lies(&mut shop, "A").await, unmatched(&mut shop).await), ((4, 3), vec![]));
    let units = shop.rma("R-88").await.lines[0].units.clone();
    let received = units.iter().filter(|of| of.goods() == v1::ReturnGoods::Received);
    assert_eq!(received.map(|of| of.quantity).sum::<u32>(), 3, "two were there, and one came");
    let gone = shop.server.partners.dispose_goods(let_go(&names, How::ReturnToVendor, 1)).await;
    assert_eq!(gone.expect_err("they are of a return").code(), Code::NotFound);
    shop.server.audit().await;
    let hash = shop.server.state_hash();
    shop.server.kill().await;
    let mut again = TestServer::start(shop.directory.path()).await;
    assert_eq!(again.state_hash(), hash);
    again.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("a snapshot");
    again.stop().await.expect("it ends");
    assert_eq!(TestServer::start(shop.directory.path()).await.state_hash(), hash);
}

/// What is wrong is told with its field, and changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_letting_go_is_told() {
    let (mut shop, _) = sold().await;
    assert_eq!(
        say(&mut shop.server, &came(1, &rma("BOX"), 1, 2, &none())).await.status(),
        Accepted
    );
    let names = unmatched(&mut shop).await[0].names.clone().expect("names");
    let good = || let_go(&names, How::Restock, 1);
    let damaged = v1::ReturnGrade::Damaged.into();
    let rows = [
        (v1::DisposeGoodsRequest { grade: 0, ..good() }, "grade"),
        (v1::DisposeGoodsRequest { grade: damaged, ..good() }, "grade"),
        (v1::DisposeGoodsRequest { grade: 99, ..good() }, "grade"),
        (v1::DisposeGoodsRequest { reason: String::new(), ..good() }, "reason"),
        (v1::DisposeGoodsRequest { reason: "x".repeat(257), ..good() }, "reason"),
        (v1::DisposeGoodsRequest { disposition: 0, ..good() }, "disposition"),
        (let_go(&names, How::Missing, 1), "disposition"),
        (let_go(&names, How::Scrap, 0), "lines[0].quantity"),
        (v1::DisposeGoodsRequest { request_id: String::new(), ..good() }, "request_id"),
        (v1::DisposeGoodsRequest { names: None, ..good() }, "names"),
    ];
    for (request, field) in rows {
        let status = shop.server.partners.dispose_goods(request).await.expect_err(field);
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        assert!(status.message().contains(field), "{field}: {status:?}");
    }
    let few = shop.server.partners.dispose_goods(let_go(&names, How::Scrap, 3)).await;
    assert_eq!(few.expect_err("two are there").code(), Code::FailedPrecondition);
    assert_eq!(lies(&mut shop, "A").await, (2, 2));
}

/// The id of a return is unique in its order alone: goods under it at another node than its own are nobody's,
/// and the return is a candidate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_id_takes_no_goods_at_another_node() {
    let (mut shop, _) = sold().await;
    let elsewhere = v1::RequestReturnRequest {
        order_id: "O".into(),
        return_id: "R-88".into(),
        node_id: "NYC".into(),
        reason: v1::ReturnReason::DoesNotFit.into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity: 2 }],
        ..Default::default()
    };
    shop.server.returns.request_return(elsewhere).await.expect("granted");
    assert_eq!(
        say(&mut shop.server, &came(1, &rma("R-88"), 1, 1, &none())).await.status(),
        Accepted
    );
    let goods = unmatched(&mut shop).await;
    let candidate = v1::GoodsCandidate { order_id: "O".into(), return_id: "R-88".into() };
    assert_eq!((goods.len(), &goods[0].candidates[..]), (1, &[candidate][..]));
    assert_eq!(lies(&mut shop, "A").await, (1, 1));
    // With its order, it is sure: customers send goods to other places than they should.
    let sure = came(2, &json!({ "rma": "R-88", "order": "O", "tracking": "1Z" }), 1, 1, &none());
    let answer = say(&mut shop.server, &sure).await;
    assert_eq!(&*answer.reason, "subject_changed", "it may be the same goods");
    let names = goods[0].names.clone().expect("names");
    shop.server.partners.match_goods(matching(names, "R-88")).await.expect("matched");
    assert_eq!((lies(&mut shop, "A").await, unmatched(&mut shop).await), ((1, 1), vec![]));
    shop.server.audit().await;
}
