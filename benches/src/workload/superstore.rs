//! The `superstore` workload: a retailer's 5,009 real orders, in order, with their
//! products, quantities, customers and destinations.

use std::collections::HashMap;

use backstock::demo::data::Superstore;
use backstock_engine::model::{CustomerId, Shortage, Sku};

use super::network::{NODES_OF_SKU, Stocking};
use super::ring::{Line, Ring, Terms};

/// The products, each stocked at 20 nodes.
///
/// # Panics
/// Never: there are fewer products than numbers.
pub fn stocking(on_hand: u32) -> Stocking {
    let skus = u32::try_from(Superstore::shared().products.len()).expect("a few thousand");
    Stocking { skus, sku, nodes_of_sku: NODES_OF_SKU, on_hand }
}

fn sku(no: u32) -> Sku {
    let product = &Superstore::shared().products[no as usize];
    Sku::new("sku", product.sku.as_str()).expect("a sku")
}

fn customer(at: usize) -> CustomerId {
    let order = &Superstore::shared().orders[at];
    CustomerId::new("customer", order.customer.as_str()).expect("a customer id")
}

/// All orders, in the order in which they were placed.
///
/// # Panics
/// Never: lines name products, and locations are five digits.
pub fn ring() -> Ring {
    let data = Superstore::shared();
    let by_name: HashMap<&str, u32> =
        data.products.iter().map(|product| product.sku.as_str()).zip(0..).collect();
    let shortage = Shortage::Backorder;
    let mut ring = Ring::new(Terms { sku, customer: Some(customer), shortage, prices: None });
    for order in &data.orders {
        let line = |line: &backstock::demo::data::SuperstoreLine| {
            Line::new(by_name[line.sku.as_str()], line.quantity)
        };
        let lines: Vec<_> = order.lines.iter().map(line).collect();
        ring.push(order.located_at.parse().expect("five digits"), &lines);
    }
    ring
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::ring::Player;
    use super::*;

    #[test]
    fn the_real_orders_are_played_as_they_were() {
        let data = Superstore::shared();
        let mut player = Player::new(Arc::new(ring()), 0, 1);
        for real in &data.orders {
            let order = player.offer().command.order;
            let code = order.destination.address().unwrap();
            assert_eq!(code.as_str(), real.located_at);
            assert_eq!(order.customer.unwrap().as_str(), real.customer);
            let played = order.lines.0.iter().map(|line| (line.sku.as_str(), line.quantity));
            assert!(played.eq(real.lines.iter().map(|line| (line.sku.as_str(), line.quantity))));
        }
    }
}
