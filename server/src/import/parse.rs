//! From records to what is sent.

use backstock_proto::v1;
use prost_types::FieldMask;

use super::columns::Kind;
use super::record::{Bad, Columns, Record, Unread, line};
use super::scattered::Scattered;
use crate::client::words;
use crate::dates;

mod node;
mod order;
mod terms;
mod working_days;

use node::node;
use order::Orders;
pub(super) use order::is_of_line;
use terms::terms;

const WHOLE_NUMBER: &str = "a whole number";
const COMPONENTS: &str = "components, as SCARF:1 GLOVE:2";

/// What one or more records were read as.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    /// Nothing yet: more records of the same order may follow.
    Wait,
    /// Something to send.
    Row(Row),
    /// All that is wrong.
    Bad(Vec<Bad>),
}

/// Something to send.
#[derive(Debug, PartialEq)]
pub(super) struct Row<C = Content> {
    /// The line of the file that it begins on.
    pub(super) line: u64,
    /// The line that its last record begins on.
    pub(super) last: u64,
    pub(super) content: C,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Item(v1::UpdateItemRequest),
    Node(Box<v1::UpdateNodeRequest>),
    Stock(v1::StockRow),
    Terms(v1::SetStockTermsRequest),
    Order(Box<v1::PlaceOrderRequest>),
}

/// Turns records of one kind into rows.
#[derive(Debug)]
pub(super) struct Rows {
    kind: Kind,
    /// The first line that counts.
    from: u64,
    orders: Orders,
}

impl Rows {
    /// What begins before the line `from` is passed over. `scattered` are the orders whose
    /// rows do not stand together.
    pub(super) fn new(kind: Kind, from: u64, scattered: Scattered) -> Self {
        Self { kind, from, orders: Orders::new(from, scattered) }
    }

    /// Takes what comes next in the file.
    pub(super) fn push(&mut self, record: Result<Record, Unread>) -> Parsed {
        match record {
            Ok(record) if self.kind == Kind::Orders => self.orders.push(&record),
            Err(unread) if self.kind == Kind::Orders => self.orders.push_unread(unread),
            record if line(&record) < self.from => Parsed::Wait,
            Ok(record) => self.push_record(&record),
            Err(unread) => Parsed::Bad(vec![unread.bad]),
        }
    }

    fn push_record(&self, record: &Record) -> Parsed {
        let content = match self.kind {
            Kind::Items => item(record).map(Content::Item),
            Kind::Nodes => node(record).map(Box::new).map(Content::Node),
            Kind::Stock => stock(record).map(Content::Stock),
            Kind::Inbound => inbound(record).map(Content::Stock),
            Kind::Terms => terms(record).map(Content::Terms),
            Kind::Orders => unreachable!("these are put together of several records"),
        };
        match content {
            Ok(content) => Parsed::Row(Row { line: record.line, last: record.line, content }),
            Err(bad) => Parsed::Bad(bad),
        }
    }

    /// No more records come.
    pub(super) fn finish(&mut self) -> Parsed {
        self.orders.finish()
    }
}

/// An item that is new, or what a row says of one that is there: what it leaves out stays.
fn item(record: &Record) -> Result<v1::UpdateItemRequest, Vec<Bad>> {
    let mut columns = Columns::new(record);
    let off_sale = columns.parsed("off_sale", "true or false", node::truth);
    let waiting =
        columns.parsed("waiting_units_max", "a whole number or none", node::number_or_none);
    let (sku, title) = (columns.required("sku"), columns.text("title"));
    let components = columns.parsed("components", COMPONENTS, components).unwrap_or_default();
    let opens = columns.parsed("opens_time", INSTANT_OR_NONE, instant_or_none);
    let item = v1::Item {
        sku,
        title,
        off_sale,
        waiting_units_max: waiting.flatten(),
        components,
        opens_time: opens.flatten(),
    };
    let mut said = Vec::new();
    said.extend((!item.title.is_empty()).then_some("title"));
    said.extend(off_sale.map(|_| "off_sale"));
    said.extend(waiting.map(|_| "waiting_units_max"));
    said.extend(opens.map(|_| "opens_time"));
    said.extend((!item.components.is_empty()).then_some("components"));
    if said.is_empty() {
        said.push("sku");
    }
    let paths = said.into_iter().map(str::to_owned).collect();
    columns.finish(v1::UpdateItemRequest {
        item: Some(item),
        update_mask: Some(FieldMask { paths }),
        allow_missing: true,
        validate_only: false,
        request_id: String::new(),
    })
}

