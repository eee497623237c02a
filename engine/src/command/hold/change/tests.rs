//! What a hold may hold instead, and what keeps it as it is.

use super::*;
use crate::command::fixture::{
    AT, bundle, change, change_hold, confirm, hold, hold_id, item, meta, node, node_id, off_sale,
    opening, order, queueable, receive, release, sku, store, told,
};
use crate::command::{ConfirmHold, LineRequest, StockOperation};
use crate::engine::tests::{NODE, PAIR, one_unit, run};
use crate::engine::{Engine, PlaceOutcome, Pump};
use crate::limits::STOCK_UNITS_MAX;
use crate::model::{OrderId, OrderNo, Parts, PickupOffer, Priority, RefusalKind, Supply};
use crate::sourcing::limits::SHIPMENTS_MAX;
use crate::state::stock::StockMessage;

/// Two units of `A` and one of `B`, of which the hold `H` has one of `A`.
fn one_held() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    for name in ["A", "B"] {
        run(&mut pump, engine.change_stock(receive(name, NODE)));
    }
    run(&mut pump, engine.create_hold(hold("H")));
    (engine, pump)
}

fn to(id: &str, lines: &[(&str, u32)]) -> ChangeHold {
    let line = |(name, quantity): &(&str, u32)| LineRequest { sku: sku(name), quantity: *quantity };
    ChangeHold { lines: Lines(lines.iter().map(line).collect()), ..change_hold(id) }
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let (engine, mut pump) = one_held();
    run(&mut pump, engine.create_hold(hold("R")));
    run(&mut pump, engine.create_hold(hold("W").waiting()));
    run(&mut pump, engine.release_hold(release("R")));
    // What it left went to who waited.
    run(&mut pump, engine.create_hold(hold("W2").waiting()));
    run(&mut pump, engine.define_item(off_sale("B")));
    let id = |id: &str| hold_id(id);
    let ended = Refusal::HoldEnded { hold_id: id("R"), state: HoldState::Released };
    let rows = [
        (to("X", &[("A", 1)]), Refusal::HoldNotFound { hold_id: id("X") }),
        (to("R", &[("A", 2)]), ended),
        (to("H", &[("C", 1)]), Refusal::ItemNotFound { sku: sku("C") }),
        (to("H", &[("A", 1), ("B", 1)]), Refusal::ItemOffSale { sku: sku("B") }),
        (to("H", &[("A", 3)]), Refusal::HoldShort { hold_id: id("H"), sku: sku("A"), short: 2 }),
        (to("W2", &[("A", 2)]), Refusal::HoldGrows { hold_id: id("W2"), sku: sku("A") }),
    ];
    let refused = rows.map(|(command, expected)| {
        assert_eq!(told(engine.change_hold(command)), expected);
        expected.kind()
    });
    let opens = AT.saturating_add_micros(1);
    run(&mut pump, engine.define_item(opening("B", opens)));
    let closed = told(engine.change_hold(to("H", &[("A", 1), ("B", 1)])));
    assert_eq!(closed, Refusal::SaleNotOpen { sku: sku("B"), opens });
    [&refused[..], &[closed.kind(), no_part_of_a_bundle(), collected()], &judged()].concat()
}

/// The refusal of a bundle to a hold that takes a part.
fn no_part_of_a_bundle() -> RefusalKind {
    let (engine, mut pump) = one_held();
    run(&mut pump, engine.define_item(bundle("SET", &[("A", 1), ("B", 1)])));
    run(&mut pump, engine.create_hold(hold("P").taking_a_part()));
    let expected = Refusal::HoldTakesPart { hold_id: hold_id("P"), sku: sku("SET") };
    assert_eq!(told(engine.change_hold(to("P", &[("SET", 1)]))), expected);
    expected.kind()
}

/// The refusal of a hold that is to be collected where that is not offered any more.
fn collected() -> RefusalKind {
    let (engine, mut pump) = one_held();
    run(&mut pump, engine.define_node(store("S")));
    let mut wanted = hold("C");
    wanted.order.destination = node_id("S").into();
    run(&mut pump, engine.create_hold(wanted));
    let mut closed = store("S");
    closed.node.pickup = PickupOffer::NotOffered;
    run(&mut pump, engine.define_node(closed));
    let expected = Refusal::PickupNotOffered { node_id: node_id("S") };
    assert_eq!(told(engine.change_hold(to("C", &[("A", 2)]))), expected);
    run(&mut pump, engine.change_hold(to("C", &[("A", 1)])));
    expected.kind()
}

