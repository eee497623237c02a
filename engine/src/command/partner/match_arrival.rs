//! Saying whose the goods are that came back to a partner and were of no return.
//!
//! ```text
//!   goods of no return: on hand, not sellable --match--> received, and graded, in the return
//! ```
//! What lies at the node stays as it is: it is there, and not sellable, before and after. What somebody had
//! received of the return by hand already lay there twice, in the books, and is taken off them once.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::goods::{NotTaken, beside_others, came, taken};
use super::in_hand;
use crate::command::order::returned::{ReturnProgressed, Shelf};
use crate::limits::{PARTNER_PARTS_MAX, RETURN_BUCKETS_MAX, RETURN_STRAYS_MAX};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::partner::{
    Arrival, ArrivalOf, Fact, FactKey, Measure, Move, ReturnNames, Subject,
};
use crate::model::returns::{Came, ReturnRefusal};
use crate::model::{
    Claim, Document, DocumentEffect, DocumentKey, Meta, NodeId, NodeNo, Order, OrderId, Pair,
    PartnerId, Proposal, Reference, Refusal, ReturnId, Serves, Sku, StockChange, StockEffect, Text,
};
use crate::state::State;
use crate::transaction::attempts::Attempts;
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::edits::edit_all;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Goods that came back are of this return. Said again, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchArrival {
    /// Key, origin, time.
    pub meta: Meta,
    /// The partner that has them.
    pub partner: PartnerId,
    /// The names by which it told of them.
    pub names: ReturnNames,
    /// The order of the return.
    pub order: OrderId,
    /// The return.
    pub id: ReturnId,
}

/// Goods that came back have a return.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ArrivalMatched {
    /// The partner that has them.
    #[n(0)]
    pub partner: PartnerId,
    /// The names by which it told of them.
    #[n(1)]
    pub names: ReturnNames,
    /// The return.
    #[n(2)]
    pub of: ArrivalOf,
    /// The step of it; none if no goods are left to take.
    #[n(3)]
    pub returned: Option<Box<ReturnProgressed>>,
    /// What lay at the node twice, in its books: received by hand, and told by the partner.
    #[n(4)]
    pub twice: Option<Box<[Shelf]>>,
}

impl MatchArrival {
    fn fact(&self) -> FactKey {
        let (sender, subject) = (self.partner.clone(), Subject::ReturnReceipt(self.names.clone()));
        FactKey { sender, subject }
    }

    fn of(&self) -> ArrivalOf {
        ArrivalOf { order: self.order.clone(), id: self.id.clone() }
    }
}

impl Command for MatchArrival {
    type Event = ArrivalMatched;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("match_arrival", &self.partner, &self.names, &self.order, &self.id))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ArrivalMatched>, EngineError> {
        if in_hand(tx, &self.partner).await?.is_none() {
            let partner_id = self.partner.clone();
            return Err(Refusal::PartnerNotFound { partner_id }.into());
        }
        let known = tx.state().documents.read(&DocumentKey::Fact(self.fact()));
        let Some((fact, arrival)) = open(known.as_ref(), self)? else {
            return Ok(Decision::Nothing(tx.kernel().shown()));
        };
        let node = tx.state().network.load().named(&arrival.node)?;
        let order = tx.claims.in_hand(&self.order).await?;
        let moves = moves(tx.state(), fact, (self, &order))?;
        let counts = moves.iter().map(|of| (&of.sku, &of.measure, of.by()));
        let came = came(counts, |sku| tx.state().catalogue.with_stock(sku))?;
        let event = decide(&order, self, (&arrival.node, node, &came))?;
        if event.returned.is_none() {
            tx.claims.give_up(|claim| matches!(claim, Claim::Partner(_)));
        }
        let twice = taken_off(tx, node, &moves).await?;
        Ok(Decision::Event(ArrivalMatched { twice, ..event }))
    }
}

/// What the goods move in the return, beside what others recorded of it.
fn moves(
    state: &State,
    fact: &Fact,
    (command, order): (&MatchArrival, &Order),
) -> Result<Vec<Move>, Refusal> {
    let counted = fact.lines.iter().flat_map(|line| {
        let counts = line.counts.iter();
        counts.map(|(measure, to)| (line.sku.clone(), measure.clone(), *to))
    });
    let gone = |sku: &Sku, measure: &Measure| match &fact.arrival {
        Some(arrival) if *measure == Measure::Received => i64::from(arrival.gone_of(sku)),
        _ => 0,
    };
    // What was let go is of no return.
    let moves = counted.map(|(sku, measure, to)| {
        let to = to - gone(&sku, &measure);
        Move { sku, measure, from: 0, to }
    });
    let moves: Vec<Move> = moves.collect();
    let Some((_, found)) = order.return_of(&command.id) else {
        let (order_id, return_id) = (command.order.clone(), command.id.clone());
        return Err(Refusal::ReturnNotFound { order_id, return_id });
    };
    beside_others(state, &command.fact(), (order, found), &moves).map_err(|why| match why {
        NotTaken::TooManyParts => {
            Refusal::ListFull { what: "parts of a return", max: PARTNER_PARTS_MAX }
        }
        other => unreachable!("a first word contradicts nothing, and so not {other:?}"),
    })
}

