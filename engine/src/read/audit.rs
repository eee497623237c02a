//! The audit: every named invariant, on a live engine, at one LSN. What left memory
//! does not change, and is read after that.

mod backlog;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::actor::{ActorPanicked, Slot};
use crate::apply::sharing::channels;
use crate::limits::{AUDIT_ACTORS_AT_ONCE, AUDIT_REST_TIMES};
use crate::model::invariants::{Breach, conservation};
use crate::model::{
    ArchivedOrder, Lsn, NodeDay, NodeNo, Order, OrderNo, OrderState, Pair, Reservation, Shares,
    StateHash, Text,
};
use crate::read::as_of::AsOf;
use crate::service::Supervised;
use crate::snapshot::{
    ArchivedIn, Pace, SnapshotError, SnapshotStore, StoreError, chunk_of, recall,
};
use crate::state::catalogue::Catalogue;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::stock::{StockActor, StockMessage, StockReply};
use crate::state::uses::hash_of;
use crate::state::{Applied, State};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Most breaches that a report lists; the rest is counted.
pub const BREACHES_SHOWN_MAX: usize = 100;

/// What an audit found.
#[derive(Clone, Debug, Default)]
pub struct AuditReport {
    /// The event that all actors were looked at as of.
    pub lsn: Lsn,
    /// Pairs looked at that an event had changed.
    pub pairs: u64,
    /// Orders looked at.
    pub orders: u64,
    /// Orders that were read from a snapshot: those that had left memory at the end.
    pub archived: u64,
    /// Reservations looked at.
    pub reservations: u64,
    /// Units on hand, over all pairs.
    pub on_hand: u64,
    /// Units allocated, over all pairs.
    pub allocated: u64,
    /// Units that wait for supply, over all pairs.
    pub waiting: u64,
    /// Units pegged to inbound supply, over all pairs.
    pub pegged: u64,
    /// Units reserved, over all pairs and supplies.
    pub reserved: u64,
    /// Of those, units of reservations that are marked as held.
    pub held: u64,
    /// Units that orders have open: neither shipped nor cancelled.
    pub open: u64,
    /// Live holds looked at, which are orders as well.
    pub holds: u64,
    /// The state hash, from scratch.
    pub state_hash: StateHash,
    /// The first breaches.
    pub breaches: Vec<Breach>,
    /// All breaches.
    pub breach_count: u64,
}

impl AuditReport {
    /// Whether every invariant holds.
    pub fn is_clean(&self) -> bool {
        self.breach_count == 0
    }

    /// `SNAPSHOTS_WHOLE` does not hold, for each of these faults.
    pub fn snapshots(&mut self, faults: Vec<String>) {
        for fault in faults {
            self.breach("SNAPSHOTS_WHOLE", fault);
        }
    }

    /// `WORK_AS_READ` does not hold, for each of these.
    pub fn work(&mut self, kept: Vec<String>) {
        for of in kept {
            self.breach("WORK_AS_READ", format!("what is kept of {of} is not as it is"));
        }
    }

    fn breach(&mut self, name: &'static str, detail: String) {
        self.breach_count += 1;
        if self.breaches.len() < BREACHES_SHOWN_MAX {
            self.breaches.push(Breach::new(name, detail));
        }
    }
}

/// Audits, one after the other.
#[derive(Default)]
pub struct Audits {
    /// How many have begun.
    begun: AtomicU64,
    /// The last one that ended with a report. Held by the one that runs.
    last: Mutex<Ended>,
}

/// An audit that ended.
#[derive(Default)]
struct Ended {
    /// Which one it is, by its beginning; the first is 1.
    number: u64,
    report: AuditReport,
}

/// Audits the engine, which goes on meanwhile. A caller that waits for a running
/// audit takes the report of any audit that began after the caller asked.
///
/// # Errors
/// When an actor panicked, a step of the applier did not end, the engine began to shut down
/// since it was asked for, or what left memory is nowhere.
pub fn audit(kernel: &Kernel, audits: &Audits) -> Result<AuditReport, EngineError> {
    Asked::now(kernel, audits).report()
}

