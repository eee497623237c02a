//! What else of an order there is, beside a line that waits: its other shipments, and its other
//! lines that wait. Planned together, an order that lost its units at one node goes in the fewest
//! shipments again, though each line is served by its own SKU's backlog.

use smallvec::SmallVec;

use crate::limits::REPEGGED_BESIDE_MAX;
use crate::model::{Allocation, NodeNo, Order, SkuNo, Timestamp};
use crate::planning::{Seen, WantedLine};
use crate::state::network::Network;
use crate::state::stock::{Glance, Ready};
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::days;

/// Units of an order that are planned beside a line of it: of which item, how many, and where
/// they could come from.
struct Part {
    sku: SkuNo,
    units: u32,
    from: Vec<(NodeNo, Glance)>,
}

/// What is planned beside a line that waits.
pub struct Beside(SmallVec<[Part; 4]>);

impl Beside {
    /// What there is beside a line, from 0; none if there is nothing, or too much to be planned
    /// anew for each line.
    pub fn of(kernel: &Kernel, network: &Network, order: &Order, line: u16) -> Option<Self> {
        let mut parts = shipments(kernel, network, order);
        parts.extend(lines(kernel, order, line));
        (!parts.is_empty() && parts.len() <= REPEGGED_BESIDE_MAX).then_some(Self(parts))
    }

    /// Adds it to the lines that are wanted, and to what they see.
    pub fn add<'k>(
        self,
        kernel: &'k Kernel,
        lines: &mut SmallVec<[WantedLine<'k>; 4]>,
        seen: &mut Seen,
    ) {
        for Part { sku, units, from } in self.0 {
            let entry = kernel.state.catalogue.entry(sku);
            lines.push(WantedLine { sku, entry, quantity: units });
            seen.free.push(from);
        }
    }
}

/// The shipments of an order that leave when what is ready now leaves, and that a line may still
/// join: a unit that can come from nowhere else stands for each. What joins such a shipment makes no
/// other one.
fn shipments(kernel: &Kernel, network: &Network, order: &Order) -> SmallVec<[Part; 4]> {
    let (now, mut parts) = (kernel.state.now(), SmallVec::<[Part; 4]>::new());
    for (shipment, at) in order.shipments.iter().zip(0u16..) {
        let Some(sku) = goes(order, at, now) else { continue };
        let today = days(kernel, network, &order.header, shipment.node, (Ready::Now, now));
        let is_known = parts.iter().any(|part| part.from[0].0 == shipment.node);
        if !is_known && shipment.ship_by == today.map(|(ship_by, _)| ship_by) {
            let from = vec![(shipment.node, Glance { free: 1, ..Glance::default() })];
            parts.push(Part { sku, units: 1, from });
        }
    }
    parts
}

/// An item of a shipment that units may join now and that has a day; none if it has none.
fn goes(order: &Order, at: u16, now: Timestamp) -> Option<SkuNo> {
    let shipment = &order.shipments[usize::from(at)];
    let may_join = shipment.may_be_joined(now);
    let mut open = order.allocations_of(at).filter(|a| a.open() > 0);
    let first = open.next().filter(|_| may_join && shipment.ship_by.is_some())?;
    Some(order.lines[usize::from(first.line)].sku)
}

/// The other lines of an order that wait, each with what its SKU's pairs publish as free. Of
/// what nodes have that declined the order, they get nothing.
fn lines(kernel: &Kernel, order: &Order, line: u16) -> SmallVec<[Part; 4]> {
    let mut parts = SmallVec::<[Part; 4]>::new();
    for (of, wanted) in (0u16..).zip(&order.lines).filter(|(of, _)| *of != line) {
        let sku = wanted.sku;
        // Lines of one item draw on the same units: one of them stands for the others.
        let stands = sku == order.lines[usize::from(line)].sku;
        let stands = stands || parts.iter().any(|part| part.sku == sku);
        let units = if stands { 0 } else { waiting(order, of) };
        if units == 0 {
            continue;
        }
        let mut from = Vec::new();
        kernel.state.catalogue.entry(sku).row.glances(|node, glance| {
            // What its channel may have of a pair is not asked: the line itself is planned anew.
            if !order.declined.contains(&node) && !glance.has_terms {
                from.push((node, glance));
            }
        });
        parts.push(Part { sku, units, from });
        if parts.len() > REPEGGED_BESIDE_MAX {
            break;
        }
    }
    parts
}

/// Units of a line in shipments without a day, or that were declined.
fn waiting(order: &Order, line: u16) -> u32 {
    let waits =
        |at: u16| order.was_declined(at) || order.shipments[usize::from(at)].ship_by.is_none();
    let of_line = order.allocations.iter().filter(|a| a.line == line && waits(a.shipment));
    of_line.map(Allocation::open).sum()
}
