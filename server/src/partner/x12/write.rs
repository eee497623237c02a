//! Writes messages as files: one interchange, one group and one set for each.

use backstock_engine::model::{Rule, Text, Timestamp, Violation};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::ack::write_997;
use super::sets::{carrier, receiving, returns, shipping, stock};
use super::syntax::USUAL;
use super::{VERSION, set_of};
use crate::partner::contract::{Body, Message};
use crate::partner::found::Found;

/// The largest number of an interchange: nine digits.
const CONTROL_MAX: u64 = 999_999_999;

/// The most characters of elements that have names of callers and partners, as the standard has them.
const WIDTHS: &[(&str, usize, usize)] = &[
    ("GS", 2, 15),
    ("GS", 3, 15),
    ("W05", 2, 22),
    ("W06", 2, 22),
    ("W06", 4, 30),
    ("W06", 5, 12),
    ("W17", 3, 12),
    ("W17", 4, 22),
    ("W15", 2, 22),
    ("BIA", 3, 30),
    ("BGN", 2, 30),
    ("B10", 1, 30),
    ("B10", 2, 30),
    ("N9", 2, 30),
    ("N9", 3, 45),
    ("REF", 2, 30),
    ("N1", 2, 60),
    ("N1", 4, 80),
    ("N3", 1, 55),
    ("N3", 2, 55),
    ("N4", 1, 30),
    ("N4", 2, 2),
    ("N4", 3, 15),
    ("N4", 4, 3),
    ("W66", 5, 35),
    ("W27", 3, 35),
    ("NTE", 2, 80),
    ("W01", 5, 48),
    ("W04", 5, 48),
    ("W07", 5, 48),
    ("W12", 8, 48),
    ("W19", 6, 48),
    ("LIN", 3, 48),
    ("BLI", 2, 48),
];

/// Whom a file is for.
#[derive(Clone, Debug)]
pub struct Party<'a> {
    /// The receiver's id.
    pub receiver: &'a str,
    /// Whether it is a test, and nothing is to be done.
    pub is_test: bool,
}

/// Writes a message. Instants are kept to a hundredth of a second.
///
/// # Errors
/// What X12 cannot say: a type without a set, an id that is too long or has a separator.
pub fn write(message: &Message, to: &Party<'_>) -> Result<String, Vec<Violation>> {
    let kind = message.body.kind();
    let Some((set, group)) = set_of(kind) else {
        let rule = Rule::Malformed("has no set of X12".to_owned());
        return Err(vec![Violation::new("type", kind.name(), rule)]);
    };
    let mut out = Out::new(message);
    out.envelope(message.sender.as_str(), to, group);
    out.set(set, "0001", |out| body(out, &message.body));
    out.end(1)
}

fn body(out: &mut Out, body: &Body) {
    match body {
        Body::Inbound(it) => receiving::write_943(out, it),
        Body::Receipt(it) => receiving::write_944(out, it),
        Body::Order(it) => shipping::write_order(out, it),
        Body::Cancel(it) => shipping::write_cancel(out, it),
        Body::Shipment(it) => shipping::write_945(out, it),
        Body::Adjustment(it) => stock::write_947(out, it),
        Body::Count(it) => stock::write_846(out, it),
        Body::Return(it) => returns::write_return(out, it),
        Body::ReturnReceipt(it) => returns::write_receipt(out, it),
        Body::Ack(it) => write_997(out, it),
        Body::Tracking(it) => carrier::write_214(out, it),
        Body::Item(_) => {}
    }
}