/// An audit that a caller asked for, before it waits for audits that run.
struct Asked<'a> {
    kernel: &'a Kernel,
    audits: &'a Audits,
    /// How many had begun.
    begun: u64,
    /// Whether the engine was shutting down. Else it ends with the engine, in line as well.
    is_closing: bool,
}

impl<'a> Asked<'a> {
    fn now(kernel: &'a Kernel, audits: &'a Audits) -> Self {
        let begun = audits.begun.load(Ordering::Relaxed);
        Self { kernel, audits, begun, is_closing: kernel.is_closing() }
    }

    fn report(&self) -> Result<AuditReport, EngineError> {
        let audits = self.audits;
        let mut last = audits.last.lock();
        if last.number <= self.begun {
            // It takes the gate after that: a caller that was told of an event which this
            // audit does not see finds that it has begun.
            let number = audits.begun.fetch_add(1, Ordering::Relaxed) + 1;
            *last = Ended { number, report: self.look()? };
        }
        Ok(last.report.clone())
    }

    fn look(&self) -> Result<AuditReport, EngineError> {
        let mut look = Look::new(self.kernel, self.is_closing);
        let state = AsOf::begin(self.kernel)?;
        let mut report = audit_actors(&mut look, &state)?;
        let applied = state.applied();
        // Nothing has to be kept as it was any more.
        drop(state);
        audit_hash(&mut look, applied, &mut report)?;
        audit_archived(&mut look, &mut report)?;
        audit_backlogs(&mut look, &mut report)?;
        Ok(report)
    }
}

/// A look at one actor after the other, which makes way for commands.
struct Look<'a> {
    kernel: &'a Kernel,
    pace: Pace<'a>,
    actors: usize,
}

impl<'a> Look<'a> {
    /// In an engine that is closing, it rests for no command.
    fn new(kernel: &'a Kernel, is_closing: bool) -> Self {
        let paced = || Pace::from(kernel).resting(AUDIT_REST_TIMES);
        let pace = if is_closing { Pace::unhurried() } else { paced() };
        Self { kernel, pace, actors: 0 }
    }

    /// Counts an actor, or a reservation of one; rests after enough of them.
    fn on(&mut self) -> Result<(), EngineError> {
        self.actors += 1;
        if self.actors >= AUDIT_ACTORS_AT_ONCE { self.rest() } else { Ok(()) }
    }

    /// Makes way for commands; an error when the engine is shutting down, which does not
    /// wait for audits.
    fn rest(&mut self) -> Result<(), EngineError> {
        self.actors = 0;
        self.pace.rest().map_err(|_| EngineError::Closing)
    }
}

/// Looks at all parts; their hash is not whole without that of the requests.
fn audit_actors(look: &mut Look<'_>, state: &AsOf<'_>) -> Result<AuditReport, EngineError> {
    let mut report = AuditReport { lsn: state.applied().lsn, ..AuditReport::default() };
    for (no, entry) in state.items() {
        look.on()?;
        report.state_hash.merge(Catalogue::hash_definition(no, &state.definition(no, entry)));
        for slot in &entry.row {
            audit_pair(look, state, Pair { sku: no, node: slot.node }, &mut report)?;
        }
    }
    // Units that live holds have.
    let mut held = 0;
    let mut days = BTreeMap::<NodeDay, [u64; 2]>::new();
    for (no, cell) in look.kernel.state.orders.iter() {
        look.on()?;
        match state.order(no, cell)? {
            OrderReply::Archived(archived) => {
                report.orders += 1;
                report.state_hash.add(archived.hash);
            }
            OrderReply::Resident(kept) => {
                let order = kept.order();
                report.state_hash.add(kept.hash());
                audit_order(look, state, &order, (&mut report, &mut held))?;
                add_loads(state, &order, &mut days);
            }
            _ => {}
        }
    }
    for no in 1..=state.documents() {
        look.on()?;
        if let Some(document) = state.document(no) {
            report.state_hash.add(document.hash());
        }
    }
    audit_days(state, &days, &mut report);
    audit_shares(look, &mut report)?;
    if report.held != held {
        let detail = format!("{} units are marked as held, holds have {held}", report.held);
        report.breach("CONSERVATION", detail);
    }
    // Every order's open units are reserved. So there is a reservation that no order
    // knows only if more is reserved than is open.
    if report.reserved != report.open {
        audit_owners(look, state, &mut report)?;
    }
    report.state_hash.merge(state.network().hash());
    report.state_hash.merge(state.pricing().hash_anew());
    report.state_hash.merge(state.return_rules().hash());
    report.state_hash.merge(state.assortment().hash_anew());
    state.uses().for_each(|(of, counted)| report.state_hash.merge(hash_of(&of, counted)));
    Ok(report)
}

