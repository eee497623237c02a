//! Orders, which are as many records as they have lines.

use backstock_engine::limits::ORDER_LINES_MAX;
use backstock_proto::v1;
use jiff::Timestamp;

use super::node::truth;
use super::{Content, Parsed, Row, WHOLE_NUMBER, day};
use crate::client::words;
use crate::import::record::{Bad, Columns, Part, Record, Unread};
use crate::import::scattered::{Runs, Scattered};

/// Puts the records of orders together: half an order is another order, so one is
/// whole or it is left out.
#[derive(Debug)]
pub(super) struct Orders {
    /// The first line that counts.
    from: u64,
    scattered: Scattered,
    runs: Runs,
    in_hand: Option<OrderInHand>,
    /// A line just before that may be of any order around it.
    doubtful: Option<u64>,
}

impl Orders {
    pub(super) fn new(from: u64, scattered: Scattered) -> Self {
        Self { from, scattered, runs: Runs::default(), in_hand: None, doubtful: None }
    }

    /// Takes the next record; gives the order before, if that ends here.
    pub(super) fn push(&mut self, record: &Record) -> Parsed {
        let id = record.text(ORDER_ID);
        let before = if self.runs.begins(id, record.part) {
            self.begin(id, record.line, record.part)
        } else {
            Parsed::Wait
        };
        if let Some(order) = &mut self.in_hand {
            order.add(record);
        }
        self.doubtful = None;
        before
    }

    /// Takes what could not be read: the order that it is of, or may be of, is not
    /// whole without it.
    pub(super) fn push_unread(&mut self, unread: Unread) -> Parsed {
        let Unread { bad, order } = unread;
        let Some((id, part)) = order else {
            return self.push_doubtful(bad);
        };
        let before = if self.runs.begins(Some(&id), part) {
            self.begin(Some(&id), bad.line, part)
        } else {
            Parsed::Wait
        };
        if let Some(order) = &mut self.in_hand
            && order.has_room(bad.line)
        {
            order.bad.push(bad);
        }
        self.doubtful = None;
        before
    }

    fn push_doubtful(&mut self, bad: Bad) -> Parsed {
        self.doubtful = Some(bad.line);
        if let Some(order) = self.in_hand.as_mut().filter(|order| order.part == Part::Row) {
            order.doubt(bad.line);
        }
        if bad.line < self.from { Parsed::Wait } else { Parsed::Bad(vec![bad]) }
    }

    /// No more records come.
    pub(super) fn finish(&mut self) -> Parsed {
        let last = self.in_hand.take();
        last.map_or(Parsed::Wait, |order| order.finish(self.from))
    }

    /// Ends the order in hand and begins another one.
    fn begin(&mut self, id: Option<&str>, line: u64, part: Part) -> Parsed {
        let mut begun = OrderInHand::begin(line, part);
        if let Some(line) = self.doubtful.filter(|_| part == Part::Row) {
            begun.doubt(line);
        }
        if let Some(id) = id.filter(|id| self.scattered.contains(id)) {
            let reason = format!("{id:?} stands elsewhere in the file too: {TOGETHER}");
            begun.bad.push(Bad { line, column: ORDER_ID.to_owned(), reason });
        }
        let before = self.in_hand.replace(begun);
        before.map_or(Parsed::Wait, |order| order.finish(self.from))
    }
}

const ORDER_ID: &str = "order_id";

/// What is asked of a file of orders.
const TOGETHER: &str = "an order is there once, its rows one after the other";

/// An order whose lines are still coming in.
#[derive(Debug)]
struct OrderInHand {
    /// The line that it begins on.
    line: u64,
    /// The line that its last record begins on.
    last: u64,
    /// What its first record was.
    part: Part,
    /// The first record that could be read.
    first: Option<Record>,
    order: Option<v1::PlaceOrderRequest>,
    /// Records so far.
    records: usize,
    /// A line that cannot be read may be of it.
    doubted: bool,
    bad: Vec<Bad>,
}

impl OrderInHand {
    fn begin(line: u64, part: Part) -> Self {
        let (first, order, bad) = (None, None, Vec::new());
        Self { line, last: line, part, first, order, records: 0, doubted: false, bad }
    }

    /// Counts a record; false if the order has so many that the server would refuse
    /// it, which is noted once.
    fn has_room(&mut self, line: u64) -> bool {
        self.records += 1;
        self.last = line;
        if self.records == ORDER_LINES_MAX + 1 {
            let reason = format!("has more lines than the {ORDER_LINES_MAX} of an order");
            self.bad.push(Bad { line, column: ORDER_ID.to_owned(), reason });
        }
        self.records <= ORDER_LINES_MAX
    }

