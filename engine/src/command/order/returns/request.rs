//! Asking that units of an order come back.

mod judged;
mod sent_to;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use self::judged::Judged;
pub use self::judged::Said;
pub(in crate::command::order) use self::sent_to::SentTo;
use self::sent_to::{Parcel, wanted_most};
use super::with_shelves;
use crate::limits::{
    AMOUNT_MAX, LINE_UNITS_MAX, ORDER_LINES_MAX, ORDER_RETURNS_MAX, RETURN_DAYS_MAX,
    RETURN_WAIT_DAYS, TIER_MAX,
};
use crate::model::check::{days_ahead, finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::returns::{
    Asked, Fees, LabelPayer, Return, ReturnLine, ReturnMode, ReturnPolicy, ReturnReason,
    ReturnRefusal, ReturnTerms, ReturnWay, ShippingRefund, request,
};
use crate::model::{
    Day, LineUnits, Meta, Minor, NodeId, NodeNo, Order, OrderEffect, OrderId, OrderNo, Refusal,
    ReturnId, Returning, Rule, SkuNo, Text, Timestamp, Violation,
};
use crate::state::network::Network;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Asks that units of an order come back. It is granted at once, unless a person has to grant it, or the
/// goods came first. Asked again under the same id, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestReturn {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The caller's id of the return, unique in the order.
    pub id: ReturnId,
    /// What comes first.
    pub mode: ReturnMode,
    /// Why they come back.
    pub reason: ReturnReason,
    /// What the customer says to it.
    pub note: Option<Text>,
    /// Where the goods go; if nobody says, to the node that the policy's destinations choose.
    pub node: Option<NodeId>,
    /// Units by line of the order, from 0, each line once.
    pub lines: LineUnits,
    /// Until when the goods are waited for; for [`RETURN_WAIT_DAYS`] if it is not said.
    pub expires_at: Option<Timestamp>,
    /// Until when goods have to come that are credited before they do; of such a return alone.
    pub advance_until: Option<Timestamp>,
    /// On what terms; as the policy says if nothing is said.
    pub terms: Option<TermsAsked>,
    /// What is said for the policy to judge it.
    pub said: Said,
    /// The label that the customer is given.
    pub label: Option<Text>,
}

/// On what terms a return is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode)]
pub struct TermsAsked {
    /// What the customer pays.
    #[n(0)]
    pub fees: Fees,
    /// What of the shipping he is credited.
    #[n(1)]
    pub shipping: ShippingRefund,
    /// Whether he is credited for what the carrier loses.
    #[n(2)]
    pub covers_loss: bool,
    /// Whether a person has to grant it.
    #[n(3)]
    pub needs_review: bool,
}

/// Units of an order are to come back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnRequested {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The return, as it is granted.
    #[n(2)]
    pub asked: Box<Return>,
}

impl Command for RequestReturn {
    type Event = ReturnRequested;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let Self { order, id, mode, reason, note, node, lines, .. } = self;
        let what = (order, id, mode, reason, note, node, lines.to_vec());
        let Self { expires_at, advance_until, terms, said, label, .. } = self;
        let when = (expires_at, advance_until);
        match terms {
            Some(terms) => fingerprint(&("request_return", what, when.0, when.1, terms, label)),
            None => fingerprint(&("return_by_policy", what, when, said, label)),
        }
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    /// The order in hand keeps its units from other returns: nothing else is claimed.
    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ReturnRequested>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        let state = tx.state();
        let sent_to = self.sent_to(tx, &order).await?;
        let (rules, pricing) = (state.return_rules.load(), state.pricing.load());
        let category = |sku| pricing.book().categories().of(sku).cloned();
        let terms = |order: &Order| self.terms(order, rules.policy(), category);
        Ok(match decide(&order, self, (sent_to, terms))? {
            Some(event) => Decision::Event(event),
            None => Decision::Nothing(order.last_lsn),
        })
    }
}

