//! Which holds come to be, who waits for one, and what an owner's next one takes over.

use std::pin::pin;
use std::task::Poll;

use super::*;
use crate::command::fixture::{
    AT, change, confirm, extend, hold, hold_id, keyed, meta, node_id, off_sale, opening, order,
    queueable, receive, release, said, sku, told,
};
use crate::command::{ChangeStock, ConfirmHold, Meta, StockOperation};
use crate::engine::tests::{NODE, PAIR, one_unit, poll, run};
use crate::engine::{PlaceOutcome, Pump};
use crate::model::{PostalCode, RefusalKind};

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let (engine, mut pump) = one_unit();
    let mut unknown = order();
    unknown.order.lines.0[0].sku = sku("X");
    let unknown = CreateHold::new(meta(), hold_id("U"), (60, None), unknown.order);
    run(&mut pump, engine.create_hold(hold("H")));
    let refusals = [
        (unknown, Refusal::ItemNotFound { sku: sku("X") }),
        (CreateHold { seconds: 61, ..hold("H") }, Refusal::HoldIdReused { hold_id: hold_id("H") }),
    ];
    let refused = refusals.map(|(command, expected)| {
        assert_eq!(told(engine.create_hold(command)), expected);
        expected.kind()
    });
    let mut refused = refused.to_vec();
    let collect = |id: &str, at: &str| {
        let wanted = OrderRequest { destination: node_id(at).into(), ..order().order };
        CreateHold::new(meta(), hold_id(id), (60, None), wanted)
    };
    let nowhere = Refusal::NodeNotFound { node_id: node_id("S") };
    assert_eq!(told(engine.create_hold(collect("P", "S"))), nowhere);
    let not_there = Refusal::PickupNotOffered { node_id: node_id(NODE) };
    assert_eq!(told(engine.create_hold(collect("P", NODE))), not_there);
    refused.extend([nowhere.kind(), not_there.kind()]);
    run(&mut pump, engine.define_item(off_sale("A")));
    let kept = Refusal::ItemOffSale { sku: sku("A") };
    assert_eq!(told(engine.create_hold(hold("V"))), kept);
    refused.push(kept.kind());
    let opens = AT.saturating_add_micros(1);
    run(&mut pump, engine.define_item(opening("A", opens)));
    let closed = Refusal::SaleNotOpen { sku: sku("A"), opens };
    assert_eq!(told(engine.create_hold(hold("V"))), closed);
    refused.push(closed.kind());

    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(queueable("A", 1)));
    run(&mut pump, engine.create_hold(hold("H")));
    run(&mut pump, engine.create_hold(owned("W").waiting()));
    let full = Refusal::BacklogFull { sku: sku("A"), max: 1 };
    assert_eq!(told(engine.create_hold(hold("X").waiting())), full);
    // What it takes over leaves the line.
    run(&mut pump, engine.create_hold(owned("W2").waiting()));
    refused.push(full.kind());

    let (engine, mut pump) = one_unit();
    let at = |hours: i64| Meta { at: AT.saturating_add_micros(hours * 3_600_000_000), ..meta() };
    let of = |id, hours| CreateHold { meta: at(hours), seconds: 86_400, ..owned(id) };
    for (id, hours) in [("H1", 0), ("H2", 23), ("H3", 46), ("H4", 69)] {
        run(&mut pump, engine.create_hold(of(id, hours)));
    }
    let limit = "259200 seconds from its beginning".into();
    let over = Refusal::HoldAtLimit { hold_id: hold_id("H4"), limit };
    assert_eq!(told(engine.create_hold(of("H5", 72))), over);
    refused.push(over.kind());
    refused
}

#[test]
fn a_hold_of_an_unknown_item_or_under_a_used_id_is_refused() {
    table();
}

#[test]
fn the_next_hold_of_an_owner_takes_over_the_units_of_the_one_before() {
    let (engine, mut pump) = one_unit();
    let owner = OwnerId::new("owner", "X").ok();
    let of = |id: &str| CreateHold { owner: owner.clone(), ..hold(id) };
    let first = run(&mut pump, engine.create_hold(of("H1")));
    let second = run(&mut pump, engine.create_hold(of("H2")));
    assert!(matches!(second.outcome, PlaceOutcome::Placed(_)), "the unit is his: {second:?}");
    let state = |pump: &mut _, id: &str| {
        let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
        order.header.hold.as_deref().map(|hold| hold.state)
    };
    assert_eq!(state(&mut pump, "H1"), Some(HoldState::TakenOver));
    assert_eq!(state(&mut pump, "H2"), Some(HoldState::Live));
    // A retry of the first one does not take the unit back.
    let again = run(&mut pump, engine.create_hold(of("H1")));
    assert_eq!(again.version, first.version);
    assert_eq!(state(&mut pump, "H2"), Some(HoldState::Live));
    let sold_out = run(&mut pump, engine.create_hold(hold("H3")));
    assert!(matches!(sold_out.outcome, PlaceOutcome::SoldOut(_)), "{sold_out:?}");
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
}

