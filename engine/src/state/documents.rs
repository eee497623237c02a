//! Documents: found by key, numbered in the order of their coming to be, packed at rest.
//!
//! A command takes a partner in hand, and with it all that is kept of it: one at a time. What it then
//! reads is durable, because an event's claim ends with its application. Documents never go: one that is
//! done with becomes small.

use std::collections::{BTreeSet, HashMap, HashSet};

use parking_lot::Mutex;

use crate::model::digest::fingerprint;
use crate::model::partner::{Arrival, Fact, FactKey, Subject, Topic};
use crate::model::{
    Document, DocumentEffect, DocumentKey, Lsn, PackedDocument, PartnerId, ProviderEvent, StateHash,
};

/// All documents.
#[derive(Debug, Default)]
pub struct Documents {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The place of each in the list.
    by_key: HashMap<DocumentKey, usize, foldhash::fast::RandomState>,
    /// In the order of their coming to be: the first is number 1.
    list: Vec<PackedDocument>,
    /// Of each partner, the places of its messages that are in quarantine.
    quarantined: HashMap<PartnerId, BTreeSet<usize>, foldhash::fast::RandomState>,
    /// Of each partner, the places of what came back and is of no return.
    unmatched: HashMap<PartnerId, BTreeSet<usize>, foldhash::fast::RandomState>,
    /// By what facts of a partner are about together, as a number that says which: their places.
    topics: BTreeSet<(u64, usize)>,
    /// The places of what payment providers told and is of no order yet.
    provider_events: BTreeSet<usize>,
    /// A command has these in hand.
    provider_events_taken: bool,
    /// The places of partners.
    partners: BTreeSet<usize>,
    /// Partners that a command has in hand.
    in_hand: HashSet<PartnerId>,
}

impl Kept {
    fn get(&self, key: &DocumentKey) -> Option<&PackedDocument> {
        self.by_key.get(key).map(|at| &self.list[*at])
    }

    /// Puts a document in the place of the one that its key has, or behind all others. Answers by how
    /// much the state hash moves.
    fn put(&mut self, document: PackedDocument) -> StateHash {
        let mut moved = StateHash::default();
        moved.add(document.hash());
        let known = self.by_key.get(&document.key).copied();
        let at = known.unwrap_or(self.list.len());
        self.derive(at, &document);
        if known.is_some() {
            moved.remove(self.list[at].hash());
            self.list[at] = document;
        } else {
            self.by_key.insert(document.key.clone(), at);
            self.list.push(document);
        }
        moved
    }

    /// What is derived of a document: partners, what facts are about, and what somebody has to look at.
    fn derive(&mut self, at: usize, document: &PackedDocument) {
        match &document.key {
            DocumentKey::Partner(_) => drop(self.partners.insert(at)),
            DocumentKey::Quarantined(partner, _) => {
                let is_open = document.unpack().is_some_and(|it| it.quarantined().is_some());
                mark(&mut self.quarantined, partner, at, is_open);
            }
            DocumentKey::Fact(key) => self.derive_fact(at, key, document),
            DocumentKey::ProviderEvent(..) => {
                let is_open = document.unpack().is_some_and(|it| it.provider_event().is_some());
                let open = &mut self.provider_events;
                if is_open {
                    open.insert(at);
                } else {
                    open.remove(&at);
                }
            }
            DocumentKey::ReturnsAt(_) => {}
        }
    }

    fn derive_fact(
        &mut self,
        at: usize,
        FactKey { sender, subject }: &FactKey,
        of: &PackedDocument,
    ) {
        let named = Topic::named(subject);
        if named.is_empty() {
            return;
        }
        let Some(Document::Fact(fact)) = of.unpack() else { return };
        let topics = Topic::all(subject, &fact).into_iter();
        self.topics.extend(topics.map(|topic| (number(sender, &topic), at)));
        if subject.is_return_receipt() {
            let is_open = fact.arrival.as_ref().is_some_and(Arrival::is_unmatched);
            mark(&mut self.unmatched, sender, at, is_open);
        }
    }
}

/// Tells what facts of a partner are about from all else, but for chance.
fn number(sender: &PartnerId, topic: &Topic) -> u64 {
    fingerprint(&(sender, topic))
}

