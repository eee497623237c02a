//! Which units of an order come free when some are no longer wanted, and what of them was off the
//! shelf.

mod bundles;

use minicbor::{Decode, Encode};
use smallvec::SmallVec;

use crate::model::fulfilment::Content;
use crate::model::{
    Allocation, AllocationUnits, Order, OrderLine, OrderedBundle, Package, Refusal, Supply,
    UnitsLeft,
};
use crate::state::stock::Rest;
use crate::transaction::rests::Resting;

/// So many units of an order's line are no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct LineCancellation {
    /// The line, from 1 as callers count.
    #[n(0)]
    pub line: u32,
    /// Units, from 1 to [`LINE_UNITS_MAX`](crate::limits::LINE_UNITS_MAX).
    #[n(1)]
    pub quantity: u32,
    /// Whether it is of the bundle that the line is a component of: so many bundles are cancelled,
    /// with all their components.
    #[cbor(skip)]
    pub of_bundle: bool,
}

/// Units of a cancellation that were off the shelf.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Picked {
    /// Units that go back to the shelf.
    #[n(0)]
    pub put_back: Vec<AllocationUnits>,
    /// The packages that they were in, each with its shipment, from 0, as they are from now on.
    #[n(1)]
    pub packages: Vec<(u16, Package)>,
}

/// What of units that are cancelled is off the shelf: units that are in no package go back before
/// those of the last packages.
pub(super) fn picked(order: &Order, releases: &[AllocationUnits]) -> Option<Picked> {
    let loose = |of: &AllocationUnits| order.allocations[usize::from(of.allocation)].loose();
    let put_back = releases.iter().map(|of| {
        let units = of.units.saturating_sub(loose(of));
        AllocationUnits { units, ..*of }
    });
    let put_back: Vec<_> = put_back.filter(|of| of.units > 0).collect();
    let mut opened = Vec::<(u16, Package)>::new();
    for at in 0..u16::try_from(order.shipments.len()).expect("few shipments") {
        let of_it =
            |of: &&AllocationUnits| order.allocations[usize::from(of.allocation)].shipment == at;
        let content = Content::of(order, at);
        let mut packages = content.packages();
        for line in content.lines() {
            let back = put_back.iter().filter(of_it).filter(|of| of.line == line);
            let back: u32 = back.map(|of| of.units).sum();
            let mut left = back.saturating_sub(content.unpacked(line));
            for package in packages.iter_mut().rev().filter(|package| package.is_here()) {
                let units = package.units(line).min(left);
                package.take_out(line, units);
                left -= units;
            }
        }
        let known = content.packages();
        let changed = packages.into_iter().zip(&known).filter(|(is, was)| is != *was);
        opened.extend(changed.map(|(package, _)| (at, package)));
    }
    (!put_back.is_empty()).then_some(Picked { put_back, packages: opened })
}

/// What a cancellation gives back: everything open, or so many units of each line named,
/// those that can be counted on last before others.
pub(super) fn releases(
    order: &Order,
    resting: &Resting,
    lines: &[LineCancellation],
) -> Result<Vec<AllocationUnits>, Refusal> {
    let mut releases = Vec::new();
    if lines.is_empty() {
        for line in 0..order.lines.len() {
            let open = open_units(order, line);
            release_line((order, resting), line, open, &mut releases);
        }
        if releases.is_empty() {
            return Err(nothing_left(order));
        }
    }
    for cancellation in lines {
        // Refusals count lines from 0, as callers do.
        let line_index = cancellation.line.saturating_sub(1);
        let unknown = || Refusal::LineNotFound { order_id: order.header.id.clone(), line_index };
        let line = (cancellation.line as usize).checked_sub(1).ok_or_else(unknown)?;
        if line >= order.lines.len() {
            return Err(unknown());
        }
        if let Some(bundle) = of_bundle(order, (line, *cancellation))? {
            if releases.iter().any(|release: &AllocationUnits| bundle.has(release.line)) {
                return Err(line_of_bundle(order, line, bundle));
            }
            bundles::release((order, resting), bundle, cancellation.quantity, &mut releases)?;
            continue;
        }
        let open = open_units(order, line);
        let wanted = u64::from(cancellation.quantity);
        if wanted > open {
            return Err(too_few_open(order, line, wanted));
        }
        release_line((order, resting), line, wanted, &mut releases);
    }
    releases.sort_by_key(|release| release.allocation);
    Ok(releases)
}