/// An owner's hold of that id.
fn owned(id: &str) -> CreateHold {
    CreateHold { owner: OwnerId::new("owner", "X").ok(), ..hold(id) }
}

#[test]
fn a_hold_that_took_over_another_one_is_known_again_by_its_key() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.create_hold(owned("H1")));
    let second = || CreateHold { meta: keyed("K"), ..owned("H2") };
    let taken = run(&mut pump, engine.create_hold(second()));
    let again = run(&mut pump, engine.submit_hold(second()));
    assert!(again.is_repeat());
    assert_eq!(run(&mut pump, again.acknowledged()).version, taken.version);
}

#[test]
fn a_hold_keeps_its_life_when_it_is_taken_over() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.create_hold(owned("H1")));
    run(&mut pump, engine.extend_hold(extend("H1")));
    let day = CreateHold { seconds: 86_400, ..owned("H2") };
    run(&mut pump, engine.create_hold(day));
    for (id, hours) in [("H3", 23), ("H4", 46), ("H5", 49)] {
        let at = AT.saturating_add_micros(hours * 3_600_000_000);
        let next = CreateHold { meta: Meta { at, ..meta() }, seconds: 86_400, ..owned(id) };
        run(&mut pump, engine.create_hold(next));
    }
    let order = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("H5")))).order;
    let hold = order.header.hold.as_deref().expect("it is a hold");
    assert_eq!((hold.began, hold.extended, hold.state), (AT, 1, HoldState::Live));
    assert_eq!(hold.until, AT.saturating_add_micros(259_200_000_000), "three days");
}

/// The re-pegger may want the hold that is to be taken over: it would wait for it, and the
/// command for the re-pegger.
#[test]
fn nobody_has_a_hold_in_hand_who_waits_for_its_item_to_be_settled() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.create_hold(owned("H1")));
    engine.kernel.state.unsettle(PAIR.sku);
    let elsewhere = ConfirmHold {
        destination: PostalCode::new("code", "10001").ok().map(Into::into),
        ..confirm("H1")
    };
    let mut taking = pin!(engine.create_hold(owned("H2")));
    let mut confirming = pin!(engine.confirm_hold(elsewhere));
    for waiting in [poll(taking.as_mut()).is_pending(), poll(confirming.as_mut()).is_pending()] {
        assert!(waiting, "its item is not settled");
        let mut clerk = Claims::new(&engine.kernel);
        let in_hand = poll(pin!(clerk.in_hand(&OrderId::of_hold(&hold_id("H1")))));
        assert!(matches!(in_hand, Poll::Ready(Ok(_))), "nobody has it in hand");
    }
    let taken = run(&mut pump, taking);
    assert!(matches!(taken.outcome, PlaceOutcome::Placed(_)), "{taken:?}");
    let Poll::Ready(Err(EngineError::Refused(refusal))) = poll(confirming.as_mut()) else {
        panic!("it is taken over by now");
    };
    assert_eq!(refusal.kind(), RefusalKind::HoldEnded);
}

/// `NO_PHANTOM_SOLD_OUT`: the time has passed, and nobody told the engine before.
#[test]
fn nobody_is_told_sold_out_for_a_hold_whose_time_has_run_out() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.create_hold(hold("H")));
    let mut late = order();
    late.meta.at = AT.saturating_add_micros(60_000_000);
    let placed = run(&mut pump, engine.place_order(late));
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
}

#[test]
fn who_waits_in_line_gets_what_comes_free_before_anybody_newer() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.create_hold(hold("H")));
    for id in ["W1", "W2"] {
        let waits = run(&mut pump, engine.create_hold(hold(id).waiting()));
        assert!(matches!(waits.outcome, PlaceOutcome::Placed(_)), "{waits:?}");
    }
    let stands = |pump: &mut _, id: &str| {
        let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
        let hold = order.header.hold.as_deref().expect("it is a hold");
        (hold.state, (hold.until.as_micros() - AT.as_micros()) / 1_000_000)
    };
    let all = |pump: &mut _| ["H", "W1", "W2"].map(|id| stands(pump, id));
    let (live, waiting) = (HoldState::Live, HoldState::Waiting);
    assert_eq!(all(&mut pump), [(live, 60), (waiting, 43_200), (waiting, 43_200)]);

    let pass_to = |pump: &mut Pump, seconds: i64| {
        engine.tell_time(AT.saturating_add_micros(seconds * 1_000_000));
        while pump.pump().expect("the engine does not halt") {}
    };
    pass_to(&mut pump, 59);
    assert_eq!(stands(&mut pump, "H"), (live, 60), "not a moment before its time");
    pass_to(&mut pump, 60);
    let lapsed = (HoldState::Lapsed, 60);
    assert_eq!(all(&mut pump), [lapsed, (live, 120), (waiting, 43_200)]);
    let meta = Meta { at: AT.saturating_add_micros(60_000_000), ..meta() };
    let late = CreateHold { meta, ..hold("X") };
    let late = run(&mut pump, engine.create_hold(late));
    assert!(matches!(late.outcome, PlaceOutcome::SoldOut(_)), "{late:?}");

    run(&mut pump, engine.release_hold(release("W1")));
    let released = (HoldState::Released, 120);
    assert_eq!(all(&mut pump), [lapsed, released, (live, 120)]);
    run(&mut pump, engine.confirm_hold(confirm("W2")));
    pass_to(&mut pump, 50_000);
    assert_eq!(stands(&mut pump, "W2").0, HoldState::Confirmed);
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean() && audit.holds == 0, "{audit:?}");
}

