//! What of a bundle waits, and what it is given.
//!
//! ```text
//!   a component came free where the bundle waits ---> that component rests on it, for as long as
//!                                                     the bundle waits for the others
//!   another node has all components -------------> the bundle moves there, whole: event
//!                                                     `BundleMoved`, one order, each component
//! ```
//! All components of a bundle are in one shipment, so that they leave together. A bundle keeps
//! what it has at its node: else newer orders of single components would have them in turn, and it
//! would never be whole.

use std::sync::Arc;

use smallvec::SmallVec;

use super::days::Taken;
use super::event::BundleMoved;
use super::pool::{At, Demand, Pool, Pools, Step};
use crate::limits::DECISION_CANDIDATES_MAX;
use crate::model::load::beyond;
use crate::model::order::trace::of_first_line;
use crate::model::{
    Allocation, Cause, HoldState, LineRepegged, Lsn, Move, NodeNo, Order, OrderedBundle, RoomAsked,
    Shortage, Split, Supply, Text, Timestamp, Told, Why,
};
use crate::planning::bundled::{Supplies, plan_bundled};
use crate::planning::{Bundled, Draft, MadeOf, MadePart, Rooms, Wanted, WantedLine, Way};
use crate::state::network::{Network, is_supplier};
use crate::state::stock::{Ready, Rest};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, days};

/// The steps of a component's units to what is free where they are. Of those that wait at a node,
/// so many as it declined find nothing there.
pub fn steps_at_home(
    network: &Network,
    pool: &Pool,
    demand: &Demand,
    declined: &[(NodeNo, u32)],
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut homes: SmallVec<[NodeNo; 2]> = demand.parts.iter().map(|((no, _), _)| *no).collect();
    homes.dedup();
    for no in homes {
        let Some(known) = network.nodes.get(usize::from(no.0)) else { continue };
        let there = if is_supplier(known.node.kind) { Supply::Supplier } else { Supply::OnHand };
        let mut offers = pool.offers_at(no, there);
        let mut parts: SmallVec<[(At, u32); 4]> =
            demand.parts.iter().filter(|((of, _), _)| *of == no).copied().collect();
        parts.sort_by_key(|(at, _)| std::cmp::Reverse(pool.ready(*at)));
        let mut no_more: u32 = declined.iter().filter(|(of, _)| *of == no).map(|of| of.1).sum();
        for (from, mut units) in parts {
            if from.1 == Supply::Backorder {
                let kept = units.min(no_more);
                (units, no_more) = (units - kept, no_more - kept);
            }
            for (to, free) in &mut offers {
                let moved = units.min(*free);
                if moved > 0 && pool.ready(*to) < pool.ready(from) {
                    steps.push((from, *to, moved));
                    (units, *free) = (units - moved, *free - moved);
                }
            }
        }
    }
    steps
}

/// A bundle, or some of them, that another node is to ship.
pub struct Moved {
    pub event: BundleMoved,
    /// What each component steps to.
    pub steps: Vec<(crate::model::SkuNo, Vec<Step>)>,
    /// What it puts on days beyond what the order had there.
    pub room: Vec<RoomAsked>,
}

/// Bundles that wait in a shipment.
struct Source {
    shipment: u16,
    node: NodeNo,
    units: u32,
}

/// A look at an order with bundles that wait.
pub struct Waiting<'a> {
    pub kernel: &'a Kernel,
    pub network: &'a Arc<Network>,
    pub pools: &'a Pools,
    pub order: &'a Order,
    pub bundle: &'a OrderedBundle,
    /// What was looked at.
    pub looked_at: Lsn,
    /// What may leave nodes beside it.
    pub rooms: Rooms<'a>,
}

