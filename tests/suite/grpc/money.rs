//! Prices, payments and refunds over a real connection, exact to the minor unit.

mod changes;
mod complaints;
pub(super) mod coupons;
mod expiring;
mod listed_changes;
mod payments;
mod prices;
pub(super) mod provider;
mod unattributed;

use backstock_proto::v1;
use tempfile::TempDir;

use super::server::{TestServer, order};

/// A card of which that much is authorised.
pub fn card(id: &str, amount_minor: i64) -> v1::NewPayment {
    v1::NewPayment {
        payment_id: id.into(),
        method: "card".into(),
        amount_minor,
        taken: v1::PaymentTaken::Authorised.into(),
        reference: format!("auth-{id}"),
        ..Default::default()
    }
}

/// The same, of which that much is captured.
pub fn captured(id: &str, amount_minor: i64) -> v1::NewPayment {
    v1::NewPayment { taken: v1::PaymentTaken::Captured.into(), ..card(id, amount_minor) }
}

/// An order in dollars of these items, units and unit prices, paid by these.
pub fn priced(
    id: &str,
    lines: &[(&str, u32, i64)],
    payments: Vec<v1::NewPayment>,
) -> v1::PlaceOrderRequest {
    let units: Vec<(&str, u32)> = lines.iter().map(|(sku, units, _)| (*sku, *units)).collect();
    let line = |&(_, _, unit_price_e4): &(&str, u32, i64)| v1::LinePricing {
        unit_price_e4,
        ..Default::default()
    };
    let pricing = v1::Pricing {
        currency_code: "USD".into(),
        lines: lines.iter().map(line).collect(),
        payments,
        ..Default::default()
    };
    v1::PlaceOrderRequest { pricing: Some(pricing), ..order(id, &units) }
}

/// A tax of so many basis points.
pub(super) fn vat(rate_bp: u32) -> v1::Tax {
    v1::Tax { name: "vat".into(), amount: Some(v1::tax::Amount::RateBp(rate_bp)) }
}

pub(super) fn off(name: &str, amount_minor: i64) -> v1::NamedAmount {
    v1::NamedAmount { name: name.into(), amount_minor }
}

/// A server, and its directory.
pub(super) struct Shop {
    pub(super) server: TestServer,
    pub(super) directory: TempDir,
}

impl Shop {
    /// A shop with so many units of each item at `NYC`.
    pub(super) async fn with(items: &[(&str, u32)]) -> Self {
        let directory = TempDir::new().expect("a directory");
        let mut server = TestServer::start(directory.path()).await;
        server.define_node(super::server::node("NYC", "10001")).await;
        for (sku, units) in items {
            server.define_item(sku).await;
            server.set_stock(sku, "NYC", u64::from(*units)).await;
        }
        Self { server, directory }
    }

    /// The same shop, after its server ended and another one began on its directory.
    pub(super) async fn restart(self) -> Self {
        let Self { server, directory } = self;
        server.stop().await.expect("it ends");
        let server = TestServer::start(directory.path()).await;
        Self { server, directory }
    }

    /// The same shop after its process died.
    pub(super) async fn killed(self) -> Self {
        let Self { server, directory } = self;
        server.kill().await;
        Self { server: TestServer::start(directory.path()).await, directory }
    }

    pub(super) async fn place(&mut self, request: v1::PlaceOrderRequest) -> v1::PlaceOrderResponse {
        let placed = self.server.orders.place_order(request).await;
        placed.expect("it is answered").into_inner()
    }

    pub(super) async fn order(&mut self, id: &str) -> v1::Order {
        let request = v1::GetOrderRequest { order_id: id.into(), min_version: 0 };
        let answer = self.server.orders.get_order(request).await.expect("it is there");
        answer.into_inner().order.expect("an order")
    }

    pub(super) async fn money(&mut self, id: &str) -> v1::OrderMoney {
        self.order(id).await.money.expect("it has prices")
    }

    /// What the order comes to, what is captured, refunded, and due.
    pub(super) async fn sums(&mut self, id: &str) -> [i64; 4] {
        let money = self.money(id).await;
        let total = money.totals.expect("totals").total_minor;
        [total, money.captured_minor, money.refunded_minor, money.due_minor]
    }

    pub(super) async fn cancel(&mut self, id: &str, lines: &[(u32, u32)]) {
        let line = |&(line_index, quantity): &(u32, u32)| v1::CancelOrderLine {
            line_index,
            quantity,
            ..Default::default()
        };
        let request = v1::CancelOrderRequest {
            order_id: id.into(),
            lines: lines.iter().map(line).collect(),
            ..Default::default()
        };
        self.server.orders.cancel_order(request).await.expect("cancelled");
    }

    pub(super) async fn ship(&mut self, id: &str, shipment_number: u32) {
        let request = v1::ShipShipmentRequest {
            order_id: id.into(),
            shipment_number,
            carrier: "Owl Post".into(),
            ..Default::default()
        };
        self.server.fulfillment.ship_shipment(request).await.expect("shipped");
    }
}
