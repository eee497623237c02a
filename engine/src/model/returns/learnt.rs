//! What became of units that nodes were told would come back: how many of them were sold again, and how long
//! they took.
//!
//! ```text
//!   step of a return --difference of places--> Outcome, in its event --learn--> what is known of the node
//! ```
//! Counts are in sixteenths of a unit and are halved every four weeks, when something is learnt, so that a
//! node that changed is known anew after some months. A node of which little is known counts for what is
//! usual.

use minicbor::{Decode, Encode};

use super::goods::{Disposition, Goods};
use super::line::Moved;
use super::progress::ReturnProgress;
use super::return_::Return;
use super::state::DecisionState;
use super::status::Status;
use crate::limits::RETURN_DAYS_MAX;
use crate::model::ids::NodeNo;
use crate::model::stock::Confidence;
use crate::model::time::Timestamp;

/// Of a unit, so many parts are counted.
const PARTS: u32 = 16;
/// After so long, what was learnt counts for half.
const EPOCH_MICROS: i64 = 28 * 24 * HOUR_MICROS;
const HOUR_MICROS: i64 = 60 * 60 * 1_000_000;
/// So many units as are usual are thought to have come before the first one.
const USUAL_UNITS: u32 = 10;
/// Of those, so many in ten thousand were sold again.
const USUAL_BASIS_POINTS: u32 = 5_000;
/// And took so many hours from when they were asked for.
const USUAL_HOURS: u64 = 10 * 24;
/// Counts are halved before they get there.
const PARTS_MAX: u32 = 1 << 30;

/// What is known of the returns of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ReturnsLearnt {
    /// Units whose fate is known, in sixteenths.
    #[n(0)]
    settled: u32,
    /// Of those, units that were sold again.
    #[n(1)]
    restocked: u32,
    /// Units that came, in sixteenths.
    #[n(2)]
    came: u32,
    /// Hours that they took from when they were asked for, in sixteenths of a unit's hour.
    #[n(3)]
    hours: u64,
    /// The last four weeks in which something was learnt, counted from 1970.
    #[n(4)]
    epoch: u32,
}

/// What a step of a return teaches of a node. Below zero where a step takes back what was thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Outcome {
    /// The node.
    #[n(0)]
    pub node: NodeNo,
    /// Units whose fate is known by it.
    #[n(1)]
    pub settled: i32,
    /// Of those, units that are sold again.
    #[n(2)]
    pub restocked: i32,
    /// Units that came.
    #[n(3)]
    pub came: i32,
    /// Hours that each of them took.
    #[n(4)]
    pub hours: u32,
}

impl Outcome {
    /// What a step teaches; none where it teaches nothing, or nobody knows where the goods go.
    pub fn of(of: &Return, step: &ReturnProgress) -> Option<Self> {
        let node = step.node.or(of.node)?;
        let took = step.at.as_micros().saturating_sub(of.requested_at.as_micros()).max(0);
        let most = u32::from(RETURN_DAYS_MAX) * 24;
        let hours = u32::try_from(took / HOUR_MICROS).unwrap_or(most).min(most);
        let sum = |is_it: fn(Status) -> bool| difference(&step.moves, is_it);
        let outcome = Self {
            node,
            settled: sum(is_settled),
            restocked: sum(is_restocked),
            came: sum(|status| status.goods.has_arrived()),
            hours,
        };
        let is_nothing = (outcome.settled, outcome.restocked, outcome.came) == (0, 0, 0);
        (!is_nothing).then_some(outcome)
    }
}

/// How many more units are so by moves than were before.
fn difference(moves: &[Moved], is_it: fn(Status) -> bool) -> i32 {
    let more = moves.iter().map(|of| {
        let times = i64::from(is_it(of.to)) - i64::from(is_it(of.from));
        times * i64::from(of.units)
    });
    let most = i64::from(i32::MAX);
    i32::try_from(more.sum::<i64>().clamp(-most, most)).expect("it is within an i32")
}

fn is_restocked(status: Status) -> bool {
    status.goods.disposition() == Some(Disposition::Restock)
}

/// Whether it is known if a unit that was to come is sold again: one that its customer keeps by the policy was
/// not to come.
fn is_settled(status: Status) -> bool {
    match status.goods {
        Goods::Disposed { .. } | Goods::Lost | Goods::Expired => true,
        Goods::NotRequired => status.decision.state() == DecisionState::Cancelled,
        Goods::Expected | Goods::InTransit | Goods::Received | Goods::Inspected(_) => false,
    }
}

impl ReturnsLearnt {
    /// What is known after a step at an instant. One that is told late counts as of the newest.
    #[must_use]
    pub fn learn(self, at: Timestamp, of: &Outcome) -> Self {
        let now = epoch_of(at).max(self.epoch);
        let mut known = self.halved(now - self.epoch);
        known.epoch = now;
        known.settled = moved(known.settled, of.settled);
        known.restocked = moved(known.restocked, of.restocked).min(known.settled);
        known.came = moved(known.came, of.came);
        let parts = u64::from(of.came.unsigned_abs()) * u64::from(PARTS);
        let parts = parts.saturating_mul(of.hours.into());
        known.hours = if of.came > 0 {
            known.hours.saturating_add(parts)
        } else {
            known.hours.saturating_sub(parts)
        };
        if known.came == 0 {
            known.hours = 0;
        }
        if known.settled.max(known.came) > PARTS_MAX { known.halved(1) } else { known }
    }

    fn halved(self, times: u32) -> Self {
        let times = times.min(31);
        Self {
            settled: self.settled >> times,
            restocked: self.restocked >> times,
            came: self.came >> times,
            hours: self.hours >> times,
            epoch: self.epoch,
        }
    }

    /// How many of 10,000 units that were announced to the node are sold again.
    pub fn confidence(self) -> Confidence {
        let usual = u64::from(USUAL_UNITS * PARTS);
        let sold = u64::from(self.restocked) * 10_000 + usual * u64::from(USUAL_BASIS_POINTS);
        let basis_points = sold / (u64::from(self.settled) + usual);
        let basis_points = u16::try_from(basis_points).unwrap_or(Confidence::BASIS_POINTS_MAX);
        Confidence::new(basis_points).unwrap_or_default()
    }

    /// How many hours units take from when they are asked for until they are there.
    pub fn hours(self) -> u64 {
        let usual = u64::from(USUAL_UNITS * PARTS);
        (self.hours.saturating_add(usual * USUAL_HOURS)) / (u64::from(self.came) + usual)
    }

    /// When units are there that were asked for at an instant.
    pub fn eta(self, requested_at: Timestamp) -> Timestamp {
        let hours = i64::try_from(self.hours()).unwrap_or(i64::MAX);
        requested_at.saturating_add_micros(hours.saturating_mul(HOUR_MICROS))
    }
}

fn epoch_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_micros().max(0) / EPOCH_MICROS).unwrap_or(u32::MAX)
}

/// So many units more, or fewer.
fn moved(parts: u32, units: i32) -> u32 {
    let more = units.unsigned_abs().saturating_mul(PARTS);
    if units < 0 { parts.saturating_sub(more) } else { parts.saturating_add(more) }
}

#[cfg(test)]
mod tests;
