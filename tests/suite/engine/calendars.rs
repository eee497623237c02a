//! On which days shipments leave and come: cut-offs of weekdays, pickup days, days in
//! transit. Beside the engine, a naive model walks the calendar day by day.

use backstock_engine::calendar::Zone;
use backstock_engine::command::{Meta, NodeDefinition, OrderRequest, PlaceOrder, SetPolicy};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{EngineError, OrderAnswer, PlaceOutcome, Trace, Verdict};
use backstock_engine::model::{
    Day, NodeKind, Order, Policy, Service, Shortage, Timestamp, WeekdayCutOffs, Weekdays,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::{Random, seeds};
use backstock_tests::single::Single;

const ZONES: [&str; 4] = ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati"];

/// Codes of nodes, and the distance band of each from code 0.
const PLACES: [(u32, usize); 3] = [(0, 0), (10, 1), (99, 4)];

const MINUTE: i64 = 60_000_000;

fn weekdays(random: &mut Random) -> Weekdays {
    let bits = u8::try_from(random.within(1..128)).expect("seven bits");
    Weekdays::from_bits(bits).expect("a day at least")
}

fn minutes(random: &mut Random) -> u16 {
    u16::try_from(random.within(0..1_441)).expect("minutes of a day")
}

fn any_node(random: &mut Random, code: u32) -> NodeDefinition {
    let mut node = node("N", NodeKind::Warehouse, code);
    node.time_zone = (*random.pick(&ZONES)).into();
    node.working_days = weekdays(random).bits();
    node.cut_off_minute = minutes(random);
    for own in &mut node.weekday_cut_offs.0 {
        let minutes = minutes(random);
        *own = random.percent(40).then_some(minutes);
    }
    let first = i32::try_from(NOW.as_micros() / DAY).expect("days of our time");
    let holidays = (0..60).filter(|_| random.percent(15));
    node.holidays = holidays.map(|days| Day::from_epoch_days(first + days)).collect();
    node.lead_time_days = u16::try_from(random.within(0..4)).expect("few days");
    node
}

fn any_policy(random: &mut Random) -> Policy {
    let mut policy = Policy::default();
    for service in &mut policy.services {
        for days in &mut service.transit_days {
            *days = u16::try_from(random.within(0..12)).expect("few days");
        }
        if random.percent(75) {
            service.pickup_weekdays = weekdays(random);
            service.transit_weekdays = weekdays(random);
            service.delivery_weekdays = weekdays(random);
        }
    }
    policy
}

/// The day on which an order of `at` ships, and the day on which it is delivered.
fn walked(
    node: &NodeDefinition,
    service: &Service,
    band: usize,
    at: Timestamp,
) -> Option<(Day, Day)> {
    let zone = Zone::named(&node.time_zone).expect("a zone");
    // 1970-01-01 was a Thursday.
    let weekday = |day: Day| usize::try_from((day.epoch_days() + 3) % 7).expect("after 1970");
    let is_of = |days: u8, day: Day| days >> weekday(day) & 1 == 1;
    let works = |day: Day| is_of(node.working_days, day) && !node.holidays.contains(&day);
    let today = zone.local_day(at);
    let cut_off = node.weekday_cut_offs.0[weekday(today)].unwrap_or(node.cut_off_minute);
    let is_taken_today = works(today) && at < zone.instant(today, cut_off);
    let mut worked = if is_taken_today { 0 } else { -1 };
    let mut ship_by = today;
    let is_ready = |worked: i32| worked >= i32::from(node.lead_time_days);
    while !(is_ready(worked) && works(ship_by) && is_of(service.pickup_weekdays.bits(), ship_by)) {
        ship_by = ship_by.plus(1);
        worked += i32::from(works(ship_by));
        if ship_by > today.plus(1_000) {
            return None;
        }
    }
    let (mut deliver_by, mut counted) = (ship_by, 0);
    while counted < service.transit_days[band] {
        deliver_by = deliver_by.plus(1);
        counted += u16::from(is_of(service.transit_weekdays.bits(), deliver_by));
    }
    while !is_of(service.delivery_weekdays.bits(), deliver_by) {
        deliver_by = deliver_by.plus(1);
    }
    Some((ship_by, deliver_by))
}

fn place_at(single: &mut Single, at: Timestamp, order: OrderRequest) -> OrderAnswer {
    let engine = single.engine.clone();
    let command = PlaceOrder { meta: Meta { at, ..meta() }, placed_at: None, order };
    single.run(engine.place_order(command)).expect("an answer")
}

fn set_policy(single: &mut Single, policy: &Policy) {
    let engine = single.engine.clone();
    let command = SetPolicy { meta: meta(), policy: policy.clone() };
    single.run(engine.set_policy(command)).expect("the policy is set");
}

fn dates(placed: &OrderAnswer) -> Option<(Day, Day)> {
    let PlaceOutcome::Placed(order) = &placed.outcome else { return None };
    assert_eq!(order.shipments.len(), 1);
    let shipment = &order.shipments[0];
    Some((shipment.ship_by.expect("a day"), shipment.deliver_by.expect("a day")))
}

#[test]
fn a_shipment_leaves_and_comes_on_the_days_that_one_finds_day_by_day() {
    let mut unshipped = 0;
    for seed in seeds("calendars::a_shipment_leaves_and_comes", 20) {
        let mut random = Random::new(seed);
        let mut single = Single::fresh();
        let engine = single.engine.clone();
        for round in 0..10 {
            let (code, band) = *random.pick(&PLACES);
            let (node, policy) = (any_node(&mut random, code), any_policy(&mut random));
            single.run(define_nodes(&engine, std::slice::from_ref(&node)));
            if round == 0 {
                single.run(define_items(&engine, &["A"]));
                single.run(set(&engine, "A", "N", 1_000_000));
            }
            set_policy(&mut single, &policy);
            for turn in 0..20 {
                let after = i64::from(random.within(0..30 * 1_440)) * MINUTE;
                let at = NOW.saturating_add_micros(after);
                let service = random.pick(&policy.services);
                let mut wanted = order(&format!("{round}-{turn}"), &[("A", 1)], Shortage::Reject);
                wanted.service = Some(service.name.clone());
                let found = dates(&place_at(&mut single, at, wanted));
                let expected = walked(&node, service, band, at);
                assert_eq!(found, expected, "seed {seed}, at {at}: {node:?} {service:?}");
                unshipped += usize::from(found.is_none());
            }
        }
        assert_clean(&engine);
    }
    assert!(unshipped > 0, "some nodes never ship by some service");
}

/// A day of November 2026.
fn november(day: u16) -> Day {
    Day::from_epoch_days(20_757).plus(day)
}

/// Works Monday to Saturday until 16:00, on Fridays until 14:00.
fn office(name: &str, holidays: &[Day]) -> NodeDefinition {
    let own = [None, None, None, None, Some(14 * 60), None, None];
    NodeDefinition {
        working_days: Weekdays::MONDAY_TO_SATURDAY.bits(),
        cut_off_minute: 16 * 60,
        weekday_cut_offs: WeekdayCutOffs(own),
        holidays: holidays.to_vec(),
        ..node(name, NodeKind::Warehouse, 0)
    }
}

#[test]
fn friday_after_the_cut_off_ships_on_saturday_only_where_the_carrier_picks_up_then() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[office("N", &[november(30)])]));
    single.run(define_items(&engine, &["A"]));
    single.run(set(&engine, "A", "N", 100));
    let mut policy = Policy::default();
    // Monday to Friday, and no day of the weekend counts.
    policy.services[0].pickup_weekdays = Weekdays::MONDAY_TO_FRIDAY;
    policy.services[0].transit_weekdays = Weekdays::MONDAY_TO_FRIDAY;
    policy.services[1].delivery_weekdays = Weekdays::MONDAY_TO_SATURDAY;
    set_policy(&mut single, &policy);
    // NOW is Monday the 23rd at noon; Friday is the 27th. Monday the 30th is a day off.
    let friday = |hour: i64| NOW.saturating_add_micros(4 * DAY + (hour - 12) * 60 * MINUTE);
    for (at, service, ship_by, deliver_by) in [
        // Monday counts for the carrier: it is a day off of the node.
        (friday(13), 0, november(27), november(30)),
        (friday(13), 1, november(27), november(28)),
        (friday(14), 0, november(31), november(32)),
        // Sunday is no day of delivery.
        (friday(14), 1, november(28), november(30)),
    ] {
        let mut wanted = order(&format!("{at}-{service}"), &[("A", 1)], Shortage::Reject);
        wanted.service = Some(policy.services[service].name.clone());
        let found = dates(&place_at(&mut single, at, wanted));
        assert_eq!(found, Some((ship_by, deliver_by)), "{at} by {service}");
    }
}

