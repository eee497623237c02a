//! The same request gives the same answer, and nothing happens twice.

use backstock_engine::command::{ChangeStock, OrderRequest, PlaceOrder, StockOperation};
use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome};
use backstock_engine::model::Meta;
use backstock_engine::model::{
    Day, InboundId, Lsn, NodeKind, Refusal, RequestId, Shortage, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

async fn network(engine: &Engine) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &["A"]).await;
    set(engine, "A", "N", 10).await;
}

fn later(meta: Meta, days: i64) -> Meta {
    Meta { at: Timestamp::from_micros(NOW.as_micros() + days * DAY), ..meta }
}

fn receive(quantity: u32) -> StockOperation {
    StockOperation::Receive { quantity, unavailable: 0 }
}

async fn change_under(
    engine: &Engine,
    meta: Meta,
    item: &str,
    operation: StockOperation,
) -> Result<Lsn, EngineError> {
    let command = ChangeStock { meta, sku: sku(item), node: node_id("N"), operation };
    Ok(engine.change_stock(command).await?.version)
}

async fn place_under(
    engine: &Engine,
    meta: Meta,
    order: OrderRequest,
) -> Result<OrderAnswer, EngineError> {
    engine.place_order(PlaceOrder { placed_at: None, meta, order }).await
}

#[tokio::test]
async fn a_repeated_change_is_carried_out_once_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let first = change_under(&engine, keyed("k"), "A", receive(5)).await.expect("it is received");
    let second = change_under(&engine, keyed("k"), "A", receive(5)).await;
    assert_eq!(second, Ok(first));
    engine.shut_down().await;
    let (engine, _) = open(directory.path()).await;
    assert_eq!(change_under(&engine, keyed("k"), "A", receive(5)).await, Ok(first));
    let there = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
    assert_eq!(there.on_hand, 15);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_key_used_for_something_else_is_refused_before_anything_else_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    change_under(&engine, keyed("k"), "A", receive(5)).await.expect("it is received");
    let key = RequestId::new("request_id", "k").expect("a key");
    let reused = Err(EngineError::Refused(Refusal::RequestIdReused { request_id: key }));
    assert_eq!(change_under(&engine, keyed("k"), "A", receive(6)).await, reused);
    // The documented precedence: before unknown names.
    assert_eq!(change_under(&engine, keyed("k"), "NOBODY", receive(5)).await, reused);
    let placed = place_under(&engine, keyed("k"), order("o", &[("A", 1)], Shortage::Reject)).await;
    assert_eq!(placed.map(|placed| placed.version), reused);
    engine.shut_down().await;
}

#[tokio::test]
async fn the_same_order_gets_the_same_answer_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let wanted = order("o", &[("A", 3)], Shortage::Reject);
    let first = place(&engine, wanted.clone()).await.expect("it is placed");
    assert_eq!(place(&engine, wanted.clone()).await, Ok(first.clone()));
    engine.shut_down().await;
    let (engine, _) = open(directory.path()).await;
    assert_eq!(place(&engine, wanted).await, Ok(first));
    let other = place(&engine, order("o", &[("A", 4)], Shortage::Reject)).await;
    assert_eq!(
        other,
        Err(EngineError::Refused(Refusal::OrderIdReused { order_id: order_id("o") }))
    );
    let there = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
    assert_eq!(there.allocated, 3);
    engine.shut_down().await;
}

#[test]
fn the_same_order_gets_the_same_answer_when_the_day_it_was_wanted_by_has_passed() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    let mut wanted = order("o", &[("A", 1)], Shortage::Reject);
    let days = i32::try_from(NOW.as_micros() / DAY).expect("a day");
    wanted.deliver_by = Some(Day::from_epoch_days(days));
    let first = single.run(place_under(&engine, meta(), wanted.clone())).expect("it is placed");
    assert!(matches!(first.outcome, PlaceOutcome::Placed(_)));
    let again = single.run(place_under(&engine, later(meta(), 2), wanted.clone()));
    assert_eq!(again, Ok(first));
    wanted.id = order_id("another");
    let late = single.run(place_under(&engine, later(meta(), 2), wanted));
    assert!(matches!(late, Err(EngineError::Invalid(_))), "{late:?}");
}

#[test]
fn the_same_announcement_gets_the_same_answer_when_its_day_has_passed() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    let announcement = |id: &str| StockOperation::AnnounceInbound {
        id: InboundId::new("inbound", id).expect("an id"),
        quantity: 4,
        eta: Timestamp::from_micros(NOW.as_micros() + DAY),
    };
    let first = single.run(change_under(&engine, keyed("k"), "A", announcement("PO-1")));
    assert!(first.is_ok(), "{first:?}");
    let meta = || later(keyed("k"), 400);
    assert_eq!(single.run(change_under(&engine, meta(), "A", announcement("PO-1"))), first);
    let late = later(keyed("l"), 400);
    let late = single.run(change_under(&engine, late, "A", announcement("PO-2")));
    assert!(matches!(late, Err(EngineError::Invalid(_))), "{late:?}");
}

/// A request that becomes another command when it is sent again is known by what was
/// sent. Older versions remembered such a request by its command.
#[test]
fn a_request_is_known_by_what_was_sent_or_by_its_command_of_old() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    let sent = |key: &str, content| Meta { content, ..keyed(key) };
    let mut change =
        |meta, quantity| single.run(change_under(&engine, meta, "A", receive(quantity)));
    let first = change(sent("k", Some(7)), 5);
    assert!(first.is_ok(), "{first:?}");
    assert_eq!(change(sent("k", Some(7)), 6), first, "another command of the same request");
    let key = RequestId::new("request_id", "k").expect("a key");
    let reused = Err(EngineError::Refused(Refusal::RequestIdReused { request_id: key }));
    assert_eq!(change(sent("k", Some(8)), 6), reused);
    let old = change(sent("old", None), 5);
    assert!(old.is_ok(), "{old:?}");
    assert_eq!(change(sent("old", Some(7)), 5), old, "the command that was remembered");
    let key = RequestId::new("request_id", "old").expect("a key");
    let reused = Err(EngineError::Refused(Refusal::RequestIdReused { request_id: key }));
    assert_eq!(change(sent("old", Some(7)), 6), reused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_repeats_at_once_one_is_carried_out_and_all_get_its_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let repeats: Vec<_> = (0..1_000)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move { change_under(&engine, keyed("k"), "A", receive(5)).await })
        })
        .collect();
    let mut versions = Vec::new();
    for repeat in repeats {
        versions.push(repeat.await.expect("no panic").expect("an answer"));
    }
    versions.dedup();
    assert_eq!(versions.len(), 1);
    let there = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
    assert_eq!(there.on_hand, 15);
    engine.shut_down().await;
}
