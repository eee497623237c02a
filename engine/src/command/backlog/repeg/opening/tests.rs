//! What the opening of a sale does to those who wait, and to those who come later.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use crate::command::fixture::{
    AT, change, change_hold, confirm, hold, hold_id, item, meta, node, opening, order, receive,
    sku, told,
};
use crate::command::{
    AnyEvent, CreateHold, DefineItem, LineRequest, Meta, PlaceOrder, StockOperation,
};
use crate::disk::SimulatedDisk;
use crate::engine::tests::{NODE, OnePlace, one_unit, poll, run};
use crate::engine::{Engine, EngineError, OpenOptions, PlaceOutcome, Pump};
use crate::limits::HOLD_WAIT_SECONDS;
use crate::model::{HoldState, OrderId, Priority, Refusal, Shortage, Timestamp};

const WAITING: u64 = 9;

fn after(seconds: u32) -> Timestamp {
    AT.saturating_add_micros(i64::from(seconds) * 1_000_000)
}

fn at(seconds: u32) -> Meta {
    Meta { at: after(seconds), ..meta() }
}

fn name(no: u64) -> String {
    format!("W{no}")
}

/// Three units of `A`, whose sale opens in a minute, and holds that wait for it.
fn pre_line(engine: &Engine, pump: &mut Pump) {
    run(pump, engine.define_item(opening("A", after(60))));
    for _ in 0..2 {
        run(pump, engine.change_stock(receive("A", NODE)));
    }
    for no in 0..WAITING {
        run(pump, engine.create_hold(hold(&name(no)).waiting()));
    }
}

fn pump_all(pump: &mut Pump) {
    while pump.pump().expect("the engine does not halt") {}
}

fn state(engine: &Engine, pump: &mut Pump, id: &str) -> HoldState {
    let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
    order.header.hold.as_deref().expect("it is a hold").state
}

/// How many are ahead of a hold, if that is drawn.
fn ahead(engine: &Engine, pump: &mut Pump, id: &str) -> Option<u64> {
    let no = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order.no;
    engine.holds_ahead(&sku("A"), Priority::DEFAULT, Some(no)).expect("an item")
}

/// The holds that are live, and all that wait with how many are ahead of them.
type Line = (Vec<u64>, Vec<(u64, u64)>);

fn line(engine: &Engine, pump: &mut Pump) -> Line {
    let (mut live, mut waiting) = (Vec::new(), Vec::new());
    for no in 0..WAITING {
        match state(engine, pump, &name(no)) {
            HoldState::Live => live.push(no),
            HoldState::Waiting => {
                waiting.push((no, ahead(engine, pump, &name(no)).expect("it is drawn")));
            }
            other => panic!("{no} is {other:?}"),
        }
    }
    (live, waiting)
}

#[test]
fn before_its_sale_opens_nobody_has_an_item_and_holds_wait_without_a_place() {
    let (engine, mut pump) = one_unit();
    pre_line(&engine, &mut pump);
    let closed = || Refusal::SaleNotOpen { sku: sku("A"), opens: after(60) };
    assert_eq!(told(engine.place_order(order())), closed());
    assert_eq!(told(engine.create_hold(hold("H"))), closed());
    for no in 0..WAITING {
        assert_eq!(state(&engine, &mut pump, &name(no)), HoldState::Waiting);
        assert_eq!(ahead(&engine, &mut pump, &name(no)), None);
    }
    assert_eq!(engine.held_of(&sku("A")).expect("an item").line, WAITING);
    // What comes meanwhile is nobody's either.
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    engine.tell_time(after(59));
    pump_all(&mut pump);
    assert_eq!(state(&engine, &mut pump, &name(0)), HoldState::Waiting);
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
}

