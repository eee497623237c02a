//! Looks at a SKU's backlog, and plans what of it rests on what from now on.

use smallvec::SmallVec;

use super::event::{BacklogRepegged, Repegged};
use super::line::Line;
use super::pool::{At, Demand, Part, Pool};
use crate::limits::{ORDER_ALLOCATIONS_MAX, REPEGGED_LINES_MAX, REPEGGED_MOVES_MAX};
use crate::model::{
    Allocation, Day, Lsn, NodeNo, Order, OrderNo, OrderState, Pair, Shortage, SkuNo,
};
use crate::planning::{self, Wanted, WantedLine};
use crate::state::stock::{BacklogAt, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::attempts::{Attempt, Ear};
use crate::transaction::bells::Awaited;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::days;

/// Lines that are looked at before the looks at other SKUs go on.
const DEMANDS_AT_ONCE: usize = 64;

/// What was planned for the backlog, and what it rests on.
pub struct Planned {
    /// What happens if it can be done.
    pub event: BacklogRepegged,
    /// The orders, with the last event that changed each.
    pub orders: Vec<(OrderNo, Lsn)>,
    /// The pairs, with the last event that changed each.
    pub pairs: Vec<(NodeNo, Lsn)>,
}

/// Plans for the backlog of a SKU, the oldest order first: each line gets what its policy
/// likes best of what is free. None when nothing of it can be served sooner, and no command in
/// flight has units that may come back.
pub async fn plan(
    kernel: &Kernel,
    sku: SkuNo,
) -> Result<Attempt<'_, Option<Planned>>, EngineError> {
    let looked_at = kernel.watermark.applied();
    let looked = look(kernel, sku).await?;
    let in_flight = looked.iter().find(|(_, at)| at.in_flight).map(|(node, _)| *node);
    let pairs = looked.iter().map(|(node, at)| (*node, at.last_lsn)).collect();
    let network = kernel.state.network.load_full();
    let is_enabled = |no| network.known_terms(no).is_some_and(|terms| terms.enabled);
    let (mut pool, demands) = Pool::of(looked, is_enabled);
    let (mut lines, mut orders, mut moves) = (Vec::new(), Vec::new(), 0);
    for (at, demand) in demands.iter().enumerate() {
        if at % DEMANDS_AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
        if lines.len() >= REPEGGED_LINES_MAX || moves >= REPEGGED_MOVES_MAX {
            break;
        }
        if !pool.may_serve(demand) {
            continue;
        }
        // A pair has its event already, and the order not yet.
        let Some(order) = read_order(kernel, demand.order).await? else {
            return Ok(Attempt::Overtaken);
        };
        if order.last_lsn > looked_at {
            // What was planned for older orders holds all the same.
            if lines.is_empty() {
                return Ok(Attempt::Overtaken);
            }
            break;
        }
        if order.state() != OrderState::Open || order.allocations.len() >= ORDER_ALLOCATIONS_MAX {
            continue;
        }
        let planned = planned_for(kernel, (sku, &pool), demand, &order);
        let now = kernel.state.now();
        let arrives = |at: At| -> Option<Day> {
            days(kernel, &network, &order.header, at.0, (pool.ready(at), now)).map(|days| days.1)
        };
        let steps = pool.steps(demand, &planned, order.header.split, arrives);
        if steps.is_empty() {
            continue;
        }
        let line = Line { order: &order, demand, pool: &pool };
        let Some(line) = line.repegged(kernel, &steps)? else { return Ok(Attempt::Overtaken) };
        moves += line.moves.len();
        orders.push((order.no, order.last_lsn));
        lines.push(Repegged { no: order.no, id: order.header.id.clone(), line });
        pool.take(&steps);
    }
    if !orders.is_empty() {
        let event = BacklogRepegged { sku, looked_at, lines };
        return Ok(Attempt::Done(Some(Planned { event, orders, pairs })));
    }
    match in_flight {
        Some(node) => wait_for(kernel, Pair { sku, node }).await,
        None => Ok(Attempt::Done(None)),
    }
}

/// The bell of a pair on which commands in flight have claims.
async fn wait_for(
    kernel: &Kernel,
    pair: Pair,
) -> Result<Attempt<'_, Option<Planned>>, EngineError> {
    let mut ear = Ear::at(kernel, Awaited::Pair(pair));
    while backlog_at(kernel, pair).await?.in_flight {
        if let Some(bell) = ear.refused() {
            return Ok(Attempt::InTheWay(bell));
        }
    }
    Ok(Attempt::Again)
}

/// Reads the backlog, and what is free, at all nodes that ever had the SKU.
async fn look(kernel: &Kernel, sku: SkuNo) -> Result<Vec<(NodeNo, BacklogAt)>, EngineError> {
    let row = &kernel.state.catalogue.entry(sku).row;
    let mut pairs = Vec::with_capacity(row.len());
    for slot in row {
        pairs.push((slot.node, backlog_at(kernel, Pair { sku, node: slot.node }).await?));
    }
    Ok(pairs)
}

async fn backlog_at(kernel: &Kernel, pair: Pair) -> Result<BacklogAt, EngineError> {
    match ask(kernel, kernel.state.cell(pair), StockMessage::ReadBacklog).await? {
        StockReply::Backlog(at) => Ok(*at),
        other => unreachable!("a read of the backlog is answered with it, not {other:?}"),
    }
}

/// What sourcing would give a line now, of what it has and of what is free.
fn planned_for(
    kernel: &Kernel,
    (sku, pool): (SkuNo, &Pool),
    demand: &Demand,
    order: &Order,
) -> SmallVec<[Part; 2]> {
    let header = &order.header;
    let Some(destination) = kernel.postal.locate(header.postal_code.as_str()) else {
        return SmallVec::new();
    };
    let (seen, coming) = pool.seen_by(demand, header.split);
    let (entry, quantity) = (kernel.state.catalogue.entry(sku), demand.quantity(header.split));
    let wanted = Wanted {
        lines: SmallVec::from_iter([WantedLine { sku, entry, quantity }]),
        destination,
        service: header.service,
        promise_by: header.promise_by,
        // What nothing is planned for stays where it is.
        shortage: Shortage::Partial,
        split: header.split,
        at: kernel.state.now(),
        seen: Some(&seen),
    };
    let draft = planning::plan(&kernel.state.network.load(), &wanted, Some(&coming));
    let draft = draft.expect("inbound supply was looked for");
    let part =
        |a: &Allocation| ((draft.shipments[usize::from(a.shipment)].node, a.supply), a.units);
    draft.allocations.iter().map(part).collect()
}
