//! Authorisations that end before an order is shipped: the clock is moved, and the server told of it.

use std::time::{Duration, SystemTime};

use backstock_engine::model::Timestamp;
use v1::IntentKind::{Authorise, Void};

use super::provider::Provider;
use super::*;

fn in_hours(hours: u64) -> SystemTime {
    SystemTime::now() + Duration::from_hours(hours)
}

/// A card that is authorised for three days.
fn for_three_days(on_expiry: v1::ExpiryPolicy) -> v1::NewPayment {
    v1::NewPayment {
        expires_time: Some(in_hours(72).into()),
        on_expiry: on_expiry.into(),
        ..card("card", 1_000)
    }
}

impl Shop {
    /// An order of ten dollars, of which such a card is authorised.
    async fn authorised(on_expiry: v1::ExpiryPolicy) -> Self {
        let mut shop = Self::with(&[("A", 5)]).await;
        shop.place(priced("O", &[("A", 1, 100_000)], vec![for_three_days(on_expiry)])).await;
        shop
    }

    /// It is so many hours later, and what is due of the order by then is done.
    async fn pass_until(&mut self, hours: u64, is_so: impl Fn(&v1::Order) -> bool) {
        let since = in_hours(hours).duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let micros = i64::try_from(since.as_micros()).expect("in range");
        self.server.tell_time(Timestamp::from_micros(micros));
        let wait = async {
            while !is_so(&self.order("O").await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), wait).await.expect("time does it");
    }

    /// The provider tells that an authorisation holds for so many hours more.
    async fn renewed(&mut self, intent_number: u32, hours: u64) {
        let request = v1::RecordPaymentResultRequest {
            order_id: "O".into(),
            intent_number,
            outcome: v1::PaymentOutcome::Succeeded.into(),
            reference: format!("ref-{intent_number}"),
            expires_time: Some(in_hours(hours).into()),
            ..Default::default()
        };
        self.server.payments.record_payment_result(request).await.expect("it is taken");
    }

    async fn release(&mut self) -> Result<(), tonic::Status> {
        let request = v1::ReleaseShipmentRequest {
            order_id: "O".into(),
            shipment_number: 1,
            ..Default::default()
        };
        self.server.fulfillment.release_shipment(request).await.map(drop)
    }

    /// What is asked for and not answered: what, how much, and of which authorisation.
    async fn asked(&mut self) -> Vec<(v1::IntentKind, i64, String)> {
        let open = self.intents().await;
        open.into_iter()
            .map(|(_, of)| (of.kind(), of.amount_minor, of.authorisation_reference))
            .collect()
    }
}

fn is_held(order: &v1::Order) -> bool {
    order.holds.iter().any(|hold| hold.kind() == v1::OrderHoldKind::Payment)
}

fn has_intents(order: &v1::Order) -> bool {
    order.money.as_ref().is_some_and(|money| !money.intents.is_empty())
}

/// A day before its end, another one is asked for, over a kill; the old one is let go once that is there,
/// and what leaves is captured of the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authorisation_is_renewed_before_it_ends_and_the_old_one_is_let_go() {
    let shop = Shop::authorised(v1::ExpiryPolicy::Renew).await;
    let mut shop = shop.killed().await;
    shop.pass_until(49, has_intents).await;
    assert_eq!(shop.asked().await, [(Authorise, 1_000, "auth-card".into())]);
    assert!(!is_held(&shop.order("O").await), "it is authorised for a day yet");
    shop.renewed(1, 240).await;
    assert_eq!(shop.asked().await, [(Void, 1_000, "auth-card".into())]);
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 2).await;
    let money = shop.money("O").await;
    assert_eq!((money.payments[0].authorised_minor, money.secured_minor), (1_000, 1_000));
    // The end of the old one passes.
    shop.pass_until(80, |_| true).await;
    shop.release().await.expect("it is secured");
    shop.ship("O", 1).await;
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
    assert_eq!(provider.sum(v1::IntentKind::Capture), 1_000);
}

/// Nobody renews it: the order is on hold before a node is told of it. Another card ends the hold, and the
/// first one is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_authorisation_ends_is_on_hold_before_it_is_released() {
    let mut shop = Shop::authorised(v1::ExpiryPolicy::Hold).await;
    shop.pass_until(49, is_held).await;
    shop.release().await.expect_err("it is on hold");
    let payment = Some(card("second", 1_000));
    let add = v1::AddPaymentRequest { order_id: "O".into(), payment, ..Default::default() };
    shop.server.payments.add_payment(add).await.expect("added");
    assert!(!is_held(&shop.order("O").await), "it is paid for by what does not end");
    assert_eq!(shop.asked().await, [(Void, 1_000, "auth-card".into())]);
    shop.release().await.expect("it is secured");
    let audience = v1::TimelineAudience::Desk.into();
    let timeline = v1::GetTimelineRequest { order_id: "O".into(), audience, ..Default::default() };
    let timeline = shop.server.orders.get_timeline(timeline).await.expect("read").into_inner();
    let events: Vec<_> = timeline.entries.iter().map(v1::TimelineEntry::event).collect();
    let told = [v1::TimelineEvent::OrderHeld, v1::TimelineEvent::OrderHoldReleased];
    assert!(events.windows(2).any(|of| of == told), "{events:?}");
}

/// The provider declines to renew it, or answers too late: the order is on hold, and what is over is never
/// captured. A late answer is one all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_or_declined_renewal_holds_the_order_and_captures_nothing() {
    let mut shop = Shop::authorised(v1::ExpiryPolicy::Renew).await;
    shop.pass_until(49, has_intents).await;
    shop.told("O", 1, v1::PaymentOutcome::Unknown).await;
    assert!(!is_held(&shop.order("O").await));
    shop.pass_until(73, is_held).await;
    let money = shop.money("O").await;
    assert_eq!((money.secured_minor, money.payments[0].authorised_minor), (0, 0));
    assert_eq!(money.ledger.last().expect("an entry").kind(), v1::LedgerKind::AuthExpired);
    // Its provider tells the same.
    shop.webhook("O", (v1::LedgerKind::AuthExpired, 1_000, "auth-card")).await;
    assert_eq!(shop.money("O").await.ledger.len(), money.ledger.len());
    shop.renewed(1, 240).await;
    assert!(!is_held(&shop.order("O").await));
    assert_eq!(shop.money("O").await.secured_minor, 1_000);
    let mut declined = Shop::authorised(v1::ExpiryPolicy::Renew).await;
    declined.pass_until(49, has_intents).await;
    declined.told("O", 1, v1::PaymentOutcome::Failed).await;
    declined.pass_until(49, is_held).await;
    assert_eq!(declined.asked().await, []);
    assert_eq!(declined.money("O").await.secured_minor, 1_000, "for a day yet");
}
