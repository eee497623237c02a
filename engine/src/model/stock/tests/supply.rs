//! Tables: what was ordered, what arrived, what is to come, and who is to be told of it.

use super::*;
use crate::limits::CLOSED_INBOUND_PER_PAIR_MAX;

/// Decides an operation on a table, and carries it out.
fn then(table: Table, operation: &StockOperation) -> (Table, bool) {
    let change = decide(&table, operation).unwrap();
    let is_unchanged = change == StockChange::Unchanged;
    (table.then(&StockEffect::Change { change, serves: Serves::Backlog }), is_unchanged)
}

/// What is known of the supply `PO-0`: units ordered, received, and still to come; none once
/// it is closed.
fn known(table: &Table) -> (u32, u32, Option<u32>) {
    let open = table.stock.inbound().iter().find(|open| open.id.as_str() == "PO-0");
    let closed = table.stock.closed_inbound().iter().find(|closed| closed.id.as_str() == "PO-0");
    match (open, closed) {
        (Some(open), None) => (open.ordered(), open.received, Some(open.quantity)),
        (None, Some(closed)) => (closed.ordered, closed.received, None),
        both => panic!("it is open or it is closed: {both:?}"),
    }
}

/// A file of open orders says the same every night, whatever arrived meanwhile.
#[test]
fn what_was_ordered_is_stated_again_and_again() {
    let id = || InboundId::new("id", "PO-0").unwrap();
    let arrive = |quantity, closes| StockOperation::ReceiveInbound { id: id(), quantity, closes };
    let to_come =
        |quantity| StockOperation::ChangeInbound { id: id(), quantity: Some(quantity), eta: None };
    let cancel = || StockOperation::CancelInbound { id: id() };
    let rows = [
        ("a part arrived", vec![arrive(4, false)], 10, (10, 4, Some(6)), true),
        ("more is ordered", vec![arrive(4, false)], 12, (12, 4, Some(8)), false),
        ("less is ordered", vec![arrive(4, false)], 5, (5, 4, Some(1)), false),
        ("no more is ordered than arrived", vec![arrive(4, false)], 4, (4, 4, None), false),
        ("less is ordered than arrived", vec![arrive(4, false)], 3, (4, 4, None), false),
        ("less was to come", vec![arrive(4, false), to_come(1)], 5, (5, 4, Some(1)), true),
        ("all arrived", vec![arrive(4, false), arrive(6, false)], 10, (10, 10, None), true),
        ("more arrived", vec![arrive(13, false)], 12, (10, 13, None), true),
        ("all arrived, more is ordered", vec![arrive(10, false)], 11, (11, 10, Some(1)), false),
        ("it came short", vec![arrive(7, true)], 10, (10, 7, None), true),
        ("it came short, and more is ordered", vec![arrive(7, true)], 12, (12, 7, Some(5)), false),
        ("it was cancelled", vec![arrive(2, false), cancel()], 10, (10, 2, None), true),
        ("it is cancelled twice", vec![cancel(), cancel()], 10, (10, 0, None), true),
        ("the rest came late", vec![arrive(7, true), arrive(3, false)], 10, (10, 10, None), true),
        (
            "it came late, and more is ordered",
            vec![arrive(7, true), arrive(3, true)],
            12,
            (12, 10, Some(2)),
            false,
        ),
    ];
    for (name, before, ordered, expected, is_unchanged) in rows {
        let (mut table, _) = then(Table::default(), &stated("PO-0", 10));
        for operation in before {
            table = then(table, &operation).0;
        }
        let (on_hand, received) = (table.stock.on_hand, known(&table).1);
        assert_eq!(on_hand, received, "{name}: what arrived is there");
        let (mut table, unchanged) = then(table, &stated("PO-0", ordered));
        assert_eq!((known(&table), unchanged), (expected, is_unchanged), "{name}");
        for night in 1..4 {
            let again;
            (table, again) = then(table, &stated("PO-0", ordered));
            assert!(again, "{name}, stated again: night {night}");
            assert_eq!(known(&table), expected, "{name}, night {night}");
        }
        assert_eq!(table.stock.on_hand, on_hand, "{name}: nothing arrives by being stated");
    }
}

/// Units that rest on a supply of which no more is to come wait.
#[test]
fn a_supply_that_closes_leaves_nothing_pegged_to_it() {
    let arrived = |quantity, closes| StockChange::InboundArrived { no: PO, quantity, closes };
    let eta = Timestamp::from_micros(1);
    for change in [
        arrived(2, true),
        arrived(0, true),
        arrived(10, false),
        StockChange::InboundClosed { no: PO },
        StockChange::InboundMoved { no: PO, quantity: 0, eta },
    ] {
        let table =
            Table::default().change(announce(PO, 10)).reserve(1, &[(Supply::Inbound(PO), 5)]);
        table.then(&StockEffect::Change { change, serves: Serves::Backlog }).holds(&[(
            1,
            Supply::Backorder,
            5,
        )]);
    }
}

