//! Metrics of the services. Their handles are looked up once, so that recording
//! costs an atomic operation or two.
//!
//! A single request is counted when it is answered, a stream when it ends: its first
//! answer does not say how. What is in a stream is counted by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backstock_proto::v1::OrderOutcome;
use metrics::{Counter, Histogram, counter, histogram};
use prost::Message;
use tonic::Code;

use crate::observability::names;

/// gRPC codes run from 0 to 16.
const CODES: usize = 17;

/// The metrics of every method, by its path.
#[derive(Clone)]
pub(in crate::grpc) struct MethodMeters(Arc<HashMap<String, MethodMeter>>);

/// The metrics of one method.
pub(in crate::grpc) struct MethodMeter {
    answered: ByCode,
    seconds: Histogram,
    is_stream: bool,
}

/// One counter for each code.
struct ByCode(Vec<Counter>);

impl ByCode {
    fn new(name: &'static str, method: &str) -> Self {
        let by_code = |code: usize| {
            let code = Code::from_i32(i32::try_from(code).expect("a small number"));
            counter!(name, "method" => method.to_owned(), "code" => format!("{code:?}"))
        };
        Self((0..CODES).map(by_code).collect())
    }

    fn count(&self, code: Code, times: u64) {
        self.0[place(code)].increment(times);
    }
}

/// The place of a code among all.
fn place(code: Code) -> usize {
    usize::try_from(i32::from(code)).expect("codes run from 0 to 16")
}

impl MethodMeters {
    /// Meters for every method of `backstock.v1`.
    pub(in crate::grpc) fn new() -> Self {
        let methods = methods().into_iter().map(|(path, is_stream)| {
            let meter = MethodMeter::new(&path, is_stream);
            (path, meter)
        });
        Self(Arc::new(methods.collect()))
    }

    /// Notes an answer; paths of other packages are not counted.
    pub(in crate::grpc) fn answered(&self, path: &str, code: Code, took: Duration) {
        if let Some(meter) = self.0.get(path) {
            meter.answered(code, took);
        }
    }
}

impl MethodMeter {
    fn new(path: &str, is_stream: bool) -> Self {
        let method = path.trim_start_matches('/').to_owned();
        Self {
            answered: ByCode::new(names::REQUESTS, &method),
            seconds: histogram!(names::REQUEST_SECONDS, "method" => method),
            is_stream,
        }
    }

    fn answered(&self, code: Code, took: Duration) {
        // A stream that begins well is counted when it ends.
        if !self.is_stream || code != Code::Ok {
            self.answered.count(code, 1);
        }
        self.seconds.record(took);
    }
}

/// The metrics of a method that answers with a stream.
pub struct StreamMeter {
    ended: ByCode,
    results: ByCode,
}

impl StreamMeter {
    /// Of a method, as `backstock.v1.OrderService/PlaceOrders`.
    pub(in crate::grpc) fn new(method: &str) -> Self {
        let ended = ByCode::new(names::REQUESTS, method);
        Self { ended, results: ByCode::new(names::STREAM_RESULTS, method) }
    }

    /// Notes how a stream ended.
    pub(in crate::grpc) fn ended(&self, code: Code) {
        self.ended.count(code, 1);
    }

    /// Notes what became of what was in a request of a stream.
    pub(in crate::grpc) fn answered(&self, results: &Results) {
        for (at, times) in results.0.iter().enumerate().filter(|(_, times)| **times > 0) {
            self.results.0[at].increment(*times);
        }
    }
}

/// The meters of all streams.
pub(in crate::grpc) struct StreamMeters {
    pub(in crate::grpc) place_orders: Arc<StreamMeter>,
    pub(in crate::grpc) load_stock: Arc<StreamMeter>,
    pub(in crate::grpc) export_snapshot: Arc<StreamMeter>,
    pub(in crate::grpc) watch_availability: Arc<StreamMeter>,
    pub(in crate::grpc) read: Arc<StreamMeter>,
}

impl Default for StreamMeters {
    fn default() -> Self {
        let of = |method| Arc::new(StreamMeter::new(method));
        Self {
            place_orders: of("backstock.v1.OrderService/PlaceOrders"),
            load_stock: of("backstock.v1.InventoryService/LoadStock"),
            export_snapshot: of("backstock.v1.AdminService/ExportSnapshot"),
            watch_availability: of("backstock.v1.InventoryService/WatchAvailability"),
            read: of("backstock.v1.FeedService/Read"),
        }
    }
}

