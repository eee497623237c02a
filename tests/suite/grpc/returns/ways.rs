//! Goods, permission and money in other orders than one after the other.

use std::time::{Duration, SystemTime};

use backstock_engine::model::Timestamp;

use super::*;
use v1::{
    ReturnCredit as Credit, ReturnDecision as Decision, ReturnDisposition as How,
    ReturnGoods as Goods, ReturnGrade as Grade, TimelineEvent as Event,
};

/// The customer is credited, and keeps it: nothing is expected, and nothing is on a shelf.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_keeps_it_is_credited_at_once_and_once() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    let mode = v1::ReturnMode::KeepIt.into();
    let request = v1::RequestReturnRequest { mode, ..asked("R", &[(0, 1)]) };
    for _ in 0..2 {
        let rma = shop.ask(request.clone()).await.expect("granted");
        let kept = (1, Goods::NotRequired, Decision::Approved, Credit::Given);
        assert_eq!(places(&rma), [kept]);
        assert_eq!(shop.refunded(&mut provider).await, 1_000);
    }
    assert_eq!(shop.stock("A", "NYC").await, (0, 0, 0));
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("it came all the same, and is nobody's");
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
    shop.ask(asked("AGAIN", &[(0, 2)])).await.expect_err("one is credited");
}

pub(super) fn in_days(days: u64) -> SystemTime {
    SystemTime::now() + Duration::from_hours(24 * days)
}

/// Credited before it comes, until then.
fn advanced(units: &[(u32, u32)]) -> v1::RequestReturnRequest {
    let mode = v1::ReturnMode::Advance.into();
    let advance_until = Some(in_days(14).into());
    v1::RequestReturnRequest { mode, advance_until, ..asked("R", units) }
}

impl Shop {
    /// Lets so many days pass, and waits until the return is as it is said.
    pub(super) async fn pass(&mut self, days: u64, is_so: impl Fn(&v1::Return) -> bool) {
        let since = in_days(days).duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let micros = i64::try_from(since.as_micros()).expect("in range");
        self.server.tell_time(Timestamp::from_micros(micros));
        let wait = async {
            while !is_so(&self.rma("R").await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), wait).await.expect("time does it");
    }
}

/// The refund comes first. What comes until the deadline is the customer's credit, and what does not is
/// charged again; what comes later still is credited once more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advance_that_is_not_earned_is_charged_back() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    shop.ask(advanced(&[(0, 2)])).await.expect("granted");
    assert_eq!(shop.refunded(&mut provider).await, 2_000);
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 2_000, "it is not credited twice");
    let is_back = |rma: &v1::Return| places(rma).iter().any(|of| of.3 == Credit::ChargedBack);
    shop.pass(15, is_back).await;
    let earned = (1, Goods::Disposed, Decision::Approved, Credit::Earned);
    assert!(places(&shop.rma("R").await).contains(&earned));
    // The card's money went back, so that the customer owes it.
    assert_eq!(shop.sums("O").await, [1_000, 2_000, 2_000, 1_000]);
    shop.receive(report("R", 2, &[(0, 2)])).await.expect("it came after all");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.sums("O").await, [0, 2_000, 2_000, 0]);
    assert_eq!(shop.refunded(&mut provider).await, 2_000);
}

/// A6 as well: what does not come expires by itself, over a restart, and is credited if it comes later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_come_expires_and_is_taken_when_it_comes() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    shop.ask(asked("R", &[(0, 2)])).await.expect("granted");
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    let expired = |rma: &v1::Return| places(rma).iter().any(|of| of.1 == Goods::Expired);
    shop.pass(31, expired).await;
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
    shop.receive(report("R", 2, &[(0, 2)])).await.expect("it came after all");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 2_000);
}

