//! Restores that are killed, or that the file system refuses.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use backstock_engine::disk::{Access, Disk, DiskFile, DiskLock, RealDisk};
use backstock_engine::engine::{
    Engine, OpenError, RestoreError, RestoreOptions, Restored, Until, restore,
};
use backstock_engine::journal::LogError;
use backstock_engine::model::{Lsn, NodeKind, Shortage, StateHash};
use backstock_tests::fixture::*;

/// What a file system does with the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// It exchanges it with another one.
    Exchanged,
    /// It gives it another name.
    Changed,
    /// It leaves it its name, as it does a mount point.
    Fixed,
}

/// The real disk, for a process that is killed instead of doing its operation of
/// that number: nothing is done from then on.
struct Killed {
    at: u64,
    done: AtomicU64,
    names: Names,
    data: PathBuf,
}

impl Killed {
    fn new(at: u64, names: Names, data: &Path) -> Arc<Self> {
        Arc::new(Self { at, done: AtomicU64::new(0), names, data: data.to_owned() })
    }

    fn refuse_if_fixed(&self, path: &Path) -> io::Result<()> {
        let is_fixed = self.names == Names::Fixed && path == self.data;
        if is_fixed { Err(io::ErrorKind::ResourceBusy.into()) } else { Ok(()) }
    }

    fn step(&self) -> io::Result<()> {
        if self.done.fetch_add(1, Ordering::Relaxed) + 1 < self.at {
            return Ok(());
        }
        Err(io::Error::other("killed"))
    }

    fn is_killed(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.at
    }
}

impl Disk for Killed {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn entries(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.entries(dir)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        if access != Access::Read {
            self.step()?;
        }
        RealDisk.open(path, access)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        self.refuse_if_fixed(from)?;
        RealDisk.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        if self.names == Names::Changed {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.step()?;
        RealDisk.exchange(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.remove(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<DiskLock> {
        self.step()?;
        RealDisk.lock(path)
    }
}

/// A data directory with a snapshot and events after it.
struct Left {
    directory: tempfile::TempDir,
    /// An event after the snapshot, and the state there.
    middle: (Lsn, StateHash),
    last: StateHash,
}

impl Left {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (engine, _) = open(&directory.path().join("data")).await;
        define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
        define_items(&engine, &["A"]).await;
        set(&engine, "A", "N", 100).await;
        engine.take_snapshot(NOW).await.expect("a snapshot");
        let buy = async |name: &str| {
            let wanted = order(name, &[("A", 1)], Shortage::Reject);
            place(&engine, wanted).await.expect("it is placed");
            engine.status()
        };
        let middle = buy("one").await;
        let last = buy("two").await.state_hash;
        engine.shut_down().await;
        Self { directory, middle: (middle.applied, middle.state_hash), last }
    }

    /// A copy that something can be done to, with a name that is free.
    fn copy(&self) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data");
        copy_files(&self.directory.path().join("data"), &data);
        (directory, data)
    }
}

fn run<D: Disk + 'static>(
    options: &RestoreOptions,
    disk: &Arc<D>,
) -> Result<Restored, RestoreError> {
    let disk: Arc<dyn Disk> = Arc::<D>::clone(disk);
    restore(options, &disk, &(Arc::new(Line) as _), NOW)
}

/// The state that an engine finds in a directory.
async fn found(data: &Path) -> Result<StateHash, OpenError> {
    let opened = Engine::open(&options(data), Arc::new(RealDisk), Arc::new(Line)).await;
    let (engine, recovered) = opened?;
    assert_clean(&engine);
    engine.shut_down().await;
    Ok(recovered.state_hash)
}

/// Where a restored directory was before, whichever name it has now; none while the old
/// state has its place.
fn olds(root: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten();
        entries.map(|entry| entry.expect("an entry").path()).collect()
    };
    let named = |path: &PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        name.contains("before-restore-") || name == "data.restoring"
    };
    let (beside, inside) = (entries(root), entries(&root.join("data")));
    beside.into_iter().chain(inside).filter(named).collect()
}

