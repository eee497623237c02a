//! Drop-ship suppliers beside the network's own nodes.

use backstock_engine::command::{NodeDefinition, OrderRequest, SetPolicy, StockOperation};
use backstock_engine::engine::{Engine, EngineError, PlaceOutcome, Verdict};
use backstock_engine::model::{
    Day, NodeKind, Objective, OwnStock, Policy, Refusal, Shortage, Timestamp,
};
use backstock_tests::fixture::*;

/// Monday, the day of [`NOW`].
fn today() -> Day {
    Day::from_epoch_days(20_780)
}

/// The quantity that a vendor's feed states.
async fn feed(engine: &Engine, node: &str, quantity: Option<u32>) {
    let operation = StockOperation::SupplierFeed { quantity, as_of: None };
    change(engine, "A", node, operation).await.expect("it is fed");
}

async fn own_stock_first(engine: &Engine) {
    let policy = Policy { own_stock: OwnStock::First, ..Policy::default() };
    engine.set_policy(SetPolicy { meta: meta(), policy }).await.expect("it is set");
}

fn order_of(id: &str, units: u32) -> OrderRequest {
    order(id, &[("A", units)], Shortage::Backorder)
}

/// Units by node, as an order was placed.
async fn shipped_from(engine: &Engine, wanted: OrderRequest) -> Vec<(String, u32)> {
    let id = wanted.id.clone();
    place(engine, wanted).await.expect("an answer");
    let order = engine.order(&id).await.expect("the order").order;
    let node = |shipment: u16| engine.node_no(order.shipments[usize::from(shipment)].node);
    let part = |a: &backstock_engine::model::Allocation| (node(a.shipment).id.to_string(), a.units);
    let mut parts: Vec<_> = order.allocations.iter().map(part).collect();
    parts.sort_unstable();
    parts
}

fn parts(parts: &[(&str, u32)]) -> Vec<(String, u32)> {
    parts.iter().map(|(node, units)| ((*node).to_owned(), *units)).collect()
}

/// A store that is far and dear, and a supplier that is neither.
async fn store_and_supplier(engine: &Engine, on_hand: u32) {
    let store = NodeDefinition { shipment_cost: 5_000, ..node("STORE", NodeKind::Store, 80) };
    define_nodes(engine, &[store, node("VENDOR", NodeKind::Supplier, 1)]).await;
    define_items(engine, &["A"]).await;
    set(engine, "A", "STORE", on_hand).await;
    feed(engine, "VENDOR", Some(100)).await;
}

#[tokio::test]
async fn own_stock_goes_first_where_the_policy_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    store_and_supplier(&engine, 6).await;
    assert_eq!(shipped_from(&engine, order_of("cheap", 2)).await, parts(&[("VENDOR", 2)]));
    own_stock_first(&engine).await;
    assert_eq!(shipped_from(&engine, order_of("own", 2)).await, parts(&[("STORE", 2)]));
    let (order, trace) = engine.explain(&order_id("own")).await.expect("the order");
    let other = trace.lines[0].iter().find(|c| c.node != order.shipments[0].node);
    assert_eq!(other.expect("two candidates").verdict, Verdict::OwnStockFirst);
    // What the network does not have itself comes from the supplier, in a shipment more.
    let split = parts(&[("STORE", 4), ("VENDOR", 1)]);
    assert_eq!(shipped_from(&engine, order_of("both", 5)).await, split);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_supplier_ships_what_own_stock_would_be_late_with() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    store_and_supplier(&engine, 50).await;
    own_stock_first(&engine).await;
    // The vendor ships on the third working day, and is one day away; the store is five.
    for (days, node, other) in [(5, "STORE", Verdict::OwnStockFirst), (4, "VENDOR", Verdict::Later)]
    {
        let id = format!("within {days}");
        let wanted = OrderRequest { deliver_by: Some(today().plus(days)), ..order_of(&id, 3) };
        assert_eq!(shipped_from(&engine, wanted).await, parts(&[(node, 3)]), "{id}");
        let (_, trace) = engine.explain(&order_id(&id)).await.expect("the order");
        let left = trace.lines[0].iter().find(|c| c.verdict != Verdict::Chosen);
        assert_eq!(left.expect("two candidates").verdict, other, "{id}");
    }
    // Late from both, it is less late from the vendor.
    let late = OrderRequest { deliver_by: Some(today().plus(1)), ..order_of("late", 3) };
    assert_eq!(shipped_from(&engine, late).await, parts(&[("VENDOR", 3)]));
    engine.shut_down().await;
}

