//! Orders that leave memory for the generations that have them.

use std::sync::Arc;

use proptest::prelude::*;

use super::fuzzy::take_under_load;
use super::watched::Watched;
use super::world::{Run, World};
use crate::model::Timestamp;
use crate::snapshot::chunk::HEADER_BYTES;
use crate::snapshot::{
    ChunkRef, Kind, MemoryStore, SnapshotError, SnapshotStore, Source, StoreError, TakeReport,
    load_newest, recall, take,
};
use crate::state::order::{InHand, OrderMessage, OrderReply};

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

fn run(seed: u64) -> (Run, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::default());
    (Run::over(World::archiving(50, &store), seed), store)
}

/// Takes two snapshots and lets go of what both have.
fn snapshots(run: &Run, store: &MemoryStore) -> (TakeReport, usize) {
    let (_, before) = snapshot(run, store);
    let (taken, left) = snapshot(run, store);
    (taken, before + left)
}

/// Takes a snapshot and lets go of what it and the one before have.
fn snapshot(run: &Run, store: &MemoryStore) -> (TakeReport, usize) {
    snapshot_under_load(run, store, 0)
}

fn snapshot_under_load(run: &Run, store: &MemoryStore, events: usize) -> (TakeReport, usize) {
    let taken = take_under_load(run, store, events);
    let left = taken.journal_from.map_or(0, |from| run.world.archive(from.previous()));
    (taken, left)
}

/// What the state is when nothing ever leaves memory.
fn in_memory(run: &Run) -> World {
    let world = World::new(50);
    run.replay(&world, run.world.applied().lsn);
    world
}

fn is_as_if_nothing_left(run: &Run, world: &World) {
    let naive = in_memory(run);
    assert_eq!(world.all_orders(), naive.all_orders());
    assert_eq!(world.applied().hash, naive.applied().hash);
    assert_eq!(world.hash(), naive.hash());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn orders_are_the_same_wherever_they_are(
        seed in any::<u64>(), events in 1..400_usize, during in 0..60_usize,
    ) {
        let (run, store) = run(seed);
        for _ in 0..5 {
            run.go_on(events);
            snapshot_under_load(&run, &store, during);
            is_as_if_nothing_left(&run, &run.world);
            // What was closed when the snapshot was taken is not loaded; what happened
            // since is applied to what was open.
            run.go_on(events / 3);
            let loaded = load_newest(&*store, None, || World::archiving(50, &store)).unwrap();
            let (world, loaded) = (loaded.state, loaded.loaded.unwrap());
            run.replay(&world, loaded.manifest.end);
            loaded.check_at(world.applied(), &world.state.orders).unwrap();
            run.replay(&world, run.world.applied().lsn);
            is_as_if_nothing_left(&run, &world);
            is_as_if_nothing_left(&run, &run.world);
        }
        prop_assert!(run.world.state.orders.archived() > 0 || events < 40);
    }
}

#[test]
fn only_closed_orders_leave_that_the_generation_has_as_they_are() {
    let (run, store) = run(11);
    run.go_on(300);
    let (taken, left) = snapshots(&run, &store);
    assert!(left > 0);
    assert_eq!(run.world.state.orders.archived(), left);
    // Closed after the snapshot began: it may have them open.
    run.go_on(300);
    assert_eq!(run.world.archive(taken.manifest.start), 0);
    for (no, kept) in run.world.all_orders() {
        let reply =
            run.world.state.orders.by_no(no).unwrap().ask(OrderMessage::Read).wait().unwrap();
        let archived = matches!(reply, OrderReply::Archived(_));
        let expected = !kept.packed.is_open() && kept.last_lsn <= taken.manifest.start;
        assert_eq!(archived, expected, "order {}", no.0);
    }
}

#[test]
fn an_order_in_somebodys_hand_stays() {
    let (run, store) = run(12);
    run.go_on(300);
    let taken = take(Source::from(&run.world), &*store, AT).unwrap();
    let orders = run.world.all_orders();
    let (no, _) = orders.iter().find(|(_, kept)| !kept.packed.is_open()).unwrap();
    let cell = run.world.state.orders.by_no(*no).unwrap();
    let claimed = cell.ask(OrderMessage::ClaimInHand).wait().unwrap();
    assert!(matches!(claimed, OrderReply::InHand(InHand::Granted(_))));
    assert!(run.world.archive(taken.manifest.start) > 0, "others leave");
    assert!(matches!(cell.ask(OrderMessage::Read).wait().unwrap(), OrderReply::Resident(_)));
}