/// The state in a copy of a directory that no restore made.
async fn state_of(old: &Path) -> StateHash {
    let (root, copied) = (tempfile::tempdir().expect("a directory"), PathBuf::from("old"));
    let copied = root.path().join(copied);
    copy_files(old, &copied);
    found(&copied).await.unwrap_or_else(|error| panic!("{}: {error}", old.display()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_killed_at_any_operation_leaves_the_old_state_or_the_new_one() {
    let left = Left::new().await;
    for names in [Names::Exchanged, Names::Changed, Names::Fixed] {
        for operation in 1.. {
            let (root, data) = left.copy();
            let until = Some(Until::Lsn(left.middle.0));
            let options = RestoreOptions { data: data.clone(), from: None, until, dry_run: false };
            let disk = Killed::new(operation, names, &data);
            let restored = run(&options, &disk);
            let what = format!("operation {operation}, {names:?}");
            if !disk.is_killed() {
                let aside = restored.unwrap_or_else(|error| panic!("{what}: {error}")).set_aside;
                let aside = aside.expect("there was something");
                assert_eq!(aside.parent() == Some(&data), names == Names::Fixed, "{what}");
                assert_eq!(state_of(&aside).await, left.last, "{what}");
                assert_eq!(found(&data).await.expect("it opens"), left.middle.1, "{what}");
                eprintln!("{what}: none left");
                break;
            }
            let there = match found(&data).await {
                Ok(hash) => hash,
                Err(OpenError::RestoreUnfinished { fresh, .. }) if names == Names::Changed => {
                    std::fs::rename(fresh, &data).expect("as the error says");
                    found(&data).await.expect("it opens")
                }
                Err(error) => panic!("{what}: {error}"),
            };
            assert!(there == left.last || there == left.middle.1, "{what}: {there}");
            let again = RestoreOptions { until: None, ..options };
            run(&again, &Killed::new(u64::MAX, names, &data))
                .unwrap_or_else(|error| panic!("again after {what}: {error}"));
            assert_eq!(found(&data).await.expect("it opens"), there, "{what}");
            // What bears the name of the old state is the old state.
            let olds = olds(root.path());
            assert_eq!(olds.len(), if there == left.last { 1 } else { 2 }, "{what}: {olds:?}");
            let mut hashes = Vec::new();
            for old in &olds {
                hashes.push(state_of(old).await);
            }
            assert!(hashes.contains(&left.last), "{what}: {olds:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_from_a_file_killed_at_any_operation_leaves_nothing_or_all() {
    let left = Left::new().await;
    let (_root, data) = left.copy();
    let file = left.directory.path().join("export");
    let (engine, _) = open(&data).await;
    engine.export_snapshot(1, &file).expect("it is exported");
    engine.shut_down().await;
    // A directory that is there may be a mount point, and is filled where it is.
    for is_there in [false, true] {
        for operation in 1.. {
            let root = tempfile::tempdir().expect("a directory");
            let data = root.path().join("data");
            if is_there {
                std::fs::create_dir_all(data.join("lost+found")).expect("a directory");
            }
            let options = RestoreOptions {
                data: data.clone(),
                from: Some(file.clone()),
                until: None,
                dry_run: false,
            };
            let disk = Killed::new(operation, Names::Fixed, &data);
            let restored = run(&options, &disk);
            if !disk.is_killed() {
                let restored = restored.expect("it is restored");
                assert_eq!(found(&data).await.expect("it opens"), restored.state_hash);
                break;
            }
            let what = format!("operation {operation}, there {is_there}");
            let was_there = data.exists() && !is_there;
            match found(&data).await {
                Err(OpenError::HalfMade(fresh)) => {
                    assert!(!was_there, "{what}");
                    let elsewhere = root.path().join("elsewhere");
                    std::fs::rename(fresh, &elsewhere).expect("against the advice");
                    let still = found(&elsewhere).await;
                    assert!(matches!(still, Err(OpenError::HalfMade(_))), "{what}");
                }
                Err(OpenError::RestoreUnfinished { fresh, .. }) => {
                    std::fs::rename(fresh, &data).expect("as the error says");
                    let hash = found(&data).await.expect("it is whole");
                    assert_ne!(hash, StateHash::default(), "{what}");
                }
                // Nothing was made yet, and the engine begins anew.
                Ok(hash) if hash == StateHash::default() => assert!(!was_there, "{what}"),
                Ok(_) => {}
                Err(error) => panic!("{what}: {error}"),
            }
        }
    }
}

/// A restore that was killed in the exchange, run again, brings what it was to bring.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_from_a_file_that_was_killed_comes_to_its_end_when_it_is_run_again() {
    let left = Left::new().await;
    let (_root, data) = left.copy();
    let file = left.directory.path().join("export");
    let (engine, _) = open(&data).await;
    let exported = engine.export_snapshot(1, &file).expect("it is exported").manifest.state_hash;
    let other = left.directory.path().join("other");
    engine.take_snapshot(NOW).await.expect("a snapshot");
    engine.export_snapshot(2, &other).expect("it is exported");
    engine.shut_down().await;
    let mut finished = 0;
    for operation in 1.. {
        let root = tempfile::tempdir().expect("a directory");
        let data = root.path().join("data");
        std::fs::create_dir_all(data.join("lost+found")).expect("a directory");
        let from = Some(file.clone());
        let options = RestoreOptions { data: data.clone(), from, until: None, dry_run: false };
        let disk = Killed::new(operation, Names::Fixed, &data);
        let killed = run(&options, &disk);
        let what = format!("operation {operation}");
        if !disk.is_killed() {
            killed.expect("it is restored");
            break;
        }
        let there = |mark| data.join("restoring").join(mark).exists();
        if !there("RESTORED") && !there("ENTERING") {
            continue;
        }
        // The new state was whole: the next restore, whichever it is, finishes the exchange
        // first.
        let is_other = finished % 2 == 1;
        let from = Some(if is_other { &other } else { &file }.clone());
        let options = RestoreOptions { from, ..options };
        match run(&options, &Killed::new(u64::MAX, Names::Fixed, &data)) {
            Err(RestoreError::NotEmpty(_)) if is_other => {}
            Ok(again) if !is_other => assert_eq!(again.state_hash, exported, "{what}"),
            again => panic!("{what}, another file {is_other}: {again:?}"),
        }
        finished += 1;
        assert_eq!(found(&data).await.expect("it opens"), exported, "{what}");
    }
    assert!(finished > 1);
}

/// A file system that was mounted to be read.
struct ReadOnly;

impl Disk for ReadOnly {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() { Ok(()) } else { Err(io::ErrorKind::ReadOnlyFilesystem.into()) }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn entries(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.entries(dir)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        match access {
            Access::Read => RealDisk.open(path, access),
            _ => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<DiskLock> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_told_as_such() {
    let left = Left::new().await;
    let data = left.directory.path().join("data");
    let opened = Engine::open(&options(&data), Arc::new(ReadOnly), Arc::new(Line)).await;
    let error = opened.err().expect("it is refused");
    assert!(matches!(error, OpenError::Journal(LogError::ReadOnly { .. })), "{error}");
    let restore = RestoreOptions { data: data.clone(), from: None, until: None, dry_run: false };
    let error = run(&restore, &Arc::new(ReadOnly)).expect_err("it is refused");
    let told = matches!(&error, RestoreError::Open(OpenError::Journal(LogError::ReadOnly { .. })));
    assert!(told, "{error}");
    assert_eq!(found(&data).await.expect("nothing changed"), left.last);
}