/// A day as X12 has it.
pub(super) fn day(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

/// Text for people, without what separates: a street's `*` is not worth an order that cannot be sent.
pub(super) fn text_of(text: &Text) -> String {
    let separates =
        |c: char| [USUAL.element, USUAL.component, USUAL.segment].map(char::from).contains(&c);
    text.as_str()
        .chars()
        .map(|c| if separates(c) { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A file that is being written.
pub(super) struct Out {
    text: String,
    /// Segments of the set so far, its header included.
    segments: usize,
    /// The number of interchange and group.
    control: String,
    at: DateTime,
    id: String,
    revision: u32,
    node: Option<String>,
    found: Found,
}

impl Out {
    fn new(message: &Message) -> Self {
        let node = message.node.as_ref().map(ToString::to_string);
        let (id, revision) = (message.id.to_string(), message.revision);
        Self { id, revision, node, ..Self::bare(message.seq, message.occurred_at) }
    }

    /// A file without a message.
    pub(super) fn bare(seq: u64, at: Timestamp) -> Self {
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
        let mut found = Found::default();
        if seq > CONTROL_MAX {
            let rule = Rule::Malformed("has more than 9 digits, and X12 takes no more".to_owned());
            found.note(Violation::new("seq", seq, rule));
        }
        Self {
            text: String::new(),
            segments: 0,
            control: seq.to_string(),
            at: at.to_zoned(TimeZone::UTC).datetime(),
            id: String::new(),
            revision: 1,
            node: None,
            found,
        }
    }

    /// The headers of interchange and group.
    pub(super) fn envelope(&mut self, sender: &str, to: &Party<'_>, group: &str) {
        let (date, time) = (self.at.strftime("%y%m%d"), self.at.strftime("%H%M"));
        let usage = if to.is_test { "T" } else { "P" };
        let isa = [
            "00".to_owned(),
            " ".repeat(10),
            "00".to_owned(),
            " ".repeat(10),
            "ZZ".to_owned(),
            format!("{sender:15.15}"),
            "ZZ".to_owned(),
            format!("{:15.15}", to.receiver),
            date.to_string(),
            time.to_string(),
            "U".to_owned(),
            "00401".to_owned(),
            format!("{:0>9}", self.control),
            "0".to_owned(),
            usage.to_owned(),
            char::from(USUAL.component).to_string(),
        ];
        self.text.push_str("ISA");
        for element in &isa {
            self.element(element);
        }
        self.terminate();
        let hundredths = self.at.subsec_nanosecond() / 10_000_000;
        let (date, time) =
            (day(self.at.date()), format!("{}{hundredths:02}", self.at.strftime("%H%M%S")));
        let control = self.control.clone();
        self.segment("GS", &[group, sender, to.receiver, &date, &time, &control, "X", VERSION]);
    }

    /// A set around what `body` writes.
    pub(super) fn set(&mut self, id: &str, control: &str, body: impl FnOnce(&mut Self)) {
        self.segments = 0;
        self.segment("ST", &[id, control]);
        body(self);
        let count = (self.segments + 1).to_string();
        self.segment("SE", &[&count, control]);
    }

    /// The trailers; the file, or what cannot be said in it.
    pub(super) fn end(mut self, sets: usize) -> Result<String, Vec<Violation>> {
        let control = self.control.clone();
        self.segment("GE", &[&sets.to_string(), &control]);
        self.segment("IEA", &["1", &format!("{control:0>9}")]);
        if self.found.is_empty() { Ok(self.text) } else { Err(self.found.into_list()) }
    }

    /// The day on which it happened.
    pub(super) fn today(&self) -> String {
        day(self.at.date())
    }

    /// The message's id.
    pub(super) fn id(&self) -> String {
        self.id.clone()
    }

    /// What any set says: node, id and revision.
    pub(super) fn common(&mut self) {
        self.common_as("N9");
    }

    /// The same, with the segment that this set has for references.
    pub(super) fn common_as(&mut self, reference: &str) {
        let (id, revision) = (self.id.clone(), self.revision.to_string());
        if let Some(node) = self.node.clone() {
            self.segment("N1", &["WH", "", "92", &node]);
        }
        self.segment(reference, &["TN", &id]);
        self.segment(reference, &["V0", &revision]);
    }

    /// A segment, without the empty elements at its end.
    pub(super) fn segment(&mut self, id: &str, elements: &[&str]) {
        self.segments += 1;
        self.text.push_str(id);
        let last = elements.iter().rposition(|element| !element.is_empty()).map_or(0, |at| at + 1);
        for (at, element) in elements[..last].iter().enumerate() {
            self.checked(id, at + 1, element);
            self.element(element);
        }
        self.terminate();
    }

    fn element(&mut self, value: &str) {
        self.text.push(char::from(USUAL.element));
        self.text.push_str(value);
    }

    fn terminate(&mut self) {
        self.text.push(char::from(USUAL.segment));
        self.text.push('\n');
    }

    /// Notes what X12 cannot say.
    pub(super) fn note(&mut self, violation: Violation) {
        self.found.note(violation);
    }

    /// Notes an element that the reader would not read as it is.
    fn checked(&mut self, id: &str, no: usize, value: &str) {
        let field = || format!("{id}{no:02}");
        let width = WIDTHS.iter().find(|(of, at, _)| *of == id && *at == no);
        if let Some((_, _, max)) = width.filter(|(_, _, max)| value.chars().count() > *max) {
            self.found.note(Violation::new(field(), value, Rule::TooLong { max: *max }));
        }
        let separates = [USUAL.element, USUAL.component, USUAL.segment].map(char::from);
        if value.contains(separates) {
            self.found.malformed(&field(), value, "has a separator of X12: *, > or ~");
        }
        if value.trim() != value {
            self.found.malformed(&field(), value, "begins or ends with a space");
        }
    }
}

/// A number of a set: at least four digits.
pub(super) fn set_control(part: u32) -> String {
    format!("{part:0>4}")
}