fn placed(outcome: PlaceOutcome) -> std::sync::Arc<Order> {
    match outcome {
        PlaceOutcome::Placed(order) => order,
        PlaceOutcome::SoldOut(short) => panic!("sold out: {short:?}"),
    }
}

#[test]
fn a_node_where_the_carrier_never_picks_up_ships_by_other_services_only() {
    let disk = SimulatedDisk::new();
    let mut single = Single::open(&disk).expect("it opens");
    let engine = single.engine.clone();
    let near = office("NEAR", &[]);
    let far = node("FAR", NodeKind::Warehouse, 50);
    single.run(define_nodes(&engine, &[near, far]));
    single.run(define_items(&engine, &["A"]));
    single.run(set(&engine, "A", "NEAR", 100));
    single.run(set(&engine, "A", "FAR", 2));
    let mut policy = Policy::default();
    policy.services[1].pickup_weekdays = Weekdays::from_bits(0b100_0000).expect("Sunday");
    set_policy(&mut single, &policy);
    let mut wanted = order("by-weekend", &[("A", 3)], Shortage::Backorder);
    wanted.service = Some(policy.services[1].name.clone());
    let order = placed(place_at(&mut single, NOW, wanted.clone()).outcome);
    let names: Vec<_> =
        order.shipments.iter().map(|s| engine.node_no(s.node).id.to_string()).collect();
    assert_eq!(names, ["FAR", "FAR"], "two units ship, and the third waits there");
    assert_eq!(order.shipments[0].ship_by, Some(november(29)));
    let trace = Trace::read(&order.trace).expect("a trace");
    assert_eq!(
        trace.lines[0].iter().find(|c| c.verdict == Verdict::NoPickup).map(|c| c.free),
        Some(15)
    );

    // What nothing ships by is sold out, and waits nowhere.
    single.run(define_nodes(
        &engine,
        &[NodeDefinition { enabled: false, ..node("FAR", NodeKind::Warehouse, 50) }],
    ));
    wanted.id = order_id("refused");
    wanted.shortage = Some(Shortage::Reject);
    let outcome = place_at(&mut single, NOW, wanted.clone()).outcome;
    assert!(matches!(outcome, PlaceOutcome::SoldOut(_)));
    wanted.shortage = Some(Shortage::Backorder);
    let command = PlaceOrder { meta: meta(), placed_at: None, order: wanted.clone() };
    let refused = single.run(engine.place_order(command));
    assert!(matches!(refused, Err(EngineError::Refused(_))), "{refused:?}");
    wanted.service = None;
    let order = placed(place_at(&mut single, NOW, wanted).outcome);
    assert_eq!(&*engine.node_no(order.shipments[0].node).id.to_string(), "NEAR");
    assert_clean(&engine);

    // The week is read back as it was defined.
    drop((engine, single));
    let again = Single::open(&disk).expect("it opens");
    assert_eq!(*again.engine.policy(), policy);
    let near = again.engine.node(&node_id("NEAR")).expect("the node");
    assert_eq!(near.weekday_cut_offs.0[4], Some(14 * 60));
}
