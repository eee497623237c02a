//! Getting other units for those that come back: a return and a change of the order, in one event.
//!
//! ```text
//!   quote of added lines, whose units are held --\
//!   units that come back ------------------------+--> one event --> the lines wait, and cost nothing
//!   each of the units is credited --> the lines cost their price, and nodes may begin
//! ```

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::change::{ChangeQuote, CommitChange, Operation, OrderChanged};
use super::payment::added;
use super::returns::request::{RequestReturn, considered, made};
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::returns::{Exchange, ExchangeMode, Return, ReturnLine, ReturnMode};
use crate::model::{
    Exchanged, Meta, NodeNo, Order, OrderEffect, PaymentAsked, PaymentTold, Refusal, Returning,
    Rule, Timestamp, Violation,
};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Asks that units of an order come back, and that the customer gets others for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestExchange {
    /// What comes back. It is credited in advance: once the customer may have what he gets.
    pub asked: RequestReturn,
    /// The lines that he gets, as they were quoted.
    pub quote: ChangeQuote,
    /// When he may have them.
    pub mode: ExchangeMode,
    /// By what the difference is paid, or what is set aside for goods that go out first. It comes in the same event,
    /// as what nothing is owed for is let go.
    pub payment: Option<PaymentAsked>,
}

/// Units of an order are to come back, and lines were added that their customer gets for them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ExchangeRequested {
    /// The lines, and where their units come from.
    #[n(0)]
    pub changed: OrderChanged,
    /// The return, as it is granted.
    #[n(1)]
    pub asked: Box<Return>,
    /// By what it is paid.
    #[n(2)]
    pub payment: Option<PaymentTold>,
}

impl RequestExchange {
    /// Has the return credited in advance, which is what makes it one of an exchange.
    pub fn new(
        asked: RequestReturn,
        (quote, mode): (ChangeQuote, ExchangeMode),
        payment: Option<PaymentAsked>,
    ) -> Self {
        let asked = RequestReturn { mode: ReturnMode::Advance, ..asked };
        Self { asked, quote, mode, payment }
    }

    /// What is asked for. Goods that come before the customer may have what he gets have until the return's
    /// end, if nobody says until when.
    fn filled(&self) -> RequestReturn {
        let end = (self.mode == ExchangeMode::Reserve).then(|| self.asked.expires_at());
        let advance_until = self.asked.advance_until.or(end);
        RequestReturn { advance_until, ..self.asked.clone() }
    }

    /// Checks what comes back, and that the quote is one of an exchange of that order.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = self.filled().validate().err().unwrap_or_default();
        for violation in &mut found {
            violation.field = format!("asked.{}", violation.field);
        }
        self.payment.iter().for_each(|payment| payment.validate("payment", &mut found));
        let change = &self.quote.change;
        let adds = change.operations.iter().all(|of| matches!(of, Operation::Add(_)));
        let why = match () {
            () if self.quote.order != self.asked.order => "is the token of another order's change",
            () if !change.apart => "was not quoted with `apart`",
            () if !adds => "does more than adding lines",
            () => return finish(found),
        };
        found.push(Violation::new("change_token", "", Rule::Malformed(why.into())));
        Err(found)
    }

    /// What the policy is asked: what comes in before it is credited is no advance.
    fn judged(&self) -> RequestReturn {
        let is_first = self.mode == ExchangeMode::Reserve;
        let mode = if is_first { ReturnMode::Normal } else { ReturnMode::Advance };
        RequestReturn { mode, ..self.filled() }
    }
}

impl Command for RequestExchange {
    type Event = ExchangeRequested;

    fn meta(&self) -> &Meta {
        &self.asked.meta
    }

