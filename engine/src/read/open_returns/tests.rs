//! What is listed is what the orders say, at every step of random lives and after a crash.

use super::*;
use crate::blocking::block_on;
use crate::command::fixture::{AT, order, receive, request_return, ship};
use crate::command::{PlaceOrder, ProgressReturn, RequestReturn, ReturnStep, TermsAsked};
use crate::disk::SimulatedDisk;
use crate::engine::tests::{NODE, one_unit_on, opened_on, run};
use crate::engine::{Engine, Pump};
use crate::model::returns::{Disposition, Finding, Grade, Verdict};
use crate::model::{LineUnits, Meta, OrderId, ReturnId};
use crate::random::Random;
use crate::state::open_returns::{AllListed, OpenReturns};
use crate::transaction::find::read_order;

const ORDERS: u64 = 3;
const STEPS: i64 = 60;

/// What would be listed if all orders were read now.
fn read_anew(engine: &Engine) -> AllListed {
    let anew = OpenReturns::default();
    for no in (1..=ORDERS).map(OrderNo) {
        let order = block_on(read_order(&engine.kernel, no)).expect("it is read");
        anew.note(&order.expect("it is placed"));
    }
    anew.all()
}

fn id(no: u64) -> OrderId {
    OrderId::new("order_id", format!("O{no}")).expect("an id")
}

fn at(step: i64) -> Meta {
    Meta { at: AT.saturating_add_micros(step * 1_000_000), ..order().meta }
}

/// Orders of three units each, which left.
fn sold(engine: &Engine, pump: &mut Pump) {
    for no in 1..=ORDERS {
        for _ in 0..3 {
            run(pump, engine.change_stock(receive("A", NODE)));
        }
        let mut command = order();
        command.order.id = id(no);
        command.order.lines.0[0].quantity = 3;
        run(pump, engine.place_order(PlaceOrder { meta: at(0), ..command }));
        let mut left = ship(1);
        left.order = id(no);
        run(pump, engine.progress_shipment(left));
    }
}

fn step(random: &mut Random, revision: u32) -> ReturnStep {
    let lines = LineUnits::new();
    let came = LineUnits::from_slice(&[(0, random.below(3))]);
    let finding =
        |disposition| Finding { grade: Grade::A, verdict: Some(Verdict::Approve), disposition };
    match random.below(10) {
        0 => ReturnStep::Cancel(lines),
        1 => ReturnStep::Lose(lines),
        2 => ReturnStep::Decide { granted: random.below(4) > 0 },
        3 | 4 => {
            let text = crate::model::Text::default();
            ReturnStep::Send { carrier: text.clone(), tracking: text, eta: None, lines }
        }
        5 | 6 => ReturnStep::Receive { revision, node: None, lines: came, strays: Vec::new() },
        7 => ReturnStep::Inspect { lines, finding: finding(None) },
        8 => ReturnStep::Inspect { lines, finding: finding(Some(Disposition::Restock)) },
        _ => ReturnStep::Dispose { lines, how: Disposition::Scrap },
    }
}

/// Does something of a return; it may be refused.
fn live(engine: &Engine, pump: &mut Pump, random: &mut Random, now: i64) {
    let (meta, order) = (at(now), id(1 + u64::from(random.below(3))));
    if random.below(4) == 0 {
        let terms = TermsAsked { needs_review: random.below(2) == 0, ..TermsAsked::default() };
        let node = (random.below(2) == 0).then(|| crate::command::fixture::node_id(NODE));
        let id = ReturnId::new("return_id", format!("R{now}")).expect("an id");
        let asked = RequestReturn { meta, order, id, node, terms: Some(terms), ..request_return() };
        drop(run(pump, async { Ok(engine.request_return(asked).await) }));
        return;
    }
    let revision = u32::try_from(now).expect("a step");
    let id = ReturnId::new("return_id", format!("R{}", random.below(revision))).expect("an id");
    let step = step(random, revision);
    let progress = ProgressReturn { meta, order, id, step };
    drop(run(pump, async { Ok(engine.progress_return(progress).await) }));
}

#[test]
fn what_is_listed_is_what_the_orders_say_at_every_step_and_after_a_crash() {
    let mut seen = 0;
    for seed in 0..6 {
        let (disk, mut random) = (SimulatedDisk::new(), Random::new(seed));
        let (engine, mut pump) = one_unit_on(&disk);
        sold(&engine, &mut pump);
        for now in 1..STEPS {
            live(&engine, &mut pump, &mut random, now);
            let listed = engine.kernel.state.open_returns.all();
            assert_eq!(listed, read_anew(&engine), "seed {seed}, step {now}");
            seen += listed.0.len();
        }
        let (before, ageing) = (engine.kernel.state.open_returns.all(), engine.returns_ageing());
        let (again, _pump) = opened_on(&disk.restart());
        assert_eq!(again.kernel.state.open_returns.all(), before, "seed {seed}");
        assert_eq!(again.returns_ageing(), ageing, "seed {seed}");
        assert_eq!(again.status().state_hash, engine.status().state_hash, "seed {seed}");
    }
    assert!(seen > 500, "{seen} lists had something on them");
}
