//! What the re-pegger does to orders that wait, and how it begins a sale.

use super::*;
use crate::command::Repegged;
use crate::model::ids::{HoldId, OrderNo};
use crate::model::{Cause, Draw, LineRepegged, Lsn, Move, Supply, Told, ToldAt, Why};

pub(super) fn events() -> Vec<Named> {
    let repegged = |looked_at, lines, told| {
        let looked_at = Lsn::new(looked_at);
        BacklogRepegged { sku: PAIR.sku, looked_at, lines, told }.into()
    };
    let told = Some(vec![(PAIR.node, ToldAt { supplies: vec![(NO, ETA)], lost: 2 })]);
    vec![
        ("backlog_repegged", repegged(77, vec![line(OrderNo(5), line_repegged())], None)),
        ("backlog_told", repegged(78, vec![], told)),
        ("backlog_explained", repegged(81, vec![line(OrderNo(1 << 33), line_explained())], None)),
        ("hold_repegged", repegged(79, vec![of_hold()], None)),
        ("prioritised_repegged", repegged(80, vec![prioritised()], None)),
        ("bundle_moved", bundle_moved().into()),
        ("sale_opened", SaleOpened { sku: PAIR.sku, draw: draw() }.into()),
    ]
}

fn line(no: OrderNo, line: LineRepegged) -> Repegged {
    Repegged { no, id: order_id(), line, held: None, priority: None }
}

/// Units are offered to a hold until an instant.
fn of_hold() -> Repegged {
    let offered = LineRepegged { offered_until: Some(ETA), ..line_repegged() };
    let id = OrderId::of_hold(&HoldId::new("id", "cart-1").unwrap());
    Repegged { id, held: Some(true), ..line(OrderNo(5), offered) }
}

fn prioritised() -> Repegged {
    let priority = Some(order::prioritised().header.priority);
    Repegged { priority, ..line(OrderNo(1 << 33), line_repegged()) }
}

fn bundle_moved() -> BundleMoved {
    let line = |at: u16| {
        let line = LineRepegged { line: at, ..line_explained() };
        (SkuNo(PAIR.sku.0 + u32::from(at)), line)
    };
    BundleMoved {
        no: OrderNo(1 << 33),
        id: order_id(),
        looked_at: Lsn::new(82),
        lines: vec![line(0), line(1)],
        held: true,
        priority: None,
    }
}

fn draw() -> Draw {
    Draw { opens: ETA, seed: u64::MAX - 1, before: OrderNo(1 << 33) }
}

pub(super) fn line_repegged() -> LineRepegged {
    let (from, to) = ((PAIR.node, Supply::Backorder), (NodeNo(9), Supply::OnHand));
    let moved = Move { units: 2, shipment: 1, from, to_shipment: 2, to };
    let days = Some((day(20_498), day(20_499)));
    let told = Told { shipment: 2, deliver_by_before: None, days, units_there: true };
    let waits = Told { shipment: 1, deliver_by_before: None, days: None, units_there: false };
    LineRepegged {
        line: 0,
        opened: vec![NodeNo(9)],
        moves: vec![moved],
        told: vec![waits, told],
        offered_until: None,
        why: None,
    }
}

/// The same, with the reason.
pub(super) fn line_explained() -> LineRepegged {
    let (cause, candidates) = (Cause::SupplyCame, [2, 0, 1, 18, 0x02].into());
    let why = Why { at: ETA, cause, looked_at: Lsn::new(81), candidates };
    LineRepegged { why: Some(Box::new(why)), ..line_repegged() }
}
