//! Places the real orders over one stream, and measures how long each takes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use backstock_proto::v1;
use hdrhistogram::Histogram;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::data::SuperstoreOrder;
use super::error::DemoError;
use super::policy::{promise_days, service_name};
use super::setup::{wire_day, wire_instant};
use crate::client::{Client, ClientError, Refused};

/// Orders of the stream that are not answered yet; the busiest day has 19 and
/// the burst before the kill has [`super::recovery::BURST_ORDERS`].
pub(super) const IN_FLIGHT_MAX: usize = 64;

/// The longest latency that is told apart, in microseconds: a minute.
const LATENCY_US_MAX: u64 = 60_000_000;

/// An order as the shop places it.
///
/// It goes to where the reference table locates its postal code, and names each
/// line as the customer did.
pub(super) fn request(order: &SuperstoreOrder) -> v1::PlaceOrderRequest {
    let line = |line: &super::data::SuperstoreLine| v1::PlaceOrderLine {
        sku: line.sku.clone(),
        quantity: line.quantity,
    };
    v1::PlaceOrderRequest {
        order_id: order.id.clone(),
        customer_id: order.customer.clone(),
        channel: "web".to_owned(),
        placed_time: Some(wire_instant(order.placed_at)),
        destination_postal_code: order.located_at.clone(),
        service: service_name(order.ship_mode).to_owned(),
        wanted_by: Some(wire_day(order.date.plus(promise_days(order.ship_mode)))),
        lines: order.lines.iter().map(line).collect(),
        ..v1::PlaceOrderRequest::default()
    }
}

/// How long orders took, over all streams.
#[derive(Debug)]
pub(super) struct Latency {
    micros: Histogram<u64>,
    /// Time in which at least one order was on its way.
    busy: Duration,
}

impl Latency {
    pub(super) fn new() -> Self {
        // Three digits hold every bound of the report.
        let micros = Histogram::new_with_max(LATENCY_US_MAX, 3).expect("the bounds are constant");
        Self { micros, busy: Duration::ZERO }
    }

    /// Microseconds that this part of the orders took at most; 0 to 1.
    pub(super) fn quantile_micros(&self, quantile: f64) -> u64 {
        self.micros.value_at_quantile(quantile)
    }

    /// Orders answered in each second in which some were on their way.
    pub(super) fn orders_per_second(&self) -> u64 {
        let orders = u128::from(self.micros.len());
        let rate = orders * 1_000_000 / self.busy.as_micros().max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.saturating_record(micros);
    }
}

/// An order that is on its way.
struct Sent {
    request: v1::PlaceOrderRequest,
    at: Instant,
}

/// One stream of orders. Answers come in the order sent, so that the demo has
/// the same outcome each time.
pub(super) struct OrderStream {
    requests: mpsc::Sender<v1::PlaceOrdersRequest>,
    responses: Streaming<v1::PlaceOrdersResponse>,
    in_flight: VecDeque<Sent>,
    busy_since: Instant,
}

impl OrderStream {
    pub(super) async fn open(client: &Client) -> Result<Self, DemoError> {
        let (requests, receiver) = mpsc::channel(IN_FLIGHT_MAX);
        let responses = client.orders().place_orders(ReceiverStream::new(receiver)).await?;
        Ok(Self {
            requests,
            responses: responses.into_inner(),
            in_flight: VecDeque::new(),
            busy_since: Instant::now(),
        })
    }

    /// Sends an order without waiting for its answer. The caller keeps at most
    /// [`IN_FLIGHT_MAX`] on their way.
    pub(super) async fn send(&mut self, request: v1::PlaceOrderRequest) {
        if self.in_flight.is_empty() {
            self.busy_since = Instant::now();
        }
        self.in_flight.push_back(Sent { request: request.clone(), at: Instant::now() });
        // If the stream has ended, reading the answer says why.
        let _ = self.requests.send(v1::PlaceOrdersRequest { orders: vec![request] }).await;
    }

    /// The answer to the oldest order that has none yet.
    pub(super) async fn answer(
        &mut self,
        latency: &mut Latency,
    ) -> Result<(v1::PlaceOrderRequest, v1::PlaceOrderResponse), DemoError> {
        use v1::place_orders_result::Result as Outcome;
        let ended = || ClientError::Lost("the stream of orders ended".to_owned());
        let answer = self.responses.message().await?.ok_or_else(ended)?;
        let Sent { request, at } = self.in_flight.pop_front().ok_or_else(ended)?;
        latency.record(at.elapsed());
        if self.in_flight.is_empty() {
            latency.busy += self.busy_since.elapsed();
        }
        let outcome = answer.results.into_iter().next().and_then(|result| result.result);
        let refused = |fault| DemoError::Refused {
            what: format!("order {}", request.order_id),
            why: Refused::from(fault).to_string(),
        };
        match outcome {
            Some(Outcome::Response(placed)) => Ok((request, placed)),
            Some(Outcome::Fault(fault)) => Err(refused(fault)),
            None => Err(refused(v1::Fault::default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throughput_counts_only_the_time_in_which_orders_were_on_their_way() {
        let mut latency = Latency::new();
        (0..10).for_each(|_| latency.record(Duration::from_millis(2)));
        latency.busy = Duration::from_millis(5);
        assert_eq!(latency.orders_per_second(), 2_000);
        assert!((2_000..2_010).contains(&latency.quantile_micros(0.5)));
    }
}
