//! What users of other systems report, over and over: each test is named after
//! the pain it would show. Those that are not here stand beside what they test, by the
//! same names.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock_engine::command::{DispatchTransfer, ProgressShipment, StockOperation};
use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome};
use backstock_engine::model::{
    InboundId, NodeKind, Order, Refusal, Shortage, Step, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

fn placed(answer: Result<OrderAnswer, EngineError>) -> Arc<Order> {
    match answer.expect("an answer").outcome {
        PlaceOutcome::Placed(order) => order,
        PlaceOutcome::SoldOut(short) => panic!("sold out: {short:?}"),
    }
}

async fn one_node(engine: &Engine, item: &str, units: u32) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &[item]).await;
    set(engine, item, "N", units).await;
}

/// Orders come and go at once; the counters are what the reservations sum up to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_3_counters_never_drift_from_reservations() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, "A", 1_000).await;
    let buyers: Vec<_> = (0..1_000)
        .map(|buyer| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let id = format!("{buyer}");
                placed(place(&engine, order(&id, &[("A", 1)], Shortage::Backorder)).await);
                if buyer % 3 == 0 {
                    cancel(&engine, &id, &[]).await.expect("it is cancelled");
                }
            })
        })
        .collect();
    for buyer in buyers {
        buyer.await.expect("no panic");
    }
    let there = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
    let reserved: u32 = there.reservations.iter().map(|r| r.units).sum();
    assert_eq!((there.allocated, reserved), (666, 666));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Orders that name two items in either order, and transfers of both in either direction, all
/// meet at four pairs. Each is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_4_no_two_commands_wait_for_each_other() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    let nodes = [node("N", NodeKind::Warehouse, 1), node("M", NodeKind::Store, 2)];
    define_nodes(&engine, &nodes).await;
    define_items(&engine, &["A", "B"]).await;
    for (item, at) in [("A", "N"), ("A", "M"), ("B", "N"), ("B", "M")] {
        set(&engine, item, at, 1_000).await;
    }
    let mut commands = tokio::task::JoinSet::new();
    for at in 0..200 {
        let (one, other) = if at % 2 == 0 { ("A", "B") } else { ("B", "A") };
        let (from, to) = if at % 4 < 2 { ("N", "M") } else { ("M", "N") };
        let (buyer, mover, clerk) = (engine.clone(), engine.clone(), engine.clone());
        commands.spawn(async move {
            let wanted = order(&format!("{at}"), &[(one, 1), (other, 1)], Shortage::Reject);
            placed(place(&buyer, wanted).await);
        });
        commands.spawn(async move {
            let id = InboundId::new("id", format!("T-{at}")).expect("an id");
            let sent = DispatchTransfer { id, ..dispatch(one, from, to, 1) };
            mover.dispatch_transfer(sent).await.expect("it is sent");
        });
        commands.spawn(async move {
            let receipt = StockOperation::Receive { quantity: 1, unavailable: 0 };
            change(&clerk, other, to, receipt).await.expect("it is received");
        });
    }
    let all = async {
        while let Some(done) = commands.join_next().await {
            done.expect("it is done");
        }
    };
    tokio::time::timeout(Duration::from_mins(1), all).await.expect("nobody waits for ever");
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Corrections and orders compete for the same units: none is refused for that, and nothing is
/// below zero at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_5_commands_that_compete_are_not_refused_for_it_and_stock_is_not_negative() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, "A", 100).await;
    let mut commands = tokio::task::JoinSet::new();
    for at in 0..300 {
        let (buyer, clerk) = (engine.clone(), engine.clone());
        commands.spawn(async move {
            let answer =
                place(&buyer, order(&format!("{at}"), &[("A", 1)], Shortage::Reject)).await;
            matches!(answer.expect("an answer").outcome, PlaceOutcome::Placed(_))
        });
        commands.spawn(async move {
            let reason = Text::new("reason", "broken").expect("a text");
            let (on_hand_delta, unavailable_delta) = (-1, 0);
            let broken = StockOperation::Adjust { on_hand_delta, unavailable_delta, reason };
            match change(&clerk, "A", "N", broken).await {
                Ok(_) => true,
                Err(EngineError::Refused(Refusal::StockBelowZero { .. })) => false,
                Err(error) => panic!("{error}"),
            }
        });
    }
    let done = commands.join_all().await.into_iter().filter(|done| *done).count();
    let there = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
    assert!(done >= 100, "{done} took a unit, of which a hundred were there");
    let broken = done - usize::try_from(there.allocated).expect("few");
    assert_eq!(there.on_hand as usize, 100 - broken);
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Elsewhere, a read takes 400 ms, and a row of a load 17 ms. The bounds leave room for a
/// machine that is busy with something else, and none for a scan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_12_reads_and_loads_are_not_slow() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    let nodes: Vec<_> =
        (0..100).map(|at| node(&format!("N{at}"), NodeKind::Store, at % 90)).collect();
    define_nodes(&engine, &nodes).await;
    define_items(&engine, &["A"]).await;
    let began = Instant::now();
    let mut rows = tokio::task::JoinSet::new();
    for at in 0..5_000_u32 {
        let engine = engine.clone();
        rows.spawn(async move { set(&engine, "A", &format!("N{}", at % 100), at + 1).await });
    }
    rows.join_all().await;
    assert!(began.elapsed() < Duration::from_secs(20), "5,000 rows took {:?}", began.elapsed());
    let began = Instant::now();
    for _ in 0..100 {
        let there = engine.availability(&sku("A"), NOW).await.expect("the item");
        assert_eq!(there.nodes.len(), 100);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "100 reads took {:?}", began.elapsed());
    engine.shut_down().await;
}

