//! What becomes of a store whose library fails, panics, or never returns.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::Errno;

use super::faulty::{AT, CALL_MAX, Call, Fault, Faulty, Fixture, Plan};
use super::world::Run;
use crate::snapshot::database::{Database, Library};
use crate::snapshot::half::Half;
use crate::snapshot::layout::{ODD, numbers};
use crate::snapshot::sled_store::chunk_key;
use crate::snapshot::tree::{Tree, open_tree};
use crate::snapshot::workers::{Start, start_thread};
use crate::snapshot::{
    ChunkKey, Kind, SledStore, SnapshotError, SnapshotStore, Source, StoreError, examine, list,
    take, verify,
};

#[test]
fn a_snapshot_that_finds_no_room_fails_and_the_next_one_is_taken() {
    for generations in [0, 2, 3] {
        for call in [Call::Insert, Call::Flush] {
            let fixture = Fixture::with(generations);
            fixture.plan.expect(call, Fault::NoRoom);
            let failed = match fixture.take() {
                Err(failed) => failed,
                // The other database's turn.
                Ok(_) => fixture.take().unwrap_err(),
            };
            assert!(matches!(&failed, SnapshotError::Store(error) if error.is_full()), "{failed}");
            fixture.check();
        }
    }
}

#[test]
fn what_a_full_disk_stopped_leaves_no_more_than_one_database_behind() {
    let fixture = Fixture::with(0);
    fixture.plan.expect(Call::Insert, Fault::NoRoom);
    fixture.take().unwrap_err();
    assert_eq!(fixture.numbers(), [1]);
    fixture.take().unwrap();
    // No generation was in the first one.
    assert_eq!(fixture.numbers(), [2]);
    fixture.check();
}

#[test]
fn a_database_that_cannot_be_removed_is_replaced_all_the_same() {
    let fixture = Fixture::with(0);
    fixture.plan.expect(Call::Insert, Fault::NoRoom);
    fixture.take().unwrap_err();
    // What is no directory cannot be removed as one.
    let [lost, aside] = ["odd-1", "aside"].map(|name| fixture.directory.path().join(name));
    std::fs::rename(&lost, aside).unwrap();
    std::fs::write(&lost, b"").unwrap();
    fixture.take().unwrap();
    assert_eq!(fixture.numbers(), [1, 2]);
    std::fs::remove_file(lost).unwrap();
    fixture.check();
}

#[test]
fn no_room_is_told_before_the_library_is_asked() {
    static ROOM: AtomicU64 = AtomicU64::new(u64::MAX);
    let directory = tempfile::tempdir().unwrap();
    let library = Library { room: |_| Ok(ROOM.load(Ordering::Relaxed)), ..Library::default() };
    let store = SledStore::open_by(&library, directory.path()).unwrap();
    let run = Run::new(24);
    run.go_on(50);
    ROOM.store(1 << 20, Ordering::Relaxed);
    let failed = take(Source::from(&run.world), &store, AT).unwrap_err();
    assert!(matches!(&failed, SnapshotError::Store(error) if error.is_full()), "{failed}");
    ROOM.store(u64::MAX, Ordering::Relaxed);
    take(Source::from(&run.world), &store, AT).unwrap();
    assert_eq!(numbers(directory.path(), ODD).unwrap(), [1], "it goes on where it was");
}

#[test]
fn a_call_that_never_returns_is_left_behind_and_the_snapshot_is_taken() {
    let fixture = Fixture::with(2);
    fixture.plan.expect(Call::Insert, Fault::Hangs);
    fixture.take().unwrap();
    assert_eq!(fixture.numbers().last(), Some(&2));
    fixture.check();
}

#[test]
fn a_database_that_failed_once_goes_on_where_it_is() {
    for call in [Call::Insert, Call::Remove, Call::Flush, Call::Keys, Call::Get] {
        let fixture = Fixture::with(2);
        fixture.plan.expect(call, Fault::Panics);
        fixture.take().unwrap_or_else(|error| panic!("{call:?}: {error}"));
        assert_eq!(fixture.numbers(), [1], "{call:?}");
        fixture.check();
    }
}

/// One fails after the other before the next snapshot: what is in them can still be read.
#[test]
fn two_databases_that_failed_once_have_what_they_had() {
    for call in [Call::Get, Call::Insert] {
        let fixture = Fixture::with(2);
        for (plan, generation) in [(&fixture.plan, 1), (&fixture.even, 2)] {
            plan.expect(call, Fault::Panics);
            let key = ChunkKey { kind: Kind::Items, from: 7, generation };
            let put = fixture.store.put_chunk(key, b"one");
            assert_eq!(put.is_err(), call == Call::Insert, "{put:?}");
        }
        for generation in [1, 2] {
            verify(&fixture.store, generation).unwrap();
        }
        assert_eq!(fixture.store.faults().unwrap(), [""; 0]);
        fixture.check();
    }
}

