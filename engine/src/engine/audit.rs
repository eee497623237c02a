//! The audit: every named invariant, on a live engine, at one LSN. What left memory
//! does not change, and is read after that.

use std::sync::atomic::Ordering;

use super::archive::unreadable;
use super::catalogue::Catalogue;
use super::claims::cell;
use super::core::{Applied, Core};
use super::error::EngineError;
use super::read::line_at;
use crate::actor::order::{OrderMessage, OrderReply};
use crate::actor::stock::{StockMessage, StockReply};
use crate::model::invariants::{Breach, conservation};
use crate::model::{
    ArchivedOrder, Lsn, NodeNo, Order, OrderNo, OrderState, Pair, StateHash, Stock,
};
use crate::snapshot::{ArchivedIn, SnapshotStore, chunk_of, recall};

/// Most breaches that a report lists; the rest is counted.
pub const BREACHES_SHOWN_MAX: usize = 100;

/// What an audit found.
#[derive(Clone, Debug, Default)]
pub struct AuditReport {
    /// The event after which all actors were looked at.
    pub lsn: Lsn,
    /// Pairs looked at.
    pub pairs: u64,
    /// Orders looked at.
    pub orders: u64,
    /// Those of them that left memory, and were read from a snapshot.
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
    /// Units that orders have open: neither shipped nor cancelled.
    pub open: u64,
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
    pub(super) fn snapshots(&mut self, faults: Vec<String>) {
        for fault in faults {
            self.breach("SNAPSHOTS_WHOLE", fault);
        }
    }

    pub(super) fn breach(&mut self, name: &'static str, detail: String) {
        self.breach_count += 1;
        if self.breaches.len() < BREACHES_SHOWN_MAX {
            self.breaches.push(Breach::new(name, detail));
        }
    }
}

/// Audits the engine. Applying waits meanwhile, so that all actors are seen at
/// one LSN; nobody is acknowledged until it goes on.
pub fn audit(core: &Core) -> Result<AuditReport, EngineError> {
    let frozen = core.freeze();
    let report = audit_actors(core, frozen.applied())?;
    // What left memory does not change: it is read while the engine goes on.
    drop(frozen);
    audit_archived(core, report)
}

/// Audits a core that nothing is applied to.
pub fn audit_at(core: &Core, applied: Applied) -> Result<AuditReport, EngineError> {
    audit_archived(core, audit_actors(core, applied)?)
}

fn audit_actors(core: &Core, applied: Applied) -> Result<AuditReport, EngineError> {
    let mut report = AuditReport { lsn: applied.lsn, ..AuditReport::default() };
    for (no, entry) in core.catalogue.iter() {
        report.state_hash.merge(Catalogue::hash_definition(no, &entry.definition()));
        for slot in &entry.row {
            audit_pair(core, Pair { sku: no, node: slot.node }, &mut report)?;
        }
    }
    for cell in core.orders.iter() {
        match cell.ask(OrderMessage::Read).wait() {
            Ok(OrderReply::Archived(archived)) => {
                report.orders += 1;
                report.state_hash.add(archived.hash);
            }
            Ok(OrderReply::Resident(kept)) => {
                report.state_hash.add(kept.hash());
                audit_order(core, &kept.order(), &mut report)?;
            }
            Ok(_) => {}
            Err(panicked) => return Err(core.panicked(panicked)),
        }
    }
    // Every order's open units are reserved. So there is a reservation that no order
    // knows only if more is reserved than is open.
    if report.reserved != report.open {
        audit_owners(core, &mut report)?;
    }
    report.state_hash.merge(core.network.load().hash());
    report.state_hash.merge(core.requests.hash());
    if report.state_hash != applied.hash {
        let detail = format!("kept {}, from scratch {}", applied.hash, report.state_hash);
        report.breach("STATE_HASH", detail);
    }
    Ok(report)
}

/// `ARCHIVED_READABLE`: every order that left memory is in a snapshot, as the hash in
/// the running state has it, and closed. Takes time in which the engine goes on, so that
/// an order that is recalled or leaves meanwhile counts or not.
fn audit_archived(core: &Core, mut report: AuditReport) -> Result<AuditReport, EngineError> {
    if core.orders.archived() == 0 {
        return Ok(report);
    }
    // Without it nothing can be said, which is not a breach.
    let store = core.archive.store().map_err(|error| unreadable(error.into()))?;
    let last = core.order_last.load(Ordering::Relaxed);
    let mut chunk = Vec::new();
    for no in (1..=last).map(OrderNo) {
        if chunk.first().is_some_and(|(first, _)| chunk_of(*first) != chunk_of(no)) {
            audit_chunk(&*store, &chunk, &mut report);
            chunk.clear();
        }
        let Some(cell) = core.orders.by_no(no) else { continue };
        match cell.ask(OrderMessage::Read).wait() {
            Ok(OrderReply::Archived(archived)) => chunk.push((no, archived)),
            Ok(_) => {}
            Err(panicked) => return Err(core.panicked(panicked)),
        }
    }
    audit_chunk(&*store, &chunk, &mut report);
    Ok(report)
}

