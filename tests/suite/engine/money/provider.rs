//! A provider that declines, forgets, repeats, and tells before it is asked.

use std::collections::BTreeMap;

use backstock_engine::command::PaymentStep;
use backstock_engine::model::{Intent, IntentKind, Order, PaymentOutcome};

use super::{Life, text};

/// What a provider did under a key, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    kind: IntentKind,
    payment: Option<u16>,
    amount: i64,
    outcome: PaymentOutcome,
}

/// By key: it remembers for ever.
#[derive(Default)]
pub(super) struct Provider(BTreeMap<String, Done>);

impl Provider {
    /// What it did under a key, if it was asked.
    pub(super) fn did(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|done| done.outcome == PaymentOutcome::Succeeded)
    }

    /// What it took, or gave back, of an order.
    pub(super) fn sum(&self, order: &str, kind: IntentKind) -> i64 {
        let done = self.of(order).filter(|done| done.kind == kind);
        let done = done.filter(|done| done.outcome == PaymentOutcome::Succeeded);
        done.map(|done| done.amount).sum()
    }

    /// Whether it declined anything of an order.
    pub(super) fn declined(&self, order: &str) -> bool {
        self.of(order).any(|done| done.outcome == PaymentOutcome::Failed)
    }

    /// All that it did of an order, whose keys begin with its id and a slash.
    fn of(&self, order: &str) -> impl Iterator<Item = &Done> {
        let range = format!("{order}/")..format!("{order}0");
        self.0.range(range).map(|(_, done)| done)
    }

    /// Does what it is asked, unless it was asked before.
    fn asked(&mut self, key: String, intent: &Intent, outcome: PaymentOutcome) -> PaymentOutcome {
        let (kind, payment, amount) = (intent.kind, intent.payment, intent.amount.0);
        let new = Done { kind, payment, amount, outcome };
        let done = self.0.entry(key).or_insert_with(|| new.clone());
        assert_eq!((done.kind, done.payment, done.amount), (kind, payment, amount), "one key");
        done.outcome
    }
}

impl Life {
    /// Whether something was open; so many of a hundred get an answer that ends it.
    pub(super) fn answer(&mut self, ends_percent: u32) -> bool {
        let Some((order, number, intent)) = self.some_intent() else { return false };
        let id = order.header.id.to_string();
        let declines = self.random.percent(10) && ends_percent < 100;
        let outcome = if declines { PaymentOutcome::Failed } else { PaymentOutcome::Succeeded };
        let key = Intent::id(&order.header.id, usize::from(number));
        let outcome = self.provider.asked(key, &intent, outcome);
        if !self.random.percent(ends_percent) {
            self.tell(&id, number, PaymentOutcome::Unknown);
            return true;
        }
        for _ in 0..self.random.within(1..3) {
            self.tell(&id, number, outcome);
        }
        // The other answer, by an older message: it changes nothing.
        if self.random.percent(5) {
            self.tell(&id, number, other(outcome));
        }
        true
    }

    fn some_intent(&mut self) -> Option<(Order, u16, Intent)> {
        let engine = self.engine();
        // Behind some order; the first ones where there are none.
        let after = self.random.next() % self.placed.max(1);
        let mut open = Vec::new();
        for after in [after, 0] {
            if open.is_empty() {
                let listed = self.single.run(async { engine.orders_with_intents(after, 8).await });
                open = listed.expect("they are listed").0;
            }
        }
        if open.is_empty() {
            return None;
        }
        let order = self.random.pick(&open).clone();
        let intents = order.money.as_ref().expect("it has prices").intents.iter().cloned();
        let in_flight: Vec<(u16, Intent)> =
            (1..).zip(intents).filter(|(_, of)| of.is_in_flight()).collect();
        let (number, intent) = self.random.pick(&in_flight).clone();
        Some((order, number, intent))
    }

    fn tell(&mut self, id: &str, intent: u16, outcome: PaymentOutcome) {
        self.touched.insert(id.to_owned());
        let reference = text(&format!("ref-{intent}"));
        let (amount, observed_at, expires) = (None, None, None);
        let step = PaymentStep::Result { intent, outcome, amount, reference, observed_at, expires };
        self.record(id, step).expect("it is taken");
    }
}

const fn other(outcome: PaymentOutcome) -> PaymentOutcome {
    match outcome {
        PaymentOutcome::Succeeded => PaymentOutcome::Failed,
        _ => PaymentOutcome::Succeeded,
    }
}
