//! Changes of orders: quoted, committed, and how long each takes.
//!
//! ```text
//!   an order is answered --> quoted --> committed, as quoted --> its first shipment leaves, or not
//!                 \--- quote ---/ \-- commit --/
//! ```

use std::sync::Arc;
use std::time::Instant;

use backstock_engine::command::{Change, CommitChange, Operation, QuoteChange, Wanted};
use backstock_engine::engine::Engine;
use backstock_engine::model::{HoldId, Meta, OrderId, RequestId, Sku};
use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation as Asked;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde::Serialize;
use tonic::transport::Channel;

use super::error::LoadError;
use super::facts::LatencyUs;
use super::recorder::histogram;
use crate::workload::names::sku;
use crate::workload::network::meta;

/// A stride through the SKUs that meets all of them before one twice, where their number has other
/// factors.
const STRIDE: u64 = 7_919;

/// A change that a customer asks for when his order is answered.
#[derive(Debug)]
pub struct Wish {
    /// The order.
    pub order: OrderId,
    /// Units of its first line.
    pub quantity: u32,
    /// Which change of its caller: one more, one less, another item instead, one more item.
    pub nth: u64,
    /// Whether the order's first shipment leaves after it.
    pub leaves: bool,
    /// When it is asked for.
    pub due: Instant,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Granted {
    /// Units that the order has since.
    pub added: u64,
    /// Units that it gave up.
    pub given_up: u64,
    /// Units of its first shipment since.
    pub first_shipment: u64,
}

/// How long changes took, in microseconds.
#[derive(Debug)]
pub struct Delays {
    quote: Histogram<u64>,
    commit: Histogram<u64>,
}

/// Delays that callers add to.
pub type SharedDelays = Arc<Mutex<Delays>>;

impl Delays {
    /// None yet.
    pub fn new() -> SharedDelays {
        Arc::new(Mutex::new(Self { quote: histogram(3), commit: histogram(3) }))
    }

    /// What was so far does not count.
    pub fn reset(&mut self) {
        self.quote.reset();
        self.commit.reset();
    }

    fn record(&mut self, due: Instant, quoted: Instant) {
        let micros =
            |from: Instant, to: Instant| u64::try_from((to - from).as_micros()).unwrap_or(u64::MAX);
        self.quote.saturating_record(micros(due, quoted));
        self.commit.saturating_record(micros(quoted, Instant::now()));
    }
}

/// Changes in figures.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Changes {
    /// Changes committed in the time that was measured.
    pub committed: u64,
    /// From when a change was asked for to its quote.
    pub quote_us: LatencyUs,
    /// From the quote to the commit, which is sent at once.
    pub commit_us: LatencyUs,
    /// What the disk took meanwhile to keep 4 KiB.
    pub fdatasync_us: LatencyUs,
}

impl Changes {
    /// The figures of these delays.
    pub fn new(delays: &Delays, syncs: &Histogram<u64>) -> Self {
        Self {
            committed: delays.commit.len(),
            quote_us: LatencyUs::new(&delays.quote),
            commit_us: LatencyUs::new(&delays.commit),
            fdatasync_us: LatencyUs::new(syncs),
        }
    }

    /// The figures in one line.
    pub fn summary(&self) -> String {
        let part = |name: &str, LatencyUs { p50, p99, p999, .. }: LatencyUs| {
            format!("{name} p50 {p50} us, p99 {p99} us, p99.9 {p999} us")
        };
        format!(
            "{} changes: {}; {}; {}",
            self.committed,
            part("quoted", self.quote_us),
            part("committed", self.commit_us),
            part("fdatasync of 4 KiB", self.fdatasync_us)
        )
    }
}

impl Wish {
    /// What is asked, with the units that it adds and gives up.
    fn operation(&self, skus: u32) -> (Operation, u64, u64) {
        let units = u64::from(self.quantity);
        let set = |quantity| Operation::SetQuantity { line: 0, quantity };
        match self.nth % 4 {
            0 => (set(self.quantity + 1), 1, 0),
            1 if units > 1 => (set(self.quantity - 1), 0, 1),
            2 => {
                let instead = self.wanted(skus, self.quantity);
                (Operation::Swap { line: 0, instead }, units, units)
            }
            _ => (Operation::Add(self.wanted(skus, 1)), 1, 0),
        }
    }

