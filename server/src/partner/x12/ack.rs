//! 997: whether a group and each of its sets could be read and was taken.

use backstock_engine::model::{Rule, Text, Timestamp, Violation};

use super::fault::{SetCode, SetFault};
use super::file::{GroupRead, SetRead};
use super::syntax::Segment;
use super::walk::Walk;
use super::write::{Out, Party, set_control};
use super::{SETS, set_of};
use crate::partner::contract::{Ack, AckFault, Body, Kind, Verdict, revision, seq};
use crate::partner::limits::ACK_FAULTS_MAX;

/// Says of a segment that elements of it have faults.
const HAS_ELEMENT_FAULTS: &str = "8";

/// Says that a segment is missing.
const SEGMENT_MISSING: &str = "3";

/// Answers a group that came: a file with one 997. `sender` is who answers, `seq` the number of the
/// answer.
///
/// # Errors
/// What X12 cannot say of it: ids that are too long.
pub fn acknowledge(
    group: &GroupRead,
    (sender, seq): (&str, u64),
    to: &Party<'_>,
    now: Timestamp,
) -> Result<String, Vec<Violation>> {
    let mut out = Out::bare(seq, now);
    out.envelope(sender, to, "FA");
    out.set("997", "0001", |out| {
        out.segment("AK1", &[&group.code, &group.control]);
        group.sets.iter().for_each(|set| set_answer(out, set));
        let accepted = group.sets.iter().filter(|set| set.outcome.is_ok()).count();
        let (sets, good) = (group.sets.len().to_string(), accepted.to_string());
        out.segment("AK9", &[verdict(accepted, group.sets.len()), &sets, &sets, &good]);
    });
    out.end(1)
}

/// Accepted, partly, or rejected. An empty group has nothing wrong with it.
fn verdict(accepted: usize, of: usize) -> &'static str {
    match accepted {
        _ if accepted == of => "A",
        0 => "R",
        _ => "P",
    }
}

fn set_answer(out: &mut Out, set: &SetRead) {
    out.segment("AK2", &[&set.id, &set.control]);
    let Err(faults) = &set.outcome else {
        return out.segment("AK5", &["A"]);
    };
    let mut last = None;
    for fault in faults {
        last = segment_fault(out, fault, last);
    }
    let of_set = faults.iter().find_map(|fault| match fault {
        SetFault::Set(code) => Some(*code),
        _ => None,
    });
    let code = of_set.unwrap_or(SetCode::SegmentFaults) as u8;
    out.segment("AK5", &["R", &code.to_string()]);
}

/// Writes where a fault is; elements of one segment follow it. Gives the place of that segment.
fn segment_fault(out: &mut Out, fault: &SetFault, last: Option<usize>) -> Option<usize> {
    match fault {
        SetFault::Set(_) | SetFault::Message(_) => last,
        SetFault::SegmentMissing(id) => {
            out.segment("AK3", &[id, "1", "", SEGMENT_MISSING]);
            None
        }
        SetFault::Element { segment, place, element, code, .. } => {
            if last != Some(*place) {
                out.segment("AK3", &[segment, &place.to_string(), "", HAS_ELEMENT_FAULTS]);
            }
            out.segment("AK4", &[&element.to_string(), "", &(*code as u8).to_string()]);
            Some(*place)
        }
    }
}

/// Reads a 997: an answer for each set that it names, or one for the group if it names none.
pub(super) fn read_997(walk: &mut Walk<'_>) -> Vec<Body> {
    let (mut group, mut has_group) = (None, false);
    let mut acks = Vec::new();
    let mut open: Option<Ack> = None;
    while let Some(segment) = walk.next() {
        match segment.id {
            "AK1" => (has_group, group) = (true, group_of(walk, &segment)),
            "AK2" => open = group.and_then(|group| ack_of(walk, &segment, group)),
            "AK3" | "AK4" => {
                if let Some(ack) = open.as_mut().filter(|ack| ack.faults.len() < ACK_FAULTS_MAX) {
                    ack.faults.extend(fault_of(&segment));
                }
            }
            "AK5" => {
                let verdict = verdict_of(walk, &segment);
                acks.extend(open.take().zip(verdict).map(|(ack, verdict)| Ack { verdict, ..ack }));
            }
            "AK9" if acks.is_empty() => {
                let verdict = verdict_of(walk, &segment);
                let whole =
                    |((of, seq), verdict)| Ack { of, seq, part: 1, verdict, faults: Vec::new() };
                acks.extend(group.zip(verdict).map(whole));
            }
            _ => {}
        }
    }
    walk.due(group, has_group, "AK1");
    acks.into_iter().map(Body::Ack).collect()
}

/// Which messages are answered: their type, by the group's code, and their number.
fn group_of(walk: &mut Walk<'_>, segment: &Segment<'_>) -> Option<(Kind, u64)> {
    let code = segment.element(1);
    let kind = SETS.iter().find(|(_, group, _)| *group == code).map(|(_, _, kind)| *kind);
    if kind.is_none() {
        walk.wrong(segment, 1, "is no group that is sent");
    }
    let seq = walk.number(segment, 2, seq);
    kind.zip(seq)
}

fn ack_of(walk: &mut Walk<'_>, segment: &Segment<'_>, (of, seq): (Kind, u64)) -> Option<Ack> {
    let part = walk.number(segment, 2, revision)?;
    Some(Ack { of, seq, part, verdict: Verdict::Accepted, faults: Vec::new() })
}

fn verdict_of(walk: &mut Walk<'_>, segment: &Segment<'_>) -> Option<Verdict> {
    let code = segment.element(1);
    // A group that was taken in part is told set by set.
    let code = if segment.id == "AK9" && code == "P" { "E" } else { code };
    let known = Verdict::ALL.iter().find(|(_, _, known)| *known == code);
    if known.is_none() {
        walk.wrong(segment, 1, "is not A, E or R");
    }
    known.map(|(verdict, _, _)| *verdict)
}

/// What a partner says that is wrong: where, and its code.
fn fault_of(segment: &Segment<'_>) -> Option<AckFault> {
    let (field, text) = match segment.id {
        "AK3" => {
            let (id, place) = (segment.element(1), segment.element(2));
            (format!("{id} in segment {place}"), format!("segment code {}", segment.element(4)))
        }
        _ => (
            format!("element {}", segment.element(1)),
            format!("element code {}", segment.element(3)),
        ),
    };
    Some(AckFault { field: Text::new("field", field).ok()?, text: Text::new("text", text).ok()? })
}

/// Writes a 997 of an answer in JSON. What is wrong, JSON says in words; the 997 says that something is.
pub(super) fn write_997(out: &mut Out, it: &Ack) {
    let Some((set, group)) = set_of(it.of) else {
        return out.unwritable("subject.type", it.of.name(), "has no set of X12");
    };
    let code = Verdict::ALL.iter().find(|(verdict, _, _)| *verdict == it.verdict);
    let code = code.map_or("R", |(_, _, code)| code);
    out.segment("AK1", &[group, &it.seq.to_string()]);
    out.segment("AK2", &[set, &set_control(it.part)]);
    out.segment("AK5", &if code == "A" { vec![code] } else { vec![code, "5"] });
    let good = if it.verdict == Verdict::Rejected { "0" } else { "1" };
    out.segment("AK9", &[code, "1", "1", good]);
}

impl Out {
    /// Notes what X12 cannot say.
    fn unwritable(&mut self, field: &str, value: &str, text: &str) {
        self.note(Violation::new(field, value, Rule::Malformed(text.to_owned())));
    }
}
