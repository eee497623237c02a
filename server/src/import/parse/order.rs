//! Orders, which are as many records as they have lines.

use backstock_proto::v1;
use jiff::Timestamp;

use super::{Content, Parsed, Row, WHOLE_NUMBER, day};
use crate::client::words;
use crate::import::record::{Bad, Columns, Record};

/// An order whose lines are still coming in.
#[derive(Debug)]
pub(super) struct OrderInHand {
    first: Record,
    order: v1::PlaceOrderRequest,
    bad: Vec<Bad>,
}

impl OrderInHand {
    /// Begins with the record that has the first line.
    pub(super) fn begin(record: &Record) -> Self {
        let mut bad = Vec::new();
        let order = header(record).unwrap_or_else(|found| {
            bad = found;
            v1::PlaceOrderRequest::default()
        });
        let mut begun = Self { first: record.clone(), order, bad };
        begun.add_line(record);
        begun
    }

    /// Adds a record that has another line.
    pub(super) fn add(&mut self, record: &Record) {
        for field in record.fields.iter().filter(|field| !is_of_line(&field.name)) {
            let first = self.first.text(&field.name).unwrap_or_default();
            if first != field.value {
                let line = self.first.line;
                let reason = format!("{:?} is not the {first:?} of line {line}", field.value);
                let column = field.label.clone();
                self.bad.push(Bad { line: record.line, column, reason });
            }
        }
        self.add_line(record);
    }

    fn add_line(&mut self, record: &Record) {
        match line(record) {
            Ok(line) => self.order.lines.push(line),
            Err(found) => self.bad.extend(found),
        }
    }

    /// The order, if all its records are good: half an order is another order.
    pub(super) fn finish(self) -> Parsed {
        if self.bad.is_empty() {
            Parsed::Row(Row { line: self.first.line, content: Content::Order(self.order) })
        } else {
            Parsed::Bad(self.bad)
        }
    }
}

fn is_of_line(name: &str) -> bool {
    matches!(name, "sku" | "quantity")
}

fn header(record: &Record) -> Result<v1::PlaceOrderRequest, Vec<Bad>> {
    let mut columns = Columns::new(record);
    let placed: Option<Timestamp> =
        columns.optional("placed_time", "an instant, as 2026-11-21T10:03:05Z");
    let shortage =
        columns.parsed("shortage_policy", "reject, backorder or partial", shortage_policy);
    let split = columns.parsed("split_policy", "whole_line or units", split_policy);
    let order = v1::PlaceOrderRequest {
        order_id: columns.required("order_id"),
        customer_id: columns.text("customer_id"),
        channel: columns.text("channel"),
        placed_time: placed.map(words::wire_time),
        destination_postal_code: columns.required("destination_postal_code"),
        destination_country_code: columns.text("destination_country_code"),
        service: columns.text("service"),
        wanted_by: day(&mut columns, "wanted_by"),
        shortage_policy: shortage.unwrap_or_default().into(),
        split_policy: split.unwrap_or_default().into(),
        lines: Vec::new(),
        validate_only: false,
    };
    columns.finish(order)
}

fn line(record: &Record) -> Result<v1::PlaceOrderLine, Vec<Bad>> {
    let mut columns = Columns::new(record);
    columns.required("quantity");
    let line = v1::PlaceOrderLine {
        sku: columns.required("sku"),
        quantity: columns.optional("quantity", WHOLE_NUMBER).unwrap_or_default(),
    };
    columns.finish(line)
}

fn shortage_policy(text: &str) -> Option<v1::ShortagePolicy> {
    let name = format!("SHORTAGE_POLICY_{}", text.to_ascii_uppercase());
    v1::ShortagePolicy::from_str_name(&name)
        .filter(|policy| *policy != v1::ShortagePolicy::Unspecified)
}

fn split_policy(text: &str) -> Option<v1::SplitPolicy> {
    let name = format!("SPLIT_POLICY_{}", text.to_ascii_uppercase());
    v1::SplitPolicy::from_str_name(&name).filter(|policy| *policy != v1::SplitPolicy::Unspecified)
}
