//! Looks at a SKU's backlog, and plans what of it rests on what from now on.

mod bundles;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::days::{Taken, arrives};
use super::event::{BacklogRepegged, BundleMoved, Repegged};
use super::line::Line;
use super::pool::{At, Demand, Part, Pool, Pools, Step};
use super::read::{leave_out_overdue, read_backlog, wait_for};
use super::sourced::{Closed, keep_minimums, planned_for, units_leaving};
use crate::limits::{
    DECISION_CANDIDATES_MAX, ORDER_ALLOCATIONS_MAX, REPEGGED_LINES_MAX, REPEGGED_MOVES_MAX,
    TOLD_PAIRS_MAX,
};
use crate::model::order::trace::of_first_line;
use crate::model::{
    Cause, Day, LineRepegged, Lsn, NodeNo, Order, OrderNo, OrderState, OrderedBundle, Pair, Repeg,
    RoomAsked, SkuNo, Supply, Text, Why,
};
use crate::planning::Replanned;
use crate::state::network::Network;
use crate::state::stock::{Asker, Asks, Coming, Ready};
use crate::transaction::attempts::Attempt;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::days_of;

/// Lines that are looked at before the looks at other SKUs go on.
const DEMANDS_AT_ONCE: usize = 64;

/// What happens to a part of the backlog.
pub enum Repegging {
    /// Lines rest on other supply of their SKU.
    Backlog(BacklogRepegged),
    /// Bundles of an order rest on the supply of other nodes.
    Bundle(BundleMoved),
}

impl Repegging {
    /// What comes off the supplies of each pair, and onto them.
    pub fn by_pair(&self) -> BTreeMap<Pair, Repeg> {
        match self {
            Self::Backlog(event) => event.by_pair(),
            Self::Bundle(event) => event.by_pair(),
        }
    }
}

/// What was planned for a part of the backlog, and what it rests on.
pub struct Planned {
    /// What happens if it can be done.
    pub event: Repegging,
    /// The orders, with the last event that changed each.
    pub orders: Vec<(OrderNo, Lsn)>,
    /// When the supply on its way is expected that the lines come to rest on, or leave.
    pub comings: Vec<(Pair, Coming)>,
    /// What each of them puts on days of nodes that have a capacity, beyond what it had there.
    pub room: Vec<RoomAsked>,
    /// Whose orders they are, where a pair says who may have its units.
    pub asks: Option<Arc<Asks>>,
}

/// A look at the backlog of a SKU: who waits, what is free, and how far it was planned.
pub struct Look {
    sku: SkuNo,
    /// What was applied before.
    at: Lsn,
    network: Arc<Network>,
    /// A pair that has units in flight which may come back.
    in_flight: Option<Pair>,
    /// What is free, less what was planned: of the SKU, and of those that bundles need which wait.
    pools: Pools,
    /// In the order in which they are served, each of a SKU.
    demands: Vec<(SkuNo, Demand)>,
    /// The last order that something happens to. An event changes an order once.
    served: Option<OrderNo>,
    /// The last bundle that was planned for, of which all components were.
    bundle: Option<(OrderNo, OrderedBundle)>,
    /// Bundles that are given nothing: as many as are looked at for who would pass them.
    stayed: Vec<(Order, OrderedBundle)>,
    /// The same, of such as wait for a component of which nothing is free, and which one of those
    /// behind them keeps.
    starved: Vec<(Order, OrderedBundle)>,
    /// The components of which these were looked for.
    starved_of: BTreeSet<SkuNo>,
    /// Orders that something happens to in this look.
    given: BTreeSet<OrderNo>,
    /// How many of them were planned for.
    planned: usize,
    does: Does,
    has_served: bool,
    /// Whether a line is left to the next look.
    left_one: bool,
    is_told: bool,
    /// What the lines put on days that are planned for the next event.
    taken: Taken,
}

/// What a look does for each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Gives it what is free.
    Serve,
    /// Tells it other days. Only once nothing can be served: what is served has other days
    /// again.
    Tell,
}