/// The bundle whose units are to be cancelled, if bundles are: the line has to be of one then, and of
/// none otherwise.
fn of_bundle(
    order: &Order,
    (line, of): (usize, LineCancellation),
) -> Result<Option<&OrderedBundle>, Refusal> {
    let bundle = u16::try_from(line).ok().and_then(|line| order.bundle_of(line));
    match bundle {
        Some(bundle) if !of.of_bundle => Err(line_of_bundle(order, line, bundle)),
        None if of.of_bundle => {
            let (order_id, line_index) = (order.header.id.clone(), of.line - 1);
            Err(Refusal::LineOfNoBundle { order_id, line_index })
        }
        bundle => Ok(bundle),
    }
}

/// That a line is cancelled with its bundle alone, and that once.
pub(super) fn line_of_bundle(order: &Order, line: usize, bundle: &OrderedBundle) -> Refusal {
    let place = order.bundles.iter().position(|of| of == bundle);
    let index = |at: usize| u32::try_from(at).expect("ORDER_LINES_MAX fits 32 bits");
    Refusal::LineOfBundle {
        order_id: order.header.id.clone(),
        line_index: index(line),
        bundle_index: index(place.unwrap_or(0)),
    }
}

/// Why nothing is left of an order.
fn nothing_left(order: &Order) -> Refusal {
    let ordered = order.lines.iter().map(|line| u64::from(line.ordered)).sum();
    let left = UnitsLeft { line_index: None, open: 0, wanted: ordered };
    let order_id = order.header.id.clone();
    if order.lines.iter().any(|line| line.ordered > line.cancelled) {
        Refusal::UnitsShipped { order_id, left }
    } else {
        Refusal::UnitsCancelled { order_id, left }
    }
}

/// Why a line has fewer open units than are to be cancelled.
fn too_few_open(order: &Order, line: usize, wanted: u64) -> Refusal {
    let OrderLine { ordered, cancelled, .. } = order.lines[line];
    let open = open_units(order, line);
    let left = UnitsLeft { line_index: u32::try_from(line).ok(), open, wanted };
    let order_id = order.header.id.clone();
    if wanted > u64::from(ordered) {
        Refusal::UnitsNotOrdered { order_id, left }
    } else if u64::from(ordered - cancelled) > open {
        Refusal::UnitsShipped { order_id, left }
    } else {
        Refusal::UnitsCancelled { order_id, left }
    }
}

fn open_units(order: &Order, line: usize) -> u64 {
    let of_line = order.allocations.iter().filter(|a| usize::from(a.line) == line);
    of_line.map(|a| u64::from(a.open())).sum()
}

fn release_line(
    (order, resting): (&Order, &Resting),
    line: usize,
    units: u64,
    releases: &mut Vec<AllocationUnits>,
) {
    let of_line = order.allocations.iter().zip(&resting.rests).enumerate();
    let of_line = of_line.filter(|(_, (a, _))| usize::from(a.line) == line);
    let rests = |(at, (a, rests)): (usize, (&Allocation, &SmallVec<[Rest; 2]>))| {
        // Of several that are as ready, those of the last shipment go first.
        // What is still on the shelf goes before what was picked.
        let key = |rest: &Rest| (rest.ready(), rest.supply != Supply::Picked, a.shipment, at);
        let rest = |rest: &Rest| (key(rest), rest.units);
        rests.iter().map(rest).collect::<SmallVec<[_; 2]>>()
    };
    let mut open: SmallVec<[_; 4]> = of_line.flat_map(rests).collect();
    open.sort_unstable();
    let (mut left, first) = (units, releases.len());
    for ((.., at), there) in open.into_iter().rev() {
        let units = u32::try_from(left.min(u64::from(there))).expect("at most a u32");
        match releases[first..].iter_mut().find(|release| usize::from(release.allocation) == at) {
            Some(release) => release.units += units,
            None if units > 0 => releases.push(order.units_of(at, units)),
            None => {}
        }
        left -= u64::from(units);
    }
    debug_assert_eq!(left, 0, "CONSERVATION: the pairs have what is open of an order in hand");
}
