//! The decision trace of an order: each candidate supply, and why it was chosen
//! or not. A few bytes a candidate, kept with the order.
//!
//! Layout, version 2: the byte 2; the byte 1 if the search was cut short, else 0;
//! then for each line the number of candidates and for each candidate its node times
//! two, and one more if its supply is not on hand; in that case the supply's code; and
//! one byte: the verdict in the high nibble, the units that were free in the low one,
//! 15 standing for "15 or more". A verdict above 15 is in a byte of its own behind that one,
//! whose high nibble is 0. Numbers as [`crate::model::pack`] has them. Version 1
//! had the node as it is, and a supply for each.

use crate::model::pack::{Unpacker, put_number};
use crate::model::{NodeNo, Supply};
use crate::sourcing::Verdict;

const VERSION: u8 = 2;
const FREE_SHOWN_MAX: u32 = 15;
/// The largest verdict that shares a byte.
const NIBBLE_MAX: u8 = 15;

/// One candidate for one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The node.
    pub node: NodeNo,
    /// The supply there.
    pub supply: Supply,
    /// Units that were free, net of others' claims; 15 stands for 15 or more.
    pub free: u32,
    /// Why it was chosen or not.
    pub verdict: Verdict,
}

/// The trace of an order, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Whether the exact search was cut short at its budget.
    pub bounded: bool,
    /// The candidates of each line.
    pub lines: Vec<Vec<Candidate>>,
}

/// Writes a trace, line after line, to memory that is kept from trace to trace.
#[derive(Debug)]
pub struct TraceWriter<'a>(&'a mut Vec<u8>);

impl<'a> TraceWriter<'a> {
    /// A trace without lines yet, in place of what is in `bytes`.
    pub fn new(bytes: &'a mut Vec<u8>, bounded: bool) -> Self {
        bytes.clear();
        bytes.extend_from_slice(&[VERSION, u8::from(bounded)]);
        Self(bytes)
    }

    /// Begins a line of so many candidates.
    pub fn line(&mut self, candidates: usize) {
        put_number(self.0, candidates as u64);
    }

    /// Adds a candidate whose units are on hand, as most are.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "left to itself it may be a call for each offer: some 600 instructions an order"
    )]
    pub fn on_hand(&mut self, node: NodeNo, free: u32, verdict: Verdict) {
        let [free, ..] = free.min(FREE_SHOWN_MAX).to_le_bytes();
        if verdict as u8 > NIBBLE_MAX {
            put_number(self.0, u64::from(node.0) << 1);
            return self.0.extend_from_slice(&[free, verdict as u8]);
        }
        let verdict = (verdict as u8) << 4 | free;
        // The common case at once: a node's number and what it is told fill two bytes.
        if let Ok(small @ 0..0x40) = u8::try_from(node.0) {
            self.0.extend_from_slice(&[small << 1, verdict]);
        } else {
            put_number(self.0, u64::from(node.0) << 1);
            self.0.push(verdict);
        }
    }

    /// Adds a candidate to the line.
    pub fn candidate(&mut self, candidate: &Candidate) {
        let Candidate { node, supply, free, verdict } = *candidate;
        if supply == Supply::OnHand {
            return self.on_hand(node, free, verdict);
        }
        put_number(self.0, u64::from(node.0) << 1 | 1);
        put_number(self.0, supply.code().into());
        let [free, ..] = free.min(FREE_SHOWN_MAX).to_le_bytes();
        if verdict as u8 > NIBBLE_MAX {
            return self.0.extend_from_slice(&[free, verdict as u8]);
        }
        self.0.push((verdict as u8) << 4 | free);
    }

    /// A line of so many candidates at most: those that were chosen before others.
    fn first(&mut self, mut candidates: Vec<Candidate>, candidates_max: usize) {
        candidates.sort_by_key(|candidate| candidate.verdict != Verdict::Chosen);
        candidates.truncate(candidates_max);
        self.line(candidates.len());
        for candidate in &candidates {
            self.candidate(candidate);
        }
    }

    /// The bytes.
    pub fn finish(self) -> Box<[u8]> {
        self.0.as_slice().into()
    }
}

