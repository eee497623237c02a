//! Which units of an order, and of the hold of its new ones, leave in which shipment, once they are
//! planned together: pure.
//!
//! ```text
//!   draft: so many of an item leave a node --> lines: first those that have units there
//!   parcels of the draft ---------------------> shipments of the order, or new ones
//!   where units were, where they are ---------> what comes off pairs, what comes on
//! ```

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::moving::{Demand, Loose, Moving, Rests};
use crate::model::{
    Allocated, Allocation, AllocationUnits, Day, LineAdded, Order, OrderChange, OrderedBundle,
    Pair, Parts, Pegged, Retold, Shipment, ShipmentAdded, SkuNo, Supply, Timestamp,
};
use crate::planning::Draft;
use crate::state::stock::Rest;

/// An item, or a bundle, that an order is to have as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The item, or the bundle.
    pub sku: SkuNo,
    /// Units, or bundles.
    pub units: u32,
    /// Whether it is a bundle.
    pub is_bundle: bool,
    /// The items of which it is made, with units of each for one of it; the item itself if it is
    /// none.
    pub parts: Vec<(SkuNo, u32)>,
}

/// Units of a line, from 0, that leave in a shipment, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leaving {
    line: u16,
    shipment: u16,
    pair: Pair,
    supply: Supply,
    units: u32,
}

/// What becomes of units that are planned anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// Units that come off what they rest on.
    pub off: Vec<Pegged>,
    /// Units that come onto what they rest on from then on.
    pub on: Vec<Pegged>,
    /// All units that are planned anew, those that stay where they are among them.
    pub leaving: Vec<Allocated>,
}

/// Writes down in `change` what a draft makes of an order at an instant: of the units that leave from wherever
/// sourcing has them leave, and of new lines. None where the draft has other units than that.
pub fn assign(
    (order, at): (&Order, Timestamp),
    (moving, loose): (&Moving, &[Loose]),
    (demands, new): (&[Demand], &[NewLine]),
    draft: &Draft,
    change: &mut OrderChange,
) -> Option<Assigned> {
    let leaving = leaving(order, (demands, new), loose, draft)?;
    let first = count(order.lines.len());
    add_lines(first, new, change);
    let parcels = parcels((order, at), (moving, loose), (draft, &leaving), change);
    let leaving: Vec<Leaving> = leaving
        .into_iter()
        .map(|of| Leaving { shipment: parcels[usize::from(of.shipment)], ..of })
        .collect();
    change.moved = moved(order, loose, &leaving);
    change.placed = placed(loose, &leaving);
    let (off, on) = pegs(loose, &leaving);
    let all = leaving.iter().map(|of| Allocated {
        line: of.line,
        shipment: of.shipment,
        supply: of.supply,
        units: of.units,
    });
    Some(Assigned { off, on, leaving: all.collect() })
}

/// The demands of new lines, which come behind those of an order that has so many.
pub fn demands_of(new: &[NewLine], lines: usize) -> Vec<Demand> {
    let mut next = count(lines);
    let demand = |of: &NewLine| {
        let lines = (next..).zip(&of.parts).map(|(line, part)| (line, part.1)).collect();
        next += count(of.parts.len());
        Demand { sku: of.sku, units: of.units, lines }
    };
    new.iter().map(demand).collect()
}

fn add_lines(first: u16, new: &[NewLine], change: &mut OrderChange) {
    for of in new {
        if of.is_bundle {
            change.bundles.push(OrderedBundle {
                line: first + count(change.lines.len()),
                sku: of.sku,
                units: of.units,
                components: count(of.parts.len()),
            });
        }
        let line = |(sku, each): &(SkuNo, u32)| LineAdded { sku: *sku, units: each * of.units };
        change.lines.extend(of.parts.iter().map(line));
    }
}

/// Which lines have the units that leave in each shipment of a draft.
fn leaving(
    order: &Order,
    (demands, new): (&[Demand], &[NewLine]),
    loose: &[Loose],
    draft: &Draft,
) -> Option<Vec<Leaving>> {
    let all: Vec<Demand> =
        demands.iter().cloned().chain(demands_of(new, order.lines.len())).collect();
    let mut skus: Vec<SkuNo> = all.iter().map(|of| of.sku).collect();
    skus.sort_unstable();
    skus.dedup();
    let mut leaving = Vec::new();
    for sku in skus {
        let of: Vec<&Demand> = all.iter().filter(|of| of.sku == sku).collect();
        Item::of(draft, sku)?.divide(&of, loose, &mut leaving)?;
    }
    Some(leaving)
}