#[test]
fn the_opening_serves_those_in_line_by_the_draw_and_later_ones_behind_them() {
    let (engine, mut pump) = one_unit();
    pre_line(&engine, &mut pump);
    engine.tell_time(after(60));
    pump_all(&mut pump);
    let (live, mut waiting) = line(&engine, &mut pump);
    assert_eq!((live.len(), waiting.len()), (3, 6), "of three units");
    waiting.sort_by_key(|(_, ahead)| *ahead);
    assert_eq!(waiting.iter().map(|(_, ahead)| *ahead).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert_ne!(live, [0, 1, 2], "it is not by who came first");
    // Who comes now is behind all of them, in turn.
    for (id, before) in [("L1", 6), ("L2", 7)] {
        let late = CreateHold { meta: at(61), ..hold(id) };
        run(&mut pump, engine.create_hold(late.waiting()));
        assert_eq!(ahead(&engine, &mut pump, id), Some(before));
    }
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
    // They get what comes, in that order.
    for (no, _) in waiting {
        assert_eq!(state(&engine, &mut pump, &name(no)), HoldState::Waiting);
        run(&mut pump, engine.change_stock(receive("A", NODE)));
        pump_all(&mut pump);
        assert_eq!(state(&engine, &mut pump, &name(no)), HoldState::Live, "{no}");
    }
}

#[test]
fn whoever_orders_when_the_time_has_come_waits_for_the_opening_and_passes_nobody() {
    let (engine, mut pump) = one_unit();
    pre_line(&engine, &mut pump);
    // Nobody told the time: the command brings it.
    let mut order = order();
    order.meta = at(60);
    let outcome = run(&mut pump, engine.place_order(order)).outcome;
    assert!(matches!(outcome, PlaceOutcome::SoldOut(_)), "{outcome:?}");
    assert_eq!(line(&engine, &mut pump).0.len(), 3);
}

#[test]
fn a_sale_opens_on_time_where_nobody_waits() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(opening("A", after(60))));
    let mut order = order();
    order.meta = at(60);
    let outcome = run(&mut pump, engine.place_order(order)).outcome;
    assert!(matches!(outcome, PlaceOutcome::Placed(_)), "{outcome:?}");
    // An opening that is past already opens at once, and one that is taken back is none.
    run(&mut pump, engine.define_item(opening("B", after(1))));
    run(&mut pump, engine.change_stock(receive("B", NODE)));
    run(&mut pump, engine.define_item(opening("C", after(600))));
    run(&mut pump, engine.change_stock(receive("C", NODE)));
    run(&mut pump, engine.define_item(item("C")));
    for name in ["B", "C"] {
        let mut of = hold(name);
        (of.meta, of.order.lines.0[0].sku) = (at(61), sku(name));
        let outcome = run(&mut pump, engine.create_hold(of)).outcome;
        assert!(matches!(outcome, PlaceOutcome::Placed(_)), "{name}: {outcome:?}");
    }
}

fn opened(disk: &SimulatedDisk) -> (Engine, Pump) {
    let (disk, options) = (Arc::new(disk.clone()), OpenOptions::new("/data"));
    let opened = Engine::open_single_threaded(&options, disk, Arc::new(OnePlace));
    let (engine, pump, _) = opened.expect("it opens");
    (engine, pump)
}

/// Before the opening, and after it.
#[test]
fn places_and_openings_are_the_same_after_a_restart() {
    let disk = SimulatedDisk::new();
    let (engine, mut pump) = opened(&disk);
    run(&mut pump, engine.define_node(node(NODE)));
    run(&mut pump, engine.define_item(item("A")));
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    pre_line(&engine, &mut pump);
    drop((engine, pump));
    let disk = disk.restart();
    let (engine, mut pump) = opened(&disk);
    engine.tell_time(after(59));
    pump_all(&mut pump);
    assert_eq!(told(engine.create_hold(hold("H"))).kind().name(), "SALE_NOT_OPEN");
    assert_eq!(ahead(&engine, &mut pump, "W1"), None);
    engine.tell_time(after(60));
    pump_all(&mut pump);
    let drawn = line(&engine, &mut pump);
    assert_eq!(drawn.0.len(), 3);
    drop((engine, pump));
    let (engine, mut pump) = opened(&disk.restart());
    engine.tell_time(after(61));
    pump_all(&mut pump);
    assert_eq!(line(&engine, &mut pump), drawn);
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
}

#[test]
fn the_line_of_a_sale_opens_as_long_before_it_as_a_hold_waits_and_a_hold_waits_as_long_after_it() {
    let (engine, mut pump) = one_unit();
    let opens = after(HOLD_WAIT_SECONDS + 1);
    run(&mut pump, engine.define_item(opening("A", opens)));
    let early = told(engine.create_hold(hold("E").waiting()));
    assert_eq!(early, Refusal::SaleNotOpen { sku: sku("A"), opens });
    let joins = CreateHold { meta: at(1), ..hold("W") };
    run(&mut pump, engine.create_hold(joins.waiting()));
    let order = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("W")))).order;
    let until = order.header.hold.as_deref().expect("a hold").until;
    assert_eq!(until, after(2 * HOLD_WAIT_SECONDS + 1));
}

