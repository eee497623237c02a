//! `PlaceOrders`: many orders over one stream.
//!
//! ```text
//!   requests --> submit, one after the other --> queue --> acknowledge, in order --> replies
//!                planned, claimed, in the                  one watermark serves
//!                journal's batch                           hundreds of orders
//! ```
//! Quotes are made when they are answered: what nobody reads is not made beforehand.

use std::sync::Arc;

use backstock_engine::engine::{EngineError, Submitted};
use backstock_proto::{Encoded, v1};
use bytes::Bytes;
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::{Status, Streaming};

use super::limits::{
    ANSWER_BYTES, ORDERS_IN_FLIGHT_MAX, ORDERS_PER_REQUEST_MAX, OVERLOADED_TRIES_MAX,
};
use super::meters::OrderTally;
use super::order_text::{self, OrderText};
use super::orders::refused;
use super::streams::{self, Answering, Answers, Requests};
use super::{Api, wire};
use crate::shutdown::Phase;
use crate::status::{Violations, fault};

type Orders = Encoded<v1::PlaceOrdersRequest>;

/// The answer to one request.
pub(super) type Reply = Encoded<v1::PlaceOrdersResponse>;

/// Numbers of fields, as the .proto files have them.
const RESULTS: u8 = 1;
const RESULT_RESPONSE: u8 = 1;
const RESULT_FAULT: u8 = 2;

/// One order on its way.
enum Slot {
    /// What was asked for, and what became of it so far.
    Submitted(Bytes, Submitted),
    /// What is to be quoted.
    Quote(Bytes),
    /// The content of a [`v1::PlaceOrdersResult`].
    Answered(Vec<u8>),
}

/// The orders of one request on their way.
struct Batch {
    slots: Vec<Slot>,
    _room: Option<OwnedSemaphorePermit>,
}

/// What the first task hands to the second one.
enum Step {
    Answer(Batch),
    /// The last one: how the stream ends.
    End(Result<(), Status>),
}

/// Starts the two tasks of a stream.
pub(super) fn start(api: Api, requests: Streaming<Orders>) -> Answers<Reply> {
    // Room is counted in orders; a batch has at least one.
    let (steps, queue) = mpsc::channel(ORDERS_IN_FLIGHT_MAX);
    let (answering, answers) = streams::answers();
    tokio::spawn(submit_all(api.clone(), requests, steps));
    tokio::spawn(acknowledge_all(api, queue, answering));
    answers
}

/// Reads requests until the caller ends the stream or the server drains.
async fn submit_all(api: Api, requests: Streaming<Orders>, steps: mpsc::Sender<Step>) {
    let mut requests = Requests::new(&api, requests);
    let room = Arc::new(Semaphore::new(ORDERS_IN_FLIGHT_MAX));
    loop {
        let batch = match requests.next().await {
            Ok(None) => Ok(None),
            Ok(Some(orders)) => submit(&api, &orders.into_bytes(), &room).await.map(Some),
            Err(status) => Err(status),
        };
        let step = match batch {
            Ok(Some(batch)) => Step::Answer(batch),
            Ok(None) => Step::End(Ok(())),
            Err(status) => Step::End(Err(status)),
        };
        let ends = matches!(step, Step::End(_));
        if steps.send(step).await.is_err() || ends {
            return;
        }
    }
}

async fn submit(api: &Api, bytes: &Bytes, room: &Arc<Semaphore>) -> Result<Batch, Status> {
    let count = order_text::count(bytes);
    if count > ORDERS_PER_REQUEST_MAX {
        return Err(out_of_bounds(count));
    }
    if let Ok(orders) = order_text::orders(bytes) {
        return submit_in(api, bytes, orders, room).await;
    }
    let bytes = order_text::canonical::<v1::PlaceOrdersRequest>(bytes)?;
    let orders = order_text::orders(&bytes).expect("a canonical message is plain");
    submit_in(api, &bytes, orders, room).await
}

fn out_of_bounds(count: usize) -> Status {
    let mut found = Violations::default();
    found.add("orders", format!("{count} orders; 1 to {ORDERS_PER_REQUEST_MAX} in a request"));
    found.into_status()
}