/// Looks for backlogs that could be served, or told, and that nobody is to look at.
fn audit_backlogs(look: &mut Look<'_>, report: &mut AuditReport) -> Result<(), EngineError> {
    for (no, _) in look.kernel.state.catalogue.iter() {
        look.on()?;
        if let Some(Breach { name, detail }) = backlog::breach(look.kernel, no)? {
            report.breach(name, detail);
        }
    }
    Ok(())
}

/// `STATE_HASH`: adds the requests as of the event, and compares.
fn audit_hash(
    look: &mut Look<'_>,
    applied: Applied,
    report: &mut AuditReport,
) -> Result<(), EngineError> {
    report.state_hash.merge(hash_requests(look)?);
    if report.state_hash != applied.hash {
        let detail = format!("kept {}, from scratch {}", applied.hash, report.state_hash);
        report.breach("STATE_HASH", detail);
    }
    Ok(())
}

fn hash_requests(look: &mut Look<'_>) -> Result<StateHash, EngineError> {
    loop {
        look.rest()?;
        if let Some(hash) = look.kernel.state.requests.hash_some() {
            return Ok(hash);
        }
    }
}

/// `ARCHIVED_READABLE`: every order that left memory is in a snapshot, as the hash in
/// the running state has it, and closed. Takes time in which the engine goes on, so that
/// an order that is recalled or leaves meanwhile counts or not.
fn audit_archived(look: &mut Look<'_>, report: &mut AuditReport) -> Result<(), EngineError> {
    let kernel = look.kernel;
    if kernel.state.orders.archived() == 0 {
        return Ok(());
    }
    // Without it nothing can be said, which is not a breach.
    let store = kernel.archive.store().map_err(SnapshotError::from)?;
    let last = kernel.state.order_last.load(Ordering::Relaxed);
    let mut chunk = Vec::new();
    for no in (1..=last).map(OrderNo) {
        look.on()?;
        if chunk.first().is_some_and(|(first, _)| chunk_of(*first) != chunk_of(no)) {
            audit_chunk(look, &*store, &chunk, report)?;
            chunk.clear();
        }
        let Some(cell) = kernel.state.orders.by_no(no) else { continue };
        match cell.ask(OrderMessage::Read).wait() {
            Ok(OrderReply::Archived(archived)) => chunk.push((no, archived)),
            Ok(_) => {}
            Err(panicked) => return Err(kernel.panicked(panicked)),
        }
    }
    audit_chunk(look, &*store, &chunk, report)
}

fn audit_chunk(
    look: &mut Look<'_>,
    store: &dyn SnapshotStore,
    archived: &[(OrderNo, ArchivedOrder)],
    report: &mut AuditReport,
) -> Result<(), EngineError> {
    let Some((first, _)) = archived.first() else { return Ok(()) };
    let recalled = recall(store, archived);
    look.rest()?;
    match recalled {
        Ok(orders) => {
            report.archived += orders.len() as u64;
            for order in orders.iter().map(|(_, kept)| kept.order()) {
                audit_lines(&order, report);
                if order.state() == OrderState::Open {
                    report
                        .breach("ARCHIVED_READABLE", format!("order {} is open", order.header.id));
                }
            }
        }
        // What it has is not known, which is not a breach.
        Err(SnapshotError::Store(StoreError::Closed { .. })) => return Err(EngineError::Closing),
        Err(error) => {
            let detail = format!("{} orders from number {} on: {error}", archived.len(), first.0);
            report.breach("ARCHIVED_READABLE", detail);
        }
    }
    Ok(())
}

