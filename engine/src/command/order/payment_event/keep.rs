//! Keeping what a payment provider told, because it is not known of which order it is.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::take;
use crate::limits::{AMOUNT_MAX, PROVIDER_EVENTS_MAX};
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::violation::Rule;
use crate::model::{
    DocumentEffect, DocumentKey, Meta, OrderId, PaymentId, ProviderEvent, Refusal, Violation,
};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Keeps what a payment provider told. Told again, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepProviderEvent {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it told.
    pub event: ProviderEvent,
}

/// Something that a payment provider told is kept until it is known of which order it is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ProviderEventKept {
    /// What it told.
    #[n(0)]
    pub event: ProviderEvent,
}

impl Command for KeepProviderEvent {
    type Event = ProviderEventKept;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    /// As of telling it of the order, so that who tells it again is known by his key.
    fn fingerprint(&self) -> u64 {
        let ProviderEvent { order, payment, kind, amount, reference, expires, .. } = &self.event;
        let (Some(order), Some(payment)) = (order, payment) else {
            let said = (order, payment, kind, amount, reference, expires);
            return fingerprint(&("provider_event", said));
        };
        match expires {
            None => fingerprint(&("payment_event", order, payment, kind, amount, reference)),
            Some(until) => {
                fingerprint(&("payment_event", order, (payment, kind, amount, reference), until))
            }
        }
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ProviderEventKept>, EngineError> {
        take(tx.kernel(), &mut tx.claims).await?;
        let documents = &tx.state().documents;
        if let Some((_, known)) = documents.before(&key(&self.event)) {
            return Ok(Decision::Nothing(known.last_lsn));
        }
        Ok(Decision::Event(decide(documents.provider_events_count(), self)?))
    }
}

/// Under which key it is kept: a provider tells a kind under a reference once.
pub(super) fn key(event: &ProviderEvent) -> DocumentKey {
    DocumentKey::ProviderEvent(event.kind, event.reference.clone())
}

/// Pure: what keeping it comes to, where so many are kept.
fn decide(kept: usize, command: &KeepProviderEvent) -> Result<ProviderEventKept, Refusal> {
    if kept >= PROVIDER_EVENTS_MAX {
        return Err(Refusal::ListFull { what: "payment_events", max: PROVIDER_EVENTS_MAX });
    }
    let since = command.meta.at;
    Ok(ProviderEventKept { event: ProviderEvent { since, ..command.event.clone() } })
}

impl KeepProviderEvent {
    /// Checks its amount, and that it says something by which its order may come to be known.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        in_range(&mut found, "amount_minor".into(), self.event.amount.0, 1, AMOUNT_MAX);
        if self.event.reference.as_str().is_empty() {
            let rule = Rule::Malformed("is required where no order and payment are named".into());
            found.push(Violation::new("reference", "", rule));
        }
        finish(found)
    }
}

impl Event for ProviderEventKept {
    fn describe(&self) -> Value {
        let ProviderEvent { order, payment, kind, amount, reference, .. } = &self.event;
        json!({
            "named_order": order.as_ref().map(OrderId::as_str),
            "named_payment": payment.as_ref().map(PaymentId::as_str),
            "kind": kind.as_str(), "amount_minor": amount.0, "reference": reference.as_str(),
        })
    }
}

impl Effective for ProviderEventKept {
    fn effects(self) -> Effects {
        let key = key(&self.event);
        vec![Effect::Document(Box::new((key, DocumentEffect::Keep(Box::new(self.event)))))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, keep_provider_event, said};
    use crate::model::{Minor, RefusalKind, Text};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let command = keep_provider_event("pi-1");
        let full = Refusal::ListFull { what: "payment_events", max: PROVIDER_EVENTS_MAX };
        check([
            ("room", decide(PROVIDER_EVENTS_MAX - 1, &command).map(drop), Ok(())),
            ("full", decide(PROVIDER_EVENTS_MAX, &command).map(drop), Err(full)),
        ])
    }

    #[test]
    fn so_much_is_kept_and_no_more() {
        table();
    }

    #[test]
    fn what_nothing_could_be_known_by_is_not_kept() {
        let mut command = keep_provider_event("pi-1");
        assert_eq!(said(command.validate()), [""; 0]);
        (command.event.reference, command.event.amount) = (Text::default(), Minor(0));
        assert_eq!(said(command.validate()).len(), 2);
    }
}