impl Waiting<'_> {
    /// What other nodes have for bundles that wait, all components of each.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn moved(&self) -> Result<Option<Moved>, EngineError> {
        let resting = Resting::read(self.kernel, self.order)?;
        let sources = self.sources(&resting);
        let wanted: u32 = sources.iter().map(|source| source.units).sum();
        if wanted == 0 {
            return Ok(None);
        }
        let Some(draft) = self.planned(&sources, wanted) else { return Ok(None) };
        if draft.unfilled_units() >= u64::from(wanted) {
            return Ok(None);
        }
        Ok(Some(self.carried_out(&resting, &sources, &draft)))
    }

    fn lines(&self) -> std::ops::Range<u16> {
        self.bundle.lines()
    }

    fn each(&self, line: u16) -> u32 {
        self.order.each_of(self.bundle, line)
    }

    /// What the units of a line in a shipment rest on, the last to be there first.
    fn rests(&self, resting: &Resting, line: u16, shipment: u16) -> SmallVec<[Rest; 4]> {
        let all = self.order.allocations.iter().zip(&resting.rests);
        let of_it = all.filter(|(a, _)| (a.line, a.shipment) == (line, shipment));
        let mut rests: SmallVec<[Rest; 4]> = of_it.flat_map(|(_, rests)| rests).copied().collect();
        rests.sort_by_key(|rest| std::cmp::Reverse(rest.ready()));
        rests
    }

    /// How many bundles wait in which shipment, those with the last right to units first; all of
    /// a bundle that must not be split, if any waits.
    fn sources(&self, resting: &Resting) -> Vec<Source> {
        let waiting = |shipment: u16| {
            let of_line = |line: u16| {
                let rests = self.rests(resting, line, shipment);
                let waits = rests.iter().filter(|rest| rest.ready() == Ready::Never);
                waits.map(|rest| rest.units).sum::<u32>().div_ceil(self.each(line))
            };
            self.lines().map(of_line).max().unwrap_or(0)
        };
        let is_whole = self.order.header.split == Split::WholeLine;
        let open = self.order.bundles_in(self.bundle);
        let any_waits = open.iter().any(|(shipment, _)| waiting(*shipment) > 0);
        let by_right = self.order.shipments_by_right().into_iter().rev();
        let source = |shipment: u16| {
            let units = open.iter().find(|(of, _)| *of == shipment)?.1;
            let units = if is_whole && any_waits { units } else { waiting(shipment).min(units) };
            let node = self.order.shipments[usize::from(shipment)].node;
            (units > 0).then_some(Source { shipment, node, units })
        };
        by_right.filter_map(source).collect()
    }

    /// What nodes have that the bundles do not wait at, and that did not decline the order.
    fn planned(&self, sources: &[Source], quantity: u32) -> Option<Draft> {
        let (kernel, header) = (self.kernel, &self.order.header);
        let is_open = |no: NodeNo| {
            !self.order.declined.contains(&no) && !sources.iter().any(|source| source.node == no)
        };
        let sku = |line: u16| self.order.lines[usize::from(line)].sku;
        let entry = |line: u16| kernel.state.catalogue.entry(sku(line));
        let part = |line| MadePart { sku: sku(line), entry: entry(line), each: self.each(line) };
        let parts = self.lines().map(part).collect();
        let (channel, now) = (header.channel.as_ref().map(Text::as_str), kernel.state.now());
        let there = |sku| self.pools.of(sku).for_channel(channel, now).there(is_open);
        let supplies: Supplies = self.lines().map(|line| (sku(line), there(sku(line)))).collect();
        let first = self.bundle.line;
        let line = WantedLine { sku: self.bundle.sku, entry: entry(first), quantity };
        let wanted = Wanted {
            lines: SmallVec::from_iter([line]),
            way: Way::of(self.network, &*kernel.postal, header)?,
            channel: header.channel.as_ref(),
            promise_by: self.order.promised_by(first),
            // What nothing is planned for stays where it is.
            shortage: Shortage::Partial,
            split: header.split,
            at: kernel.state.now(),
            seen: None,
            own: None,
            rooms: self.rooms,
            bundled: Some(Arc::new(Bundled(vec![MadeOf { bundle: Some(self.bundle.sku), parts }]))),
        };
        Some(plan_bundled(self.network, &wanted, &supplies, &[]))
    }

    /// The moves of each component, so many bundles from each source to each new shipment.
    fn carried_out(&self, resting: &Resting, sources: &[Source], draft: &Draft) -> Moved {
        let first_new = self.order.shipments.len();
        let mut lines: Vec<LineRepegged> =
            self.lines().map(|line| LineRepegged { line, ..LineRepegged::default() }).collect();
        lines[0].opened = draft.shipments.iter().map(|shipment| shipment.node).collect();
        for (repegged, part) in lines.iter_mut().zip(0u16..) {
            let each = self.each(repegged.line);
            let mut given: Vec<Allocation> =
                draft.allocations.iter().filter(|a| a.line == part).copied().collect();
            given.sort_by_key(|a| a.shipment);
            for source in sources {
                let mut rests = self.rests(resting, repegged.line, source.shipment);
                let mut left = source.units * each;
                for to in &mut given {
                    let to_node = draft.shipments[usize::from(to.shipment)].node;
                    let to_shipment = u16::try_from(first_new + usize::from(to.shipment));
                    let to_shipment = to_shipment.expect("few shipments");
                    for rest in &mut rests {
                        let units = rest.units.min(left).min(to.units);
                        if units == 0 {
                            continue;
                        }
                        (rest.units, left, to.units) =
                            (rest.units - units, left - units, to.units - units);
                        repegged.moves.push(Move {
                            units,
                            shipment: source.shipment,
                            from: (source.node, rest.supply),
                            to_shipment,
                            to: (to_node, to.supply),
                        });
                    }
                }
            }
        }
        self.told(resting, sources, draft, lines)
    }

    /// The same, with the days that follow, and why.
    fn told(
        &self,
        resting: &Resting,
        sources: &[Source],
        draft: &Draft,
        mut lines: Vec<LineRepegged>,
    ) -> Moved {
        let first_new = self.order.shipments.len();
        let there = |at: usize| {
            let of_it = draft.allocations.iter().filter(|a| usize::from(a.shipment) == at);
            of_it.clone().all(|a| a.supply.is_there())
        };
        let new = draft.shipments.iter().enumerate().map(|(at, shipment)| Told {
            shipment: u16::try_from(first_new + at).expect("few shipments"),
            deliver_by_before: None,
            days: shipment.ship_by.zip(shipment.deliver_by),
            units_there: there(at),
        });
        let left = sources.iter().filter_map(|source| self.told_anew(resting, source, &lines));
        let told: Vec<Told> = left.chain(new).collect();
        lines[0].told = told;
        lines[0].offered_until = self.offered_until(resting, &lines);
        let declined = sources.iter().any(|source| self.order.was_declined(source.shipment));
        let why = |candidates| Why {
            at: self.kernel.state.now(),
            cause: if declined { Cause::NodeDeclined } else { Cause::SupplyCame },
            looked_at: self.looked_at,
            candidates,
        };
        for line in &mut lines {
            line.why = Some(Box::new(why(Box::default())));
        }
        // They are decided on as one.
        let candidates = of_first_line(&draft.trace, DECISION_CANDIDATES_MAX);
        lines[0].why = Some(Box::new(why(candidates)));
        let after = lines.iter().fold(self.order.clone(), |order, line| order.repegged(line));
        let room = beyond(&after.loads(), &self.order.loads()).into_iter().collect();
        let step = |moved: &Move| (moved.from, moved.to, moved.units);
        let sku = |line: &LineRepegged| self.order.lines[usize::from(line.line)].sku;
        let steps = lines.iter().map(|line| (sku(line), line.moves.iter().map(step).collect()));
        let steps = steps.collect();
        let header = &self.order.header;
        let event = BundleMoved {
            no: self.order.no,
            id: header.id.clone(),
            looked_at: self.looked_at,
            lines: lines.into_iter().map(|line| (sku(&line), line)).collect(),
            held: self.order.open_hold().is_some(),
            priority: Some(header.priority).filter(|it| !it.is_default()),
        };
        Moved { event, steps, room }
    }

    /// Units of an allocation that stay where they are, and when the last of a shipment can be
    /// counted on then; none if none stays.
    fn ready_after(
        &self,
        resting: &Resting,
        shipment: u16,
        lines: &[LineRepegged],
    ) -> Option<Ready> {
        let all = self.order.allocations.iter().zip(&resting.rests);
        let mut left: Vec<(u16, Rest)> = all
            .filter(|(a, _)| a.shipment == shipment)
            .flat_map(|(a, rests)| rests.iter().map(|rest| (a.line, *rest)))
            .collect();
        for line in lines {
            for moved in line.moves.iter().filter(|moved| moved.shipment == shipment) {
                let mut units = moved.units;
                for (_, rest) in left
                    .iter_mut()
                    .filter(|(of, rest)| *of == line.line && rest.supply == moved.from.1)
                {
                    let gone = rest.units.min(units);
                    (rest.units, units) = (rest.units - gone, units - gone);
                }
            }
        }
        left.iter().filter(|(_, rest)| rest.units > 0).map(|(_, rest)| rest.ready()).max()
    }

    /// What is told anew of a shipment that bundles leave, if it is something else than before.
    fn told_anew(
        &self,
        resting: &Resting,
        source: &Source,
        lines: &[LineRepegged],
    ) -> Option<Told> {
        let ready = self.ready_after(resting, source.shipment, lines);
        let before = &self.order.shipments[usize::from(source.shipment)];
        let (units_there, known) =
            (ready == Some(Ready::Now), self.order.was_told_of_units_there(source.shipment));
        if units_there && known && before.ship_by.is_some() {
            return None;
        }
        let now = self.kernel.state.now();
        let header = &self.order.header;
        let days = ready
            .and_then(|ready| days(self.kernel, self.network, header, source.node, (ready, now)));
        let is_same = known == units_there && before.ship_by.zip(before.deliver_by) == days;
        let deliver_by_before = before.deliver_by;
        let shipment = source.shipment;
        (!is_same).then_some(Told { shipment, deliver_by_before, days, units_there })
    }

    /// Until when a hold that waited has its units, if nothing of it waits any more.
    fn offered_until(&self, resting: &Resting, lines: &[LineRepegged]) -> Option<Timestamp> {
        let hold = self.order.open_hold().filter(|hold| hold.state == HoldState::Waiting)?;
        let shipments = 0..u16::try_from(self.order.shipments.len()).expect("few shipments");
        let waits = shipments
            .map(|shipment| self.ready_after(resting, shipment, lines))
            .any(|ready| ready == Some(Ready::Never));
        let until =
            self.kernel.state.now().saturating_add_micros(i64::from(hold.seconds) * 1_000_000);
        (!waits).then_some(until.min(hold.until_max()))
    }
}

impl Taken {
    /// Has the shipments that bundles leave go on the first day with room for what is left.
    pub fn fit_moved(&self, kernel: &Kernel, network: &Network, order: &Order, moved: &mut Moved) {
        let mut after = order.clone();
        for (_, line) in &mut moved.event.lines {
            if !line.told.is_empty() {
                self.fit(kernel, network, &after, line);
            }
            after = after.repegged(line);
        }
    }
}
