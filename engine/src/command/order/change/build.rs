//! What a change makes of an order, once its new units are held: pure.
//!
//! ```text
//!   what is asked + the hold of new units --> what comes off, what comes on
//!                                        \--> the change of the order
//!                                        \--> what of it was told: the fingerprint of the quote
//! ```

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::assign::{Assigned, NewLine, assign, untouched};
use super::decide::{NewPrice, Sought};
use super::moving::{Loose, Moving, demands};
use super::operation::{Change, Operation};
use crate::command::order::cancelled::picked;
use crate::limits::{
    AMOUNT_MAX, COMPONENT_NAMES_MAX, ORDER_ALLOCATIONS_MAX, ORDER_LINES_MAX, PARTED_SHIPMENTS_MAX,
    PRICED_MAX,
};
use crate::model::digest::fingerprint;
use crate::model::order::by_pair;
use crate::model::{
    Allocated, AllocationUnits, Amounts, Currency, Day, LineAdded, LineAmount, LinesPlanned, Minor,
    NodeNo, Order, OrderChange, OrderLine, OrderedBundle, Parts, Pegged, PricedUnits, PricesAdded,
    Refusal, Repriced, Retold, ShipmentAdded, Sku, SkuNo, Supply, Text, Timestamp, value_of,
};
use crate::planning::Draft;
use crate::state::stock::Rest;
use crate::transaction::rests::Resting;

/// A change as it is about to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// What it makes of the order.
    pub change: OrderChange,
    /// Units of the order that come off what they rest on.
    pub off: Vec<Pegged>,
    /// Units that come onto what they rest on from then on.
    pub on: Vec<Pegged>,
    /// Units that come to where they leave from, or are planned anew and stay there.
    pub leaving: Vec<Allocated>,
    /// What each allocation of the order rests on then.
    pub supplies: Vec<Parts>,
    /// What units cost that are planned anew, with new ones; none where none are.
    pub cost: Option<u64>,
}

/// Where units leave from, and on which days they leave and arrive.
type Leaves = (NodeNo, Option<(Day, Day)>);

/// An order, and what its units rest on.
pub type Rested<'a> = (&'a Order, &'a Resting);

/// What is planned anew of an order: with the units of its own and of the hold, and no others.
pub struct Anew<'a> {
    /// The plan; none where there is nothing to plan.
    pub draft: Option<&'a Draft>,
    /// What it is to have as well.
    pub new: &'a [NewLine],
    /// The days of shipments that stay where they are, from 0.
    pub days: &'a dyn Fn(u16) -> Option<(Day, Day)>,
}

/// What a change makes of an order at an instant. `held` is the hold of its new units, if it has any; `sku_no`
/// finds items.
///
/// # Errors
/// [`Refusal::OrderFull`], where it would have too much; [`Refusal::ChangeOvertaken`], where other units
/// are held than are sought by now.
pub fn build(
    (order, resting): Rested<'_>,
    (change, sought): (&Change, &Sought),
    (held, anew, at): (Option<Rested<'_>>, Option<Anew<'_>>, Timestamp),
    sku_no: impl Fn(&Sku) -> Option<SkuNo> + Copy,
) -> Result<Built, Refusal> {
    let mut built = Built::default();
    release(order, resting, &sought.releases, &mut built);
    let left = rests_left(resting, &sought.releases);
    let overtaken = || Refusal::ChangeOvertaken { order_id: order.header.id.clone() };
    let mut loose = Vec::new();
    if let Some((moving, anew)) = sought.moving.as_ref().zip(anew) {
        // What is no longer wanted is not planned.
        let order = released(order, &sought.releases);
        loose = moving.loose(&order, &left);
        move_anew((&order, at), (moving, &loose), &anew, &mut built).ok_or_else(overtaken)?;
    } else if !is_held(sought, held.map(|(hold, _)| hold), sku_no) {
        return Err(overtaken());
    } else if let Some((hold, resting)) = held {
        add((order, at), (hold, resting), change.apart, &mut built);
    }
    has_room(order, &built.change)?;
    built.change.note = note(change);
    let line_of = |sku: &Sku| line_added(order, &built.change, sku_no(sku)?);
    built.change.amounts = amounts(change, sought, line_of);
    (built.change.prices, built.change.repriced) = prices(order, &built.change, sought, sku_no);
    has_room_for_prices(order, &built.change)?;
    let after = order.with_change(&built.change);
    for of in built.change.amounts.iter_mut().flat_map(|amounts| &mut amounts.lines) {
        // What is said of a line that is taken out stays.
        of.units = Some(after.lines[usize::from(of.line)].wanted()).filter(|units| *units > 0);
    }
    built.supplies = supplies(&after, untouched(&left, &loose), &built.leaving);
    Ok(built)
}