/// A call that hangs has its files. What they have is read again when it ended.
#[test]
fn a_database_that_hung_for_long_is_read_again() {
    let fixture = Fixture::with(2);
    let chunk = list(&fixture.store).unwrap()[1].manifest.as_ref().unwrap().chunks[0].key;
    fixture.plan.expect(Call::Get, Fault::Hangs);
    fixture.store.manifest(1).unwrap_err();
    assert!(fixture.store.mend().unwrap());
    assert_eq!(fixture.numbers(), [1, 2]);
    assert!(fixture.store.chunk(chunk).unwrap().is_none(), "nobody waits for it");
    fixture.plan.end();
    let begun = Instant::now();
    while fixture.store.chunk(chunk).unwrap().is_none() {
        assert!(!fixture.store.mend().unwrap());
        assert!(begun.elapsed() < CALL_MAX, "the call has ended");
    }
    fixture.check();
}

#[test]
fn a_database_that_fails_again_and_again_is_replaced() {
    for fault in [Fault::PanicsAlways, Fault::Damaged] {
        let fixture = Fixture::with(2);
        fixture.plan.expect(Call::Insert, fault);
        fixture.take().unwrap();
        assert_eq!(fixture.numbers().last(), Some(&2), "{fault:?}");
        fixture.check();
    }
}

#[test]
fn a_thread_that_cannot_be_had_costs_no_database() {
    static NO_THREADS: AtomicBool = AtomicBool::new(false);
    /// More than there ever were at a time.
    const CALLERS: u32 = 8;
    /// However busy the machine is, the last caller hangs before the first one is given up on: the store
    /// asks nothing more of the database then.
    const PATIENCE: Duration = Duration::from_mins(2);
    let start: Start = |work| {
        let has_threads = !NO_THREADS.load(Ordering::Relaxed);
        if has_threads { start_thread(work) } else { Err(io::ErrorKind::WouldBlock.into()) }
    };
    let fixture = Fixture::starting(start, PATIENCE, 2);
    fixture.even.expect(Call::Get, Fault::Hangs);
    std::thread::scope(|scope| {
        let calls = [(); CALLERS as usize].map(|()| scope.spawn(|| fixture.store.manifest(2)));
        let begun = Instant::now();
        while fixture.even.hung.load(Ordering::Acquire) < CALLERS {
            assert!(begun.elapsed() < PATIENCE, "a caller never met the fault");
            std::thread::yield_now();
        }
        NO_THREADS.store(true, Ordering::Relaxed);
        let key = ChunkKey { kind: Kind::Items, from: 7, generation: 1 };
        let refused = [fixture.store.manifest(1).map(drop), fixture.store.put_chunk(key, b"one")];
        for refused in refused {
            assert!(matches!(refused, Err(StoreError::NoThread(_))), "{refused:?}");
        }
        NO_THREADS.store(false, Ordering::Relaxed);
        fixture.even.end();
        for call in calls {
            assert!(call.join().unwrap().unwrap().is_some());
        }
    });
    assert_eq!(fixture.store.faults().unwrap(), [""; 0]);
    fixture.check();
}

/// Reads meanwhile, and the close, wait for a bounded time.
#[test]
fn a_library_that_never_returns_keeps_nobody() {
    let fixture = Fixture::with(2);
    fixture.plan.expect(Call::Get, Fault::Hangs);
    let odd = list(&fixture.store).unwrap().into_iter().find(|report| report.generation == 1);
    let manifest = odd.unwrap().manifest;
    assert!(matches!(&manifest, Err(SnapshotError::Manifest { .. })), "{manifest:?}");
    let begun = Instant::now();
    for _ in 0..100 {
        let refused = fixture.store.manifest(1);
        assert!(matches!(refused, Err(StoreError::Lost { .. })), "{refused:?}");
    }
    assert_eq!(fixture.store.generations().unwrap(), [2], "the other one is readable");
    assert_eq!(fixture.store.faults().unwrap().len(), 2);
    assert!(begun.elapsed() < CALL_MAX, "nothing more is asked of it");
    fixture.check();
}

#[test]
fn two_databases_that_are_lost_are_told() {
    let fixture = Fixture::with(2);
    for plan in [&fixture.plan, &fixture.even] {
        plan.expect(Call::Keys, Fault::PanicsAlways);
    }
    fixture.store.generations().unwrap_err();
    assert_eq!(fixture.store.faults().unwrap().len(), 2);
    let report = examine(&fixture.store).unwrap();
    assert_eq!((report.manifests.len(), report.problems.len()), (0, 2), "{report:?}");
}

