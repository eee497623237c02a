//! From records to what is sent.

use backstock_proto::v1;

use super::columns::Kind;
use super::record::{Bad, Columns, Record};
use crate::client::words;

mod node;
mod order;

use node::node;
use order::OrderInHand;

const WHOLE_NUMBER: &str = "a whole number";

/// What one or more records came to.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most records are rows, and each is moved once")]
pub(super) enum Parsed {
    /// Nothing yet: more records of the same order may follow.
    Wait,
    /// Something to send.
    Row(Row),
    /// All that is wrong.
    Bad(Vec<Bad>),
}

impl From<Bad> for Parsed {
    fn from(bad: Bad) -> Self {
        Self::Bad(vec![bad])
    }
}

/// Something to send, and the line of the file that it begins on.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) content: Content,
}

/// What is sent.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    Item(v1::Item),
    Node(v1::Node),
    Stock(v1::StockRow),
    Order(v1::PlaceOrderRequest),
}

/// Turns records of one kind into rows.
#[derive(Debug)]
pub(super) struct Rows {
    kind: Kind,
    order: Option<OrderInHand>,
}

impl Rows {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, order: None }
    }

    /// Takes the next record.
    #[expect(clippy::needless_pass_by_value, reason = "a record is taken once")]
    pub(super) fn push(&mut self, record: Record) -> Parsed {
        let content = match self.kind {
            Kind::Items => item(&record).map(Content::Item),
            Kind::Nodes => node(&record).map(Content::Node),
            Kind::Stock => stock(&record).map(Content::Stock),
            Kind::Inbound => inbound(&record).map(Content::Stock),
            Kind::Orders => return self.push_line(&record),
        };
        match content {
            Ok(content) => Parsed::Row(Row { line: record.line, content }),
            Err(bad) => Parsed::Bad(bad),
        }
    }

    fn push_line(&mut self, record: &Record) -> Parsed {
        if record.continues
            && let Some(order) = &mut self.order
        {
            order.add(record);
            return Parsed::Wait;
        }
        let before = self.order.replace(OrderInHand::begin(record));
        before.map_or(Parsed::Wait, OrderInHand::finish)
    }

    /// No more records come.
    pub(super) fn finish(&mut self) -> Parsed {
        self.order.take().map_or(Parsed::Wait, OrderInHand::finish)
    }
}

fn item(record: &Record) -> Result<v1::Item, Vec<Bad>> {
    let mut columns = Columns::new(record);
    let item = v1::Item { sku: columns.required("sku"), title: columns.text("title") };
    columns.finish(item)
}

fn stock(record: &Record) -> Result<v1::StockRow, Vec<Bad>> {
    let mut columns = Columns::new(record);
    let vendor_feed = columns.parsed("vendor_feed", "a whole number or unlimited", feed);
    let level = v1::StockLevel {
        on_hand: columns.optional("on_hand", WHOLE_NUMBER),
        unavailable: columns.optional("unavailable", WHOLE_NUMBER),
        safety: columns.optional("safety", WHOLE_NUMBER),
        vendor_feed,
    };
    if ["on_hand", "unavailable", "safety", "vendor_feed"].iter().all(|n| record.text(n).is_none())
    {
        columns.wrong("on_hand", "is empty, and so are all other levels".to_owned());
    }
    row(columns, v1::stock_row::Change::Level(level))
}

fn inbound(record: &Record) -> Result<v1::StockRow, Vec<Bad>> {
    let mut columns = Columns::new(record);
    columns.required("quantity");
    columns.required("eta");
    let announced = v1::InboundAnnouncement {
        inbound_id: columns.required("inbound_id"),
        quantity: columns.optional("quantity", WHOLE_NUMBER).unwrap_or_default(),
        eta: day(&mut columns, "eta"),
    };
    row(columns, v1::stock_row::Change::Inbound(announced))
}

fn row(mut columns: Columns<'_>, change: v1::stock_row::Change) -> Result<v1::StockRow, Vec<Bad>> {
    let row = v1::StockRow {
        sku: columns.required("sku"),
        node_id: columns.required("node_id"),
        change: Some(change),
    };
    columns.finish(row)
}

fn feed(text: &str) -> Option<v1::VendorFeed> {
    use v1::vendor_feed::Amount;
    let amount = match text {
        "unlimited" => Amount::Unlimited(true),
        units => Amount::Quantity(units.parse().ok()?),
    };
    Some(v1::VendorFeed { amount: Some(amount) })
}

fn day(columns: &mut Columns<'_>, name: &str) -> Option<v1::Date> {
    let date = columns.optional(name, "a day, as 2026-12-24");
    date.map(words::wire_date)
}

#[cfg(test)]
mod tests;