impl RequestReturn {
    /// Checks lines, days and fees.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.lines.len() > ORDER_LINES_MAX {
            let rule = Rule::TooMany { max: ORDER_LINES_MAX };
            return Err(vec![Violation::new("lines", self.lines.len(), rule)]);
        }
        if self.lines.is_empty() {
            found.push(Violation::new("lines", "", Rule::Required));
        }
        for (at, (line, units)) in self.lines.iter().enumerate() {
            if self.lines[..at].iter().any(|(other, _)| other == line) {
                let field = format!("lines[{at}].line_index");
                found.push(Violation::new(field, *line, Rule::Duplicate));
            }
            let max = LINE_UNITS_MAX.into();
            in_range(&mut found, format!("lines[{at}].quantity"), (*units).into(), 1, max);
        }
        if let Some(terms) = &self.terms {
            terms.fees.check(&mut found);
        }
        let tier = self.said.tier.unwrap_or(0);
        in_range(&mut found, "tier".into(), tier.into(), 0, TIER_MAX.into());
        self.check_way(&mut found);
        self.check_days(&mut found);
        finish(found)
    }

    /// Who keeps the goods does not send them.
    fn check_way(&self, found: &mut Vec<Violation>) {
        let is_kept = self.mode == ReturnMode::KeepIt;
        if self.said.way.is_some_and(|way| (way == ReturnWay::KeepIt) != is_kept) {
            let rule = Rule::Malformed("is KEEP_IT where the mode is, and there alone".into());
            found.push(Violation::new("way", "", rule));
        }
    }

    fn check_days(&self, found: &mut Vec<Violation>) {
        let is_advance = self.mode == ReturnMode::Advance;
        match self.advance_until {
            None if is_advance => {
                found.push(Violation::new("advance_until", "", Rule::Required));
            }
            Some(until) if !is_advance => {
                let rule = Rule::Malformed("is said of the mode ADVANCE alone".into());
                found.push(Violation::new("advance_until", until, rule));
            }
            _ => {}
        }
        let all = [("expires_time", self.expires_at), ("advance_until", self.advance_until)];
        for (field, until) in all {
            let Some(until) = until else { continue };
            if until <= self.meta.at {
                let rule = Rule::Malformed("is not after the time of the request".into());
                found.push(Violation::new(field, until, rule));
            }
            days_ahead(found, field, (self.meta.at, until), RETURN_DAYS_MAX);
        }
    }

    /// The node where the goods go, if it is said: one that has shelves.
    pub(in crate::command::order) fn node_no(
        &self,
        network: &Network,
    ) -> Result<Option<NodeNo>, Refusal> {
        self.node.as_ref().map(|id| with_shelves(network, id)).transpose()
    }

    /// Where units of an order in hand go: to the node that the caller names, or, where they are to be sent,
    /// to the one that wants them most. A return that is known goes where it went.
    ///
    /// # Errors
    /// A node that is named and takes no goods, and what stopped the engine.
    pub(in crate::command::order) async fn sent_to(
        &self,
        tx: &Transaction<'_>,
        order: &Order,
    ) -> Result<SentTo, EngineError> {
        let named = self.node_no(&tx.state().network.load())?;
        let is_sent = matches!(self.mode, ReturnMode::Normal | ReturnMode::Advance);
        if named.is_some() || !is_sent || order.return_of(&self.id).is_some() {
            return Ok(named.into());
        }
        let way = self.said.way.unwrap_or(ReturnWay::Mail);
        wanted_most(tx.kernel(), Parcel::new(order, &self.lines, way)).await
    }

    /// The terms, which stay as they are: those that the caller says, or that the policy grants.
    pub(in crate::command::order) fn terms(
        &self,
        order: &Order,
        policy: Option<&ReturnPolicy>,
        category: impl Fn(SkuNo) -> Option<Text>,
    ) -> Result<ReturnTerms, Refusal> {
        match (self.terms, policy) {
            (None, Some(policy)) => judged::terms(order, (self.judged(), policy), category),
            (said, _) => Ok(self.terms_said(said.unwrap_or_default())),
        }
    }

    fn judged(&self) -> Judged<'_> {
        let Self { lines, mode, reason, said, .. } = self;
        Judged { lines, mode: *mode, reason: *reason, said: *said, at: self.meta.at }
    }

    /// What the caller says: the day on which it was asked for is the last one.
    fn terms_said(&self, said: TermsAsked) -> ReturnTerms {
        let TermsAsked { fees, shipping, covers_loss, needs_review } = said;
        let until = Day::of(self.meta.at);
        let pays_label = fees.label > Minor::ZERO;
        let label_payer = if pays_label { LabelPayer::Customer } else { LabelPayer::Seller };
        ReturnTerms { until, fees, label_payer, shipping, covers_loss, needs_review }
    }

    /// Until when the goods are waited for.
    pub fn expires_at(&self) -> Timestamp {
        let wait = i64::from(RETURN_WAIT_DAYS) * DAY_MICROS;
        self.expires_at.unwrap_or_else(|| self.meta.at.saturating_add_micros(wait))
    }

    fn asked(&self, node: Option<NodeNo>, terms: ReturnTerms) -> Asked {
        let mut lines = self.lines.clone();
        lines.sort_by_key(|(line, _)| *line);
        let at = self.meta.at;
        Asked {
            id: self.id.clone(),
            mode: self.mode,
            node,
            reason: self.reason,
            note: self.note.clone(),
            at,
            expires_at: self.expires_at(),
            advance_until: self.advance_until,
            terms,
            lines,
            label: self.label.clone(),
        }
    }

    /// Whether a return is what is asked for. Where its goods came in may be another node by now.
    pub(in crate::command::order) fn is(&self, known: &Return, node: Option<NodeNo>) -> bool {
        let asked = self.asked(node, known.terms);
        let lines: LineUnits = known.lines.iter().map(|of| (of.line, of.units())).collect();
        // What the policy granted then stays, whatever it would say by now.
        let terms = self.terms.map_or(known.terms, |said| ReturnTerms {
            until: known.terms.until,
            ..self.terms_said(said)
        });
        // Where nobody said it, the node that was chosen then stays, whatever would be chosen by now.
        let is_chosen = self.node.is_none() && known.considered.is_some();
        let is_same_day = self.expires_at.is_none_or(|at| at == known.expires_at);
        (known.mode, known.reason, &known.note) == (asked.mode, asked.reason, &asked.note)
            && (lines, known.terms, &known.label) == (asked.lines, terms, &asked.label)
            && (known.node == node || known.revision > 0 || is_chosen)
            && known.advance_until == self.advance_until
            && is_same_day
    }
}

