//! What becomes of something that a payment provider told and that is of no order yet: it is told of an order, or
//! let go.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::super::payment;
use super::take;
use crate::journal::Ticket;
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::{Event, Numbered, Record};
use crate::model::{
    DocumentEffect, DocumentKey, LedgerKind, Meta, Order, OrderEffect, OrderId, OrderNo, PaymentId,
    PaymentTold, ProviderEvent, Refusal, Text, Timestamp,
};
use crate::transaction::claims::Claims;
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;
use crate::transaction::kernel::Kernel;
use crate::transaction::minting;

/// Says what becomes of something that a payment provider told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveProviderEvent {
    /// Key, origin, time.
    pub meta: Meta,
    /// What happened.
    pub kind: LedgerKind,
    /// The provider's reference.
    pub reference: Text,
    /// What becomes of it.
    pub resolution: ProviderEventResolution,
}

/// What becomes of something that a payment provider told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ProviderEventResolution {
    /// It is of that payment of that order.
    #[n(1)]
    Attach(#[n(0)] OrderId, #[n(1)] PaymentId),
    /// It is of none, and is let go: why, for people.
    #[n(2)]
    LetGo(#[n(0)] Text),
}

/// Something that a payment provider told is kept no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ProviderEventResolved {
    /// What happened.
    #[n(0)]
    pub kind: LedgerKind,
    /// The provider's reference.
    #[n(1)]
    pub reference: Text,
    /// Of which order it is, if it is of one.
    #[n(2)]
    pub of: Option<Attached>,
    /// Why it is let go, if it is.
    #[n(3)]
    pub reason: Option<Text>,
}

/// The order of which something is that a payment provider told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Attached {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// What that changes; none if it knew.
    #[n(2)]
    pub told: Option<PaymentTold>,
}

impl Command for ResolveProviderEvent {
    type Event = ProviderEventResolved;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("resolve_provider_event", &self.kind, &self.reference, &self.resolution))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ProviderEventResolved>, EngineError> {
        take(tx.kernel(), &mut tx.claims).await?;
        let event = kept(tx.kernel(), (self.kind, &self.reference))?;
        let (kind, reference) = (self.kind, self.reference.clone());
        let (order, payment) = match &self.resolution {
            ProviderEventResolution::LetGo(reason) => {
                let (of, reason) = (None, Some(reason.clone()));
                return Ok(Decision::Event(ProviderEventResolved { kind, reference, of, reason }));
            }
            ProviderEventResolution::Attach(order, payment) => (order, payment),
        };
        let order = tx.claims.in_hand(order).await?;
        Ok(Decision::Event(attached(&order, payment, (&event, self.meta.at))?))
    }
}

/// What is kept.
fn kept(
    kernel: &Kernel,
    (kind, reference): (LedgerKind, &Text),
) -> Result<ProviderEvent, EngineError> {
    let key = DocumentKey::ProviderEvent(kind, reference.clone());
    let known = kernel.state.documents.read(&key);
    let event = known.as_ref().and_then(|of| of.provider_event()).cloned();
    Ok(event.ok_or_else(|| Refusal::PaymentEventNotFound { reference: reference.clone() })?)
}

/// Pure: what it comes to that a provider told something of a payment of an order.
///
/// # Errors
/// As telling it of the order.
fn attached(
    order: &Order,
    payment: &PaymentId,
    (event, at): (&ProviderEvent, Timestamp),
) -> Result<ProviderEventResolved, Refusal> {
    let told = payment::unasked(order, payment, (event, at))?;
    let of = Attached { no: order.no, id: order.header.id.clone(), told };
    let (kind, reference) = (event.kind, event.reference.clone());
    Ok(ProviderEventResolved { kind, reference, of: Some(of), reason: None })
}

/// What is kept and is of an order, with the payment that it is of: the oldest that can be told of it.
pub fn next_of(kernel: &Kernel, order: &Order) -> Option<(ProviderEvent, PaymentId)> {
    if kernel.state.documents.provider_events_count() == 0 {
        return None;
    }
    let now = kernel.state.now();
    let is_taken =
        |event: &ProviderEvent, payment: &PaymentId| attached(order, payment, (event, now)).is_ok();
    kernel.state.documents.provider_events().into_iter().find_map(|event| {
        let payment = event.payment_of(order).filter(|payment| is_taken(&event, payment))?;
        Some((event, payment))
    })
}

