//! Orders by one `PlaceOrders` stream, several in a message.

use std::collections::VecDeque;
use std::time::Instant;

use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::{PlaceOrderRequest, PlaceOrdersRequest, PlaceOrdersResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use super::answers::Answers;
use super::drive::{Pipe, Sending};
use super::error::LoadError;
use super::wire_answer::count_result;
use crate::wire::request;

/// When an order was due, and its units.
type Owed = (Instant, u32);

/// The stream of one caller.
pub struct Stream {
    messages: mpsc::Sender<PlaceOrdersRequest>,
    responses: Streaming<PlaceOrdersResponse>,
    /// The message that is being filled.
    kept: Vec<PlaceOrderRequest>,
    /// Orders that were sent or are kept, the oldest first.
    owed: VecDeque<Owed>,
    batch: usize,
    in_flight_max: usize,
}

impl Stream {
    /// Opens the stream: `batch` orders in a message, at most `in_flight_max`.
    pub async fn open(
        channel: Channel,
        batch: usize,
        in_flight_max: usize,
    ) -> Result<Self, LoadError> {
        // A message has at least one order.
        let (messages, receiver) = mpsc::channel(in_flight_max);
        let mut client = OrderServiceClient::new(channel);
        let responses = client.place_orders(ReceiverStream::new(receiver)).await?.into_inner();
        let owed = VecDeque::with_capacity(in_flight_max);
        let kept = Vec::with_capacity(batch);
        Ok(Self { messages, responses, kept, owed, batch, in_flight_max })
    }
}

impl Pipe for Stream {
    fn has_room(&self) -> bool {
        self.owed.len() < self.in_flight_max
    }

    fn is_idle(&self) -> bool {
        self.owed.is_empty()
    }

    async fn send(&mut self, sending: Sending, _: &mut Answers) -> Result<(), LoadError> {
        self.kept.push(request(&sending.offer.command));
        self.owed.push_back((sending.due, sending.offer.units));
        if self.kept.len() == self.batch { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), LoadError> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let orders = std::mem::replace(&mut self.kept, Vec::with_capacity(self.batch));
        let sent = self.messages.send(PlaceOrdersRequest { orders }).await;
        sent.map_err(|_| LoadError::StreamEnded)
    }

    async fn answer(&mut self, answers: &mut Answers) -> Result<(), LoadError> {
        let response = self.responses.message().await?.ok_or(LoadError::StreamEnded)?;
        let now = Instant::now();
        for result in response.results {
            let (due, units) = self.owed.pop_front().ok_or(LoadError::StreamEnded)?;
            answers.answered(due, now);
            count_result(answers, units, result)?;
        }
        Ok(())
    }
}
