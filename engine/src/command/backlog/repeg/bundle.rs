//! What of a bundle waits or comes late, and what it is given.
//!
//! ```text
//!   another node has all components, sooner -----> the bundle moves there, whole      \  one event,
//!   components came free where the bundle is ----> it is given what lets it leave sooner; one that
//!                                                  waits keeps what it can have       /  BundleMoved
//! ```
//! All components of a bundle are in one shipment, so that they leave together. A bundle that waits
//! keeps what it has at its node: else newer orders of single components would have them in turn, and
//! it would never be whole.

use std::sync::Arc;

use smallvec::SmallVec;

use super::days::Taken;
use super::event::BundleMoved;
use super::home::{Component, at_home};
use super::legs::{Leg, fitting};
use super::pool::{Pool, Pools, Step};
use super::told::After;
use crate::limits::{DECISION_CANDIDATES_MAX, ORDER_ALLOCATIONS_MAX};
use crate::model::load::beyond;
use crate::model::order::trace::of_first_line;
use crate::model::{
    Allocation, Cause, Day, LineRepegged, Lsn, Move, NodeNo, Order, OrderedBundle, RoomAsked,
    Shipment, Shortage, SkuNo, Split, Supply, Text, Why,
};
use crate::planning::bundled::{Supplies, plan_bundled};
use crate::planning::{Bundled, Draft, MadeOf, MadePart, Opening, Rooms, Wanted, WantedLine, Way};
use crate::state::network::Network;
use crate::state::stock::{Ready, Rest};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, counted, days_of};

/// What bundles of an order are given.
pub struct Moved {
    /// What happens.
    pub event: BundleMoved,
    /// What each component steps to.
    pub steps: Vec<(SkuNo, Vec<Step>)>,
    /// What it puts on days beyond what the order had there, once its days are
    /// [fitted](Taken::fit_moved).
    pub room: Vec<RoomAsked>,
    /// Whether there are bundles of its kind elsewhere that may have something to gain as well.
    pub leaves_others: bool,
}

/// Units of a component that bundles which wait keep.
pub struct Kept {
    line: u16,
    /// The component.
    pub sku: SkuNo,
    /// Where.
    pub node: NodeNo,
    shipment: u16,
    /// What they rest on.
    pub supply: Supply,
    /// How many.
    pub units: u32,
}

/// Bundles in a shipment that can be counted on at the same time.
struct Source {
    shipment: u16,
    /// How many.
    units: u32,
    /// How many others of the shipment can be counted on later.
    later: u32,
    ready: Ready,
}

/// Bundles at a node that are not all there, the last to be there first.
struct Home {
    node: NodeNo,
    /// Whether it declined them: they get nothing there.
    is_declined: bool,
    sources: SmallVec<[Source; 2]>,
}

/// A look at bundles of an order that are not all there.
pub struct Waiting<'a> {
    /// The engine.
    pub kernel: &'a Kernel,
    /// Its nodes and policy.
    pub network: &'a Arc<Network>,
    /// What is free of each component.
    pub pools: &'a Pools,
    /// The order.
    pub order: &'a Order,
    /// The bundle.
    pub bundle: &'a OrderedBundle,
    /// What was looked at.
    pub looked_at: Lsn,
    /// What may leave nodes beside it.
    pub taken: &'a Taken,
}

impl Home {
    fn units(&self) -> u32 {
        self.sources.iter().map(|source| source.units).sum()
    }
}