/// Tells an order of what is kept and is of it, with both in hand; none if that was done.
///
/// # Errors
/// What stopped the engine, or a disk without room.
pub async fn attach(kernel: &Kernel, id: &OrderId) -> Result<Option<Ticket>, EngineError> {
    let mut claims = Claims::new(kernel);
    take(kernel, &mut claims).await?;
    let order = claims.in_hand(id).await?;
    let Some((event, payment)) = next_of(kernel, &order) else { return Ok(None) };
    let at = kernel.state.now();
    let event = Numbered(attached(&order, &payment, (&event, at))?);
    let record = Record { at, request: None, origin: None, event };
    let ticket = minting::append(&claims, record, |written| written)?;
    claims.hand_over();
    Ok(Some(ticket))
}

impl Event for ProviderEventResolved {
    const CALLED: &'static [&'static str] = &["payment_event_attached", "payment_event_let_go"];

    fn called(&self) -> Option<&'static str> {
        let is_attached = self.of.is_some();
        Some(if is_attached { "payment_event_attached" } else { "payment_event_let_go" })
    }

    fn describe(&self) -> Value {
        let Self { kind, reference, of, reason } = self;
        let mut fields = json!({ "kind": kind.as_str(), "reference": reference.as_str() });
        if let Some(Attached { no, id, told }) = of {
            fields["order_id"] = id.as_str().into();
            fields["order_no"] = no.0.into();
            fields["is_new"] = told.is_some().into();
        }
        if let Some(reason) = reason {
            fields["reason"] = reason.as_str().into();
        }
        fields
    }
}

impl Effective for ProviderEventResolved {
    fn effects(self) -> Effects {
        let key = DocumentKey::ProviderEvent(self.kind, self.reference);
        let document = Effect::Document(Box::new((key, DocumentEffect::Release)));
        let order = self.of.map(|Attached { no, told, .. }| {
            let effect = told.map_or(OrderEffect::LetGo, |told| OrderEffect::Pay(Box::new(told)));
            Effect::Order(no, effect)
        });
        [document].into_iter().chain(order).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::fixture::{AT, check, keep_provider_event};
    use crate::command::order::fixture::{id, order};
    use crate::command::order::payment::tests::paid;
    use crate::model::Minor;

    fn of(kind: LedgerKind, amount: i64) -> ProviderEvent {
        ProviderEvent { kind, amount: Minor(amount), ..keep_provider_event("pi-1").event }
    }

    #[test]
    fn what_is_attached_is_told_of_the_order_as_ever() {
        let card = || PaymentId::new("payment_id", "card").unwrap();
        let third = PaymentId::new("payment_id", "third").unwrap();
        let captured = of(LedgerKind::Captured, 500);
        let back = of(LedgerKind::Chargeback, 501);
        let told = |order: &Order, payment: &PaymentId, event: &ProviderEvent| {
            attached(order, payment, (event, AT)).map(|of| of.of.unwrap().told.is_some())
        };
        let (amount, most) = (501, 0);
        let too_large = Refusal::AmountTooLarge { what: "amount_minor", amount, most };
        let not_found = Refusal::PaymentNotFound { payment_id: third.clone() };
        let not_priced = Refusal::OrderNotPriced { order_id: id() };
        check([
            ("a result", told(&paid(), &card(), &captured), Ok(true)),
            ("too large", told(&paid(), &card(), &back), Err(too_large)),
            ("no payment", told(&paid(), &third, &captured), Err(not_found)),
            ("no prices", told(&order(), &card(), &captured), Err(not_priced)),
        ]);
    }

    #[test]
    fn the_payment_is_the_one_that_is_named_or_that_has_the_reference() {
        let order = paid();
        let named = |order: Option<&str>, payment: Option<&str>, reference: &str| ProviderEvent {
            order: order.map(|id| OrderId::new("order", id).unwrap()),
            payment: payment.map(|id| PaymentId::new("payment", id).unwrap()),
            reference: Text::new("reference", reference).unwrap(),
            ..of(LedgerKind::Captured, 1)
        };
        let own = Some(order.header.id.as_str());
        for (event, payment) in [
            (named(own, Some("card"), "x"), Some("card")),
            (named(own, Some("third"), "x"), None),
            (named(own, None, "x"), None),
            (named(own, None, "auth"), Some("card")),
            (named(None, None, "auth"), Some("card")),
            (named(None, Some("card"), "auth"), Some("card")),
            (named(None, Some("card"), "x"), None),
            (named(Some("OTHER"), Some("card"), "auth"), None),
        ] {
            let found = event.payment_of(&order);
            assert_eq!(found.as_ref().map(PaymentId::as_str), payment, "{event:?}");
        }
    }
}