/// A hold from before keeps what it has, and gets no more of it.
#[test]
fn a_hold_that_was_there_before_keeps_its_units_and_is_confirmed() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    run(&mut pump, engine.create_hold(hold("H")));
    run(&mut pump, engine.define_item(opening("A", after(600))));
    let more = told(engine.change_hold(change_hold("H")));
    assert_eq!(more, Refusal::SaleNotOpen { sku: sku("A"), opens: after(600) });
    run(&mut pump, engine.confirm_hold(confirm("H")));
    // One that lapsed takes its units anew.
    run(&mut pump, engine.define_item(item("A")));
    run(&mut pump, engine.create_hold(hold("L")));
    run(&mut pump, engine.define_item(opening("A", after(600))));
    engine.tell_time(after(60));
    pump_all(&mut pump);
    let mut late = confirm("L");
    (late.meta, late.order) = (at(61), OrderId::new("id", "P").expect("an id"));
    assert_eq!(told(engine.confirm_hold(late)).kind().name(), "SALE_NOT_OPEN");
}

/// They are served by who came first.
#[test]
fn who_waits_in_line_is_served_once_an_item_has_no_opening_any_more() {
    let (engine, mut pump) = one_unit();
    pre_line(&engine, &mut pump);
    run(&mut pump, engine.define_item(item("A")));
    pump_all(&mut pump);
    let (live, waiting) = line(&engine, &mut pump);
    assert_eq!((live, waiting[0]), (vec![0, 1, 2], (3, 0)));
}

/// Orders that wait are served all the while.
#[test]
fn an_order_that_waited_before_is_served_before_the_opening() {
    let (engine, mut pump) = one_unit();
    let zero = StockOperation::Count { on_hand: 0 };
    run(&mut pump, engine.change_stock(change("A", NODE, zero)));
    let mut waits = order();
    waits.order.shortage = Some(Shortage::Backorder);
    run(&mut pump, engine.place_order(waits));
    run(&mut pump, engine.define_item(opening("A", after(60))));
    run(&mut pump, engine.create_hold(hold("W").waiting()));
    for _ in 0..2 {
        run(&mut pump, engine.change_stock(receive("A", NODE)));
    }
    pump_all(&mut pump);
    let supplies = run(&mut pump, engine.order(&order().order.id)).supplies;
    assert!(supplies[0].iter().all(|(supply, _)| supply.is_there()), "{supplies:?}");
    assert_eq!(state(&engine, &mut pump, "W"), HoldState::Waiting);
    engine.tell_time(after(60));
    pump_all(&mut pump);
    assert_eq!(state(&engine, &mut pump, "W"), HoldState::Live);
}

#[test]
fn neither_a_bundle_nor_a_component_has_an_opening() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(opening("B", after(60))));
    let bundle = || crate::command::fixture::bundle("SET", &[("A", 1), ("B", 1)]);
    let wrong = |error: EngineError| error.to_string();
    let mut with_opening = crate::command::fixture::bundle("SET2", &[("A", 1)]);
    with_opening.item.opens = Some(after(60));
    let mut at_fault = Vec::new();
    for command in [bundle(), with_opening] {
        let refused = poll(pin!(engine.define_item(command)));
        let Poll::Ready(Err(error)) = refused else { panic!("it is refused") };
        at_fault.push(wrong(error));
    }
    assert!(at_fault.iter().all(|said| said.contains("opens_time")), "{at_fault:?}");
    run(&mut pump, engine.define_item(item("B")));
    run(&mut pump, engine.define_item(bundle()));
    let refused = poll(pin!(engine.define_item(opening("B", after(60)))));
    let Poll::Ready(Err(error)) = refused else { panic!("it is refused") };
    assert!(wrong(error).contains("opens_time"));
}

