//! `order show` and `order explain`.

use std::io::Write;

use backstock_proto::v1;
use comfy_table::Table;
use serde::Serialize;

use super::explain::ExplainView;
use super::{View, lines, or_dash, print, table};
use crate::cli::{CommandError, Exit, OrderQuery};
use crate::client::{Client, words};

/// An order as it stands.
#[derive(Debug, Serialize)]
pub(super) struct OrderView {
    pub(super) order_id: String,
    state: String,
    customer_id: String,
    channel: String,
    placed_time: Option<String>,
    destination_postal_code: String,
    destination_country_code: String,
    pickup_node_id: String,
    pickup_only_stock_there: bool,
    service: String,
    wanted_by: Option<String>,
    promised_by: Option<String>,
    pub(super) note: String,
    pub(super) currency_code: String,
    amount_minor: i64,
    lines: Vec<LineView>,
    pub(super) shipments: Vec<ShipmentView>,
    holds: Vec<HoldView>,
    version: u64,
}

#[derive(Debug, Serialize)]
struct HoldView {
    order_hold_id: String,
    kind: String,
    reason: String,
    owner: String,
    held_time: Option<String>,
    stock_until: Option<String>,
    stock_let_go: bool,
}

impl HoldView {
    fn new(hold: v1::OrderHold) -> Self {
        Self {
            kind: words::word(hold.kind().as_str_name(), "ORDER_HOLD_KIND_"),
            held_time: words::time(hold.held_time.as_ref()),
            stock_until: words::time(hold.stock_until.as_ref()),
            order_hold_id: hold.order_hold_id,
            reason: hold.reason,
            owner: hold.owner,
            stock_let_go: hold.stock_let_go,
        }
    }

    /// What a person reads of it.
    fn line(&self) -> String {
        let Self { order_hold_id, kind, reason, owner, .. } = self;
        let said = [kind, reason, owner].into_iter().filter(|text| !text.is_empty());
        let said = said.map(String::as_str).collect::<Vec<_>>().join(", ");
        let stock = match &self.stock_until {
            _ if self.stock_let_go => "; its units were let go".to_owned(),
            Some(until) => format!("; its units are kept until {until}"),
            None => String::new(),
        };
        format!("{order_hold_id} ({said}){stock}")
    }
}

#[derive(Debug, Serialize)]
struct LineView {
    line_index: usize,
    sku: String,
    quantity: u32,
    backordered: u32,
    preordered: u32,
    allocated: u32,
    shipped: u32,
    cancelled: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct ShipmentView {
    pub(super) number: u32,
    node_id: String,
    state: String,
    /// Whether the customer is asked what becomes of its units.
    customer_asked: bool,
    ship_by: Option<String>,
    deliver_by: Option<String>,
    shipped_time: Option<String>,
    carrier: String,
    tracking: String,
    lines: Vec<ShipmentLineView>,
}

#[derive(Debug, Serialize)]
struct ShipmentLineView {
    line_index: u32,
    sku: String,
    quantity: u32,
    supply: String,
}

/// Shows an order.
pub(in crate::cli) async fn show_order(
    query: OrderQuery,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = query.server.connect().await?;
    let answer = read(&client, query.id).await?;
    let view = OrderView::new(answer.order.unwrap_or_default(), answer.version);
    print(out, query.output, &view)?;
    Ok(Exit::Success)
}

/// Says why an order ships from where it does.
pub(in crate::cli) async fn explain_order(
    query: OrderQuery,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = query.server.connect().await?;
    let request = v1::ExplainOrderRequest { order_id: query.id.clone(), min_version: 0 };
    let answer = client.orders().explain_order(request).await?.into_inner();
    // The trace names lines by number; people know them by SKU.
    let order = read(&client, query.id).await?.order.unwrap_or_default();
    print(out, query.output, &ExplainView::new(answer, &order))?;
    Ok(Exit::Success)
}

/// Reads an order.
pub(super) async fn read(
    client: &Client,
    order_id: String,
) -> Result<v1::GetOrderResponse, CommandError> {
    let request = v1::GetOrderRequest { order_id, min_version: 0 };
    Ok(client.orders().get_order(request).await?.into_inner())
}

impl OrderView {
    pub(super) fn new(order: v1::Order, version: u64) -> Self {
        let pickup = order.pickup.clone().unwrap_or_default();
        Self {
            pickup_node_id: pickup.node_id,
            pickup_only_stock_there: pickup.only_stock_there,
            state: words::order_state(order.state()),
            placed_time: words::time(order.placed_time.as_ref()),
            wanted_by: words::date(order.wanted_by.as_ref()),
            promised_by: words::date(order.promised_by.as_ref()),
            order_id: order.order_id,
            customer_id: order.customer_id,
            channel: order.channel,
            destination_postal_code: order.destination_postal_code,
            destination_country_code: order.destination_country_code,
            service: order.service,
            note: order.note,
            currency_code: order.currency_code,
            amount_minor: order.amount_minor,
            lines: order.lines.into_iter().enumerate().map(LineView::new).collect(),
            shipments: order.shipments.into_iter().map(ShipmentView::new).collect(),
            holds: order.holds.into_iter().map(HoldView::new).collect(),
            version,
        }
    }

