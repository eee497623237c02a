//! The store on a real disk.

use std::path::Path;

use super::world::{Run, World};
use crate::model::Timestamp;
use crate::snapshot::database::{Database, Library};
use crate::snapshot::half::Half;
use crate::snapshot::layout::{EVEN, ODD, numbered, numbers};
use crate::snapshot::sled_store::{chunk_key, manifest_key};
use crate::snapshot::{
    ChunkKey, Kind, SledStore, SnapshotStore, Source, StoreError, load_newest, take, verify,
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
    let first = take(Source::from(&run.world), &store, AT).unwrap();
    run.go_on(100);
    let second = take(Source::from(&run.world), &store, AT).unwrap();
    drop(store);
    assert!(SledStore::exists(&path));
    let store = open(&path);
    let generations = [first.manifest.generation, second.manifest.generation];
    assert_eq!(store.generations().unwrap(), generations);
    verify(&store, generations[0]).unwrap();
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), run.world.hash());
}

#[test]
fn a_torn_snapshot_of_the_database_does_not_keep_it_from_opening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let store = open(&path);
    store.put_chunk(key(1), b"one").unwrap();
    store.sync().unwrap();
    drop(store);
    let torn = path.join("odd-1/snap.00000000000000FF.generating");
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
        std::fs::write(path.join("odd-1/conf"), b"not what sled wrote there").unwrap();
        let refused = SledStore::open(&path).err().unwrap();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        assert_eq!(std::fs::read(path.join("odd-1/conf")).unwrap(), b"not what sled wrote there");
        let aside = SledStore::set_aside(&path).unwrap();
        assert!(aside.join("odd-1/db").exists());
        assert!(aside.to_string_lossy().ends_with(&format!("damaged-{round}")));
        assert_eq!(open(&path).chunk_keys().unwrap(), []);
    }
}

#[test]
fn compaction_gives_space_back_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let open = || Half::open(&Library::default(), path, ODD, b'm', false).unwrap();
    let half = open();
    let noise = |no: u8| -> Vec<u8> {
        (0..100_000_u64)
            .map(|at| ((at * at).wrapping_add(u64::from(no) * 7919) >> 3).to_le_bytes()[0])
            .collect()
    };
    for no in 0..60 {
        half.put(&[no], &noise(no)).unwrap();
    }
    half.sync().unwrap();
    for no in 1..60 {
        half.remove(&[no]).unwrap();
    }
    half.put(b"m", b"1").unwrap();
    half.sync().unwrap();
    let before = half.bytes_on_disk().unwrap();
    half.compact().unwrap();
    let after = half.bytes_on_disk().unwrap();
    assert!(after * 2 < before, "{before} bytes before, {after} after");
    assert_eq!(half.get(&[0]).unwrap().unwrap(), noise(0));
    assert_eq!(half.get(b"m").unwrap().unwrap(), b"1");
    drop(half);
    assert_eq!(open().keys(&[]).unwrap(), [&[0][..], b"m"]);
    assert_eq!(numbers(path, ODD).unwrap(), [2], "nothing beside it");
}

/// A process that dies while a database is compacted leaves two: the one with manifests is
/// whole.
#[test]
fn of_two_databases_the_newest_with_a_generation_is_the_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let fill = |no: u32, keys: &[&[u8]]| {
        let database = Database::open(&Library::default(), &numbered(path, ODD, no)).unwrap();
        for key in keys {
            database.put(key, &[u8::try_from(no).unwrap()]).unwrap();
        }
        database.sync().unwrap();
    };
    let newest = || {
        let half = Half::open(&Library::default(), path, ODD, b'm', true).unwrap();
        half.get(b"c").unwrap().unwrap()
    };
    fill(1, &[b"c", b"m"]);
    fill(2, &[b"c"]);
    assert_eq!(newest(), [1]);
    fill(2, &[b"m"]);
    assert_eq!(newest(), [2]);
    fill(3, &[]);
    assert_eq!(newest(), [2]);
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

