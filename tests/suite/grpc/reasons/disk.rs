//! A disk, what is on it, and an engine: each of them fails.

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use backstock::cli::Exit;
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::disk::simulated::Operation;
use backstock_engine::snapshot::{ChunkKey, Kind, SnapshotStore};

use super::*;
use crate::grpc::feed::{begin_at, consumer};

/// A stocked server whose journal is on a simulated disk.
async fn on(disk: &SimulatedDisk) -> Refusing {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::start_on(disk, directory.path()).await;
    server.stock().await;
    Refusing { server, directory }
}

pub(super) async fn disk_full() -> Status {
    let disk = SimulatedDisk::new();
    let mut a = on(&disk).await;
    disk.set_capacity(Some(disk.used()));
    let mut counted = 0;
    let status = loop {
        counted += 1;
        match a.server.inventory.count_stock(count(counted, "")).await {
            Ok(_) => assert!(counted < 10_000, "a segment has an end"),
            Err(status) => break status,
        }
    };
    disk.set_capacity(None);
    a.stop().await;
    status
}

/// The place of the file that is written first is taken by a directory.
pub(super) async fn consumers_unwritable() -> Status {
    let mut a = Refusing::stocked().await;
    std::fs::create_dir(a.directory.path().join("CONSUMERS.new")).expect("made");
    refused!(a, a.server.feed.update_consumer(consumer("erp", None)))
}

/// The server ends by itself; what it was asked before is answered.
pub(super) async fn journal_halted() -> Status {
    let disk = SimulatedDisk::new();
    let mut a = on(&disk).await;
    disk.fail(Operation::Sync, 1);
    let refused = a.server.inventory.count_stock(count(1, "")).await;
    let ended = a.server.ended().await.expect_err("it halted");
    assert_eq!(ended.exit(), Exit::DiskFailure, "{ended}");
    refused.map(|_| ()).expect_err("its outcome is not known")
}

/// Callers that were answered while the applier dies are told so.
pub(super) async fn engine_halted() -> Status {
    let a = Refusing::stocked().await;
    let told = Arc::new(tokio::sync::Mutex::new(None));
    let callers: Vec<_> = (0..32u64)
        .map(|caller| {
            let (mut inventory, told) = (a.server.inventory.clone(), Arc::clone(&told));
            tokio::spawn(async move {
                for counted in 1u64.. {
                    let count = count(caller * 1_000 + counted % 1_000, "");
                    if let Err(status) = inventory.count_stock(count).await {
                        // A connection that is closed gives a status without details.
                        if status.get_error_details().error_info().is_some() {
                            told.lock().await.get_or_insert(status);
                        }
                        return;
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(a.server.engine.kill_service("applier").await);
    for caller in callers {
        caller.await.expect("no panic");
    }
    let ended = a.server.ended().await.expect_err("it halted");
    assert_eq!(ended.exit(), Exit::Failure, "{ended}");
    told.lock().await.take().expect("somebody was in flight")
}

/// A closed order that left memory, in a snapshot that lost it.
pub(super) async fn archive_unreadable() -> Status {
    let mut a =
        Refusing::stocked_as(|config| Config { archive_after: Some(Duration::ZERO), ..config })
            .await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    a.server.orders.cancel_order(cancel).await.expect("cancelled");
    // It leaves when both generations that are kept have it.
    for _ in 0..2 {
        a.server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    }
    let store = a.server.engine.snapshot_store().expect("a store");
    let mut keys = store.chunk_keys().expect("keys");
    keys.retain(|key| key.kind == Kind::Orders);
    let chunk = |key: &ChunkKey| (*key, store.chunk(*key).expect("read").expect("there"));
    let chunks: Vec<_> = keys.iter().map(chunk).collect();
    assert_eq!(chunks.len(), 2);
    for key in keys {
        store.remove_chunk(key).expect("removed");
    }
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    let status = a.server.orders.get_order(get).await.expect_err("it is nowhere");
    let report = a.server.engine.audit().expect("the audit runs");
    assert_eq!(report.breaches[0].name, "ARCHIVED_READABLE");
    for (key, chunk) in &chunks {
        store.put_chunk(*key, chunk).expect("put back");
    }
    drop(store);
    a.stop().await;
    status
}

/// A byte of the first segment is another one than was written.
pub(super) async fn journal_unreadable() -> Status {
    let a = Refusing::stocked().await;
    let segment = a.directory.path().join("journal/00000000000000000001.journal");
    let mut bytes = std::fs::read(&segment).expect("a segment");
    bytes[100] ^= 1;
    let file = std::fs::OpenOptions::new().write(true).open(&segment).expect("a segment");
    file.write_all_at(&bytes[100..101], 100).expect("written");
    let mut answers = begin_at(&a.server, 1).await.expect("it is kept");
    let status = loop {
        match answers.message().await {
            Ok(told) => assert!(told.is_some(), "damage is not passed over"),
            Err(status) => break status,
        }
    };
    drop(answers);
    a.stop().await;
    status
}

/// The place of the snapshots is taken by a file.
pub(super) async fn damaged_store() -> Status {
    let mut a = Refusing::stocked().await;
    std::fs::write(a.directory.path().join("snapshots"), "no store").expect("written");
    refused!(a, a.server.admin.take_snapshot(v1::TakeSnapshotRequest {}))
}