/// The goods came, and nobody had asked: they are there, and credited once somebody grants it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blind_receipt_is_credited_once_somebody_grants_it() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 1, 100_000)]).await;
    let mode = v1::ReturnMode::Unannounced.into();
    shop.ask(v1::RequestReturnRequest { mode, ..asked("R", &[(0, 1)]) }).await.expect("taken");
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect_err("nobody granted it");
    assert_eq!(shop.stock("A", "NYC").await, (1, 1, 0));
    let decide = v1::DecideReturnRequest {
        order_id: "O".into(),
        return_id: "R".into(),
        granted: true,
        ..Default::default()
    };
    for _ in 0..2 {
        shop.server.returns.decide_return(decide.clone()).await.expect("granted");
    }
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_carrier_lost_is_credited_by_the_terms_alone_and_once() {
    for (covers_loss, refunded) in [(false, 0), (true, 1_000)] {
        let (mut shop, mut provider) = Shop::sold(&[("A", 1, 100_000)]).await;
        let terms = Some(v1::ReturnTerms { covers_loss, ..Default::default() });
        shop.ask(v1::RequestReturnRequest { terms, ..asked("R", &[(0, 1)]) })
            .await
            .expect("granted");
        let (order_id, return_id) = (String::from("O"), String::from("R"));
        let sent = v1::MarkReturnSentRequest {
            order_id: order_id.clone(),
            return_id: return_id.clone(),
            carrier: "Owl Post".into(),
            ..Default::default()
        };
        shop.server.returns.mark_return_sent(sent).await.expect("sent");
        let cancel = v1::CancelReturnRequest {
            order_id: order_id.clone(),
            return_id: return_id.clone(),
            ..Default::default()
        };
        shop.server.returns.cancel_return(cancel).await.expect_err("it is on its way");
        let lost = v1::MarkReturnLostRequest {
            order_id: order_id.clone(),
            return_id: return_id.clone(),
            ..Default::default()
        };
        shop.server.returns.mark_return_lost(lost).await.expect("lost");
        let credit = v1::CreditLostReturnRequest { order_id, return_id, ..Default::default() };
        let credited = shop.server.returns.credit_lost_return(credit).await;
        assert_eq!(credited.is_ok(), covers_loss);
        assert_eq!(shop.refunded(&mut provider).await, refunded);
        // It turns up, and is the seller's where he paid for it.
        shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
        shop.inspect(as_new("R")).await.expect("looked at");
        assert_eq!(shop.refunded(&mut provider).await, 1_000);
        assert_eq!(shop.stock("A", "NYC").await, (1, 0, 1));
    }
}

/// Scenario 5: customer and desk read the same story.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_is_my_refund() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 3, 100_000)]).await;
    shop.ask(asked("R", &[(0, 2)])).await.expect("granted");
    // The centre's messages arrive twice, and out of order.
    for (revision, units) in [(2, 2), (1, 1), (2, 2)] {
        let told = shop.receive(report("R", revision, &[(0, units)])).await;
        assert_eq!(told.is_ok(), revision == 2);
    }
    let one =
        |grade: v1::ReturnGrade, how: v1::ReturnDisposition, key: &str| v1::InspectReturnRequest {
            lines: lines(&[(0, 1)]),
            grade: grade.into(),
            disposition: how.into(),
            request_id: key.into(),
            ..as_new("R")
        };
    shop.inspect(one(Grade::A, How::Restock, "1")).await.expect("looked at");
    shop.inspect(one(Grade::Damaged, How::Scrap, "2")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 2_000);
    assert_eq!(shop.stock("A", "NYC").await, (1, 0, 1));
    for audience in [v1::TimelineAudience::Customer, v1::TimelineAudience::Desk] {
        let request = v1::GetTimelineRequest {
            order_id: "O".into(),
            audience: audience.into(),
            ..Default::default()
        };
        let told = shop.server.orders.get_timeline(request).await.expect("a timeline").into_inner();
        let of_return = told.entries.iter().filter(|entry| entry.return_id == "R");
        let events: Vec<_> = of_return.map(|entry| (entry.event(), entry.lines.clone())).collect();
        let inspected = (Event::ReturnInspected, lines(&[(0, 1)]));
        let story = [
            (Event::ReturnRequested, lines(&[(0, 2)])),
            (Event::ReturnReceived, lines(&[(0, 2)])),
            inspected.clone(),
            inspected,
        ];
        assert_eq!(events, story, "{audience:?}");
    }
    let order = shop.order("O").await;
    assert_eq!(order.returns, [shop.rma("R").await]);
}
