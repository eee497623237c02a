//! What may come back, which came with version 14 as well.

use super::*;
use crate::command::fixture::set_return_policy;
use crate::command::order::exchange::tests::expired;
use crate::model::{Order, OrderEffect, PackedOrder, PromotionNo, Returning};
use crate::state::return_rules::ReturnRules;

/// The chunk of the policy, as it was written first.
const RULES: &[u8] = include_bytes!("../../../../tests-data/snapshot-v14/return_rules.bin");

#[test]
fn a_return_policy_is_written_in_version_14_and_read_back() {
    let with_policy = world();
    let rules = ReturnRules::set(set_return_policy().policy, Lsn::new(100));
    let mut applied = with_policy.state.gate.lock();
    applied.hash.merge(rules.hash());
    applied.lsn = Lsn::new(100);
    drop(applied);
    with_policy.state.return_rules.store(rules.into());
    let store = MemoryStore::default();
    take(Source::from(&with_policy), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 14);
    let [chunk] = manifest.chunks_of(Kind::ReturnRules) else { panic!("one chunk") };
    let written = store.chunk(chunk.key).unwrap().unwrap();
    assert!(written == RULES, "the chunk is now {written:?}");
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), with_policy.hash());
    assert_ne!(recovered.state.hash(), world().hash());
    let read = recovered.state.state.return_rules.load();
    assert_eq!(**read, **with_policy.state.return_rules.load());
}

/// An older build reads a snapshot in which there is none.
#[test]
fn a_snapshot_without_a_policy_has_no_chunk_of_one() {
    let store = MemoryStore::default();
    take(Source::from(&world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert!(manifest.chunks_of(Kind::ReturnRules).is_empty());
}

/// The chunk of orders with prices, a use of a promotion, a return, and an exchange that waits, as it was
/// written first.
const ORDERS: &[u8] = include_bytes!("../../../../tests-data/snapshot-v14/orders.bin");

/// An order with all that came with version 14: prices, what was paid and is asked for, a use of a promotion,
/// and a unit that did not come by its deadline, for which another one waits with its price.
fn exchanged() -> Order {
    let mut order = expired(400);
    order.returns[0].advance_until = Some(AT);
    let step = order.returns[0].charge_back(AT).unwrap().unwrap();
    let stepped = OrderEffect::Return(Returning::Stepped { no: 0, step }.into());
    order.apply(order.last_lsn.next(), &stepped);
    assert_eq!(order.returns[0].exchange.as_deref().unwrap().prices.len(), 1);
    order.no = OrderNo(11);
    order.header.id = OrderId::new("order", "EXCHANGED").unwrap();
    for line in &mut order.lines {
        line.sku = SkuNo(1);
    }
    order.money.as_deref_mut().unwrap().uses = vec![PromotionNo(3)];
    Order { last_lsn: Lsn::new(40), placed_lsn: Lsn::new(40), ..order }
}

fn exchanged_world() -> World {
    let world = world();
    world.apply(Lsn::new(40), &Happening::Place(Box::new(exchanged())));
    world
}

#[test]
fn orders_with_prices_and_returns_are_written_in_version_14_and_read_back() {
    let store = MemoryStore::default();
    take(Source::from(&exchanged_world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 14);
    let [chunk] = manifest.chunks_of(Kind::Orders) else { panic!("one chunk") };
    let written = store.chunk(chunk.key).unwrap().unwrap();
    assert!(written == ORDERS, "the chunk is now {written:?}");
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), exchanged_world().hash());
    assert_ne!(recovered.state.hash(), world().hash());
}

/// A packed order with an exchange, as it was written first: an order that is kept in memory, in the journal
/// and in snapshots for as long as there are orders.
const PACKED: &[u8] = include_bytes!("../../../../tests-data/snapshot-v14/exchanged.bin");

#[test]
fn an_order_with_an_exchange_is_packed_as_it_was() {
    let packed = PackedOrder::of(&exchanged());
    assert!(packed.bytes() == PACKED, "it is now {:?}", packed.bytes());
    let known = PackedOrder::check(PACKED).expect("it is an order");
    let known = known.unpack().unwrap();
    // Which events it is of is kept beside.
    let Order { placed_lsn, last_lsn, .. } = known;
    assert_eq!(known, Order { placed_lsn, last_lsn, ..exchanged() });
}
