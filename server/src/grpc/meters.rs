//! Metrics of the services. Their handles are looked up once, so that recording
//! costs an atomic operation or two.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backstock_proto::v1::OrderOutcome;
use metrics::{Counter, Histogram, counter, histogram};
use prost::Message;
use tonic::Code;

use super::order_answer::Told;
use crate::observability::names;

/// gRPC codes run from 0 to 16.
const CODES: usize = 17;

/// The metrics of every method, by its path.
#[derive(Clone)]
pub(super) struct MethodMeters(Arc<HashMap<String, MethodMeter>>);

/// The metrics of one method.
pub(super) struct MethodMeter {
    answered: Vec<Counter>,
    seconds: Histogram,
}

impl MethodMeters {
    /// Meters for every method of `backstock.v1`.
    pub(super) fn new() -> Self {
        let methods = paths().into_iter().map(|path| {
            let meter = MethodMeter::new(&path);
            (path, meter)
        });
        Self(Arc::new(methods.collect()))
    }

    /// Notes an answer; paths of other packages are not counted.
    pub(super) fn answered(&self, path: &str, code: Code, took: Duration) {
        if let Some(meter) = self.0.get(path) {
            meter.answered(code, took);
        }
    }
}

impl MethodMeter {
    fn new(path: &str) -> Self {
        let method = path.trim_start_matches('/').to_owned();
        let by_code = |code: usize| {
            let code = Code::from_i32(i32::try_from(code).expect("a small number"));
            counter!(names::REQUESTS, "method" => method.clone(), "code" => format!("{code:?}"))
        };
        Self {
            answered: (0..CODES).map(by_code).collect(),
            seconds: histogram!(names::REQUEST_SECONDS, "method" => method.clone()),
        }
    }

    fn answered(&self, code: Code, took: Duration) {
        let at = usize::try_from(i32::from(code)).unwrap_or(0);
        if let Some(counter) = self.answered.get(at) {
            counter.increment(1);
        }
        self.seconds.record(took);
    }
}

/// Paths as requests have them: `/backstock.v1.OrderService/PlaceOrder`.
fn paths() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(backstock_proto::FILE_DESCRIPTOR_SET)
        .expect("the descriptors in the binary decode");
    let mut paths = Vec::new();
    for file in set.file.iter().filter(|file| file.package() == "backstock.v1") {
        for service in &file.service {
            let methods = service.method.iter();
            paths.extend(methods.map(|m| format!("/backstock.v1.{}/{}", service.name(), m.name())));
        }
    }
    paths
}

/// The metrics of orders.
pub(super) struct OrderMeters {
    allocated: Counter,
    partially_allocated: Counter,
    backordered: Counter,
    rejected: Counter,
    units_promised: Counter,
}

impl Default for OrderMeters {
    fn default() -> Self {
        let by = |outcome: &'static str| counter!(names::ORDERS, "outcome" => outcome);
        Self {
            allocated: by("allocated"),
            partially_allocated: by("partially_allocated"),
            backordered: by("backordered"),
            rejected: by("rejected"),
            units_promised: counter!(names::UNITS_PROMISED),
        }
    }
}

impl OrderMeters {
    /// Notes orders that were answered.
    pub(super) fn placed(&self, tally: OrderTally) {
        let OrderTally { allocated, partially_allocated, backordered, rejected, .. } = tally;
        let counts = [
            (&self.allocated, allocated),
            (&self.partially_allocated, partially_allocated),
            (&self.backordered, backordered),
            (&self.rejected, rejected),
            (&self.units_promised, tally.units_promised),
        ];
        for (counter, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            counter.increment(count);
        }
    }
}

/// Orders answered by one reply, and the units of them that have a supply. Streams
/// share the counters, so that each order costs them more than counting here.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct OrderTally {
    allocated: u64,
    partially_allocated: u64,
    backordered: u64,
    rejected: u64,
    units_promised: u64,
}

impl OrderTally {
    /// Counts an order.
    pub(super) const fn add(&mut self, told: Told) {
        let count = match told.outcome {
            OrderOutcome::Unspecified => return,
            OrderOutcome::Allocated => &mut self.allocated,
            OrderOutcome::PartiallyAllocated => &mut self.partially_allocated,
            OrderOutcome::Backordered => &mut self.backordered,
            OrderOutcome::Rejected => &mut self.rejected,
        };
        *count += 1;
        self.units_promised += told.units_promised;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_path() {
        let paths = paths();
        assert!(paths.contains(&"/backstock.v1.OrderService/PlaceOrders".to_owned()), "{paths:?}");
        assert!(paths.len() > 30, "{paths:?}");
    }
}
