//! Generations: kept, named again, fallen back to, let go.

use super::world::{Run, World, item};
use crate::model::{Lsn, SkuNo, Timestamp};
use crate::snapshot::chunk::HEADER_BYTES;
use crate::snapshot::prune::prune;
use crate::snapshot::store::are_kept_together;
use crate::snapshot::tests::world::Happening;
use crate::snapshot::{
    ChunkKey, ChunkRef, FORMAT_VERSION, Kind, Manifest, MemoryStore, Pace, SnapshotError,
    SnapshotStore, Source, list, load_newest, take, verify,
};

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

fn snapshot(run: &Run, store: &MemoryStore) -> crate::snapshot::TakeReport {
    take(Source::from(&run.world), store, AT).unwrap()
}

fn damage(store: &MemoryStore, chunk: &ChunkRef) {
    let mut bytes = store.chunk(chunk.key).unwrap().unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    store.put_chunk(chunk.key, &bytes).unwrap();
}

#[test]
fn only_what_changed_is_written_again() {
    let run = Run::new(3);
    run.go_on(200);
    let store = MemoryStore::default();
    for _ in 0..2 {
        assert_eq!(snapshot(&run, &store).chunks_reused, 0);
    }
    run.push(Happening::Item(SkuNo(299), item(299, 7)));
    let third = snapshot(&run, &store);
    let written: Vec<_> = third
        .manifest
        .chunks
        .iter()
        .filter(|chunk| chunk.key.generation == third.manifest.generation)
        .map(|chunk| (chunk.key.kind, chunk.key.from > 0))
        .collect();
    assert_eq!(written, [(Kind::Items, true), (Kind::Requests, true)]);
    assert_eq!(third.chunks_reused + third.chunks_written, third.manifest.chunks.len());
}

fn is_kept_alone(manifest: &Manifest) -> bool {
    let mut keys = manifest.chunks.iter().map(|chunk| chunk.key);
    keys.all(|key| are_kept_together(key.generation, manifest.generation))
}

/// However much changes between two of them.
#[test]
fn generations_that_stay_share_no_chunk() {
    let run = Run::new(21);
    let store = MemoryStore::default();
    let (mut before, mut reused) = (Vec::new(), 0);
    for events in [300, 0, 0, 1, 0, 40, 0, 0, 0, 7, 300] {
        run.go_on(events);
        let taken = snapshot(&run, &store);
        let keys: Vec<_> = taken.manifest.chunks.iter().map(|chunk| chunk.key).collect();
        assert!(keys.iter().all(|key| !before.contains(key)));
        assert!(is_kept_alone(&taken.manifest));
        (before, reused) = (keys, reused + taken.chunks_reused);
    }
    assert!(reused > 0);
}

#[test]
fn a_generation_after_a_snapshot_that_was_stopped_is_kept_apart_from_the_newest() {
    let run = Run::new(23);
    let store = MemoryStore::default();
    let mut newest = snapshot(&run, &store).manifest.generation;
    for left_behind in [1, 2, 1, 3] {
        let generation = newest + left_behind;
        store.put_chunk(ChunkKey { kind: Kind::Items, from: 0, generation }, b"torn").unwrap();
        run.go_on(50);
        let taken = snapshot(&run, &store);
        assert!(taken.manifest.generation > generation);
        assert!(!are_kept_together(taken.manifest.generation, newest));
        newest = taken.manifest.generation;
    }
}

/// An older build named whatever there was.
#[test]
fn chunks_that_are_not_kept_with_a_generation_are_written_anew() {
    let run = Run::new(24);
    let store = MemoryStore::default();
    run.go_on(300);
    snapshot(&run, &store);
    let mut older = snapshot(&run, &store).manifest;
    snapshot(&run, &store);
    for chunk in &mut older.chunks {
        let bytes = store.chunk(chunk.key).unwrap().unwrap();
        chunk.key.generation -= 1;
        store.put_chunk(chunk.key, &bytes).unwrap();
    }
    store.put_manifest(older.generation, &older.encode().unwrap()).unwrap();
    let taken = snapshot(&run, &store);
    assert!(is_kept_alone(&taken.manifest));
    assert_eq!(taken.chunks_reused, 0);
}

