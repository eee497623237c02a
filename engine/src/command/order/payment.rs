//! What is told of an order's money: results of intents, what providers tell unasked, further payments, and
//! amounts that are given back.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::limits::{AMOUNT_MAX, INTENTS_MAX, LEDGER_ENTRIES_MAX, PAYMENTS_MAX};
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Allowance, AllowedOf, ExpiryStep, Intent, IntentKind, IntentState, LedgerEntry, LedgerKind,
    Meta, Minor, Order, OrderEffect, OrderId, OrderMoney, OrderNo, PaymentAsked, PaymentId,
    PaymentOutcome, PaymentTold, ProviderEvent, Refusal, ResultTold, Telling, Text, Timestamp,
    Violation, told,
};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Tells something of an order's money. Told again, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPayment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// What.
    pub step: PaymentStep,
}

/// What can be told of an order's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStep {
    /// What became of an intent.
    Result {
        /// Its number, from 1.
        intent: u16,
        /// What.
        outcome: PaymentOutcome,
        /// Of how much; all that was asked for if it is not said.
        amount: Option<Minor>,
        /// The provider's reference.
        reference: Text,
        /// When the provider came to that; now if it is not said.
        observed_at: Option<Timestamp>,
        /// Of an authorisation: until when it is one; none for as long as it takes.
        expires: Option<Timestamp>,
    },
    /// What a provider tells unasked: a webhook that comes before the answer to a call, or a chargeback.
    Unasked {
        /// Of which payment.
        payment: PaymentId,
        /// What happened.
        kind: LedgerKind,
        /// How much.
        amount: Minor,
        /// The provider's reference: the same one is told once.
        reference: Text,
        /// Of an authorisation that was asked for: until when it is one.
        expires: Option<Timestamp>,
    },
    /// It is paid by something else as well.
    Add(PaymentAsked),
    /// An amount alone is given back.
    Allow(Allowance),
}

/// Something was told of an order's money that the engine did not know.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaymentRecorded {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// What.
    #[n(2)]
    pub told: PaymentTold,
}

impl Command for RecordPayment {
    type Event = PaymentRecorded;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let of = &self.order;
        match &self.step {
            PaymentStep::Result { intent, outcome, amount, reference, observed_at, expires } => {
                let result = (*intent, outcome, amount, reference, observed_at);
                match expires {
                    None => fingerprint(&("payment_result", of, result)),
                    Some(until) => fingerprint(&("payment_result", of, result, until)),
                }
            }
            PaymentStep::Unasked { payment, kind, amount, reference, expires } => {
                let event = (payment, kind, amount, reference);
                match expires {
                    None => fingerprint(&("payment_event", of, payment, kind, amount, reference)),
                    Some(until) => fingerprint(&("payment_event", of, event, until)),
                }
            }
            PaymentStep::Add(payment) => fingerprint(&("add_payment", of, payment)),
            PaymentStep::Allow(allowance) => fingerprint(&("refund_amount", of, allowance)),
        }
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    /// The order in hand keeps its ledger from all others: nothing else is claimed.
    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<PaymentRecorded>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        Ok(match decide(&order, &self.step, self.meta.at)? {
            Some(event) => Decision::Event(event),
            None => Decision::Nothing(order.last_lsn),
        })
    }
}

impl RecordPayment {
    /// Checks amounts.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        let mut amount = |amount: Minor| {
            in_range(&mut found, "amount_minor".into(), amount.0, 1, AMOUNT_MAX);
        };
        match &self.step {
            PaymentStep::Result { amount: told, .. } => told.iter().for_each(|told| amount(*told)),
            PaymentStep::Unasked { amount: told, .. } => amount(*told),
            PaymentStep::Allow(allowance) => amount(allowance.amount),
            PaymentStep::Add(payment) => payment.validate("payment", &mut found),
        }
        finish(found)
    }
}