/// A store with so many units, and a supplier of whom a line takes five units at least.
async fn store_and_minimum(engine: &Engine, on_hand: u32) {
    store_and_supplier(engine, on_hand).await;
    vendor_ships(engine, true).await;
}

async fn vendor_ships(engine: &Engine, enabled: bool) {
    let vendor = node("VENDOR", NodeKind::Supplier, 1);
    let vendor = NodeDefinition { min_order_quantity: Some(5), enabled, ..vendor };
    define_nodes(engine, &[vendor]).await;
}

#[tokio::test]
async fn a_supplier_is_chosen_from_his_minimum_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    store_and_minimum(&engine, 7).await;
    assert_eq!(shipped_from(&engine, order_of("few", 4)).await, parts(&[("STORE", 4)]));
    let (order, trace) = engine.explain(&order_id("few")).await.expect("the order");
    let other = trace.lines[0].iter().find(|c| c.node != order.shipments[0].node);
    assert_eq!(other.expect("two candidates").verdict, Verdict::BelowMinimum);
    assert_eq!(shipped_from(&engine, order_of("many", 5)).await, parts(&[("VENDOR", 5)]));
    // The store has three: the rest would be too few for the vendor.
    assert_eq!(shipped_from(&engine, order_of("all", 6)).await, parts(&[("VENDOR", 6)]));
    own_stock_first(&engine).await;
    let split = parts(&[("STORE", 1), ("VENDOR", 5)]);
    assert_eq!(shipped_from(&engine, order_of("own", 6)).await, split);
    let split = parts(&[("STORE", 2), ("VENDOR", 6)]);
    assert_eq!(shipped_from(&engine, order_of("both", 8)).await, split);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_line_that_would_take_less_than_a_minimum_waits_or_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    store_and_minimum(&engine, 3).await;
    let refused = place(&engine, order("refused", &[("A", 4)], Shortage::Reject)).await;
    let outcome = refused.expect("an answer").outcome;
    assert!(matches!(outcome, PlaceOutcome::SoldOut(_)), "{outcome:?}");
    let waits = shipped_from(&engine, order_of("waits", 4)).await;
    assert_eq!(waits, parts(&[("STORE", 1), ("STORE", 3)]), "one unit waits at the store");
    // What waits is not enough for the vendor either, until there is more of it.
    feed(&engine, "VENDOR", Some(200)).await;
    let order = engine.order(&order_id("waits")).await.expect("the order").order;
    assert_eq!(order.shipments.iter().filter(|s| s.ship_by.is_none()).count(), 1, "{order:?}");
    assert_eq!(shipped_from(&engine, order_of("next", 5)).await, parts(&[("VENDOR", 5)]));
    vendor_ships(&engine, false).await;
    let waits = shipped_from(&engine, order_of("more", 6)).await;
    assert_eq!(waits, parts(&[("STORE", 6)]));
    vendor_ships(&engine, true).await;
    // What came free goes to who waits before this is answered.
    feed(&engine, "VENDOR", Some(300)).await;
    let order = engine.order(&order_id("more")).await.expect("the order").order;
    let vendor = order.shipments.iter().filter(|s| s.ship_by.is_some());
    let nodes: Vec<_> = vendor.map(|s| engine.node_no(s.node).id.to_string()).collect();
    assert_eq!(nodes, ["VENDOR"]);
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Two suppliers that are as near and as soon; one of them keeps more of its promises, and costs so
/// much more.
async fn two_vendors(engine: &Engine, more: i64) {
    let vendor = |name: &str| node(name, NodeKind::Supplier, 1);
    let hasty = NodeDefinition { reliability: Some(9_000), ..vendor("HASTY") };
    let steady = NodeDefinition { reliability: Some(9_950), ..vendor("STEADY") };
    let steady = NodeDefinition { shipment_cost: hasty.shipment_cost + more, ..steady };
    define_nodes(engine, &[hasty, steady]).await;
    define_items(engine, &["A"]).await;
    feed(engine, "HASTY", None).await;
    feed(engine, "STEADY", Some(50)).await;
}

