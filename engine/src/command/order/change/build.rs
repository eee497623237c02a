//! What a change makes of an order, once its new units are held: pure.
//!
//! ```text
//!   what is asked + the hold of new units --> what comes off, what comes on
//!                                        \--> the change of the order
//!                                        \--> what of it was told: the fingerprint of the quote
//! ```

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::decide::Sought;
use super::operation::{Change, Operation};
use crate::command::order::cancelled::picked;
use crate::limits::{ORDER_ALLOCATIONS_MAX, ORDER_LINES_MAX, PARTED_SHIPMENTS_MAX};
use crate::model::digest::fingerprint;
use crate::model::order::by_pair;
use crate::model::{
    Allocated, AllocationUnits, Amounts, Currency, Day, LineAdded, LineAmount, LinesPlanned,
    NodeNo, Order, OrderChange, OrderLine, OrderedBundle, Parts, Pegged, Refusal, ShipmentAdded,
    Sku, SkuNo, Supply, Text,
};
use crate::state::stock::Rest;
use crate::transaction::rests::Resting;

/// A change as it is about to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// What it makes of the order.
    pub change: OrderChange,
    /// Units that come off what they rest on.
    pub off: Vec<Pegged>,
    /// What each allocation of the order rests on then.
    pub supplies: Vec<Parts>,
}

/// An order, and what its units rest on.
pub type Rested<'a> = (&'a Order, &'a Resting);

/// What a change makes of an order. `held` is the hold of its new units, if it has any; `sku_no`
/// finds items.
///
/// # Errors
/// [`Refusal::OrderFull`], where it would have too much; [`Refusal::ChangeOvertaken`], where other units
/// are held than are sought by now.
pub fn build(
    (order, resting): Rested<'_>,
    (change, sought): (&Change, &Sought),
    held: Option<Rested<'_>>,
    sku_no: impl Fn(&Sku) -> Option<SkuNo>,
) -> Result<Built, Refusal> {
    let mut built = Built::default();
    if !is_held(sought, held.map(|(hold, _)| hold), &sku_no) {
        return Err(Refusal::ChangeOvertaken { order_id: order.header.id.clone() });
    }
    release(order, resting, &sought.releases, &mut built);
    let mut left = resting.rests.clone();
    for of in &sought.releases {
        take_least(&mut left[usize::from(of.allocation)], of.units);
    }
    built.supplies = left.iter().map(|rests| parts(rests)).collect();
    if let Some((hold, resting)) = held {
        add(order, (hold, resting), &mut built)?;
    }
    let first = count(order.lines.len());
    let new = held.map(|(hold, _)| hold);
    let line_of = |sku: &Sku| Some(first + line_of(new?, sku_no(sku)?)?);
    built.change.note = note(change);
    built.change.amounts = amounts(change, sought, line_of);
    built.supplies.resize(order.with_change(&built.change).allocations.len(), Parts::new());
    let after = order.with_change(&built.change);
    for of in built.change.amounts.iter_mut().flat_map(|amounts| &mut amounts.lines) {
        // What is said of a line that is taken out stays.
        of.units = Some(after.lines[usize::from(of.line)].wanted()).filter(|units| *units > 0);
    }
    for Allocated { line, shipment, supply, units } in &built.change.placed {
        let is_it = |at: &usize| {
            let a = &after.allocations[*at];
            (a.line, a.shipment, a.supply) == (*line, *shipment, *supply)
        };
        let added = order.placed_allocations().len()..after.allocations.len();
        if let Some(at) = added.into_iter().find(is_it) {
            put(&mut built.supplies[at], *supply, *units);
        }
    }
    Ok(built)
}

/// Whether the hold has what is sought: no more and no less.
fn is_held(sought: &Sought, hold: Option<&Order>, sku_no: impl Fn(&Sku) -> Option<SkuNo>) -> bool {
    let mut wanted = BTreeMap::<Option<SkuNo>, u32>::new();
    for of in &sought.more {
        let units = wanted.entry(sku_no(&of.sku)).or_default();
        *units = units.saturating_add(of.quantity);
    }
    let mut held = BTreeMap::<Option<SkuNo>, u32>::new();
    for (sku, units) in hold.into_iter().flat_map(Order::asked_for) {
        *held.entry(Some(sku)).or_default() += units;
    }
    wanted == held
}

