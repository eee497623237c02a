//! A SKU's supply that nobody has, and its backlog: plain state, on which it is decided what
//! rests on what.

use std::borrow::Cow;
use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::model::{
    Day, Draw, InboundNo, NodeNo, OrderNo, PairTerms, Place, Priority, Shares, SkuNo, Split,
    Supply, Timestamp, ToldAt,
};
use crate::planning::bundled::There;
use crate::planning::{Common, InboundSeen, Seen};
use crate::sourcing::Verdict;
use crate::state::stock::{BacklogAt, BacklogLine, Coming, Glance, InboundGlance, Ready};

/// A supply at a node.
pub type At = (NodeNo, Supply);

/// Units of a line, and where they rest.
pub type Part = (At, u32);

/// So many units of a line rest on another supply from now on: from where, to where.
pub type Step = (At, At, u32);

/// An order line of which units wait, or rest on what is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The order.
    pub order: OrderNo,
    /// Its line, from 0.
    pub line: u16,
    /// Before whom the order is served.
    pub priority: Priority,
    /// Where it is in line for the item, within its priority.
    pub place: Place,
    /// Whether it is a hold, and is kept waiting until the item's sale opens.
    pub is_kept: bool,
    /// All its open units at the nodes where some of them wait or rest on what is on its way.
    pub parts: SmallVec<[Part; 2]>,
}

impl Demand {
    /// Units that are planned anew: all of a line that must not be split, else those that
    /// are not there yet.
    pub fn quantity(&self, split: Split) -> u32 {
        let counts = |((_, supply), _): &&Part| split == Split::WholeLine || !supply.is_there();
        self.parts.iter().filter(counts).map(|(_, units)| units).sum()
    }

    /// Whether units of it have no supply.
    pub fn waits(&self) -> bool {
        self.parts.iter().any(|((_, supply), _)| *supply == Supply::Backorder)
    }

    /// Of these, those at one node.
    fn quantity_at(&self, no: NodeNo, split: Split) -> u32 {
        let counts = |((at, supply), _): &&Part| {
            *at == no && (split == Split::WholeLine || !supply.is_there())
        };
        self.parts.iter().filter(counts).map(|(_, units)| units).sum()
    }

    fn has(&self, at: At) -> u32 {
        self.parts.iter().filter(|(of, _)| *of == at).map(|(_, units)| units).sum()
    }
}

/// The supply of several SKUs.
#[derive(Clone, Debug, Default)]
pub struct Pools(BTreeMap<SkuNo, Pool>);

impl Pools {
    /// Has another one.
    pub fn add(&mut self, sku: SkuNo, pool: Pool) {
        self.0.insert(sku, pool);
    }

    /// Whether it has that one.
    pub fn has(&self, sku: SkuNo) -> bool {
        self.0.contains_key(&sku)
    }

    /// That of a SKU, which was looked at.
    ///
    /// # Panics
    /// When it was not.
    pub fn of(&self, sku: SkuNo) -> &Pool {
        &self.0[&sku]
    }

    /// The same, with units of a SKU free that an order of that channel has.
    pub fn add_free(&mut self, sku: SkuNo, at: At, units: u32, channel: Option<&str>) {
        if let Some(pool) = self.0.get_mut(&sku) {
            pool.add_free(at, units, channel);
        }
    }

    /// Units of a SKU come to rest on other supply.
    pub fn take(&mut self, sku: SkuNo, steps: &[Step], channel: Option<&str>) {
        if let Some(pool) = self.0.get_mut(&sku) {
            pool.take(steps, channel);
        }
    }
}

/// The supply of one SKU that nobody has.
#[derive(Clone, Debug)]
pub struct Pool {
    nodes: Vec<Node>,
    /// When the first free unit can be counted on that any order may get.
    first: Option<Ready>,
}

#[derive(Clone, Debug)]
struct Node {
    no: NodeNo,
    /// Whether sourcing may choose it.
    is_enabled: bool,
    /// Below zero after a short count.
    free: i64,
    inbound: Vec<InboundGlance>,
    /// What else is on its way, and is overdue for longer than is counted on it.
    uncounted: Vec<InboundGlance>,
    /// Which orders are to be told of days that follow from here.
    untold: ToldAt,
    /// Who may have what is free, if the pair says that.
    terms: Option<Box<(PairTerms, Shares)>>,
    /// Why not all that is free is to be had, if so.
    limit: Option<Verdict>,
}

