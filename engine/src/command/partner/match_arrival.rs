//! Saying whose the goods are that came back to a partner and were of no return.
//!
//! ```text
//!   goods of no return: on hand, not sellable --match--> received, and graded, in the return
//! ```
//! What lies at the node stays as it is: it is there, and not sellable, before and after.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::goods::{NotTaken, came, taken};
use super::in_hand;
use crate::command::order::returned::ReturnProgressed;
use crate::limits::{RETURN_BUCKETS_MAX, RETURN_STRAYS_MAX};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::partner::{Arrival, ArrivalOf, Fact, FactKey, ReturnNames, Subject};
use crate::model::returns::{Came, ReturnRefusal};
use crate::model::{
    Claim, Document, DocumentEffect, DocumentKey, Meta, NodeId, NodeNo, Order, OrderId, PartnerId,
    Reference, Refusal, ReturnId,
};
use crate::transaction::command::{Command, Decision, Effective};
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
}

impl MatchArrival {
    fn fact(&self) -> DocumentKey {
        let (sender, subject) = (self.partner.clone(), Subject::ReturnReceipt(self.names.clone()));
        DocumentKey::Fact(FactKey { sender, subject })
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
        let known = tx.state().documents.read(&self.fact());
        let Some((fact, arrival)) = open(known.as_ref(), self)? else {
            return Ok(Decision::Nothing(tx.kernel().shown()));
        };
        let counts = fact.lines.iter().flat_map(|line| {
            line.counts.iter().map(|(measure, units)| (&line.sku, measure, *units))
        });
        let came = came(counts, |sku| tx.state().catalogue.with_stock(sku))?;
        let node = tx.state().network.load().named(&arrival.node)?;
        let order = tx.claims.in_hand(&self.order).await?;
        let event = decide(&order, self, (&arrival.node, node, &came))?;
        if event.returned.is_none() {
            tx.claims.give_up(|claim| matches!(claim, Claim::Partner(_)));
        }
        Ok(Decision::Event(event))
    }
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
        NotTaken::Refused(other) => unreachable!("nothing is taken back, and so not {other}"),
    })?;
    Ok(ArrivalMatched {
        partner: command.partner.clone(),
        names: command.names.clone(),
        of: command.of(),
        returned: returned.map(Box::new),
    })
}

impl Event for ArrivalMatched {
    fn describe(&self) -> Value {
        let Self { partner, names, of, returned } = self;
        json!({
            "partner_id": partner.as_str(), "order_id": of.order.as_str(),
            "return_id": of.id.as_str(),
            "rma": names.rma.as_ref().map(Reference::as_str),
            "tracking": names.tracking.as_ref().map(Reference::as_str),
            "return": returned.as_ref().map(|step| step.describe()),
        })
    }
}

impl Effective for ArrivalMatched {
    fn effects(self) -> Effects {
        let Self { partner, names, of, returned } = self;
        let sender = partner.clone();
        let fact = DocumentKey::Fact(FactKey { sender, subject: Subject::ReturnReceipt(names) });
        let effect = |key, effect| Effect::Document(Box::new((key, effect)));
        let mut effects = vec![
            effect(DocumentKey::Partner(partner), DocumentEffect::Settle),
            effect(fact, DocumentEffect::Match(of)),
        ];
        effects.extend(returned.into_iter().flat_map(|step| step.effects()));
        effects
    }
}

#[cfg(test)]
pub(crate) mod tests;