fn audit_pair(
    look: &mut Look<'_>,
    state: &AsOf<'_>,
    pair: Pair,
    report: &mut AuditReport,
) -> Result<(), EngineError> {
    look.on()?;
    let stock = state.pair(pair)?;
    // One that comes later is looked at as well, as it has to be empty.
    report.pairs += u64::from(stock.last_lsn != Lsn::NONE);
    report.on_hand += u64::from(stock.on_hand);
    report.allocated += u64::from(stock.allocated);
    report.waiting += u64::from(stock.waiting);
    report.pegged += stock.inbound().iter().map(|i| u64::from(i.pegged)).sum::<u64>();
    report.state_hash.merge(stock.hash(pair));
    if let Err(breach) = conservation(&stock) {
        report.breach(breach.name, format!("pair {pair:?}: {}", breach.detail));
    }
    for reservation in stock.reservations.iter() {
        look.on()?;
        report.reservations += 1;
        report.reserved += u64::from(reservation.units);
        report.held += if reservation.held { u64::from(reservation.units) } else { 0 };
    }
    Ok(())
}

/// Looks for reservations that no order knows.
fn audit_owners(
    look: &mut Look<'_>,
    state: &AsOf<'_>,
    report: &mut AuditReport,
) -> Result<(), EngineError> {
    let before = report.breach_count;
    for (sku, entry) in state.items() {
        for slot in &entry.row {
            look.on()?;
            let pair = Pair { sku, node: slot.node };
            for reservation in state.pair(pair)?.reservations.iter() {
                look.on()?;
                if let Err(detail) = owner(look.kernel, state, pair, &reservation)? {
                    report.breach("CONSERVATION", detail);
                }
            }
        }
    }
    if report.breach_count == before {
        let detail = format!("{} units reserved, {} open", report.reserved, report.open);
        report.breach("CONSERVATION", detail);
    }
    Ok(())
}

/// Every reservation belongs to a live order line that knows it.
fn owner(
    kernel: &Kernel,
    state: &AsOf<'_>,
    pair: Pair,
    reservation: &Reservation,
) -> Result<Result<(), String>, EngineError> {
    let missing = || format!("pair {pair:?}: no order {} for {reservation:?}", reservation.order);
    let Some(cell) = kernel.state.orders.by_no(reservation.order) else {
        return Ok(Err(missing()));
    };
    let OrderReply::Resident(kept) = state.order(reservation.order, cell)? else {
        return Ok(Err(missing()));
    };
    let order = kept.order();
    let open = open_at(&order, reservation.line, pair.node);
    let is_same = order.header.priority == reservation.priority;
    let knows = open >= u64::from(reservation.units) && is_same;
    Ok(if knows { Ok(()) } else { Err(missing()) })
}

/// Every open unit of an order is reserved in exactly one stock actor, and the
/// units of a line add up to what was ordered.
fn audit_order(
    look: &mut Look<'_>,
    state: &AsOf<'_>,
    order: &Order,
    (report, held): (&mut AuditReport, &mut u64),
) -> Result<(), EngineError> {
    report.orders += 1;
    let open = order.allocations.iter().map(|a| u64::from(a.open())).sum::<u64>();
    report.open += open;
    if order.open_hold().is_some() {
        report.holds += 1;
        *held += open;
    }
    audit_lines(order, report);
    if let Err(Breach { name, detail }) = order.money_conserved() {
        report.breach(name, detail);
    }
    for allocation in &order.allocations {
        look.on()?;
        let pair = order.pair_of(allocation);
        let open = open_at(order, allocation.line, pair.node);
        let parts = state.line(order.no, allocation.line, pair)?;
        let reserved: u64 = parts.iter().map(|(_, units)| u64::from(*units)).sum();
        if open != reserved {
            let detail = format!(
                "order {} line {} at {pair:?}: {open} open, {reserved} reserved",
                order.header.id, allocation.line
            );
            report.breach("CONSERVATION", detail);
        }
    }
    Ok(())
}

