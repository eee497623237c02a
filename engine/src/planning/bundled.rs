//! Planning an order that has bundles.
//!
//! ```text
//!   of each item, what is there and what comes, by node
//!        --> of each bundle, the least that its components allow   --> planning, as of any line
//!        --> units of a bundle, as units of each of its components --> draft
//! ```
//! Sourcing knows bundles as lines like others: a node has as many as it has of the component that
//! it lacks most, by the day on which that is there. So all components of a bundle come from one
//! node, in one shipment. Lines that need the same item draw on the same units of it, each of which
//! counts once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smallvec::SmallVec;

use super::common::{self, AtNode, Common, Step, Steps};
use super::draft::{DraftBundles, number_by_date};
use super::made::{Bundled, MadeOf, MadePart};
use super::together::{When, together};
use super::{Draft, InboundSeen, Seen, Wanted};
use crate::model::{
    Allocation, InboundNo, NodeNo, OrderLine, OrderedBundle, Shipment, SkuNo, Supply, Timestamp,
};
use crate::sourcing::Verdict;
use crate::state::network::Network;
use crate::state::stock::{Glance, InboundGlance, Promise};

/// What there is of an item at a node, for an order.
#[derive(Clone, Debug, Default)]
pub struct There {
    /// Units that are free now.
    pub free: u32,
    /// Units that are less than none, after a short count.
    pub short: u32,
    /// Whether claims or changes in flight may hide some.
    pub in_flight: bool,
    /// What comes.
    pub inbound: Vec<InboundGlance>,
    /// Why the order may not have all of it, if so.
    pub limit: Option<Verdict>,
    /// Whether the pair says who may have its units.
    pub has_terms: bool,
}

/// What there is of each item of an order, by node.
pub type Supplies = BTreeMap<SkuNo, BTreeMap<NodeNo, There>>;

/// Plans an order that has bundles. `homes` are the items of which it has units at
/// nodes; what is planned of the backlog goes in one shipment from each.
pub fn plan_bundled(
    network: &Arc<Network>,
    wanted: &Wanted<'_>,
    supplies: &Supplies,
    (homes, goes_in_one): (&[(SkuNo, NodeNo)], bool),
) -> Draft {
    let bundled = wanted.bundled.as_deref().expect("it has bundles");
    let mut building = Building {
        network,
        wanted,
        bundled,
        supplies: supplies.clone(),
        common: common::lines(bundled),
        allocations: SmallVec::new(),
    };
    let (draft, steps) = building.planned(homes, goes_in_one);
    building.take(&draft, &steps);
    building.draft(draft)
}

/// A draft that is being made.
struct Building<'a, 'w> {
    network: &'a Arc<Network>,
    wanted: &'a Wanted<'w>,
    bundled: &'a Bundled<'w>,
    /// What is left.
    supplies: Supplies,
    /// Lines that need an item which another one needs.
    common: SmallVec<[usize; 2]>,
    allocations: SmallVec<[(NodeNo, Allocation); 8]>,
}

impl Building<'_, '_> {
    /// Plans bundles as lines like others.
    fn planned(&self, homes: &[(SkuNo, NodeNo)], goes_in_one: bool) -> (Draft, Steps) {
        let (mut free, mut of_line) = (SmallVec::<[_; 1]>::new(), SmallVec::new());
        let (mut inbound, mut steps) = (InboundSeen::new(), Steps::new());
        for (at, made) in self.bundled.0.iter().enumerate() {
            free.push(self.offered(made, at, (&mut inbound, &mut steps)));
            let own = |(sku, _): &&(SkuNo, NodeNo)| made.parts.iter().any(|part| part.sku == *sku);
            of_line.extend(homes.iter().filter(own).map(|(_, node)| (at, *node)));
        }
        let was_served = self.wanted.own.is_some_and(|own| own.was_served);
        let limits = self.limits();
        let leaves = |made: &MadeOf<'_>| made.parts.iter().map(|part| part.each).sum();
        let units_each = self.bundled.0.iter().map(leaves).collect();
        let homes = of_line;
        let seen = Seen {
            free,
            homes,
            limits,
            units_each,
            common: self.drawn(&steps),
            goes_as_before: false,
            goes_in_one,
            was_served,
        };
        let wanted = Wanted { bundled: None, ..self.wanted.that_sees(&seen) };
        let draft = super::plan(self.network, &wanted, Some(&inbound));
        (draft.expect("inbound supply was looked for"), steps)
    }