impl Node {
    /// What is free, whatever comes, with so many units of each supply that are had already.
    fn there(&self, own: impl Fn(Supply) -> u32) -> There {
        let coming = self.inbound.iter().map(|inbound| {
            let free = inbound.free + own(Supply::Inbound(inbound.no));
            InboundGlance { free, own: free, in_flight: false, ..*inbound }
        });
        let own = i64::from(own(Supply::OnHand) + own(Supply::Supplier));
        let free = u32::try_from((self.free + own).max(0)).unwrap_or(u32::MAX);
        let inbound = coming.filter(|inbound| inbound.free > 0).collect();
        There { free, inbound, ..There::default() }
    }
}

impl Pool {
    /// What is free at each node; beside it the backlog in the order in which it is served: by
    /// priority, and of one priority by the last draw of the item, and then the oldest order first.
    pub fn of(
        pairs: Vec<(NodeNo, BacklogAt)>,
        (draw, is_closed): (Option<&Draw>, bool),
        is_enabled: impl Fn(NodeNo) -> bool,
    ) -> (Self, Vec<Demand>) {
        let (mut nodes, mut all) = (Vec::new(), Vec::new());
        for (no, BacklogAt { lines, free, inbound, uncounted, untold, terms, .. }) in pairs {
            all.extend(lines.into_iter().map(|line| (line, no)));
            let is_off = terms.as_ref().is_some_and(|of| of.0.off_sourcing);
            let limit = is_off.then_some(Verdict::PairOffSourcing);
            let is_enabled = is_enabled(no) && !is_off;
            nodes.push(Node { no, is_enabled, free, inbound, uncounted, untold, terms, limit });
        }
        let place = |of: &BacklogLine| Place::of(draw, of.order, of.held);
        all.sort_by_key(|(of, no)| (of.priority, place(of), of.order, of.line, *no));
        let mut demands = Vec::<Demand>::new();
        for (of, no) in all {
            let place = place(&of);
            let BacklogLine { order, line, priority, held, parts } = of;
            let parts = parts.into_iter().map(|(supply, units)| ((no, supply), units));
            match demands.last_mut() {
                Some(known) if (known.order, known.line) == (order, line) => {
                    known.parts.extend(parts);
                }
                _ => demands.push(Demand {
                    order,
                    line,
                    priority,
                    place,
                    is_kept: held && is_closed,
                    parts: parts.collect(),
                }),
            }
        }
        let mut pool = Self { nodes, first: None };
        pool.look_for_first();
        (pool, demands)
    }

    fn look_for_first(&mut self) {
        let enabled = || self.nodes.iter().filter(|node| node.is_enabled);
        let there = enabled().filter(|node| node.free > 0).map(|_| Ready::Now);
        let coming = enabled().flat_map(|node| &node.inbound).filter(|inbound| inbound.free > 0);
        self.first = there.chain(coming.map(|inbound| Ready::At(inbound.eta))).min();
    }

    /// When units on a supply can be counted on.
    pub fn ready(&self, (no, supply): At) -> Ready {
        let Supply::Inbound(of) = supply else {
            return if supply.is_there() { Ready::Now } else { Ready::Never };
        };
        self.inbound(no, of).map_or(Ready::Never, |inbound| Ready::At(inbound.eta))
    }

    /// When a supply on its way is expected, whether it is counted on or not.
    pub fn coming(&self, (at, supply): At) -> Option<Coming> {
        let Supply::Inbound(no) = supply else { return None };
        let node = self.nodes.iter().find(|node| node.no == at)?;
        let inbound = node.inbound.iter().chain(&node.uncounted).find(|of| of.no == no)?;
        Some(Coming { no, eta: inbound.eta })
    }

    fn inbound(&self, no: NodeNo, of: InboundNo) -> Option<&InboundGlance> {
        let node = self.nodes.iter().find(|node| node.no == no)?;
        node.inbound.iter().find(|inbound| inbound.no == of)
    }

    /// When the last unit of a line can be counted on.
    fn ready_at_last(&self, demand: &Demand) -> Ready {
        demand.parts.iter().map(|(at, _)| self.ready(*at)).max().unwrap_or(Ready::Now)
    }

