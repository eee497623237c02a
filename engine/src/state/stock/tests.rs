//! What a pair publishes, against what its actor says.

mod terms;

use std::sync::Arc;

use super::*;
use crate::actor::ActorPanicked;
use crate::model::{InboundId, NodeNo, Priority, Serves, StockChange, StockOperation, Timestamp};

const PAIR: Pair = Pair { sku: crate::model::SkuNo(0), node: NodeNo(3) };

/// A row of one pair that was changed so.
fn changed(changes: impl IntoIterator<Item = StockChange>) -> Row<StockActor> {
    let row = Row::default();
    for (change, lsn) in changes.into_iter().zip(1..) {
        let effect = StockEffect::Change { change, serves: Serves::Backlog };
        let apply = StockMessage::Apply { pair: PAIR, lsn: Lsn::new(lsn), effect, settles: false };
        let applied = row.get_or_insert(PAIR.node).ask(apply).wait();
        assert!(is_applied(&applied), "{applied:?}");
    }
    row
}

/// Whether a turn applied an event, whatever the pair publishes.
fn is_applied(applied: &Result<StockReply, ActorPanicked>) -> bool {
    matches!(applied, Ok(StockReply::Applied(_) | StockReply::AppliedUnseen(_)))
}

fn set(on_hand: u32, safety: u32) -> StockChange {
    StockChange::Set { on_hand, unavailable: 0, safety }
}

/// What the pair publishes, by both ways to it, and what its actor says is free.
fn shown(row: &Row<StockActor>) -> (Glance, i64) {
    let slot = row.find(PAIR.node).expect("the pair");
    let glance = slot.shared().glance();
    let mut glances = Vec::new();
    row.glances(|node, glance| glances.push((node, glance)));
    assert_eq!(glances, [(PAIR.node, glance)]);
    match slot.ask(StockMessage::ReadPromise(None)).wait() {
        Ok(StockReply::Promise(promise)) => (glance, promise.free),
        other => panic!("{other:?}"),
    }
}

/// The applier asks it of pairs without a reservation as well.
#[test]
fn a_peek_for_a_hint_changes_nothing() {
    let row = changed([set(7, 0)]);
    let reserve = |order, lsn| {
        let parts = Parts::from_iter([(Supply::OnHand, 1)]);
        let effect = StockEffect::Reserve {
            order: OrderNo(order),
            line: 0,
            parts,
            held: false,
            priority: Priority::DEFAULT,
        };
        StockMessage::Apply { pair: PAIR, lsn: Lsn::new(lsn), effect, settles: false }
    };
    for (order, lsn) in (1..5).zip(2..) {
        let before = shown(&row);
        let seat = row.seat(PAIR.node).expect("the pair");
        assert_eq!(row.peek_at(seat, StockActor::prefetch_kept), Some(()));
        assert_eq!(shown(&row), before);
        let applied = row.get_or_insert(PAIR.node).ask(reserve(order, lsn)).wait();
        assert!(is_applied(&applied), "{applied:?}");
    }
}

#[test]
fn what_is_published_is_exact_as_far_as_it_goes() {
    let most = Glance::FREE_MAX.cast_unsigned();
    let cases = [(0, 0), (1, 0), (0, 1), (most - 1, 0), (0, most)];
    for (on_hand, safety) in cases {
        let (glance, free) = shown(&changed([set(on_hand, safety)]));
        assert_eq!(free, i64::from(on_hand) - i64::from(safety));
        assert_eq!(i64::from(glance.free), free);
        assert!(!glance.is_clamped());
    }
}

#[test]
fn beyond_that_a_glance_says_that_it_is_clamped_and_the_actor_what_is_free() {
    let most = Glance::FREE_MAX.cast_unsigned();
    let cases = [
        (most, 0, Glance::FREE_MAX),
        (most + 1, 0, Glance::FREE_MAX),
        (STOCK_UNITS_MAX, 0, Glance::FREE_MAX),
        (0, most + 1, Glance::FREE_MIN),
        (0, STOCK_UNITS_MAX, Glance::FREE_MIN),
    ];
    for (on_hand, safety, published) in cases {
        let (glance, free) = shown(&changed([set(on_hand, safety)]));
        assert_eq!(free, i64::from(on_hand) - i64::from(safety));
        assert_eq!(glance.free, published);
        assert!(glance.is_clamped());
    }
}

#[test]
fn flags_stand_beside_every_quantity() {
    let id = InboundId::new("id", "PO").expect("an id");
    let (no, eta) = (InboundNo(0), Timestamp::from_micros(1));
    let announced = StockChange::InboundAnnounced { no, id, quantity: 1, eta };
    for (on_hand, safety) in [(0, 0), (STOCK_UNITS_MAX, 0), (0, STOCK_UNITS_MAX), (3, 5)] {
        let row = changed([set(on_hand, safety), announced.clone()]);
        let plain = shown(&changed([set(on_hand, safety)])).0;
        assert!(!plain.has_inbound && !plain.in_flight);
        assert_eq!(shown(&row).0, Glance { has_inbound: true, ..plain });
        let slot = row.find(PAIR.node).expect("the pair");
        let parts = Parts::from_iter([(Supply::Inbound(no), 1)]);
        let claimed = slot.ask(StockMessage::Claim(parts, None));
        assert!(matches!(claimed.wait(), Ok(StockReply::Grant(Grant::Granted))));
        assert_eq!(
            shown(&row).0,
            Glance { has_inbound: true, in_flight: true, has_backlog: true, ..plain }
        );
    }
}

