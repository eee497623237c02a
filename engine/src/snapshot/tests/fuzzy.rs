//! Snapshots taken while events go on, and what comes back from them.

use proptest::prelude::*;

use super::watched::Watched;
use super::world::{Run, World};
use crate::model::{Lsn, NodeNo, Pair, RequestId, SkuNo, Timestamp};
use crate::snapshot::limits::REQUESTS_PER_CHUNK;
use crate::snapshot::{
    Kind, MemoryStore, SnapshotError, SnapshotStore, Source, TakeReport, load_newest, take,
};
use crate::state::Applied;

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

/// Takes a snapshot while the engine goes on: so many events before each write.
pub(super) fn take_under_load(run: &Run, store: &MemoryStore, events: usize) -> TakeReport {
    let watched = Watched { store, on_write: &|| run.go_on(events), on_read: &|_| Ok(()) };
    take(Source::from(&run.world), &watched, AT).unwrap()
}

/// Loads, replays to the end and checks the hash there, then replays the rest.
fn recovers(run: &Run, store: &dyn SnapshotStore) {
    let recovered = load_newest(store, None, || World::new(50)).unwrap();
    assert!(recovered.damaged.is_empty(), "{:?}", recovered.damaged);
    let (world, loaded) = (recovered.state, recovered.loaded.expect("a generation is there"));
    assert_eq!(world.applied().lsn, loaded.manifest.start);
    assert_eq!(world.applied().hash, world.hash(), "the sum over the images as loaded");
    run.replay(&world, loaded.manifest.end);
    loaded.check_at(world.applied(), &world.state.orders).unwrap();
    run.replay(&world, run.world.applied().lsn);
    assert_eq!(world.applied().hash, run.world.applied().hash);
    assert_eq!(world.hash(), run.world.hash());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_snapshot_under_load_replays_to_the_hash_at_its_end(
        seed in any::<u64>(), before in 0..600_usize, during in 0..90_usize,
    ) {
        let run = Run::new(seed);
        run.go_on(before);
        let store = MemoryStore::default();
        for _ in 0..3 {
            let taken = take_under_load(&run, &store, during);
            prop_assert!(during == 0 || taken.manifest.start < taken.manifest.end);
            recovers(&run, &store);
            run.go_on(before / 4);
            recovers(&run, &store);
        }
    }

    #[test]
    fn a_snapshot_of_an_idle_engine_is_its_state(seed in any::<u64>(), events in 0..500_usize) {
        let run = Run::new(seed);
        run.announce(Pair { sku: SkuNo(7), node: NodeNo(1) });
        run.go_on(events);
        let store = MemoryStore::default();
        let taken = take(Source::from(&run.world), &store, AT).unwrap();
        prop_assert_eq!(taken.manifest.start, taken.manifest.end);
        let recovered = load_newest(&store, None, || World::new(50)).unwrap();
        prop_assert_eq!(recovered.state.hash(), run.world.hash());
        prop_assert_eq!(recovered.state.applied().hash, run.world.applied().hash);
    }
}

#[test]
fn a_claim_alone_makes_no_pair_in_a_snapshot() {
    let run = Run::new(5);
    run.world.touch(Pair { sku: SkuNo(1), node: NodeNo(1) });
    let store = MemoryStore::default();
    let taken = take(Source::from(&run.world), &store, AT).unwrap();
    assert_eq!(taken.manifest.counts.pairs, 0);
    recovers(&run, &store);
}

#[test]
fn a_replay_that_ends_elsewhere_is_told_apart() {
    let run = Run::new(9);
    run.go_on(100);
    let store = MemoryStore::default();
    take(Source::from(&run.world), &store, AT).unwrap();
    let loaded = load_newest(&store, None, || World::new(50)).unwrap().loaded.unwrap();
    let hash = crate::model::StateHash::from_value(run.world.hash().value() ^ 1);
    let wrong = Applied { lsn: loaded.manifest.end, hash };
    let error = loaded.check_at(wrong, &run.world.state.orders).unwrap_err();
    assert!(matches!(error, SnapshotError::StateHash { .. }), "{error}");
}

#[test]
fn a_generation_that_ends_after_the_wanted_lsn_is_passed_over() {
    let run = Run::new(11);
    let store = MemoryStore::default();
    let first = take(Source::from(&run.world), &store, AT).unwrap().manifest;
    run.go_on(50);
    take(Source::from(&run.world), &store, AT).unwrap();
    let recovered = load_newest(&store, Some(first.end.plus(10)), || World::new(50)).unwrap();
    assert_eq!(recovered.loaded.unwrap().manifest.generation, first.generation);
    let none = load_newest(&store, Some(Lsn::FIRST), || World::new(50)).unwrap();
    assert!(none.loaded.is_none() && none.damaged.is_empty());
}

/// More requests than a chunk holds, and more than are remembered.
#[test]
fn full_chunks_of_requests_are_named_again_until_forgotten() {
    let kept = 3 * REQUESTS_PER_CHUNK;
    let world = World::new(kept);
    let remember = |from: usize, to: usize| {
        for no in from..to {
            let id = RequestId::new("request", format!("k{no}")).unwrap();
            world.remember(Lsn::new(no as u64 + 1), id);
        }
    };
    let store = MemoryStore::default();
    let mut reused = Vec::new();
    for step in 0..10 {
        remember(step * 3_000, (step + 1) * 3_000);
        reused.push(take(Source::from(&world), &store, AT).unwrap().chunks_reused);
        let recovered = load_newest(&store, None, || World::new(kept)).unwrap();
        assert_eq!(recovered.state.hash(), world.hash());
        assert_eq!(recovered.state.applied().hash, world.applied().hash);
        let manifest = recovered.loaded.unwrap().manifest;
        assert!(manifest.chunks_of(Kind::Requests).len() <= 5);
    }
    // The first two have nothing to name; all others name the network, and what is full
    // in the generation before the last.
    assert_eq!(reused[..2], [0, 0]);
    assert_eq!(reused[2], 1, "nothing was full");
    assert!(reused[3..].iter().all(|reused| *reused >= 2), "{reused:?}");
}
