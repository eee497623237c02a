//! What payment providers tell before the order is there, or of none: kept, attached and let go.

use std::time::Duration;

use super::provider::Provider;
use super::*;

fn event(order: &str, reference: &str, amount_minor: i64) -> v1::RecordPaymentEventRequest {
    v1::RecordPaymentEventRequest {
        order_id: order.into(),
        payment_id: if order.is_empty() { String::new() } else { "card".into() },
        kind: v1::LedgerKind::Captured.into(),
        amount_minor,
        reference: reference.into(),
        request_id: format!("webhook-{reference}"),
        ..Default::default()
    }
}

impl Shop {
    async fn tell(
        &mut self,
        event: v1::RecordPaymentEventRequest,
    ) -> v1::RecordPaymentEventResponse {
        self.server.payments.record_payment_event(event).await.expect("taken").into_inner()
    }

    /// References of what is kept, the oldest first.
    async fn kept(&mut self) -> Vec<String> {
        let request = v1::GetPaymentEventsRequest {};
        let events = self.server.payments.get_payment_events(request).await.expect("read");
        events.into_inner().events.into_iter().map(|event| event.reference).collect()
    }

    /// Waits until so much is kept.
    async fn until_kept(&mut self, many: usize) {
        let wait = async {
            while self.kept().await.len() != many {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), wait).await.expect("it is attached");
    }
}

/// medusa#13301: the webhook is there before the order is. It is kept, over a kill, told of the order as soon as
/// that is placed, and told again by its provider it is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_comes_before_its_order_is_told_of_it_as_it_is_placed() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    for _ in 0..2 {
        assert!(shop.tell(event("O", "pi-1", 400)).await.is_kept);
    }
    assert_eq!(shop.kept().await, ["pi-1"]);
    let mut shop = shop.killed().await;
    assert_eq!(shop.kept().await, ["pi-1"]);
    shop.place(priced("O", &[("A", 1, 100_000)], vec![card("card", 1_000)])).await;
    shop.until_kept(0).await;
    assert_eq!(shop.money("O").await.captured_minor, 400);
    let again = shop.tell(event("O", "pi-1", 400)).await;
    assert_eq!((again.is_repeat, again.order_id.as_str()), (true, "O"));
    let other_key =
        v1::RecordPaymentEventRequest { request_id: String::new(), ..event("O", "pi-1", 400) };
    shop.tell(other_key).await;
    assert_eq!(shop.money("O").await.captured_minor, 400, "once");
}

/// It says its reference alone: known here, it is told of its order at once; not known, it is kept until a
/// result has that reference.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_says_of_which_order_it_is_once_it_is_known() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    shop.place(priced("O", &[("A", 1, 100_000)], vec![card("card", 1_000)])).await;
    shop.place(priced("P", &[("A", 1, 100_000)], vec![card("two", 1_000)])).await;
    let told = shop.tell(event("", "auth-card", 100)).await;
    assert_eq!((told.is_kept, told.order_id.as_str()), (false, "O"));
    let back = v1::RecordPaymentEventRequest {
        kind: v1::LedgerKind::Chargeback.into(),
        ..event("", "ref-1", 250)
    };
    assert!(shop.tell(back).await.is_kept, "nothing has that reference yet");
    shop.ship("O", 1).await;
    Provider::default().answer_all(&mut shop, 1).await;
    shop.until_kept(0).await;
    let charged: Vec<_> = shop.money("O").await.ledger.iter().map(v1::LedgerEntry::kind).collect();
    assert_eq!(charged.last(), Some(&v1::LedgerKind::Chargeback), "{charged:?}");
    assert_eq!(shop.money("P").await.captured_minor, 0);
}

/// What nobody can place is attached by a person, or let go with a reason; both once, and over a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_says_whose_it_is_or_lets_it_go() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    shop.place(priced("O", &[("A", 1, 100_000)], vec![card("card", 1_000)])).await;
    for reference in ["pi-1", "pi-2"] {
        assert!(shop.tell(event("", reference, 300)).await.is_kept);
    }
    shop.server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    let mut shop = shop.killed().await;
    let attach = v1::AttachPaymentEventRequest {
        kind: v1::LedgerKind::Captured.into(),
        reference: "pi-1".into(),
        order_id: "O".into(),
        payment_id: "card".into(),
        ..Default::default()
    };
    shop.server.payments.attach_payment_event(attach.clone()).await.expect("attached");
    assert_eq!(shop.money("O").await.captured_minor, 300);
    shop.server.payments.attach_payment_event(attach).await.expect_err("it is kept no more");
    let let_go = v1::LetGoPaymentEventRequest {
        kind: v1::LedgerKind::Captured.into(),
        reference: "pi-2".into(),
        ..Default::default()
    };
    shop.server.payments.let_go_payment_event(let_go.clone()).await.expect_err("without a reason");
    let let_go = v1::LetGoPaymentEventRequest { reason: "of another shop".into(), ..let_go };
    shop.server.payments.let_go_payment_event(let_go).await.expect("let go");
    assert_eq!(shop.kept().await, [""; 0]);
    // Its provider tells it once more: it stays let go.
    let again =
        v1::RecordPaymentEventRequest { request_id: String::new(), ..event("", "pi-2", 300) };
    assert!(!shop.tell(again).await.is_kept);
    assert_eq!(shop.kept().await, [""; 0]);
    assert_eq!(shop.money("O").await.captured_minor, 300);
}
