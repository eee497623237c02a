//! What is promised is there, once.

use backstock_engine::engine::PlaceOutcome;
use backstock_engine::model::{NodeKind, Shortage};
use backstock_tests::fixture::*;

/// Rounds and buyers of the last-unit test.
const ROUNDS: usize = 1_000;
const BUYERS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_unit_goes_to_one_of_a_thousand_buyers() {
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
