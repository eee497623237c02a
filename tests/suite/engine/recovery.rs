//! What an engine finds when part of its data directory is gone or damaged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backstock_engine::disk::{Disk, RealDisk};
use backstock_engine::engine::{
    Engine, OpenError, RestoreError, RestoreOptions, Restored, Until, journal_directory, mark_file,
    restore, snapshot_directory,
};
use backstock_engine::journal::{LogError, Mark, Marked};
use backstock_engine::model::{Lsn, NodeKind, Shortage, StateHash};
use backstock_tests::fixture::*;

/// A data directory that was left in order.
struct Left {
    root: tempfile::TempDir,
    /// Where the snapshot is from, and the state there.
    snapshot: (Lsn, StateHash),
    /// The last event, and the state there.
    last: (Lsn, StateHash),
}

impl Left {
    /// With so many orders before a snapshot and after it.
    async fn new(before: u32, after: u32) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let (engine, _) = open(&root.path().join("data")).await;
        define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
        define_items(&engine, &["A"]).await;
        set(&engine, "A", "N", 10_000).await;
        let buy = async |name: String| {
            let wanted = order(&name, &[("A", 1)], Shortage::Reject);
            place(&engine, wanted).await.expect("it is placed");
        };
        for no in 0..before {
            buy(format!("before {no}")).await;
        }
        engine.take_snapshot(NOW).await.expect("a snapshot");
        let snapshot = stand(&engine);
        for no in 0..after {
            buy(format!("after {no}")).await;
        }
        let last = stand(&engine);
        engine.shut_down().await;
        Self { root, snapshot, last }
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn restore(&self, until: Option<Until>) -> Result<Restored, RestoreError> {
        let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
        let options = RestoreOptions { data: self.data(), from: None, until };
        restore(&options, &disk, &(Arc::new(Line) as _), NOW)
    }
}

fn stand(engine: &Engine) -> (Lsn, StateHash) {
    let status = engine.status();
    (status.applied, status.state_hash)
}

/// The state that an engine finds in a directory.
async fn found(data: &Path) -> Result<(Lsn, StateHash), OpenError> {
    let opened = Engine::open(&options(data), Arc::new(RealDisk), Arc::new(Line)).await;
    let (engine, recovered) = opened?;
    assert_clean(&engine);
    engine.shut_down().await;
    Ok((recovered.last, recovered.state_hash))
}

fn segments(data: &Path) -> Vec<PathBuf> {
    let directory = journal_directory(data);
    let names = RealDisk.list(&directory).expect("a journal").into_iter();
    names.filter(|name| name.ends_with(".journal")).map(|name| directory.join(name)).collect()
}

fn mark(data: &Path) -> Marked {
    Mark::read(&RealDisk, &mark_file(data)).expect("of this version")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_gone_is_refused_and_salvage_says_what_is_lost() {
    let left = Left::new(20, 30).await;
    for file in segments(&left.data()) {
        std::fs::remove_file(file).expect("removed");
    }
    let (missing, last) = (left.snapshot.0.next(), left.last.0);
    let error = found(&left.data()).await.expect_err("events are missing");
    let OpenError::Journal(LogError::Lost { from, to, .. }) = &error else { panic!("{error}") };
    assert_eq!((*from, *to), (missing, last));
    for part in [missing.to_string(), last.to_string(), "restore --salvage".into()] {
        assert!(error.to_string().contains(&part), "{error}");
    }
    for until in [None, Some(Until::Time(NOW))] {
        let refused = left.restore(until);
        let told =
            matches!(&refused, Err(RestoreError::Open(OpenError::Journal(LogError::Lost { .. }))));
        assert!(told, "{until:?}: {refused:?}");
    }
    let salvaged = left.restore(Some(Until::Damage)).expect("what the snapshot has");
    let lost = salvaged.lost.expect("it says so");
    assert_eq!((lost.from, salvaged.state_hash), (missing, left.snapshot.1));
    assert_eq!(mark(&left.data()), Marked::At(left.snapshot.0), "the mark is made anew");
    assert_eq!(found(&left.data()).await.expect("it opens"), left.snapshot);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_gone_is_not_missed_when_a_snapshot_has_it_all() {
    let left = Left::new(20, 0).await;
    std::fs::remove_dir_all(journal_directory(&left.data())).expect("removed");
    assert_eq!(found(&left.data()).await.expect("it opens"), left.last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_an_older_version_without_a_mark_is_taken_up() {
    let left = Left::new(20, 30).await;
    std::fs::remove_file(mark_file(&left.data())).expect("it is there");
    assert_eq!(found(&left.data()).await.expect("it opens"), left.last);
    let (engine, _) = open(&left.data()).await;
    set(&engine, "A", "N", 20_000).await;
    engine.shut_down().await;
    assert_eq!(mark(&left.data()), Marked::At(left.last.0.next()));
}

/// Whatever a restore makes: the snapshot in it is not all there is to tell what was there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_directory_has_a_segment_and_a_mark_where_it_ends() {
    let left = Left::new(20, 30).await;
    let (engine, _) = open(&left.data()).await;
    let file = left.root.path().join("export");
    engine.export_snapshot(1, &file).expect("it is exported");
    engine.shut_down().await;
    let middle = left.last.0.previous();
    for (name, from, until, last) in [
        ("data", None, Some(Until::Lsn(middle)), middle),
        ("data", None, None, middle),
        ("new", Some(file), None, left.snapshot.0),
    ] {
        let data = left.root.path().join(name);
        let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
        let options = RestoreOptions { data: data.clone(), from, until };
        restore(&options, &disk, &(Arc::new(Line) as _), NOW).expect("it is restored");
        assert_eq!(mark(&data), Marked::At(last), "{name} {until:?}");
        assert_eq!(found(&data).await.expect("it opens").0, last, "{name} {until:?}");
        let copy = left.root.path().join("copy");
        copy_files(&data, &copy);
        std::fs::remove_dir_all(snapshot_directory(&copy)).expect("removed");
        let error = found(&copy).await.expect_err("it does not begin anew");
        assert!(matches!(error, OpenError::Missing { .. }), "{name} {until:?}: {error}");
        std::fs::remove_dir_all(&copy).expect("removed");
    }
}