/// An order without units that are no longer wanted.
pub fn released(order: &Order, releases: &[AllocationUnits]) -> Order {
    let mut change = OrderChange { cancelled: releases.to_vec(), ..OrderChange::default() };
    if let Some(of) = picked(order, releases) {
        (change.put_back, change.packages) = (of.put_back, of.packages);
    }
    order.with_change(&change)
}

/// What allocations rest on once units that are no longer wanted are off.
pub fn rests_left(resting: &Resting, releases: &[AllocationUnits]) -> Vec<SmallVec<[Rest; 2]>> {
    let mut left = resting.rests.clone();
    for of in releases {
        take_least(&mut left[usize::from(of.allocation)], of.units);
    }
    left
}

/// Writes down what is planned anew. None where that is not what is sought by now.
fn move_anew(
    (order, at): (&Order, Timestamp),
    (moving, loose): (&Moving, &[Loose]),
    anew: &Anew<'_>,
    built: &mut Built,
) -> Option<()> {
    let demands = demands(order, loose);
    if let Some(draft) = anew.draft {
        let planned = (moving, loose);
        let Assigned { off, on, leaving } =
            assign((order, at), planned, (&demands, anew.new), draft, &mut built.change)?;
        built.off.extend(off);
        (built.on, built.leaving) = (on, leaving);
        built.cost = Some(draft.cost);
    } else if !demands.is_empty() || !anew.new.is_empty() {
        return None;
    }
    let retold = moving.stays.iter().map(|at| Retold {
        shipment: *at,
        days: (anew.days)(*at),
        units_there: order.was_told_of_units_there(*at),
    });
    built.change.told.extend(retold);
    built.change.redirect = moving.is_redirected.then(|| Box::new(moving.to.clone()));
    Some(())
}