    fn wanted(&self, skus: u32, quantity: u32) -> Wanted {
        let no = self.nth.wrapping_mul(STRIDE) % u64::from(skus);
        let sku: Sku = sku(u32::try_from(no).expect("below the number of SKUs"));
        Wanted { sku, quantity, amount: None, price: None }
    }

    /// Has it carried out by calls of the engine.
    pub async fn by_engine(
        &self,
        engine: &Engine,
        (skus, delays): (u32, &SharedDelays),
    ) -> Result<Granted, LoadError> {
        let (operation, added, given_up) = self.operation(skus);
        let change = Change { operations: vec![operation], currency: None, apart: false };
        let quote = HoldId::new("quote", self.order.as_str()).expect("an order's id can be one");
        let request_id = RequestId::new("key", quote.as_str()).ok();
        let asked = QuoteChange { meta: meta(), order: self.order.clone(), quote, change };
        let answer = engine.quote_change(&asked).await?;
        let quoted = Instant::now();
        let why = answer.faults.first().map(|fault| fault.why.to_string());
        let quote = answer.quote.ok_or(LoadError::NoChange(why.unwrap_or_default()))?;
        engine.commit_change(CommitChange { meta: Meta { request_id, ..meta() }, quote }).await?;
        delays.lock().record(self.due, quoted);
        let order = engine.order(&self.order).await?.order;
        let first = order.allocations.iter().filter(|allocation| allocation.shipment == 0);
        let first_shipment = first.map(|allocation| u64::from(allocation.open())).sum();
        Ok(Granted { added, given_up, first_shipment })
    }

    /// The same by calls of a server.
    pub async fn by_server(
        &self,
        channel: Channel,
        (skus, delays): (u32, &SharedDelays),
    ) -> Result<Granted, LoadError> {
        let (operation, added, given_up) = self.operation(skus);
        let mut orders = OrderServiceClient::new(channel);
        let request = v1::QuoteChangeRequest {
            order_id: self.order.to_string(),
            operations: vec![v1::ChangeOperation { operation: Some(wire(operation)) }],
            ..v1::QuoteChangeRequest::default()
        };
        let quote = orders.quote_change(request).await?.into_inner();
        let quoted = Instant::now();
        if let Some(fault) = quote.faults.into_iter().next() {
            return Err(LoadError::NoChange(fault.fault.unwrap_or_default().message));
        }
        let (order_id, change_token) = (self.order.to_string(), quote.change_token);
        let request = v1::CommitChangeRequest { order_id, change_token };
        let answer = orders.commit_change(request).await?.into_inner();
        if answer.outcome() != v1::ChangeOutcome::Committed {
            return Err(LoadError::NoChange("it was quoted anew".into()));
        }
        delays.lock().record(self.due, quoted);
        let shipments = answer.order.unwrap_or_default().shipments;
        let first = shipments.iter().filter(|shipment| shipment.number == 1);
        let lines = first.flat_map(|shipment| &shipment.lines);
        let first_shipment = lines.map(|line| u64::from(line.quantity)).sum();
        Ok(Granted { added, given_up, first_shipment })
    }
}

/// What is asked as it goes over the wire.
fn wire(operation: Operation) -> Asked {
    let added = |Wanted { sku, quantity, amount, .. }: Wanted| v1::AddedLine {
        sku: sku.to_string(),
        quantity,
        amount_minor: amount,
        pricing: None,
    };
    match operation {
        Operation::SetQuantity { line, quantity } => {
            Asked::SetQuantity(v1::SetLineQuantity { line_index: line.into(), quantity })
        }
        Operation::Add(wanted) => Asked::AddLine(added(wanted)),
        Operation::Swap { line, instead } => {
            Asked::SwapLine(v1::SwapLine { line_index: line.into(), instead: Some(added(instead)) })
        }
        other => unreachable!("a wish is one of these, not {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_change_is_asked_for_and_counts_its_units() {
        let order = || OrderId::new("order", "O").unwrap();
        let wish = |nth, quantity| Wish {
            order: order(),
            quantity,
            nth,
            leaves: false,
            due: Instant::now(),
        };
        let units = |nth, quantity| {
            let (_, added, given_up) = wish(nth, quantity).operation(100);
            (added, given_up)
        };
        assert_eq!([0, 1, 2, 3].map(|nth| units(nth, 3)), [(1, 0), (0, 1), (3, 3), (1, 0)]);
        // The last unit of a line is not given up for nothing.
        assert_eq!(units(1, 1), (1, 0));
    }
}
