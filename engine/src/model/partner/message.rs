//! A partner's message as the engine takes it: who, which, about what, and totals by SKU.

use minicbor::{Decode, Encode};

use super::subject::{FactKey, Subject};
use crate::limits::{PARTNER_GRADES_MAX, PARTNER_LINES_MAX, STOCK_UNITS_MAX};
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::ids::{MessageId, NodeId, PartnerId, Reference, Sku, Text};
use crate::model::time::Timestamp;
use crate::model::violation::{Rule, Violation};

/// What is counted of a SKU, in whole units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Measure {
    /// Units that came, damaged ones included.
    #[n(0)]
    Received,
    /// Of those, damaged ones.
    #[n(1)]
    Damaged,
    /// Units that left.
    #[n(2)]
    Shipped,
    /// Units that will not leave.
    #[n(3)]
    Short,
    /// Units there: how many, in a count; how many more or less, in an adjustment.
    #[n(4)]
    OnHand,
    /// Of those, units that cannot be sold.
    #[n(5)]
    Unavailable,
    /// Units that will come.
    #[n(6)]
    Expected,
    /// Units that came back and have this grade.
    #[n(7)]
    Graded(#[n(0)] Reference),
}

/// Totals of one SKU.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FactLine {
    /// The SKU.
    #[n(0)]
    pub sku: Sku,
    /// How many of what, ascending by what.
    #[n(1)]
    pub counts: Vec<(Measure, i64)>,
}

/// What a type of message says besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Detail {
    /// Nothing.
    #[n(0)]
    #[default]
    Nothing,
    /// A receipt: whether nothing more is to come.
    #[n(1)]
    Closes(#[n(0)] bool),
    /// A count: the last of our messages that was booked then.
    #[n(2)]
    SeqSeen(#[n(0)] u64),
    /// Where a package is.
    #[n(3)]
    Tracking(#[n(0)] TrackingState),
    /// A shipment: how it left.
    #[n(4)]
    Parcel {
        /// Who carries it.
        #[n(0)]
        carrier: Option<Text>,
        /// The tracking numbers of its packages, with commas between.
        #[n(1)]
        tracking: Option<Text>,
    },
}

impl Detail {
    /// The tracking numbers of packages that left.
    pub fn tracking(&self) -> impl Iterator<Item = Reference> + '_ {
        let text = if let Self::Parcel { tracking, .. } = self { tracking.as_ref() } else { None };
        let numbers = text.into_iter().flat_map(|text| text.as_str().split(','));
        numbers.filter_map(|number| Reference::new("tracking", number.trim()).ok())
    }

    /// The same, after what was known: tracking numbers that were told once stay known, as far as a text has
    /// room for them.
    #[must_use]
    pub fn after(&self, known: Option<&Self>) -> Self {
        let Self::Parcel { carrier, .. } = self else { return self.clone() };
        let mut numbers: Vec<Reference> = self.tracking().collect();
        for number in known.iter().flat_map(|known| known.tracking()) {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let joined = |count: usize| {
            let names = numbers[..count].iter().map(Reference::as_str).collect::<Vec<_>>();
            Text::new("tracking", names.join(",")).ok()
        };
        let tracking = (1..=numbers.len()).rev().find_map(joined);
        Self::Parcel { carrier: carrier.clone(), tracking }
    }
}

/// How far a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum TrackingState {
    /// On its way.
    #[n(0)]
    InTransit,
    /// Delivered.
    #[n(1)]
    Delivered,
    /// Something is in its way.
    #[n(2)]
    Exception,
    /// On its way back.
    #[n(3)]
    Returned,
    /// It will not come.
    #[n(4)]
    Lost,
}

/// One message of a partner. Invariant: lines ascend by SKU, and counts by what they count; none is 0,
/// except in a count, in which 0 says that none is there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartnerMessage {
    /// Who sends it.
    #[n(0)]
    pub sender: PartnerId,
    /// Its number among those of its sender.
    #[n(1)]
    pub seq: u64,
    /// Its id.
    #[n(2)]
    pub id: MessageId,
    /// What it is about.
    #[n(3)]
    pub subject: Subject,
    /// The node where that is.
    #[n(4)]
    pub node: Option<NodeId>,
    /// When it happened.
    #[n(5)]
    pub occurred_at: Timestamp,
    /// Which statement of the fact it is, from 1.
    #[n(6)]
    pub revision: u32,
    /// Totals so far.
    #[n(7)]
    pub lines: Vec<FactLine>,
    /// What else it says.
    #[n(8)]
    pub detail: Detail,
}

impl PartnerMessage {
    /// The message with its lines in order, and without what is 0: two that say the same are equal.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        let keeps_zero = self.subject.is_count();
        for line in &mut self.lines {
            line.counts.retain(|(_, units)| keeps_zero || *units != 0);
            line.counts.sort_unstable();
        }
        self.lines.retain(|line| !line.counts.is_empty());
        self.lines.sort_unstable_by(|one, other| one.sku.cmp(&other.sku));
        self
    }

    /// Checks what any caller could get wrong: bounds, and a SKU or a count that stands twice.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        in_range(&mut found, "revision".into(), self.revision.into(), 1, i64::from(u32::MAX));
        if self.seq == 0 {
            found.push(Violation::new("seq", 0, Rule::Required));
        }
        if self.lines.len() > PARTNER_LINES_MAX {
            let max = PARTNER_LINES_MAX;
            found.push(Violation::new("lines", self.lines.len(), Rule::TooMany { max }));
            return Err(found);
        }
        for (at, line) in self.lines.iter().enumerate() {
            line_faults(&mut found, at, line);
        }
        for (at, pair) in self.lines.windows(2).enumerate() {
            if pair[0].sku == pair[1].sku {
                let field = format!("lines[{}].sku", at + 1);
                found.push(Violation::new(field, &pair[1].sku, Rule::Duplicate));
            }
        }
        finish(found)
    }

    /// The fact that it states.
    pub fn fact(&self) -> FactKey {
        FactKey { sender: self.sender.clone(), subject: self.subject.clone() }
    }

    /// Tells this content from another one: all but the message's own id and number. When it happened
    /// is part of a count, which is of that moment, and of nothing else: systems that send again often
    /// stamp again.
    pub fn content(&self) -> u64 {
        let at = if self.subject.is_count() { self.occurred_at } else { Timestamp::default() };
        fingerprint(&(&self.subject, &self.node, self.revision, &self.lines, &self.detail, at))
    }
}

fn line_faults(found: &mut Vec<Violation>, at: usize, line: &FactLine) {
    let max = i64::from(STOCK_UNITS_MAX);
    // The most that a line of any type says: how many came, and how many of each grade.
    let most = 2 + PARTNER_GRADES_MAX;
    if line.counts.len() > most {
        let rule = Rule::TooMany { max: most };
        found.push(Violation::new(format!("lines[{at}]"), line.counts.len(), rule));
    }
    for (_, units) in &line.counts {
        in_range(found, format!("lines[{at}]"), *units, -max, max);
    }
    if line.counts.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        found.push(Violation::new(format!("lines[{at}]"), &line.sku, Rule::Duplicate));
    }
}