/// What each allocation rests on: what it rested on, and units that come there, or are planned
/// anew and stay.
fn supplies(after: &Order, mut untouched: Vec<Parts>, leaving: &[Allocated]) -> Vec<Parts> {
    untouched.resize(after.allocations.len(), Parts::new());
    let mut pool = leaving.to_vec();
    for (a, parts) in after.allocations.iter().zip(&mut untouched) {
        let known: u32 = parts.iter().map(|(_, units)| units).sum();
        let mut wanted = a.open().saturating_sub(known);
        for of in pool.iter_mut().filter(|of| (of.line, of.shipment) == (a.line, a.shipment)) {
            let units = of.units.min(wanted);
            if units > 0 {
                put(parts, of.supply, units);
            }
            of.units -= units;
            wanted -= units;
        }
    }
    untouched
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
fn add(
    (order, at): (&Order, Timestamp),
    (hold, resting): Rested<'_>,
    is_apart: bool,
    built: &mut Built,
) {
    let (lines, shipments) = (count(order.lines.len()), count(order.shipments.len()));
    let added = |of: &OrderLine| LineAdded { sku: of.sku, units: of.ordered };
    built.change.lines = hold.lines.iter().map(added).collect();
    let bundle = |of: &OrderedBundle| OrderedBundle { line: lines + of.line, ..*of };
    built.change.bundles = hold.bundles.iter().map(bundle).collect();
    let mut places = BTreeMap::<u16, u16>::new();
    for (a, rests) in hold.allocations.iter().zip(&resting.rests) {
        for rest in rests {
            let place = *places.entry(a.shipment).or_insert_with(|| {
                let new = shipment_added(hold, a.shipment);
                let known = joined((order, &built.change.cancelled), &new, at);
                known.filter(|_| !is_apart).unwrap_or_else(|| {
                    built.change.shipments.push(new);
                    shipments + count(built.change.shipments.len()) - 1
                })
            });
            let (line, supply, units) = (lines + a.line, rest.supply, rest.units);
            built.change.placed.push(Allocated { line, shipment: place, supply, units });
        }
    }
    let on = |peg: Pegged| Pegged { line: lines + peg.line, ..peg };
    built.on = resting.units_of(hold).into_iter().map(on).collect();
    built.leaving.clone_from(&built.change.placed);
    built.change.plan = LinesPlanned::of(hold, &built.change.placed);
}

/// Whether an order takes what a change adds.
fn has_room(order: &Order, change: &OrderChange) -> Result<(), Refusal> {
    let all = [
        (order.lines.len() + change.lines.len(), ORDER_LINES_MAX, "lines"),
        (order.shipments.len() + change.shipments.len(), PARTED_SHIPMENTS_MAX, "shipments"),
        (order.allocations.len() + change.placed.len(), ORDER_ALLOCATIONS_MAX, "allocations"),
    ];
    match all.into_iter().find(|(count, max, _)| count > max) {
        Some((_, max, what)) => {
            Err(Refusal::OrderFull { order_id: order.header.id.clone(), max, what })
        }
        None => Ok(()),
    }
}

/// Whether an order with prices takes those that a change makes.
fn has_room_for_prices(order: &Order, change: &OrderChange) -> Result<(), Refusal> {
    let Some(money) = order.money.as_deref() else { return Ok(()) };
    let added = change.prices.as_ref();
    let (units, names) = added.map_or((&[][..], 0), |added| (&added.units, added.names.len()));
    let repriced = change.repriced.as_deref().unwrap_or_default();
    // What waits for units to come back has its price there.
    let exchanges = order.returns.iter().filter_map(|of| of.exchange.as_deref());
    let known = money.units.len() + exchanges.map(|of| of.prices.len()).sum::<usize>();
    let all = [
        // What is priced anew may leave what came back, and what was cancelled, beside it.
        (known + units.len() + 2 * repriced.len(), PRICED_MAX, "prices"),
        (money.names.len() + names, COMPONENT_NAMES_MAX, "price names"),
    ];
    let order_id = || order.header.id.clone();
    if let Some((_, max, what)) = all.into_iter().find(|(count, max, _)| count > max) {
        return Err(Refusal::OrderFull { order_id: order_id(), max, what });
    }
    // Each is an amount, and so is all of it.
    let now: Minor = repriced.iter().map(|of| value_of(&of.components)).sum();
    let more = units.iter().map(PricedUnits::value).sum::<Minor>() + now;
    if money.total() + more > Minor(AMOUNT_MAX) {
        let max = usize::try_from(AMOUNT_MAX).unwrap_or(usize::MAX);
        return Err(Refusal::OrderFull { order_id: order_id(), max, what: "minor units" });
    }
    Ok(())
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
/// node did nothing by now: one parcel for both.
fn joined(
    (order, cancelled): (&Order, &[AllocationUnits]),
    new: &ShipmentAdded,
    now: Timestamp,
) -> Option<u16> {
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
            && shipment.may_be_joined(now)
            && order.waits_for_return(*at).is_none()
            && order.was_told_of_units_there(*at) == new.units_there
    });
    all.map(|(_, at)| at).find(|at| is_open(*at))
}

/// The line of the order, from 0, that a change adds of an item, or the first of a bundle.
fn line_added(order: &Order, change: &OrderChange, sku: SkuNo) -> Option<u16> {
    let bundle = change.bundles.iter().find(|bundle| bundle.sku == sku);
    let plain = || {
        let mut added = (count(order.lines.len())..).zip(&change.lines);
        let is_alone = |line: u16| !change.bundles.iter().any(|bundle| bundle.has(line));
        added.find(|(line, of)| of.sku == sku && is_alone(*line)).map(|(line, _)| line)
    };
    bundle.map(|bundle| bundle.line).or_else(plain)
}

