//! The event of a message, and what it does.

use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::command::order::progress::ShipmentProgressed;
use crate::command::order::returned::ReturnProgressed;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::partner::{Arrival, Overtook, PartnerMessage, QuarantineReason, Quarantined};
use crate::model::{
    DocumentEffect, DocumentKey, Pair, Serves, StockChange, StockEffect, Text, Timestamp, joined,
};
use crate::transaction::command::Effective;

/// What an event did with a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Became {
    /// It counts.
    #[n(0)]
    Counts,
    /// It is in quarantine.
    #[n(1)]
    Quarantined {
        /// Why.
        #[n(0)]
        reason: QuarantineReason,
        /// What it may have meant.
        #[n(1)]
        candidates: Vec<Text>,
        /// Whether it was not there before, for another reason.
        #[n(2)]
        is_new: bool,
    },
    /// It says nothing new: its number came.
    #[n(2)]
    Passed,
}

/// A change of one pair's supply.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PairReported {
    /// The pair.
    #[n(0)]
    pub pair: Pair,
    /// How.
    #[n(1)]
    pub change: StockChange,
}

/// A partner said something.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartnerTold {
    /// What.
    #[n(0)]
    pub message: PartnerMessage,
    /// When it came.
    #[n(1)]
    pub at: Timestamp,
    /// What became of it.
    #[n(2)]
    pub told: Became,
    /// What it changed, each pair once.
    #[n(3)]
    pub changes: Vec<PairReported>,
    /// Whether it was in quarantine, and counts now.
    #[n(4)]
    pub releases: bool,
    /// The step that it made of a return.
    #[n(5)]
    pub returned: Option<Box<ReturnProgressed>>,
    /// Where goods belong that it told of first.
    #[n(6)]
    pub arrival: Option<Box<Arrival>>,
    /// What left of a shipment.
    #[n(7)]
    pub shipped: Option<Box<ShipmentProgressed>>,
    /// What it changed of items, if it overtook messages that are missing.
    #[n(8)]
    pub overtakes: Option<Box<[Overtook]>>,
}

/// Where a message is kept while it is in quarantine.
pub(super) fn quarantine_key(message: &PartnerMessage) -> DocumentKey {
    DocumentKey::Quarantined(message.sender.clone(), message.id.clone())
}

impl Event for PartnerTold {
    fn describe(&self) -> Value {
        let Self { message, told, changes, returned, arrival, shipped, .. } = self;
        let (status, reason) = match told {
            Became::Counts => ("counts", None),
            Became::Quarantined { reason, .. } => ("quarantined", Some(reason.name())),
            Became::Passed => ("passed", None),
        };
        let change = |of: &PairReported| {
            let pair = json!({ "sku_no": of.pair.sku.0, "node_no": of.pair.node.0 });
            joined(pair, of.change.describe())
        };
        json!({
            "partner_id": message.sender.as_str(), "message_id": message.id.as_str(),
            "seq": message.seq, "kind": message.subject.kind(), "revision": message.revision,
            "status": status, "reason": reason,
            "changes": changes.iter().map(change).collect::<Vec<_>>(),
            "shipment": shipped.as_ref().map(|step| step.describe()),
            "return": returned.as_ref().map(|step| step.describe()),
            "unmatched": arrival.as_ref().is_some_and(|of| of.is_unmatched()),
        })
    }
}

impl Effective for PartnerTold {
    fn effects(self) -> Effects {
        let Self { message, at, told, changes, releases, returned, arrival, shipped, overtakes } =
            self;
        let message = Arc::new(message);
        let is_new = matches!(told, Became::Quarantined { is_new: true, .. });
        let quarantined = i32::from(is_new) - i32::from(releases);
        let unmatched = i32::from(arrival.as_ref().is_some_and(|of| of.is_unmatched()));
        let came = DocumentEffect::Came {
            message: Arc::clone(&message),
            at,
            quarantined,
            unmatched,
            overtakes: overtakes.unwrap_or_default().into_vec(),
        };
        let mut effects = vec![of(DocumentKey::Partner(message.sender.clone()), came)];
        effects.extend(kept(&message, (at, arrival.map(|of| *of)), told));
        if releases {
            effects.push(of(quarantine_key(&message), DocumentEffect::Release));
        }
        effects.extend(changes.into_iter().map(|PairReported { pair, change }| {
            Effect::Stock(pair, StockEffect::Change { change, serves: Serves::Backlog })
        }));
        effects.extend(shipped.into_iter().flat_map(|step| step.effects()));
        effects.extend(returned.into_iter().flat_map(|step| step.effects()));
        effects
    }
}

fn of(key: DocumentKey, effect: DocumentEffect) -> Effect {
    Effect::Document(Box::new((key, effect)))
}

/// What is kept of the message itself.
fn kept(
    message: &Arc<PartnerMessage>,
    (at, arrival): (Timestamp, Option<Arrival>),
    told: Became,
) -> Option<Effect> {
    match told {
        Became::Counts => {
            let fact = DocumentKey::Fact(message.fact());
            let message = Arc::clone(message);
            Some(of(fact, DocumentEffect::State { message, arrival }))
        }
        Became::Quarantined { reason, candidates, .. } => {
            let message = PartnerMessage::clone(message);
            let key = quarantine_key(&message);
            let kept = Quarantined { message, reason, candidates, since: at };
            Some(of(key, DocumentEffect::Quarantine(Box::new(kept))))
        }
        Became::Passed => None,
    }
}