/// An item, or a bundle, of a draft.
struct Item<'a> {
    draft: &'a Draft,
    /// Its lines in the draft, those of its components if it is a bundle.
    lines: Vec<u16>,
}

impl<'a> Item<'a> {
    fn of(draft: &'a Draft, sku: SkuNo) -> Option<Self> {
        if let Some(bundle) = draft.bundles().iter().find(|bundle| bundle.sku == sku) {
            return Some(Self { draft, lines: bundle.lines().collect() });
        }
        let is_alone = |line: &u16| !draft.bundles().iter().any(|bundle| bundle.has(*line));
        let is_it = |line: &u16| draft.lines[usize::from(*line)].sku == sku;
        let line = (0..count(draft.lines.len())).find(|line| is_it(line) && is_alone(line))?;
        Some(Self { draft, lines: vec![line] })
    }

    /// Units of one of its lines that leave in a shipment of the draft, by supply.
    fn pool(&self, line: u16, shipment: usize) -> Vec<(Supply, u32)> {
        let all = self.draft.allocations.iter();
        let of_it = all.filter(|a| (a.line, usize::from(a.shipment)) == (line, shipment));
        of_it.map(|a| (a.supply, a.units)).collect()
    }

    /// Divides what is planned of it among those who want it.
    fn divide(&self, of: &[&Demand], loose: &[Loose], leaving: &mut Vec<Leaving>) -> Option<()> {
        let quotas = self.quotas(of, loose)?;
        for (part, line) in self.lines.iter().enumerate() {
            for (shipment, quotas) in quotas.iter().enumerate() {
                let wanted: Vec<(u16, u32)> = of
                    .iter()
                    .zip(quotas)
                    .map(|(of, quota)| (of.lines[part].0, quota * of.lines[part].1))
                    .collect();
                self.take((*line, shipment), wanted, loose, leaving)?;
            }
        }
        Some(())
    }

    /// How many each gets in each shipment of the draft: first those who have units at its node.
    fn quotas(&self, of: &[&Demand], loose: &[Loose]) -> Option<Vec<Vec<u32>>> {
        let is_made_so = |of: &&Demand| of.lines.len() == self.lines.len();
        let each = of.first()?.lines.first()?.1;
        if !of.iter().all(is_made_so) || of.iter().any(|of| of.lines[0].1 != each) {
            return None;
        }
        let shipments = &self.draft.shipments;
        let planned = |at| self.pool(self.lines[0], at).iter().map(|(_, units)| units).sum::<u32>();
        let mut planned: Vec<u32> = (0..shipments.len()).map(|at| planned(at) / each).collect();
        let mut wanted: Vec<u32> = of.iter().map(|of| of.units).collect();
        let mut quotas = vec![vec![0; of.len()]; shipments.len()];
        for has_there in [true, false] {
            for (at, shipment) in shipments.iter().enumerate() {
                for (who, demand) in of.iter().enumerate() {
                    let line = demand.lines[0].0;
                    let there = loose.iter().filter(|of| of.line == line);
                    let there = there.filter(|of| of.pair.node == shipment.node);
                    let has: u32 = there.map(|of| of.units).sum();
                    let same = shipments.iter().zip(&quotas);
                    let same = same.filter(|(other, _)| other.node == shipment.node);
                    let got: u32 = same.map(|(_, quotas)| quotas[who]).sum();
                    let most = if has_there { (has / each).saturating_sub(got) } else { u32::MAX };
                    let units = planned[at].min(wanted[who]).min(most);
                    quotas[at][who] += units;
                    planned[at] -= units;
                    wanted[who] -= units;
                }
            }
        }
        let is_all = planned.iter().chain(&wanted).all(|units| *units == 0);
        is_all.then_some(quotas)
    }