    /// Where lines may not have all that is free, for one of their components: first, where sourcing
    /// may not choose it.
    fn limits(&self) -> SmallVec<[(usize, NodeNo, Verdict); 1]> {
        let mut limits = SmallVec::<[(usize, NodeNo, Verdict); 1]>::new();
        for (at, made) in self.bundled.0.iter().enumerate() {
            let of_parts = made.parts.iter().filter_map(|part| self.supplies.get(&part.sku));
            let limit = |(no, there): (&NodeNo, &There)| Some((at, *no, there.limit?));
            limits.extend(of_parts.flatten().filter_map(limit));
        }
        limits.sort_by_key(|(.., why)| *why != Verdict::PairOffSourcing);
        limits
    }

    /// What nodes have of a line, with what comes to them.
    fn offered(
        &self,
        made: &MadeOf<'_>,
        at: usize,
        (inbound, steps): (&mut InboundSeen, &mut Steps),
    ) -> Vec<(NodeNo, Glance)> {
        let none = BTreeMap::new();
        let there = |part: &MadePart<'_>| self.supplies.get(&part.sku).unwrap_or(&none);
        let mut nodes: Vec<NodeNo> =
            made.parts.iter().flat_map(|part| there(part).keys().copied()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.retain(|no| self.network.known_terms(*no).is_some());
        let offer = |no: NodeNo| {
            let all: SmallVec<[_; 4]> =
                made.parts.iter().map(|part| there(part).get(&no)).collect();
            let in_flight = all.iter().flatten().any(|there| there.in_flight);
            let all: Option<SmallVec<[&There; 4]>> = all.into_iter().collect();
            let (mut free, mut coming) = (0, Vec::new());
            if let Some(all) = all.filter(|_| self.may_give(made, no)) {
                (free, coming) = self.together((made, at), no, &all);
            }
            if !coming.is_empty() {
                let when = |glance: &InboundGlance| (glance.no, self.when(no, glance.eta));
                steps.insert((at, no), coming.iter().map(when).collect());
                let line = u16::try_from(at).expect("ORDER_LINES_MAX fits 16 bits");
                inbound.push((line, no, coming));
            }
            let free = i32::try_from(free).unwrap_or(Glance::FREE_MAX).min(Glance::FREE_MAX);
            (no, Glance { free, in_flight, ..Glance::default() })
        };
        nodes.into_iter().map(offer).collect()
    }

    /// Whether a node gives units of a line. A supplier with a minimum gives no bundles: it counts
    /// units of items, and a bundle is units of several.
    fn may_give(&self, made: &MadeOf<'_>, no: NodeNo) -> bool {
        made.bundle.is_none() || self.network.terms(no).units_min <= 1
    }

    /// What the lines draw on that need the same items, of which each node shows them this.
    fn drawn(&self, steps: &Steps) -> Common {
        if self.common.is_empty() {
            return Common::default();
        }
        let parts = self.common.iter().flat_map(|line| &self.bundled.0[*line].parts);
        let nodes = parts.filter_map(|part| self.supplies.get(&part.sku));
        let nodes: BTreeSet<NodeNo> = nodes.flat_map(BTreeMap::keys).copied().collect();
        let known = |no: &NodeNo| self.network.known_terms(*no).is_some();
        let quantity = |line: usize| self.wanted.lines[line].quantity;
        let drawn = nodes.into_iter().filter(known).flat_map(|no| {
            let of = (self.bundled, quantity, self.wanted.split);
            common::drawn(of, (&self.common, no), (steps, |sku| self.at_node(sku, no)))
        });
        Common { drawn: drawn.collect(), lines: self.common.clone() }
    }

    /// Units of an item at a node that may be promised.
    fn at_node(&self, sku: SkuNo, no: NodeNo) -> AtNode {
        let there = self.supplies.get(&sku).and_then(|nodes| nodes.get(&no));
        let Some(there) = there else { return AtNode::default() };
        let coming = there
            .inbound
            .iter()
            .map(|glance| (self.when(no, glance.eta), u64::from(self.promised(no, glance))));
        (there.free.into(), coming.filter(|(_, units)| *units > 0).collect())
    }

    /// How many units of a line a node has of all its components together: now, and with each
    /// supply that comes. Of a line that shares an item with another one, with each supply all that
    /// is there by then.
    fn together(
        &self,
        (made, line): (&MadeOf<'_>, usize),
        node: NodeNo,
        all: &[&There],
    ) -> (u32, Vec<InboundGlance>) {
        let coming = all.iter().enumerate().flat_map(|(part, there)| {
            there.inbound.iter().map(move |glance| {
                let units = u64::from(self.promised(node, glance));
                (self.when(node, glance.eta), part, glance.no, units)
            })
        });
        let each: SmallVec<[u32; 4]> = made.parts.iter().map(|part| part.each).collect();
        let units: SmallVec<[u64; 4]> = all.iter().map(|there| there.free.into()).collect();
        let (free, steps) = if self.common.contains(&line) {
            common::by_then(&each, &units, coming.collect())
        } else {
            together(&each, &units, coming.collect())
        };
        let supply = |(at, (when, no, units)): (usize, Step)| {
            let (_, eta) = when;
            let free = u32::try_from(units).unwrap_or(u32::MAX);
            let own = if self.promises(node, eta) { 0 } else { free };
            // Components number their supplies each for itself.
            let numbered = || InboundNo(u16::try_from(at).unwrap_or(u16::MAX));
            let no = if made.bundle.is_none() { no } else { numbered() };
            InboundGlance { no, eta, free, in_flight: false, own }
        };
        let supplies = steps.into_iter().enumerate().map(supply).collect();
        (u32::try_from(free).unwrap_or(u32::MAX), supplies)
    }

    /// Units of a supply that may be promised.
    fn promised(&self, node: NodeNo, glance: &InboundGlance) -> u32 {
        if self.promises(node, glance.eta) { glance.free } else { glance.own }
    }

    /// Whether a supply is counted on, and comes no later than the policy promises.
    fn promises(&self, node: NodeNo, eta: Timestamp) -> bool {
        let (network, at) = (self.network, self.wanted.at);
        network.counts_on(node, at, eta) && network.policy.promises(at, eta)
    }

    fn when(&self, node: NodeNo, eta: Timestamp) -> When {
        (self.network.node(node).calendar.expected_at(self.wanted.at, eta), eta)
    }

    /// Takes what lines are given, as units of their components.
    fn take(&mut self, draft: &Draft, steps: &Steps) {
        let by = |a: &Allocation, node: NodeNo| match a.supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => By::Now,
            Supply::Backorder => By::Ever,
            Supply::Inbound(no) => {
                let steps = &steps[&(usize::from(a.line), node)];
                By::Then(steps.iter().find(|(of, _)| *of == no).expect("it was offered").1)
            }
        };
        let given = draft.allocations.iter().map(|a| {
            let node = draft.shipments[usize::from(a.shipment)].node;
            (by(a, node), a, node)
        });
        let mut given: SmallVec<[_; 8]> = given.collect();
        // What leaves first takes first, so that what leaves later is left what comes later.
        given.sort_by_key(|(by, a, _)| (*by, a.shipment));
        for (by, a, node) in given {
            self.take_parts((usize::from(a.line), a.units), (a.shipment, node), by);
        }
    }

    /// Whether something comes later than the policy promises.
    fn is_beyond(&self) -> bool {
        let (network, at) = (self.network, self.wanted.at);
        let is_late = |node: NodeNo, i: &InboundGlance| {
            i.free > 0 && network.counts_on(node, at, i.eta) && !network.policy.promises(at, i.eta)
        };
        let known = |(node, _): &(&NodeNo, &There)| network.known_terms(**node).is_some();
        let mut there = self.supplies.values().flatten().filter(known);
        there.any(|(node, there)| there.inbound.iter().any(|i| is_late(*node, i)))
    }

    /// Takes the components of units of a line. What waits has of each what is there, for as long
    /// as it waits for the others: else newer orders of single components would have them in turn,
    /// and the bundle would never be whole.
    fn take_parts(&mut self, (line, units): (usize, u32), (shipment, node): (u16, NodeNo), by: By) {
        let (first, made) = (self.first(line), &self.bundled.0[line]);
        for (at, part) in (first..).zip(&made.parts) {
            let mut left = units * part.each;
            // Of a line of its own, all that it may have is planned already.
            let waits_whole = by == By::Ever && made.bundle.is_none();
            let sources = (!waits_whole).then(|| self.sources(part.sku, node, by));
            for (supply, free) in sources.into_iter().flatten() {
                let taken = left.min(free);
                left -= taken;
                self.put((at, shipment), (part.sku, node), supply, taken);
            }
            debug_assert!(left == 0 || by == By::Ever, "a node has what it offered");
            self.put((at, shipment), (part.sku, node), Supply::Backorder, left);
        }
    }

    /// The supplies of an item at a node that units may rest on: the latest of them first, so that
    /// the others are left to what leaves earlier; where units wait, the earliest. What comes later
    /// than is promised is not among them: who waits is given that once he is in the backlog, with
    /// the day that follows.
    fn sources(&self, sku: SkuNo, node: NodeNo, by: By) -> Vec<(Supply, u32)> {
        let Some(there) = self.supplies.get(&sku).and_then(|nodes| nodes.get(&node)) else {
            return Vec::new();
        };
        let now = self.network.there(node);
        let mut coming: Vec<_> = there
            .inbound
            .iter()
            .map(|glance| (self.when(node, glance.eta), glance))
            .filter(|(when, _)| By::Then(*when) <= by)
            .collect();
        coming.sort_by_key(|(when, glance)| (*when, glance.no));
        let units = |glance| self.promised(node, glance);
        let coming = coming.iter().map(|(_, i)| (Supply::Inbound(i.no), units(i)));
        let mut all: Vec<_> = std::iter::once((now, there.free)).chain(coming).collect();
        if by != By::Ever {
            all.reverse();
        }
        all
    }

    fn put(
        &mut self,
        (line, shipment): (u16, u16),
        (sku, node): (SkuNo, NodeNo),
        supply: Supply,
        units: u32,
    ) {
        if units == 0 {
            return;
        }
        if supply != Supply::Backorder {
            let there = self.supplies.get_mut(&sku).and_then(|nodes| nodes.get_mut(&node));
            there.expect("it has the units").take(supply, units);
        }
        let same = |(_, a): &&mut (NodeNo, Allocation)| {
            (a.line, a.shipment, a.supply) == (line, shipment, supply)
        };
        if let Some((_, known)) = self.allocations.iter_mut().find(same) {
            known.units += units;
            return;
        }
        self.allocations.push((node, Allocation::new((line, shipment), supply, units)));
    }

    /// The line of the order that is the first of one that is wanted.
    fn first(&self, line: usize) -> u16 {
        let before = self.bundled.0[..line].iter().map(|made| made.parts.len());
        u16::try_from(before.sum::<usize>()).expect("ORDER_LINES_MAX fits 16 bits")
    }

    fn draft(mut self, planned: Draft) -> Draft {
        let mut shipments: SmallVec<[Shipment; 4]> = planned.shipments.into_iter().collect();
        let mut allocations = std::mem::take(&mut self.allocations);
        number_by_date(&mut shipments, &mut allocations);
        allocations.sort_by_key(|(node, a)| (a.line, *node, a.shipment, a.supply));
        let (mut lines, mut bundles) = (Vec::new(), Vec::new());
        for (line, made) in self.bundled.0.iter().enumerate() {
            let OrderLine { ordered, cancelled, .. } = planned.lines[line];
            if let Some(sku) = made.bundle {
                let components = u16::try_from(made.parts.len()).expect("few components");
                let line = self.first(line);
                bundles.push(OrderedBundle { sku, units: ordered, line, components });
            }
            lines.extend(made.parts.iter().map(|part| OrderLine {
                sku: part.sku,
                ordered: ordered * part.each,
                cancelled: cancelled * part.each,
            }));
        }
        Draft {
            lines: lines.into(),
            bundles: Some(Box::new(DraftBundles(bundles.into()))),
            shipments: shipments.into_iter().collect(),
            allocations: allocations.into_iter().map(|(_, allocation)| allocation).collect(),
            comes_late: planned.comes_late || self.is_beyond(),
            ..planned
        }
    }
}

/// By when the supplies of units have to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Now,
    Then(When),
    Ever,
}

impl There {
    /// What a pair promises to who asks, beyond what he has of it on hand already.
    pub fn see(&mut self, promise: &Promise) {
        let others = promise.free - i64::from(promise.own);
        let units = |units: i64| u32::try_from(units.max(0)).unwrap_or(u32::MAX);
        (self.free, self.short) = (units(others), units(-others));
        (self.in_flight, self.limit, self.has_terms) = (promise.in_flight, promise.limit, true);
    }

    fn take(&mut self, supply: Supply, units: u32) {
        match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => self.free -= units,
            Supply::Inbound(no) => {
                for glance in self.inbound.iter_mut().filter(|glance| glance.no == no) {
                    glance.free -= units;
                    glance.own = glance.own.min(glance.free);
                }
            }
            Supply::Backorder => {}
        }
    }
}