/// It would keep what it has of the other one for hours, and a part of it would be its own.
#[test]
fn a_hold_waits_for_one_opening_and_for_nothing_else() {
    let (engine, mut pump) = one_unit();
    for name in ["B", "C", "D"] {
        run(&mut pump, engine.define_item(item(name)));
        run(&mut pump, engine.change_stock(receive(name, NODE)));
    }
    for (name, seconds) in [("A", 60), ("C", 60), ("D", 90)] {
        run(&mut pump, engine.define_item(opening(name, after(seconds))));
    }
    let of = |id: &str, other: &str| {
        let mut both = hold(id);
        both.order.lines.0.push(LineRequest { sku: sku(other), quantity: 1 });
        both
    };
    let closed = |name, seconds| Refusal::SaleNotOpen { sku: sku(name), opens: after(seconds) };
    for (other, refused) in [("B", closed("A", 60)), ("D", closed("D", 90))] {
        assert_eq!(told(engine.create_hold(of("H", other).waiting())), refused);
        assert_eq!(told(engine.create_hold(of("H", other).taking_a_part())), refused);
    }
    run(&mut pump, engine.create_hold(of("H", "C").waiting()));
    let view = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("H"))));
    let mut parts = view.supplies.iter().flatten();
    assert!(parts.all(|(supply, _)| !supply.is_there()), "{:?}", view.supplies);
    engine.tell_time(after(60));
    pump_all(&mut pump);
    assert_eq!(state(&engine, &mut pump, "H"), HoldState::Live);
}

/// Whoever comes later was not in line, whatever became of numbers that were given before.
#[test]
fn no_number_that_takes_part_in_a_draw_is_given_to_who_comes_later() {
    for crashes in [false, true] {
        let disk = SimulatedDisk::new();
        let (mut engine, mut pump) = opened(&disk);
        run(&mut pump, engine.define_node(node(NODE)));
        run(&mut pump, engine.define_item(item("A")));
        run(&mut pump, engine.change_stock(receive("A", NODE)));
        pre_line(&engine, &mut pump);
        // Four commands have numbers. One is never appended, and the others never durable.
        let given = [(); 4].map(|()| engine.kernel.state.next_order());
        engine.tell_time(after(60));
        pump_all(&mut pump);
        engine.kernel.state.unnumber(given[3]);
        if crashes {
            drop((engine, pump));
            (engine, pump) = opened(&disk.restart());
            engine.tell_time(after(61));
            pump_all(&mut pump);
        }
        for (id, before) in [("L1", 6), ("L2", 7), ("L3", 8), ("L4", 9), ("L5", 10)] {
            let late = CreateHold { meta: at(61), ..hold(id) };
            run(&mut pump, engine.create_hold(late.waiting()));
            assert_eq!(ahead(&engine, &mut pump, id), Some(before), "{id} comes later");
        }
    }
}

/// A hold that is between its number and the journal is waited for.
#[test]
fn a_hold_that_has_a_number_is_in_the_journal_before_the_opening_or_has_a_later_one() {
    let (engine, mut pump) = one_unit();
    pre_line(&engine, &mut pump);
    engine.kernel.state.pass_to(after(60));
    let a = engine.kernel.state.catalogue.named(&sku("A")).expect("it is defined");
    let joining = engine.kernel.joining.read();
    let (of_hold, ticket) = std::thread::scope(|threads| {
        let opens = threads.spawn(|| super::open(&engine.kernel, a));
        std::thread::sleep(std::time::Duration::from_millis(50));
        let no = engine.kernel.state.next_order();
        drop(joining);
        (no, opens.join().expect("it does not panic").expect("it opens"))
    });
    pump_all(&mut pump);
    let event = engine.event(ticket.expect("its time has come").lsn);
    let Some(AnyEvent::SaleOpened(opened)) = event else { panic!("{event:?}") };
    assert!(of_hold < opened.draw.before, "{of_hold:?} takes part: {opened:?}");
}

/// It waits as long from the new opening on, within the life of a hold, and keeps its place.
#[test]
fn a_hold_in_line_waits_longer_for_a_sale_that_is_put_off() {
    let life = crate::limits::HOLD_LIFE_SECONDS_MAX;
    for (put_off, expected) in [
        (120, HOLD_WAIT_SECONDS + 120),
        (HOLD_WAIT_SECONDS + 600, 2 * HOLD_WAIT_SECONDS + 600),
        (life - 600, life),
    ] {
        let disk = SimulatedDisk::new();
        let (engine, mut pump) = opened(&disk);
        run(&mut pump, engine.define_node(node(NODE)));
        run(&mut pump, engine.define_item(item("A")));
        pre_line(&engine, &mut pump);
        run(&mut pump, engine.define_item(opening("A", after(put_off))));
        let until = |engine: &Engine, pump: &mut Pump| {
            let view = run(pump, engine.order(&OrderId::of_hold(&hold_id("W0"))));
            view.order.header.hold.as_deref().expect("a hold").until
        };
        let zero = StockOperation::Count { on_hand: 0 };
        run(&mut pump, engine.change_stock(change("A", NODE, zero)));
        assert_eq!(until(&engine, &mut pump), after(60 + HOLD_WAIT_SECONDS));
        engine.tell_time(after(put_off.min(60 + HOLD_WAIT_SECONDS)));
        pump_all(&mut pump);
        engine.tell_time(after(60 + HOLD_WAIT_SECONDS));
        pump_all(&mut pump);
        assert_eq!(state(&engine, &mut pump, "W0"), HoldState::Waiting, "put off to {put_off}");
        assert_eq!(until(&engine, &mut pump), after(expected), "put off to {put_off}");
        drop((engine, pump));
        let (engine, mut pump) = opened(&disk.restart());
        assert_eq!(until(&engine, &mut pump), after(expected), "after a restart");
        engine.tell_time(after(expected - 1));
        pump_all(&mut pump);
        assert_eq!(state(&engine, &mut pump, "W0"), HoldState::Waiting, "put off to {put_off}");
        engine.tell_time(after(expected));
        pump_all(&mut pump);
        assert_eq!(state(&engine, &mut pump, "W0"), HoldState::Lapsed, "put off to {put_off}");
        let audit = engine.audit().expect("it ends");
        assert!(audit.is_clean(), "{audit:?}");
    }
}