#[test]
fn an_order_comes_back_as_it_left_and_nothing_else_does() {
    let (run, store) = run(13);
    run.go_on(300);
    let before = run.world.all_orders();
    snapshots(&run, &store);
    let gone: Vec<_> = before.iter().filter(|(_, kept)| !kept.packed.is_open()).collect();
    let [(no, kept), (_, other), ..] = gone[..] else { panic!("two are closed") };
    run.world.state.orders.recall(*no, other.clone()).unwrap();
    assert_eq!(run.world.state.orders.archived(), gone.len(), "another order is not taken for it");
    for _ in 0..2 {
        run.world.state.orders.recall(*no, kept.clone()).unwrap();
        assert_eq!(run.world.state.orders.archived(), gone.len() - 1);
    }
    assert_eq!(run.world.all_orders(), before);
    // No command changed it: it leaves again, and no chunk is written for that.
    let (taken, left) = snapshot(&run, &store);
    assert_eq!(left, 1);
    let written = |chunk: &&ChunkRef| {
        chunk.key.kind == Kind::Orders && chunk.key.generation == taken.manifest.generation
    };
    assert_eq!(taken.manifest.chunks.iter().filter(written).count(), 0);
    assert_eq!(run.world.all_orders(), before);
}

/// A chunk with its bit flipped, or flipped back.
fn flip(store: &MemoryStore, chunk: &ChunkRef) {
    let mut bytes = store.chunk(chunk.key).unwrap().unwrap();
    bytes[HEADER_BYTES + 5] ^= 1;
    store.put_chunk(chunk.key, &bytes).unwrap();
}

#[test]
fn one_damaged_chunk_loses_no_order_that_left_memory() {
    for damaged in 0..2 {
        let (run, store) = run(14);
        run.go_on(300);
        let generations = [(), ()].map(|()| snapshot(&run, &store).0.manifest);
        assert!(run.world.state.orders.archived() > 0);
        let chunk = generations[damaged].chunks_of(Kind::Orders)[0];
        flip(&store, &chunk);
        // It is read, named again, or read for a chunk that is written.
        is_as_if_nothing_left(&run, &run.world);
        for events in [0, 50, 0] {
            run.go_on(events);
            let (taken, _) = snapshot(&run, &store);
            assert!(taken.manifest.chunks.iter().all(|named| named.key != chunk.key));
            is_as_if_nothing_left(&run, &run.world);
            let loaded = load_newest(&*store, None, || World::archiving(50, &store)).unwrap();
            run.replay(&loaded.state, run.world.applied().lsn);
            is_as_if_nothing_left(&run, &loaded.state);
        }
    }
}

#[test]
fn damage_of_both_chunks_is_told_and_no_generation_goes_without_their_orders() {
    let (run, store) = run(14);
    run.go_on(300);
    let generations = [(), ()].map(|()| snapshot(&run, &store).0.manifest);
    let chunks = generations.each_ref().map(|manifest| manifest.chunks_of(Kind::Orders)[0]);
    for chunk in &chunks {
        flip(&store, chunk);
    }
    let before = store.generations().unwrap();
    // Named again or read for a chunk that is written, it is noticed.
    for events in [0, 50] {
        run.go_on(events);
        let taken = take(Source::from(&run.world), &*store, AT);
        assert!(matches!(taken, Err(SnapshotError::Chunk { .. })), "{taken:?}");
    }
    assert_eq!(store.generations().unwrap(), before);
    // Tries that fail do not fill the disk.
    let of_tries = store.chunk_keys().unwrap().into_iter().map(|key| key.generation).max();
    assert_eq!(of_tries, before.last().copied());
    for chunk in &chunks {
        flip(&store, chunk);
    }
    snapshot(&run, &store);
    is_as_if_nothing_left(&run, &run.world);
}

#[test]
fn an_order_that_no_chunk_has_is_told_by_its_number() {
    let (run, store) = run(15);
    run.go_on(300);
    snapshots(&run, &store);
    for key in store.chunk_keys().unwrap().into_iter().filter(|key| key.kind == Kind::Orders) {
        store.remove_chunk(key).unwrap();
    }
    let state = Source::from(&run.world);
    let copy = state.copy_orders(0, 1_023).unwrap();
    let first = copy.archived[0].0;
    let Err(SnapshotError::NotArchived(no)) = state.complete(copy).map(|_| ()) else {
        panic!("nothing has it");
    };
    assert_eq!(no, first);
}

#[test]
fn an_order_is_read_from_the_older_chunk_when_the_newer_one_is_damaged() {
    let (run, store) = run(16);
    run.go_on(300);
    let (older, _) = snapshot(&run, &store);
    run.go_on(50);
    let (newer, _) = snapshot(&run, &store);
    let chunks = [older, newer].map(|taken| taken.manifest.chunks_of(Kind::Orders)[0].key);
    assert_ne!(chunks[0], chunks[1]);
    let archived = Source::from(&run.world).copy_orders(0, 1_023).unwrap().archived;
    let first = &archived[..1];
    let whole = recall(&*store, first).unwrap();
    let corrupt = || StoreError::Database(sled::Error::Corruption { at: None, bt: () });
    for damaged in 0..=2 {
        let on_read =
            |key| if chunks[2 - damaged..].contains(&key) { Err(corrupt()) } else { Ok(()) };
        let watched = Watched { store: &store, on_write: &|| {}, on_read: &on_read };
        match recall(&watched, first) {
            Ok(orders) => assert!(damaged < 2 && orders == whole),
            Err(error) => assert!(damaged == 2, "{error}"),
        }
    }
}