/// Those that closed last are remembered. What older events close is forgotten at once.
#[test]
fn closed_supplies_are_bounded_in_number() {
    let mut table = Table::default();
    for at in 0..=CLOSED_INBOUND_PER_PAIR_MAX {
        let id = format!("PO-{at}");
        table = then(table, &stated(&id, 1)).0;
        let id = InboundId::new("id", id).unwrap();
        table = then(table, &StockOperation::CancelInbound { id }).0;
    }
    let closed = table.stock.closed_inbound();
    assert_eq!(closed.len(), CLOSED_INBOUND_PER_PAIR_MAX);
    assert_eq!((closed[0].id.as_str(), closed[0].ordered), ("PO-1", 1));
    let older = Table::default()
        .change(announce(PO, 3))
        .change(receive(PO, 1, false))
        .change(StockChange::InboundCancelled { no: PO });
    assert_eq!(older.stock.closed_inbound(), []);
}

/// When units of a transfer are expected may change; how many left does not.
#[test]
fn a_transfer_can_be_late_and_can_come_short() {
    let id = || InboundId::new("id", "PO-0").unwrap();
    let eta = Timestamp::from_micros(7);
    for later in [
        StockOperation::ChangeInbound { id: id(), quantity: None, eta: Some(eta) },
        StockOperation::ChangeInbound { id: id(), quantity: Some(5), eta: Some(eta) },
        StockOperation::StateInbound { id: id(), ordered: 5, eta },
    ] {
        let changed = Ok(StockChange::InboundMoved { no: PO, quantity: 5, eta });
        assert_eq!(decide(&transfer(), &later), changed);
    }
    let short = StockOperation::ReceiveInbound { id: id(), quantity: 3, closes: true };
    let (short, _) = then(transfer(), &short);
    assert_eq!(known(&short), (5, 3, None));
    // A file of open orders does not open it again.
    let stated = stated("PO-0", 99);
    assert_eq!(decide(&short, &stated), Ok(StockChange::Unchanged));
}

/// Orders are told of a day that moved while they rest on the supply, and of a supply that
/// they lost while they wait.
#[test]
fn who_is_to_be_told_is_on_record_until_it_was_told_or_nobody_is_left() {
    let moved = |quantity, eta| {
        let eta = Timestamp::from_micros(eta);
        let change = StockChange::InboundMoved { no: PO, quantity, eta };
        StockEffect::Change { change, serves: Serves::Backlog }
    };
    let closed = StockChange::InboundClosed { no: PO };
    let closed = || StockEffect::Change { change: closed.clone(), serves: Serves::Backlog };
    let untold = |table: &Table| {
        let ToldAt { supplies, lost } = table.stock.untold();
        (supplies.len(), lost)
    };
    let told = |table: Table| {
        let told = table.stock.untold();
        table.then(&StockEffect::Repeg(Repeg { told, ..Repeg::default() }.into()))
    };
    let pegged =
        || Table::default().change(announce(PO, 10)).reserve(1, &[(Supply::Inbound(PO), 5)]);
    let arrived = |quantity| {
        let change = StockChange::InboundArrived { no: PO, quantity, closes: false };
        StockEffect::Change { change, serves: Serves::Backlog }
    };
    let short = || {
        let counted = StockChange::Counted { on_hand: 0, unavailable: None };
        Table::default()
            .change(set(3))
            .reserve(2, &[(Supply::OnHand, 3)])
            .change(counted)
            .change(announce(PO, 5))
            .reserve(1, &[(Supply::Inbound(PO), 5)])
    };
    // Told as of a moment after which something else happened.
    let stale = |table: Table, happens: &StockEffect| {
        let told = table.stock.untold();
        let table = table.then(happens);
        table.then(&StockEffect::Repeg(Repeg { told, ..Repeg::default() }.into()))
    };
    for (table, expected) in [
        (Table::default().change(announce(PO, 10)).then(&moved(10, 2)), (0, 0)),
        (pegged().then(&moved(9, 1)), (0, 0)),
        (pegged().then(&moved(10, 2)), (1, 0)),
        (pegged().then(&moved(10, 2)).then(&moved(10, 1)), (1, 0)),
        (told(pegged().then(&moved(10, 2))), (0, 0)),
        (pegged().then(&moved(10, 2)).release(1, 5), (0, 0)),
        (pegged().then(&moved(3, 1)), (0, 1)),
        (pegged().then(&moved(3, 2)), (1, 1)),
        (pegged().then(&moved(0, 1)), (0, 1)),
        (pegged().then(&closed()), (0, 1)),
        (told(pegged().then(&closed())), (0, 0)),
        (pegged().then(&closed()).release(1, 5), (0, 0)),
        (pegged().then(&arrived(5)), (0, 0)),
        // What arrives is there for nobody: more was promised before a count.
        (short().then(&arrived(5)), (0, 1)),
        // Another day, and another loss, are expected since.
        (stale(pegged().then(&moved(9, 2)), &moved(4, 3)), (1, 1)),
        // Older versions kept no account.
        (pegged().change(StockChange::InboundCancelled { no: PO }), (0, 0)),
    ] {
        assert_eq!(untold(&table), expected, "{:?}", table.stock);
    }
}