    fn fingerprint(&self) -> u64 {
        let Self { asked, quote, mode, payment } = self;
        fingerprint(&("exchange", asked.fingerprint(), &quote.id, mode, payment))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ExchangeRequested>, EngineError> {
        let order = tx.claims.in_hand(&self.asked.order).await?;
        let state = tx.state();
        let sent_to = self.asked.sent_to(tx, &order).await?;
        if self.is_known(&order, sent_to.node)? {
            return Ok(Decision::Nothing(order.last_lsn));
        }
        let terms = |order: &Order| {
            let (rules, pricing) = (state.return_rules.load(), state.pricing.load());
            let category = |sku| pricing.book().categories().of(sku).cloned();
            self.judged().terms(order, rules.policy(), category)
        };
        let asked = made(&order, &self.filled(), (sent_to, terms))?;
        let payment = self.payment.as_ref().map(|of| added(&order, of, self.asked.meta.at));
        let payment = payment.transpose()?.flatten();
        let (meta, quote) = (self.asked.meta.clone(), self.quote.clone());
        let changed = match (CommitChange { meta, quote }).decide_on(tx, &order).await? {
            Decision::Event(changed) => changed,
            // It was committed, and not for this return.
            Decision::Nothing(_) | Decision::Repeat(_) => return Err(self.expired().into()),
        };
        Ok(Decision::Event(exchanged(&order, (asked, changed, payment), self.mode)?))
    }
}

impl RequestExchange {
    /// Whether it was made before.
    fn is_known(&self, order: &Order, node: Option<NodeNo>) -> Result<bool, Refusal> {
        let Some((_, known)) = order.return_of(&self.asked.id) else { return Ok(false) };
        let is_same = known.exchange.as_deref().is_some_and(|of| of.mode == self.mode);
        // Until when it was, if nobody said it, counted from when it was asked for first.
        let advance_until = self.asked.advance_until.or(known.advance_until);
        let asked = RequestReturn { advance_until, ..self.asked.clone() };
        if is_same && asked.is(known, node) {
            return Ok(true);
        }
        Err(Refusal::ReturnIdReused { return_id: self.asked.id.clone() })
    }

    fn expired(&self) -> Refusal {
        Refusal::ChangeExpired { order_id: self.asked.order.clone() }
    }
}

/// Pure: the exchange of an order. What goes out before others come in has to be secured.
fn exchanged(
    order: &Order,
    (asked, changed, payment): (Return, OrderChanged, Option<PaymentTold>),
    mode: ExchangeMode,
) -> Result<ExchangeRequested, Refusal> {
    let count = |lines: usize| u16::try_from(lines).expect("an order has fewer lines");
    let (first_line, lines) = (count(order.lines.len()), count(changed.change.lines.len()));
    let exchange = Some(Box::new(Exchange { mode, first_line, lines, prices: Vec::new() }));
    let asked = Return { exchange, ..asked }.with_credits();
    let asked = asked.expect("a return begins with all units in one place").into();
    let event = ExchangeRequested { changed, asked, payment };
    if mode != ExchangeMode::Reserve {
        let mut after = order.clone();
        for effect in event.clone().effects() {
            if let Effect::Order(no, effect) = effect
                && no == order.no
            {
                after.apply(order.last_lsn.next(), &effect);
            }
        }
        secured(&after)?;
    }
    Ok(event)
}

/// Refuses an exchange whose goods go out first, where what is set aside would not cover them.
fn secured(after: &Order) -> Result<(), Refusal> {
    match after.lacks_for_exchanges() {
        None => Ok(()),
        Some((needed, open)) => {
            let order_id = after.header.id.clone();
            Err(Refusal::ExchangeNotSecured { order_id, needed: needed.0, open: open.0 })
        }
    }
}

impl Effective for ExchangeRequested {
    fn effects(self) -> Effects {
        let Self { changed, asked, payment } = self;
        let no = changed.no;
        let with_return = |effect| match effect {
            Effect::Order(of, OrderEffect::Change(change)) if of == no => {
                let (asked, payment) = (asked.clone(), payment.clone());
                let exchanged = Returning::Exchanged(Exchanged { asked, change, payment }.into());
                Effect::Order(no, OrderEffect::Return(exchanged.into()))
            }
            other => other,
        };
        changed.effects().into_iter().map(with_return).collect()
    }
}

impl Event for ExchangeRequested {
    fn describe(&self) -> Value {
        let asked = &self.asked;
        let line = |of: &ReturnLine| json!({ "line": of.line, "units": of.units() });
        let until = |at: Option<Timestamp>| at.map(|at| at.to_string());
        json!({
            "order_id": self.changed.id.as_str(), "order_no": self.changed.no.0,
            "return_id": asked.id.as_str(), "reason": asked.reason.as_str(),
            "mode": asked.exchange.as_deref().map(|of| of.mode.as_str()),
            "node_no": asked.node.map(|node| node.0), "considered": considered(asked),
            "lines": asked.lines.iter().map(line).collect::<Vec<_>>(),
            "expires_at": asked.expires_at.to_string(),
            "advance_until": until(asked.advance_until),
            "changed": self.changed.describe(),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