impl Look {
    /// Looks at all nodes that ever had the SKU.
    pub async fn at(kernel: &Kernel, sku: SkuNo) -> Result<Self, EngineError> {
        let at = kernel.watermark.applied();
        let (network, served) = (kernel.state.network.load_full(), None);
        let (planned, has_served) = (0, false);
        let mut look = Self {
            sku,
            at,
            network,
            in_flight: None,
            pools: Pools::default(),
            demands: Vec::new(),
            served,
            bundle: None,
            stayed: Vec::new(),
            starved: Vec::new(),
            starved_of: BTreeSet::new(),
            given: BTreeSet::new(),
            planned,
            does: Does::Serve,
            has_served,
            left_one: false,
            is_told: false,
            taken: Taken::default(),
        };
        look.see(kernel, sku).await?;
        if kernel.state.catalogue.entry(sku).is_component() && look.pool().has_any() {
            look.see_beside(kernel).await?;
        }
        Ok(look)
    }

    /// Looks at a SKU as well.
    async fn see(&mut self, kernel: &Kernel, sku: SkuNo) -> Result<(), EngineError> {
        let mut looked = read_backlog(kernel, sku).await?;
        // Another SKU is waited for as far as new orders are kept from it: else there may always be
        // units in flight. Those that come back mark it, and this one with it.
        let is_waited_for = sku == self.sku || kernel.state.catalogue.entry(sku).is_unsettled();
        let in_flight = looked.iter().find(|(_, at)| at.in_flight && is_waited_for);
        let in_flight = in_flight.map(|(node, _)| *node);
        leave_out_overdue(&self.network, kernel.state.now(), &mut looked);
        self.in_flight = self.in_flight.or_else(|| in_flight.map(|node| Pair { sku, node }));
        let is_enabled = |no| self.network.known_terms(no).is_some_and(|terms| terms.enabled);
        let entry = kernel.state.catalogue.entry(sku);
        let draw = entry.draw();
        let (pool, demands) = Pool::of(looked, (draw.as_deref(), entry.is_closed()), is_enabled);
        self.pools.add(sku, pool);
        self.demands.extend(demands.into_iter().map(|demand| (sku, demand)));
        Ok(())
    }

    /// Looks at the other components of bundles as well, where something waits for them: who waits
    /// for one may be given what is free of this one.
    async fn see_beside(&mut self, kernel: &Kernel) -> Result<(), EngineError> {
        let beside = kernel.state.catalogue.beside(self.sku);
        let waits = |sku: &&SkuNo| kernel.state.catalogue.entry(**sku).row.has_backlog();
        let all: Vec<SkuNo> = beside.iter().filter(waits).copied().collect();
        self.see_all(kernel, &all).await
    }

    /// Looks at those as well that were not looked at yet: whatever else waits for them comes into
    /// the one order of service.
    async fn see_all(&mut self, kernel: &Kernel, skus: &[SkuNo]) -> Result<(), EngineError> {
        for sku in skus {
            if !self.pools.has(*sku) {
                self.see(kernel, *sku).await?;
            }
        }
        self.demands.sort_by_key(|(_, of)| (of.priority, of.place, of.order, of.line));
        Ok(())
    }

    fn pool(&self) -> &Pool {
        self.pools.of(self.sku)
    }

