//! What can be promised day by day. Nodes are in UTC here.

use std::collections::BTreeMap;

use backstock_engine::engine::{Curve, Engine};
use backstock_engine::model::{Day, Lsn, Timestamp};

use super::pair::{Pair, same};
use super::{Naive, day};
use crate::fixture::{DAY, sku};

/// What can be promised day by day.
#[derive(Debug, Default)]
pub struct Days {
    /// Units that are there.
    pub now: i64,
    /// Whether any quantity is.
    pub unlimited: bool,
    /// Units that come, by day.
    pub coming: BTreeMap<i64, i64>,
}

impl Days {
    /// So many units are expected on a day.
    pub fn expect(&mut self, day: i64, units: i64) {
        *self.coming.entry(day).or_default() += units;
    }

    fn add(&mut self, other: &Self) {
        self.now += other.now;
        self.unlimited |= other.unlimited;
        for (day, units) in &other.coming {
            *self.coming.entry(*day).or_default() += units;
        }
    }

    fn steps(&self) -> Vec<(i64, i64, i64)> {
        let mut atp = self.now;
        let step = |(day, units): (&i64, &i64)| {
            atp += units;
            (*day, *units, atp)
        };
        self.coming.iter().map(step).collect()
    }

    fn earliest(&self, quantity: i64, today: i64) -> Option<i64> {
        let today = (self.unlimited || self.now >= quantity).then_some(today);
        let later = || self.steps().into_iter().find(|(_, _, atp)| *atp >= quantity);
        today.or_else(|| later().map(|(day, ..)| day))
    }

    fn compare(&self, what: &str, curve: &Curve, today: i64) -> Result<(), String> {
        let count = |units: u64| i64::try_from(units).expect("not that many");
        let day = |day: Day| i64::from(day.epoch_days());
        let steps = curve.steps().map(|s| (day(s.day), count(s.units), count(s.atp)));
        let expected = self.steps();
        same(&format!("the days of {what}"), &steps.collect::<Vec<_>>(), &expected)?;
        let most = expected.last().map_or(self.now, |(_, _, atp)| *atp);
        for quantity in [1, 7, most.max(1), most + 1] {
            let found = curve.earliest(quantity.unsigned_abs()).map(day);
            let what = format!("the first day for {quantity} of {what}");
            same(&what, &found, &self.earliest(quantity, today))?;
        }
        Ok(())
    }
}

impl Naive {
    /// Until when a node keeps packages that are ready now, as it says, or said since.
    pub(super) fn kept_until(&self, node: &str, since: Lsn) -> Vec<Option<Timestamp>> {
        let moments = self.moments(since.min(self.version()), self.version());
        let known = moments.filter_map(|moment| moment.nodes.get(node));
        let until = |days: u16| {
            let end = (day(self.now) + i64::from(days) + 1) * DAY;
            Timestamp::from_micros(end)
        };
        let all = known.chain(self.nodes.get(node)).map(|node| node.pickup_days.map(until));
        all.collect()
    }

    /// Compares what can be promised of an item day by day, at each node and over all of them.
    pub(super) async fn compare_days(&self, engine: &Engine, item: &str) -> Result<(), String> {
        // All that comes: what is beyond the horizon is on no curve.
        let ever = Timestamp::from_micros(i64::MAX);
        let there = engine.availability(&sku(item), ever).await;
        let there = there.map_err(|error| error.to_string())?;
        let (mut all, mut curves) = (Days::default(), Vec::new());
        for node in there.nodes.iter().filter(|node| self.is_chosen(item, node.node.as_str())) {
            let curve = engine.curve(node, self.now).map_err(|error| error.to_string())?;
            let pair = self.pairs.get(&(item.to_owned(), node.node.to_string()));
            let days = |pair: &Pair| pair.days(&self.counted(), |eta| self.counted_on(eta));
            let days = pair.map(days).unwrap_or_default();
            days.compare(&format!("{item} at {}", node.node), &curve, day(self.now))?;
            all.add(&days);
            curves.push(curve);
        }
        all.compare(item, &Curve::together(&curves), day(self.now))
    }
}