    fn pickup(&self) -> String {
        let only = if self.pickup_only_stock_there { ", of its own stock alone" } else { "" };
        if self.pickup_node_id.is_empty() {
            return String::new();
        }
        format!("{}{only}", self.pickup_node_id)
    }

    /// In minor units; empty where no amount is known.
    fn amount(&self) -> String {
        let Self { currency_code, amount_minor, .. } = self;
        if currency_code.is_empty() {
            return String::new();
        }
        format!("{amount_minor} minor units of {currency_code}")
    }

    /// Where it goes, how, and by when.
    pub(super) fn goes(&self) -> Vec<String> {
        let place = [self.destination_postal_code.as_str(), &self.destination_country_code];
        let place =
            place.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
        let facts = [
            fact("to", &place),
            fact("pickup at", &self.pickup()),
            fact("service", &self.service),
            fact("wanted by", self.wanted_by.as_deref().unwrap_or_default()),
        ];
        facts.into_iter().flatten().collect()
    }

    fn facts(&self) -> Vec<Option<String>> {
        let promised = or_dash(self.promised_by.as_ref());
        let goes = self.goes().into_iter().map(Some);
        let holds = self.holds.iter().map(|hold| fact("hold", &hold.line()));
        let placed = [
            Some(format!("order {} is {}", self.order_id, self.state)),
            fact("placed", self.placed_time.as_deref().unwrap_or_default()),
            fact("customer", &self.customer_id),
            fact("channel", &self.channel),
        ];
        let told = [
            fact("promised by", &promised),
            fact("note", &self.note),
            fact("amount", &self.amount()),
        ];
        placed.into_iter().chain(goes).chain(told).chain(holds).collect()
    }
}

/// What is known of an order, with its label; none if it is empty.
fn fact(label: &str, text: &str) -> Option<String> {
    (!text.is_empty()).then(|| format!("{label:<12}{text}"))
}

impl LineView {
    fn new((line_index, line): (usize, v1::OrderLine)) -> Self {
        let units = line.units.unwrap_or_default();
        Self {
            line_index,
            sku: line.sku,
            quantity: line.quantity,
            backordered: units.backordered,
            preordered: units.preordered,
            allocated: units.allocated,
            shipped: units.shipped,
            cancelled: units.cancelled,
        }
    }