/// The trace of the first line of a trace alone, with so many candidates at most: those that were
/// chosen before others. Empty if it is no trace, or has no line.
pub fn of_first_line(bytes: &[u8], candidates_max: usize) -> Box<[u8]> {
    let Some(Trace { bounded, lines }) = Trace::read(bytes) else { return Box::default() };
    let Some(candidates) = lines.into_iter().next() else { return Box::default() };
    let mut bytes = Vec::new();
    let mut writer = TraceWriter::new(&mut bytes, bounded);
    writer.first(candidates, candidates_max);
    writer.finish()
}

/// A trace with so many candidates of each line at most: those that were chosen before others. None
/// if it is no trace.
pub fn shortened(bytes: &[u8], candidates_max: usize) -> Option<Box<[u8]>> {
    let Trace { bounded, lines } = Trace::read(bytes)?;
    let mut bytes = Vec::new();
    let mut writer = TraceWriter::new(&mut bytes, bounded);
    for candidates in lines {
        writer.first(candidates, candidates_max);
    }
    Some(writer.finish())
}

impl Trace {
    /// Reads a trace back; none when the bytes are no trace of a known version.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (&[version, bounded], rest) = bytes.split_first_chunk::<2>()?;
        if !(1..=VERSION).contains(&version) || bounded > 1 {
            return None;
        }
        let mut from = Unpacker::new(rest);
        let mut lines = Vec::new();
        while !from.rest().is_empty() {
            let count = from.count("candidates").ok()?;
            let line: Option<Vec<_>> = (0..count).map(|_| candidate(&mut from, version)).collect();
            lines.push(line?);
        }
        Some(Self { bounded: bounded == 1, lines })
    }
}

fn candidate(from: &mut Unpacker<'_>, version: u8) -> Option<Candidate> {
    let (node, has_supply) = match (version, from.number("node").ok()?) {
        (1, node) => (node, true),
        (_, node) => (node >> 1, node & 1 == 1),
    };
    let supply =
        if has_supply { Supply::from_code(from.narrow("supply").ok()?)? } else { Supply::OnHand };
    let byte = from.byte("verdict").ok()?;
    let node = NodeNo(u16::try_from(node).ok()?);
    let free = u32::from(byte & 0x0f);
    let code = if byte >> 4 == 0 { from.byte("verdict").ok()? } else { byte >> 4 };
    Some(Candidate { node, supply, free, verdict: Verdict::from_code(code)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InboundNo;

    #[test]
    fn a_trace_reads_back_as_it_was_written() {
        let candidates = [
            Candidate {
                node: NodeNo(3),
                supply: Supply::OnHand,
                free: 7,
                verdict: Verdict::Chosen,
            },
            Candidate {
                node: NodeNo(300),
                supply: Supply::Inbound(InboundNo(900)),
                free: 99,
                verdict: Verdict::Later,
            },
            Candidate {
                node: NodeNo(3),
                supply: Supply::OnHand,
                free: 2,
                verdict: Verdict::AtCapacity,
            },
            Candidate {
                node: NodeNo(4),
                supply: Supply::Supplier,
                free: 0,
                verdict: Verdict::AtCapacity,
            },
        ];
        let mut bytes = Vec::new();
        let mut writer = TraceWriter::new(&mut bytes, true);
        writer.line(candidates.len());
        for candidate in &candidates {
            writer.candidate(candidate);
        }
        writer.line(0);
        let trace = Trace::read(&writer.finish()).expect("a trace");
        assert!(trace.bounded);
        assert_eq!(trace.lines[0][0], candidates[0]);
        assert_eq!(trace.lines[0][1].free, FREE_SHOWN_MAX);
        assert_eq!(trace.lines[0][2..], candidates[2..]);
        assert_eq!(trace.lines[1], []);
        assert_eq!(Trace::read(&[9, 0]), None);
    }

    /// Orders that an older version placed keep their traces as they are.
    #[test]
    fn a_trace_of_version_1_is_still_read() {
        let trace = Trace::read(&[1, 0, 2, 3, 0, 0x17, 0xac, 2, 16, 0x4f, 0]).expect("a trace");
        let on_hand = Candidate {
            node: NodeNo(3),
            supply: Supply::OnHand,
            free: 7,
            verdict: Verdict::Chosen,
        };
        let inbound = Candidate {
            node: NodeNo(300),
            supply: Supply::Inbound(InboundNo(0)),
            free: 15,
            verdict: Verdict::Later,
        };
        assert_eq!(trace.lines, [vec![on_hand, inbound], vec![]]);
        assert!(!trace.bounded);
    }
}