impl Waiting<'_> {
    /// What there is for bundles that wait, or come late: at other nodes all components of each,
    /// sooner than they have them, and what lets them leave sooner where they are.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn moved(&self) -> Result<Option<Moved>, EngineError> {
        let resting = Resting::read(self.kernel, self.order)?;
        let homes = self.homes(&resting);
        let leaves_others = homes.len() > 1;
        let moved = homes.iter().find_map(|home| self.moved_from(&resting, home));
        Ok(moved.map(|moved| Moved { leaves_others, ..moved }))
    }

    /// What bundles that wait keep of their components, by node: what they would be whole with.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn kept(&self) -> Result<Vec<Kept>, EngineError> {
        let resting = Resting::read(self.kernel, self.order)?;
        let mut kept = Vec::new();
        for mut home in self.homes(&resting) {
            home.sources.retain(|source| source.ready == Ready::Never);
            for line in self.lines() {
                let units = self.units(&resting, &home, line).into_iter();
                let with_supply =
                    units.filter(|of| self.ready(of.shipment, &of.rest) < Ready::Never);
                kept.extend(with_supply.map(|Unit { shipment, rest }| Kept {
                    line,
                    sku: self.sku(line),
                    node: home.node,
                    shipment,
                    supply: rest.supply,
                    units: rest.units,
                }));
            }
        }
        Ok(kept)
    }

    /// That bundles which wait give up what they keep, so that an older one is whole.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn given_up(&self, kept: &[Kept]) -> Result<Moved, EngineError> {
        let resting = Resting::read(self.kernel, self.order)?;
        let lines = self.lines().map(|line| {
            let of_line = kept.iter().filter(|kept| kept.line == line);
            let moves = of_line.map(|&Kept { node, shipment, supply, units, .. }| Move {
                units,
                shipment,
                from: (node, supply),
                to_shipment: shipment,
                to: (node, Supply::Backorder),
            });
            LineRepegged { line, moves: moves.collect(), ..LineRepegged::default() }
        });
        Ok(self.told(&resting, lines.collect(), &[]))
    }

    pub(super) fn lines(&self) -> std::ops::Range<u16> {
        self.bundle.lines()
    }

    pub(super) fn each(&self, line: u16) -> u32 {
        self.order.each_of(self.bundle, line)
    }

    fn sku(&self, line: u16) -> SkuNo {
        self.order.lines[usize::from(line)].sku
    }

    pub(super) fn pool(&self, line: u16) -> &Pool {
        self.pools.of(self.sku(line))
    }

    /// When units of a line in a shipment can be counted on: a supply that is overdue for too long
    /// is as none.
    fn ready(&self, shipment: u16, rest: &Rest) -> Ready {
        let node = self.order.shipments[usize::from(shipment)].node;
        counted((self.network, self.kernel.state.now()), node, rest.ready())
    }

    /// What the units of a line in a shipment rest on, the last to be there first.
    fn rests(&self, resting: &Resting, line: u16, shipment: u16) -> SmallVec<[Rest; 4]> {
        let all = self.order.allocations.iter().zip(&resting.rests);
        let of_it = all.filter(|(a, _)| (a.line, a.shipment) == (line, shipment));
        // What is picked stays.
        let loose = of_it.flat_map(|(_, rests)| rests).filter(|r| r.supply != Supply::Picked);
        let mut rests: SmallVec<[Rest; 4]> = loose.copied().collect();
        rests.sort_by_key(|rest| std::cmp::Reverse(self.ready(shipment, rest)));
        rests
    }

    /// Bundles that are not all there, by node: those that wait first, and of these those with the
    /// last right to units. All of a bundle that must not be split, if any is not there.
    fn homes(&self, resting: &Resting) -> Vec<Home> {
        let open = self.order.bundles_in(self.bundle, Allocation::loose);
        let of_shipment = |(shipment, units): &(u16, u32)| self.sources(resting, *shipment, *units);
        let mut all: Vec<Source> = open.iter().flat_map(of_shipment).collect();
        if self.order.header.split == Split::WholeLine && !all.is_empty() {
            let last = all.iter().map(|source| source.ready).max().unwrap_or(Ready::Never);
            let whole = |&(shipment, units)| Source { shipment, units, later: 0, ready: last };
            all = open.iter().map(whole).collect();
        }
        let right: SmallVec<[u16; 4]> = self.order.shipments_by_right();
        let right = |shipment: u16| right.iter().position(|of| *of == shipment);
        all.sort_by_key(|source| std::cmp::Reverse((source.ready, right(source.shipment))));
        let mut homes = Vec::<Home>::new();
        for source in all {
            let node = self.order.shipments[usize::from(source.shipment)].node;
            let is_declined = self.order.was_declined(source.shipment);
            let is_it = |home: &&mut Home| (home.node, home.is_declined) == (node, is_declined);
            if let Some(home) = homes.iter_mut().find(is_it) {
                home.sources.push(source);
            } else {
                let sources = SmallVec::from_iter([source]);
                homes.push(Home { node, is_declined, sources });
            }
        }
        homes
    }

    /// How many bundles of a shipment can be counted on when, but for those that are there: a
    /// bundle is there with the last of its units.
    fn sources(&self, resting: &Resting, shipment: u16, units: u32) -> Vec<Source> {
        let rests: Vec<_> = self
            .lines()
            .map(|line| (self.each(line), self.rests(resting, line, shipment)))
            .collect();
        let mut dates: Vec<Ready> = rests
            .iter()
            .flat_map(|(_, rests)| rests)
            .map(|rest| self.ready(shipment, rest))
            .collect();
        dates.retain(|ready| *ready > Ready::Now);
        dates.sort_unstable();
        dates.dedup();
        let (mut sources, mut later) = (Vec::new(), 0);
        for ready in dates.into_iter().rev() {
            let from_then = |(each, rests): &(u32, SmallVec<[Rest; 4]>)| {
                let late = rests.iter().filter(|rest| self.ready(shipment, rest) >= ready);
                late.map(|rest| rest.units).sum::<u32>().div_ceil(*each)
            };
            let all = rests.iter().map(from_then).max().unwrap_or(0).min(units);
            if all > later {
                sources.push(Source { shipment, units: all - later, later, ready });
                later = all;
            }
        }
        sources
    }

    /// What the bundles of a node are given, if there is anything.
    fn moved_from(&self, resting: &Resting, home: &Home) -> Option<Moved> {
        let draft = self.planned(resting, home);
        let legs = draft.as_ref().map_or_else(Vec::new, |draft| self.legs(home, draft));
        let is_whole = self.order.header.split == Split::WholeLine;
        // What leaves for another shipment is another part of the order.
        let room = ORDER_ALLOCATIONS_MAX.saturating_sub(self.order.allocations.len());
        let (legs, Left { mut lines, stay, opened }) = fitting((legs, is_whole), |legs| {
            let left = self.left(resting, home, (draft.as_ref(), legs));
            (left.lines.iter().map(|line| line.moves.len()).sum::<usize>() <= room, left)
        });
        let gone: u32 = legs.iter().map(|(_, bundles)| bundles).sum();
        if !home.is_declined {
            self.stay(home, home.units() - gone, &stay, &mut lines);
        }
        if lines.iter().all(|line| line.moves.is_empty()) {
            return None;
        }
        lines[0].opened = opened.iter().map(|opened| opened.node).collect();
        let trace = draft.map(|draft| draft.trace).unwrap_or_default();
        Some(self.told(resting, lines, &trace))
    }

    /// What is left at a node once these bundles leave it, and what they are given.
    fn left(
        &self,
        resting: &Resting,
        home: &Home,
        (draft, legs): (Option<&Draft>, &[Leg]),
    ) -> Left {
        let opened = self.opened(legs, draft);
        let mut lines: Vec<LineRepegged> =
            self.lines().map(|line| LineRepegged { line, ..LineRepegged::default() }).collect();
        let mut stay = Vec::with_capacity(lines.len());
        for (repegged, part) in lines.iter_mut().zip(0_u16..) {
            let mut units = self.units(resting, home, repegged.line);
            if let Some(draft) = draft {
                let given = draft.allocations.iter().filter(|a| a.line == part);
                self.leave((home, &mut units), (legs, &opened), given, repegged);
            }
            stay.push(units);
        }
        Left { lines, stay, opened }
    }

    /// What all nodes but those that declined the order have for the bundles of one: what is free,
    /// and where they are what they have beside.
    fn planned(&self, resting: &Resting, home: &Home) -> Option<Draft> {
        let (kernel, header) = (self.kernel, &self.order.header);
        let entry = |line: u16| kernel.state.catalogue.entry(self.sku(line));
        let part =
            |line| MadePart { sku: self.sku(line), entry: entry(line), each: self.each(line) };
        let parts = self.lines().map(part).collect();
        let (channel, now) = (header.channel.as_ref().map(Text::as_str), kernel.state.now());
        let kept_at = self.order.kept_at(self.bundle.line);
        let mut supplies = Supplies::new();
        for line in self.lines() {
            let is_open = |no: NodeNo| {
                let may = kept_at.is_empty() || kept_at.contains(&no);
                may && no != home.node && !self.order.declined.contains(&no)
            };
            let pool = self.pool(line).for_channel(channel, now);
            let mut there = pool.there(is_open);
            if !home.is_declined {
                let own = self.units(resting, home, line);
                let own = own.iter().map(|unit| (unit.rest.supply, unit.rest.units));
                let own: SmallVec<[(Supply, u32); 4]> = own.collect();
                there.insert(home.node, pool.at_home(home.node, &own));
            }
            supplies.insert(self.sku(line), there);
        }
        let homes: Vec<_> = self.lines().map(|line| (self.sku(line), home.node)).collect();
        let replanned = self.taken.without(
            self.order,
            home.sources.iter().flat_map(|source| {
                self.lines().map(|line| (line, source.shipment, source.units * self.each(line)))
            }),
        );
        let first = self.bundle.line;
        let line = WantedLine { sku: self.bundle.sku, entry: entry(first), quantity: home.units() };
        let wanted = Wanted {
            lines: SmallVec::from_iter([line]),
            way: Way::of(self.network, &*kernel.postal, header)?,
            channel: header.channel.as_ref(),
            promise_by: self.order.promised_by(first),
            // What nothing is planned for stays where it is.
            shortage: Shortage::Partial,
            split: header.split,
            at: now,
            seen: None,
            own: None,
            opening: Opening::Joined,
            rooms: Rooms { loads: &kernel.state.loads, replanned: Some(&replanned) },
            bundled: Some(Arc::new(Bundled(vec![MadeOf { bundle: Some(self.bundle.sku), parts }]))),
        };
        Some(plan_bundled(self.network, &wanted, &supplies, (&homes, true)))
    }

    /// Which bundles leave for which shipments of the draft: those that can be counted on last for
    /// those that arrive first, where these arrive sooner, or as soon and are there sooner.
    fn legs(&self, home: &Home, draft: &Draft) -> Vec<Leg> {
        let gain = |(at, shipment): (usize, &Shipment)| {
            let of_it = || draft.allocations.iter().filter(|a| usize::from(a.shipment) == at);
            let first = of_it().filter(|a| a.line == 0).map(|a| a.units).sum::<u32>();
            let ready = self.ready_in(draft, at);
            let arrives = shipment.deliver_by.map_or(i32::MAX, Day::epoch_days);
            ((arrives, ready), at, first / self.each(self.bundle.line))
        };
        let others = draft.shipments.iter().enumerate().filter(|(_, to)| to.node != home.node);
        let mut gains: Vec<_> = others.map(gain).collect();
        gains.sort_unstable();
        let gained: u32 = gains.iter().map(|(.., bundles)| bundles).sum();
        if self.order.header.split == Split::WholeLine && gained < home.units() {
            return Vec::new();
        }
        let mut legs = Vec::new();
        for source in &home.sources {
            let when = (self.arrives(home.node, source), source.ready);
            let mut left = source.units;
            for (gain, at, bundles) in &mut gains {
                let moved = if *gain < when { left.min(*bundles) } else { 0 };
                if moved > 0 {
                    legs.push((*at, moved));
                    (left, *bundles) = (left - moved, *bundles - moved);
                }
            }
            if left > 0 {
                break;
            }
        }
        legs
    }

    /// When the last unit of a shipment of the draft can be counted on.
    fn ready_in(&self, draft: &Draft, at: usize) -> Ready {
        let of_it = draft.allocations.iter().filter(|a| usize::from(a.shipment) == at);
        let node = draft.shipments[at].node;
        let ready = |a: &Allocation| self.pool(self.bundle.line + a.line).ready((node, a.supply));
        of_it.map(ready).max().unwrap_or(Ready::Now)
    }

    /// The day on which bundles reach the customer, or one after all days.
    fn arrives(&self, node: NodeNo, source: &Source) -> i32 {
        let (of, ready) = ((self.order, node), (source.ready, self.kernel.state.now()));
        let days = days_of(self.kernel, self.network, of, ready);
        days.map_or(i32::MAX, |(_, arrives)| arrives.epoch_days())
    }

    /// The shipments that are opened for bundles that leave, each for one of the draft.
    fn opened(&self, legs: &[Leg], draft: Option<&Draft>) -> Vec<Opened> {
        let mut used: Vec<usize> = legs.iter().map(|(at, _)| *at).collect();
        used.sort_unstable();
        used.dedup();
        let number = |(new, at): (usize, usize)| {
            let shipment = u16::try_from(self.order.shipments.len() + new);
            let node = draft.expect("legs are of a draft").shipments[at].node;
            Opened { at, shipment: shipment.expect("few shipments"), node }
        };
        used.into_iter().enumerate().map(number).collect()
    }

    /// The units of a line of the bundles of a node, those of the last bundles first.
    fn units(&self, resting: &Resting, home: &Home, line: u16) -> Vec<Unit> {
        let (each, mut units) = (self.each(line), Vec::new());
        for source in &home.sources {
            let (mut before, mut left) = (source.later * each, source.units * each);
            for mut rest in self.rests(resting, line, source.shipment) {
                let later = rest.units.min(before);
                (rest.units, before) = (rest.units - later, before - later);
                rest.units = rest.units.min(left);
                left -= rest.units;
                if rest.units > 0 {
                    units.push(Unit { shipment: source.shipment, rest });
                }
            }
        }
        units
    }

    /// Units of a line leave their home. If its pairs have an event that the order has not yet, they
    /// may be too few: then another command has the order in hand, and nothing is claimed.
    fn leave<'d>(
        &self,
        (home, units): (&Home, &mut [Unit]),
        (legs, opened): (&[Leg], &[Opened]),
        given: impl Iterator<Item = &'d Allocation>,
        repegged: &mut LineRepegged,
    ) {
        let mut given: Vec<Allocation> = given.copied().collect();
        for (at, bundles) in legs {
            let to = opened.iter().find(|opened| opened.at == *at).expect("it is opened");
            let mut left = bundles * self.each(repegged.line);
            for there in given.iter_mut().filter(|a| usize::from(a.shipment) == *at) {
                for Unit { shipment, rest } in &mut *units {
                    let units = rest.units.min(left).min(there.units);
                    if units > 0 {
                        rest.units -= units;
                        (left, there.units) = (left - units, there.units - units);
                        repegged.moves.push(Move {
                            units,
                            shipment: *shipment,
                            from: (home.node, rest.supply),
                            to_shipment: to.shipment,
                            to: (to.node, there.supply),
                        });
                    }
                }
            }
        }
    }

    /// Units of so many bundles come to rest on other supply where they are.
    fn stay(&self, home: &Home, bundles: u32, units: &[Vec<Unit>], lines: &mut [LineRepegged]) {
        let there = self.network.there(home.node);
        let (header, now) = (&self.order.header, self.kernel.state.now());
        let channel = header.channel.as_ref().map(Text::as_str);
        let component = |(line, units): (u16, &Vec<Unit>)| {
            let pool = self.pool(line).for_channel(channel, now);
            let of = |supply, units| (pool.ready((home.node, supply)), supply, units);
            let mut has: SmallVec<[_; 4]> =
                units.iter().map(|unit| of(unit.rest.supply, unit.rest.units)).collect();
            has.sort_by_key(|(ready, ..)| std::cmp::Reverse(*ready));
            let free = pool.offers_at(home.node, there).into_iter();
            let free = free.map(|((_, supply), units)| of(supply, units)).collect();
            Component { each: self.each(line), has, free }
        };
        let components: Vec<_> = self.lines().zip(units).map(component).collect();
        let steps = at_home(bundles, &components, true);
        for ((line, units), steps) in lines.iter_mut().zip(units).zip(steps) {
            let mut units = units.clone();
            for (from, to, mut left) in steps {
                for Unit { shipment, rest } in
                    units.iter_mut().filter(|unit| unit.rest.supply == from)
                {
                    let units = rest.units.min(left);
                    if units > 0 {
                        (rest.units, left) = (rest.units - units, left - units);
                        let (from, to) = ((home.node, from), (home.node, to));
                        let (shipment, to_shipment) = (*shipment, *shipment);
                        line.moves.push(Move { units, shipment, from, to_shipment, to });
                    }
                }
            }
        }
    }

    /// The same, with the days that follow, and why.
    fn told(&self, resting: &Resting, mut lines: Vec<LineRepegged>, trace: &[u8]) -> Moved {
        let (kernel, network, pools, order) =
            (self.kernel, &**self.network, self.pools, self.order);
        let after = After { kernel, network, pools, order, resting, lines: &lines };
        let (told, offered_until) = (after.told(), after.offered_until());
        (lines[0].told, lines[0].offered_until) = (told, offered_until);
        let moves = || lines.iter().flat_map(|line| &line.moves);
        let declined = moves().any(|moved| self.order.was_declined(moved.shipment));
        let waited = moves().any(|moved| moved.from.1 == Supply::Backorder);
        let is_lost = moves().any(|moved| moved.to.1 == Supply::Backorder);
        let cause = match waited {
            _ if is_lost => Cause::SupplyLost,
            _ if declined => Cause::NodeDeclined,
            true => Cause::SupplyCame,
            false => Cause::SoonerSupply,
        };
        // They are decided on as one.
        let (at, looked_at) = (self.kernel.state.now(), self.looked_at);
        let mut candidates = of_first_line(trace, DECISION_CANDIDATES_MAX);
        lines.retain(|line| line.line == self.bundle.line || !line.moves.is_empty());
        for line in &mut lines {
            let candidates = std::mem::take(&mut candidates);
            line.why = Some(Box::new(Why { at, cause, looked_at, candidates }));
        }
        let step = |moved: &Move| (moved.from, moved.to, moved.units);
        let steps = |line: &LineRepegged| line.moves.iter().map(step).collect();
        let steps = lines.iter().map(|line| (self.sku(line.line), steps(line))).collect();
        let header = &self.order.header;
        let event = BundleMoved {
            no: self.order.no,
            id: header.id.clone(),
            looked_at,
            lines: lines.into_iter().map(|line| (self.sku(line.line), line)).collect(),
            held: self.order.open_hold().is_some(),
            priority: Some(header.priority).filter(|it| !it.is_default()),
        };
        Moved { event, steps, room: Vec::new(), leaves_others: false }
    }
}

