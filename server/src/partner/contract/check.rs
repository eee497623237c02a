//! What holds of a message as a whole, however it came: lines against each other, and against now.

use std::collections::HashSet;

use backstock_engine::limits::{PARTNER_AHEAD_MAX_MICROS, PARTNER_LINES_MAX};
use backstock_engine::model::{Rule, Sku, Timestamp, Violation};

use super::message::{Body, Kind, Message};
use crate::partner::found::Found;

/// 2000-01-01T00:00:00Z, in microseconds: a clock that shows less was never set.
const EARLIEST_US: i64 = 946_684_800_000_000;

/// Notes what is wrong with a message as a whole.
pub(crate) fn check(message: &Message, now: Timestamp, found: &mut Found) {
    instant(message.occurred_at, now, found);
    if message.node.is_none() && message.body.kind().has_node() {
        found.note(Violation::new("node", "", Rule::Required));
    }
    if !found.is_of_lines() {
        body(&message.body, found);
    }
}

fn instant(at: Timestamp, now: Timestamp, found: &mut Found) {
    let latest = now.saturating_add_micros(PARTNER_AHEAD_MAX_MICROS);
    if at > latest {
        found.note(Violation::new("occurred_at", at, Rule::TooFarAhead { latest }));
    }
    if at.as_micros() < EARLIEST_US {
        found.malformed("occurred_at", at, "is before the year 2000");
    }
}

fn body(body: &Body, found: &mut Found) {
    let kind = body.kind();
    match body {
        Body::Item(it) => lines(kind, it.lines.iter().map(|line| &line.sku), found),
        Body::Inbound(it) => lines(kind, it.lines.iter().map(|line| &line.sku), found),
        Body::Receipt(it) => {
            lines(kind, it.lines.iter().map(|line| &line.sku), found);
            let parts = it.lines.iter().map(|line| (line.damaged, line.received));
            at_most(parts, "damaged", "is more than was received", found);
        }
        Body::Order(it) => lines(kind, it.lines.iter().map(|line| &line.sku), found),
        Body::Cancel(it) => lines(kind, it.lines.iter().map(|line| &line.sku), found),
        Body::Shipment(it) => lines(kind, it.lines.iter().map(|line| &line.sku), found),
        Body::Adjustment(it) => lines(kind, it.lines.iter().map(|line| &line.sku), found),
        Body::Count(it) => {
            lines(kind, it.lines.iter().map(|line| &line.sku), found);
            let parts = it.lines.iter().map(|line| (line.unavailable, line.on_hand));
            at_most(parts, "unavailable", "is more than is on hand", found);
        }
        Body::Return(it) => lines(kind, it.lines.iter().map(|line| &line.sku), found),
        Body::ReturnReceipt(it) => {
            lines(kind, it.lines.iter().map(|line| &line.sku), found);
            for (at, line) in it.lines.iter().enumerate() {
                graded(at, line.received, &line.grade, found);
            }
        }
        Body::Ack(_) | Body::Tracking(_) => {}
    }
}

/// Notes that there is no line, too many, or a SKU twice.
fn lines<'a>(kind: Kind, skus: impl Iterator<Item = &'a Sku>, found: &mut Found) {
    let mut seen = HashSet::new();
    let mut count = 0;
    for (at, sku) in skus.enumerate() {
        count += 1;
        if !seen.insert(sku) {
            found.note(Violation::new(format!("lines[{at}].sku"), sku, Rule::Duplicate));
        }
    }
    if count > PARTNER_LINES_MAX {
        found.note(Violation::new("lines", count, Rule::TooMany { max: PARTNER_LINES_MAX }));
    }
    // A correction may take all lines back by zeros; no line at all is a slip of the pen.
    if count == 0 {
        found.malformed("lines", kind.name(), "has no line");
    }
}

/// Notes parts that are more than their whole.
fn at_most(parts: impl Iterator<Item = (u32, u32)>, field: &str, text: &str, found: &mut Found) {
    for (at, (part, whole)) in parts.enumerate().filter(|(_, (part, whole))| part > whole) {
        found.malformed(&format!("lines[{at}].{field}"), format!("{part} of {whole}"), text);
    }
}

/// Notes a grade that stands twice, and grades of more units than came.
fn graded<T: Eq + std::hash::Hash>(
    at: usize,
    received: u32,
    grades: &[(T, u32)],
    found: &mut Found,
) {
    let sum: u64 = grades.iter().map(|(_, units)| u64::from(*units)).sum();
    let field = format!("lines[{at}].grade");
    if sum > u64::from(received) {
        found.malformed(&field, format!("{sum} of {received}"), "is more than was received");
    }
    let names: HashSet<&T> = grades.iter().map(|(name, _)| name).collect();
    if names.len() < grades.len() {
        found.note(Violation::new(field, "", Rule::Duplicate));
    }
}