fn mark(
    open: &mut HashMap<PartnerId, BTreeSet<usize>, foldhash::fast::RandomState>,
    partner: &PartnerId,
    at: usize,
    is_open: bool,
) {
    let open = open.entry(partner.clone()).or_default();
    if is_open {
        open.insert(at);
    } else {
        open.remove(&at);
    }
}

impl Documents {
    /// Takes a partner in hand; false while another command has it.
    pub fn take(&self, partner: &PartnerId) -> bool {
        self.kept.lock().in_hand.insert(partner.clone())
    }

    /// Lets go of a partner.
    pub fn let_go(&self, partner: &PartnerId) {
        self.kept.lock().in_hand.remove(partner);
    }

    /// Takes what payment providers told and is of no order yet in hand; false while another command has it.
    pub fn take_provider_events(&self) -> bool {
        !std::mem::replace(&mut self.kept.lock().provider_events_taken, true)
    }

    /// Lets go of what payment providers told.
    pub fn let_go_provider_events(&self) {
        self.kept.lock().provider_events_taken = false;
    }

    /// How much payment providers told that is of no order yet.
    pub fn provider_events_count(&self) -> usize {
        self.kept.lock().provider_events.len()
    }

    /// What payment providers told and is of no order yet, the oldest first.
    pub fn provider_events(&self) -> Vec<ProviderEvent> {
        let packed: Vec<PackedDocument> = {
            let kept = self.kept.lock();
            kept.provider_events.iter().map(|at| kept.list[*at].clone()).collect()
        };
        let read = |packed: PackedDocument| packed.unpack()?.provider_event().cloned();
        packed.into_iter().filter_map(read).collect()
    }

    /// Reads a document, if there is one.
    pub fn read(&self, key: &DocumentKey) -> Option<Document> {
        let packed = self.kept.lock().get(key).cloned();
        packed.map(|packed| packed.unpack().expect("REPLAY_EQUAL: what was packed unpacks"))
    }

    /// How many there are: the number of the last one.
    pub fn last(&self) -> u64 {
        self.kept.lock().list.len() as u64
    }

    /// The documents numbered `from..=to`, as far as there are so many; numbers begin at 1.
    pub fn copy(&self, from: u64, to: u64) -> Vec<(u64, PackedDocument)> {
        let kept = self.kept.lock();
        let place = |no: u64| usize::try_from(no).unwrap_or(usize::MAX);
        let (first, end) = (place(from.max(1)) - 1, place(to).min(kept.list.len()));
        let some = kept.list.get(first..end).unwrap_or_default();
        (from.max(1)..).zip(some.iter().cloned()).collect()
    }

    /// The document that an effect is about to change, if it is there, with its number.
    pub fn before(&self, key: &DocumentKey) -> Option<(u64, PackedDocument)> {
        let kept = self.kept.lock();
        let at = *kept.by_key.get(key)?;
        Some((at as u64 + 1, kept.list[at].clone()))
    }

    /// Applies an effect of the event at `lsn`, unless a snapshot had it already. Answers by how much
    /// the state hash moves.
    pub fn apply(&self, key: &DocumentKey, effect: DocumentEffect, lsn: Lsn) -> StateHash {
        let known = self.kept.lock().get(key).cloned();
        if known.as_ref().is_some_and(|known| known.last_lsn >= lsn) {
            return StateHash::default();
        }
        let known = known.map(|packed| packed.unpack().expect("what was packed unpacks"));
        let document = Document::after(known, key, effect);
        // One thread applies: nothing changed since it was read.
        self.kept.lock().put(PackedDocument::pack(key.clone(), &document, lsn))
    }

    /// Puts back what a snapshot has, in the order of numbers. None if it is out of place, or there
    /// already.
    pub fn restore(&self, no: u64, document: PackedDocument) -> Option<StateHash> {
        let mut kept = self.kept.lock();
        let is_next = kept.list.len() as u64 + 1 == no && kept.get(&document.key).is_none();
        is_next.then(|| kept.put(document))
    }

    /// All partners, in the order of their definition; at most so many.
    pub fn partners(&self, max: usize) -> Vec<PackedDocument> {
        let kept = self.kept.lock();
        kept.partners.iter().take(max).map(|at| kept.list[*at].clone()).collect()
    }