    /// Plans for the lines behind those that were planned for, in the order of service: each
    /// line gets what its policy likes best of what is free, and is told the days that follow.
    /// None when nothing of them can be served sooner or is to be told, and no command in flight
    /// has units that may come back.
    pub async fn plan<'k>(
        &mut self,
        kernel: &'k Kernel,
    ) -> Result<Attempt<'k, Option<Planned>>, EngineError> {
        loop {
            match self.lines(kernel).await? {
                Attempt::Done(None) => {}
                planned => return Ok(planned),
            }
            match (self.in_flight, self.does) {
                (_, Does::Serve) if self.has_served => return Ok(Attempt::Done(None)),
                (Some(pair), _) => return wait_for(kernel, pair).await,
                (None, Does::Serve) => {
                    (self.does, self.planned, self.bundle) = (Does::Tell, 0, None);
                }
                (None, Does::Tell) => return Ok(Attempt::Done(self.all_told())),
            }
        }
    }

    /// A node from which a day follows that was not told yet, if nobody is about to tell it.
    pub fn untold(&self) -> Option<NodeNo> {
        self.pool().untold().map(|(no, _)| no).next()
    }

    /// When units on a supply of a SKU that is looked at can be counted on.
    pub fn ready(&self, sku: SkuNo, at: At) -> Ready {
        self.pools.of(sku).ready(at)
    }

    /// Plans for as many lines as one event has; none when there is nothing to do for the
    /// others.
    async fn lines<'k>(
        &mut self,
        kernel: &'k Kernel,
    ) -> Result<Attempt<'k, Option<Planned>>, EngineError> {
        let (mut lines, mut orders, mut moves) = (Vec::new(), Vec::new(), 0);
        let (mut comings, mut of, mut who) = (Vec::new(), None, Vec::new());
        while let Some((sku, demand)) = self.demands.get(self.planned) {
            let sku = *sku;
            if self.planned.is_multiple_of(DEMANDS_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            if lines.len() >= REPEGGED_LINES_MAX || moves >= REPEGGED_MOVES_MAX {
                break;
            }
            let is_concerned = match self.does {
                Does::Serve if demand.is_kept => false,
                Does::Serve => self.pools.of(sku).may_serve(demand),
                Does::Tell => sku == self.sku && self.pool().may_tell(demand),
            };
            if !is_concerned || self.is_planned(demand) {
                self.planned += 1;
                continue;
            }
            // A pair has its event already, and the order not yet.
            let Some(order) = read_order(kernel, demand.order).await? else {
                return Ok(Attempt::Overtaken);
            };
            if order.last_lsn > self.at {
                // What was planned for those before it holds all the same.
                if lines.is_empty() {
                    return Ok(Attempt::Overtaken);
                }
                break;
            }
            let bundle = order.bundle_of(demand.line).filter(|_| self.does == Does::Serve);
            let bundle = bundle.copied();
            let unseen = bundle.map(|bundle| self.unseen(&order, &bundle)).unwrap_or_default();
            if !unseen.is_empty() {
                if !self.begins_anew(&lines) {
                    break;
                }
                self.see_all(kernel, &unseen).await?;
                continue;
            }
            // An event changes an order once: the next look serves another line of it, before
            // those behind it, or other bundles.
            if self.served == Some(demand.order) {
                // What its bundles wait for is not to be told from what they were just given.
                let goes_on =
                    bundle.is_some() || !self.steps(kernel, (sku, demand), &order)?.0.is_empty();
                self.left_one |= goes_on;
                self.planned = if goes_on { self.demands.len() } else { self.planned + 1 };
                continue;
            }
            if let Some(bundle) = bundle {
                if !lines.is_empty() {
                    break;
                }
                match self.bundle_served(kernel, bundle, order).await? {
                    Attempt::Done(None) => continue,
                    planned => return Ok(planned),
                }
            }
            // An event is of one SKU.
            if of.is_some_and(|of| of != sku) {
                break;
            }
            let (steps, line) = match self.serve(kernel, (sku, demand), &order)? {
                Served::Stays => {
                    self.planned += 1;
                    continue;
                }
                Served::Overtaken => return Ok(Attempt::Overtaken),
                Served::Steps(steps, line) => (steps, line),
            };
            of = Some(sku);
            if kernel.state.loads.is_used() {
                self.taken.note(&order, &line);
            }
            moves += line.moves.len();
            orders.push((order.no, order.last_lsn));
            self.served = Some(order.no);
            self.given.insert(order.no);
            if self.pools.of(sku).has_terms() {
                let (no, channel) = (Some(order.no), order.header.channel.clone());
                who.push(Asker { order: no, channel, is_known: true });
            }
            let held = order.open_hold().map(|_| true);
            let priority = Some(order.header.priority).filter(|it| !it.is_default());
            let id = order.header.id.clone();
            lines.push(Repegged { no: order.no, id, line, held, priority });
            note_comings((sku, self.pools.of(sku)), &steps, &mut comings);
            self.pools.take(sku, &steps, order.header.channel.as_ref().map(Text::as_str));
            self.planned += 1;
        }
        if let Some(sku) = of {
            self.has_served = true;
            let event = BacklogRepegged { sku, looked_at: self.at, lines, told: None };
            let event = Repegging::Backlog(event);
            let room = self.taken.split_off();
            let asks = (!who.is_empty()).then(|| Arc::new(Asks { at: kernel.state.now(), who }));
            return Ok(Attempt::Done(Some(Planned { event, orders, comings, room, asks })));
        }
        Ok(Attempt::Done(None))
    }

    /// That all days that follow from pairs were told, where that is not on record yet.
    fn all_told(&mut self) -> Option<Planned> {
        let told = self.pool().untold().map(|(no, told)| (no, told.clone()));
        let told: Vec<_> = told.take(TOLD_PAIRS_MAX).collect();
        if told.is_empty() || self.is_told || self.left_one {
            return None;
        }
        self.is_told = true;
        let (sku, looked_at) = (self.sku, self.at);
        let event = BacklogRepegged { sku, looked_at, lines: Vec::new(), told: Some(told) };
        let event = Repegging::Backlog(event);
        let (orders, comings, room) = (Vec::new(), Vec::new(), Vec::new());
        Some(Planned { event, orders, comings, room, asks: None })
    }

    /// Whether it is of a bundle of which all components were planned for.
    fn is_planned(&self, demand: &Demand) -> bool {
        let (order, line) = (demand.order, demand.line);
        self.bundle.is_some_and(|(of, bundle)| of == order && bundle.has(line))
    }

    /// Begins anew, because more is looked at; false where something is served already: the next
    /// look begins with it then.
    fn begins_anew(&mut self, lines: &[Repegged]) -> bool {
        let begins = !self.has_served && lines.is_empty();
        self.left_one |= !begins;
        self.stayed.clear();
        self.starved.clear();
        self.starved_of.clear();
        // The bundles that stayed are looked at again, or newer ones would pass them.
        self.bundle = None;
        self.planned = if begins { 0 } else { self.demands.len() };
        begins
    }

    /// What a line steps to, and what that does to its order, with the days that it is told.
    fn serve(
        &self,
        kernel: &Kernel,
        (sku, demand): (SkuNo, &Demand),
        order: &Order,
    ) -> Result<Served, EngineError> {
        if order.state() != OrderState::Open {
            return Ok(Served::Stays);
        }
        let (steps, candidates) = match self.does {
            Does::Serve => self.steps(kernel, (sku, demand), order)?,
            Does::Tell => <(Vec<Step>, Box<[u8]>)>::default(),
        };
        if steps.is_empty() && self.does == Does::Serve {
            return Ok(Served::Stays);
        }
        let line = Line { order, demand, pool: self.pools.of(sku) };
        let mut line = line.repegged(kernel, &steps)?;
        if let (Some(line), true) = (&mut line, kernel.state.loads.is_used()) {
            self.taken.fit(kernel, &self.network, order, line);
        }
        Ok(match line {
            None => Served::Overtaken,
            Some(line) if line.moves.is_empty() && line.told.is_empty() => Served::Stays,
            Some(mut line) => {
                let (at, looked_at) = (kernel.state.now(), self.at);
                let cause = cause(order, &line);
                line.why = Some(Box::new(Why { at, cause, looked_at, candidates }));
                Served::Steps(steps, line)
            }
        })
    }

    /// The steps of a line to what sourcing would give it now, and the trace of its candidates.
    fn steps(
        &self,
        kernel: &Kernel,
        (sku, demand): (SkuNo, &Demand),
        order: &Order,
    ) -> Result<(Vec<Step>, Box<[u8]>), EngineError> {
        let pool = self.pools.of(sku);
        if order.is_passed_over(demand.line) {
            return Ok(Default::default());
        }
        if !pool.may_serve(demand) || order.allocations.len() >= ORDER_ALLOCATIONS_MAX {
            return Ok(Default::default());
        }
        let declined = order.declined_of(demand.line);
        let channel = order.header.channel.as_ref().map(Text::as_str);
        let has_terms = pool.has_terms();
        let pool = &*pool.for_channel(channel, kernel.state.now());
        let closed = Closed::to(&self.network, order, demand.line);
        let serves = |no| closed.is_open(no) && !order.declined.contains(&no);
        let is_anybodys = declined.is_empty() && closed.is_none() && !has_terms;
        if !is_anybodys && !pool.may_serve_at(demand, (&declined, serves)) {
            return Ok(Default::default());
        }
        let replanned = self.replanned(kernel, (pool, demand), order)?;
        let of = (order, &replanned);
        let (planned, trace) = planned_for(kernel, (sku, pool), demand, of);
        let now = kernel.state.now();
        let arrival = |at: At| -> Option<Day> {
            let ready = (pool.ready(at), now);
            let (ship_by, arrives_at) = days_of(kernel, &self.network, (order, at.0), ready)?;
            if !self.network.is_bounded(at.0) {
                return Some(arrives_at);
            }
            let units = units_leaving(demand, &planned, (order.header.split, at));
            arrives(kernel, &self.network, of, (at.0, ship_by, units))
        };
        let (split, declined) = (order.header.split, &*declined);
        let steps = |planned: &[Part]| {
            let mut steps = pool.steps(demand, planned, (split, declined, &serves), arrival);
            keep_minimums(&self.network, split, &mut steps);
            steps
        };
        let planned = steps(&planned);
        if !planned.is_empty() {
            return Ok((planned, of_line(&trace)));
        }
        // Its policy likes another node better, where it would arrive later than what it has: it
        // stays, and there it goes by what is there first.
        let there = |no| self.network.there(no);
        Ok((steps(&pool.planned_at_home(demand, split, there)), Box::default()))
    }

    /// What is different of the days of nodes for an order of which a line is planned anew.
    fn replanned(
        &self,
        kernel: &Kernel,
        (pool, demand): (&Pool, &Demand),
        order: &Order,
    ) -> Result<Replanned, EngineError> {
        if !kernel.state.loads.is_used() {
            return Ok(Replanned::default());
        }
        let resting = Line { order, demand, pool }.resting(kernel)?;
        Ok(self.taken.replanned((order, &resting), demand))
    }
}

