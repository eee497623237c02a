//! A payment provider and its connector, simulated: it declines, forgets to answer, answers twice, and its
//! webhooks come first.

use std::collections::BTreeMap;

use backstock_proto::v1;

use super::Shop;

/// What the provider did under each key, for ever: asked again under a key, it answers the same.
#[derive(Default)]
pub(in crate::grpc) struct Provider {
    pub(super) done: BTreeMap<String, (v1::IntentKind, String, i64)>,
    /// Payments of which it declines everything.
    pub(super) declines: Vec<String>,
    /// Calls that it got, repeated ones among them.
    pub(super) calls: usize,
}

impl Provider {
    /// What it says to a call under a key.
    fn call(&mut self, intent: &v1::Intent) -> v1::PaymentOutcome {
        self.calls += 1;
        if self.declines.contains(&intent.payment_id) {
            return v1::PaymentOutcome::Failed;
        }
        let asked = (intent.kind(), intent.payment_id.clone(), intent.amount_minor);
        let known = self.done.entry(intent.intent_id.clone()).or_insert_with(|| asked.clone());
        assert_eq!(*known, asked, "a key is never used for something else");
        v1::PaymentOutcome::Succeeded
    }

    /// It declines from now on, also to give store credit.
    pub(in crate::grpc) fn declines_all(&mut self) {
        self.declines = vec!["card".into(), String::new()];
    }

    /// What it did of a kind, all in all.
    pub(in crate::grpc) fn sum(&self, kind: v1::IntentKind) -> i64 {
        let of_kind = self.done.values().filter(|(of, ..)| *of == kind);
        of_kind.map(|(_, _, amount)| amount).sum()
    }

    /// Answers all that is asked for, and that it brings about, each so often.
    pub(in crate::grpc) async fn answer_all(&mut self, shop: &mut Shop, times: usize) {
        loop {
            let open = shop.intents().await;
            if open.is_empty() {
                return;
            }
            for (order_id, intent) in open {
                for _ in 0..times {
                    let outcome = self.call(&intent);
                    shop.told(&order_id, intent.number, outcome).await;
                }
            }
        }
    }
}

impl Shop {
    /// What no provider has answered yet.
    pub(in crate::grpc) async fn intents(&mut self) -> Vec<(String, v1::Intent)> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = v1::ListIntentsRequest { page_size: 1, page_token };
            let page = self.server.payments.list_intents(request).await.expect("a page");
            let page = page.into_inner();
            for of in page.orders {
                all.extend(of.intents.into_iter().map(|intent| (of.order_id.clone(), intent)));
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    pub(super) async fn told(&mut self, order: &str, number: u32, outcome: v1::PaymentOutcome) {
        let request = v1::RecordPaymentResultRequest {
            order_id: order.into(),
            intent_number: number,
            outcome: outcome.into(),
            reference: format!("ref-{number}"),
            ..Default::default()
        };
        self.server.payments.record_payment_result(request).await.expect("it is taken");
    }

    /// What a provider tells unasked of the payment `card`.
    pub(in crate::grpc) async fn webhook(
        &mut self,
        order: &str,
        (kind, amount_minor, reference): (v1::LedgerKind, i64, &str),
    ) {
        let request = v1::RecordPaymentEventRequest {
            order_id: order.into(),
            payment_id: "card".into(),
            kind: kind.into(),
            amount_minor,
            reference: reference.into(),
            ..Default::default()
        };
        self.server.payments.record_payment_event(request).await.expect("it is taken");
    }
}