/// Takes goods off the books of their node that were received by hand already, and holds their pairs.
async fn taken_off(
    tx: &mut Transaction<'_>,
    node: NodeNo,
    moves: &[Move],
) -> Result<Option<Box<[Shelf]>>, EngineError> {
    let mut proposals: Vec<(Pair, Proposal)> = Vec::new();
    for of in moves.iter().filter(|of| of.measure == Measure::Received && of.by() < of.to) {
        let pair = Pair { sku: tx.state().catalogue.with_stock(&of.sku)?, node };
        let less = of.by() - of.to;
        proposals.push((pair, Proposal::Returned { on_hand: less, unavailable: less }));
    }
    if proposals.is_empty() {
        return Ok(None);
    }
    let mut attempts = Attempts::begin(tx.kernel());
    let decided = loop {
        let attempt = edit_all(&mut tx.claims, &proposals).await?;
        if let Some(decided) = attempts.end(attempt).await? {
            break decided;
        }
    };
    let shelves = proposals.iter().zip(decided);
    Ok(Some(shelves.filter_map(|((pair, _), of)| Some(Shelf::of(*pair, &of?))).collect()))
}

/// The goods, if they are of no return yet; none if they are of this one.
fn open<'a>(
    known: Option<&'a Document>,
    command: &MatchArrival,
) -> Result<Option<(&'a Fact, &'a Arrival)>, Refusal> {
    let fact = known.and_then(Document::fact);
    let found = fact.and_then(|fact| Some((fact, fact.arrival.as_ref()?)));
    match found {
        Some((fact, arrival)) if arrival.is_unmatched() => Ok(Some((fact, arrival))),
        Some((_, arrival)) if arrival.of == Some(command.of()) => Ok(None),
        _ => Err(Refusal::PartnerGoodsNotFound { partner_id: command.partner.clone() }),
    }
}

/// Pure: the goods that came in at a node, in the return that is named, or this refusal.
fn decide(
    order: &Order,
    command: &MatchArrival,
    (node_id, node, came): (&NodeId, NodeNo, &[Came]),
) -> Result<ArrivalMatched, Refusal> {
    let (order_id, return_id) = (command.order.clone(), command.id.clone());
    let Some(found) = order.return_of(&command.id) else {
        return Err(Refusal::ReturnNotFound { order_id, return_id });
    };
    let returned = taken(order, found, (node, came), command.meta.at).map_err(|why| match why {
        NotTaken::Elsewhere => Refusal::ReturnNodeDiffers { return_id, node_id: node_id.clone() },
        NotTaken::Refused(ReturnRefusal::TooManyStrays) => {
            Refusal::ListFull { what: "items of no line", max: RETURN_STRAYS_MAX }
        }
        NotTaken::Refused(ReturnRefusal::TooManyParts { .. }) => {
            Refusal::ListFull { what: "states of a line", max: RETURN_BUCKETS_MAX }
        }
        other => unreachable!("nothing is taken back, and so not {other:?}"),
    })?;
    Ok(ArrivalMatched {
        partner: command.partner.clone(),
        names: command.names.clone(),
        of: command.of(),
        returned: returned.map(Box::new),
        twice: None,
    })
}

impl Event for ArrivalMatched {
    fn describe(&self) -> Value {
        let Self { partner, names, of, returned, twice } = self;
        let stock: Vec<Value> = twice.iter().flatten().map(Shelf::describe).collect();
        json!({
            "partner_id": partner.as_str(), "order_id": of.order.as_str(),
            "return_id": of.id.as_str(),
            "rma": names.rma.as_ref().map(Reference::as_str),
            "tracking": names.tracking.as_ref().map(Reference::as_str),
            "return": returned.as_ref().map(|step| step.describe()),
            "stock": stock,
        })
    }
}

impl Effective for ArrivalMatched {
    fn effects(self) -> Effects {
        let Self { partner, names, of, returned, twice } = self;
        let sender = partner.clone();
        let fact = DocumentKey::Fact(FactKey { sender, subject: Subject::ReturnReceipt(names) });
        let effect = |key, effect| Effect::Document(Box::new((key, effect)));
        let mut effects = vec![
            effect(DocumentKey::Partner(partner), DocumentEffect::Settle { ends: true }),
            effect(fact, DocumentEffect::Match(of)),
        ];
        effects.extend(twice.into_iter().flatten().map(off));
        effects.extend(returned.into_iter().flat_map(|step| step.effects()));
        effects
    }
}

/// What is taken off the books of a pair.
fn off(of: Shelf) -> Effect {
    let Shelf { pair, on_hand: on_hand_delta, unavailable: unavailable_delta } = of;
    let change =
        StockChange::Adjusted { on_hand_delta, unavailable_delta, reason: Text::default() };
    Effect::Stock(pair, StockEffect::Change { change, serves: Serves::Backlog })
}

#[cfg(test)]
pub(crate) mod tests;
