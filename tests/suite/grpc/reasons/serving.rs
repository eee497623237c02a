//! A server that is asked for too much, or too early, or too late.

use std::future::pending;

use backstock_engine::command::PlaceOrder;
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::model::Shortage;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_tests::fixture;

use super::*;
use crate::grpc::feed::{begin_at, cut};
use crate::grpc::opening::Opening;

/// One command may be in flight, and it is not acknowledged yet.
pub(super) async fn overloaded() -> Status {
    let mut a = Refusing::stocked_as(|config| Config { commands_in_flight_max: 1, ..config }).await;
    let mut wanted = fixture::order("HELD", &[("SKU", 1)], Shortage::Reject);
    wanted.destination = fixture::address("02116");
    let command = PlaceOrder { meta: fixture::meta(), placed_at: None, order: wanted };
    let held = a.server.engine.submit_order(command).await.expect("it is let in");
    let refused = a.server.orders.place_order(order("A", &[("SKU", 1)])).await;
    let status = refused.map(|_| ()).expect_err("it is refused");
    held.acknowledged().await.expect("it is placed");
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("there is room");
    a.stop().await;
    status
}

pub(super) async fn draining() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.engine.shut_down().await;
    refused!(a, a.server.orders.place_order(order("A", &[("SKU", 1)])))
}

/// A server that never opens.
pub(super) async fn opening() -> Status {
    let directory = tempfile::tempdir().expect("a directory");
    let opening = Opening::start(&configuration(directory.path()), pending()).await;
    let mut orders = OrderServiceClient::new(opening.channel.clone());
    let answer = orders.place_order(order("A", &[("SKU", 1)])).await;
    drop(orders);
    opening.stop().await.expect("it ends");
    answer.map(|_| ()).expect_err("it is refused")
}

/// Of snapshots that are asked for at once, one is taken at a time.
pub(super) async fn snapshot_running() -> Status {
    let a = Refusing::stocked().await;
    loop {
        let asked: Vec<_> = (0..8)
            .map(|_| {
                let mut admin = a.server.admin.clone();
                tokio::spawn(async move { admin.take_snapshot(v1::TakeSnapshotRequest {}).await })
            })
            .collect();
        let mut refused = None;
        for asked in asked {
            refused = asked.await.expect("no panic").err().or(refused);
        }
        if let Some(status) = refused {
            a.stop().await;
            return status;
        }
    }
}

pub(super) async fn version_ahead() -> Status {
    let mut a = Refusing::stocked().await;
    let get = v1::GetItemRequest { sku: "SKU".into(), min_version: u64::MAX };
    refused!(a, a.server.catalog.get_item(get))
}

/// The journal is cut behind the older of two snapshots, and its first segments go.
pub(super) async fn version_dropped() -> Status {
    let (disk, directory) = (SimulatedDisk::new(), tempfile::tempdir().expect("a directory"));
    let server = cut(&disk, directory.path()).await;
    let status = begin_at(&server, 1).await.expect_err("it is not kept");
    server.stop().await.expect("drained");
    status
}