/// Units that are no longer wanted come off what can be counted on last: of a line at a node, whatever
/// shipment they are of, as pairs know no shipments.
fn release(order: &Order, resting: &Resting, releases: &[AllocationUnits], built: &mut Built) {
    built.change.cancelled = releases.to_vec();
    if let Some(of) = picked(order, releases) {
        (built.change.put_back, built.change.packages) = (of.put_back, of.packages);
    }
    for (pair, lines) in by_pair(releases) {
        for (line, units) in lines {
            let back = built.change.put_back.iter();
            let back = back.filter(|of| (of.pair, of.line) == (pair, line));
            let picked: u32 = back.map(|of| of.units).sum();
            let mut rests: SmallVec<[Rest; 2]> = order
                .allocations
                .iter()
                .zip(&resting.rests)
                .filter(|(a, _)| a.line == line && order.pair_of(a) == pair)
                .flat_map(|(_, rests)| rests.iter().copied())
                .filter(|rest| rest.supply != Supply::Picked)
                .collect();
            // What goes back to the shelf is known of the order.
            let mut off = BTreeMap::from([(Supply::Picked, picked)]);
            for (supply, units) in take_least(&mut rests, units - picked) {
                *off.entry(supply).or_default() += units;
            }
            let off = off.into_iter().filter(|(_, units)| *units > 0);
            built.off.extend(off.map(|(supply, units)| Pegged { pair, line, supply, units }));
        }
    }
}

/// Takes units off what can be counted on last; what was picked comes behind all that was not.
fn take_least(rests: &mut SmallVec<[Rest; 2]>, units: u32) -> SmallVec<[(Supply, u32); 2]> {
    rests.sort_by_key(|rest| (rest.ready(), rest.supply != Supply::Picked));
    let (mut taken, mut wanted) = (SmallVec::new(), units);
    for rest in rests.iter_mut().rev() {
        let units = wanted.min(rest.units);
        if units > 0 {
            taken.push((rest.supply, units));
            rest.units -= units;
            wanted -= units;
        }
    }
    rests.retain(|rest| rest.units > 0);
    debug_assert_eq!(wanted, 0, "CONSERVATION: an allocation rests on all its open units");
    taken
}

/// The units of the hold become lines behind the others, in shipments of their own, or in those
/// that leave the same node on the same days.
fn add(order: &Order, (hold, resting): Rested<'_>, built: &mut Built) -> Result<(), Refusal> {
    let (lines, shipments) = (count(order.lines.len()), count(order.shipments.len()));
    has_room(order, (hold, resting))?;
    let added = |of: &OrderLine| LineAdded { sku: of.sku, units: of.ordered };
    built.change.lines = hold.lines.iter().map(added).collect();
    let bundle = |of: &OrderedBundle| OrderedBundle { line: lines + of.line, ..*of };
    built.change.bundles = hold.bundles.iter().map(bundle).collect();
    let mut places = BTreeMap::<u16, u16>::new();
    for (a, rests) in hold.allocations.iter().zip(&resting.rests) {
        for rest in rests {
            let place = *places.entry(a.shipment).or_insert_with(|| {
                let new = shipment_added(hold, a.shipment);
                joined((order, &built.change.cancelled), &new).unwrap_or_else(|| {
                    built.change.shipments.push(new);
                    shipments + count(built.change.shipments.len()) - 1
                })
            });
            let (line, supply, units) = (lines + a.line, rest.supply, rest.units);
            built.change.placed.push(Allocated { line, shipment: place, supply, units });
        }
    }
    built.change.plan = LinesPlanned::of(hold, &built.change.placed);
    Ok(())
}

/// Whether an order takes what a hold has.
fn has_room(order: &Order, (hold, resting): Rested<'_>) -> Result<(), Refusal> {
    let parts: usize = resting.rests.iter().map(SmallVec::len).sum();
    let all = [
        (order.lines.len() + hold.lines.len(), ORDER_LINES_MAX, "lines"),
        (order.shipments.len() + hold.shipments.len(), PARTED_SHIPMENTS_MAX, "shipments"),
        (order.allocations.len() + parts, ORDER_ALLOCATIONS_MAX, "allocations"),
    ];
    match all.into_iter().find(|(count, max, _)| count > max) {
        Some((_, max, what)) => {
            Err(Refusal::OrderFull { order_id: order.header.id.clone(), max, what })
        }
        None => Ok(()),
    }
}

fn shipment_added(hold: &Order, at: u16) -> ShipmentAdded {
    let shipment = &hold.shipments[usize::from(at)];
    ShipmentAdded {
        node: shipment.node,
        days: shipment.ship_by.zip(shipment.deliver_by),
        units_there: hold.was_told_of_units_there(at),
    }
}

/// A shipment of the order, from 0, that leaves the same node on the same days, and of which its
/// node did nothing yet: one parcel for both.
fn joined((order, cancelled): (&Order, &[AllocationUnits]), new: &ShipmentAdded) -> Option<u16> {
    let gone = |at: usize| {
        let of_it = cancelled.iter().filter(|of| usize::from(of.allocation) == at);
        of_it.map(|of| of.units).sum::<u32>()
    };
    let is_open = |shipment: u16| {
        let mut all = order.allocations.iter().enumerate();
        all.any(|(at, a)| a.shipment == shipment && a.open() > gone(at))
    };
    let all = order.shipments.iter().zip(0..).filter(|(shipment, at)| {
        let days = shipment.ship_by.zip(shipment.deliver_by);
        (shipment.node, days) == (new.node, new.days)
            && shipment.may_be_joined()
            && order.was_told_of_units_there(*at) == new.units_there
    });
    all.map(|(_, at)| at).find(|at| is_open(*at))
}

