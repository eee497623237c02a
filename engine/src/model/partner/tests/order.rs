//! Whatever order messages come in, and however often: the totals are those of the newest revisions.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::{Fact, FactKey, Judgement, Overtook, Partner, PartnerMessage, judge};
use super::{count, message, partner, receipt};
use crate::model::ids::{NodeId, Sku};
use crate::model::time::Timestamp;

const SKUS: [&str; 3] = ["A", "B", "C"];

/// The inbox as the engine keeps it, and the stock that its moves come to.
struct Inbox {
    partner: Partner,
    facts: HashMap<FactKey, Fact>,
    moved: BTreeMap<Sku, i64>,
}

impl Inbox {
    fn new() -> Self {
        Self { partner: partner(), facts: HashMap::new(), moved: BTreeMap::new() }
    }

    fn take(&mut self, message: &PartnerMessage) -> Judgement {
        let known = self.facts.get(&message.fact());
        let judgement = judge(&self.partner, known, message);
        self.partner.came(message, Timestamp::default());
        if let Judgement::Accepted(moves) = &judgement {
            for of in moves {
                *self.moved.entry(of.sku.clone()).or_default() += of.by();
            }
            let fact = Fact::stated(known, message);
            self.facts.insert(message.fact(), fact);
        }
        judgement
    }

    /// Units by SKU, without those of which there are none.
    fn stock(&self) -> BTreeMap<Sku, i64> {
        self.moved
            .iter()
            .filter(|(_, units)| **units != 0)
            .map(|(sku, of)| (sku.clone(), *of))
            .collect()
    }
}

/// The totals of these messages as one adds them up by hand.
fn by_hand<'a>(messages: impl Iterator<Item = &'a PartnerMessage>) -> BTreeMap<Sku, i64> {
    let mut sums = BTreeMap::new();
    for line in messages.flat_map(|message| &message.lines) {
        *sums.entry(line.sku.clone()).or_default() += line.counts[0].1;
    }
    sums.retain(|_, units| *units != 0);
    sums
}

/// Revisions of some facts: of each the units of three SKUs.
fn facts() -> impl Strategy<Value = Vec<Vec<[i64; 3]>>> {
    let revisions = proptest::collection::vec(proptest::array::uniform3(0..9_i64), 1..5);
    proptest::collection::vec(revisions, 1..4)
}

/// All messages, fact by fact, each with its number.
fn messages(facts: &[Vec<[i64; 3]>]) -> Vec<PartnerMessage> {
    let mut all = Vec::new();
    for (fact, revisions) in facts.iter().enumerate() {
        for (revision, units) in revisions.iter().enumerate() {
            let seq = all.len() as u64 + 1;
            let lines: Vec<_> = SKUS.into_iter().zip(*units).collect();
            let revision = u32::try_from(revision).expect("a few") + 1;
            all.push(message(seq, receipt(&format!("PO-{fact}")), revision, &lines));
        }
    }
    all
}

proptest! {
    #[test]
    fn any_shuffle_with_duplicates_ends_in_the_totals_of_the_newest_revisions(
        facts in facts(),
        again in proptest::collection::vec(any::<Index>(), 0..12),
        places in proptest::collection::vec(any::<u32>(), 32),
    ) {
        let all = messages(&facts);
        let mut sent: Vec<&PartnerMessage> = all.iter().collect();
        sent.extend(again.iter().map(|index| index.get(&all)));
        let mut sent: Vec<_> = sent.into_iter().zip(places.iter().cycle()).collect();
        sent.sort_by_key(|(_, place)| **place);
        let mut inbox = Inbox::new();
        for (message, _) in &sent {
            let judgement = inbox.take(message);
            prop_assert!(!matches!(judgement, Judgement::Quarantined(_) | Judgement::OutOfScope));
        }
        let newest = all.iter().filter(|one| {
            let revision = |other: &&PartnerMessage| other.subject == one.subject;
            all.iter().filter(revision).all(|other| other.revision <= one.revision)
        });
        prop_assert_eq!(inbox.stock(), by_hand(newest));
        prop_assert_eq!(inbox.partner.seqs.gaps(), &[], "all numbers came");
        for message in &all {
            let judgement = inbox.take(message);
            let is_nothing = matches!(judgement, Judgement::Duplicate | Judgement::Stale { .. });
            prop_assert!(is_nothing, "sent again: {judgement:?}");
        }
    }

    #[test]
    fn what_is_lost_for_good_is_a_gap_and_changes_nothing_else(facts in facts(), lost in any::<Index>()) {
        let all = messages(&facts);
        let lost = lost.index(all.len());
        let mut inbox = Inbox::new();
        let kept = all.iter().enumerate().filter(|(at, _)| *at != lost).map(|(_, message)| message);
        kept.clone().for_each(|message| drop(inbox.take(message)));
        let is_last = lost + 1 == all.len();
        prop_assert_eq!(inbox.partner.seqs.expected(), lost as u64 + 1);
        prop_assert_eq!(inbox.partner.seqs.gaps().len(), usize::from(!is_last));
        let newest = kept.clone().filter(|one| {
            kept.clone().filter(|other| other.subject == one.subject).all(|other| other.revision <= one.revision)
        });
        prop_assert_eq!(inbox.stock(), by_hand(newest));
    }
}

#[test]
fn what_is_encoded_is_what_is_decoded() {
    let message = message(1, receipt("PO-1"), 1, &[("A", 3)]);
    let mut partner = partner();
    partner.came(&message, Timestamp::default());
    let fact = Fact::stated(None, &message);
    let bytes = minicbor::to_vec((&partner, &fact, &message)).expect("it is encoded");
    let again: (Partner, Fact, PartnerMessage) = minicbor::decode(&bytes).expect("it is decoded");
    assert_eq!(again, (partner, fact, message));
}

/// A count that was overtaken comes to what it would have come to in its place, and a later count stays.
#[test]
fn what_overtook_a_count_is_applied_on_top_of_it() {
    let counted = |partner: &Partner, of: &PartnerMessage| {
        let moves = partner.on_top(of, Fact::moves(None, of));
        moves.iter().map(|of| (of.sku.as_str().to_owned(), of.to)).collect::<Vec<_>>()
    };
    let take = |partner: &mut Partner, of: &PartnerMessage| {
        let moves = Fact::moves(None, of);
        partner.came(of, Timestamp::default());
        partner.overtook(of, Overtook::all(of, &moves));
    };
    let count_of = |seq, no: &str| message(seq, count(no), 1, &[("a", 10), ("b", 20)]);
    let mut partner = partner();
    take(&mut partner, &message(3, receipt("po-1"), 1, &[("a", 4)]));
    take(&mut partner, &message(2, receipt("po-2"), 1, &[("a", 2)]));
    let rows = [("a".to_owned(), 16), ("b".to_owned(), 20)];
    assert_eq!(counted(&partner, &count_of(1, "c-1")), rows);
    let elsewhere = PartnerMessage {
        node: Some(NodeId::new("node", "west").expect("a name")),
        ..count_of(1, "c-1")
    };
    assert_eq!(counted(&partner, &elsewhere)[0].1, 10, "it was at another node");
    take(&mut partner, &message(5, count("c-2"), 1, &[("a", 7)]));
    assert_eq!(
        counted(&partner, &count_of(4, "c-3")),
        [("b".to_owned(), 20)],
        "a was counted since"
    );
    take(&mut partner, &count_of(1, "c-1"));
    assert_eq!(partner.overtaking.len(), 1, "only what is above a gap is kept");
    take(&mut partner, &count_of(4, "c-3"));
    assert_eq!(partner.overtaking, []);
}