    /// Takes what lines want of one of its lines in a shipment of the draft: first what each has.
    fn take(
        &self,
        (of, shipment): (u16, usize),
        mut wanted: Vec<(u16, u32)>,
        loose: &[Loose],
        leaving: &mut Vec<Leaving>,
    ) -> Option<()> {
        let node = self.draft.shipments[shipment].node;
        let pair = Pair { sku: self.draft.lines[usize::from(of)].sku, node };
        let mut pool = self.pool(of, shipment);
        for is_own in [true, false] {
            for (line, wanted) in &mut wanted {
                for (supply, left) in &mut pool {
                    let peg = Pegged { pair, line: *line, supply: *supply, units: 0 };
                    let most = if is_own { unused(peg, loose, leaving) } else { u32::MAX };
                    let units = (*left).min(*wanted).min(most);
                    if units > 0 {
                        let (line, shipment) = (*line, count(shipment));
                        leaving.push(Leaving { line, shipment, pair, supply: *supply, units });
                    }
                    *left -= units;
                    *wanted -= units;
                }
            }
        }
        let is_all = pool.iter().all(|of| of.1 == 0) && wanted.iter().all(|of| of.1 == 0);
        is_all.then_some(())
    }
}

/// Units that a line has on a supply of a pair, and that do not leave yet.
fn unused(peg: Pegged, loose: &[Loose], leaving: &[Leaving]) -> u32 {
    let is_it = |of: Pegged| Pegged { units: 0, ..of } == peg;
    let has: u32 = loose.iter().filter(|of| is_it(of.peg())).map(|of| of.units).sum();
    let used = leaving
        .iter()
        .filter(|of| (of.pair, of.line, of.supply) == (peg.pair, peg.line, peg.supply));
    has.saturating_sub(used.map(|of| of.units).sum())
}

/// The shipments of the order that the shipments of a draft are, from 0: those that only have other
/// days, and others behind them.
fn parcels(
    (order, now): (&Order, Timestamp),
    (moving, loose): (&Moving, &[Loose]),
    (draft, leaving): (&Draft, &[Leaving]),
    change: &mut OrderChange,
) -> Vec<u16> {
    let mut parcels: Vec<Option<u16>> = vec![None; draft.shipments.len()];
    let there = |at: usize| {
        let mut of_it = leaving.iter().filter(|of| usize::from(of.shipment) == at);
        of_it.all(|of| of.supply.is_there())
    };
    let days = |of: &Shipment| of.ship_by.zip(of.deliver_by);
    for has_same_days in [true, false] {
        for (at, planned) in draft.shipments.iter().enumerate() {
            let may_be = |known: &u16| {
                let shipment = &order.shipments[usize::from(*known)];
                let is_told_alike = order.was_told_of_units_there(*known) == there(at);
                let is_same = days(shipment) == days(planned) && is_told_alike;
                shipment.node == planned.node
                    && (is_same || !has_same_days)
                    && may_be_used((order, *known, now), (moving, loose), is_same)
            };
            if parcels[at].is_none() {
                let mut free =
                    (0..count(order.shipments.len())).filter(|no| !parcels.contains(&Some(*no)));
                parcels[at] = free.find(may_be);
            }
        }
    }
    for (at, known) in parcels.iter_mut().enumerate() {
        let planned = &draft.shipments[at];
        let (days, units_there) = (days(planned), there(at));
        match *known {
            None => {
                *known = Some(count(order.shipments.len() + change.shipments.len()));
                change.shipments.push(ShipmentAdded { node: planned.node, days, units_there });
            }
            Some(shipment) => retell(order, (shipment, days, units_there), change),
        }
    }
    parcels.into_iter().map(|at| at.expect("it is a shipment by now")).collect()
}

/// Whether a shipment may have units of a plan, with other days if need be: its node did nothing of
/// it, and all its units are planned anew; or it goes the same way, on the same days.
fn may_be_used(
    (order, at, now): (&Order, u16, Timestamp),
    (moving, loose): (&Moving, &[Loose]),
    has_same_days: bool,
) -> bool {
    let open: u32 = order.allocations_of(at).map(Allocation::open).sum();
    let planned: u32 = loose.iter().filter(|of| of.shipment == at).map(|of| of.units).sum();
    let is_planned = moving.shipments.contains(&at) && planned == open;
    let goes_along = !moving.is_redirected && !moving.shipments.contains(&at) && has_same_days;
    let may_be_joined = order.shipments[usize::from(at)].may_be_joined(now);
    open > 0 && may_be_joined && (is_planned || goes_along)
}

