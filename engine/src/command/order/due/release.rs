//! Shipments are released by the rule of their node.
//!
//! ```text
//!   placed, moved, held no more --+--> the order is woken --> due, and all units there --> one event
//!   another rule, or a start -----/          \--> noted for when it will be
//! ```
//! Units that come in serve the backlog: its event moves them to the orders that waited, and wakes these.

use tokio::task::consume_budget;

use crate::journal::Ticket;
use crate::model::event::{Numbered, Record};
use crate::model::{NodeNo, Order, OrderNo, Pair, ReleaseRule, Timestamp};
use crate::state::network::{Network, PlanningNode};
use crate::state::stock::{StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::claims::Claims;
use crate::transaction::command::recorded;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::Resting;

use super::super::released::{Released, ShipmentsReleased, is_there, may_be_released_from};

const MINUTE_US: i64 = 60_000_000;

/// When the first of an order's shipments, from 0, is due for release whose units are there. None
/// wakes it for others: what brings their units does.
pub(super) fn next(
    kernel: &Kernel,
    order: &Order,
) -> Result<Option<(Timestamp, u16)>, EngineError> {
    if !kernel.state.releases.is_on() || order.open_hold().is_some() {
        return Ok(None);
    }
    let due = due(&kernel.state.network.load(), order);
    if due.is_empty() {
        return Ok(None);
    }
    let resting = Resting::read(kernel, order)?;
    let there = due.into_iter().filter(|(_, shipment)| is_there(order, &resting, *shipment));
    Ok(there.min())
}

/// Pure: when each shipment of an order, from 0, is due for release.
fn due(network: &Network, order: &Order) -> Vec<(Timestamp, u16)> {
    let shipments = (0u16..).zip(&order.shipments);
    let due = shipments.filter_map(|(at, shipment)| {
        let node = network.node(shipment.node);
        let rule = node.node.release?;
        let from = may_be_released_from(order, at).filter(|_| !was_taken_back(order, at))?;
        Some((at_of(node, rule, order, at)?.max(from), at))
    });
    due.collect()
}

/// When a rule releases a shipment; never as long as it has no day.
fn at_of(node: &PlanningNode, rule: ReleaseRule, order: &Order, at: u16) -> Option<Timestamp> {
    Some(match rule {
        ReleaseRule::AtOnce => Timestamp::default(),
        ReleaseRule::BeforeCutOff(minutes) => {
            let cut_off = node.calendar.cut_off_at(order.shipments[usize::from(at)].ship_by?);
            cut_off.saturating_add_micros(-MINUTE_US * i64::from(minutes))
        }
    })
}

/// Whether somebody took a shipment, from 0, back from its node: he releases it, and no rule. One that
/// its node was asked for, and did not give back, was not taken.
fn was_taken_back(order: &Order, shipment: u16) -> bool {
    order.timeline.iter().any(|told| told.shipment == Some(shipment) && told.takes_back())
}

/// Releases a shipment, from 0, of an order in hand.
pub(super) fn append(
    claims: Claims<'_>,
    order: &Order,
    (shipment, at): (u16, Timestamp),
) -> Result<Ticket, EngineError> {
    let event =
        ShipmentsReleased { at, shipments: vec![Released::of(order, shipment)], left: None };
    let record = Record { at, request: None, origin: None, event: Numbered(event) };
    let ticket = claims.kernel().append(record, recorded)?;
    claims.hand_over();
    Ok(ticket)
}

/// Wakes the orders that have units at a node.
pub(super) async fn look(kernel: &Kernel, node: NodeNo) -> Result<(), EngineError> {
    for (sku, entry) in kernel.state.catalogue.iter() {
        // It looks at all items, and the re-pegger and the lapser run on the same task.
        consume_budget().await;
        if entry.row.seat(node).is_some() {
            wake(kernel, Pair { sku, node }).await?;
        }
    }
    Ok(())
}

async fn wake(kernel: &Kernel, pair: Pair) -> Result<(), EngineError> {
    let stock = match ask(kernel, kernel.state.cell(pair), StockMessage::Read).await? {
        StockReply::State(stock) => stock,
        other => unreachable!("a read is answered with a state, not {other:?}"),
    };
    let there = stock.reservations.iter().filter(|of| !of.held && of.supply.is_there());
    let mut orders: Vec<OrderNo> = there.map(|of| of.order).collect();
    orders.dedup();
    for no in orders {
        // Behind what was due before.
        kernel.state.wakes.note(no, kernel.state.now());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::order::fixture::order;
    use crate::model::Happened::{self, RecallRefused, Recalled, Released};
    use crate::model::{Entry, Lsn, Said};

    #[test]
    fn what_somebody_took_back_is_his_and_what_its_node_kept_is_not() {
        let of = |shipment, all: &[(Happened, bool)]| {
            let mut order = order();
            for (what, is_asked) in all {
                let entry = Entry::new(Lsn::new(2), *what, &Said::default());
                let until = is_asked.then(Timestamp::default);
                order.timeline.keep(&Entry { shipment: Some(shipment), until, ..entry });
            }
            was_taken_back(&order, 0)
        };
        let [told, refused] = [Released, RecallRefused].map(|what| (what, false));
        let [taken, asked] = [false, true].map(|is_asked| (Recalled, is_asked));
        assert!(!of(0, &[told]));
        assert!(of(0, &[told, taken]));
        assert!(!of(1, &[taken]), "of another shipment");
        assert!(!of(0, &[asked]), "its node did not answer");
        assert!(!of(0, &[asked, refused]));
        assert!(of(0, &[asked, refused, asked, taken]));
        assert!(of(0, &[taken, asked, refused]), "it was his when its node was asked once more");
    }
}