const INSTANT: &str = "an instant, as 2026-11-27T09:00:00Z";
const INSTANT_OR_NONE: &str = "an instant, as 2026-11-27T09:00:00Z, or none";

/// When a sale opens, or a pause ends, or that there is none.
#[expect(clippy::option_option, reason = "none: not understood; some none: no such instant")]
fn instant_or_none(text: &str) -> Option<Option<prost_types::Timestamp>> {
    if text.eq_ignore_ascii_case("none") {
        return Some(None);
    }
    Some(Some(instant(text)?))
}

fn instant(text: &str) -> Option<prost_types::Timestamp> {
    Some(words::wire_time(text.parse().ok()?))
}

/// What a bundle is made of: `SCARF:1 GLOVE:2`.
fn components(text: &str) -> Option<Vec<v1::Component>> {
    let component = |part: &str| {
        let (sku, quantity) = part.rsplit_once(':')?;
        Some(v1::Component { sku: sku.to_owned(), quantity: quantity.parse().ok()? })
    };
    text.split_ascii_whitespace().map(component).collect()
}

fn stock(record: &Record) -> Result<v1::StockRow, Vec<Bad>> {
    let mut columns = Columns::new(record);
    let amount = columns.parsed("vendor_feed", "a whole number or unlimited", feed);
    let as_of = columns.parsed("vendor_feed_as_of", INSTANT, instant);
    let vendor_feed = amount.map(|amount| v1::VendorFeed { amount: Some(amount), as_of });
    let level = v1::StockLevel {
        on_hand: columns.optional("on_hand", WHOLE_NUMBER),
        unavailable: columns.optional("unavailable", WHOLE_NUMBER),
        safety: columns.optional("safety", WHOLE_NUMBER),
        vendor_feed,
    };
    let says = |name: &str| record.text(name).is_some();
    if says("vendor_feed_as_of") && !says("vendor_feed") {
        columns.wrong("vendor_feed", "is empty, and vendor_feed_as_of is not".to_owned());
    } else if !["on_hand", "unavailable", "safety", "vendor_feed"].into_iter().any(says) {
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
        confidence_basis_points: columns.optional("confidence_basis_points", WHOLE_NUMBER),
        source: columns.parsed("source", "purchase_order or return", source).unwrap_or_default(),
    };
    row(columns, v1::stock_row::Change::Inbound(announced))
}

/// Where a supply comes from: a transfer is announced where it leaves.
fn source(text: &str) -> Option<i32> {
    let name = format!("SUPPLY_SOURCE_{}", text.to_ascii_uppercase());
    let source = v1::SupplySource::from_str_name(&name)?;
    let is_said = matches!(source, v1::SupplySource::PurchaseOrder | v1::SupplySource::Return);
    is_said.then_some(source.into())
}

fn row(mut columns: Columns<'_>, change: v1::stock_row::Change) -> Result<v1::StockRow, Vec<Bad>> {
    let row = v1::StockRow {
        sku: columns.required("sku"),
        node_id: columns.required("node_id"),
        change: Some(change),
    };
    columns.finish(row)
}

fn feed(text: &str) -> Option<v1::vendor_feed::Amount> {
    use v1::vendor_feed::Amount;
    Some(match text {
        unlimited if unlimited.eq_ignore_ascii_case("unlimited") => Amount::Unlimited(true),
        units => Amount::Quantity(units.parse().ok()?),
    })
}

fn day(columns: &mut Columns<'_>, name: &str) -> Option<v1::Date> {
    columns.parsed(name, "a day, as 2026-12-24", words::day).map(dates::to_wire)
}

/// The words of a cell that has several.
fn list(text: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    text.split(between).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