/// The line of a hold, from 0, that is of an item, or is the first of a bundle.
fn line_of(hold: &Order, sku: SkuNo) -> Option<u16> {
    let bundle = hold.bundles.iter().find(|bundle| bundle.sku == sku);
    let plain = || {
        let is_it =
            |at: &u16| hold.lines[usize::from(*at)].sku == sku && hold.bundle_of(*at).is_none();
        (0..count(hold.lines.len())).find(is_it)
    };
    bundle.map(|bundle| bundle.line).or_else(plain)
}

fn note(change: &Change) -> Option<Text> {
    change.operations.iter().find_map(|operation| match operation {
        Operation::SetNote(note) => Some(note.clone()),
        _ => None,
    })
}

/// The amounts that the caller gives, by line.
fn amounts(
    change: &Change,
    sought: &Sought,
    line_of: impl Fn(&Sku) -> Option<u16>,
) -> Option<Amounts> {
    let currency = change.currency?;
    let mut lines = BTreeMap::<u16, i64>::new();
    for operation in &change.operations {
        if let Operation::SetAmount { line, amount } = operation {
            lines.insert(*line, *amount);
        }
    }
    for wanted in &sought.more {
        if let (Some(amount), Some(line)) = (wanted.amount, line_of(&wanted.sku)) {
            *lines.entry(line).or_default() += amount;
        }
    }
    let amount = |(line, amount)| LineAmount { line, amount, units: None };
    Some(Amounts { currency, lines: lines.into_iter().map(amount).collect() })
}

impl Built {
    /// What of it a customer was told: units by line, days, where it goes, amounts. What they rest
    /// on, and how shipments are numbered, may be other by the time that it is committed.
    pub fn fingerprint(&self, order: &Order) -> u64 {
        type Days = Option<(Day, Day)>;
        let change = &self.change;
        let by_line = |units: &[AllocationUnits]| {
            let mut lines = BTreeMap::<u16, u32>::new();
            for of in units {
                *lines.entry(of.line).or_default() += of.units;
            }
            lines.into_iter().collect::<Vec<_>>()
        };
        let mut places = Vec::<(u16, NodeNo, Days, u32)>::new();
        for of in &change.placed {
            let added = usize::from(of.shipment).checked_sub(order.shipments.len());
            let (node, days) = if let Some(added) = added.map(|at| change.shipments[at]) {
                (added.node, added.days)
            } else {
                let known = &order.shipments[usize::from(of.shipment)];
                (known.node, known.ship_by.zip(known.deliver_by))
            };
            let place = (of.line - count(order.lines.len()).min(of.line), node, days);
            match places.iter_mut().find(|of| (of.0, of.1, of.2) == place) {
                Some(known) => known.3 += of.units,
                None => places.push((place.0, place.1, place.2, of.units)),
            }
        }
        places.sort_unstable();
        // Lines of other changes may have come before those of this one.
        let first = count(order.lines.len());
        let line = |of: u16| (of >= first, if of >= first { of - first } else { of });
        let amount = |of: &LineAmount| (line(of.line), of.amount);
        let amounts: Option<(Currency, Vec<_>)> =
            change.amounts.as_ref().map(|of| (of.currency, of.lines.iter().map(amount).collect()));
        let bundle = |of: &OrderedBundle| (of.sku, of.units, line(of.line), of.components);
        let bundles: Vec<_> = change.bundles.iter().map(bundle).collect();
        // Lines that lose units cost less.
        let cancelled = by_line(&change.cancelled);
        let costs = |(of, units): &(u16, u32)| {
            order.amount_of_units(*of, order.lines[usize::from(*of)].wanted() - units)
        };
        let costs: Vec<_> = cancelled.iter().map(costs).collect();
        fingerprint(&(
            (cancelled, costs, by_line(&change.put_back)),
            (&change.lines, bundles, places),
            (&change.note, amounts),
        ))
    }

    /// Whether the order stays as it is.
    pub fn is_nothing(&self) -> bool {
        self.change == OrderChange::default()
    }
}

fn parts(rests: &[Rest]) -> Parts {
    let mut parts = Parts::new();
    for rest in rests {
        put(&mut parts, rest.supply, rest.units);
    }
    parts
}

fn put(parts: &mut Parts, supply: Supply, units: u32) {
    match parts.iter_mut().find(|(of, _)| *of == supply) {
        Some((_, known)) => *known += units,
        None => parts.push((supply, units)),
    }
}

fn count(parts: usize) -> u16 {
    u16::try_from(parts).expect("fewer parts of an order than a u16 holds")
}