    fn row(&self) -> Vec<String> {
        let counts = [
            self.quantity,
            self.allocated,
            self.preordered,
            self.backordered,
            self.shipped,
            self.cancelled,
        ];
        let names = [(self.line_index + 1).to_string(), self.sku.clone()];
        names.into_iter().chain(counts.map(|count| count.to_string())).collect()
    }
}

impl ShipmentView {
    fn new(shipment: v1::Shipment) -> Self {
        let line = |line: v1::ShipmentLine| ShipmentLineView {
            line_index: line.line_index,
            supply: words::supply(line.supply.as_ref()),
            sku: line.sku,
            quantity: line.quantity,
        };
        Self {
            number: shipment.number,
            state: words::shipment_state(shipment.state()),
            customer_asked: shipment.customer_asked,
            ship_by: words::date(shipment.ship_by.as_ref()),
            deliver_by: words::date(shipment.deliver_by.as_ref()),
            shipped_time: words::time(shipment.shipped_time.as_ref()),
            node_id: shipment.node_id,
            carrier: shipment.carrier,
            tracking: shipment.tracking,
            lines: shipment.lines.into_iter().map(line).collect(),
        }
    }

    fn progress(&self) -> String {
        let asked = if self.customer_asked { "; the customer is asked" } else { "" };
        format!("{}{asked}", self.state)
    }

    fn row(&self) -> Vec<String> {
        let contents = self
            .lines
            .iter()
            .map(|line| format!("{} x {} from {}", line.quantity, line.sku, line.supply));
        vec![
            self.number.to_string(),
            self.node_id.clone(),
            self.progress(),
            or_dash(self.ship_by.as_ref()),
            or_dash(self.deliver_by.as_ref()),
            contents.collect::<Vec<_>>().join("\n"),
        ]
    }
}

/// Shipments as a table.
pub(super) fn shipments<'a>(all: impl IntoIterator<Item = &'a ShipmentView>) -> Table {
    let header = ["shipment", "node", "state", "ship by", "deliver by", "units"];
    let mut shipments = table(&header, &[0]);
    shipments.add_rows(all.into_iter().map(ShipmentView::row));
    shipments
}

impl View for OrderView {
    fn text(&self) -> String {
        let header = [
            "line",
            "sku",
            "ordered",
            "allocated",
            "preordered",
            "backordered",
            "shipped",
            "cancelled",
        ];
        let mut ordered = table(&header, &[0, 2, 3, 4, 5, 6, 7]);
        ordered.add_rows(self.lines.iter().map(LineView::row));
        let ships = (!self.shipments.is_empty()).then(|| shipments(&self.shipments).to_string());
        let tables = [Some(ordered.to_string()), ships];
        lines(self.facts().into_iter().chain(tables))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> v1::Order {
        let supply = v1::Supply { kind: v1::SupplyKind::Inbound.into(), inbound_id: "PO-7".into() };
        let inside = v1::ShipmentLine {
            line_index: 0,
            sku: "SCARF".into(),
            quantity: 2,
            supply: Some(supply),
        };
        let shipment = v1::Shipment {
            number: 1,
            node_id: "RENO".into(),
            ship_by: Some(v1::Date { year: 2026, month: 11, day: 24 }),
            state: v1::ShipmentState::Planned.into(),
            lines: vec![inside],
            ..v1::Shipment::default()
        };
        let units = v1::LineUnits { preordered: 2, backordered: 1, ..v1::LineUnits::default() };
        v1::Order {
            order_id: "WEB-1".into(),
            state: v1::OrderState::Open.into(),
            destination_postal_code: "10001".into(),
            destination_country_code: "US".into(),
            lines: vec![v1::OrderLine {
                sku: "SCARF".into(),
                quantity: 3,
                units: Some(units),
                amount_minor: 0,
            }],
            shipments: vec![shipment],
            ..v1::Order::default()
        }
    }

    #[test]
    fn an_order_shows_where_each_unit_is_and_what_ships_when() {
        let view = OrderView::new(order(), 3);
        let text = view.text();
        for part in [
            "order WEB-1 is open",
            "to          10001, US",
            "2 x SCARF from inbound PO-7",
            "2026-11-24",
            "planned",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert_eq!(view.lines[0].row(), ["1", "SCARF", "3", "0", "2", "1", "0", "0"]);
    }

    #[test]
    fn an_order_without_a_date_says_so() {
        let view = OrderView::new(order(), 3);
        assert!(view.text().contains("promised by -"), "{}", view.text());
    }
}
