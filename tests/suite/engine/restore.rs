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

/// The real disk, for a process that is killed instead of doing its operation of
/// that number: nothing is done from then on.
struct Killed {
    at: u64,
    done: AtomicU64,
    /// Whether the file system exchanges directories.
    exchanges: bool,
}

impl Killed {
    fn new(at: u64, exchanges: bool) -> Arc<Self> {
        Arc::new(Self { at, done: AtomicU64::new(0), exchanges })
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

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        if access != Access::Read {
            self.step()?;
        }
        RealDisk.open(path, access)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        if !self.exchanges {
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

/// Whether a journal is left somewhere: what was restored has none.
fn has_old(root: &Path) -> bool {
    let directories = std::fs::read_dir(root).expect("a directory");
    directories.into_iter().any(|entry| {
        let journal = entry.expect("an entry").path().join("journal");
        RealDisk.list(&journal).is_ok_and(|names| names.iter().any(|n| n.ends_with(".journal")))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_killed_at_any_operation_leaves_the_old_state_or_the_new_one() {
    let left = Left::new().await;
    for exchanges in [true, false] {
        for operation in 1.. {
            let (root, data) = left.copy();
            let until = Some(Until::Lsn(left.middle.0));
            let options = RestoreOptions { data: data.clone(), from: None, until };
            let disk = Killed::new(operation, exchanges);
            let restored = run(&options, &disk);
            let what = format!("operation {operation}, exchanges {exchanges}");
            if !disk.is_killed() {
                restored.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(found(&data).await.expect("it opens"), left.middle.1, "{what}");
                eprintln!("{what}: none left");
                break;
            }
            assert!(has_old(root.path()), "{what}");
            match found(&data).await {
                Ok(hash) => assert!(hash == left.last || hash == left.middle.1, "{what}: {hash}"),
                Err(OpenError::RestoreUnfinished { fresh, .. }) if !exchanges => {
                    std::fs::rename(fresh, &data).expect("as the error says");
                    assert_eq!(found(&data).await.expect("it opens"), left.middle.1, "{what}");
                }
                Err(error) => panic!("{what}: {error}"),
            }
            run(&RestoreOptions { until: None, ..options }, &Arc::new(RealDisk))
                .unwrap_or_else(|error| panic!("again after {what}: {error}"));
            assert!(has_old(root.path()), "{what}");
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
    for operation in 1.. {
        let root = tempfile::tempdir().expect("a directory");
        let data = root.path().join("data");
        let options = RestoreOptions { data: data.clone(), from: Some(file.clone()), until: None };
        let disk = Killed::new(operation, true);
        let restored = run(&options, &disk);
        if !disk.is_killed() {
            restored.expect("it is restored");
            break;
        }
        let there = data.exists();
        match found(&data).await {
            Err(OpenError::HalfMade(fresh)) => {
                assert!(!there, "operation {operation}");
                std::fs::rename(fresh, &data).expect("against the advice");
                let still = found(&data).await;
                assert!(matches!(still, Err(OpenError::HalfMade(_))), "operation {operation}");
            }
            Err(OpenError::RestoreUnfinished { fresh, .. }) => {
                std::fs::rename(fresh, &data).expect("as the error says");
                let hash = found(&data).await.expect("it is whole");
                assert_ne!(hash, StateHash::default(), "operation {operation}");
            }
            // Nothing was made yet, and the engine begins anew.
            Ok(hash) if !there => assert_eq!(hash, StateHash::default(), "operation {operation}"),
            Ok(hash) => assert_ne!(hash, StateHash::default(), "operation {operation}"),
            Err(error) => panic!("operation {operation}: {error}"),
        }
    }
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
    let restore = RestoreOptions { data: data.clone(), from: None, until: None };
    let error = run(&restore, &Arc::new(ReadOnly)).expect_err("it is refused");
    let told = matches!(&error, RestoreError::Open(OpenError::Journal(LogError::ReadOnly { .. })));
    assert!(told, "{error}");
    assert_eq!(found(&data).await.expect("nothing changed"), left.last);
}
