//! `partner check`: what is sent to a partner's staging, and what has to be answered. Duplicates, lost
//! order, corrections, gaps and what nobody may send, in messages of the contract that we send. Pure.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Whom the messages are from, and where they begin.
#[derive(Clone, Debug)]
pub struct Script {
    /// Our id, as the partner knows it.
    pub sender: String,
    /// One of the partner's nodes.
    pub node: String,
    /// The number of the first message: the one that the partner expects.
    pub seq: u64,
    /// Makes ids of this run others than those of earlier runs.
    pub run: String,
    /// When it is run.
    pub now: Timestamp,
}

/// One message, and what has to be answered.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it shows.
    pub shows: &'static str,
    /// The message.
    pub message: Value,
    /// Any of these.
    pub statuses: &'static [&'static str],
    /// The lowest number that is missing then; none where it does not matter.
    pub expected_seq: Option<u64>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it has to be.
    Right,
    /// It is not, for this reason.
    Wrong(String),
}

/// Lines of the longest message.
const MANY_LINES: usize = 10_000;

impl Script {
    /// All messages, in the order in which they are sent.
    pub fn steps(&self) -> Vec<Step> {
        let at = |ahead: u64| Some(self.seq + ahead);
        let order = |seq, revision, units| self.order(seq, "A", revision, units);
        vec![
            step("a message is taken", self.inbound(0), &["accepted"], at(1)),
            step("sent again, it counts once", self.inbound(0), &["duplicate"], at(1)),
            step("a message that is missing is noticed", order(2, 1, 5), &["gap"], at(1)),
            step("what was missing counts when it comes", self.inbound(1), &["accepted"], at(3)),
            step("a correction replaces what was said", order(3, 3, 2), &["accepted"], at(4)),
            step("what is older than that is passed over", order(4, 2, 9), &["stale"], at(5)),
            step("sent again, the first one too", order(2, 1, 5), &["duplicate", "stale"], at(5)),
            step("a revision says one thing", order(5, 3, 7), &["quarantined"], at(6)),
            step("an id says one thing", self.reused(6), &["quarantined"], at(7)),
            step("a cancellation counts", self.cancel(7), &["accepted"], at(8)),
            step("nothing is taken of the future", self.of_future(8), &["rejected"], None),
            step("nor a SKU twice", self.twice(8), &["rejected"], None),
            step("nor a field that nobody knows", self.unknown(8), &["rejected"], None),
            step("a long message is taken", self.long(8), &["accepted"], at(9)),
            step("in the end, all has come", self.long(8), &["duplicate"], at(9)),
        ]
    }

    fn head(&self, ahead: u64, kind: &str, revision: u32, subject: &Value) -> Value {
        let seq = self.seq + ahead;
        json!({
            "sender": self.sender, "seq": seq, "id": format!("check-{}-{seq}", self.run),
            "type": kind, "occurred_at": self.now.to_string(), "node": self.node,
            "subject": subject, "revision": revision,
        })
    }

    fn name(&self, of: &str) -> String {
        format!("CHECK-{}-{of}", self.run)
    }

    fn order(&self, ahead: u64, of: &str, revision: u32, units: u32) -> Value {
        let subject = json!({ "order": self.name(of), "shipment": "1" });
        let lines = json!([{ "sku": "CHECK-1", "quantity": units }]);
        with(self.head(ahead, "order", revision, &subject), "lines", lines)
    }

    fn inbound(&self, ahead: u64) -> Value {
        let subject = json!({ "inbound": self.name(&format!("PO-{ahead}")) });
        let lines = json!([{ "sku": "CHECK-1", "expected": 10 }]);
        let message = with(self.head(ahead, "inbound", 1, &subject), "lines", lines);
        let day = self.now.to_string().chars().take(10).collect::<String>();
        with(message, "expected_on", json!(day))
    }

    fn cancel(&self, ahead: u64) -> Value {
        let subject = json!({ "order": self.name("A"), "shipment": "1" });
        let lines = json!([{ "sku": "CHECK-1", "quantity": 1 }]);
        with(self.head(ahead, "cancel", 1, &subject), "lines", lines)
    }

    /// The id of the first message, with other content.
    fn reused(&self, ahead: u64) -> Value {
        let id = format!("check-{}-{}", self.run, self.seq);
        with(self.order(ahead, "B", 1, 1), "id", json!(id))
    }

    fn of_future(&self, ahead: u64) -> Value {
        let tomorrow = self.now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(self.now);
        with(self.order(ahead, "C", 1, 1), "occurred_at", json!(tomorrow.to_string()))
    }

    fn twice(&self, ahead: u64) -> Value {
        let line = json!({ "sku": "CHECK-1", "quantity": 1 });
        with(self.order(ahead, "C", 1, 1), "lines", json!([line, line]))
    }

    fn unknown(&self, ahead: u64) -> Value {
        with(self.order(ahead, "C", 1, 1), "quantitiy", json!(1))
    }

    fn long(&self, ahead: u64) -> Value {
        let line = |no: usize| json!({ "sku": format!("CHECK-{no}"), "quantity": 1 });
        with(self.order(ahead, "C", 1, 1), "lines", (0..MANY_LINES).map(line).collect())
    }
}

fn step(
    shows: &'static str,
    message: Value,
    statuses: &'static [&'static str],
    expected_seq: Option<u64>,
) -> Step {
    Step { shows, message, statuses, expected_seq }
}

/// The message with another value of a field.
fn with(mut message: Value, field: &str, value: Value) -> Value {
    message[field] = value;
    message
}

impl Step {
    /// Judges the answer of a partner, whose body is this.
    pub fn judge(&self, answer: &[u8]) -> Verdict {
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
            return Verdict::Wrong("the answer is no JSON".to_owned());
        };
        let status = answer["status"].as_str().unwrap_or("nothing");
        if !self.statuses.contains(&status) {
            let wanted = self.statuses.join(" or ");
            return Verdict::Wrong(format!("the status is {status}, and has to be {wanted}"));
        }
        match (self.expected_seq, answer["expected_seq"].as_u64()) {
            (Some(wanted), is) if is != Some(wanted) => {
                let is = is.map_or_else(|| "nothing".to_owned(), |is| is.to_string());
                Verdict::Wrong(format!("expected_seq is {is}, and has to be {wanted}"))
            }
            _ => Verdict::Right,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
