//! What sourcing would give a line of the backlog now.

use smallvec::SmallVec;

use super::beside::Beside;
use super::pool::{At, Demand, Part, Pool, Step};
use crate::model::{Allocation, NodeNo, Order, Shortage, SkuNo, Split, Text};
use crate::planning::{self, Opening, Replanned, Rooms, Wanted, WantedLine, Way};
use crate::state::network::Network;
use crate::state::served::Barred;
use crate::transaction::kernel::Kernel;

/// Leaves out steps to nodes that would be given less of the line than their minimum: what was
/// planned for them is not all taken.
pub fn keep_minimums(network: &Network, split: Split, steps: &mut Vec<Step>) {
    let all = steps.clone();
    let comes = |no: NodeNo| {
        let there = all.iter().filter(|(from, to, _)| to.0 == no && from.0 != no);
        there.map(|(_, _, units)| *units).sum::<u32>()
    };
    if split == Split::Units {
        steps
            .retain(|(from, to, _)| from.0 == to.0 || comes(to.0) >= network.terms(to.0).units_min);
    }
}

/// Units of a line that leave together, if units rest on a supply: those that it has there, or is
/// to have. All of a line that must not be split leave together.
pub fn units_leaving(demand: &Demand, planned: &[Part], (split, at): (Split, At)) -> u32 {
    let of = |parts: &[Part]| {
        let there = parts.iter().filter(|(of, _)| *of == at).map(|(_, units)| *units);
        there.sum::<u32>()
    };
    match split {
        Split::WholeLine => demand.quantity(split),
        Split::Units => of(planned).max(of(&demand.parts)),
    }
}

/// Nodes that may not ship a line of an order.
pub struct Closed<'n> {
    barred: Barred<'n>,
    /// The nodes that alone may, if some units of it cannot leave them.
    kept_at: SmallVec<[NodeNo; 1]>,
}

impl<'n> Closed<'n> {
    /// To that line, from 0.
    pub fn to(network: &'n Network, order: &Order, line: u16) -> Self {
        let header = &order.header;
        let channel = header.channel.as_ref().map(Text::as_str);
        let pickup = header.destination.pickup().copied();
        let barred = network.barred(channel, header.service, pickup);
        Self { barred, kept_at: order.kept_at(line) }
    }

    /// Whether all nodes may ship it.
    pub fn is_none(&self) -> bool {
        self.barred.is_nobody() && self.kept_at.is_empty()
    }

    /// Whether a node may ship it.
    pub fn is_open(&self, no: NodeNo) -> bool {
        let may = self.kept_at.is_empty() || self.kept_at.contains(&no);
        may && !self.barred.bars(no)
    }
}

/// What a line would be given, and the trace of it.
pub type PlannedLine = (SmallVec<[Part; 2]>, Box<[u8]>);

/// What sourcing would give a line now, of what it has and of what is free. A line that waits is
/// planned with what else of its order there is, unless its supply would be there later for it.
pub fn planned_for(
    kernel: &Kernel,
    (sku, pool): (SkuNo, &Pool),
    demand: &Demand,
    (order, replanned): (&Order, &Replanned),
) -> PlannedLine {
    let of = (order, replanned);
    let alone = planned_with(kernel, (sku, pool), demand, (of, None));
    if !demand.waits() || alone.0.is_empty() {
        return alone;
    }
    let Some(beside) = Beside::of(kernel, &kernel.state.network.load(), order, demand.line) else {
        return alone;
    };
    let together = planned_with(kernel, (sku, pool), demand, (of, Some(beside)));
    let units = |(parts, _): &PlannedLine| parts.iter().map(|(_, units)| units).sum::<u32>();
    let last = |(parts, _): &PlannedLine| parts.iter().map(|(at, _)| pool.ready(*at)).max();
    let is_as_good = units(&together) == units(&alone) && last(&together) <= last(&alone);
    if is_as_good { together } else { alone }
}

/// What sourcing would give a line, planned with what is beside it.
fn planned_with(
    kernel: &Kernel,
    (sku, pool): (SkuNo, &Pool),
    demand: &Demand,
    ((order, replanned), beside): ((&Order, &Replanned), Option<Beside>),
) -> PlannedLine {
    let header = &order.header;
    let network = kernel.state.network.load_full();
    let Some(way) = Way::of(&network, &*kernel.postal, header) else {
        return PlannedLine::default();
    };
    let closed = Closed::to(&network, order, demand.line);
    let declined = order.declined_of(demand.line);
    let terms = (header.split, &*declined, |no| closed.is_open(no));
    let (mut seen, coming) = pool.seen_by(demand, terms);
    let (entry, quantity) = (kernel.state.catalogue.entry(sku), demand.quantity(header.split));
    let mut lines = SmallVec::from_iter([WantedLine { sku, entry, quantity }]);
    if let Some(beside) = beside {
        beside.add(kernel, &mut lines, &mut seen);
    }
    let wanted = Wanted {
        lines,
        way,
        channel: header.channel.as_ref(),
        promise_by: order.promised_by(demand.line),
        // What nothing is planned for stays where it is.
        shortage: Shortage::Partial,
        split: header.split,
        at: kernel.state.now(),
        seen: Some(&seen),
        own: None,
        opening: Opening::Joined,
        rooms: Rooms { loads: &kernel.state.loads, replanned: Some(replanned) },
        bundled: None,
    };
    let draft = planning::plan(&network, &wanted, Some(&coming));
    let draft = draft.expect("inbound supply was looked for");
    let part =
        |a: &Allocation| ((draft.shipments[usize::from(a.shipment)].node, a.supply), a.units);
    let parts = draft.allocations.iter().filter(|a| a.line == 0).map(part).collect();
    (parts, draft.trace)
}
