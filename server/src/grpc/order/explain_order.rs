//! `ExplainOrder`: why an order ships from where it does.

use backstock_engine::engine::{Candidate, Engine, EngineError, Trace, Verdict};
use backstock_engine::model::{Order, Pair};
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
    let trace = self::trace(api.engine(), &order, &trace).await.map_err(plain)?;
    Ok(v1::ExplainOrderResponse { traces: vec![trace], version })
}

/// The decision that placed an order.
async fn trace(
    engine: &Engine,
    order: &Order,
    trace: &Trace,
) -> Result<v1::SourcingTrace, EngineError> {
    let mut candidates = Vec::new();
    for (line, of_line) in trace.lines.iter().enumerate() {
        for candidate in of_line {
            candidates.push(self::candidate(engine, order, line, candidate).await?);
        }
    }
    let shipments = order.shipments.iter().filter(|shipment| shipment.ship_by.is_some());
    let (late_units, late_unit_days) =
        answer::late(&order.allocations, &order.shipments, order.header.promise_by);
    Ok(v1::SourcingTrace {
        decided_time: Some(times::timestamp(order.header.decided_at())),
        version: order.placed_lsn.get(),
        optimal: !trace.bounded,
        shipments: u32::try_from(shipments.count()).unwrap_or(u32::MAX),
        late_units,
        late_unit_days,
        candidates,
    })
}

async fn candidate(
    engine: &Engine,
    order: &Order,
    line: usize,
    candidate: &Candidate,
) -> Result<v1::CandidateTrace, EngineError> {
    let pair = Pair { sku: order.lines[line].sku, node: candidate.node };
    let taken = order.allocations.iter().filter(|allocation| {
        usize::from(allocation.line) == line
            && allocation.supply == candidate.supply
            && order.pair_of(allocation) == pair
    });
    Ok(v1::CandidateTrace {
        line_index: u32::try_from(line).unwrap_or(u32::MAX),
        node_id: engine.node_no(candidate.node).id.to_string(),
        supply: Some(view::supply(engine, pair, candidate.supply).await?),
        free: candidate.free,
        taken: taken.map(|allocation| allocation.units).sum(),
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
        Verdict::AtCapacity => v1::CandidateVerdict::AtCapacity,
    }
}
