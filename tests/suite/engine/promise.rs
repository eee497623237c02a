//! What is promised is there, once.

use std::pin::pin;

use backstock_engine::command::{NodeDefinition, StockOperation};
use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome};
use backstock_engine::model::{InboundId, NodeKind, NodeNo, Refusal, Shortage, Timestamp};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

/// Rounds and buyers of the last-unit test.
const ROUNDS: usize = 1_000;
const BUYERS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_1_the_last_unit_goes_to_one_of_a_thousand_buyers() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    for round in 0..ROUNDS {
        let name = format!("SKU-{round}");
        define_items(&engine, &[&name]).await;
        set(&engine, &name, "N", 1).await;
        let buyers: Vec<_> = (0..BUYERS)
            .map(|buyer| {
                let engine = engine.clone();
                let wanted = order(&format!("{round}-{buyer}"), &[(&name, 1)], Shortage::Reject);
                tokio::spawn(async move { place(&engine, wanted).await })
            })
            .collect();
        let mut sold = 0;
        for buyer in buyers {
            match buyer.await.expect("no panic").expect("an answer").outcome {
                PlaceOutcome::Placed(_) => sold += 1,
                PlaceOutcome::SoldOut(_) => {}
            }
        }
        assert_eq!(sold, 1, "round {round}");
    }
    assert_clean(&engine);
    engine.shut_down().await;
}

fn is_placed(answer: Result<OrderAnswer, EngineError>) -> bool {
    matches!(answer.expect("an answer").outcome, PlaceOutcome::Placed(_))
}

#[tokio::test]
async fn pain_2_two_lines_for_one_sku_are_summed() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(&engine, &["A"]).await;
    set(&engine, "A", "N", 5).await;
    let three_and_three = order("six", &[("A", 3), ("A", 3)], Shortage::Reject);
    assert!(!is_placed(place(&engine, three_and_three).await), "there are five");
    let three_and_two = order("five", &[("A", 3), ("A", 2)], Shortage::Reject);
    assert!(is_placed(place(&engine, three_and_two).await));
    assert!(!is_placed(place(&engine, order("one", &[("A", 1)], Shortage::Reject)).await));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Supply on its way can be promised also while a change of its pair is written.
#[test]
fn no_phantom_sold_out_while_a_change_of_supply_is_in_flight() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]));
    single.run(define_items(&engine, &["A"]));
    let announcement = StockOperation::AnnounceInbound {
        id: InboundId::new("inbound", "PO").expect("an id"),
        quantity: 5,
        eta: Timestamp::from_micros(NOW.as_micros() + DAY),
    };
    single.run(change(&engine, "A", "N", announcement)).expect("it is announced");
    let safety = StockOperation::Set { on_hand: None, unavailable: None, safety: Some(0) };
    let mut in_flight = pin!(change(&engine, "A", "N", safety));
    assert!(poll(in_flight.as_mut()).is_pending());
    let answer = single.run(place(&engine, order("o", &[("A", 5)], Shortage::Reject)));
    assert!(is_placed(answer), "five units are on their way and nobody has them");
    single.run(in_flight).expect("it is set");
    assert_clean(&engine);
}

/// One buyer wants both units, two want one each: either the one is served or the
/// two are. A buyer that claims a unit and gives it up leaves it to the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_phantom_sold_out_when_a_claim_is_given_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    for round in 0..500 {
        let (a, b) = (format!("A-{round}"), format!("B-{round}"));
        define_items(&engine, &[&a, &b]).await;
        set(&engine, &a, "N", 1).await;
        set(&engine, &b, "N", 1).await;
        let wanted = [
            order(&format!("{round}-both"), &[(&a, 1), (&b, 1)], Shortage::Reject),
            order(&format!("{round}-a"), &[(&a, 1)], Shortage::Reject),
            order(&format!("{round}-b"), &[(&b, 1)], Shortage::Reject),
        ];
        let buyers = wanted.map(|wanted| {
            let engine = engine.clone();
            tokio::spawn(async move { is_placed(place(&engine, wanted).await) })
        });
        let mut served = [false; 3];
        for (buyer, served) in buyers.into_iter().zip(&mut served) {
            *served = buyer.await.expect("no panic");
        }
        let fair = [[true, false, false], [false, true, true]];
        assert!(fair.contains(&served), "round {round}: both, a, b: {served:?}");
    }
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Both lines are late from anywhere, and one node has both of them.
#[test]
fn what_is_late_anyway_comes_as_soon_as_it_can() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    let ships_after =
        |name, days| NodeDefinition { lead_time_days: days, ..node(name, NodeKind::Warehouse, 1) };
    single.run(define_nodes(&engine, &[ships_after("SOON", 1), ships_after("LATER", 4)]));
    single.run(define_items(&engine, &["A", "B"]));
    for (item, at) in [("A", "LATER"), ("B", "LATER"), ("B", "SOON")] {
        single.run(set(&engine, item, at, 5));
    }
    let mut wanted = order("o", &[("A", 1), ("B", 1)], Shortage::Reject);
    wanted.deliver_by = Some(engine.local_day(NodeNo(0), NOW));
    let placed = single.run(place(&engine, wanted)).expect("it is placed");
    let PlaceOutcome::Placed(order) = placed.outcome else { panic!("all of it is there") };
    let nodes: Vec<_> = order.shipments.iter().map(|s| engine.node_no(s.node).id.clone()).collect();
    assert_eq!(nodes, [node_id("SOON"), node_id("LATER")], "three days sooner, in two shipments");
}

/// Callers that go away at any moment: what they claimed is free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_goes_away_leaves_no_claim_behind() {
    const UNITS: u32 = 20_000;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(&engine, &["A"]).await;
    set(&engine, "A", "N", UNITS).await;
    let callers: Vec<_> =
        (0..4).map(|caller| tokio::spawn(go_away(engine.clone(), caller))).collect();
    for caller in callers {
        caller.await.expect("no panic");
    }
    engine.at_least(engine.status().tail).await.expect("all that was written is applied");
    // A pair that stayed held for a change that is never made would take no other one.
    set(&engine, "A", "N", UNITS).await;
    let allocated = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock.allocated;
    let rest = order("rest", &[("A", UNITS - allocated)], Shortage::Reject);
    assert!(is_placed(place(&engine, rest).await), "all that is not allocated can be sold");
    let orders = (0..4).flat_map(|caller| (0..3_000).map(move |round| format!("{caller}-{round}")));
    let cancellations: Vec<_> = orders
        .map(|id| {
            let engine = engine.clone();
            tokio::spawn(async move { cancel(&engine, &id, &[]).await })
        })
        .collect();
    for cancellation in cancellations {
        // Placed or not, no command has the order in hand.
        let contended = EngineError::Refused(Refusal::Contended);
        assert_ne!(cancellation.await.expect("no panic"), Err(contended));
    }
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Sends commands on one pair and one order, and drops each at its first wait.
async fn go_away(engine: Engine, caller: u32) {
    for round in 0..3_000 {
        let id = format!("{caller}-{round}");
        let wanted = order(&id, &[("A", 1)], Shortage::Reject);
        let _ = poll(pin!(place(&engine, wanted)).as_mut());
        let _ = poll(pin!(cancel(&engine, &id, &[])).as_mut());
        let operation = StockOperation::Receive { quantity: 1, unavailable: 0 };
        let _ = poll(pin!(change(&engine, "A", "N", operation)).as_mut());
        if round % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
}
