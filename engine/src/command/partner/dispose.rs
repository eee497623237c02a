//! Letting goods go that came back to a partner and are of no return: nobody knows whose they are, and they lie
//! in its way.
//!
//! ```text
//!   goods of no return --restock--> found stock, which is sold
//!   on hand, not sellable --scrap, send back, return to vendor--> not there any more
//! ```

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::in_hand;
use crate::command::order::returned::Shelf;
use crate::limits::PARTNER_LINES_MAX;
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::partner::{FactKey, ReturnNames, Subject};
use crate::model::returns::{Disposition, Grade};
use crate::model::{
    Document, DocumentEffect, DocumentKey, Meta, NodeId, Pair, PartnerId, Proposal, Reference,
    Refusal, Rule, Serves, Sku, StockChange, StockEffect, Text, Timestamp, Violation,
};
use crate::transaction::attempts::Attempts;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::edits::edit_all;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// What may become of goods of no return.
const ALLOWED: [Disposition; 4] =
    [Disposition::Restock, Disposition::ReturnToVendor, Disposition::Scrap, Disposition::SendBack];

/// Lets goods go that came back and are of no return. Said again of all that is left, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisposeGoods {
    /// Key, origin, time.
    pub meta: Meta,
    /// The partner that has them.
    pub partner: PartnerId,
    /// The names by which it told of them.
    pub names: ReturnNames,
    /// Units by item, each once; all that are left when empty.
    pub lines: Vec<(Sku, u32)>,
    /// What becomes of them.
    pub how: Disposition,
    /// What somebody found who looked at them: has to be said of what is sold again.
    pub grade: Option<Grade>,
    /// Why.
    pub reason: Text,
}

/// Goods of no return were let go.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GoodsDisposed {
    /// The partner that has them.
    #[n(0)]
    pub partner: PartnerId,
    /// The names by which it told of them.
    #[n(1)]
    pub names: ReturnNames,
    /// When.
    #[n(2)]
    pub at: Timestamp,
    /// What becomes of them.
    #[n(3)]
    pub how: Disposition,
    /// What somebody found who looked at them.
    #[n(4)]
    pub grade: Option<Grade>,
    /// Why.
    #[n(5)]
    pub reason: Text,
    /// Units by item, ascending, each once.
    #[n(6)]
    pub lines: Vec<(Sku, u32)>,
    /// What that changes in the books of the node, pairs ascending.
    #[n(7)]
    pub shelves: Vec<Shelf>,
    /// Whether none are left.
    #[n(8)]
    pub ends: bool,
}

impl DisposeGoods {
    /// Checks what becomes of them, their grade and their units.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if !ALLOWED.contains(&self.how) {
            let allowed = ALLOWED.map(Disposition::as_str).join(", ");
            found.push(Violation::new(
                "disposition",
                self.how.as_str(),
                Rule::NotOneOf { allowed },
            ));
        }
        match (self.how, self.grade) {
            (Disposition::Restock, None) => {
                found.push(Violation::new("grade", "", Rule::Required));
            }
            (Disposition::Restock, Some(Grade::Damaged)) => {
                let allowed = "a, b, c".to_owned();
                found.push(Violation::new("grade", "damaged", Rule::NotOneOf { allowed }));
            }
            _ => {}
        }
        if self.reason.as_str().is_empty() {
            found.push(Violation::new("reason", "", Rule::Required));
        }
        self.check_lines(&mut found);
        finish(found)
    }

    fn check_lines(&self, found: &mut Vec<Violation>) {
        if self.lines.len() > PARTNER_LINES_MAX {
            let rule = Rule::TooMany { max: PARTNER_LINES_MAX };
            found.push(Violation::new("lines", self.lines.len(), rule));
            return;
        }
        let mut skus: Vec<&Sku> = self.lines.iter().map(|(sku, _)| sku).collect();
        skus.sort_unstable();
        for twice in skus.windows(2).filter(|pair| pair[0] == pair[1]) {
            found.push(Violation::new("lines.sku", twice[1], Rule::Duplicate));
        }
        for (at, (_, units)) in self.lines.iter().enumerate() {
            let max = i64::from(u32::MAX);
            in_range(found, format!("lines[{at}].quantity"), (*units).into(), 1, max);
        }
        // Nobody knows of units that were let go twice, or two times.
        if !self.lines.is_empty() && self.meta.request_id.is_none() {
            found.push(Violation::new("request_id", "", Rule::Required));
        }
    }

    fn fact(&self) -> DocumentKey {
        let (sender, subject) = (self.partner.clone(), Subject::ReturnReceipt(self.names.clone()));
        DocumentKey::Fact(FactKey { sender, subject })
    }

    /// What a unit changes in the books of its node: on hand, and of that what cannot be sold.
    const fn on_shelf(&self) -> (i64, i64) {
        if matches!(self.how, Disposition::Restock) { (0, -1) } else { (-1, -1) }
    }

    /// What the pair of so many units is asked to do.
    fn proposal(&self, units: u32) -> Proposal {
        let (on_hand, unavailable) = self.on_shelf();
        let units = i64::from(units);
        Proposal::Returned { on_hand: on_hand * units, unavailable: unavailable * units }
    }
}