/// Until when an offer holds does not move when more comes; confirmed, it is an order of what
/// there is by then, and the rest goes to the next.
#[test]
fn who_takes_a_part_has_it_for_his_time_and_orders_what_he_has() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(order()));
    let wants = |id: &str, units| {
        let mut hold = hold(id).taking_a_part();
        hold.order.lines.0[0].quantity = units;
        hold
    };
    run(&mut pump, engine.create_hold(wants("P", 3)));
    run(&mut pump, engine.create_hold(wants("Q", 1)));
    let stands = |pump: &mut _, id: &str| {
        let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
        let hold = order.header.hold.as_deref().expect("it is a hold");
        (hold.state, (hold.until.as_micros() - AT.as_micros()) / 1_000_000)
    };
    let receive_at = |pump: &mut _, seconds: i64| {
        let at = AT.saturating_add_micros(seconds * 1_000_000);
        let received = ChangeStock { meta: Meta { at, ..meta() }, ..receive("A", NODE) };
        run(pump, engine.change_stock(received));
    };
    assert_eq!(stands(&mut pump, "P"), (HoldState::Waiting, 43_200));
    receive_at(&mut pump, 10);
    receive_at(&mut pump, 20);
    assert_eq!(stands(&mut pump, "P"), (HoldState::Live, 70));
    assert_eq!(stands(&mut pump, "Q"), (HoldState::Waiting, 43_200));
    let other = ConfirmHold { order: OrderId::new("id", "P").expect("an id"), ..confirm("P") };
    let whole = ConfirmHold { lines: wants("P", 3).order.lines, ..other.clone() };
    let differs = Refusal::HoldDiffers { hold_id: hold_id("P") };
    assert_eq!(told(engine.confirm_hold(whole)), differs);
    run(&mut pump, engine.confirm_hold(other));
    let order = run(&mut pump, engine.order(&OrderId::new("id", "P").expect("an id"))).order;
    assert_eq!((order.lines.len(), order.lines[0].ordered, order.lines[0].cancelled), (1, 2, 0));
    receive_at(&mut pump, 30);
    assert_eq!(stands(&mut pump, "Q"), (HoldState::Live, 90));
    let created = run(&mut pump, engine.create_hold(wants("R", 1)));
    assert!(matches!(created.outcome, PlaceOutcome::Placed(_)), "{created:?}");
    assert_eq!(stands(&mut pump, "R").0, HoldState::Waiting);
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean() && audit.holds == 2, "{audit:?}");
}

/// What it was offered is gone, and what it waits for never came.
#[test]
fn who_takes_a_part_and_has_lost_it_orders_nothing() {
    let (engine, mut pump) = one_unit();
    let mut part = hold("P").taking_a_part();
    part.order.lines.0[0].quantity = 3;
    run(&mut pump, engine.create_hold(part));
    let count = StockOperation::Count { on_hand: 0 };
    run(&mut pump, engine.change_stock(change("A", NODE, count)));
    let gone = Refusal::HoldUnitsGone { hold_id: hold_id("P") };
    assert_eq!(told(engine.confirm_hold(confirm("P"))), gone);
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
}

#[test]
fn who_waits_in_line_for_too_long_waits_no_more() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(order()));
    run(&mut pump, engine.create_hold(hold("W").waiting()));
    engine.tell_time(AT.saturating_add_micros(43_200_000_000));
    while pump.pump().expect("the engine does not halt") {}
    let order = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("W")))).order;
    assert_eq!(order.header.hold.as_deref().map(|hold| hold.state), Some(HoldState::Lapsed));
    assert_eq!(engine.kernel.state.holds.live(), 0);
}

#[test]
fn a_hold_is_for_a_second_to_a_day() {
    let of = |seconds| said(CreateHold { seconds, ..hold("H") }.validate(None));
    assert_eq!([of(1), of(86_400)].concat(), [""; 0]);
    assert_eq!(of(0), ["seconds: \"0\" is not within 1 to 86400"]);
    assert_eq!(of(31_536_000), ["seconds: \"31536000\" is not within 1 to 86400"]);
}

#[test]
fn a_hold_is_told_from_another_by_all_its_content() {
    let prints = [
        hold("H"),
        CreateHold { seconds: 61, ..hold("H") },
        CreateHold { owner: OwnerId::new("owner", "X").ok(), ..hold("H") },
        hold("I"),
        hold("H").waiting(),
        hold("H").taking_a_part(),
    ]
    .map(|hold| hold.fingerprint());
    for (at, print) in prints.iter().enumerate() {
        assert!(!prints[..at].contains(print), "{at}");
    }
}