#[tokio::test]
async fn of_two_suppliers_the_more_reliable_one_ships_what_costs_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    two_vendors(&engine, 0).await;
    // It has less of it, and nothing else speaks for the other one.
    assert_eq!(shipped_from(&engine, order_of("same", 5)).await, parts(&[("STEADY", 5)]));
    two_vendors(&engine, 1).await;
    assert_eq!(shipped_from(&engine, order_of("dearer", 5)).await, parts(&[("HASTY", 5)]));
    // Unless the policy says that a promise which is kept is worth it.
    let objectives =
        [Objective::Promise, Objective::Shipments, Objective::Balance, Objective::Cost];
    let policy = Policy { objectives, ..Policy::default() };
    engine.set_policy(SetPolicy { meta: meta(), policy }).await.expect("it is set");
    assert_eq!(shipped_from(&engine, order_of("worth it", 5)).await, parts(&[("STEADY", 5)]));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// A feed that says when the vendor stated it, in minutes after [`NOW`].
async fn stated(engine: &Engine, units: u32, minutes: i64) -> Result<(), EngineError> {
    let as_of = Some(after(minutes));
    let operation = StockOperation::SupplierFeed { quantity: Some(units), as_of };
    change(engine, "A", "VENDOR", operation).await.map(drop)
}

fn after(minutes: i64) -> Timestamp {
    NOW.saturating_add_micros(minutes * 60_000_000)
}

/// Files of a supplier overtake each other on their way, or come a second time. What he stated last
/// is what he has, also after a restart, from the journal and from a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supplier_feed_that_goes_backwards_in_time_is_refused_and_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut engine, _) = open(directory.path()).await;
    store_and_supplier(&engine, 0).await;
    stated(&engine, 40, 10).await.expect("the first one that says when");
    for restart in ["none", "from the journal", "from a snapshot"] {
        let before = engine.status().state_hash;
        let refused = stated(&engine, 90, 9).await.expect_err("it is older");
        let EngineError::Refused(refusal) = refused else { panic!("{restart}: {refused:?}") };
        let (sku, node_id, as_of) = (sku("A"), node_id("VENDOR"), after(9));
        let newest = after(10);
        assert_eq!(refusal, Refusal::VendorFeedOutdated { sku, node_id, as_of, newest });
        assert_eq!(engine.status().state_hash, before, "{restart}: nothing changed");
        if restart == "from the journal" {
            engine.take_snapshot(NOW).await.expect("a snapshot");
            engine.take_snapshot(NOW).await.expect("a snapshot");
        }
        engine.shut_down().await;
        drop(engine);
        let recovered;
        (engine, recovered) = open(directory.path()).await;
        assert_eq!(recovered.state_hash, before, "{restart}");
    }
    let (waits, has) = (("STORE", 1), ("VENDOR", 40));
    assert_eq!(shipped_from(&engine, order_of("all and one", 41)).await, parts(&[waits, has]));
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_feed_of_the_same_instant_is_taken_and_one_of_none_leaves_the_newest() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    store_and_supplier(&engine, 0).await;
    stated(&engine, 40, 10).await.expect("the first one that says when");
    stated(&engine, 40, 10).await.expect("it is sent again");
    stated(&engine, 30, 10).await.expect("it is corrected");
    feed(&engine, "VENDOR", Some(5)).await;
    stated(&engine, 60, 9).await.expect_err("it is older than the newest that said when");
    assert_eq!(shipped_from(&engine, order_of("five", 5)).await, parts(&[("VENDOR", 5)]));
    stated(&engine, 60, 11).await.expect("it is newer");
    assert_eq!(shipped_from(&engine, order_of("more", 6)).await, parts(&[("VENDOR", 6)]));
    assert_clean(&engine);
    engine.shut_down().await;
}
