//! What of an order leaves from elsewhere, or on other days, when it is to go another way, or when a
//! shipment is moved: pure.
//!
//! ```text
//!   nothing picked            --> sourced anew: on units that it has, and on what is free
//!   picked                    --> stays at its node, on other days, if the node ships it so
//!   packed, or partly gone    --> refused: that has to be undone first
//!   without supply, declined  --> waits where it waits, to be given supply the new way
//! ```

use smallvec::SmallVec;

use super::operation::{Change, Operation};
use crate::command::order::find;
use crate::model::fulfilment::Content;
use crate::model::{
    Allocation, NodeId, NodeNo, Order, OrderedBundle, Package, Pair, Pegged, Redirect, Refusal,
    SkuNo, Split, Stays, Supply,
};
use crate::planning::Others;
use crate::state::stock::{Ready, Rest};

/// What the open units of each allocation rest on.
pub type Rests = [SmallVec<[Rest; 2]>];

/// What of an order is sourced anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// Where the order goes, from then on if that is another way than before.
    pub to: Redirect,
    /// Whether it is.
    pub is_redirected: bool,
    /// Shipments, from 0, of which units leave from wherever sourcing has them leave.
    pub shipments: Vec<u16>,
    /// Shipments that stay where they are, and have other days.
    pub stays: Vec<u16>,
    /// From where units may come that the order has not yet.
    pub others: Others,
    /// Of a shipment that is moved, units by line, from 0; all of them if none is named.
    pub units: Vec<(u16, u32)>,
}

/// What of an order is sourced anew when it goes another way. `serves` tells which nodes ship it so.
///
/// # Errors
/// A shipment that cannot go that way from where it is.
pub fn redirected(
    order: &Order,
    to: Redirect,
    serves: impl Fn(NodeNo) -> bool,
    node_id: impl Fn(NodeNo) -> NodeId,
) -> Result<Moving, Refusal> {
    let now = Redirect::of(&order.header);
    let goes_elsewhere = (&to.destination, to.service) != (&now.destination, now.service);
    let (mut shipments, mut stays) = (Vec::new(), Vec::new());
    for at in (0..).take(order.shipments.len()).filter(|at| is_to_leave(order, *at)) {
        let is_begun = order.allocations_of(at).any(|a| a.picked > 0);
        if !is_begun && !is_pinned(order, at) {
            shipments.push(at);
        } else if goes_elsewhere {
            may_go_elsewhere(order, at)?;
            let node = order.shipments[usize::from(at)].node;
            if !serves(node) {
                let (order_id, node_id) = (order.header.id.clone(), node_id(node));
                return Err(Refusal::NodeNotServing { order_id, node_id });
            }
            stays.push(at);
        }
    }
    let others = Others::NotFrom(order.declined.to_vec());
    Ok(Moving { to, is_redirected: true, shipments, stays, others, units: Vec::new() })
}

/// What of an order is sourced anew when a shipment is moved to a node, or away from where it is;
/// none where the change moves none. `ships` tells which nodes ship the order.
///
/// # Errors
/// A shipment that is not there, or has to stay as it is.
pub fn moved(
    order: &Order,
    change: &Change,
    node_no: impl Fn(&NodeId) -> Result<NodeNo, Refusal>,
    ships: impl Fn(NodeNo) -> bool,
) -> Result<Option<Moving>, Refusal> {
    let asked = change.operations.iter().find_map(|operation| match operation {
        Operation::Move { shipment, to, lines } => Some((*shipment, to.as_ref(), lines)),
        _ => None,
    });
    let Some((shipment_number, to, units)) = asked else { return Ok(None) };
    let at = find(order, shipment_number)?;
    if !is_to_leave(order, at) {
        return Err(Refusal::ShipmentNotPlanned { shipment_number });
    }
    let stays = |why| {
        let order_id = order.header.id.clone();
        Err(Refusal::ShipmentStays { order_id, shipment_number, why })
    };
    if order.allocations_of(at).any(|a| a.picked > 0) {
        return stays(Stays::Picked);
    }
    if is_pinned(order, at) || splits(order, at) || is_part(order, units) {
        return stays(Stays::WholeLine);
    }
    let others = if let Some(to) = to {
        let no = node_no(to)?;
        if no == order.shipments[usize::from(at)].node && !units.is_empty() {
            return stays(Stays::There);
        }
        // No unit of an order comes to rest where it was declined.
        if order.declined.contains(&no) || !ships(no) {
            let (order_id, node_id) = (order.header.id.clone(), to.clone());
            return Err(Refusal::NodeNotServing { order_id, node_id });
        }
        Others::From(no)
    } else {
        let own = order.shipments[usize::from(at)].node;
        Others::NotFrom([&order.declined[..], &[own]].concat())
    };
    let (to, units) = (Redirect::of(&order.header), units.clone());
    let (shipments, stays) = (vec![at], Vec::new());
    Ok(Some(Moving { to, is_redirected: false, shipments, stays, others, units }))
}