/// Pure: what telling something comes to; none if it is known.
fn decide(
    order: &Order,
    step: &PaymentStep,
    at: Timestamp,
) -> Result<Option<PaymentRecorded>, Refusal> {
    let (no, id) = (order.no, order.header.id.clone());
    let Some(money) = order.money.as_deref() else {
        return Err(Refusal::OrderNotPriced { order_id: id });
    };
    let deciding = Deciding { id: &id, money, at };
    let told = match step {
        PaymentStep::Result { intent, outcome, amount, reference, observed_at, expires } => {
            let result = Answer {
                outcome: *outcome,
                amount: *amount,
                reference,
                observed_at: observed_at.unwrap_or(at),
                expires: *expires,
            };
            deciding.result(*intent, &result)?
        }
        PaymentStep::Unasked { payment, kind, amount, reference, expires } => {
            deciding.unasked(payment, (*kind, *amount, reference, *expires))?
        }
        PaymentStep::Add(payment) => deciding.add(payment)?,
        PaymentStep::Allow(allowance) => deciding.allow(allowance)?,
    };
    Ok(told.map(|told| PaymentRecorded { no, id, told: PaymentTold { at, told } }))
}

/// What a further payment comes to, of an order with prices; none if it is known.
///
/// # Errors
/// An order without prices, another payment of that id, or no room.
pub(super) fn added(
    order: &Order,
    payment: &PaymentAsked,
    at: Timestamp,
) -> Result<Option<PaymentTold>, Refusal> {
    let recorded = decide(order, &PaymentStep::Add(payment.clone()), at)?;
    Ok(recorded.map(|recorded| recorded.told))
}

/// What became of an intent.
struct Answer<'a> {
    outcome: PaymentOutcome,
    amount: Option<Minor>,
    reference: &'a Text,
    observed_at: Timestamp,
    expires: Option<Timestamp>,
}

/// What it comes to that a provider told something of a payment of an order; none if it is known.
///
/// # Errors
/// An order without prices or without the payment, an amount that cannot be, or no room.
pub(super) fn unasked(
    order: &Order,
    payment: &PaymentId,
    (event, at): (&ProviderEvent, Timestamp),
) -> Result<Option<PaymentTold>, Refusal> {
    let step = PaymentStep::Unasked {
        payment: payment.clone(),
        kind: event.kind,
        amount: event.amount,
        reference: event.reference.clone(),
        expires: event.expires,
    };
    Ok(decide(order, &step, at)?.map(|recorded| recorded.told))
}

struct Deciding<'a> {
    id: &'a OrderId,
    money: &'a OrderMoney,
    at: Timestamp,
}

