//! How many units may wait for an item, as naively as can be.

use std::collections::BTreeMap;

use backstock_engine::command::OrderRequest;
use backstock_engine::model::{Item, Lsn, Refusal, Supply};

use super::bundle::{lines, wanted};
use super::hold::Units;
use super::{Allotted, Moment, Naive};

/// Units that wait, by item.
pub(super) type Waiting = BTreeMap<String, i64>;

/// An order or a hold that was refused because as many units waited for an item as may.
#[derive(Clone, Debug)]
pub struct LineFull {
    /// What was asked for.
    pub wanted: OrderRequest,
    /// The newest version when it was asked for.
    pub asked: Lsn,
    /// The version that it was refused at.
    pub until: Lsn,
    /// As it was refused.
    pub refusal: Refusal,
}

impl LineFull {
    /// `NO_PHANTOM_SOLD_OUT`: at some version the order could have passed the bound.
    ///
    /// # Errors
    /// When it could not.
    pub fn check(&self, naive: &Naive) -> Result<(), String> {
        let Refusal::BacklogFull { sku, max } = &self.refusal else { return Ok(()) };
        let (lines, _) = lines(&wanted(&naive.items, &self.wanted));
        let lines = lines.iter().filter(|(of, _)| of == sku.as_str());
        let wanted: i64 = lines.map(|(_, units)| i64::from(*units)).sum();
        let is_full = |moment: &Moment| {
            let bound = moment.waiting_max.get(sku.as_str());
            bound == Some(max) && waits(&moment.waiting, sku.as_str()) + wanted > i64::from(*max)
        };
        let mut moments = naive.moments(self.asked, self.until);
        if moments.any(is_full) { Ok(()) } else { Err(format!("there was room: {self:?}")) }
    }
}

fn waits(waiting: &Waiting, sku: &str) -> i64 {
    waiting.get(sku).copied().unwrap_or_default()
}

impl Naive {
    /// Units that wait now, by item.
    pub(super) fn waiting(&self) -> Waiting {
        let mut waiting = Waiting::new();
        for ((sku, _), pair) in &self.pairs {
            *waiting.entry(sku.clone()).or_default() += pair.waiting_units();
        }
        waiting
    }

    /// The bounds that there are now, by item.
    pub(super) fn waiting_max(&self) -> BTreeMap<String, u32> {
        let bound = |(sku, item): (&String, &Item)| Some((sku.clone(), item.waiting_max?));
        self.items.iter().filter_map(bound).collect()
    }

    /// Refuses an order that lets more units wait for an item than may. Units that lost their
    /// supply since it was asked for wait whatever the bound is. `own` are units that it had before.
    pub(super) fn check_line(
        &mut self,
        (allotted, own): (&[Allotted], &Units),
        asked: Lsn,
    ) -> Result<(), String> {
        let mut more = Waiting::new();
        for part in allotted.iter().filter(|part| part.supply == Supply::Backorder) {
            *more.entry(part.sku.clone()).or_default() += i64::from(part.units);
        }
        for ((_, sku, _, supply), units) in own {
            if let (Supply::Backorder, Some(more)) = (supply, more.get_mut(sku)) {
                *more -= i64::from(*units);
            }
        }
        for (sku, more) in more.iter().filter(|(_, more)| **more > 0) {
            let moments = self.moments(asked, self.version());
            let bounds: Vec<_> =
                moments.map(|moment| moment.waiting_max.get(sku).copied()).collect();
            let before = &self.moments[&self.version()].waiting;
            let after = waits(before, sku) + more - self.lost(sku, asked);
            let fits = |max: &Option<u32>| max.is_none_or(|max| after <= i64::from(max));
            if !bounds.iter().any(fits) {
                return Err(format!("{after} units of {sku} would wait, of {bounds:?} at most"));
            }
        }
        self.joined.insert(self.version().next(), more);
        Ok(())
    }

    /// Units of an item that came to wait since a version though no order let them.
    fn lost(&self, sku: &str, since: Lsn) -> i64 {
        let moments: Vec<_> = self.moments.range(since..).collect();
        let steps = moments.windows(2).map(|pair| {
            let joined = self.joined.get(pair[1].0).map_or(0, |joined| waits(joined, sku));
            waits(&pair[1].1.waiting, sku) - waits(&pair[0].1.waiting, sku) - joined
        });
        steps.map(|more| more.max(0)).sum()
    }
}