impl Command for DisposeGoods {
    type Event = GoodsDisposed;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let of = (&self.partner, &self.names, &self.lines);
        fingerprint(&("dispose_goods", of, self.how, self.grade, &self.reason))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<GoodsDisposed>, EngineError> {
        if in_hand(tx, &self.partner).await?.is_none() {
            let partner_id = self.partner.clone();
            return Err(Refusal::PartnerNotFound { partner_id }.into());
        }
        let known = tx.state().documents.read(&self.fact());
        let Some((node, lines, ends)) = decide(known.as_ref(), self)? else {
            return Ok(Decision::Nothing(tx.kernel().shown()));
        };
        let node = tx.state().network.load().named(&node)?;
        let mut proposals: Vec<(Pair, Proposal)> = Vec::new();
        for (sku, units) in &lines {
            let sku = tx.state().catalogue.with_stock(sku)?;
            proposals.push((Pair { sku, node }, self.proposal(*units)));
        }
        proposals.sort_unstable_by_key(|(pair, _)| *pair);
        let shelves = shelved(tx, &proposals).await?;
        let Self { partner, names, how, grade, reason, meta, .. } = self.clone();
        let at = meta.at;
        let event = GoodsDisposed { partner, names, at, how, grade, reason, lines, shelves, ends };
        Ok(Decision::Event(event))
    }
}

/// Has pairs take what becomes of their goods, and holds them.
async fn shelved(
    tx: &mut Transaction<'_>,
    proposals: &[(Pair, Proposal)],
) -> Result<Vec<Shelf>, EngineError> {
    let mut attempts = Attempts::begin(tx.kernel());
    let decided = loop {
        let attempt = edit_all(&mut tx.claims, proposals).await?;
        if let Some(decided) = attempts.end(attempt).await? {
            break decided;
        }
    };
    let shelves = proposals.iter().zip(decided);
    Ok(shelves.filter_map(|((pair, _), of)| Some(Shelf::of(*pair, &of?))).collect())
}

/// Where the goods are, what of them is let go, and whether none are left.
type Gone = (NodeId, Vec<(Sku, u32)>, bool);

/// Pure: what of the goods is let go; none if all were let go before.
fn decide(known: Option<&Document>, command: &DisposeGoods) -> Result<Option<Gone>, Refusal> {
    let unknown = || Refusal::PartnerGoodsNotFound { partner_id: command.partner.clone() };
    let fact = known.and_then(Document::fact).ok_or_else(unknown)?;
    let arrival = fact.arrival.as_ref().filter(|of| of.of.is_none()).ok_or_else(unknown)?;
    if arrival.ended.is_some() {
        return if command.lines.is_empty() { Ok(None) } else { Err(unknown()) };
    }
    let left = fact.left();
    let lines = gone(&left, command)?;
    let ends = lines == left;
    Ok(Some((arrival.node.clone(), lines, ends)))
}

/// What is let go, ascending by item.
fn gone(left: &[(Sku, u32)], command: &DisposeGoods) -> Result<Vec<(Sku, u32)>, Refusal> {
    if command.lines.is_empty() {
        return Ok(left.to_vec());
    }
    let mut lines = command.lines.clone();
    lines.sort_unstable();
    for (sku, wanted) in &lines {
        let there = left.iter().find(|(it, _)| it == sku).map_or(0, |(_, units)| *units);
        if *wanted > there {
            let (partner_id, sku) = (command.partner.clone(), sku.clone());
            return Err(Refusal::PartnerGoodsTooFew { partner_id, sku, wanted: *wanted, there });
        }
    }
    Ok(lines)
}

impl Event for GoodsDisposed {
    fn describe(&self) -> Value {
        let Self { partner, names, at, how, grade, reason, lines, shelves, ends } = self;
        let line = |(sku, units): &(Sku, u32)| json!({ "sku": sku.as_str(), "units": units });
        json!({
            "partner_id": partner.as_str(),
            "rma": names.rma.as_ref().map(Reference::as_str),
            "tracking": names.tracking.as_ref().map(Reference::as_str),
            "at": at.to_string(), "disposition": how.as_str(),
            "grade": grade.map(Grade::as_str), "reason": reason.as_str(),
            "lines": lines.iter().map(line).collect::<Vec<_>>(),
            "stock": shelves.iter().map(Shelf::describe).collect::<Vec<_>>(),
            "none_left": ends,
        })
    }
}

impl Effective for GoodsDisposed {
    fn effects(self) -> Effects {
        let Self { partner, names, at, reason, lines, shelves, ends, .. } = self;
        let sender = partner.clone();
        let fact = DocumentKey::Fact(FactKey { sender, subject: Subject::ReturnReceipt(names) });
        let effect = |key, effect| Effect::Document(Box::new((key, effect)));
        let ended = ends.then_some(at);
        let mut effects = vec![
            effect(DocumentKey::Partner(partner), DocumentEffect::Settle { ends }),
            effect(fact, DocumentEffect::GoodsGone { lines, ended }),
        ];
        effects.extend(shelves.into_iter().map(|of| {
            let (on_hand_delta, unavailable_delta) = (of.on_hand, of.unavailable);
            let reason = reason.clone();
            let change = StockChange::Adjusted { on_hand_delta, unavailable_delta, reason };
            Effect::Stock(of.pair, StockEffect::Change { change, serves: Serves::Backlog })
        }));
        effects
    }
}

#[cfg(test)]
pub(crate) mod tests;