/// Two channels draw on one source.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_9_one_source_sold_through_two_channels_is_not_oversold() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, "A", 100).await;
    let buyers: Vec<_> = (0..300)
        .map(|buyer| {
            let engine = engine.clone();
            let mut wanted = order(&format!("{buyer}"), &[("A", 1)], Shortage::Reject);
            let channel = if buyer % 2 == 0 { "web" } else { "marketplace" };
            wanted.channel = Some(Text::new("channel", channel).expect("a text"));
            tokio::spawn(async move { place(&engine, wanted).await })
        })
        .collect();
    let mut sold = 0;
    for buyer in buyers {
        let answer = buyer.await.expect("no panic").expect("an answer");
        sold += u32::from(matches!(answer.outcome, PlaceOutcome::Placed(_)));
    }
    assert_eq!(sold, 100);
    assert_clean(&engine);
    engine.shut_down().await;
}

/// The nearest node of each item would make three shipments.
#[test]
fn pain_13_two_shipments_where_two_will_do() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    let nodes = [("NEAR-A", 1), ("NEAR-B", 2), ("NEAR-C", 3), ("FAR", 4)];
    for (name, code) in nodes {
        single.run(define_nodes(&engine, &[node(name, NodeKind::Warehouse, code)]));
    }
    single.run(define_items(&engine, &["A", "B", "C"]));
    for (item, at) in
        [("A", "NEAR-A"), ("B", "NEAR-B"), ("C", "NEAR-C"), ("A", "FAR"), ("B", "FAR")]
    {
        single.run(set(&engine, item, at, 10));
    }
    let wanted = order("o", &[("A", 1), ("B", 1), ("C", 1)], Shortage::Reject);
    let order = placed(single.run(place(&engine, wanted)));
    let nodes: Vec<_> = order.shipments.iter().map(|s| engine.node_no(s.node).id.clone()).collect();
    assert_eq!(nodes.len(), 2, "{nodes:?}");
    assert!(nodes.contains(&node_id("FAR")) && nodes.contains(&node_id("NEAR-C")), "{nodes:?}");
}

#[test]
fn pain_15_an_order_against_inbound_supply_has_a_date_and_reports_count_once() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(one_node(&engine, "A", 0));
    let id = || InboundId::new("inbound", "PO").expect("an id");
    let eta = Timestamp::from_micros(NOW.as_micros() + 5 * DAY);
    let announcement = StockOperation::AnnounceInbound { id: id(), quantity: 5, eta };
    single.run(change(&engine, "A", "N", announcement)).expect("it is announced");
    let order = placed(single.run(place(&engine, order("o", &[("A", 4)], Shortage::Reject))));
    let arrives = engine.local_day(order.shipments[0].node, eta);
    assert_eq!(order.shipments[0].ship_by, Some(arrives));
    assert!(order.shipments[0].deliver_by > Some(arrives));

    single.run(cancel(&engine, "o", &[(1, 1)])).expect("orders can be edited");
    let report = |key: &str| {
        let (carrier, tracking) = (carrier(), Text::default());
        let meta = keyed(key);
        let step = Step::Ship { packages: Vec::new(), carrier, tracking };
        engine.progress_shipment(ProgressShipment { meta, order: order_id("o"), shipment: 1, step })
    };
    let early = single.run(report("early"));
    assert!(matches!(early, Err(EngineError::Refused(_))), "nothing arrived: {early:?}");
    let receipt = StockOperation::ReceiveInbound { id: id(), quantity: 5, closes: true };
    single.run(change(&engine, "A", "N", receipt)).expect("it arrives");
    let first = single.run(report("shipped")).expect("it leaves");
    let again = single.run(report("shipped")).expect("the report came twice");
    assert_eq!((again.version, again.is_repeat), (first.version, true));
    let there = single.run(engine.stock(&sku("A"), &node_id("N"))).expect("the pair").stock;
    assert_eq!((there.on_hand, there.allocated, there.shipped), (2, 0, 3));
    assert_clean(&engine);
}