/// The look has asked the one database, and waits for the other one, when the snapshot
/// ends.
#[test]
fn a_snapshot_that_ends_while_somebody_looks_is_no_fault() {
    type Look = fn(&SledStore) -> Vec<String>;
    let faults: Look = |store| store.faults().unwrap();
    let problems: Look = |store| examine(store).unwrap().problems;
    for look in [faults, problems] {
        let fixture = Fixture::with(2);
        let Fixture { store, even, .. } = &fixture;
        even.expect(Call::Keys, Fault::Hangs);
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| look(store));
            while even.hung.load(Ordering::Acquire) == 0 {
                std::thread::yield_now();
            }
            store.put_manifest(3, b"").unwrap();
            store.keeps(&[2, 3]).unwrap();
            store.remove_manifest(1).unwrap();
            even.end();
            assert_eq!(looking.join().unwrap(), [""; 0]);
        });
    }
}

#[test]
fn a_label_that_is_never_written_keeps_nobody() {
    let fixture = Fixture::with(0);
    // Opening a pipe waits for a reader of it.
    let pipe = fixture.directory.path().join("label.new");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (begins, begun) = channel();
    let (tells, told) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            begins.send(()).unwrap();
            fixture.store.keeps(&[1]).unwrap_err();
        });
        begun.recv().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        scope.spawn(|| tells.send(fixture.store.faults()).unwrap());
        let told = told.recv_timeout(CALL_MAX);
        drop(std::fs::File::open(&pipe).unwrap());
        assert_eq!(told.expect("nobody waits for it").unwrap(), [""; 0]);
    });
}

#[test]
fn a_closed_store_lets_everybody_go() {
    let fixture = Fixture::with(2);
    fixture.plan.expect(Call::Get, Fault::Hangs);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| fixture.store.manifest(1));
        while !fixture.plan.hangs.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        fixture.library.close();
        let told = waiting.join().unwrap();
        assert!(matches!(told, Err(StoreError::Closed { .. })), "{told:?}");
    });
    let told = fixture.take().unwrap_err();
    assert!(matches!(told, SnapshotError::Store(StoreError::Closed { .. })), "{told}");
    fixture.plan.end();
}

#[test]
fn damage_met_while_it_is_open_leaves_the_other_database_and_the_next_snapshot() {
    for call in [Call::Keys, Call::Get] {
        let fixture = Fixture::with(3);
        assert_eq!(fixture.store.generations().unwrap(), [2, 3]);
        fixture.plan.expect(call, Fault::Damaged);
        let generations = fixture.store.chunk_generations(Kind::Items, 0).unwrap();
        assert!(generations.contains(&2), "{generations:?}");
        let mut report = fixture.take().unwrap();
        if report.journal_from.is_none() {
            // It was found when the older one was read back, which is no fallback then.
            report = fixture.take().unwrap();
        }
        assert!(report.journal_from.is_some(), "{call:?}");
        assert_eq!(fixture.numbers(), [2], "it is gone when two are whole");
        fixture.check();
    }
}

/// A value of it cannot be read.
struct DamagedAt {
    tree: Arc<dyn Tree>,
    key: Vec<u8>,
}

impl Tree for DamagedAt {
    fn get(&self, key: &[u8]) -> sled::Result<Option<Vec<u8>>> {
        if key == self.key {
            return Err(sled::Error::Corruption { at: None, bt: () });
        }
        self.tree.get(key)
    }
    fn insert(&self, key: &[u8], value: &[u8]) -> sled::Result<()> {
        self.tree.insert(key, value)
    }
    fn remove(&self, key: &[u8]) -> sled::Result<()> {
        self.tree.remove(key)
    }
    fn keys(&self, prefix: &[u8]) -> sled::Result<Vec<Vec<u8>>> {
        self.tree.keys(prefix)
    }
    fn flush(&self) -> sled::Result<()> {
        self.tree.flush()
    }
}

#[test]
fn a_damaged_value_of_one_database_for_all_generations_keeps_no_other_from_moving() {
    let Fixture { directory, store, .. } = Fixture::with(2);
    let path = directory.path();
    let chunks = list(&store).unwrap().remove(0).manifest.unwrap().chunks;
    drop(store);
    let open = |name: &str| Database::open(&Library::default(), &path.join(name)).unwrap();
    let (odd, even) = (open("odd-1"), open("even-1"));
    for key in even.keys(&[]).unwrap() {
        odd.put(&key, &even.get(&key).unwrap().unwrap()).unwrap();
    }
    odd.sync().unwrap();
    drop((odd, even));
    std::fs::remove_dir_all(path.join("even-1")).unwrap();
    std::fs::remove_file(path.join("label")).unwrap();
    let key = chunk_key(chunks[0].key).to_vec();
    let opener = move |path: &Path| {
        let (tree, key) = (open_tree(path)?, key.clone());
        Ok(if path.ends_with("odd-1") { Arc::new(DamagedAt { tree, key }) } else { tree })
    };
    let library = Library { opener: Arc::new(opener), ..Library::default() };
    let store = SledStore::open_by(&library, path).unwrap();
    verify(&store, 1).unwrap();
    verify(&store, 2).unwrap_err();
    assert!(!store.faults().unwrap().is_empty(), "it is told");
    let even = store.chunk_keys().unwrap().into_iter().filter(|key| key.generation == 2);
    let readable = even.filter(|key| store.chunk(*key).unwrap().is_some());
    assert_eq!(readable.count(), chunks.len() - 1, "all else moved");
}