/// What units cost that are added, of an order with prices: what is wanted of one item stands in one line,
/// and keeps its prices apart. And what units cost from now on that it keeps.
fn prices(
    order: &Order,
    change: &OrderChange,
    sought: &Sought,
    sku_no: impl Fn(&Sku) -> Option<SkuNo>,
) -> (Option<PricesAdded>, Option<Box<[Repriced]>>) {
    let Some(money) = order.money.as_deref() else { return (None, None) };
    let after = order.with_change(change);
    let (mut names, mut units) = (money.names.clone(), Vec::new());
    for wanted in &sought.more {
        let first = sku_no(&wanted.sku).and_then(|sku| line_added(order, change, sku));
        let Some((price, first)) = wanted.price.as_deref().zip(first) else { return (None, None) };
        let parts = after.lines_from(first, wanted.quantity);
        units.extend(price.added(money, (wanted.quantity, &parts), &mut names));
    }
    let repriced = sought.repriced.iter();
    let repriced: Box<[Repriced]> =
        repriced.filter_map(|of| repriced_as(&after, of, &mut names)).collect();
    let names = names.split_off(money.names.len());
    let is_none = units.is_empty() && names.is_empty();
    let added = (!is_none).then_some(PricesAdded { names, units });
    (added, Some(repriced).filter(|repriced| !repriced.is_empty()))
}

/// What units cost that an order keeps; none if it keeps none of them.
fn repriced_as(
    after: &Order,
    (place, new): &(u16, NewPrice),
    names: &mut Vec<Text>,
) -> Option<Repriced> {
    let money = after.money.as_deref()?;
    let of = money.units.get(usize::from(*place)).filter(|of| of.had() > 0)?;
    let (unit_price, components) = match new {
        NewPrice::Without(promotions, taxes) => {
            let mut components = of.without(promotions);
            if let Some(taxes) = taxes {
                components.retain(|of| of.kind.is_net());
                money.tax(taxes, &mut components, names);
            }
            (of.unit_price, components)
        }
        NewPrice::Anew(price) => {
            let priced = price.added(money, (of.had(), &[(of.line, of.had())]), names);
            let priced = priced.into_iter().next()?;
            (priced.unit_price, priced.components)
        }
    };
    Some(Repriced { place: *place, unit_price, components })
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
    /// What of it a customer was told: units by line, where they leave from, on which days, where
    /// the order goes, amounts. What they rest on, and how shipments are numbered, may be other by
    /// the time that it is committed.
    pub fn fingerprint(&self, order: &Order) -> u64 {
        let change = &self.change;
        let by_line = |units: &[AllocationUnits]| {
            let mut lines = BTreeMap::<u16, u32>::new();
            for of in units {
                *lines.entry(of.line).or_default() += of.units;
            }
            lines.into_iter().collect::<Vec<_>>()
        };
        // Lines of other changes may have come before those of this one.
        let first = count(order.lines.len());
        let line = |of: u16| (of >= first, if of >= first { of - first } else { of });
        let mut places = Vec::<((bool, u16), Leaves, u32)>::new();
        for of in &self.leaving {
            let place = (line(of.line), self.leaves(order, of.shipment));
            match places.iter_mut().find(|known| (known.0, known.1) == place) {
                Some(known) => known.2 += of.units,
                None => places.push((place.0, place.1, of.units)),
            }
        }
        places.sort_unstable();
        let mut told: Vec<Leaves> =
            change.told.iter().map(|of| self.leaves(order, of.shipment)).collect();
        told.sort_unstable();
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
        let priced = |of: &PricedUnits| PricedUnits { line: line(of.line).1, ..of.clone() };
        let prices = change
            .prices
            .as_ref()
            .map(|added| (&added.names, added.units.iter().map(priced).collect::<Vec<_>>()));
        fingerprint(&(
            (cancelled, costs, by_line(&change.put_back)),
            (&change.lines, bundles, places),
            (&change.note, amounts),
            (&change.redirect, told),
            (prices, &change.repriced),
        ))
    }

    /// The node and the days of a shipment, from 0, once the order is changed.
    fn leaves(&self, order: &Order, shipment: u16) -> Leaves {
        let change = &self.change;
        let added = usize::from(shipment).checked_sub(order.shipments.len());
        if let Some(added) = added.map(|at| change.shipments[at]) {
            return (added.node, added.days);
        }
        let known = &order.shipments[usize::from(shipment)];
        let told = change.told.iter().find(|of| of.shipment == shipment);
        (known.node, told.map_or(known.ship_by.zip(known.deliver_by), |of| of.days))
    }

    /// Whether the order stays as it is.
    pub fn is_nothing(&self) -> bool {
        self.change == OrderChange::default()
    }
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