#[test]
fn no_damaged_chunk_is_of_more_than_one_generation() {
    let run = Run::new(22);
    let store = MemoryStore::default();
    for events in [300, 0, 0, 2] {
        run.go_on(events);
        snapshot(&run, &store);
    }
    let kept = list(&store).unwrap().into_iter().map(|report| report.manifest.unwrap());
    let kept: Vec<_> = kept.collect();
    for chunk in kept.iter().flat_map(|manifest| &manifest.chunks) {
        damage(&store, chunk);
        let recovered = load_newest(&store, None, || World::new(50)).unwrap();
        run.replay(&recovered.state, run.world.applied().lsn);
        assert_eq!(recovered.state.hash(), run.world.hash());
        // The same bit again.
        damage(&store, chunk);
    }
}

#[test]
fn the_journal_may_go_only_behind_the_older_of_two_generations() {
    let run = Run::new(4);
    let store = MemoryStore::default();
    let first = snapshot(&run, &store);
    assert_eq!(first.journal_from, None);
    run.go_on(10);
    let second = snapshot(&run, &store);
    assert_eq!(second.journal_from, Some(first.manifest.start.next()));
    run.go_on(10);
    let third = snapshot(&run, &store);
    assert_eq!(third.journal_from, Some(second.manifest.start.next()));
    assert_eq!(third.pruned, [first.manifest.generation]);
    let kept: Vec<_> = list(&store).unwrap().iter().map(|report| report.generation).collect();
    assert_eq!(kept, [third.manifest.generation, second.manifest.generation]);
    verify(&store, second.manifest.generation).unwrap();
}

/// The journal would be cut behind what cannot be loaded.
#[test]
fn a_generation_that_was_damaged_meanwhile_is_no_fallback() {
    let run = Run::new(25);
    let store = MemoryStore::default();
    let mut taken = Vec::new();
    for _ in 0..2 {
        run.go_on(100);
        taken.push(snapshot(&run, &store).manifest);
    }
    damage(&store, &taken[1].chunks[1]);
    run.go_on(100);
    let third = snapshot(&run, &store);
    assert_eq!((&third.pruned[..], third.journal_from), (&[taken[1].generation][..], None));
    let kept: Vec<_> = list(&store).unwrap().iter().map(|report| report.generation).collect();
    assert_eq!(kept, [third.manifest.generation, taken[0].generation]);
    run.go_on(100);
    let fourth = snapshot(&run, &store);
    assert_eq!(fourth.journal_from, Some(third.manifest.start.next()));
    assert!(is_kept_alone(&fourth.manifest));
}

/// A server that was shut down before it let old ones go left three.
#[test]
fn of_older_generations_the_one_that_shares_nothing_stays() {
    let run = Run::new(26);
    let store = MemoryStore::default();
    run.go_on(100);
    let first = snapshot(&run, &store).manifest;
    let read = |key| store.chunk(key).unwrap().unwrap();
    let chunks: Vec<_> = first.chunks.iter().map(|chunk| (chunk.key, read(chunk.key))).collect();
    let second = snapshot(&run, &store).manifest;
    run.go_on(20);
    let third = snapshot(&run, &store).manifest;
    for (key, bytes) in chunks {
        store.put_chunk(key, &bytes).unwrap();
    }
    store.put_manifest(first.generation, &first.encode().unwrap()).unwrap();
    let own = third.chunks.iter().find(|chunk| chunk.key.generation == third.generation);
    damage(&store, own.unwrap());
    let fourth = snapshot(&run, &store);
    let kept: Vec<_> = list(&store).unwrap().iter().map(|report| report.generation).collect();
    assert_eq!(kept, [fourth.manifest.generation, first.generation]);
    assert_eq!(fourth.pruned, [third.generation, second.generation]);
    assert_eq!(fourth.journal_from, Some(first.start.next()));
}

#[test]
fn chunks_that_nobody_names_are_let_go() {
    let run = Run::new(4);
    let store = MemoryStore::default();
    for _ in 0..5 {
        run.go_on(300);
        snapshot(&run, &store);
    }
    let mut named: Vec<_> = list(&store)
        .unwrap()
        .into_iter()
        .flat_map(|report| report.manifest.unwrap().chunks)
        .map(|chunk| chunk.key)
        .collect();
    named.sort();
    named.dedup();
    assert_eq!(store.chunk_keys().unwrap(), named);
}