/// What became of the orders or rows of one request, by code.
#[derive(Debug, Default)]
pub(in crate::grpc) struct Results([u64; CODES]);

impl Results {
    /// Counts one.
    pub(in crate::grpc) fn add(&mut self, code: Code) {
        self.0[place(code)] += 1;
    }
}

/// Paths as requests have them, `/backstock.v1.OrderService/PlaceOrder`, and whether the
/// answer is a stream.
fn methods() -> Vec<(String, bool)> {
    let set = prost_types::FileDescriptorSet::decode(backstock_proto::FILE_DESCRIPTOR_SET)
        .expect("the descriptors in the binary decode");
    let mut found = Vec::new();
    for file in set.file.iter().filter(|file| file.package() == "backstock.v1") {
        for service in &file.service {
            found.extend(service.method.iter().map(|method| {
                let path = format!("/backstock.v1.{}/{}", service.name(), method.name());
                (path, method.server_streaming())
            }));
        }
    }
    found
}

/// The outcome that the answer to an order tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::grpc) struct Told {
    /// What became of the order.
    pub(in crate::grpc) outcome: OrderOutcome,
    /// Its units that have a supply.
    pub(in crate::grpc) units_promised: u64,
}

/// The metrics of orders.
pub(in crate::grpc) struct OrderMeters {
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
    pub(in crate::grpc) fn placed(&self, tally: OrderTally) {
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
pub(in crate::grpc) struct OrderTally {
    allocated: u64,
    partially_allocated: u64,
    backordered: u64,
    rejected: u64,
    units_promised: u64,
}

impl OrderTally {
    /// Counts an order.
    pub(in crate::grpc) const fn add(&mut self, told: Told) {
        let count = match told.outcome {
            OrderOutcome::Unspecified | OrderOutcome::Cancelled => return,
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
        let methods = methods();
        let place_orders = ("/backstock.v1.OrderService/PlaceOrders".to_owned(), true);
        assert!(methods.contains(&place_orders), "{methods:?}");
        assert!(methods.len() > 30, "{methods:?}");
    }

    /// A stream without a meter would never be counted.
    #[test]
    fn every_stream_has_a_meter() {
        let streams = methods().into_iter().filter(|(_, is_stream)| *is_stream);
        let mut streams: Vec<_> = streams.map(|(path, _)| path).collect();
        streams.sort_unstable();
        assert_eq!(
            streams,
            [
                "/backstock.v1.AdminService/ExportSnapshot",
                "/backstock.v1.FeedService/Read",
                "/backstock.v1.InventoryService/LoadStock",
                "/backstock.v1.InventoryService/WatchAvailability",
                "/backstock.v1.OrderService/PlaceOrders",
            ]
        );
    }

    #[test]
    fn a_stream_is_counted_once_by_how_it_ended_and_its_results_by_their_codes() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let (method, stream) =
                ("backstock.v1.OrderService/PlaceOrders", StreamMeters::default());
            MethodMeters::new().answered(&format!("/{method}"), Code::Ok, Duration::ZERO);
            let mut results = Results::default();
            for code in [Code::Ok, Code::Unavailable, Code::Unavailable] {
                results.add(code);
            }
            stream.place_orders.answered(&results);
            stream.place_orders.ended(Code::Unavailable);
        });
        let text = recorder.handle().render();
        let sample = |name: &str, code: &str| {
            let labels =
                format!("method=\"backstock.v1.OrderService/PlaceOrders\",code=\"{code}\"");
            let line = format!("{name}{{{labels}}} ");
            let found = text.lines().find_map(|l| l.strip_prefix(&line));
            found.unwrap_or_else(|| panic!("no {line} in {text}")).to_owned()
        };
        assert_eq!(sample(names::REQUESTS, "Ok"), "0");
        assert_eq!(sample(names::REQUESTS, "Unavailable"), "1");
        assert_eq!(sample(names::STREAM_RESULTS, "Ok"), "1");
        assert_eq!(sample(names::STREAM_RESULTS, "Unavailable"), "2");
    }
}
