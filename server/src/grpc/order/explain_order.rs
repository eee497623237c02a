//! `ExplainOrder`: why an order ships from where it does.

use std::collections::BTreeSet;

use backstock_engine::engine::{Candidate, Engine, EngineError, Trace, Verdict};
use backstock_engine::model::{
    Allocated, Allocation, Cause, ChangePlanned, Decision, HoldState, Lsn, Move, NodeNo, Order,
    OrderedBundle, Pair, Supply,
};
use backstock_proto::v1;
use tonic::Status;

use super::{answer, read_id, view};
use crate::grpc::{Api, plain, times};

pub(super) async fn handle(
    api: &Api,
    request: v1::ExplainOrderRequest,
) -> Result<v1::ExplainOrderResponse, Status> {
    let v1::ExplainOrderRequest { order_id, min_version } = request;
    let id = read_id(order_id)?;
    api.reach(min_version).await?;
    let version = api.version();
    let (order, trace) = api.engine().explain(&id).await.map_err(plain)?;
    let mut traces = vec![self::trace(api.engine(), &order, &trace).await.map_err(plain)?];
    for decision in order.decisions.iter() {
        traces.push(anew(api.engine(), &order, &decision).await.map_err(plain)?);
    }
    for planned in order.plans_of_changes() {
        traces.push(changed(api.engine(), &order, planned).await.map_err(plain)?);
    }
    // The first one is first, also of a hold that was confirmed later.
    traces[1..].sort_by_key(|trace| trace.version);
    Ok(v1::ExplainOrderResponse { traces, version })
}

/// The decision that placed an order.
async fn trace(
    engine: &Engine,
    order: &Order,
    trace: &Trace,
) -> Result<v1::SourcingTrace, EngineError> {
    let mut candidates = Vec::new();
    for (line, of_line) in first_lines(order).zip(&trace.lines) {
        if let Some(bundle) = order.bundle_of(line) {
            candidates.extend(of_bundle(engine, order, bundle, of_line));
            continue;
        }
        for candidate in of_line {
            candidates.push(self::candidate(engine, order, line, candidate).await?);
        }
    }
    // What came later was not in this plan.
    let shipments = order.placed_shipments().iter().filter(|s| s.ship_by.is_some());
    let (late_units, late_unit_days) =
        answer::late(order.placed_allocations(), &order.shipments, order.header.promise_by);
    Ok(v1::SourcingTrace {
        decided_time: Some(times::timestamp(order.header.decided_at())),
        version: first_version(order).get(),
        optimal: !trace.bounded,
        shipments: u32::try_from(shipments.count()).unwrap_or(u32::MAX),
        late_units,
        late_unit_days,
        candidates,
        cause: first_cause(order).into(),
        ..v1::SourcingTrace::default()
    })
}

/// The decision on what a change of an order added.
async fn changed(
    engine: &Engine,
    order: &Order,
    of: &ChangePlanned,
) -> Result<v1::SourcingTrace, EngineError> {
    let trace = Trace::read(&of.plan.trace).unwrap_or(Trace { bounded: false, lines: Vec::new() });
    let node = |shipment: u16| order.shipments[usize::from(shipment)].node;
    let mut candidates = Vec::new();
    let added = of.first_line..of.first_line + of.lines;
    let added = first_lines(order).filter(|line| added.contains(line));
    for (line, of_line) in added.zip(&trace.lines) {
        let placed = of.placed.iter().filter(|placed| placed.line == line);
        let taken = placed.map(|placed| ((node(placed.shipment), placed.supply), placed.units));
        let taken: Vec<Taken> = taken.collect();
        if let Some(bundle) = order.bundle_of(line) {
            let taken = added_of_bundle(order, bundle, &of.placed);
            candidates.extend(bundle_candidates(engine, order, bundle, (of_line.iter(), &taken)));
            continue;
        }
        for candidate in of_line {
            let is_it = |(at, _): &&Taken| *at == (candidate.node, candidate.supply);
            let taken = taken.iter().filter(is_it).map(|(_, units)| units).sum();
            candidates.push(tried(engine, order, (line, taken), candidate).await?);
        }
    }
    let shipments: BTreeSet<u16> = of.placed.iter().map(|placed| placed.shipment).collect();
    Ok(v1::SourcingTrace {
        decided_time: Some(times::timestamp(of.plan.at)),
        version: of.lsn.get(),
        optimal: !trace.bounded,
        shipments: u32::try_from(shipments.len()).unwrap_or(u32::MAX),
        candidates,
        cause: v1::DecisionCause::Changed.into(),
        ..v1::SourcingTrace::default()
    })
}

/// Where the bundles of a line of a change came to be: each part counts for what is there of it last.
fn added_of_bundle(order: &Order, bundle: &OrderedBundle, placed: &[Allocated]) -> Vec<Taken> {
    let first = placed.iter().filter(|of| of.line == bundle.line);
    let last = |shipment: u16| {
        let parts = placed.iter().filter(|of| of.shipment == shipment && bundle.has(of.line));
        parts.map(|of| of.supply).max_by_key(|supply| !supply.is_there())
    };
    let taken = first.filter_map(|of| {
        let node = order.shipments[usize::from(of.shipment)].node;
        Some(((node, last(of.shipment)?), of.units))
    });
    taken.collect()
}

