//! The common case: one shipment fills everything.

use super::scratch::Reduced;
use super::weight::Weight;

/// What one shipment alone would come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    weight: Weight,
    /// Demands it can fill alone.
    filled: u16,
    /// The demand that it was seen at last, counted from 1.
    seen: u16,
}

/// The best plan with one shipment: its local number and weight. `None` if no
/// shipment fills all, if others are forced open, or if a line has two offers
/// in one shipment, which only the search combines. Of equals, the shipment
/// whose first candidate comes first wins.
pub(super) fn best_single(reduced: &Reduced, tallies: &mut Vec<Tally>) -> Option<(u16, Weight)> {
    if reduced.any_forced {
        return None;
    }
    tallies.clear();
    tallies.resize(reduced.charges.len(), Tally::default());
    for (number, demand) in (1u16..).zip(&reduced.demands) {
        for candidate in &reduced.candidates[demand.candidates.clone()] {
            let tally = &mut tallies[usize::from(candidate.shipment)];
            if tally.seen == number {
                return None;
            }
            tally.seen = number;
            if candidate.units >= demand.units {
                tally.filled += 1;
                tally.weight += candidate.weight.times(u64::from(demand.units));
            }
        }
    }
    let mut best = None;
    for ((local, tally), charge) in (0u16..).zip(tallies.iter()).zip(&reduced.charges) {
        if usize::from(tally.filled) == reduced.demands.len() {
            let weight = tally.weight + *charge;
            if best.is_none_or(|(_, least)| weight < least) {
                best = Some((local, weight));
            }
        }
    }
    best.map(|(local, weight)| (local, weight + reduced.base))
}
