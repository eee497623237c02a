//! What the demo's server acknowledged, kept by the demo: after the kill, this
//! and nothing else has to be there.

use std::collections::{BTreeMap, BTreeSet};

use backstock_proto::v1;

/// An order that the server said it has.
#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    /// What was asked.
    pub(super) request: v1::PlaceOrderRequest,
    /// What was answered.
    pub(super) placed: v1::PlaceOrderResponse,
    /// Numbers of its shipments that the server said have left.
    pub(super) shipped: BTreeSet<u32>,
}

/// Everything that was acknowledged.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    orders: BTreeMap<String, Acknowledged>,
}

impl Ledger {
    /// The server said that it has an order.
    pub(super) fn placed(
        &mut self,
        request: v1::PlaceOrderRequest,
        placed: v1::PlaceOrderResponse,
    ) {
        let id = request.order_id.clone();
        self.orders.insert(id, Acknowledged { request, placed, shipped: BTreeSet::new() });
    }

    /// The server said that a shipment has left.
    pub(super) fn shipped(&mut self, order: &str, number: u32) {
        if let Some(order) = self.orders.get_mut(order) {
            order.shipped.insert(number);
        }
    }

    /// An order, if the server said that it has it.
    pub(super) fn order(&self, id: &str) -> Option<&Acknowledged> {
        self.orders.get(id)
    }

    /// All orders, by id.
    pub(super) fn orders(&self) -> impl ExactSizeIterator<Item = &Acknowledged> {
        self.orders.values()
    }

    /// Shipments that have left.
    pub(super) fn shipped_count(&self) -> usize {
        self.orders.values().map(|order| order.shipped.len()).sum()
    }
}

impl Acknowledged {
    /// How the order that the server has now differs from what it said; empty
    /// if it does not. What may have changed since is not compared: the dates
    /// of units that wait or are on their way.
    pub(super) fn differences(&self, now: &v1::Order) -> Vec<String> {
        let mut found = Vec::new();
        let mut same = |what: &str, told: String, is: String| {
            if told != is {
                found.push(format!("{}: {what} was {told}, is {is}", self.request.order_id));
            }
        };
        let asked = &self.request;
        same("customer", asked.customer_id.clone(), now.customer_id.clone());
        same("service", asked.service.clone(), now.service.clone());
        let code = now.destination_postal_code.clone();
        same("destination", asked.destination_postal_code.clone(), code);
        same("time", format!("{:?}", asked.placed_time), format!("{:?}", now.placed_time));
        same("wanted day", format!("{:?}", asked.wanted_by), format!("{:?}", now.wanted_by));
        let units = now.lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect();
        same("units", format!("{:?}", summed(asked)), format!("{:?}", sum(units)));
        for shipment in &self.placed.shipments {
            let there = now.shipments.iter().find(|there| there.number == shipment.number);
            let is = there.map_or_else(|| "missing".to_owned(), allocation);
            same("shipment", allocation(shipment), is);
        }
        for number in &self.shipped {
            let there = now.shipments.iter().find(|there| there.number == *number);
            let is = there.map(v1::Shipment::state);
            same("state", format!("{:?}", Some(v1::ShipmentState::Shipped)), format!("{is:?}"));
        }
        found
    }
}

/// Units of each SKU that a request asks for: lines of one SKU are one line.
fn summed(request: &v1::PlaceOrderRequest) -> BTreeMap<String, u32> {
    sum(request.lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect())
}

fn sum(lines: Vec<(String, u32)>) -> BTreeMap<String, u32> {
    let mut units = BTreeMap::new();
    for (sku, quantity) in lines {
        *units.entry(sku).or_default() += quantity;
    }
    units
}

/// What of a shipment never changes: which node ships how many units of what,
/// and, if they were all there from the start, by when.
fn allocation(shipment: &v1::Shipment) -> String {
    let units = shipment.lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect();
    format!("{} from {}: {:?}", shipment.number, shipment.node_id, sum(units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sku: &str, quantity: u32) -> v1::PlaceOrderLine {
        v1::PlaceOrderLine { sku: sku.into(), quantity }
    }

    fn shipment(node: &str, state: v1::ShipmentState) -> v1::Shipment {
        let inside = v1::ShipmentLine { sku: "A".into(), quantity: 3, ..Default::default() };
        v1::Shipment {
            number: 1,
            node_id: node.into(),
            lines: vec![inside],
            state: state.into(),
            ..v1::Shipment::default()
        }
    }

    fn acknowledged() -> Acknowledged {
        let lines = vec![line("A", 1), line("A", 2)];
        let request = v1::PlaceOrderRequest { order_id: "W1".into(), lines, ..Default::default() };
        let shipments = vec![shipment("RENO", v1::ShipmentState::Planned)];
        let placed = v1::PlaceOrderResponse { shipments, ..Default::default() };
        Acknowledged { request, placed, shipped: BTreeSet::from([1]) }
    }

    fn order(units: u32, node: &str, state: v1::ShipmentState) -> v1::Order {
        let line = v1::OrderLine { sku: "A".into(), quantity: units, units: None, amount_minor: 0 };
        let shipments = vec![shipment(node, state)];
        v1::Order { lines: vec![line], shipments, ..v1::Order::default() }
    }

    #[test]
    fn an_order_that_is_as_told_has_no_differences() {
        let now = order(3, "RENO", v1::ShipmentState::Shipped);
        assert_eq!(acknowledged().differences(&now), Vec::<String>::new());
    }

    #[test]
    fn lost_units_another_node_and_a_forgotten_shipment_are_found() {
        let cases = [
            (order(2, "RENO", v1::ShipmentState::Shipped), "units"),
            (order(3, "DALLAS", v1::ShipmentState::Shipped), "shipment"),
            (order(3, "RENO", v1::ShipmentState::Planned), "state"),
            (
                v1::Order {
                    lines: order(3, "", v1::ShipmentState::Planned).lines,
                    ..Default::default()
                },
                "missing",
            ),
        ];
        for (now, what) in cases {
            let found = acknowledged().differences(&now);
            assert!(found.iter().any(|text| text.contains(what)), "{what}: {found:?}");
        }
    }
}