/// What is kept of the trace of a line that was planned anew, which comes before what was planned
/// beside it.
fn of_line(trace: &[u8]) -> Box<[u8]> {
    of_first_line(trace, DECISION_CANDIDATES_MAX)
}

/// What brought about that units of a line rest elsewhere, or that other days are told.
fn cause(order: &Order, line: &LineRepegged) -> Cause {
    let is_of_line = |shipment: u16| order.allocations_of(shipment).any(|a| a.line == line.line);
    let declined = (0..).zip(&order.shipments).any(|(at, _)| {
        let is_left = line.moves.iter().any(|moved| moved.shipment == at)
            || line.told.iter().any(|told| told.shipment == at && told.days.is_none());
        is_left && is_of_line(at) && order.was_declined(at)
    });
    let waited = line.moves.iter().any(|moved| moved.from.1 == Supply::Backorder);
    let is_lost = line.told.iter().any(|told| told.days.is_none());
    match line.moves.is_empty() {
        _ if declined => Cause::NodeDeclined,
        false if waited => Cause::SupplyCame,
        false => Cause::SoonerSupply,
        true if is_lost => Cause::SupplyLost,
        true => Cause::SupplyMoved,
    }
}

/// What a look comes to for one line.
enum Served {
    /// It stays as it is.
    Stays,
    /// Its order is no more as its pairs are.
    Overtaken,
    /// It takes these steps, or none, which changes the order, or its days, so.
    Steps(Vec<Step>, LineRepegged),
}

/// Notes when the supply on its way is expected that a line steps to, and that which it leaves: one
/// that comes nearer before the line is in hand may come first.
pub(super) fn note_comings(
    (sku, pool): (SkuNo, &Pool),
    steps: &[Step],
    comings: &mut Vec<(Pair, Coming)>,
) {
    for at in steps.iter().flat_map(|(from, to, _)| [from, to]) {
        if let Some(coming) = pool.coming(*at) {
            let coming = (Pair { sku, node: at.0 }, coming);
            if !comings.contains(&coming) {
                comings.push(coming);
            }
        }
    }
}