fn add_loads(state: &AsOf<'_>, order: &Order, days: &mut BTreeMap<NodeDay, [u64; 2]>) {
    for (at, load) in order.loads() {
        if state.network().is_bounded(at.node) {
            let sums = days.entry(at).or_default();
            *sums = std::array::from_fn(|of| sums[of] + load.counts()[of]);
        }
    }
}

/// `DAYS_COUNTED`: what is counted of a node's day is what the shipments of live orders put on it.
/// `SHARES_COUNTED`: what a pair counts of its segments is what orders of their channels have of
/// what is on hand there. It is of a later moment than all else, in which nothing is applied.
fn audit_shares(look: &mut Look<'_>, report: &mut AuditReport) -> Result<(), EngineError> {
    let kernel = look.kernel;
    if !kernel.state.has_segments() {
        return Ok(());
    }
    for (sku, entry) in kernel.state.catalogue.iter().filter(|(_, entry)| entry.row.has_terms()) {
        for slot in &entry.row {
            look.on()?;
            let _at_rest = kernel.state.gate.lock();
            let shares = shares_of(&kernel.state, slot).map_err(|died| kernel.panicked(died))?;
            if let Some((counted, anew)) = shares.filter(|(counted, anew)| counted != anew) {
                let pair = Pair { sku, node: slot.node };
                let detail = format!("{pair:?} counts {counted:?}, its orders have {anew:?}");
                report.breach("SHARES_COUNTED", detail);
            }
        }
    }
    Ok(())
}

/// What a pair counts of its segments, and what its orders have; none if it has no segments.
fn shares_of(
    state: &State,
    slot: Slot<'_, StockActor>,
) -> Result<Option<(Shares, Shares)>, ActorPanicked> {
    let StockReply::Backlog(at) = slot.ask(StockMessage::ReadBacklog { lines: false }).wait()?
    else {
        unreachable!("a read of the backlog is answered with it");
    };
    let Some((terms, counted)) = at.terms.map(|terms| *terms) else { return Ok(None) };
    let StockReply::State(stock) = slot.ask(StockMessage::Read).wait()? else {
        unreachable!("a read is answered with a state");
    };
    let mut anew = Shares { good: stock.shared(), ..Shares::default() };
    for (no, channel) in channels(state, &stock)? {
        anew.take(terms.audience(channel.as_ref().map(Text::as_str)), stock.there_of(no));
    }
    Ok((!terms.segments.0.is_empty()).then_some((counted, anew)))
}

fn audit_days(state: &AsOf<'_>, days: &BTreeMap<NodeDay, [u64; 2]>, report: &mut AuditReport) {
    let bounded = state.loads().iter().filter(|(at, _)| state.network().is_bounded(at.node));
    let counted: BTreeMap<_, _> = bounded.copied().collect();
    for at in days.keys().chain(counted.keys().filter(|at| !days.contains_key(at))) {
        let [counted, planned] = [&counted, days].map(|of| of.get(at).copied().unwrap_or_default());
        if counted != planned {
            let detail = format!("{at:?}: counted {counted:?}, planned {planned:?}");
            report.breach("DAYS_COUNTED", detail);
        }
    }
}

fn audit_lines(order: &Order, report: &mut AuditReport) {
    for (at, line) in order.lines.iter().enumerate() {
        let of_line = order.allocations.iter().filter(|a| usize::from(a.line) == at);
        let placed: u64 = of_line.clone().map(|a| u64::from(a.units - a.moved)).sum();
        let cancelled: u64 = of_line.map(|a| u64::from(a.cancelled)).sum();
        let short = u64::from(line.cancelled).saturating_sub(cancelled);
        if placed + short != u64::from(line.ordered) {
            let detail = format!(
                "order {} line {at}: {} ordered, {placed} placed, {short} short",
                order.header.id, line.ordered
            );
            report.breach("CONSERVATION", detail);
        }
    }
}

fn open_at(order: &Order, line: u16, node: NodeNo) -> u64 {
    let here = order
        .allocations
        .iter()
        .filter(|a| a.line == line && order.shipments[usize::from(a.shipment)].node == node);
    here.map(|a| u64::from(a.open())).sum()
}

#[cfg(test)]
mod tests;