/// What planning it anew is refused for: a hold stays as it is.
fn judged() -> [RefusalKind; 4] {
    [no_room_to_wait(), no_node(), line_is_full(), at_too_many_nodes()]
        .map(|refusal| refusal.kind())
}

/// The hold `W` waits for two units of `A`, of which there is one.
fn one_waits() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    run(&mut pump, engine.create_hold(hold("H")));
    let mut waits = hold("W").waiting();
    waits.order.lines.0[0].quantity = 2;
    run(&mut pump, engine.create_hold(waits));
    (engine, pump)
}

/// As many units wait at its node as are counted.
fn no_room_to_wait() -> Refusal {
    let (engine, mut pump) = one_waits();
    let lsn = run(&mut pump, engine.define_item(item("C"))).version;
    let effect = StockEffect::Reserve {
        order: OrderNo(99),
        line: 0,
        parts: Parts::from_iter([(Supply::Backorder, STOCK_UNITS_MAX - 2)]),
        held: false,
        priority: Priority::DEFAULT,
    };
    let apply = StockMessage::Apply { pair: PAIR, lsn, effect, settles: false };
    engine.kernel.state.cell(PAIR).ask(apply).wait().expect("no panic");
    let refused = told(engine.change_hold(to("W", &[("A", 1)])));
    let max = u64::from(STOCK_UNITS_MAX);
    assert_eq!(refused, Refusal::QuantityTooLarge { what: "waiting", max });
    refused
}

/// The only node at which its units could wait is disabled.
fn no_node() -> Refusal {
    let (engine, mut pump) = one_waits();
    let mut off = node(NODE);
    off.node.enabled = false;
    run(&mut pump, engine.define_node(off));
    let refused = told(engine.change_hold(to("W", &[("A", 1)])));
    assert_eq!(refused, Refusal::NoNode);
    refused
}

/// What its unit rests on is kept back by now, and no more units may wait.
fn line_is_full() -> Refusal {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    let mut waits = hold("W").waiting();
    waits.order.lines.0.push(LineRequest { sku: sku("B"), quantity: 2 });
    run(&mut pump, engine.create_hold(waits));
    let safety = StockOperation::Set { on_hand: None, unavailable: None, safety: Some(5) };
    run(&mut pump, engine.change_stock(change("A", NODE, safety)));
    run(&mut pump, engine.define_item(queueable("A", 0)));
    let refused = told(engine.change_hold(to("W", &[("A", 1), ("B", 1)])));
    assert_eq!(refused, Refusal::BacklogFull { sku: sku("A"), max: 0 });
    refused
}

/// What it is to hold is at more nodes than one plan looks at.
fn at_too_many_nodes() -> Refusal {
    let (engine, mut pump) = one_held();
    for no in 0..SHIPMENTS_MAX {
        let name = format!("N{no}");
        run(&mut pump, engine.define_node(node(&name)));
        run(&mut pump, engine.change_stock(receive("A", &name)));
    }
    let most = u32::try_from(SHIPMENTS_MAX).expect("few");
    let refused = told(engine.change_hold(to("H", &[("A", most + 9)])));
    let why =
        format!("its items are at more nodes than the {SHIPMENTS_MAX} that one plan looks at");
    assert_eq!(refused, Refusal::CommandTooLarge { why });
    refused
}

#[test]
fn a_hold_that_cannot_have_what_it_is_to_hold_stays_as_it_is() {
    table();
}

/// A hold's state, when it lapses after it was created, and its lines.
fn stands(engine: &Engine, pump: &mut Pump, id: &str) -> (HoldState, i64, Vec<(u32, u32)>) {
    let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
    let hold = order.header.hold.as_deref().expect("it is a hold");
    let until = (hold.until.as_micros() - AT.as_micros()) / 1_000_000;
    let lines = order.lines.iter().map(|line| (line.sku.0, line.ordered));
    (hold.state, until, lines.collect())
}

