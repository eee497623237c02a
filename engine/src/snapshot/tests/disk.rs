//! The store on a real disk.

use std::path::Path;

use super::world::{Run, World};
use crate::model::Timestamp;
use crate::snapshot::{
    ChunkKey, Kind, SledStore, SnapshotStore, State, StoreError, load_newest, take, verify,
};

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

fn open(directory: &Path) -> SledStore {
    SledStore::open(directory).unwrap()
}

fn key(from: u64) -> ChunkKey {
    ChunkKey { kind: Kind::Items, from, generation: 1 }
}

#[test]
fn a_generation_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    assert!(!SledStore::exists(&path));
    let run = Run::new(21);
    run.go_on(300);
    let store = open(&path);
    let first = take(State::from(&run.world), &store, AT).unwrap();
    run.go_on(100);
    let second = take(State::from(&run.world), &store, AT).unwrap();
    drop(store);
    assert!(SledStore::exists(&path));
    let store = open(&path);
    let generations = [first.manifest.generation, second.manifest.generation];
    assert_eq!(store.generations().unwrap(), generations);
    verify(&store, generations[0]).unwrap();
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.core.hash(), run.world.hash());
}

#[test]
fn a_torn_snapshot_of_the_database_does_not_keep_it_from_opening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let store = open(&path);
    store.put_chunk(key(1), b"one").unwrap();
    store.sync().unwrap();
    drop(store);
    let torn = path.join("snap.00000000000000FF.generating");
    std::fs::write(&torn, b"torn").unwrap();
    let store = open(&path);
    assert!(!torn.exists());
    assert_eq!(store.chunk(key(1)).unwrap().unwrap(), b"one");
}

#[test]
fn a_store_that_will_not_open_stays_as_it_is_until_it_is_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    for round in 1..=2 {
        let store = open(&path);
        store.put_chunk(key(1), b"one").unwrap();
        store.sync().unwrap();
        drop(store);
        std::fs::write(path.join("conf"), b"not what sled wrote there").unwrap();
        let refused = SledStore::open(&path).err().unwrap();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        assert_eq!(std::fs::read(path.join("conf")).unwrap(), b"not what sled wrote there");
        let aside = SledStore::set_aside(&path).unwrap();
        assert!(aside.join("db").exists());
        assert!(aside.to_string_lossy().ends_with(&format!("damaged-{round}")));
        assert_eq!(open(&path).chunk_keys().unwrap(), []);
    }
}

#[test]
fn compaction_gives_space_back_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let store = open(&path);
    let noise = |no: u64| -> Vec<u8> {
        (0..100_000_u64)
            .map(|at| ((at * at).wrapping_add(no * 7919) >> 3).to_le_bytes()[0])
            .collect()
    };
    for no in 0..60 {
        store.put_chunk(key(no), &noise(no)).unwrap();
    }
    store.sync().unwrap();
    for no in 1..60 {
        store.remove_chunk(key(no)).unwrap();
    }
    store.put_manifest(9, b"nine").unwrap();
    store.sync().unwrap();
    let before = store.bytes_on_disk().unwrap();
    store.compact().unwrap();
    let after = store.bytes_on_disk().unwrap();
    assert!(after * 2 < before, "{before} bytes before, {after} after");
    assert_eq!(store.chunk(key(0)).unwrap().unwrap(), noise(0));
    assert_eq!(store.manifest(9).unwrap().unwrap(), b"nine");
    drop(store);
    assert_eq!(open(&path).chunk_keys().unwrap(), [key(0)]);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing beside it");
}

#[test]
fn an_interrupted_swap_is_finished_or_undone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let store = open(&path);
    store.put_chunk(key(1), b"one").unwrap();
    store.sync().unwrap();
    drop(store);
    // Between the two renames the old one is complete, and the new one may be.
    std::fs::rename(&path, directory.path().join("snapshots.replaced")).unwrap();
    std::fs::create_dir(directory.path().join("snapshots.compacting")).unwrap();
    assert!(SledStore::exists(&path));
    let store = open(&path);
    assert_eq!(store.chunk(key(1)).unwrap().unwrap(), b"one");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_store_that_somebody_has_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let _held = open(&path);
    let refused = SledStore::open(&path).err().unwrap();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
}
