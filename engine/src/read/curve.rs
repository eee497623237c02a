//! What can be promised of a SKU day by day: "12 now, 5,000 on the 24th".
//!
//! `ATP(day) = max(0, free now) + free units of all supplies that are expected by then`. When a
//! supply can be counted on, and how far ahead one is promised, is what orders are planned by.

use super::NodeAvailability;
use crate::model::{Day, Timestamp};
use crate::state::network::Network;
use crate::transaction::error::EngineError;

/// What can be promised day by day, of one node or of several together. A day is local to the
/// node that has the units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Curve {
    /// Units that can be promised now, each on the day that it is there, ascending.
    now: Vec<(Day, u64)>,
    /// Units that come, a day each, ascending.
    coming: Vec<(Day, u64)>,
    /// The day on which a supplier promises any quantity.
    unlimited: Option<Day>,
}

/// A day on which units come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The day.
    pub day: Day,
    /// Units that come, from 1.
    pub units: u64,
    /// Units that can be promised by the end of that day, all that came before included.
    pub atp: u64,
}

impl Curve {
    /// What a node can promise, asked at `now`. Of a node that sourcing may not choose: nothing.
    pub(crate) fn of(
        network: &Network,
        seen: &NodeAvailability,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let mut curve = Self::default();
        if !seen.enabled {
            return Ok(curve);
        }
        let no = network.named(&seen.node)?;
        let calendar = &network.node(no).calendar;
        let today = calendar.zone().local_day(now);
        if seen.unlimited {
            curve.unlimited = Some(today);
        } else if let Ok(free @ 1..) = u64::try_from(seen.free) {
            curve.now.push((today, free));
        }
        let promised = seen
            .supplies
            .iter()
            .filter(|s| network.policy.promises(now, s.eta) && network.counts_on(no, now, s.eta));
        curve.coming.extend(promised.map(|supply| {
            let expected = calendar.expected_at(now, supply.eta);
            (calendar.zone().local_day(expected), u64::from(supply.free))
        }));
        curve.sort();
        Ok(curve)
    }

    /// What several nodes can promise together.
    pub fn together<'a>(curves: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for curve in curves {
            all.now.extend(&curve.now);
            all.coming.extend(&curve.coming);
            all.unlimited = all.unlimited.into_iter().chain(curve.unlimited).min();
        }
        all.sort();
        all
    }

    fn sort(&mut self) {
        by_day(&mut self.now);
        by_day(&mut self.coming);
    }

    /// The days on which units come, ascending.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        let mut atp: u64 = self.now.iter().map(|(_, units)| units).sum();
        self.coming.iter().map(move |&(day, units)| {
            atp += units;
            Step { day, units, atp }
        })
    }

    /// The first day by which that many units can be promised; none within the horizon.
    pub fn earliest(&self, quantity: u64) -> Option<Day> {
        let mut days: Vec<(Day, u64)> = self.now.iter().chain(&self.coming).copied().collect();
        by_day(&mut days);
        let mut atp = 0;
        let reached = days.into_iter().find(|(_, units)| {
            atp += units;
            atp >= quantity
        });
        reached.map(|(day, _)| day).into_iter().chain(self.unlimited).min()
    }
}

/// Sorts units by day, and adds up those of one day.
fn by_day(days: &mut Vec<(Day, u64)>) {
    days.sort_unstable();
    days.dedup_by(|later, first| {
        let is_same = later.0 == first.0;
        first.1 += if is_same { later.1 } else { 0 };
        is_same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn day(no: i32) -> Day {
        Day::from_epoch_days(no)
    }

    fn curve(now: &[(i32, u64)], coming: &[(i32, u64)], unlimited: Option<i32>) -> Curve {
        let days = |of: &[(i32, u64)]| of.iter().map(|(no, units)| (day(*no), *units)).collect();
        let mut curve =
            Curve { now: days(now), coming: days(coming), unlimited: unlimited.map(day) };
        curve.sort();
        curve
    }

    #[test]
    fn units_of_one_day_are_one_step_and_each_step_has_all_that_came_before() {
        let curve = curve(&[(1, 12)], &[(24, 2_000), (9, 1), (24, 3_000)], None);
        let step = |no, units, atp| Step { day: day(no), units, atp };
        assert_eq!(curve.steps().collect::<Vec<_>>(), [step(9, 1, 13), step(24, 5_000, 5_013)]);
    }

    #[test]
    fn a_quantity_has_its_earliest_day_or_none() {
        let limited = curve(&[(1, 12)], &[(9, 1), (24, 5_000)], None);
        for (quantity, expected) in
            [(1, Some(1)), (12, Some(1)), (13, Some(9)), (14, Some(24)), (5_013, Some(24))]
        {
            assert_eq!(limited.earliest(quantity), expected.map(day), "{quantity}");
        }
        assert_eq!(limited.earliest(5_014), None);
        let with_supplier = curve(&[(1, 12)], &[(9, 1)], Some(2));
        assert_eq!(with_supplier.earliest(12), Some(day(1)));
        assert_eq!(with_supplier.earliest(1_000_000), Some(day(2)));
    }

    /// It is tomorrow already at one of the nodes.
    #[test]
    fn nodes_together_have_what_each_has_on_its_own_day() {
        let (east, west) = (curve(&[(2, 5)], &[(9, 10)], None), curve(&[(1, 3)], &[(9, 2)], None));
        let all = Curve::together([&east, &west]);
        assert_eq!(all.earliest(3), Some(day(1)));
        assert_eq!(all.earliest(4), Some(day(2)));
        assert_eq!(all.steps().collect::<Vec<_>>(), [Step { day: day(9), units: 12, atp: 20 }]);
        assert_eq!(Curve::together([]).earliest(1), None);
    }
}
