//! Tells a new server of the demo's network, catalogue and stock.

use backstock_engine::model::Weekdays;
use backstock_engine::model::{Day, Timestamp};
use backstock_proto::v1;
use futures_util::future::try_join_all;
use tokio_stream::iter;

use super::data::Superstore;
use super::error::DemoError;
use super::network::{DemoNode, DemoNodeKind, nodes};
use super::policy::policy;
use super::stocking::{DemoFeed, DemoPlan, DemoStock};
use crate::client::{Client, Refused};
use crate::dates::{self, WEEK};
use crate::reference::UsPostalCodes;

/// Items whose calls are on their way at once; they share syncs of the disk.
const ITEMS_AT_ONCE: usize = 128;

/// Rows of one message of the stock feed, which is the most that a server takes.
const ROWS_PER_MESSAGE: usize = 1_000;

/// Loads everything that is there before the first order.
pub(super) async fn load(
    client: &Client,
    store: &Superstore,
    plan: &DemoPlan,
) -> Result<(), DemoError> {
    let policy = Some(policy());
    let request = v1::UpdateSourcingPolicyRequest { policy, ..Default::default() };
    client.catalog().update_sourcing_policy(request).await?;
    // One after the other: nodes are numbered as they come, and ties go by it.
    for node in nodes() {
        let node = Some(wire_node(&node));
        let request = v1::UpdateNodeRequest { node, allow_missing: true, ..Default::default() };
        client.catalog().update_node(request).await?;
    }
    load_items(client, store).await?;
    // Node by node: within a message the server takes rows in any order, and a
    // product's nodes have to be met in the same order at every start.
    for node in nodes() {
        let stock = plan.stock.iter().filter(|stock| stock.node == node.id).map(stock_row);
        let feeds = plan.feeds.iter().filter(|feed| feed.node == node.id).map(feed_row);
        load_rows(client, stock.chain(feeds).collect()).await?;
    }
    Ok(())
}

async fn load_items(client: &Client, store: &Superstore) -> Result<(), DemoError> {
    for products in store.products.chunks(ITEMS_AT_ONCE) {
        let calls = products.iter().map(|product| {
            let item = Some(v1::Item {
                sku: product.sku.clone(),
                title: product.name.clone(),
                ..Default::default()
            });
            let request = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
            let mut catalog = client.catalog();
            async move { catalog.update_item(request).await }
        });
        try_join_all(calls).await?;
    }
    Ok(())
}

/// Loads rows of stock; every one of them has to go in.
pub(super) async fn load_rows(client: &Client, rows: Vec<v1::StockRow>) -> Result<(), DemoError> {
    let messages: Vec<_> = rows
        .chunks(ROWS_PER_MESSAGE)
        .map(|rows| v1::LoadStockRequest { rows: rows.to_vec(), request_id: String::new() })
        .collect();
    let mut answers = client.inventory().load_stock(iter(messages.clone())).await?.into_inner();
    let mut message = 0;
    while let Some(answer) = answers.message().await? {
        if let Some(fault) = answer.faults.into_iter().next() {
            let row = messages.get(message).and_then(|m| m.rows.get(fault.row_index as usize));
            let what = row.map(|row| format!("{} at {}", row.sku, row.node_id));
            let why = Refused::from(fault.fault.unwrap_or_default()).to_string();
            return Err(DemoError::Refused { what: what.unwrap_or_default(), why });
        }
        message += 1;
    }
    Ok(())
}

fn stock_row(stock: &DemoStock) -> v1::StockRow {
    let level = v1::StockLevel {
        on_hand: Some(stock.on_hand.into()),
        safety: Some(stock.safety.into()),
        ..v1::StockLevel::default()
    };
    row(&stock.sku, stock.node, v1::stock_row::Change::Level(level))
}

fn feed_row(feed: &DemoFeed) -> v1::StockRow {
    use v1::vendor_feed::Amount;
    let amount = feed.quantity.map_or(Amount::Unlimited(true), |q| Amount::Quantity(q.into()));
    let vendor_feed = Some(v1::VendorFeed { amount: Some(amount), as_of: None });
    let level = v1::StockLevel { vendor_feed, ..v1::StockLevel::default() };
    row(&feed.sku, feed.node, v1::stock_row::Change::Level(level))
}

/// A row of the stock feed.
pub(super) fn row(sku: &str, node: &str, change: v1::stock_row::Change) -> v1::StockRow {
    v1::StockRow { sku: sku.to_owned(), node_id: node.to_owned(), change: Some(change) }
}

/// The demo counts shipments of a node, and the engine units: more than most shipments have.
const UNITS_PER_SHIPMENT: u32 = 20;

fn wire_node(node: &DemoNode) -> v1::Node {
    let (kind, lead_time_days) = match node.kind {
        DemoNodeKind::Warehouse => (v1::NodeKind::Warehouse, 0),
        DemoNodeKind::Store => (v1::NodeKind::Store, 0),
        DemoNodeKind::ThirdParty => (v1::NodeKind::ThirdParty, 0),
        DemoNodeKind::Supplier { lead_days, .. } => (v1::NodeKind::Supplier, lead_days.into()),
    };
    v1::Node {
        node_id: node.id.to_owned(),
        title: node.name.to_owned(),
        kind: kind.into(),
        postal_code: node.postal_code.to_owned(),
        country_code: UsPostalCodes::COUNTRY.to_owned(),
        time_zone: node.zone.to_owned(),
        working_days: weekdays(node.working_days),
        cut_off_minutes: Some(node.cut_off_minutes.into()),
        holidays: node.holidays.iter().map(|day| wire_day(*day)).collect(),
        capacity_units_per_day: Some(node.shipments_per_day * UNITS_PER_SHIPMENT),
        capacity_shipments_per_day: None,
        min_order_quantity: None,
        reliability_basis_points: None,
        pickup_days: None,
        release_minutes_before_cut_off: None,
        releases_at_once: false,
        paused_until: None,
        shipment_cost_minor: node.cost_per_shipment_cents.into(),
        unit_cost_minor: node.cost_per_unit_cents.into(),
        lead_time_days,
        enabled: Some(true),
        weekday_cut_offs: None,
        channels: Vec::new(),
        services: Vec::new(),
        offers_pickup: matches!(node.kind, DemoNodeKind::Store),
    }
}

fn weekdays(days: Weekdays) -> Vec<i32> {
    // 1970-01-05 was a Monday.
    let works =
        |at: &usize| days.contains(Day::from_epoch_days(4 + i32::try_from(*at).unwrap_or(0)));
    (0..WEEK.len()).filter(works).map(|at| WEEK[at].into()).collect()
}

/// A day for the wire.
pub(super) fn wire_day(day: Day) -> v1::Date {
    dates::to_wire(day.date().expect("the demo's days are of our time"))
}

/// An instant for the wire.
pub(super) fn wire_instant(at: Timestamp) -> prost_types::Timestamp {
    crate::client::words::wire_time(instant(at))
}

/// An instant as the clock of the command line has it.
pub(super) fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_begins_on_monday_on_both_sides() {
        assert_eq!(weekdays(Weekdays::MONDAY_TO_FRIDAY), [1, 2, 3, 4, 5]);
        assert_eq!(weekdays(Weekdays::EVERY_DAY), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn days_keep_their_date() {
        let day = Day::from_epoch_days(17_167);
        assert_eq!(wire_day(day), v1::Date { year: 2017, month: 1, day: 1 });
        assert_eq!(day.to_string(), "2017-01-01");
    }
}