impl Deciding<'_> {
    fn result(&self, intent: u16, answer: &Answer<'_>) -> Result<Option<Telling>, Refusal> {
        let Answer { outcome, amount, reference, observed_at, expires } = *answer;
        let of = usize::from(intent).checked_sub(1).and_then(|at| self.money.intents.get(at));
        let Some(of) = of else {
            return Err(Refusal::IntentNotFound { order_id: self.id.clone(), intent });
        };
        let amount = amount.unwrap_or(of.amount);
        at_most("amount_minor", amount, of.amount)?;
        let is_new = told(of.state, outcome);
        let is_other = is_new == ResultTold::Known && is_done_otherwise(of, outcome, reference);
        if is_new == ResultTold::Conflict || is_other {
            return Ok((!of.conflict).then_some(Telling::Conflict { intent }));
        }
        if is_new == ResultTold::Known {
            return Ok(None);
        }
        self.has_room()?;
        let reference = reference.clone();
        Ok(Some(Telling::Result { intent, outcome, amount, reference, observed_at, expires }))
    }

    /// What a provider tells unasked is the result of an intent in flight, where there is one of that kind
    /// and amount: a webhook may come before the answer to the call.
    fn unasked(
        &self,
        payment: &PaymentId,
        (kind, amount, reference, expires): (LedgerKind, Minor, &Text, Option<Timestamp>),
    ) -> Result<Option<Telling>, Refusal> {
        let at = self.payment(payment)?;
        let known = self.money.ledger.iter().any(|of| {
            let is_it = (of.payment, of.kind) == (Some(at), kind);
            is_it && !reference.as_str().is_empty() && of.reference == *reference
        });
        if known || self.was_written_off(at, (kind, amount)) {
            return Ok(None);
        }
        let asked = (1u16..).zip(&self.money.intents).find(|(_, of)| {
            let is_it = (of.payment, of.amount) == (Some(at), amount) && of.is_in_flight();
            is_it && result_of(of.kind) == kind
        });
        if let Some((intent, _)) = asked {
            let (outcome, amount, observed_at) = (PaymentOutcome::Succeeded, Some(amount), self.at);
            let answer = Answer { outcome, amount, reference, observed_at, expires };
            return self.result(intent, &answer);
        }
        self.bounded(at, kind, amount)?;
        self.has_room()?;
        let (payment, reference) = (Some(at), reference.clone());
        Ok(Some(Telling::Unasked { payment, kind, amount, reference }))
    }

    /// Whether that is an authorisation that ended, as the engine knows by its time.
    fn was_written_off(&self, at: u16, (kind, amount): (LedgerKind, Minor)) -> bool {
        let is_it = |of: &LedgerEntry| {
            (of.payment, of.kind, of.amount, of.intent) == (Some(at), kind, amount, 0)
        };
        kind == LedgerKind::AuthExpired
            && amount > self.money.sums_of_payment(at).open()
            && self.money.ledger.iter().any(is_it)
    }

    /// Refuses what the ledger cannot have: more given back than taken.
    fn bounded(&self, at: u16, kind: LedgerKind, amount: Minor) -> Result<(), Refusal> {
        let sums = self.money.sums_of_payment(at);
        match kind {
            LedgerKind::Refunded | LedgerKind::StoreCredit | LedgerKind::Chargeback => {
                at_most("amount_minor", amount, sums.refundable())
            }
            LedgerKind::ChargebackWon => at_most("amount_minor", amount, sums.charged_back),
            LedgerKind::AuthReleased | LedgerKind::AuthExpired => {
                at_most("amount_minor", amount, sums.open())
            }
            _ => Ok(()),
        }
    }

    fn add(&self, asked: &PaymentAsked) -> Result<Option<Telling>, Refusal> {
        let payments = &self.money.payments;
        if let Some(at) = payments.iter().position(|of| of.id == asked.id) {
            let known = &payments[at];
            let same = (known.amount, &known.method) == (asked.amount, &asked.method);
            let payment_id = asked.id.clone();
            return if same { Ok(None) } else { Err(Refusal::PaymentIdReused { payment_id }) };
        }
        if payments.len() >= PAYMENTS_MAX {
            return Err(Refusal::ListFull { what: "payments", max: PAYMENTS_MAX });
        }
        self.has_room()?;
        let no = u16::try_from(payments.len()).expect("there are few");
        let (payment, entries) = asked.payment(self.at, no);
        Ok(Some(Telling::Added(payment, entries)))
    }

    fn allow(&self, allowance: &Allowance) -> Result<Option<Telling>, Refusal> {
        if let Some(known) = self.money.allowances.iter().find(|of| of.id == allowance.id) {
            let refund_id = allowance.id.clone();
            let same = (known.amount, known.of) == (allowance.amount, allowance.of);
            return if same { Ok(None) } else { Err(Refusal::RefundIdReused { refund_id }) };
        }
        let most = self.money.allowable(allowance.of);
        at_most("amount_minor", allowance.amount, most)?;
        self.has_room()?;
        Ok(Some(Telling::Allowed(allowance.clone())))
    }

    fn payment(&self, id: &PaymentId) -> Result<u16, Refusal> {
        let at = self.money.payments.iter().position(|of| of.id == *id);
        let at = at.and_then(|at| u16::try_from(at).ok());
        at.ok_or_else(|| Refusal::PaymentNotFound { payment_id: id.clone() })
    }

    fn has_room(&self) -> Result<(), Refusal> {
        // What is told may have something asked for, and that is told of in turn.
        let is_full = self.money.ledger.len() >= LEDGER_ENTRIES_MAX
            || self.money.allowances.len() >= INTENTS_MAX;
        if is_full {
            return Err(Refusal::ListFull { what: "ledger", max: LEDGER_ENTRIES_MAX });
        }
        Ok(())
    }
}