/// The version of the first decision that is known: that of the hold, where the order has kept
/// what it was given.
fn first_version(order: &Order) -> Lsn {
    let hold = order.header.hold.as_deref().filter(|hold| hold.created != Lsn::NONE);
    match (hold, first_cause(order)) {
        (Some(hold), v1::DecisionCause::Placed) => hold.created,
        _ => order.placed_lsn,
    }
}

/// Why the first decision that is known was made: an order that was planned anew when its hold
/// was confirmed was decided on then.
fn first_cause(order: &Order) -> v1::DecisionCause {
    let hold = order.header.hold.as_deref();
    let confirmed = hold.is_some_and(|hold| hold.state == HoldState::Confirmed);
    if confirmed && order.header.decided_at.is_none() {
        v1::DecisionCause::HoldConfirmed
    } else {
        v1::DecisionCause::Placed
    }
}

/// A decision after the first one.
async fn anew(
    engine: &Engine,
    order: &Order,
    Decision { lsn, line }: &Decision,
) -> Result<v1::SourcingTrace, EngineError> {
    let mut trace = v1::SourcingTrace { version: lsn.get(), ..v1::SourcingTrace::default() };
    for moved in &line.moves {
        trace.moves.push(self::moved(engine, order, line.line, moved).await?);
    }
    let days = line.told.iter().map(|told| v1::DaysTold {
        shipment_number: u32::from(told.shipment) + 1,
        deliver_by_before: told.deliver_by_before.and_then(times::date),
        deliver_by: told.days.and_then(|(_, deliver_by)| times::date(deliver_by)),
    });
    trace.days = days.collect();
    let Some(why) = line.why.as_deref() else { return Ok(trace) };
    trace.decided_time = Some(times::timestamp(why.at));
    trace.cause = cause(why.cause).into();
    trace.cause_version = why.looked_at.get();
    let candidates = Trace::read(&why.candidates);
    trace.optimal = candidates.as_ref().is_none_or(|candidates| !candidates.bounded);
    if let (Some(bundle), Some(candidates)) = (order.bundle_of(line.line), &candidates) {
        let moved = line.moves.iter().map(|moved| (moved.to, moved.units));
        let of_line = candidates.lines.iter().flatten();
        trace.candidates =
            bundle_candidates(engine, order, bundle, (of_line, &moved.collect::<Vec<_>>()));
        return Ok(trace);
    }
    for candidate in candidates.iter().flat_map(|trace| trace.lines.iter().flatten()) {
        let at = (candidate.node, candidate.supply);
        let taken = line.moves.iter().filter(|moved| moved.to == at).map(|moved| moved.units);
        let taken = taken.sum();
        trace.candidates.push(tried(engine, order, (line.line, taken), candidate).await?);
    }
    Ok(trace)
}

async fn moved(
    engine: &Engine,
    order: &Order,
    line: u16,
    Move { units, from, to, .. }: &Move,
) -> Result<v1::UnitsMoved, EngineError> {
    let sku = order.lines[usize::from(line)].sku;
    let (had, has) = (Pair { sku, node: from.0 }, Pair { sku, node: to.0 });
    Ok(v1::UnitsMoved {
        line_index: line.into(),
        quantity: *units,
        from_node_id: engine.node_no(from.0).id.to_string(),
        from_supply: Some(view::supply(engine, had, from.1).await?),
        to_node_id: engine.node_no(to.0).id.to_string(),
        to_supply: Some(view::supply(engine, has, to.1).await?),
    })
}

pub(super) const fn cause(cause: Cause) -> v1::DecisionCause {
    match cause {
        Cause::SupplyCame => v1::DecisionCause::SupplyCame,
        Cause::SoonerSupply => v1::DecisionCause::SoonerSupply,
        Cause::SupplyMoved => v1::DecisionCause::SupplyMoved,
        Cause::SupplyLost => v1::DecisionCause::SupplyLost,
        Cause::NodeDeclined => v1::DecisionCause::NodeDeclined,
    }
}

async fn candidate(
    engine: &Engine,
    order: &Order,
    line: u16,
    candidate: &Candidate,
) -> Result<v1::CandidateTrace, EngineError> {
    let pair = Pair { sku: order.lines[usize::from(line)].sku, node: candidate.node };
    let taken = order.placed_allocations().iter().filter(|allocation| {
        allocation.line == line
            && allocation.supply == candidate.supply
            && order.pair_of(allocation) == pair
    });
    let taken = taken.map(|allocation| allocation.units).sum();
    tried(engine, order, (line, taken), candidate).await
}

/// The first line of each thing that was asked for: a bundle is one, and was decided on as one.
fn first_lines(order: &Order) -> impl Iterator<Item = u16> {
    let lines = 0..u16::try_from(order.lines.len()).expect("ORDER_LINES_MAX fits 16 bits");
    lines.filter(|line| order.bundle_of(*line).is_none_or(|bundle| bundle.line == *line))
}

