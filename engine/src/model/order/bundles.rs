//! The bundles of an order: which lines belong together, and how many are where.

use smallvec::SmallVec;

use super::{Allocation, Order, OrderLine, count};
use crate::model::bundle::OrderedBundle;
use crate::model::ids::SkuNo;

impl Order {
    /// The bundle that a line, from 0, is a component of, if it is of one.
    pub fn bundle_of(&self, line: u16) -> Option<&OrderedBundle> {
        self.bundles.iter().find(|bundle| bundle.has(line))
    }

    /// Units of a line, from 0, for each bundle.
    pub fn each_of(&self, bundle: &OrderedBundle, line: u16) -> u32 {
        self.lines[usize::from(line)].ordered / bundle.units
    }

    /// What was ordered, as it was asked for: bundles, and items that were ordered by themselves.
    pub fn asked_for(&self) -> impl Iterator<Item = (SkuNo, u32)> {
        let lines = self.lines.iter().zip(0u16..);
        lines.filter_map(|(line, at)| match self.bundle_of(at) {
            None => Some((line.sku, line.ordered)),
            Some(bundle) => (bundle.line == at).then_some((bundle.sku, bundle.units)),
        })
    }

    /// Bundles, of one kind, of which each shipment that has any has `units`: those that are
    /// open, or not picked.
    pub fn bundles_in(
        &self,
        bundle: &OrderedBundle,
        units: impl Fn(&Allocation) -> u32 + Copy,
    ) -> SmallVec<[(u16, u32); 4]> {
        let each = self.each_of(bundle, bundle.line);
        let open = |shipment: u16| {
            let first = self.allocations_of(shipment).filter(|a| a.line == bundle.line);
            (shipment, first.map(units).sum::<u32>() / each)
        };
        let all = (0..count(self.shipments.len())).map(open);
        all.filter(|(_, units)| *units > 0).collect()
    }

    /// Whether what is said of its bundles can be so: each has lines of its own, of which as many
    /// units were ordered for each bundle.
    pub(super) fn has_sound_bundles(&self) -> bool {
        let mut next = 0;
        self.bundles.iter().all(|bundle| {
            let (first, of) = (usize::from(bundle.line), usize::from(bundle.components));
            let lines = self.lines.get(first..first + of).filter(|lines| !lines.is_empty());
            let is_sound = lines.is_some_and(|lines| {
                let fits = |line: &OrderLine| {
                    line.ordered > 0 && line.ordered.checked_rem(bundle.units) == Some(0)
                };
                first >= next && lines.iter().all(fits)
            });
            next = first + of;
            is_sound
        })
    }
}