/// Refuses an amount that is more than there is.
fn at_most(what: &'static str, amount: Minor, most: Minor) -> Result<(), Refusal> {
    if amount <= most {
        return Ok(());
    }
    Err(Refusal::AmountTooLarge { what, amount: amount.0, most: most.0 })
}

/// Whether an intent that is done is told to be done as something else: then it was done twice.
fn is_done_otherwise(of: &Intent, outcome: PaymentOutcome, reference: &Text) -> bool {
    let is_done = (of.state, outcome) == (IntentState::Succeeded, PaymentOutcome::Succeeded);
    let says = |of: &Text| !of.as_str().is_empty();
    is_done && says(&of.reference) && says(reference) && of.reference != *reference
}

/// What the ledger calls it that an intent was done.
const fn result_of(kind: IntentKind) -> LedgerKind {
    match kind {
        IntentKind::Authorise => LedgerKind::Authorised,
        IntentKind::Capture => LedgerKind::Captured,
        IntentKind::Void => LedgerKind::AuthReleased,
        IntentKind::Refund => LedgerKind::Refunded,
    }
}

impl Effective for PaymentRecorded {
    fn effects(self) -> Effects {
        vec![Effect::Order(self.no, OrderEffect::Pay(Box::new(self.told)))]
    }
}

impl Event for PaymentRecorded {
    const CALLED: &'static [&'static str] = &[
        "payment_result_recorded",
        "payment_event_recorded",
        "payment_conflict_found",
        "payment_added",
        "amount_refunded",
        "authorisation_renewing",
        "authorisation_ending",
        "authorisation_expired",
    ];

    fn called(&self) -> Option<&'static str> {
        Some(match self.told.told {
            Telling::Result { .. } => "payment_result_recorded",
            Telling::Unasked { .. } => "payment_event_recorded",
            Telling::Conflict { .. } => "payment_conflict_found",
            Telling::Added(..) => "payment_added",
            Telling::Allowed(_) => "amount_refunded",
            Telling::Ending { step: ExpiryStep::Renew, .. } => "authorisation_renewing",
            Telling::Ending { step: ExpiryStep::Note, .. } => "authorisation_ending",
            Telling::Ending { step: ExpiryStep::Expire, .. } => "authorisation_expired",
        })
    }

    fn describe(&self) -> Value {
        let Self { no, id, told: PaymentTold { told, .. } } = self;
        let intent_id = |intent: &u16| Intent::id(id, usize::from(*intent));
        let mut fields = match told {
            Telling::Result { intent, outcome, amount, reference, observed_at, expires } => json!({
                "intent_id": intent_id(intent), "outcome": outcome.as_str(),
                "amount_minor": amount.0, "reference": reference.as_str(),
                "observed_at": observed_at.to_string(),
                "expires": expires.map(|at| at.to_string()),
            }),
            Telling::Unasked { payment, kind, amount, reference } => json!({
                "payment": payment, "kind": kind.as_str(), "amount_minor": amount.0,
                "reference": reference.as_str(),
            }),
            Telling::Conflict { intent } => json!({ "intent_id": intent_id(intent) }),
            Telling::Added(payment, entries) => json!({
                "payment_id": payment.id.as_str(), "method": payment.method.as_str(),
                "amount_minor": payment.amount.0,
                "taken": entries.first().map(|of| of.kind.as_str()),
            }),
            Telling::Ending { payment, amount, .. } => json!({
                "payment": payment, "amount_minor": amount.0,
            }),
            Telling::Allowed(allowance) => json!({
                "refund_id": allowance.id.as_str(), "amount_minor": allowance.amount.0,
                "of_shipping": allowance.of == AllowedOf::Shipping,
                "reason": allowance.reason.as_str(),
            }),
        };
        if let Telling::Ending { hold: Some(hold), .. } = told {
            fields["order_hold_id"] = hold.id.as_str().into();
        }
        fields["order_id"] = id.as_str().into();
        fields["order_no"] = no.0.into();
        fields
    }
}

#[cfg(test)]
pub(crate) mod tests;
