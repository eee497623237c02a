//! Documents: what is found by a key of its own, is a fold over its events, and is packed bytes at rest.
//! Those of partners' inboxes, what payment providers told of no order yet, and what is learnt of nodes' returns.
//!
//! ```text
//!   effect --apply--> document --pack--> bytes: in memory, in the hash and in snapshots
//! ```

use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::digest::{Part, PartHash, hash_written};
use super::ids::{MessageId, NodeId, NodeNo, PartnerId, Sku, Text};
use super::lsn::Lsn;
use super::order::LedgerKind;
use super::partner::{
    Arrival, ArrivalOf, Fact, FactKey, Overtook, Partner, PartnerMessage, Quarantined,
};
use super::provider_event::ProviderEvent;
use super::returns::{Outcome, ReturnsLearnt};
use super::time::Timestamp;

/// Names a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum DocumentKey {
    /// A partner.
    #[n(0)]
    Partner(#[n(0)] PartnerId),
    /// What a partner stated.
    #[n(1)]
    Fact(#[n(0)] FactKey),
    /// A message of a partner in quarantine.
    #[n(2)]
    Quarantined(#[n(0)] PartnerId, #[n(1)] MessageId),
    /// What a payment provider told that is of no order yet: the kind, and the provider's reference.
    #[n(3)]
    ProviderEvent(#[n(0)] LedgerKind, #[n(1)] Text),
    /// What is known of the returns of a node.
    #[n(4)]
    ReturnsAt(#[n(0)] NodeNo),
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Document {
    /// A partner.
    #[n(0)]
    Partner(#[n(0)] Box<Partner>),
    /// What a partner stated.
    #[n(1)]
    Fact(#[n(0)] Box<Fact>),
    /// A message in quarantine.
    #[n(2)]
    Quarantined(#[n(0)] Box<Quarantined>),
    /// A message that is in quarantine no more: it was played again, or let go.
    #[n(3)]
    Released,
    /// What a payment provider told that is of no order yet.
    #[n(4)]
    ProviderEvent(#[n(0)] Box<ProviderEvent>),
    /// What is known of the returns of a node.
    #[n(5)]
    ReturnsLearnt(#[n(0)] ReturnsLearnt),
}

/// What an event does to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentEffect {
    /// To a partner: it is there, and these are its nodes. What came of it stays.
    Define {
        /// All of its nodes.
        nodes: Vec<NodeId>,
    },
    /// To a partner: a message came.
    Came {
        /// The message.
        message: Arc<PartnerMessage>,
        /// When.
        at: Timestamp,
        /// How many more of its messages are in quarantine by that: 1, 0 or -1.
        quarantined: i32,
        /// How many more of its goods that came back are of no return: 1 or 0.
        unmatched: i32,
        /// What it changed of items, if it overtook messages that are missing.
        overtakes: Vec<Overtook>,
    },
    /// To a partner: a message of it is in quarantine no more, and does not count.
    LetGo,
    /// To a partner: goods that came back have a return now, or are all gone; or some of them are.
    Settle {
        /// Whether it has one less of goods of no return.
        ends: bool,
    },
    /// To a fact: a message stated it, and counts.
    State {
        /// The message.
        message: Arc<PartnerMessage>,
        /// Where the goods belong, of what came back.
        arrival: Option<Arrival>,
    },
    /// To a fact: its goods are of this return.
    Match(ArrivalOf),
    /// To a fact: units of its goods were let go.
    GoodsGone {
        /// Which, ascending by item.
        lines: Vec<(Sku, u32)>,
        /// When the last of them was; none while some are there.
        ended: Option<Timestamp>,
    },
    /// To a message: it is in quarantine.
    Quarantine(Box<Quarantined>),
    /// To a message: it is in quarantine no more.
    Release,
    /// To what a payment provider told: it is kept until it is known of which order it is.
    Keep(Box<ProviderEvent>),
    /// To what is known of the returns of a node: a step at an instant teaches that.
    LearnReturns(Timestamp, Outcome),
}

impl Document {
    /// The document that an effect makes of what was there.
    pub fn after(known: Option<Self>, key: &DocumentKey, effect: DocumentEffect) -> Self {
        match effect {
            DocumentEffect::Define { nodes } => Self::defined(known, key, nodes),
            DocumentEffect::Came { message, at, quarantined, unmatched, overtakes } => {
                let mut partner = Self::partner_of(known, key);
                partner.came(&message, at);
                partner.overtook(&message, overtakes);
                partner.quarantined = partner.quarantined.saturating_add_signed(quarantined);
                partner.unmatched = partner.unmatched.saturating_add_signed(unmatched);
                Self::Partner(Box::new(partner))
            }
            DocumentEffect::LetGo => {
                let mut partner = Self::partner_of(known, key);
                partner.quarantined = partner.quarantined.saturating_sub(1);
                Self::Partner(Box::new(partner))
            }
            DocumentEffect::Settle { ends } => {
                let mut partner = Self::partner_of(known, key);
                partner.unmatched = partner.unmatched.saturating_sub(u32::from(ends));
                Self::Partner(Box::new(partner))
            }
            DocumentEffect::State { message, arrival } => {
                let known = known.as_ref().and_then(Self::fact);
                let stated = Fact::stated(known, &message);
                let arrival = arrival.or(stated.arrival);
                Self::Fact(Box::new(Fact { arrival, ..stated }))
            }
            DocumentEffect::Match(of) => Self::matched(known, of),
            DocumentEffect::GoodsGone { lines, ended } => Self::goods_gone(known, &lines, ended),
            DocumentEffect::Quarantine(quarantined) => Self::Quarantined(quarantined),
            DocumentEffect::Release => Self::Released,
            DocumentEffect::Keep(event) => Self::ProviderEvent(event),
            DocumentEffect::LearnReturns(at, outcome) => {
                let known = known.as_ref().and_then(Self::returns_learnt).unwrap_or_default();
                Self::ReturnsLearnt(known.learn(at, &outcome))
            }
        }
    }

    /// The fact, whose goods are of that return. Nothing else has goods.
    fn matched(known: Option<Self>, of: ArrivalOf) -> Self {
        let Some(Self::Fact(mut fact)) = known else { return Self::Released };
        if let Some(arrival) = &mut fact.arrival {
            arrival.of = Some(of);
            arrival.candidates = None;
        }
        Self::Fact(fact)
    }

    fn goods_gone(known: Option<Self>, lines: &[(Sku, u32)], ended: Option<Timestamp>) -> Self {
        let Some(Self::Fact(mut fact)) = known else { return Self::Released };
        if let Some(arrival) = &mut fact.arrival {
            arrival.let_go(lines, ended);
        }
        Self::Fact(fact)
    }

    fn defined(known: Option<Self>, key: &DocumentKey, nodes: Vec<NodeId>) -> Self {
        let known = Self::partner_of(known, key);
        let Partner { nodes, .. } = Partner::new(known.id.clone(), nodes);
        Self::Partner(Box::new(Partner { nodes, ..known }))
    }

    /// The partner that is there, or one of which nothing came yet.
    fn partner_of(known: Option<Self>, key: &DocumentKey) -> Partner {
        match (known, key) {
            (Some(Self::Partner(partner)), _) => *partner,
            (_, DocumentKey::Partner(id) | DocumentKey::Quarantined(id, _)) => {
                Partner::new(id.clone(), Vec::new())
            }
            (_, DocumentKey::Fact(fact)) => Partner::new(fact.sender.clone(), Vec::new()),
            (_, DocumentKey::ProviderEvent(..)) => unreachable!("no partner tells of payments"),
            (_, DocumentKey::ReturnsAt(_)) => unreachable!("no event has a node be a partner"),
        }
    }

    /// What is known of the returns of a node, if it is that.
    pub const fn returns_learnt(&self) -> Option<ReturnsLearnt> {
        if let Self::ReturnsLearnt(learnt) = self { Some(*learnt) } else { None }
    }

    /// The partner, if it is one.
    pub const fn partner(&self) -> Option<&Partner> {
        if let Self::Partner(partner) = self { Some(partner) } else { None }
    }

    /// The partner, if it is one.
    pub fn into_partner(self) -> Option<Partner> {
        if let Self::Partner(partner) = self { Some(*partner) } else { None }
    }

    /// The fact, if it is one.
    pub const fn fact(&self) -> Option<&Fact> {
        if let Self::Fact(fact) = self { Some(fact) } else { None }
    }

    /// Whether it is of goods that came back and are of no return.
    pub fn is_unmatched(&self) -> bool {
        let arrival = self.fact().and_then(|fact| fact.arrival.as_ref());
        arrival.is_some_and(Arrival::is_unmatched)
    }

    /// What a payment provider told, if it is that and of no order yet.
    pub const fn provider_event(&self) -> Option<&ProviderEvent> {
        if let Self::ProviderEvent(event) = self { Some(event) } else { None }
    }

    /// The message in quarantine, if it is one.
    pub const fn quarantined(&self) -> Option<&Quarantined> {
        if let Self::Quarantined(quarantined) = self { Some(quarantined) } else { None }
    }
}

/// A document as it lies in memory and in snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedDocument {
    /// Its key.
    pub key: DocumentKey,
    /// The document, encoded.
    pub bytes: Arc<[u8]>,
    /// The last event that changed it.
    pub last_lsn: Lsn,
}

impl PackedDocument {
    /// Packs a document.
    pub fn pack(key: DocumentKey, document: &Document, last_lsn: Lsn) -> Self {
        let Ok(bytes) = minicbor::to_vec(document) else {
            unreachable!("model types encode without errors of their own");
        };
        Self { key, bytes: bytes.into(), last_lsn }
    }

    /// The document; none if the bytes are none, which only a snapshot can have that was written wrong.
    pub fn unpack(&self) -> Option<Document> {
        minicbor::decode(&self.bytes).ok()
    }

    /// Its part of the state hash.
    pub fn hash(&self) -> PartHash {
        hash_written(Part::Document, |digest| {
            let Ok(key) = minicbor::to_vec(&self.key) else {
                unreachable!("model types encode without errors of their own");
            };
            digest.words([self.last_lsn.get()]);
            digest.bytes(&key);
            digest.bytes(&self.bytes);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DocumentKey {
        DocumentKey::Partner(PartnerId::new("partner", "3pl-7").expect("a name"))
    }

    fn node(name: &str) -> NodeId {
        NodeId::new("node", name).expect("a name")
    }

    #[test]
    fn a_partner_that_is_defined_anew_keeps_what_came_of_it() {
        let define = |nodes| DocumentEffect::Define { nodes };
        let mut first = Document::after(None, &key(), define(vec![node("b"), node("a")]));
        if let Document::Partner(partner) = &mut first {
            partner.seqs.came(1, Timestamp::default());
        }
        let second = Document::after(Some(first), &key(), define(vec![node("c")]));
        let partner = second.partner().expect("a partner");
        assert_eq!((&partner.nodes[..], partner.seqs.expected()), (&[node("c")][..], 2));
    }

    #[test]
    fn what_is_packed_is_what_is_unpacked_and_its_hash_tells_its_parts_apart() {
        let document =
            Document::after(None, &key(), DocumentEffect::Define { nodes: vec![node("a")] });
        let packed = PackedDocument::pack(key(), &document, Lsn::FIRST);
        assert_eq!(packed.unpack(), Some(document));
        let other = PackedDocument { last_lsn: Lsn::FIRST.next(), ..packed.clone() };
        assert_ne!(packed.hash(), other.hash());
        let broken = PackedDocument { bytes: Arc::from(&b"\xff"[..]), ..packed };
        assert_eq!(broken.unpack(), None);
    }
}