/// Submits orders that lie in these bytes.
async fn submit_in(
    api: &Api,
    bytes: &Bytes,
    orders: Vec<OrderText<'_>>,
    room: &Arc<Semaphore>,
) -> Result<Batch, Status> {
    let count = orders.len();
    if !(1..=ORDERS_PER_REQUEST_MAX).contains(&count) {
        return Err(out_of_bounds(count));
    }
    let permits = u32::try_from(count).expect("at most ORDERS_PER_REQUEST_MAX");
    // An error would mean that the semaphore is closed, which nobody does.
    let room = Arc::clone(room).acquire_many_owned(permits).await.ok();
    let mut slots = Vec::with_capacity(count);
    for order in &orders {
        slots.push(submit_one(api, bytes, order).await);
    }
    Ok(Batch { slots, _room: room })
}

async fn submit_one(api: &Api, bytes: &Bytes, order: &OrderText<'_>) -> Slot {
    if order.validate_only {
        return Slot::Quote(bytes.slice_ref(order.bytes));
    }
    for attempt in 1.. {
        let command = match api.placing(order) {
            Ok(command) => command,
            Err(status) => return faulty(&status),
        };
        match api.engine().submit_order(command).await {
            Ok(submitted) => return Slot::Submitted(bytes.slice_ref(order.bytes), submitted),
            Err(EngineError::Overloaded { retry_after, .. })
                if attempt < OVERLOADED_TRIES_MAX && is_running(api) =>
            {
                tokio::time::sleep(retry_after).await;
            }
            Err(error) => return faulty(&refused(error)),
        }
    }
    unreachable!("the last try is answered")
}

fn faulty(status: &Status) -> Slot {
    let mut result = Vec::with_capacity(ANSWER_BYTES);
    write_fault(&mut result, status);
    Slot::Answered(result)
}

fn write_fault(result: &mut Vec<u8>, status: &Status) {
    wire::message(result, RESULT_FAULT, |out| fault(status).encode(out).expect("memory grows"));
}

/// Whether there is time to wait: a drain has less than all orders of a stream
/// might take.
fn is_running(api: &Api) -> bool {
    api.0.shutdown.phase() == Phase::Running
}

/// Answers batches in order, each once all of it is durable.
async fn acknowledge_all(api: Api, mut queue: mpsc::Receiver<Step>, answering: Answering<Reply>) {
    // A task before this one that died leaves the stream without a word on its end.
    while let Some(step) = queue.recv().await {
        let Batch { slots, _room } = match step {
            Step::Answer(batch) => batch,
            Step::End(how) => return answering.end(how),
        };
        let reply = acknowledge(&api, slots).await;
        let bytes = reply.len();
        if answering.send(reply, bytes).await.is_err() {
            // The caller is gone. What was submitted becomes durable all the
            // same, and is answered again when it is sent again.
            return;
        }
    }
}

/// Writes the [`v1::PlaceOrdersResponse`], as prost would encode it.
async fn acknowledge(api: &Api, slots: Vec<Slot>) -> Reply {
    let mut reply = Vec::with_capacity(slots.len() * ANSWER_BYTES);
    let mut tally = OrderTally::default();
    for slot in slots {
        let result = wire::begin(&mut reply, RESULTS);
        match slot {
            Slot::Answered(content) => reply.extend_from_slice(&content),
            Slot::Quote(order) => write_quote(api, &order, &mut reply).await,
            Slot::Submitted(order, submitted) => {
                write_result(api, &order, submitted, &mut reply, &mut tally).await;
            }
        }
        wire::end(&mut reply, result);
    }
    api.0.orders.placed(tally);
    Encoded::new(reply)
}

async fn write_result(
    api: &Api,
    order: &[u8],
    submitted: Submitted,
    reply: &mut Vec<u8>,
    tally: &mut OrderTally,
) {
    let before = reply.len();
    let response = wire::begin(reply, RESULT_RESPONSE);
    match api.acknowledge(order, submitted, reply, tally).await {
        Ok(()) => wire::end(reply, response),
        Err(status) => {
            reply.truncate(before);
            write_fault(reply, &status);
        }
    }
}

async fn write_quote(api: &Api, order: &[u8], reply: &mut Vec<u8>) {
    let before = reply.len();
    let response = wire::begin(reply, RESULT_RESPONSE);
    let order = OrderText::read(order).expect("it was read when it came");
    match api.quote(&order, reply).await {
        Ok(()) => wire::end(reply, response),
        Err(status) => {
            reply.truncate(before);
            write_fault(reply, &status);
        }
    }
}