/// The time of the opening has come, and the order waits for it; meanwhile the sale is put off.
#[test]
fn a_sale_that_is_put_off_while_an_order_waits_for_its_opening_has_no_orders() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(opening("A", after(60))));
    let mut waits = PlaceOrder { meta: at(60), ..order() };
    waits.order.shortage = Some(Shortage::Backorder);
    let mut order = pin!(engine.place_order(waits));
    assert!(poll(order.as_mut()).is_pending(), "it waits for the opening");
    run(&mut pump, engine.define_item(DefineItem { meta: at(60), ..opening("A", after(90)) }));
    assert_eq!(told(order), Refusal::SaleNotOpen { sku: sku("A"), opens: after(90) });
}

/// Its holds and orders are in line for several items in one order, which is by age.
#[test]
fn an_item_that_becomes_a_component_has_a_line_by_who_came_first() {
    let disk = SimulatedDisk::new();
    let (engine, mut pump) = opened(&disk);
    run(&mut pump, engine.define_node(node(NODE)));
    run(&mut pump, engine.define_item(item("A")));
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    pre_line(&engine, &mut pump);
    engine.tell_time(after(60));
    pump_all(&mut pump);
    let (_, drawn) = line(&engine, &mut pump);
    assert!(!drawn.is_sorted_by_key(|(_, ahead)| *ahead), "{drawn:?}");
    run(&mut pump, engine.define_item(item("A")));
    assert_eq!(line(&engine, &mut pump).1, drawn, "its draw stays");
    run(&mut pump, engine.define_item(crate::command::fixture::bundle("SET", &[("A", 2)])));
    let by_age: Vec<(u64, u64)> = drawn.iter().map(|(no, _)| *no).zip(0..).collect();
    assert_eq!(line(&engine, &mut pump).1, by_age);
    drop((engine, pump));
    let (engine, mut pump) = opened(&disk.restart());
    engine.tell_time(after(61));
    pump_all(&mut pump);
    assert_eq!(line(&engine, &mut pump).1, by_age);
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    pump_all(&mut pump);
    assert_eq!(state(&engine, &mut pump, &name(by_age[0].0)), HoldState::Live);
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
}

/// The item was on sale when the order came; it waits for another one, and meanwhile the item is
/// given an opening.
#[test]
fn a_sale_that_is_to_open_only_since_an_order_came_has_no_orders() {
    let (engine, mut pump) = one_unit();
    let of_one = |id: &str| {
        let mut command = order();
        command.order.id = OrderId::new("id", id).expect("an id");
        command.order.shortage = Some(Shortage::Backorder);
        command
    };
    let mut first = pin!(engine.place_order(of_one("first")));
    assert!(poll(first.as_mut()).is_pending(), "it waits for the disk");
    let mut second = pin!(engine.place_order(of_one("second")));
    assert!(poll(second.as_mut()).is_pending(), "the first one may come to nothing");
    run(&mut pump, engine.define_item(opening("A", after(90))));
    let told = loop {
        if let Poll::Ready(told) = poll(second.as_mut()) {
            break told;
        }
        pump_all(&mut pump);
    };
    let opens = after(90);
    match told {
        Err(EngineError::Refused(told)) => {
            assert_eq!(told, Refusal::SaleNotOpen { sku: sku("A"), opens });
        }
        told => panic!("{told:?}"),
    }
}
