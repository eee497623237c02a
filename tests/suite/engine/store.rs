//! A data directory whose snapshot store is damaged, as a disk damages files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenError, OpenOptions};
use backstock_engine::model::{NodeKind, Shortage, StateHash};
use backstock_tests::fixture::*;
use backstock_tests::seed::{Random, seeds};

/// So many that their chunk is longer than what the database keeps in its log.
const ORDERS: u32 = 1_000;
const LINES: usize = 32;

/// Small segments, so that the journal is cut behind the older snapshot; closed orders
/// leave memory as soon as they may.
async fn open(data: &Path) -> Result<(Engine, StateHash), OpenError> {
    let options = OpenOptions {
        segment_bytes: 16 << 10,
        archive_after: Some(Duration::ZERO),
        ..options(data)
    };
    let (engine, found) = Engine::open(&options, Arc::new(RealDisk), Arc::new(Line)).await?;
    Ok((engine, found.state_hash))
}

/// A directory with two snapshots, chunks of which have files of their own in it, closed orders that only they have, and a journal
/// that begins behind the first events.
async fn left(data: &Path) -> StateHash {
    let (engine, _) = open(data).await.expect("the engine opens");
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    let skus: Vec<_> = (0..LINES).map(|line| format!("item {line}")).collect();
    let lines: Vec<_> = skus.iter().map(|sku| (&**sku, 2)).collect();
    for sku in &skus {
        define_items(&engine, &[sku]).await;
        set(&engine, sku, "N", 10 * ORDERS).await;
    }
    for no in 0..ORDERS {
        let id = format!("order {no:0>50}");
        place(&engine, order(&id, &lines, Shortage::Reject)).await.expect("it is placed");
        if no % 3 > 0 {
            cancel(&engine, &id, &[]).await.expect("it is cancelled");
        }
        if no % 250 == 249 {
            engine.take_snapshot(NOW).await.expect("a snapshot");
        }
    }
    assert!(engine.status().archived_orders > 0);
    let hash = engine.status().state_hash;
    engine.shut_down().await;
    // A database notes what it has when it opens, and reads what is older only when asked.
    let (engine, _) = open(data).await.expect("the engine opens");
    engine.shut_down().await;
    for half in ["odd-1", "even-1"] {
        let blobs = files(&data.join("snapshots").join(half).join("blobs"));
        assert!(!blobs.is_empty(), "{half} has long values");
    }
    hash
}

/// What a disk does to a file, which is told.
fn damage(file: &Path, random: &mut Random) -> Option<String> {
    let mut bytes = std::fs::read(file).expect("it is read");
    // Where there is nothing but room, nothing can be damaged.
    let written = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    let at = random.within(0..u32::try_from(written).expect("a small file")) as usize;
    let told = if random.percent(80) {
        bytes[at] ^= 1 << random.within(0..8);
        std::fs::write(file, bytes).expect("it is written");
        format!("a bit of byte {at}")
    } else if random.percent(50) {
        bytes.truncate(at);
        std::fs::write(file, bytes).expect("it is written");
        format!("all from byte {at} on")
    } else {
        std::fs::remove_file(file).expect("it is removed");
        "all".to_owned()
    };
    Some(format!("{told} of {}", file.display()))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_journal_that_begins_too_late_for_what_the_store_has_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    left(directory.path()).await;
    std::fs::remove_dir_all(directory.path().join("snapshots")).expect("it is removed");
    let error = open(directory.path()).await.map(|(_, hash)| hash).expect_err("events are missing");
    let OpenError::Missing { first, needed } = error else { panic!("{error}") };
    assert!(needed.get() == 1 && first > needed, "{first} {needed}");
}

/// Wherever one file of the store is damaged, the other database has a generation that
/// the journal goes on from.
#[tokio::test]
async fn damage_of_one_file_of_the_store_loses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let hash = left(directory.path()).await;
    let mut set_aside = 0;
    for seed in seeds("damage_of_one_file_of_the_store_loses_nothing", 60) {
        let mut random = Random::new(seed);
        let copy = tempfile::tempdir().expect("a directory");
        copy_files(directory.path(), copy.path());
        let store = copy.path().join("snapshots");
        let files = files(&store);
        let file = random.pick(&files);
        let Some(damaged) = damage(file, &mut random) else { continue };
        for opened in ["first", "again"] {
            let (engine, found) = open(copy.path())
                .await
                .unwrap_or_else(|error| panic!("seed {seed}, {damaged}, {opened}: {error}"));
            assert_eq!(found, hash, "seed {seed}, {damaged}, {opened}");
            let audit = engine.audit().expect("the audit runs");
            // What was lost is told until there is another snapshot.
            let is_told = |name| opened == "first" && name == "SNAPSHOTS_WHOLE";
            let is_clean = audit.breaches.iter().all(|breach| is_told(breach.name));
            assert!(is_clean, "seed {seed}, {damaged}, {opened}: {:#?}", audit.breaches);
            engine.take_snapshot(NOW).await.expect("a snapshot");
            engine.shut_down().await;
        }
        let aside =
            ["odd-1.damaged-1", "even-1.damaged-1"].iter().any(|name| store.join(name).exists());
        set_aside += u32::from(aside);
    }
    eprintln!("a database was set aside {set_aside} times");
}
