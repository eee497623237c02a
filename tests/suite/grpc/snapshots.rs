//! Snapshots as operators ask for them: taken, listed, verified, sent.

use backstock_engine::snapshot::{MemoryStore, import};
use backstock_proto::v1;
use tonic::Code;

use super::server::{LONG, TestServer, feed, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_taken_listed_verified_and_sent_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let take = v1::TakeSnapshotRequest {};
    let first = server.admin.take_snapshot(take).await.expect("taken").into_inner().snapshot;
    let first = first.expect("a snapshot");
    assert_eq!((first.pairs, first.orders), (1, 0));
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let second = server.admin.take_snapshot(take).await.expect("taken").into_inner().snapshot;
    let second = second.expect("a snapshot");
    assert_eq!(second.generation, first.generation + 1);
    assert_eq!(second.state_hash[..], server.state_hash().value().to_be_bytes());

    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let list = v1::ListSnapshotsRequest { page_size: 1, page_token };
        let page = server.admin.list_snapshots(list).await.expect("listed").into_inner();
        listed.extend(page.snapshots);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, [second.clone(), first.clone()], "the newest first");

    let verify = v1::VerifySnapshotRequest { generation: 0 };
    let verified = server.admin.verify_snapshot(verify).await.expect("verified").into_inner();
    assert_eq!((verified.snapshot, verified.problems), (Some(second.clone()), Vec::new()));

    let export = v1::ExportSnapshotRequest { generation: first.generation };
    let mut pieces = server.admin.export_snapshot(export).await.expect("a stream").into_inner();
    let mut sent = Vec::new();
    while let Some(piece) = pieces.message().await.expect("a piece") {
        assert!((1..=1 << 20).contains(&piece.data.len()));
        sent.extend_from_slice(&piece.data);
    }
    let file = directory.path().join("sent");
    std::fs::write(&file, &sent).expect("written");
    let imported = import(&file, &MemoryStore::default(), |_, _| Ok(())).expect("it is whole");
    assert_eq!(imported.manifest.generation, first.generation);
    let left = || std::fs::read_dir(directory.path().join("exports")).expect("it is there").count();
    let deadline = tokio::time::Instant::now() + LONG;
    while left() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "what was sent is removed");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    server.stop().await.expect("drained");
}

/// Loads a server with more than two windows and a queue of pieces take.
async fn load(server: &mut TestServer) {
    for at in 0..50 {
        server.define_item(&format!("I{at}")).await;
    }
    for round in 0..60 {
        let adjustment = v1::StockAdjustment { on_hand_delta: 1, unavailable_delta: 0 };
        let rows = (0..1_000).map(|at| v1::StockRow {
            sku: format!("I{}", at % 50),
            node_id: "NYC".into(),
            change: Some(v1::stock_row::Change::Adjustment(adjustment)),
        });
        // The key of each row is part of the snapshot.
        let request_id = format!("a-long-key-so-that-the-snapshot-is-large-enough-{round}");
        let request = v1::LoadStockRequest { rows: rows.collect(), request_id };
        let reply = feed(server, request).await;
        assert_eq!(reply.rows_applied, 1_000, "{:?}", reply.faults.first());
    }
}

/// A caller that does not read takes a place until it hangs up, and there are two places.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_snapshots_are_sent_at_a_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let left = directory.path().join("exports").join("left");
    std::fs::create_dir_all(&left).expect("made");
    let mut server = TestServer::stocked(directory.path()).await;
    assert!(!left.exists(), "what a killed process left is gone");
    load(&mut server).await;
    server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    let export = v1::ExportSnapshotRequest { generation: 0 };
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(server.admin.export_snapshot(export).await.expect("a place").into_inner());
    }
    let refused = server.admin.export_snapshot(export).await.map(|_| ()).expect_err("no place");
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    drop(open);
    let deadline = tokio::time::Instant::now() + LONG;
    let mut pieces = loop {
        match server.admin.export_snapshot(export).await {
            Ok(pieces) => break pieces.into_inner(),
            Err(status) => assert!(tokio::time::Instant::now() < deadline, "{status:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    while pieces.message().await.expect("a piece").is_some() {}
    drop(pieces);
    server.stop().await.expect("drained");
}
