//! A quote is what placing would answer, word for word.

use backstock_engine::command::{OrderRequest, PlaceOrder, StockOperation};
use backstock_engine::engine::{EngineError, OrderAnswer, PlaceOutcome, Quoted};
use backstock_engine::model::{NodeKind, Refusal, Shortage};
use backstock_tests::fixture::*;
use backstock_tests::seed::seeds;
use backstock_tests::single::Single;
use backstock_tests::workload::{Command, Generator, define, run};

/// What is wrong with a quote, given what placing answered to the same order.
fn difference(
    quoted: &Result<Quoted, EngineError>,
    placed: &Result<OrderAnswer, EngineError>,
) -> Option<String> {
    let (quoted, placed) = match (quoted, placed) {
        (Ok(quoted), Ok(placed)) => (quoted, placed),
        (Err(quoted), Err(placed)) if quoted == placed => return None,
        (quoted, placed) => {
            let quoted = quoted.as_ref().map(|_| "an answer");
            return Some(format!("quoted {quoted:?}, placed {placed:?}"));
        }
    };
    let same = match (quoted, &placed.outcome) {
        (Quoted::Plan(draft), PlaceOutcome::Placed(order)) => {
            let allocations = draft.allocations == order.allocations;
            allocations && draft.lines == order.lines && draft.shipments == order.shipments
        }
        (Quoted::Known(known), PlaceOutcome::Placed(order)) => known == order,
        (Quoted::SoldOut(quoted), PlaceOutcome::SoldOut(placed)) => quoted == placed,
        _ => false,
    };
    (!same).then(|| format!("another answer than {:?}", placed.outcome))
}

fn now(order: &OrderRequest) -> PlaceOrder {
    PlaceOrder { meta: meta(), placed_at: None, order: order.clone() }
}

#[test]
fn a_quote_is_what_placing_answers() {
    for seed in seeds("a_quote_is_what_placing", 12) {
        let mut single = Single::fresh();
        let engine = single.engine.clone();
        single.run(define(&engine));
        let mut commands = Generator::new(seed, "q");
        for _ in 0..200 {
            match commands.next() {
                Command::PlaceOrder(command) => {
                    let quoted = single.run(engine.quote_order(&command));
                    let id = command.order.id.clone();
                    let placed = single.run(engine.place_order(command));
                    // A quote looks at no key: it leaves no trace that a key could find again.
                    if matches!(placed, Err(EngineError::Refused(Refusal::RequestIdReused { .. })))
                    {
                        continue;
                    }
                    if let Some(difference) = difference(&quoted, &placed) {
                        panic!("seed {seed}, order {id}: {difference}");
                    }
                }
                other => drop(single.run(run(&engine, other))),
            }
        }
        assert_clean(&engine);
    }
}

/// By each service, whatever the order says itself.
#[test]
fn a_quote_by_all_services_has_the_quote_of_each() {
    for seed in seeds("a_quote_by_all_services", 6) {
        let mut single = Single::fresh();
        let engine = single.engine.clone();
        single.run(define(&engine));
        let mut commands = Generator::new(seed, "q");
        let mut quoted = 0;
        for _ in 0..400 {
            match commands.next() {
                Command::PlaceOrder(command) => {
                    let all = single.run(engine.quote_services(&command, &[]));
                    for name in engine.policy().services.iter().map(|service| &service.name) {
                        let order = OrderRequest {
                            id: order_id(&format!("new-{}", name.as_str())),
                            service: Some(name.clone()),
                            ..command.order.clone()
                        };
                        let one = PlaceOrder { order, ..command.clone() };
                        let one = single.run(engine.quote_order(&one));
                        let same = match &all {
                            Err(error) => Some(error) == one.as_ref().err(),
                            Ok(all) => {
                                let of = all.iter().find(|quote| quote.service == *name);
                                is_same(&of.expect("a quote for each").quoted, &one)
                            }
                        };
                        assert!(same, "seed {seed}, order {}, {name:?}", command.order.id);
                        quoted += 1;
                    }
                    drop(single.run(engine.place_order(command)));
                }
                other => drop(single.run(run(&engine, other))),
            }
        }
        assert!(quoted > 0, "seed {seed}: no order is drawn");
        assert_clean(&engine);
    }
}

fn is_same(by_service: &Result<Quoted, Refusal>, one: &Result<Quoted, EngineError>) -> bool {
    match (by_service, one) {
        (Ok(Quoted::Plan(all)), Ok(Quoted::Plan(one))) => {
            (&all.shipments, &all.allocations, all.cost)
                == (&one.shipments, &one.allocations, one.cost)
        }
        (Ok(Quoted::SoldOut(all)), Ok(Quoted::SoldOut(one))) => all == one,
        (Err(refusal), Err(EngineError::Refused(other))) => refusal == other,
        _ => false,
    }
}

/// Only a supplier has the item, and no unit waits at a supplier.
#[test]
fn a_quote_refuses_what_can_wait_nowhere() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("N", NodeKind::Supplier, 1)]));
    single.run(define_items(&engine, &["A"]));
    let feed = StockOperation::SupplierFeed { quantity: Some(3), as_of: None };
    single.run(change(&engine, "A", "N", feed)).expect("three are there");
    for shortage in [Shortage::Backorder, Shortage::Reject, Shortage::Partial] {
        let wanted = order("o", &[("A", 5)], shortage);
        let quoted = single.run(engine.quote_order(&now(&wanted)));
        let placed = single.run(place(&engine, wanted));
        assert_eq!(difference(&quoted, &placed), None, "{shortage:?}");
        let refused = matches!(placed, Err(EngineError::Refused(Refusal::NoNode)));
        assert_eq!(refused, shortage == Shortage::Backorder, "{placed:?}");
    }
    let other = order("o", &[("A", 1)], Shortage::Reject);
    let quoted = single.run(engine.quote_order(&now(&other)));
    let placed = single.run(place(&engine, other));
    assert!(
        matches!(placed, Err(EngineError::Refused(Refusal::OrderIdReused { .. }))),
        "{placed:?}"
    );
    assert_eq!(difference(&quoted, &placed), None, "its id is another order's");
}
