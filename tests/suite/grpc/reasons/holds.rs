//! Refusals of holds.

use backstock_engine::limits;

use super::*;
use crate::grpc::holds::{change, confirm, extend, for_seconds, held, hold, lapsed, release};

pub(super) async fn hold_id_reused() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    refused!(a, a.server.holds.create_hold(hold("A", 61, &[("SKU", 1)])))
}

pub(super) async fn hold_ended() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    a.server.holds.release_hold(release("A")).await.expect("released");
    refused!(a, a.server.holds.extend_hold(extend("A", for_seconds(60))))
}

pub(super) async fn hold_waits() -> Status {
    let mut a = Refusing::stocked().await;
    let waits = v1::CreateHoldRequest { wait: true, ..hold("A", 60, &[("RARE", 1)]) };
    a.server.holds.create_hold(waits).await.expect("it waits");
    refused!(a, a.server.holds.confirm_hold(confirm("A", "A")))
}

pub(super) async fn hold_differs() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    let lines = order("", &[("SKU", 2)]).lines;
    refused!(a, a.server.holds.confirm_hold(v1::ConfirmHoldRequest { lines, ..confirm("A", "A") }))
}

pub(super) async fn hold_grows() -> Status {
    let mut a = Refusing::stocked().await;
    let waits = v1::CreateHoldRequest { wait: true, ..hold("A", 60, &[("SKU", 9_999)]) };
    a.server.holds.create_hold(waits).await.expect("it waits");
    refused!(a, a.server.holds.change_hold(change("A", &[("SKU", 10_000)])))
}

pub(super) async fn hold_takes_part() -> Status {
    let mut a = with_bundle().await;
    let partly =
        v1::CreateHoldRequest { accept_part: true, wait: true, ..hold("A", 60, &[("SKU", 1)]) };
    a.server.holds.create_hold(partly).await.expect("held");
    refused!(a, a.server.holds.change_hold(change("A", &[("SET", 1)])))
}

pub(super) async fn hold_short() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    refused!(a, a.server.holds.change_hold(change("A", &[("SKU", 9_999)])))
}

pub(super) async fn hold_at_limit() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 60, &[("SKU", 1)])).await;
    for _ in 0..limits::HOLD_EXTENSIONS_MAX {
        a.server.holds.extend_hold(extend("A", for_seconds(60))).await.expect("extended");
    }
    refused!(a, a.server.holds.extend_hold(extend("A", for_seconds(60))))
}

pub(super) async fn hold_units_gone() -> Status {
    let mut a = Refusing::stocked().await;
    held(&mut a.server, hold("A", 1, &[("SKU", 10)])).await;
    lapsed(&mut a.server, "A").await;
    a.server.orders.place_order(order("B", &[("SKU", 1)])).await.expect("placed");
    refused!(a, a.server.holds.confirm_hold(confirm("A", "C")))
}
