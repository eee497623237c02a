//! 947, stock that changed, and 846, what is there.

use backstock_engine::model::{Reference, Text};

use super::receiving::sum;
use crate::partner::contract::{
    Adjusted, Adjustment, Body, Count, Counted, difference, seq_seen, units,
};
use crate::partner::x12::syntax::Segment;
use crate::partner::x12::walk::{EACH, SELLERS_NUMBER, Walk};
use crate::partner::x12::write::{Out, text_of};

/// Names the change of units that cannot be sold.
const UNAVAILABLE: &str = "unavailable";

/// Names the last of our messages that was booked.
const SEQ_SEEN: &str = "seq_seen";

/// Stands for a reason that is told in words.
const IN_WORDS: &str = "ZZ";

/// Reads a 947.
pub(in crate::partner::x12) fn read_947(walk: &mut Walk<'_>) -> Option<Body> {
    let (mut head, mut has_head) = (None, false);
    let mut lines: Vec<Adjusted> = Vec::new();
    while let Some(segment) = walk.next() {
        match (segment.id, segment.element(1)) {
            ("W15", _) => (has_head, head) = (true, walk.name(&segment, 2, Reference::new)),
            ("W19", _) => lines.extend(adjusted(walk, &segment)),
            ("N9", "ZZ") if segment.element(2) == UNAVAILABLE => {
                let units = walk.number(&segment, 3, difference);
                if let Some((line, units)) = lines.last_mut().zip(units) {
                    line.unavailable = units;
                }
            }
            ("NTE", _) => {
                let reason = walk.text_or(&segment, 2);
                if let Some((line, reason)) = lines.last_mut().zip(reason) {
                    line.reason = reason;
                }
            }
            _ => {}
        }
    }
    let adjustment = walk.due(head, has_head, "W15")?;
    Some(Body::Adjustment(Adjustment { adjustment, lines }))
}

fn adjusted(walk: &mut Walk<'_>, segment: &Segment<'_>) -> Option<Adjusted> {
    let reason = walk.name(segment, 1, Text::new);
    let on_hand = walk.number(segment, 2, difference);
    let sku = walk.sku(segment, 6, Some(3));
    Some(Adjusted { sku: sku?, on_hand: on_hand?, unavailable: 0, reason: reason? })
}

/// Writes a 947.
pub(in crate::partner::x12) fn write_947(out: &mut Out, it: &Adjustment) {
    out.segment("W15", &[&out.today(), it.adjustment.as_str()]);
    out.common();
    for line in &it.lines {
        let reason = text_of(&line.reason);
        let code = if reason.len() == 2 { reason.as_str() } else { IN_WORDS };
        let units = line.on_hand.to_string();
        let sku = line.sku.as_str();
        out.segment("W19", &[code, &units, EACH, "", SELLERS_NUMBER, sku]);
        if code != reason {
            out.segment("NTE", &["GEN", &reason]);
        }
        if line.unavailable != 0 {
            out.segment("N9", &["ZZ", UNAVAILABLE, &line.unavailable.to_string()]);
        }
    }
}

/// Reads an 846.
pub(in crate::partner::x12) fn read_846(walk: &mut Walk<'_>) -> Option<Body> {
    let (mut head, mut has_head, mut seen, mut has_seen) = (None, false, None, false);
    let mut lines: Vec<Counted> = Vec::new();
    while let Some(segment) = walk.next() {
        match (segment.id, segment.element(1)) {
            ("BIA", _) => (has_head, head) = (true, walk.name(&segment, 3, Reference::new)),
            ("REF", "ZZ") if segment.element(2) == SEQ_SEEN => {
                (has_seen, seen) = (true, walk.number(&segment, 3, seq_seen));
            }
            ("LIN", _) => {
                let sku = walk.sku(&segment, 3, None);
                lines.extend(sku.map(|sku| Counted { sku, on_hand: 0, unavailable: 0 }));
            }
            ("QTY", what @ ("17" | "QH")) => quantity(walk, &segment, what, lines.last_mut()),
            ("CTT", _) => walk.total(&segment, sum(lines.iter().map(|_| 1))),
            _ => {}
        }
    }
    let count = walk.due(head, has_head, "BIA");
    // Without it, nobody knows which of our orders the partner had taken off already.
    let seq_seen = walk.due(seen, has_seen, "REF");
    Some(Body::Count(Count { count: count?, seq_seen: seq_seen?, lines }))
}

/// Units of the item before: 17 are on hand, QH of them on hold.
fn quantity(walk: &mut Walk<'_>, segment: &Segment<'_>, what: &str, line: Option<&mut Counted>) {
    if !["", EACH].contains(&segment.element(3)) {
        walk.wrong(segment, 3, "is not EA, single units");
    }
    let (Some(units), Some(line)) = (walk.number(segment, 2, units), line) else { return };
    match what {
        "17" => line.on_hand = units,
        _ => line.unavailable = units,
    }
}

/// Writes an 846.
pub(in crate::partner::x12) fn write_846(out: &mut Out, it: &Count) {
    out.segment("BIA", &["00", "MM", it.count.as_str(), &out.today()]);
    out.common_as("REF");
    out.segment("REF", &["ZZ", SEQ_SEEN, &it.seq_seen.to_string()]);
    for (at, line) in it.lines.iter().enumerate() {
        out.segment("LIN", &[&(at + 1).to_string(), SELLERS_NUMBER, line.sku.as_str()]);
        out.segment("QTY", &["17", &line.on_hand.to_string(), EACH]);
        out.segment("QTY", &["QH", &line.unavailable.to_string(), EACH]);
    }
    out.segment("CTT", &[&it.lines.len().to_string()]);
}