    /// Whether something is free that can be counted on before the last unit of a line. A line
    /// is not served by what comes later than all it has, though that may be nearer to its
    /// destination. What is free at a node that is not enabled serves those alone who wait
    /// there.
    pub fn may_serve(&self, demand: &Demand) -> bool {
        let last = self.ready_at_last(demand);
        let waits_at = |node: &Node| demand.parts.iter().any(|((no, _), _)| *no == node.no);
        let sooner = |i: &InboundGlance| i.free > 0 && Ready::At(i.eta) < last;
        let serves =
            |node: &Node| (node.free > 0 && last > Ready::Now) || node.inbound.iter().any(sooner);
        let at_home = |node: &Node| !node.is_enabled && waits_at(node) && serves(node);
        self.first.is_some_and(|first| first < last) || self.nodes.iter().any(at_home)
    }

    /// Whether a pair says who may have its units.
    pub fn has_terms(&self) -> bool {
        self.nodes.iter().any(|node| node.terms.is_some())
    }

    /// The same supply, as far as an order of that channel may have it now.
    pub fn for_channel(&self, channel: Option<&str>, now: Timestamp) -> Cow<'_, Self> {
        if !self.has_terms() {
            return Cow::Borrowed(self);
        }
        let mut pool = self.clone();
        for node in &mut pool.nodes {
            let Some((terms, shares)) = node.terms.as_deref() else { continue };
            let may_have = terms.may_have(terms.audience(channel), (node.free, shares), now);
            let is_kept = may_have < node.free;
            node.limit = node.limit.or(is_kept.then_some(Verdict::KeptForOthers));
            node.free = may_have;
        }
        Cow::Owned(pool)
    }

    /// Whether that is so of what is free where the order may be served: at nodes that `serves`
    /// tells, and where it has units that the node did not decline. Each that declined it comes with
    /// the units of the line that it declined.
    pub fn may_serve_at(
        &self,
        demand: &Demand,
        (declined, serves): (&[(NodeNo, u32)], impl Fn(NodeNo) -> bool),
    ) -> bool {
        let last = self.ready_at_last(demand);
        let may = |node: &Node| {
            let units = declined.iter().find(|(no, _)| *no == node.no).map(|(_, units)| *units);
            let has = demand.quantity_at(node.no, Split::WholeLine);
            has > units.unwrap_or(0) || (units.is_none() && node.is_enabled && serves(node.no))
        };
        let sooner = |i: &InboundGlance| i.free > 0 && Ready::At(i.eta) < last;
        let sooner_at =
            |node: &Node| (node.free > 0 && last > Ready::Now) || node.inbound.iter().any(sooner);
        self.nodes.iter().any(|node| may(node) && sooner_at(node))
    }

    /// What is free at a node, what is there as that supply, the first to come first.
    pub fn offers_at(&self, no: NodeNo, there: Supply) -> Vec<(At, u32)> {
        let Some(node) = self.nodes.iter().find(|node| node.no == no) else { return Vec::new() };
        let now = ((no, there), u32::try_from(node.free).unwrap_or(0));
        let mut coming: Vec<&InboundGlance> = node.inbound.iter().collect();
        coming.sort_by_key(|inbound| (inbound.eta, inbound.no));
        let coming = coming.into_iter().map(|i| ((no, Supply::Inbound(i.no)), i.free));
        std::iter::once(now).chain(coming).collect()
    }

    /// What is free at the nodes that are open to who waits: whatever comes, however late.
    pub fn there(&self, is_open: impl Fn(NodeNo) -> bool) -> BTreeMap<NodeNo, There> {
        let open = self.nodes.iter().filter(|node| node.is_enabled && is_open(node.no));
        open.map(|node| (node.no, node.there(|_| 0))).collect()
    }

    /// What is free at a node for who is there, with the units that he has of its supplies.
    pub fn at_home(&self, no: NodeNo, own: &[(Supply, u32)]) -> There {
        let of = |supply| own.iter().filter(|own| own.0 == supply).map(|own| own.1).sum();
        let node = self.nodes.iter().find(|node| node.no == no);
        node.map_or_else(There::default, |node| node.there(of))
    }

    /// Whether anything is free, wherever it is.
    pub fn has_any(&self) -> bool {
        let has_any = |node: &Node| node.free > 0 || node.inbound.iter().any(|i| i.free > 0);
        self.nodes.iter().any(has_any)
    }

    /// Whether units on a supply are to arrive on another day than was told, or on none.
    pub fn is_untold(&self, (no, supply): At) -> bool {
        let node = self.nodes.iter().find(|node| node.no == no);
        node.is_some_and(|node| match supply {
            Supply::Inbound(of) => node.untold.supplies.iter().any(|(no, _)| *no == of),
            Supply::Backorder => node.untold.lost > 0,
            Supply::Picked | Supply::OnHand | Supply::Supplier => false,
        })
    }

    /// Whether that is so of units of a line.
    pub fn may_tell(&self, demand: &Demand) -> bool {
        demand.parts.iter().any(|(at, _)| self.is_untold(*at))
    }

    /// The nodes at which orders are to be told.
    pub fn untold(&self) -> impl Iterator<Item = (NodeNo, &ToldAt)> {
        let untold = self.nodes.iter().filter(|node| !node.untold.is_empty());
        untold.map(|node| (node.no, &node.untold))
    }

    /// What a line could be given: what it has that is not there yet, all it has where it
    /// must not be split, and what is free before its last unit can be counted on. At a node that
    /// sourcing may not choose for it, as `serves` tells, what is free is for its units there
    /// alone; where the node declined the order, for those of them that it did not decline.
    pub fn seen_by(
        &self,
        demand: &Demand,
        (split, declined, serves): (Split, &[(NodeNo, u32)], impl Fn(NodeNo) -> bool),
    ) -> (Seen, InboundSeen) {
        let last = self.ready_at_last(demand);
        let homes = demand.parts.iter().map(|((no, _), _)| (0, *no)).collect();
        let (mut free_at, mut coming) = (Vec::new(), InboundSeen::new());
        for node in &self.nodes {
            let mut free = node.free;
            if split == Split::WholeLine {
                let there = [Supply::OnHand, Supply::Supplier].map(|s| demand.has((node.no, s)));
                free += i64::from(there[0] + there[1]);
            }
            let said_no = declined.iter().find(|(no, _)| *no == node.no);
            let is_open = node.is_enabled && serves(node.no) && said_no.is_none();
            let no_more = said_no.map_or(0, |(_, units)| *units);
            let here = demand.quantity_at(node.no, split).saturating_sub(no_more);
            let mut room = if is_open { u32::MAX } else { here };
            free = free.min(room.into());
            room -= u32::try_from(free).unwrap_or(0);
            free_at.push((node.no, Glance::default().with_free(free)));
            let mut by_date: SmallVec<[&InboundGlance; 8]> = node.inbound.iter().collect();
            by_date.sort_by_key(|inbound| inbound.eta);
            let mut offered = |inbound: &InboundGlance| {
                let is_sooner = Ready::At(inbound.eta) < last;
                let free = if is_sooner { inbound.free } else { 0 };
                let free = (free + demand.has((node.no, Supply::Inbound(inbound.no)))).min(room);
                room -= free;
                // What waits already is promised whatever comes, however late.
                let (in_flight, own) = (false, free);
                (free > 0).then_some(InboundGlance { free, in_flight, own, ..*inbound })
            };
            let offered: Vec<InboundGlance> =
                by_date.into_iter().filter_map(&mut offered).collect();
            if !offered.is_empty() {
                coming.push((0, node.no, offered));
            }
        }
        let free = SmallVec::from_iter([free_at]);
        let limits = self.nodes.iter().filter_map(|node| Some((0, node.no, node.limit?)));
        let limits = limits.collect();
        let (units_each, common) = (SmallVec::new(), Common::default());
        let seen = Seen {
            free,
            homes,
            limits,
            units_each,
            common,
            goes_as_before: true,
            goes_in_one: true,
            was_served: true,
        };
        (seen, coming)
    }

    /// What a line would rest on if all of it stayed at the nodes where it is: of what it has there
    /// and of what is free, the first to come. `there` tells what is there as which supply.
    pub fn planned_at_home(
        &self,
        demand: &Demand,
        split: Split,
        there: impl Fn(NodeNo) -> Supply,
    ) -> SmallVec<[Part; 2]> {
        let homes = demand.parts.iter().map(|((no, _), _)| *no);
        let mut homes: SmallVec<[NodeNo; 2]> = homes.collect();
        homes.sort_unstable();
        homes.dedup();
        let mut planned = SmallVec::new();
        for no in homes {
            let mut left = demand.quantity_at(no, split);
            for (at, free) in self.offers_at(no, there(no)) {
                let is_own = split == Split::WholeLine || !at.1.is_there();
                let own = if is_own { demand.has(at) } else { 0 };
                let units = left.min(free.saturating_add(own));
                planned.extend((units > 0).then_some((at, units)));
                left -= units;
            }
        }
        planned
    }

    /// The steps from what a line rests on to what was planned for it, where that arrives
    /// sooner, or as soon and can be counted on sooner. Units for which nothing sooner was
    /// planned stay where they are. `arrives` tells the day on which units on a supply reach
    /// the customer, if any, and `serves` whether a node may ship the line's order. Of the units that
    /// wait at a node, so many as it declined find nothing there.
    pub fn steps(
        &self,
        demand: &Demand,
        planned: &[Part],
        (split, declined, serves): (Split, &[(NodeNo, u32)], impl Fn(NodeNo) -> bool),
        arrives: impl Fn(At) -> Option<Day>,
    ) -> Vec<Step> {
        let when = |at: At| (arrives(at).map_or(i32::MAX, Day::epoch_days), self.ready(at));
        let units = |parts: &[Part]| parts.iter().map(|(_, units)| u64::from(*units)).sum::<u64>();
        let is_whole = split == Split::WholeLine;
        let mut has: SmallVec<[Part; 2]> = demand.parts.clone();
        if is_whole {
            let last = |parts: &[Part]| parts.iter().map(|(at, _)| when(*at)).max();
            if last(planned) >= last(&has) || units(planned) < units(&has) {
                return Vec::new();
            }
        } else {
            has.retain(|((_, supply), _)| !supply.is_there());
        }
        let mut gains: SmallVec<[Part; 2]> = planned.iter().copied().collect();
        for (at, gained) in &mut gains {
            for (_, held) in has.iter_mut().filter(|(of, _)| of == at) {
                let kept = (*held).min(*gained);
                (*held, *gained) = (*held - kept, *gained - kept);
            }
        }
        // The last to come are the first to be exchanged, for the first to come.
        has.sort_by_key(|(at, _)| std::cmp::Reverse(when(*at)));
        gains.sort_by_key(|(at, _)| when(*at));
        let mut steps = Vec::new();
        for (from, mut held) in has {
            let no_more = declined.iter().filter(|(no, _)| (*no, Supply::Backorder) == from);
            let mut at_home = held.saturating_sub(no_more.map(|(_, units)| *units).sum());
            for (to, gained) in &mut gains {
                let is_sooner = is_whole || when(*to) < when(from);
                let is_home = from.0 == to.0;
                let moved = held.min(*gained).min(if is_home { at_home } else { u32::MAX });
                if moved > 0 && is_sooner && self.may_go(from, *to, &serves) {
                    steps.push((from, *to, moved));
                    (held, *gained) = (held - moved, *gained - moved);
                    at_home -= if is_home { moved } else { 0 };
                }
            }
        }
        steps
    }

    /// Whether units may come to rest on a supply: at another node, sourcing has to be allowed
    /// to choose it, and it has to serve the order.
    fn may_go(&self, (from, _): At, (to, _): At, serves: impl Fn(NodeNo) -> bool) -> bool {
        let is_enabled = || self.nodes.iter().any(|node| node.no == to && node.is_enabled);
        from == to || (is_enabled() && serves(to))
    }

    fn add_free(&mut self, (no, supply): At, units: u32, channel: Option<&str>) {
        let Some(node) = self.nodes.iter_mut().find(|node| node.no == no) else { return };
        match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => {
                node.free += i64::from(units);
                // What was of its segment is no more used.
                if let Some((terms, shares)) = node.terms.as_deref_mut() {
                    shares.give_back(terms.audience(channel), units);
                }
            }
            Supply::Inbound(of) => {
                for inbound in node.inbound.iter_mut().filter(|inbound| inbound.no == of) {
                    inbound.free += units;
                }
            }
            Supply::Backorder => {}
        }
    }

    /// Units of a line come to rest on other supply. What they leave is not free in this look:
    /// the next one offers it, to those first who are served first.
    pub fn take(&mut self, steps: &[Step], channel: Option<&str>) {
        for &(_, (no, supply), units) in steps {
            let Some(node) = self.nodes.iter_mut().find(|node| node.no == no) else { continue };
            match supply {
                Supply::Picked | Supply::OnHand | Supply::Supplier => {
                    node.free -= i64::from(units);
                    if let Some((terms, shares)) = node.terms.as_deref_mut() {
                        shares.take(terms.audience(channel), units);
                    }
                }
                Supply::Inbound(of) => {
                    for inbound in node.inbound.iter_mut().filter(|inbound| inbound.no == of) {
                        inbound.free = inbound.free.saturating_sub(units);
                    }
                }
                Supply::Backorder => {}
            }
        }
        self.look_for_first();
    }
}