#[test]
fn a_damaged_generation_falls_back_to_the_older_one_with_a_report() {
    let run = Run::new(8);
    let store = MemoryStore::default();
    let first = snapshot(&run, &store);
    run.go_on(300);
    let second = snapshot(&run, &store);
    let own = |c: &&ChunkRef| c.key.generation == second.manifest.generation;
    damage(&store, second.manifest.chunks.iter().rfind(own).unwrap());
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.damaged.len(), 1);
    assert_eq!(recovered.damaged[0].generation, second.manifest.generation);
    assert_eq!(recovered.loaded.unwrap().manifest.generation, first.manifest.generation);
    run.replay(&recovered.state, run.world.applied().lsn);
    assert_eq!(recovered.state.hash(), run.world.hash());
}

#[test]
fn a_store_of_damaged_generations_alone_gives_an_empty_state_and_says_so() {
    let run = Run::new(8);
    let store = MemoryStore::default();
    snapshot(&run, &store);
    let generation = store.generations().unwrap()[0];
    store.put_manifest(generation, b"nonsense").unwrap();
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert!(recovered.loaded.is_none());
    assert_eq!(recovered.damaged.len(), 1);
    assert_eq!(recovered.state.applied().lsn, Lsn::NONE);
}

/// As a newer build would write it: whole, under a version not known here.
fn renewed(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[8..10].copy_from_slice(&(FORMAT_VERSION + 1).to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame[..HEADER_BYTES - 4]);
    hasher.update(&frame[HEADER_BYTES..]);
    frame[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&hasher.finalize().to_le_bytes());
    frame
}

#[test]
fn a_generation_of_a_newer_build_is_neither_passed_over_nor_dropped() {
    let run = Run::new(8);
    let store = MemoryStore::default();
    snapshot(&run, &store);
    run.go_on(300);
    let second = snapshot(&run, &store);
    let generation = second.manifest.generation;
    let manifest = store.manifest(generation).unwrap().unwrap();
    store.put_manifest(generation, &renewed(&manifest)).unwrap();
    let refused = load_newest(&store, None, || World::new(50)).err().unwrap();
    assert!(refused.is_newer(), "{refused}");
    let told = format!("version {} is newer than {FORMAT_VERSION}", FORMAT_VERSION + 1);
    assert!(refused.to_string().contains(&told), "{refused}");
    assert!(take(Source::from(&run.world), &store, AT).unwrap_err().is_newer());
    let chunks = store.chunk_keys().unwrap();
    prune(&mut Pace::unhurried(), &store).unwrap();
    assert!(store.generations().unwrap().contains(&generation));
    assert_eq!(store.chunk_keys().unwrap(), chunks);
}

#[test]
fn a_chunk_of_a_newer_build_is_not_damage() {
    let run = Run::new(8);
    let store = MemoryStore::default();
    let taken = snapshot(&run, &store);
    let key = taken.manifest.chunks[0].key;
    let chunk = store.chunk(key).unwrap().unwrap();
    store.put_chunk(key, &renewed(&chunk)).unwrap();
    assert!(load_newest(&store, None, || World::new(50)).err().unwrap().is_newer());
    assert!(verify(&store, taken.manifest.generation).unwrap_err().is_newer());
}

#[test]
fn a_damaged_chunk_that_would_be_named_again_is_written_anew() {
    let run = Run::new(6);
    run.go_on(100);
    let store = MemoryStore::default();
    let [first, second] = [(), ()].map(|()| snapshot(&run, &store).manifest);
    damage(&store, first.chunk(Kind::Items, 0).unwrap());
    assert!(verify(&store, first.generation).is_err());
    let third = snapshot(&run, &store);
    assert_eq!(third.chunks_reused, 0);
    for whole in [third.manifest, second] {
        verify(&store, whole.generation).unwrap();
    }
}

#[test]
fn a_store_ahead_of_the_state_is_refused() {
    let run = Run::new(6);
    let store = MemoryStore::default();
    run.go_on(10);
    snapshot(&run, &store);
    let behind = Run::new(6);
    let refused = take(Source::from(&behind.world), &store, AT).unwrap_err();
    assert!(matches!(refused, SnapshotError::Ahead { .. }), "{refused}");
}