    /// Adds a record that has a line.
    fn add(&mut self, record: &Record) {
        if !self.has_room(record.line) {
            return;
        }
        let mut order = match (self.order.take(), &self.first) {
            (None, _) => self.header(record),
            (Some(order), None) => order,
            (Some(order), Some(first)) => {
                self.bad.extend(contradictions(first, record));
                order
            }
        };
        self.first.get_or_insert_with(|| record.clone());
        match line(record) {
            Ok(line) => order.lines.push(line),
            Err(found) => self.bad.extend(found),
        }
        self.order = Some(order);
    }

    fn header(&mut self, record: &Record) -> v1::PlaceOrderRequest {
        header(record).unwrap_or_else(|found| {
            self.bad.extend(found);
            v1::PlaceOrderRequest::default()
        })
    }

    /// Notes that a line may be of this order and cannot be read.
    fn doubt(&mut self, line: u64) {
        if std::mem::replace(&mut self.doubted, true) {
            return;
        }
        let reason = format!("is left out: line {line} cannot be read, and may be of this order");
        self.bad.push(Bad { line: self.line, column: ORDER_ID.to_owned(), reason });
    }

    /// The order, if all its records are good. One that ends before the line `from` is
    /// passed over; one that goes on behind it would be cut.
    fn finish(self, from: u64) -> Parsed {
        if self.last < from {
            return Parsed::Wait;
        }
        if self.line < from {
            let reason = format!("is left out: it begins before line {from} and goes on behind it");
            return Parsed::Bad(vec![Bad { line: self.line, column: ORDER_ID.to_owned(), reason }]);
        }
        match self.order {
            Some(order) if self.bad.is_empty() => Parsed::Row(Row {
                line: self.line,
                last: self.last,
                content: Content::Order(Box::new(order)),
            }),
            _ => Parsed::Bad(self.bad),
        }
    }
}

/// What the further record of an order says otherwise than the first.
fn contradictions(first: &Record, record: &Record) -> Vec<Bad> {
    let of_order = record.fields.iter().filter(|field| !is_of_line(&field.name));
    let other = of_order.filter_map(|field| {
        let said = first.text(&field.name).unwrap_or_default();
        let reason = format!("{:?} is not the {said:?} of line {}", field.value, first.line);
        let bad = Bad { line: record.line, column: field.label.clone(), reason };
        (said != field.value).then_some(bad)
    });
    other.collect()
}

/// Whether a column is of a line, and not of the whole order.
pub(in crate::import) fn is_of_line(name: &str) -> bool {
    matches!(name, "sku" | "quantity")
}

fn header(record: &Record) -> Result<v1::PlaceOrderRequest, Vec<Bad>> {
    let mut columns = Columns::new(record);
    let placed: Option<Timestamp> =
        columns.optional("placed_time", "an instant, as 2026-11-21T10:03:05Z");
    let shortage =
        columns.parsed("shortage_policy", "reject, backorder or partial", shortage_policy);
    let split = columns.parsed("split_policy", "whole_line or units", split_policy);
    let priority =
        columns.parsed("priority", "win, gain, redistribute, fill or lose", priority_class);
    let pickup = pickup(&mut columns);
    let order = v1::PlaceOrderRequest {
        order_id: columns.required("order_id"),
        customer_id: columns.text("customer_id"),
        channel: columns.text("channel"),
        placed_time: placed.map(words::wire_time),
        destination_postal_code: match pickup {
            Some(_) => columns.text("destination_postal_code"),
            None => columns.required("destination_postal_code"),
        },
        destination_country_code: columns.text("destination_country_code"),
        service: columns.text("service"),
        wanted_by: day(&mut columns, "wanted_by"),
        shortage_policy: shortage.unwrap_or_default().into(),
        split_policy: split.unwrap_or_default().into(),
        lines: Vec::new(),
        validate_only: false,
        priority: priority.unwrap_or_default().into(),
        tier: columns.optional("tier", WHOLE_NUMBER),
        pickup,
        pricing: None,
        server_pricing: None,
    };
    columns.finish(order)
}

/// Where an order is collected that names a node for it.
fn pickup(columns: &mut Columns<'_>) -> Option<v1::Pickup> {
    let only_there = columns.parsed("pickup_only_stock_there", "true or false", truth);
    let node_id = columns.text("pickup_node_id");
    let only_stock_there = only_there.unwrap_or_default();
    if only_stock_there && node_id.is_empty() {
        columns.wrong("pickup_only_stock_there", "says it of no pickup_node_id".into());
    }
    (!node_id.is_empty()).then_some(v1::Pickup { node_id, only_stock_there })
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

fn priority_class(text: &str) -> Option<v1::PriorityClass> {
    let name = format!("PRIORITY_CLASS_{}", text.to_ascii_uppercase());
    v1::PriorityClass::from_str_name(&name).filter(|class| *class != v1::PriorityClass::Unspecified)
}

fn split_policy(text: &str) -> Option<v1::SplitPolicy> {
    let name = format!("SPLIT_POLICY_{}", text.to_ascii_uppercase());
    v1::SplitPolicy::from_str_name(&name).filter(|policy| *policy != v1::SplitPolicy::Unspecified)
}