/// A call that hangs may go on some day, in the directory that it was made for.
#[test]
fn a_directory_in_which_a_call_hangs_is_not_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let plan = Arc::<Plan>::default();
    let planned = Arc::clone(&plan);
    let opener = move |path: &Path| {
        let tree = open_tree(path)?;
        if path.ends_with("odd-2") {
            return Ok(Arc::new(Faulty { tree, plan: Arc::clone(&planned) }) as Arc<dyn Tree>);
        }
        Ok(tree)
    };
    let library = Library {
        opener: Arc::new(opener),
        call_max: CALL_MAX,
        close_max: Duration::from_millis(100),
        ..Library::default()
    };
    let half = Half::open(&library, directory.path(), ODD, b'm', false).unwrap();
    half.put(b"c", b"one").unwrap();
    plan.expect(Call::Insert, Fault::Hangs);
    half.compact().unwrap_err();
    assert_eq!(numbers(directory.path(), ODD).unwrap(), [1]);
    half.compact().unwrap();
    assert_eq!(numbers(directory.path(), ODD).unwrap(), [3]);
    assert_eq!(half.get(b"c").unwrap().unwrap(), b"one");
    plan.end();
}

type Opens = fn(&Path) -> Result<Arc<dyn Tree>, StoreError>;

/// Neither what the library cannot open, nor what it cannot read then, nor a disk that
/// cannot read its files.
#[test]
fn a_database_that_cannot_be_opened_leaves_the_other_one() {
    let cannot_read = |_: &Path| Err(sled::Error::Io(Errno::IO.into()).into());
    let panics = |_: &Path| panic!("as the library does at times");
    let panics_later = |path: &Path| {
        let plan = Arc::new(Plan::default());
        plan.expect(Call::Keys, Fault::Panics);
        Ok(Arc::new(Faulty { tree: open_tree(path)?, plan }) as Arc<dyn Tree>)
    };
    for opener in [cannot_read as Opens, panics, panics_later] {
        let Fixture { directory, store, run, .. } = Fixture::with(3);
        drop(store);
        let odd_by = move |path: &Path| {
            if path.ends_with("odd-1") { opener(path) } else { open_tree(path) }
        };
        let library = Library { opener: Arc::new(odd_by), ..Library::default() };
        let store = SledStore::open_by(&library, directory.path()).unwrap();
        assert_eq!(store.generations().unwrap(), [2]);
        assert!(store.mend().unwrap());
        for generation in [3, 4] {
            run.go_on(10);
            let taken = take(Source::from(&run.world), &store, AT).unwrap();
            assert_eq!(taken.manifest.generation, generation);
        }
        assert_eq!(store.faults().unwrap(), [""; 0]);
    }
}

/// What a process leaves that is killed before anything of the library's log was written:
/// long values have files already, whose names the library uses again.
#[test]
fn what_was_killed_while_it_wrote_its_first_values_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let run = Run::new(25);
    run.go_on(400);
    let fill = |path: &Path| {
        let store = SledStore::open(path).unwrap();
        // Of a length that the library keeps in a file.
        let key = ChunkKey { kind: Kind::Orders, from: 1, generation: 1 };
        store.put_chunk(key, &vec![7; 400_000]).map(|()| store)
    };
    let whole = directory.path().join("whole");
    fill(&whole).unwrap();
    let killed = directory.path().join("killed");
    drop(SledStore::open(&killed).unwrap());
    let database = killed.join("odd-1");
    for entry in std::fs::read_dir(&database).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
            std::fs::remove_file(path).unwrap();
        }
    }
    std::fs::write(database.join("db"), b"").unwrap();
    let blobs: Vec<_> = std::fs::read_dir(whole.join("odd-1/blobs")).unwrap().collect();
    assert!(!blobs.is_empty(), "the value has a file");
    for blob in blobs {
        std::fs::write(database.join("blobs").join(blob.unwrap().file_name()), b"half").unwrap();
    }
    let store = fill(&killed).unwrap();
    take(Source::from(&run.world), &store, AT).unwrap();
    assert_eq!(numbers(&killed, ODD).unwrap(), [1]);
}