/// The days of a shipment, where they are others than were told.
fn retell(
    order: &Order,
    (shipment, days, units_there): (u16, Option<(Day, Day)>, bool),
    change: &mut OrderChange,
) {
    let known = &order.shipments[usize::from(shipment)];
    let told = (known.ship_by.zip(known.deliver_by), order.was_told_of_units_there(shipment));
    if told != (days, units_there) {
        change.told.push(Retold { shipment, days, units_there });
    }
}

/// Units of a line that leave in a shipment.
fn after(leaving: &[Leaving], (line, shipment): (u16, u16)) -> u32 {
    let of_it = leaving.iter().filter(|of| (of.line, of.shipment) == (line, shipment));
    of_it.map(|of| of.units).sum()
}

/// Units that leave their allocation.
fn moved(order: &Order, loose: &[Loose], leaving: &[Leaving]) -> Vec<AllocationUnits> {
    let mut left = BTreeMap::<(u16, u16), u32>::new();
    let mut moved = BTreeMap::<u16, u32>::new();
    for of in loose {
        let place = (of.line, of.shipment);
        let stays = left.entry(place).or_insert_with(|| after(leaving, place));
        let kept = of.units.min(*stays);
        *stays -= kept;
        *moved.entry(of.allocation).or_default() += of.units - kept;
    }
    let moved = moved.into_iter().filter(|(_, units)| *units > 0);
    moved.map(|(at, units)| order.units_of(usize::from(at), units)).collect()
}

/// Units that come to a shipment beyond those that it has.
fn placed(loose: &[Loose], leaving: &[Leaving]) -> Vec<Allocated> {
    let mut has = BTreeMap::<(u16, u16), u32>::new();
    for of in loose {
        *has.entry((of.line, of.shipment)).or_default() += of.units;
    }
    let mut placed = BTreeMap::<(u16, u16, u16), Allocated>::new();
    for of in leaving {
        let has = has.entry((of.line, of.shipment)).or_default();
        let stays = of.units.min(*has);
        *has -= stays;
        let units = of.units - stays;
        let Leaving { line, shipment, supply, .. } = *of;
        if units > 0 {
            let at = placed.entry((line, shipment, supply.code()));
            at.or_insert(Allocated { line, shipment, supply, units: 0 }).units += units;
        }
    }
    placed.into_values().collect()
}

/// What comes off pairs, and what comes on: units that stay where they are do neither.
fn pegs(loose: &[Loose], leaving: &[Leaving]) -> (Vec<Pegged>, Vec<Pegged>) {
    let mut sums = BTreeMap::<(Pair, u16, Supply), (u32, u32)>::new();
    for of in loose {
        sums.entry((of.pair, of.line, of.supply)).or_default().0 += of.units;
    }
    for of in leaving {
        sums.entry((of.pair, of.line, of.supply)).or_default().1 += of.units;
    }
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for ((pair, line, supply), (before, after)) in sums {
        let peg = |units| Pegged { pair, line, supply, units };
        if before > after {
            off.push(peg(before - after));
        } else if after > before {
            on.push(peg(after - before));
        }
    }
    (off, on)
}

/// What allocations rest on, without those units that are planned anew.
pub fn untouched(rests: &Rests, loose: &[Loose]) -> Vec<Parts> {
    let parts = |rests: &SmallVec<[Rest; 2]>| -> Parts {
        rests.iter().map(|rest| (rest.supply, rest.units)).collect()
    };
    let mut left: Vec<Parts> = rests.iter().map(parts).collect();
    for of in loose {
        let of_it = &mut left[usize::from(of.allocation)];
        let mut units = of.units;
        for (_, there) in of_it.iter_mut().filter(|(supply, _)| *supply == of.supply) {
            let taken = units.min(*there);
            *there -= taken;
            units -= taken;
        }
        of_it.retain(|(_, there)| *there > 0);
    }
    left
}

fn count(parts: usize) -> u16 {
    u16::try_from(parts).expect("fewer parts of an order than a u16 holds")
}

#[cfg(test)]
mod tests;