/// Pure: the return that is asked for; none if it is known.
fn decide(
    order: &Order,
    command: &RequestReturn,
    (sent_to, terms): (impl Into<SentTo>, impl FnOnce(&Order) -> Result<ReturnTerms, Refusal>),
) -> Result<Option<ReturnRequested>, Refusal> {
    let sent_to = sent_to.into();
    let (order_id, return_id) = (order.header.id.clone(), command.id.clone());
    if let Some((_, known)) = order.return_of(&return_id) {
        let is_same = command.is(known, sent_to.node);
        return if is_same { Ok(None) } else { Err(Refusal::ReturnIdReused { return_id }) };
    }
    let made = made(order, command, (sent_to, terms))?.with_credits();
    let made = made.expect("a return begins with all units in one place");
    Ok(Some(ReturnRequested { no: order.no, id: order_id, asked: made.into() }))
}

/// Pure: the return that is asked for, which is new, without its credits.
pub(in crate::command::order) fn made(
    order: &Order,
    command: &RequestReturn,
    (sent_to, terms): (impl Into<SentTo>, impl FnOnce(&Order) -> Result<ReturnTerms, Refusal>),
) -> Result<Return, Refusal> {
    let SentTo { node, considered } = sent_to.into();
    let order_id = order.header.id.clone();
    if order.returns.len() >= ORDER_RETURNS_MAX {
        return Err(Refusal::ListFull { what: "returns", max: ORDER_RETURNS_MAX });
    }
    let mut lines = command.lines.iter();
    let unknown = lines.find(|(line, _)| usize::from(*line) >= order.lines.len());
    if let Some((line, _)) = unknown {
        return Err(Refusal::LineNotFound { order_id, line_index: (*line).into() });
    }
    let asked = command.asked(node, terms(order)?);
    match request(asked, |line| order.left_of(line), &order.returns) {
        Ok(made) => {
            let considered = (!considered.is_empty()).then(|| considered.into_boxed_slice());
            Ok(Return { considered, ..made })
        }
        Err(ReturnRefusal::NotReturnable { line, returnable }) => {
            let line_index = line.into();
            Err(Refusal::UnitsNotReturnable { order_id, line_index, returnable })
        }
        Err(other) => unreachable!("a return begins with all units in one place, and not {other}"),
    }
}

impl Effective for ReturnRequested {
    fn effects(self) -> Effects {
        let asked = Returning::Asked(self.asked);
        vec![Effect::Order(self.no, OrderEffect::Return(asked.into()))]
    }
}

impl Event for ReturnRequested {
    fn describe(&self) -> Value {
        let Self { no, id, asked } = self;
        let line = |of: &ReturnLine| json!({ "line": of.line, "units": of.units() });
        json!({
            "order_id": id.as_str(), "order_no": no.0, "return_id": asked.id.as_str(),
            "mode": asked.mode.as_str(), "reason": asked.reason.as_str(),
            "node_no": asked.node.map(|node| node.0), "considered": considered(asked),
            "lines": asked.lines.iter().map(line).collect::<Vec<_>>(),
            "expires_at": asked.expires_at.to_string(),
            "advance_until": asked.advance_until.map(|until| until.to_string()),
        })
    }
}

/// The nodes that a return might have gone to, as `journal inspect` shows them.
pub(in crate::command::order) fn considered(of: &Return) -> Vec<Value> {
    let all = of.considered.as_deref().unwrap_or_default().iter();
    let shown = all.map(|of| {
        json!({
            "node_no": of.node.0, "waiting": of.waiting, "cost_minor": of.cost.0,
            "free": of.free, "why": of.why.as_str(),
        })
    });
    shown.collect()
}

impl Fees {
    /// Notes fees that cannot be.
    fn check(&self, found: &mut Vec<Violation>) {
        let Self { restocking_basis_points, restocking_max, label } = *self;
        let field = "terms.restocking_bp".to_owned();
        in_range(found, field, restocking_basis_points.into(), 0, 10_000);
        let most = restocking_max.unwrap_or(Minor::ZERO);
        for (field, amount) in
            [("terms.restocking_max_minor", most), ("terms.label_fee_minor", label)]
        {
            in_range(found, field.into(), amount.0, 0, AMOUNT_MAX);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