/// What older builds left, and what becomes of it, stopped anywhere.
#[test]
fn the_databases_of_older_builds_become_two() {
    enum Left {
        One,
        OneInASwap,
        OneThatMoves,
        /// An older build was started after that.
        OneAndOneThatMoves,
        Two,
        TwoOneOfThemInASwap,
        TwoOneOfThemMoved,
        /// An older build was started after that.
        TwoAndOneMoved,
    }
    use Left::{
        One, OneAndOneThatMoves, OneInASwap, OneThatMoves, Two, TwoAndOneMoved,
        TwoOneOfThemInASwap, TwoOneOfThemMoved,
    };
    for left in [
        One,
        OneInASwap,
        OneThatMoves,
        OneAndOneThatMoves,
        Two,
        TwoOneOfThemInASwap,
        TwoOneOfThemMoved,
        TwoAndOneMoved,
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("snapshots");
        let fill = |older: &Path, is_here: &dyn Fn(u64) -> bool| {
            std::fs::create_dir_all(older.parent().unwrap()).unwrap();
            let database = Database::open(&Library::default(), older).unwrap();
            let (chunks, generations) = content();
            for (key, bytes) in chunks.iter().filter(|(key, _)| is_here(key.generation)) {
                database.put(&chunk_key(*key), bytes).unwrap();
            }
            for generation in generations.into_iter().filter(|generation| is_here(*generation)) {
                database.put(&manifest_key(generation), &[7; 9]).unwrap();
            }
            database.sync().unwrap();
        };
        let (odd, even) = (|no: u64| no % 2 == 1, |no: u64| no.is_multiple_of(2));
        match left {
            One => fill(&path, &|_| true),
            OneInASwap => fill(&directory.path().join("snapshots.replaced"), &|_| true),
            OneThatMoves => fill(&directory.path().join("snapshots.moving"), &|_| true),
            OneAndOneThatMoves => {
                fill(&directory.path().join("snapshots.moving"), &|no| no == 11);
                fill(&path, &|_| true);
            }
            Two => {
                fill(&path.join("odd"), &|_| true);
                fill(&path.join("even"), &even);
            }
            TwoOneOfThemInASwap => {
                fill(&path.join("odd.replaced"), &odd);
                std::fs::create_dir(path.join("odd.compacting")).unwrap();
                fill(&path.join("even"), &even);
            }
            TwoOneOfThemMoved => {
                fill(&path.join("odd-1"), &odd);
                fill(&path.join("even"), &even);
            }
            TwoAndOneMoved => {
                fill(&path.join("odd-1"), &|no| no == 11);
                fill(&path.join("odd"), &odd);
                fill(&path.join("even"), &even);
            }
        }
        assert!(SledStore::exists(&path));
        check(&open(&path));
        check(&open(&path));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        let keys = |name| {
            let half = Half::open(&Library::default(), &path, name, b'm', true).unwrap();
            half.keys(&[]).unwrap()
        };
        let is_odd = |key: &Vec<u8>| key.last().unwrap() % 2 == 1;
        let (odd, even) = (keys(ODD), keys(EVEN));
        assert!((odd.len(), even.len()) == (7, 7) && odd.iter().all(is_odd));
        assert!(!even.iter().any(is_odd));
    }
}

/// Builds of layout 1 made a database of the directory, those of layout 2 one of `odd`.
#[test]
fn a_database_cannot_be_opened_where_older_builds_look_for_theirs() {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    drop(open(&path));
    for older in [&path, &path.join("odd")] {
        let refused = sled::Config::new().path(older).open().map(drop).unwrap_err();
        let sled::Error::Io(refused) = refused else { panic!("{refused}") };
        // They take any other fault for damage, and begin anew.
        assert!(!matches!(refused.kind(), InvalidData | InvalidInput | UnexpectedEof));
    }
    assert!(std::fs::read_dir(path.join("odd")).is_err(), "what layout 2 looks at first");
    check_empty(&open(&path));
}

fn check_empty(store: &SledStore) {
    assert_eq!(store.chunk_keys().unwrap(), []);
    assert_eq!(store.faults().unwrap(), [""; 0]);
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
            take(Source::from(&run.world), &store, AT).unwrap();
        }
        drop(store);
        let conf = path.join(format!("{half}-1/conf"));
        std::fs::write(&conf, b"not what sled wrote there").unwrap();
        let store = open(&path);
        let left = if half == "odd" { 2 } else { 3 };
        assert_eq!(store.generations().unwrap(), [left]);
        verify(&store, left).unwrap();
        assert!(conf.exists(), "it is as it was");
        assert_eq!(store.faults().unwrap().len(), 2, "the database, and what was in it");
        // Nothing is written until the engine says, by `mend`, that nothing is missed.
        let written = store.put_chunk(ChunkKey { generation: left + 1, ..key(0) }, b"one");
        assert!(matches!(written, Err(StoreError::Corrupt { .. })), "{written:?}");
        assert!(store.mend().unwrap());
        assert!(path.join(format!("{half}-1.damaged-1")).exists());
        for generation in [left + 1, left + 2] {
            run.go_on(10);
            let taken = take(Source::from(&run.world), &store, AT).unwrap();
            assert_eq!(taken.manifest.generation, generation);
            let ours = |key: ChunkKey| key.generation % 2 == generation % 2;
            assert!(taken.manifest.chunks.iter().all(|chunk| ours(chunk.key)));
        }
        assert_eq!(store.faults().unwrap(), [""; 0]);
    }
}

/// What was kept is not known then, so it is not known what is gone.
#[test]
fn a_damaged_label_is_told_until_a_snapshot_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let run = Run::new(27);
    let take = |store: &SledStore| {
        run.go_on(50);
        take(Source::from(&run.world), store, AT).unwrap()
    };
    let store = open(&path);
    take(&store);
    drop(store);
    std::fs::write(path.join("label"), b"not what was written there").unwrap();
    for _ in 0..2 {
        let faults = open(&path).faults().unwrap();
        assert!(faults.len() == 1 && faults[0].contains("label"), "{faults:?}");
    }
    take(&open(&path));
    assert_eq!(open(&path).faults().unwrap(), [""; 0]);
}

#[test]
fn a_store_that_somebody_has_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots");
    let _held = open(&path);
    let refused = SledStore::open(&path).err().unwrap();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
}
