//! An export, and the feed behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstock::reference::UsPostalCodes;
use backstock_engine::disk::{Disk, RealDisk};
use backstock_engine::engine::{PostalTable, RestoreOptions, restore};
use backstock_engine::model::Timestamp;

use super::*;

/// On hand by SKU and node, as a follower keeps it.
type OnHand = BTreeMap<(String, String), u64>;

fn note(on_hand: &mut OnHand, event: &v1::Event) {
    let data = data(event);
    let pair = |of: &Value| {
        let text = |key: &str| of[key].as_str().expect("an id").to_owned();
        (text("sku"), text("node_id"))
    };
    match event.r#type.as_str() {
        "backstock.stock_changed.v1" if data["change"] == "set" => {
            let units = data["on_hand"].as_u64().expect("units");
            on_hand.insert(pair(&data), units);
        }
        "backstock.shipment_shipped.v1" => {
            for left in data["units"].as_array().expect("units") {
                let units = left["units"].as_u64().expect("units");
                *on_hand.get_mut(&pair(left)).expect("it was there") -= units;
            }
        }
        _ => {}
    }
}

async fn on_hand(server: &TestServer, skus: &[&str]) -> OnHand {
    let mut found = OnHand::new();
    for sku in skus {
        let (sku, node_id) = ((*sku).to_owned(), "NYC".to_owned());
        let get =
            v1::GetStockRequest { sku: sku.clone(), node_id: node_id.clone(), min_version: 0 };
        let answer = server.inventory.clone().get_stock(get).await.expect("read").into_inner();
        let stock = answer.stock.expect("a stock");
        found.insert((sku, node_id), stock.on_hand);
    }
    found
}

/// Who begins anew takes an export, and the feed behind its version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_and_the_feed_behind_it_are_the_state() {
    let (directory, copy) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let mut server = TestServer::stocked(directory.path()).await;
    some_changes(&mut server).await;
    server.set_stock("RARE", "NYC", 5).await;
    put(&server, consumer("index", None)).await;
    server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    let request = v1::ExportSnapshotRequest { generation: 0 };
    let mut pieces = server.admin.export_snapshot(request).await.expect("sent").into_inner();
    let (mut file, mut version) = (Vec::new(), 0);
    while let Some(piece) = pieces.message().await.expect("no error") {
        file.extend(piece.data);
        version = piece.version;
    }
    assert_eq!(
        put(&server, consumer("index", Some(version))).await.acknowledged_version,
        Some(version)
    );
    server.orders.place_order(order("O3", &[("SKU", 2)])).await.expect("placed");
    let ship = v1::ShipShipmentRequest {
        order_id: "O3".into(),
        shipment_number: 1,
        carrier: "UPS".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    server.set_stock("RARE", "NYC", 8).await;

    // The copy is the state of that version, and what follows makes it the newest.
    let from = copy.path().join("export");
    std::fs::write(&from, file).expect("written");
    let data = copy.path().join("data");
    let options =
        RestoreOptions { data: data.clone(), from: Some(from), until: None, dry_run: false };
    let (disk, postal) = (Arc::new(RealDisk) as Arc<dyn Disk>, UsPostalCodes::shared());
    let postal = Arc::new(postal) as PostalTable;
    restore(&options, &disk, &postal, Timestamp::from_micros(0)).expect("restored");
    let restored = TestServer::start(&data).await;
    assert_eq!(restored.engine.version().get(), version);
    let mut followed = on_hand(&restored, &["SKU", "RARE"]).await;
    restored.stop().await.expect("drained");
    for event in told(&server, as_consumer("index")).await {
        note(&mut followed, &event);
    }
    let now = on_hand(&server, &["SKU", "RARE"]).await;
    assert_eq!(followed, now);
    // So does the whole feed from the beginning.
    let mut all = OnHand::new();
    events_from(&server, 0).await.iter().for_each(|event| note(&mut all, event));
    assert_eq!(all, now);
    server.stop().await.expect("drained");
}