/// What is left at a node that bundles leave.
struct Left {
    /// What these are given, by line.
    lines: Vec<LineRepegged>,
    /// What stays, by line.
    stay: Vec<Vec<Unit>>,
    /// The shipments that they go in.
    opened: Vec<Opened>,
}

/// A shipment that is opened for one of the draft.
struct Opened {
    /// Which one of the draft, from 0.
    at: usize,
    /// Which one it is of the order, from 0.
    shipment: u16,
    node: NodeNo,
}

/// Units of a line in a shipment.
#[derive(Clone, Copy)]
struct Unit {
    shipment: u16,
    rest: Rest,
}

impl Taken {
    /// Has the shipments that bundles leave, and those that they go in, leave on the first day with
    /// room for what is in them, and asks for that room.
    pub fn fit_moved(&self, kernel: &Kernel, network: &Network, order: &Order, moved: &mut Moved) {
        let Moved { event: BundleMoved { lines, .. }, room, .. } = moved;
        let after = |lines: &[(SkuNo, LineRepegged)]| {
            lines.iter().fold(order.clone(), |order, (_, line)| order.repegged(line))
        };
        let unfitted = after(lines);
        self.fit_told(kernel, network, (order, unfitted), &mut lines[0].1.told);
        *room = beyond(&after(lines).loads(), &order.loads()).into_iter().collect();
    }
}
