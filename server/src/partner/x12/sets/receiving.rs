//! 943, what will come, and 944, what came.

use backstock_engine::model::{InboundId, Reference};

use crate::partner::contract::{Body, Expected, Inbound, Receipt, Received, units};
use crate::partner::x12::walk::{BySku, EACH, SELLERS_NUMBER, Walk};
use crate::partner::x12::write::{Out, day};

/// Reads a 943.
pub(in crate::partner::x12) fn read_943(walk: &mut Walk<'_>) -> Option<Body> {
    let (mut head, mut expected_on, mut lines) = (None, None, Vec::new());
    let (mut has_head, mut has_day) = (false, false);
    while let Some(segment) = walk.next() {
        match (segment.id, segment.element(1)) {
            ("W06", _) => (has_head, head) = (true, walk.name(&segment, 2, InboundId::new)),
            ("G62", "17") => (has_day, expected_on) = (true, walk.date(&segment, 2)),
            ("W04", _) => {
                let expected = walk.number(&segment, 1, units);
                let sku = walk.sku(&segment, 5, Some(2));
                lines.extend(sku.zip(expected).map(|(sku, expected)| Expected { sku, expected }));
            }
            ("W03", _) => walk.total(&segment, sum(lines.iter().map(|line| line.expected))),
            _ => {}
        }
    }
    let (head, day) = (walk.due(head, has_head, "W06"), walk.due(expected_on, has_day, "G62"));
    Some(Body::Inbound(Inbound { inbound: head?, expected_on: day?, lines }))
}

/// Writes a 943.
pub(in crate::partner::x12) fn write_943(out: &mut Out, it: &Inbound) {
    out.segment("W06", &["N", it.inbound.as_str(), &out.today()]);
    out.common();
    out.segment("G62", &["17", &day(it.expected_on)]);
    for line in &it.lines {
        let units = line.expected.to_string();
        out.segment("W04", &[&units, EACH, "", SELLERS_NUMBER, line.sku.as_str()]);
    }
    out.segment("W03", &[&sum(it.lines.iter().map(|line| line.expected)).to_string()]);
}

/// Reads a 944.
pub(in crate::partner::x12) fn read_944(walk: &mut Walk<'_>) -> Option<Body> {
    let (mut head, mut has_head, mut lines) = (None, false, BySku::new());
    while let Some(segment) = walk.next() {
        match segment.id {
            "W17" => {
                let inbound = walk.name(&segment, 4, InboundId::new);
                let part = walk.name_or(&segment, 3, Reference::new);
                (has_head, head) = (true, inbound.map(|of| (of, part, segment.element(1) == "F")));
            }
            "W07" => {
                let received = walk.number(&segment, 1, units);
                let sku = walk.sku(&segment, 5, Some(2));
                if let Some((sku, received)) = sku.zip(received) {
                    let line = Received { sku: sku.clone(), received, damaged: 0 };
                    lines.add(&sku, line, |of: &mut Received, more| {
                        of.received = of.received.saturating_add(more.received);
                    });
                }
            }
            // What is wrong with units of the line before.
            "W13" => {
                let damaged = walk.number(&segment, 1, units).unwrap_or(0);
                match lines.last() {
                    Some(line) => line.damaged = line.damaged.saturating_add(damaged),
                    None => walk.wrong(&segment, 1, "stands before any line"),
                }
            }
            "W14" => {
                let received = lines.lines().iter().map(|line| line.received);
                walk.total(&segment, sum(received));
            }
            _ => {}
        }
    }
    let (inbound, part, closed) = walk.due(head, has_head, "W17")?;
    Some(Body::Receipt(Receipt { inbound, part, closed, lines: lines.into_lines() }))
}

/// Writes a 944.
pub(in crate::partner::x12) fn write_944(out: &mut Out, it: &Receipt) {
    let part = it.part.as_ref().map_or("", Reference::as_str);
    let how = if it.closed { "F" } else { "P" };
    out.segment("W17", &[how, &out.today(), part, it.inbound.as_str()]);
    out.common();
    for line in &it.lines {
        let units = line.received.to_string();
        out.segment("W07", &[&units, EACH, "", SELLERS_NUMBER, line.sku.as_str()]);
        if line.damaged > 0 {
            out.segment("W13", &[&line.damaged.to_string(), EACH, "01"]);
        }
    }
    out.segment("W14", &[&sum(it.lines.iter().map(|line| line.received)).to_string()]);
}

/// The sum of units.
pub(super) fn sum(units: impl Iterator<Item = u32>) -> u64 {
    units.map(u64::from).sum()
}