/// Whether a shipment has units that are still to leave, and its node did not decline it.
fn is_to_leave(order: &Order, at: u16) -> bool {
    let is_open = order.allocations_of(at).any(|a| a.open() > 0);
    is_open && order.shipments[usize::from(at)].is_to_leave()
}

/// Whether a shipment has units of a line that is not to be split, and of which others are picked
/// or left.
fn is_pinned(order: &Order, at: u16) -> bool {
    order.allocations_of(at).any(|a| a.open() > 0 && !order.kept_at(a.line).is_empty())
}

/// Whether a shipment has units of a line that is not to be split, and of which other shipments
/// have some as well.
fn splits(order: &Order, at: u16) -> bool {
    let has_others = |line| {
        let mut of_line = order.allocations.iter().filter(|a| a.line == line && a.open() > 0);
        of_line.any(|a| a.shipment != at)
    };
    let mut lines = order.allocations_of(at).filter(|a| a.open() > 0).map(|a| a.line);
    order.header.split == Split::WholeLine && lines.any(has_others)
}

/// Whether these are not all units that are to leave of a line that must not be split.
fn is_part(order: &Order, units: &[(u16, u32)]) -> bool {
    let is_part = |(line, units): &(u16, u32)| *units < open(order, *line);
    order.header.split == Split::WholeLine && units.iter().any(is_part)
}

/// Units of a line that are still to leave.
fn open(order: &Order, line: u16) -> u32 {
    let of_line = order.allocations.iter().filter(|a| a.line == line);
    of_line.map(Allocation::open).sum()
}

/// What was begun of a shipment, or left, does not go elsewhere.
fn may_go_elsewhere(order: &Order, at: u16) -> Result<(), Refusal> {
    let content = Content::of(order, at);
    let is_packed = content.packages().iter().any(Package::is_here);
    let has_left = order.allocations_of(at).any(|a| a.shipped > 0);
    let is_picked = order.allocations_of(at).any(|a| a.picked > 0);
    let why = match (is_packed, is_picked && has_left) {
        (true, _) => Stays::Packed,
        (_, true) => Stays::PartLeft,
        _ => return Ok(()),
    };
    let order_id = order.header.id.clone();
    Err(Refusal::ShipmentStays { order_id, shipment_number: at + 1, why })
}

/// Units of an allocation that may leave from elsewhere, of one supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loose {
    /// The allocation.
    pub allocation: u16,
    /// Its line, from 0.
    pub line: u16,
    /// Its shipment, from 0.
    pub shipment: u16,
    /// Where they are.
    pub pair: Pair,
    /// What they rest on.
    pub supply: Supply,
    /// How many.
    pub units: u32,
}

impl Loose {
    /// As the pair has them.
    pub const fn peg(&self) -> Pegged {
        Pegged { pair: self.pair, line: self.line, supply: self.supply, units: self.units }
    }
}

impl Moving {
    /// The same, if a shipment that is moved has the units that are to leave from elsewhere for it.
    ///
    /// # Errors
    /// A shipment that waits for units, or of which what there is stays with those that it waits for; more
    /// units than it has but for those; and a part of a bundle.
    pub fn of_some(self, order: &Order, rests: &Rests) -> Result<Self, Refusal> {
        let [at] = self.shipments[..] else { return Ok(self) };
        if self.is_redirected {
            return Ok(self);
        }
        let (order_id, shipment_number) = (order.header.id.clone(), at + 1);
        let loose = self.loose(order, rests);
        for (line, wanted) in &self.units {
            let there = units_in(&loose, *line, at);
            if there < *wanted {
                let (wanted, there) = (u64::from(*wanted), u64::from(there));
                let line_index = u32::from(*line);
                return Err(Refusal::UnitsNotInShipment {
                    shipment_number,
                    line_index,
                    wanted,
                    there,
                });
            }
        }
        if loose.is_empty() {
            return Err(Refusal::ShipmentStays { order_id, shipment_number, why: Stays::Waiting });
        }
        Ok(self)
    }

