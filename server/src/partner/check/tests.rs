//! Partners that do as the contract says, and some that do not.

use std::collections::{BTreeSet, HashMap};

use backstock_engine::model::Timestamp;

use super::*;
use crate::partner::contract;
use crate::partner::contract::tests::NOW;

fn script() -> Script {
    let now = jiff::Timestamp::from_microsecond(NOW.as_micros()).unwrap();
    Script { sender: "shop".into(), node: "east".into(), seq: 41, run: "7".into(), now }
}

/// What a partner may get wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It counts what comes as it comes.
    TakesAll,
    /// It takes what is sent again for new.
    NoDuplicates,
    /// It does not look at revisions.
    NoRevisions,
    /// It does not look at what is missing.
    NoGaps,
    /// It takes what is not as the contract has it.
    NoChecks,
}

/// A partner, as simple as may be.
pub(crate) struct Naive {
    fault: Fault,
    now: Timestamp,
    came: BTreeSet<u64>,
    first: u64,
    ids: HashMap<String, String>,
    /// By type and subject: the highest revision, and its lines.
    facts: HashMap<String, (u64, String)>,
}

impl Naive {
    /// One that expects a number, at an instant.
    pub(crate) fn new(fault: Fault, first: u64, now: Timestamp) -> Self {
        let (came, ids, facts) = (BTreeSet::new(), HashMap::new(), HashMap::new());
        Self { fault, now, came, first, ids, facts }
    }

    fn status(&mut self, message: &Value) -> &'static str {
        let (id, lines) = (message["id"].to_string(), message["lines"].to_string());
        let subject = format!("{} {}", message["type"], message["subject"]);
        let revision = message["revision"].as_u64().unwrap();
        let content = format!("{subject} {revision} {lines}");
        if self.ids.get(&id).is_some_and(|known| *known != content) {
            return "quarantined";
        }
        let known = self.facts.get(&subject).cloned();
        match known {
            Some((highest, _)) if revision < highest && self.fault != Fault::NoRevisions => {
                let is_again = self.ids.contains_key(&id);
                return if is_again { "duplicate" } else { "stale" };
            }
            Some((highest, known)) if revision == highest && known != lines => {
                return "quarantined";
            }
            Some((highest, _)) if revision == highest && self.fault != Fault::NoDuplicates => {
                return "duplicate";
            }
            _ => {}
        }
        self.ids.insert(id, content);
        self.facts.insert(subject, (revision, lines));
        "accepted"
    }

    /// What it answers to a message.
    pub(crate) fn answer(&mut self, message: &Value) -> Value {
        let read = contract::read(message.to_string().as_bytes(), self.now);
        if read.is_err() && ![Fault::NoChecks, Fault::TakesAll].contains(&self.fault) {
            return json!({ "status": "rejected" });
        }
        let seq = message["seq"].as_u64().unwrap();
        let status = self.status(message);
        self.came.insert(seq);
        let expected = (self.first..self.first + 99).find(|no| !self.came.contains(no)).unwrap();
        let is_gap = expected < seq && self.fault != Fault::NoGaps;
        let status = match status {
            _ if self.fault == Fault::TakesAll => "accepted",
            "accepted" if is_gap => "gap",
            other => other,
        };
        json!({ "status": status, "expected_seq": expected })
    }
}

/// What is shown by steps that a partner gets wrong.
fn wrong(fault: Fault) -> Vec<&'static str> {
    let mut partner = Naive::new(fault, script().seq, NOW);
    let judged = script().steps().into_iter().filter(|step| {
        let answer = partner.answer(&step.message).to_string();
        step.judge(answer.as_bytes()) != Verdict::Right
    });
    judged.map(|step| step.shows).collect()
}

#[test]
fn a_partner_that_does_as_the_contract_says_passes() {
    assert_eq!(wrong(Fault::None), Vec::<&str>::new());
}

#[test]
fn each_fault_is_found_by_a_step_that_shows_it() {
    let rows = [
        (Fault::TakesAll, "sent again, it counts once"),
        (Fault::NoDuplicates, "sent again, it counts once"),
        (Fault::NoRevisions, "what is older than that is passed over"),
        (Fault::NoGaps, "a message that is missing is noticed"),
        (Fault::NoChecks, "nothing is taken of the future"),
    ];
    for (fault, shows) in rows {
        assert!(wrong(fault).contains(&shows), "{shows}");
    }
}

/// What is to be taken is as the contract has it, and what is to be rejected is not.
#[test]
fn the_messages_are_of_the_contract() {
    for step in script().steps() {
        let read = contract::read(step.message.to_string().as_bytes(), NOW);
        assert_eq!(read.is_err(), step.statuses == ["rejected"], "{}: {read:?}", step.shows);
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_wrong() {
    let step = &script().steps()[0];
    for answer in ["", "[]", "{}", r#"{"status":7}"#, r#"{"status":"accepted"}"#, "<html>"] {
        assert!(matches!(step.judge(answer.as_bytes()), Verdict::Wrong(_)), "{answer}");
    }
}