#[test]
fn claimed_units_are_not_free() {
    let row = changed([set(STOCK_UNITS_MAX, 0)]);
    let slot = row.find(PAIR.node).expect("the pair");
    let claimed = slot.ask(StockMessage::Claim(Parts::from_iter([(Supply::OnHand, 7)]), None));
    assert!(matches!(claimed.wait(), Ok(StockReply::Grant(Grant::Granted))));
    assert_eq!(shown(&row).1, i64::from(STOCK_UNITS_MAX) - 7);
}

#[test]
fn what_a_count_did_not_find_is_told_before_what_is_not_received() {
    let row = changed([set(5, 0)]);
    let order = OrderNo(1);
    let parts = Parts::from_iter([(Supply::OnHand, 3), (Supply::Backorder, 2)]);
    let ship = |units, ahead| StockMessage::ClaimLeaving {
        order,
        lines: SmallVec::from_iter([ShipmentLine { line: 0, units, picked: 0, ahead }]),
    };
    let count = |on_hand| {
        let change = StockChange::Counted { on_hand, unavailable: None };
        StockEffect::Change { change, serves: Serves::Backlog }
    };
    let table = [
        (
            StockEffect::Reserve {
                order,
                line: 0,
                parts,
                held: false,
                priority: Priority::DEFAULT,
            },
            ship(5, 0),
            Grant::Short(2),
        ),
        (count(1), ship(5, 0), Grant::Missing(2)),
        (count(1), ship(3, 0), Grant::Missing(2)),
        // An earlier shipment has a right to the units that are there.
        (count(1), ship(2, 3), Grant::Short(2)),
        (count(1), ship(1, 0), Grant::Granted),
    ];
    for ((effect, claim, expected), lsn) in table.into_iter().zip(2..) {
        let lsn = Lsn::new(lsn);
        let slot = row.get_or_insert(PAIR.node);
        let apply = StockMessage::Apply { pair: PAIR, lsn, effect, settles: false };
        slot.ask(apply).wait().expect("no panic");
        let asked = format!("{claim:?}");
        match slot.ask(claim).wait() {
            Ok(StockReply::Grant(grant)) => assert_eq!(grant, expected, "{asked}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Between the look at a backlog and the claim, the supply that units rest on may be moved before
/// the one that they are to rest on.
#[test]
fn units_step_to_a_supply_only_while_it_comes_when_it_did_and_so_does_the_one_that_they_leave() {
    let day = Timestamp::from_micros;
    let id = |no| InboundId::new("id", format!("PO-{no}")).expect("an id");
    let announced = |no, eta| {
        let (no, id, eta) = (InboundNo(no), id(no), day(eta));
        StockChange::InboundAnnounced { no, id, quantity: 9, eta }
    };
    let moved = |no, eta| {
        let (no, eta) = (InboundNo(no), day(eta));
        StockChange::InboundMoved { no, quantity: 9, eta }
    };
    let (order, line, units, held, priority) = (OrderNo(1), 0, 2, false, Priority::DEFAULT);
    let peg = |no| {
        let supply = Supply::Inbound(InboundNo(no));
        Reservation { order, line, supply, units, held, priority }
    };
    let looked_at = [(0, 30), (1, 20)].map(|(no, eta)| Coming { no: InboundNo(no), eta: day(eta) });
    for (since, expected) in [
        (StockChange::Unchanged, Grant::Granted),
        (moved(1, 31), Grant::Short(0)),
        (moved(0, 10), Grant::Short(0)),
    ] {
        let row = changed([announced(0, 30), announced(1, 20)]);
        let slot = row.get_or_insert(PAIR.node);
        let apply = |lsn, effect| {
            let (pair, lsn, settles) = (PAIR, Lsn::new(lsn), false);
            slot.ask(StockMessage::Apply { pair, lsn, effect, settles }).wait().expect("no panic");
        };
        let parts = Parts::from_iter([(peg(0).supply, units)]);
        apply(3, StockEffect::Reserve { order, line, parts, held, priority });
        let told = format!("{since:?}");
        apply(4, StockEffect::Change { change: since, serves: Serves::Backlog });
        let mut repeg = Repeg { off: vec![peg(0)], ..Repeg::default() };
        repeg.put_on(peg(1));
        let claim = StockMessage::ClaimRepeg(Arc::new(repeg), Box::new(looked_at), None);
        match slot.ask(claim).wait() {
            Ok(StockReply::Grant(grant)) => assert_eq!(grant, expected, "{told}"),
            other => panic!("{other:?}"),
        }
    }
}
