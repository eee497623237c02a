//! The store on a real disk.

use std::path::Path;

use super::world::{Run, World};
use crate::model::Timestamp;
use crate::snapshot::database::Database;
use crate::snapshot::sled_store::{chunk_key, manifest_key};
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
    let torn = path.join("odd/snap.00000000000000FF.generating");
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
        std::fs::write(path.join("odd/conf"), b"not what sled wrote there").unwrap();
        let refused = SledStore::open(&path).err().unwrap();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        assert_eq!(std::fs::read(path.join("odd/conf")).unwrap(), b"not what sled wrote there");
        let aside = SledStore::set_aside(&path).unwrap();
        assert!(aside.join("odd/db").exists());
        assert!(aside.to_string_lossy().ends_with(&format!("damaged-{round}")));
        assert_eq!(open(&path).chunk_keys().unwrap(), []);
    }
}

#[test]
fn compaction_gives_space_back_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("database");
    let database = Database::open(&path).unwrap();
    let noise = |no: u8| -> Vec<u8> {
        (0..100_000_u64)
            .map(|at| ((at * at).wrapping_add(u64::from(no) * 7919) >> 3).to_le_bytes()[0])
            .collect()
    };
    for no in 0..60 {
        database.put(&[no], &noise(no)).unwrap();
    }
    database.sync().unwrap();
    for no in 1..60 {
        database.remove(&[no]).unwrap();
    }
    database.put(b"nine", b"9").unwrap();
    database.sync().unwrap();
    let before = database.bytes_on_disk().unwrap();
    database.compact().unwrap();
    let after = database.bytes_on_disk().unwrap();
    assert!(after * 2 < before, "{before} bytes before, {after} after");
    assert_eq!(database.get(&[0]).unwrap().unwrap(), noise(0));
    assert_eq!(database.get(b"nine").unwrap().unwrap(), b"9");
    drop(database);
    assert_eq!(Database::open(&path).unwrap().keys(&[]).unwrap(), [&[0][..], b"nine"]);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing beside it");
}

#[test]
fn an_interrupted_swap_is_finished_or_undone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("database");
    let database = Database::open(&path).unwrap();
    database.put(b"one", b"1").unwrap();
    database.sync().unwrap();
    drop(database);
    // Between the two renames the old one is complete, and the new one may be.
    std::fs::rename(&path, directory.path().join("database.replaced")).unwrap();
    std::fs::create_dir(directory.path().join("database.compacting")).unwrap();
    let database = Database::open(&path).unwrap();
    assert_eq!(database.get(b"one").unwrap().unwrap(), b"1");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

/// The keys and values of a store of two generations.
fn content() -> (Vec<(ChunkKey, Vec<u8>)>, [u64; 2]) {
    let chunk = |no: u64| {
        let key = ChunkKey { kind: Kind::Orders, from: no % 5, generation: no };
        (key, no.to_le_bytes().to_vec())
    };
    ((1..=12).map(chunk).collect(), [11, 12])
}

fn check(store: &SledStore) {
    let (chunks, generations) = content();
    let mut keys: Vec<_> = chunks.iter().map(|(key, _)| *key).collect();
    keys.sort();
    assert_eq!(store.chunk_keys().unwrap(), keys);
    for (key, bytes) in chunks {
        assert_eq!(store.chunk(key).unwrap(), Some(bytes));
    }
    assert_eq!(store.chunk_generations(Kind::Orders, 2).unwrap(), [2, 7, 12]);
    assert_eq!(store.generations().unwrap(), generations);
    for generation in generations {
        assert_eq!(store.manifest(generation).unwrap().unwrap(), [7; 9]);
    }
}

/// What an older build left: one database, where the directory of the two is now. With
/// what becomes of it, stopped anywhere.
#[test]
fn the_one_database_of_an_older_build_becomes_two() {
    enum Stopped {
        No,
        InASwap,
        BeforeItMoved,
        BeforeTheirsWereRemoved,
    }
    use Stopped::{BeforeItMoved, BeforeTheirsWereRemoved, InASwap, No};
    for stopped in [No, InASwap, BeforeItMoved, BeforeTheirsWereRemoved] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("snapshots");
        let older = match stopped {
            No => path.clone(),
            InASwap => directory.path().join("snapshots.replaced"),
            BeforeItMoved => directory.path().join("snapshots.moving"),
            BeforeTheirsWereRemoved => path.join("odd"),
        };
        let fill = |database: &Database, only_even: bool| {
            let (chunks, generations) = content();
            for (key, bytes) in chunks {
                if !only_even || key.generation.is_multiple_of(2) {
                    database.put(&chunk_key(key), &bytes).unwrap();
                }
            }
            for generation in generations {
                if !only_even || generation.is_multiple_of(2) {
                    database.put(&manifest_key(generation), &[7; 9]).unwrap();
                }
            }
            database.sync().unwrap();
        };
        std::fs::create_dir_all(older.parent().unwrap()).unwrap();
        fill(&Database::open(&older).unwrap(), false);
        if matches!(stopped, BeforeTheirsWereRemoved) {
            fill(&Database::open(&path.join("even")).unwrap(), true);
        }
        assert!(SledStore::exists(&path));
        check(&open(&path));
        check(&open(&path));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        let is_odd = |key: &Vec<u8>| key.last().unwrap() % 2 == 1;
        let odd = Database::open(&path.join("odd")).unwrap().keys(&[]).unwrap();
        let even = Database::open(&path.join("even")).unwrap().keys(&[]).unwrap();
        assert!((odd.len(), even.len()) == (7, 7) && odd.iter().all(is_odd));
        assert!(!even.iter().any(is_odd));
    }
}

#[test]
fn damage_of_one_database_leaves_the_other_generation() {
    for half in ["odd", "even"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("snapshots");
        let run = Run::new(22);
        let store = open(&path);
        for _ in 0..3 {
            run.go_on(100);
            take(State::from(&run.world), &store, AT).unwrap();
        }
        drop(store);
        std::fs::write(path.join(half).join("conf"), b"not what sled wrote there").unwrap();
        let store = open(&path);
        let left = if half == "odd" { 2 } else { 3 };
        assert_eq!(store.generations().unwrap(), [left]);
        verify(&store, left).unwrap();
        assert!(path.join(half).join("conf").exists(), "it is as it was");
        // Nothing is written until somebody says that nothing is missed.
        let written = store.put_chunk(ChunkKey { generation: left + 1, ..key(0) }, b"one");
        assert!(matches!(written, Err(StoreError::Corrupt { .. })), "{written:?}");
        store.mend().unwrap();
        assert!(path.join(format!("{half}.damaged-1")).exists());
        for generation in [left + 1, left + 2] {
            run.go_on(10);
            let taken = take(State::from(&run.world), &store, AT).unwrap();
            assert_eq!(taken.manifest.generation, generation);
            let ours = |key: ChunkKey| key.generation % 2 == generation % 2;
            assert!(taken.manifest.chunks.iter().all(|chunk| ours(chunk.key)));
        }
    }
}

#[test]
fn a_store_that_somebody_has_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let _held = open(&path);
    let refused = SledStore::open(&path).err().unwrap();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
}