#[test]
fn a_changed_hold_keeps_its_id_and_its_time_and_its_own_units_are_free_to_it() {
    let (engine, mut pump) = one_held();
    let created = run(&mut pump, engine.create_hold(hold("H"))).version;
    let later = Meta { at: AT.saturating_add_micros(30_000_000), ..meta() };
    let change = ChangeHold { meta: later, ..to("H", &[("A", 2), ("B", 1)]) };
    let done = run(&mut pump, engine.change_hold(change.clone()));
    let (live, all) = (HoldState::Live, vec![(0, 2), (1, 1)]);
    assert_eq!(stands(&engine, &mut pump, "H"), (live, 60, all));
    assert_eq!(run(&mut pump, engine.change_hold(change)).version, done.version, "as it is");
    // The same hold again is no other one.
    assert_eq!(run(&mut pump, engine.create_hold(hold("H"))).version, created);
    // What it holds no more is anybody's.
    run(&mut pump, engine.change_hold(to("H", &[("B", 1)])));
    let placed = run(&mut pump, engine.place_order(order()));
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
    let other = OrderId::new("id", "P").expect("an id");
    run(&mut pump, engine.confirm_hold(ConfirmHold { order: other, ..confirm("H") }));
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean() && audit.holds == 0, "{audit:?}");
    let again = run(&mut pump, engine.create_hold(hold("H")));
    assert_eq!(again.version, created, "of the event that created it");
}

#[test]
fn who_waits_in_line_keeps_his_place_and_has_his_units_once_he_wants_no_more_than_there_is() {
    let (engine, mut pump) = one_unit();
    let order = |id, units| {
        let mut hold = hold(id).waiting();
        hold.order.lines.0[0].quantity = units;
        hold
    };
    run(&mut pump, engine.create_hold(order("W", 3)));
    run(&mut pump, engine.create_hold(order("V", 1)));
    let waits = |units| (HoldState::Waiting, 43_200, vec![(0, units)]);
    run(&mut pump, engine.change_hold(to("W", &[("A", 2)])));
    assert_eq!(stands(&engine, &mut pump, "W"), waits(2));
    let later = Meta { at: AT.saturating_add_micros(5_000_000), ..meta() };
    run(&mut pump, engine.change_hold(ChangeHold { meta: later, ..to("W", &[("A", 1)]) }));
    assert_eq!(stands(&engine, &mut pump, "W"), (HoldState::Live, 65, vec![(0, 1)]));
    assert_eq!(stands(&engine, &mut pump, "V"), waits(1));
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean() && audit.holds == 2, "{audit:?}");
}

/// It may want less than it lacks, and waits on as before.
#[test]
fn a_hold_that_lost_units_may_want_less_than_it_had() {
    let (engine, mut pump) = one_held();
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    run(&mut pump, engine.change_hold(to("H", &[("A", 3), ("B", 1)])));
    let found = StockOperation::Count { on_hand: 1 };
    run(&mut pump, engine.change_stock(change("A", NODE, found)));
    let more = told(engine.change_hold(to("H", &[("A", 4)])));
    assert_eq!(more.kind(), RefusalKind::HoldShort);
    run(&mut pump, engine.change_hold(to("H", &[("A", 2)])));
    assert_eq!(stands(&engine, &mut pump, "H"), (HoldState::Live, 60, vec![(0, 2)]));
    let supplies = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("H")))).supplies;
    let there = supplies.iter().flatten().filter(|(supply, _)| supply.is_there());
    assert_eq!(there.map(|(_, units)| units).sum::<u32>(), 1, "{supplies:?}");
    // What comes is its own, before anybody newer.
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    run(&mut pump, engine.confirm_hold(confirm("H")));
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean() && audit.holds == 0, "{audit:?}");
}

#[test]
fn a_hold_is_changed_to_something() {
    let said = |lines: &[(&str, u32)]| crate::command::fixture::said(to("H", lines).validate());
    assert_eq!(said(&[]), ["lines: \"\" is required"]);
    assert_eq!(said(&[("A", 0)]), ["lines[0].quantity: \"0\" is not within 1 to 500000"]);
}
