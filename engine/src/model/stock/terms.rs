//! Who may have what a pair has: terms beside its quantities.
//!
//! ```text
//!   free now - safety of the channel - what segments of others still keep
//!     = what an order of the channel may have
//! ```
//! Terms are about what is promised from now on. What was promised stays, whatever they say.

use minicbor::{Decode, Encode};

use super::named::named_once;
use super::segments::Segments;
use crate::limits::{CHANNEL_SAFETY_MAX, SEGMENTS_MAX, STOCK_UNITS_MAX};
use crate::model::check::in_range;
use crate::model::ids::Text;
use crate::model::time::Timestamp;
use crate::model::violation::{Rule, Violation};

/// Who may have the units of a pair. By default everybody may have all that is free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct PairTerms {
    /// Whether sourcing may not choose the pair: no new units are taken from there, on hand or
    /// on their way, and none begin to wait there.
    #[n(0)]
    pub off_sourcing: bool,
    /// Units that are withheld from a channel beside those that are withheld from all; no
    /// channel twice.
    #[n(1)]
    pub channel_safety: Vec<ChannelSafety>,
    /// What is kept for channels, the first before others where there is too little.
    #[n(2)]
    pub segments: Segments,
}

/// Units that are withheld from orders of one channel.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChannelSafety {
    /// The channel, as orders name it.
    #[n(0)]
    pub channel: Text,
    /// Units.
    #[n(1)]
    pub units: u32,
}

/// How the terms of a pair look at orders of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Units that are withheld from them.
    safety: u32,
    /// The segment that is theirs, by its place.
    segment: Option<u8>,
}

/// What a pair's segments are shares of, and what of them is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Units that are there and can be sold.
    pub good: u32,
    /// Of these, units that orders and holds of each segment's channels have, by its place.
    pub used: [u32; SEGMENTS_MAX],
}

impl Shares {
    /// Orders of an audience have so many units more.
    pub fn take(&mut self, audience: Audience, units: u32) {
        if let Some(at) = audience.segment {
            self.used[usize::from(at)] += units;
        }
    }

    /// They have so many fewer.
    pub fn give_back(&mut self, audience: Audience, units: u32) {
        if let Some(at) = audience.segment {
            let used = &mut self.used[usize::from(at)];
            *used = used.saturating_sub(units);
        }
    }
}

impl PairTerms {
    /// Whether they say nothing.
    pub fn is_none(&self) -> bool {
        !self.off_sourcing && self.channel_safety.is_empty() && self.segments.0.is_empty()
    }

    /// How they look at orders of a channel, or without one.
    pub fn audience(&self, channel: Option<&str>) -> Audience {
        let is_it = |of: &&ChannelSafety| Some(of.channel.as_str()) == channel;
        let safety = self.channel_safety.iter().find(is_it);
        let segment = (0..).zip(&self.segments.0).find(|(_, segment)| segment.has(channel));
        Audience { safety: safety.map_or(0, |of| of.units), segment: segment.map(|(at, _)| at) }
    }

    /// What orders of an audience may have at an instant of so many units that are free. Not
    /// below zero, unless these are. The units that are free are kept for segments in their
    /// order: what is there too little of is kept for the first.
    pub fn may_have(
        &self,
        audience: Audience,
        (free, shares): (i64, &Shares),
        at: Timestamp,
    ) -> i64 {
        let (mut left, mut kept, mut own) = (free.max(0), 0, i64::MAX);
        for ((place, segment), used) in (0..).zip(&self.segments.0).zip(shares.used) {
            if !segment.is_live(at) {
                continue;
            }
            let unmet = i64::from(segment.kept.of(shares.good).saturating_sub(used));
            let here = unmet.min(left);
            left -= here;
            if audience.segment != Some(place) {
                kept += here;
            } else if !segment.borrows {
                own = unmet;
            }
        }
        (free - i64::from(audience.safety) - kept).min(own).max(free.min(0))
    }

    /// The first instant after that one at which a segment is released.
    pub fn next_release(&self, after: Timestamp) -> Option<Timestamp> {
        let until = self.segments.0.iter().filter_map(|segment| segment.until);
        until.filter(|until| *until > after).min()
    }

    /// What is wrong with them.
    pub(super) fn faults(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.channel_safety.len() > CHANNEL_SAFETY_MAX {
            let rule = Rule::TooMany { max: CHANNEL_SAFETY_MAX };
            found.push(Violation::new("channel_safety", self.channel_safety.len(), rule));
        }
        for (at, of) in self.channel_safety.iter().enumerate().take(CHANNEL_SAFETY_MAX) {
            let before = self.channel_safety[..at].iter().map(|of| &of.channel);
            named_once(&mut found, format!("channel_safety[{at}].channel"), &of.channel, before);
            let (field, max) = (format!("channel_safety[{at}].units"), STOCK_UNITS_MAX.into());
            in_range(&mut found, field, of.units.into(), 0, max);
        }
        self.segments.note_faults(&mut found);
        found
    }
}
