//! What users of other systems report, over and over: each test is named after
//! the pain it would show. The first is `promise::the_last_unit_goes_to_one_of_
//! a_thousand_buyers`; the others that are not here stand beside what they test.

use std::sync::Arc;

use backstock_engine::command::{ShipShipment, StockOperation};
use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome};
use backstock_engine::model::{InboundId, NodeKind, Order, Shortage, Text, Timestamp};
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
        engine.ship_shipment(ShipShipment {
            meta,
            order: order_id("o"),
            shipment: 1,
            carrier,
            tracking,
        })
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