/// The candidates for a bundle, as placed.
fn of_bundle(
    engine: &Engine,
    order: &Order,
    bundle: &OrderedBundle,
    of_line: &[Candidate],
) -> Vec<v1::CandidateTrace> {
    let first = order.placed_allocations().iter().filter(|a| a.line == bundle.line);
    let there = |a: &Allocation| {
        let of_shipment = order.placed_allocations().iter();
        let of_bundle = of_shipment.filter(|of| of.shipment == a.shipment && bundle.has(of.line));
        of_bundle.map(|of| of.supply).max_by_key(|supply| !supply.is_there())
    };
    let taken = first.filter_map(|a| {
        let node = order.shipments[usize::from(a.shipment)].node;
        Some(((node, there(a)?), a.units))
    });
    let taken: Vec<_> = taken.collect();
    bundle_candidates(engine, order, bundle, (of_line.iter(), &taken))
}

/// Units, and the node and the supply that they come from.
type Taken = ((NodeNo, Supply), u32);

/// The candidates for a bundle, of which units of the first component come from there. What a node
/// gives of bundles that wait for a component is told of the first of its supplies to come.
fn bundle_candidates<'a>(
    engine: &Engine,
    order: &Order,
    bundle: &OrderedBundle,
    (of_line, taken): (impl Iterator<Item = &'a Candidate>, &[Taken]),
) -> Vec<v1::CandidateTrace> {
    let mut told = Vec::new();
    let each = order.each_of(bundle, bundle.line);
    let candidate = |candidate: &Candidate| {
        let is_there = candidate.supply.is_there();
        let of = (candidate.node, is_there);
        let is_first = candidate.verdict == Verdict::Chosen && !told.contains(&of);
        let from = taken.iter().filter(|((node, supply), _)| {
            let waits = *supply == Supply::Backorder;
            is_first && !waits && (*node, supply.is_there()) == of
        });
        let taken = from.map(|(_, units)| units).sum::<u32>() / each;
        if is_first {
            told.push(of);
        }
        let kind = view::supply_kind(candidate.supply).into();
        v1::CandidateTrace {
            line_index: bundle.line.into(),
            node_id: engine.node_no(candidate.node).id.to_string(),
            supply: Some(v1::Supply { kind, inbound_id: String::new() }),
            free: candidate.free,
            taken,
            verdict: verdict(candidate.verdict).into(),
        }
    };
    of_line.map(candidate).collect()
}

/// A candidate of a line, of which so many units were taken.
async fn tried(
    engine: &Engine,
    order: &Order,
    (line, taken): (u16, u32),
    candidate: &Candidate,
) -> Result<v1::CandidateTrace, EngineError> {
    let pair = Pair { sku: order.lines[usize::from(line)].sku, node: candidate.node };
    Ok(v1::CandidateTrace {
        line_index: line.into(),
        node_id: engine.node_no(candidate.node).id.to_string(),
        supply: Some(view::supply(engine, pair, candidate.supply).await?),
        free: candidate.free,
        taken,
        verdict: verdict(candidate.verdict).into(),
    })
}

const fn verdict(verdict: Verdict) -> v1::CandidateVerdict {
    match verdict {
        Verdict::Chosen => v1::CandidateVerdict::Chosen,
        Verdict::NoStock => v1::CandidateVerdict::NoStock,
        Verdict::NotEnough => v1::CandidateVerdict::NotEnoughStock,
        Verdict::Later => v1::CandidateVerdict::Later,
        Verdict::AnotherShipment => v1::CandidateVerdict::MoreShipments,
        Verdict::Costlier => v1::CandidateVerdict::HigherCost,
        Verdict::LessBalanced => v1::CandidateVerdict::LessBalanced,
        Verdict::Equal => v1::CandidateVerdict::Tied,
        Verdict::NodeDisabled => v1::CandidateVerdict::NodeDisabled,
        Verdict::BeyondHorizon => v1::CandidateVerdict::BeyondHorizon,
        Verdict::NotConsidered => v1::CandidateVerdict::NotConsidered,
        Verdict::NoPickup => v1::CandidateVerdict::NoPickup,
        Verdict::ChannelNotServed => v1::CandidateVerdict::ChannelNotServed,
        Verdict::ServiceNotServed => v1::CandidateVerdict::ServiceNotServed,
        Verdict::KeptForOthers => v1::CandidateVerdict::KeptForOthers,
        Verdict::PairOffSourcing => v1::CandidateVerdict::OffSourcing,
        Verdict::AtCapacity => v1::CandidateVerdict::AtCapacity,
        Verdict::BelowMinimum => v1::CandidateVerdict::BelowMinimum,
        Verdict::OwnStockFirst => v1::CandidateVerdict::OwnStockFirst,
        Verdict::NotBroughtThere => v1::CandidateVerdict::NotBroughtThere,
    }
}