fn audit_chunk(
    store: &dyn SnapshotStore,
    archived: &[(OrderNo, ArchivedOrder)],
    report: &mut AuditReport,
) {
    let Some((first, _)) = archived.first() else { return };
    match recall(store, archived) {
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
        Err(error) => {
            let detail = format!("{} orders from number {} on: {error}", archived.len(), first.0);
            report.breach("ARCHIVED_READABLE", detail);
        }
    }
}

fn audit_pair(core: &Core, pair: Pair, report: &mut AuditReport) -> Result<(), EngineError> {
    let stock = read(core, pair)?;
    report.pairs += 1;
    report.on_hand += u64::from(stock.on_hand);
    report.allocated += u64::from(stock.allocated);
    report.waiting += u64::from(stock.waiting);
    report.pegged += stock.inbound().iter().map(|i| u64::from(i.pegged)).sum::<u64>();
    report.state_hash.merge(stock.hash(pair));
    if let Err(breach) = conservation(&stock) {
        report.breach(breach.name, format!("pair {pair:?}: {}", breach.detail));
    }
    for reservation in stock.reservations.iter() {
        report.reservations += 1;
        report.reserved += u64::from(reservation.units);
    }
    Ok(())
}

/// Looks for reservations that no order knows.
fn audit_owners(core: &Core, report: &mut AuditReport) -> Result<(), EngineError> {
    let before = report.breach_count;
    for (sku, entry) in core.catalogue.iter() {
        for slot in &entry.row {
            let pair = Pair { sku, node: slot.node };
            for reservation in read(core, pair)?.reservations.iter() {
                if let Err(detail) = owner(core, pair, &reservation)? {
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
    core: &Core,
    pair: Pair,
    reservation: &crate::model::Reservation,
) -> Result<Result<(), String>, EngineError> {
    let missing = || format!("pair {pair:?}: no order {} for {reservation:?}", reservation.order);
    let Some(cell) = core.orders.by_no(reservation.order) else {
        return Ok(Err(missing()));
    };
    match cell.ask(OrderMessage::Read).wait() {
        Ok(OrderReply::Resident(kept)) => {
            let open = open_at(&kept.order(), reservation.line, pair.node);
            let knows = open >= u64::from(reservation.units);
            Ok(if knows { Ok(()) } else { Err(missing()) })
        }
        Ok(_) => Ok(Err(missing())),
        Err(panicked) => Err(core.panicked(panicked)),
    }
}

/// Every open unit of an order is reserved in exactly one stock actor, and the
/// units of a line add up to what was ordered.
fn audit_order(core: &Core, order: &Order, report: &mut AuditReport) -> Result<(), EngineError> {
    report.orders += 1;
    report.open += order.allocations.iter().map(|a| u64::from(a.open())).sum::<u64>();
    audit_lines(order, report);
    for allocation in &order.allocations {
        let pair = order.pair_of(allocation);
        let open = open_at(order, allocation.line, pair.node);
        let reserved = reserved(core, order, allocation.line, pair)?;
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

fn audit_lines(order: &Order, report: &mut AuditReport) {
    for (at, line) in order.lines.iter().enumerate() {
        let of_line = order.allocations.iter().filter(|a| usize::from(a.line) == at);
        let placed: u64 = of_line.clone().map(|a| u64::from(a.units)).sum();
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

fn reserved(core: &Core, order: &Order, line: u16, pair: Pair) -> Result<u64, EngineError> {
    let (parts, _) = line_at(core, order.no, line, pair)?;
    Ok(parts.iter().map(|(_, units)| u64::from(*units)).sum())
}

fn read(core: &Core, pair: Pair) -> Result<Box<Stock>, EngineError> {
    match cell(core, pair).ask(StockMessage::Read).wait() {
        Ok(StockReply::State(stock)) => Ok(stock),
        Ok(other) => unreachable!("a read is answered with a state, not {other:?}"),
        Err(panicked) => Err(core.panicked(panicked)),
    }
}
