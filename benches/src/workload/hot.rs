//! The `hot` workload: every order wants one unit of one SKU at one node, and is
//! refused when there is none left.

use backstock_engine::model::Shortage;

use super::names::sku;
use super::network::Stocking;
use super::ring::{Line, Ring, Terms};

/// Where all orders go: New York.
const DESTINATION: u32 = 10_001;

/// One pair, with so many units.
pub const fn stocking(on_hand: u32) -> Stocking {
    Stocking { skus: 1, sku, nodes_of_sku: 1, on_hand }
}

/// The one order.
pub fn ring() -> Ring {
    let mut ring =
        Ring::new(Terms { sku, customer: None, shortage: Shortage::Reject, prices: None });
    ring.push(DESTINATION, &[Line::new(0, 1)]);
    ring
}