    /// The units that leave from wherever sourcing has them leave: those that have a supply, of
    /// bundles those of whole ones. Where not all of a line are moved, those that can be counted on
    /// last are.
    pub fn loose(&self, order: &Order, rests: &Rests) -> Vec<Loose> {
        let (mut loose, mut ready) = (Vec::new(), Vec::new());
        for (at, (a, rests)) in order.allocations.iter().zip(rests).enumerate() {
            if !self.shipments.contains(&a.shipment) {
                continue;
            }
            let has_supply = |of: &&Rest| !matches!(of.supply, Supply::Picked | Supply::Backorder);
            ready.extend(rests.iter().filter(has_supply).map(Rest::ready));
            loose.extend(rests.iter().filter(has_supply).map(|rest| Loose {
                allocation: u16::try_from(at).expect("few allocations"),
                line: a.line,
                shipment: a.shipment,
                pair: order.pair_of(a),
                supply: rest.supply,
                units: rest.units,
            }));
        }
        if !self.units.is_empty() {
            keep_asked(&self.units, &ready, &mut loose);
        }
        for bundle in &order.bundles {
            for shipment in &self.shipments {
                keep_whole(order, bundle, *shipment, &mut loose);
            }
        }
        loose.retain(|of| of.units > 0);
        if order.header.split == Split::WholeLine {
            keep_together(order, &mut loose);
        }
        loose
    }
}

/// Units of a line in a shipment.
fn units_in(loose: &[Loose], line: u16, shipment: u16) -> u32 {
    let of_it = loose.iter().filter(|of| (of.line, of.shipment) == (line, shipment));
    of_it.map(|of| of.units).sum()
}

/// Of each line so many units, of those that can be counted on last.
fn keep_asked(asked: &[(u16, u32)], ready: &[Ready], loose: &mut [Loose]) {
    let mut last_first: Vec<usize> = (0..loose.len()).collect();
    last_first.sort_by_key(|at| std::cmp::Reverse((ready[*at], *at)));
    let mut left = asked.to_vec();
    for at in last_first {
        let of = &mut loose[at];
        let wanted = left.iter_mut().find(|(line, _)| *line == of.line);
        let taken = wanted.map_or(0, |(_, wanted)| {
            let taken = of.units.min(*wanted);
            *wanted -= taken;
            taken
        });
        of.units = taken;
    }
}

/// Of a bundle of which a component waits, the others stay as well.
fn keep_whole(order: &Order, bundle: &OrderedBundle, shipment: u16, loose: &mut [Loose]) {
    let each = |line| order.each_of(bundle, line);
    let whole = bundle.lines().map(|line| units_in(loose, line, shipment) / each(line)).min();
    for line in bundle.lines() {
        let mut left = whole.unwrap_or(0) * each(line);
        for of in loose.iter_mut().filter(|of| (of.line, of.shipment) == (line, shipment)) {
            of.units = of.units.min(left);
            left -= of.units;
        }
    }
}

/// A line that must not be split stays where it is, unless all of it leaves from elsewhere. So does a
/// bundle: by now, of all its lines as many leave from elsewhere.
fn keep_together(order: &Order, loose: &mut Vec<Loose>) {
    let all = loose.clone();
    let units = |line: u16| all.iter().filter(|of| of.line == line).map(|of| of.units).sum::<u32>();
    loose.retain(|of| units(of.line) == open(order, of.line));
}

/// What an order is to have: units of an item, or bundles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The item, or the bundle.
    pub sku: SkuNo,
    /// Units, or bundles.
    pub units: u32,
    /// The lines of the order, from 0, with units of each for one of it.
    pub lines: SmallVec<[(u16, u32); 1]>,
}

/// What of an order leaves from elsewhere, as it was ordered.
pub fn demands(order: &Order, loose: &[Loose]) -> Vec<Demand> {
    let units = |line: u16| loose.iter().filter(|of| of.line == line).map(|of| of.units).sum();
    let lines = (0..).zip(&order.lines).filter_map(|(at, line)| {
        let (sku, units, lines) = match order.bundle_of(at) {
            None => (line.sku, units(at), SmallVec::from_elem((at, 1), 1)),
            Some(bundle) if bundle.line == at => {
                let lines = bundle.lines().map(|line| (line, order.each_of(bundle, line)));
                (bundle.sku, units(at) / order.each_of(bundle, at), lines.collect())
            }
            Some(_) => return None,
        };
        Some(Demand { sku, units, lines })
    });
    lines.filter(|of| of.units > 0).collect()
}

#[cfg(test)]
pub(crate) mod tests;
