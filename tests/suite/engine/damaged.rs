//! Units that cannot be sold: they do not leave, and are never more than there are.

use backstock_engine::command::StockOperation;
use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::model::{NodeKind, Refusal, Shortage, Stock, Text};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

async fn network(engine: &Engine) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &["A"]).await;
    set(engine, "A", "N", 5).await;
}

fn damaged(units: i32) -> StockOperation {
    let reason = Text::new("reason", "damaged").expect("a text");
    StockOperation::Adjust { on_hand_delta: 0, unavailable_delta: units, reason }
}

async fn there(engine: &Engine) -> Stock {
    engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock
}

fn missing(missing: u64) -> Result<backstock_engine::model::Lsn, EngineError> {
    Err(Refusal::UnitsMissing { shipment_number: 1, missing }.into())
}

#[test]
fn a_shipment_takes_good_units_only() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(async {
        network(&engine).await;
        place(&engine, order("o", &[("A", 4)], Shortage::Reject)).await.expect("it is placed");
        change(&engine, "A", "N", damaged(3)).await.expect("they are damaged");
        assert_eq!(ship(&engine, "o", 1).await, missing(2));
        change(&engine, "A", "N", damaged(-2)).await.expect("they were not so bad");
        ship(&engine, "o", 1).await.expect("four of five are good");
        let left = there(&engine).await;
        assert_eq!((left.on_hand, left.unavailable), (1, 1));
    });
    assert_clean(&engine);
}

/// Inbound units arrive by themselves; units that a count did not find have to be found by
/// people.
#[test]
fn what_is_missing_after_a_count_is_told_apart_from_what_is_on_its_way() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(async {
        network(&engine).await;
        place(&engine, order("counted", &[("A", 4)], Shortage::Reject)).await.expect("placed");
        place(&engine, order("waits", &[("A", 3)], Shortage::Backorder)).await.expect("placed");
        change(&engine, "A", "N", StockOperation::Count { on_hand: 3 }).await.expect("counted");
        assert_eq!(ship(&engine, "counted", 1).await, missing(1));
        // One of the three was there and ships by itself.
        let waits = Refusal::SupplyNotReceived { shipment_number: 2, missing: 2 };
        assert_eq!(ship(&engine, "waits", 2).await, Err(waits.into()));
    });
}

#[tokio::test]
async fn a_count_leaves_no_more_unavailable_than_it_found_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    change(&engine, "A", "N", damaged(3)).await.expect("they are damaged");
    let mut found = Vec::new();
    for on_hand in [4, 2, 6] {
        change(&engine, "A", "N", StockOperation::Count { on_hand }).await.expect("counted");
        let there = there(&engine).await;
        found.push((there.on_hand, there.unavailable, there.free()));
    }
    // None that was bad is taken for good, and none that was good for bad.
    assert_eq!(found, [(4, 3, 1), (2, 2, 0), (6, 2, 4)]);
    assert_clean(&engine);
    let hash = engine.status().state_hash;
    engine.shut_down().await;
    let (engine, _) = open(directory.path()).await;
    assert_eq!(engine.status().state_hash, hash);
    engine.shut_down().await;
}

/// A caller that states a level can state both numbers: the one that is left out stays, and
/// is not bent.
#[test]
fn a_level_below_what_is_unavailable_is_refused() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(async {
        network(&engine).await;
        change(&engine, "A", "N", damaged(3)).await.expect("they are damaged");
        let two = |unavailable| StockOperation::Set { on_hand: Some(2), unavailable, safety: None };
        let refused = Refusal::StockBelowZero { what: "unavailable", wanted: 3, available: 2 };
        assert_eq!(change(&engine, "A", "N", two(None)).await, Err(refused.into()));
        change(&engine, "A", "N", two(Some(2))).await.expect("both are stated");
    });
}