    /// What came back to a partner and is of no return, the oldest first; at most so many.
    pub fn unmatched(&self, partner: &PartnerId, max: usize) -> Vec<PackedDocument> {
        let kept = self.kept.lock();
        let open = kept.unmatched.get(partner);
        let places = open.into_iter().flatten().take(max);
        places.map(|at| kept.list[*at].clone()).collect()
    }

    /// The facts of a partner that are about something, the oldest first; none if there are more than so
    /// many.
    pub fn about(
        &self,
        partner: &PartnerId,
        topic: &Topic,
        max: usize,
    ) -> Option<Vec<(Subject, Fact)>> {
        let packed = self.numbered(number(partner, topic), max)?;
        let fact = |packed: PackedDocument| {
            let DocumentKey::Fact(key) = &packed.key else { return None };
            let Document::Fact(fact) = packed.unpack()? else { return None };
            let is_it = key.sender == *partner && Topic::all(&key.subject, &fact).contains(topic);
            is_it.then(|| (key.subject.clone(), *fact))
        };
        Some(packed.into_iter().filter_map(fact).collect())
    }

    fn numbered(&self, number: u64, max: usize) -> Option<Vec<PackedDocument>> {
        let kept = self.kept.lock();
        let places = kept.topics.range((number, 0)..=(number, usize::MAX));
        let all: Vec<_> = places.take(max + 1).map(|(_, at)| kept.list[*at].clone()).collect();
        (all.len() <= max).then_some(all)
    }

    /// The messages of a partner that are in quarantine, the oldest first; at most so many.
    pub fn quarantined(&self, partner: &PartnerId, max: usize) -> Vec<PackedDocument> {
        let kept = self.kept.lock();
        let open = kept.quarantined.get(partner);
        let places = open.into_iter().flatten().take(max);
        places.map(|at| kept.list[*at].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodeId;

    fn key(name: &str) -> DocumentKey {
        DocumentKey::Partner(PartnerId::new("partner", name).expect("a name"))
    }

    fn define(node: &str) -> DocumentEffect {
        DocumentEffect::Define { nodes: vec![NodeId::new("node", node).expect("a name")] }
    }

    fn lsn(no: u64) -> Lsn {
        Lsn::new(no)
    }

    #[test]
    fn the_hash_moves_by_what_changes_and_an_event_counts_once() {
        let documents = Documents::default();
        let mut hash = documents.apply(&key("a"), define("x"), lsn(1));
        hash.merge(documents.apply(&key("b"), define("x"), lsn(2)));
        hash.merge(documents.apply(&key("a"), define("y"), lsn(3)));
        assert_eq!(documents.apply(&key("a"), define("z"), lsn(3)), StateHash::default());
        let mut sum = StateHash::default();
        let copy = documents.copy(1, 9);
        for (_, document) in &copy {
            sum.add(document.hash());
        }
        assert_eq!((sum, copy.len(), documents.last()), (hash, 2, 2));
        assert_eq!(copy[0].0, 1);
        assert_eq!(copy[0].1.last_lsn, lsn(3), "it keeps its number");
    }

    #[test]
    fn what_is_restored_goes_on_where_it_was() {
        let documents = Documents::default();
        let mut hash = StateHash::default();
        for (no, name) in [(1, "a"), (2, "b"), (3, "c")] {
            hash.merge(documents.apply(&key(name), define("x"), lsn(no)));
        }
        let restored = Documents::default();
        let mut again = StateHash::default();
        for (no, document) in documents.copy(0, u64::MAX) {
            again.merge(restored.restore(no, document.clone()).expect("it is the next one"));
            assert_eq!(restored.restore(no, document), None, "it is there");
        }
        assert_eq!(again, hash);
        let next = restored.apply(&key("d"), define("x"), lsn(9));
        assert_eq!(documents.apply(&key("d"), define("x"), lsn(9)), next);
        assert_eq!(documents.copy(2, 3).len(), 2);
    }

    #[test]
    fn a_partner_is_in_one_hand() {
        let documents = Documents::default();
        let partner = PartnerId::new("partner", "a").expect("a name");
        assert!(documents.take(&partner));
        assert!(!documents.take(&partner));
        documents.let_go(&partner);
        assert!(documents.take(&partner));
    }
}
