//! `PlaceOrders`: many orders over one stream.
//!
//! ```text
//!   requests --> submit, one after the other --> queue --> acknowledge, in order --> replies
//!                planned, claimed, in the                  one watermark serves
//!                journal's batch                           hundreds of orders
//! ```
//! A quote is made when its answer is written: unread answers do not pile up quotes. An
//! order is in flight until it is durable, however long its answer waits for its reader.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use backstock_engine::engine::{EngineError, Submitted};
use backstock_proto::{Encoded, v1};
use bytes::Bytes;
use futures_util::FutureExt;
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::{Code, Request, Status, Streaming};

use super::placing::refused;
use super::text::{self, OrderText};
use crate::grpc::caller::Caller;
use crate::grpc::limits::{
    ANSWER_BYTES, ORDERS_IN_FLIGHT_MAX, ORDERS_PER_REQUEST_MAX, QUOTE_COUNTS,
    REQUEST_BYTES_IN_FLIGHT_MAX,
};
use crate::grpc::transport::meters::{OrderTally, Results};
use crate::grpc::transport::streams::{
    self, Answering, Answers, Requests, is_running, wait_for_room,
};
use crate::grpc::{Api, errors, wire};
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
    /// Why it cannot be dealt with.
    Faulty(Box<Status>),
}

/// The orders of one request on their way.
struct Batch {
    slots: Vec<Slot>,
    _taken: Taken,
}

/// What the requests of a stream take until they are answered.
struct Space {
    orders: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// A request's part of the space of its stream, free again when this is dropped.
type Taken = [Option<OwnedSemaphorePermit>; 2];

impl Space {
    fn new() -> Self {
        let orders = Arc::new(Semaphore::new(ORDERS_IN_FLIGHT_MAX));
        Self { orders, bytes: Arc::new(Semaphore::new(REQUEST_BYTES_IN_FLIGHT_MAX)) }
    }

    /// Waits for the space that a request of so many bytes takes.
    async fn take(&self, orders: &[OrderText<'_>], bytes: usize) -> Taken {
        let count = |order: &OrderText<'_>| if order.validate_only { QUOTE_COUNTS } else { 1 };
        let orders = orders.iter().map(count).sum();
        [take(&self.orders, orders).await, take(&self.bytes, bytes).await]
    }
}

/// Waits for so much; for all of it, if it is less. None would mean that the semaphore is
/// closed, which never happens.
async fn take(space: &Arc<Semaphore>, wanted: usize) -> Option<OwnedSemaphorePermit> {
    let wanted = wanted.min(REQUEST_BYTES_IN_FLIGHT_MAX);
    let wanted = u32::try_from(wanted).expect("at most REQUEST_BYTES_IN_FLIGHT_MAX");
    Arc::clone(space).acquire_many_owned(wanted).await.ok()
}

/// What the first task hands to the second one.
enum Step {
    /// The first orders of a request, whose others wait until these have made space.
    Part(Vec<Slot>),
    /// The last or all orders of a request, which is answered with them.
    Answer(Batch),
    /// The last one: how the stream ends.
    End(Result<(), Status>),
}

impl Step {
    fn slots(&mut self) -> &mut [Slot] {
        match self {
            Self::Part(slots) | Self::Answer(Batch { slots, .. }) => slots,
            Self::End(_) => &mut [],
        }
    }
}

/// Waits until orders are durable. They are not in flight any more then.
async fn until_ended(slots: &mut [Slot]) {
    for slot in slots {
        if let Slot::Submitted(_, submitted) = slot {
            submitted.until_ended().await;
        }
    }
}

/// The steps on their way to the second task.
struct Steps {
    queue: mpsc::Receiver<Step>,
    /// Those that came while an answer waited for its reader.
    ahead: VecDeque<Step>,
}

impl Steps {
    async fn next(&mut self) -> Option<Step> {
        match self.ahead.pop_front() {
            Some(step) => Some(step),
            None => self.queue.recv().await,
        }
    }

    /// Waits for the reader. The orders in hand, and those that come meanwhile, do not
    /// stay in flight for that.
    async fn meanwhile<T>(&mut self, in_hand: &mut [Slot], waiting: impl Future<Output = T>) -> T {
        let mut waiting = pin!(waiting);
        if let Some(waited) = (&mut waiting).now_or_never() {
            return waited;
        }
        let Self { queue, ahead } = self;
        let ending = async {
            until_ended(in_hand).await;
            // The last wait may have ended before the orders of the newest step did.
            if let Some(step) = ahead.back_mut() {
                until_ended(step.slots()).await;
            }
            while let Some(step) = queue.recv().await {
                ahead.push_back(step);
                if let Some(step) = ahead.back_mut() {
                    until_ended(step.slots()).await;
                }
            }
            pending().await
        };
        tokio::select! {
            // The reader does not wait for orders that came later.
            biased;
            waited = &mut waiting => waited,
            never = ending => never,
        }
    }
}

/// Starts the two tasks of a stream.
pub(super) fn start(
    api: Api,
    caller: Caller,
    request: Request<Streaming<Orders>>,
) -> Answers<Reply> {
    // Space is counted in orders; a batch has at least one.
    let (sender, queue) = mpsc::channel(ORDERS_IN_FLIGHT_MAX);
    let (answering, answers) = streams::answers(request.extensions(), &api.0.streams.place_orders);
    tokio::spawn(caller.during(submit_all(api.clone(), request.into_inner(), sender)));
    let steps = Steps { queue, ahead: VecDeque::new() };
    tokio::spawn(acknowledge_all(api, steps, answering));
    answers
}

/// Reads requests until the caller ends the stream or the server drains.
async fn submit_all(api: Api, requests: Streaming<Orders>, steps: mpsc::Sender<Step>) {
    let mut requests = Requests::new(&api, requests);
    let space = Space::new();
    loop {
        let batch = match requests.next().await {
            Ok(None) => Ok(None),
            Ok(Some(orders)) => submit(&api, &orders.into_bytes(), &space, &steps).await.map(Some),
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

async fn submit(
    api: &Api,
    bytes: &Bytes,
    space: &Space,
    steps: &mpsc::Sender<Step>,
) -> Result<Batch, Status> {
    let count = text::count(bytes);
    if count > ORDERS_PER_REQUEST_MAX {
        return Err(out_of_bounds(count));
    }
    if let Ok(orders) = text::orders(bytes) {
        return submit_in(api, bytes, orders, (space, steps)).await;
    }
    let bytes = text::canonical::<v1::PlaceOrdersRequest>(bytes)?;
    let orders = text::orders(&bytes).expect("a canonical message is plain");
    submit_in(api, &bytes, orders, (space, steps)).await
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
    (space, steps): (&Space, &mpsc::Sender<Step>),
) -> Result<Batch, Status> {
    let count = orders.len();
    if !(1..=ORDERS_PER_REQUEST_MAX).contains(&count) {
        return Err(out_of_bounds(count));
    }
    let taken = space.take(&orders, bytes.len()).await;
    let mut slots = Vec::with_capacity(count);
    for order in &orders {
        let slot = submit_one(api, bytes, order, (&mut slots, steps)).await;
        slots.push(slot);
    }
    Ok(Batch { slots, _taken: taken })
}

/// Submits an order; while the engine lets no more in, the orders `before` it are
/// answered: the place that it waits for may be theirs.
async fn submit_one(
    api: &Api,
    bytes: &Bytes,
    order: &OrderText<'_>,
    (before, steps): (&mut Vec<Slot>, &mpsc::Sender<Step>),
) -> Slot {
    if order.validate_only {
        return Slot::Quote(bytes.slice_ref(order.bytes));
    }
    for attempt in 1.. {
        let command = match api.placing(order) {
            Ok(command) => command,
            Err(status) => return faulty(status),
        };
        let error = match api.engine().submit_order(command).await {
            Ok(submitted) => return Slot::Submitted(bytes.slice_ref(order.bytes), submitted),
            Err(error) => error,
        };
        if matches!(error, EngineError::Overloaded { .. }) && !before.is_empty() {
            // When the caller is gone nothing takes it, which the next step finds.
            let _ = steps.send(Step::Part(std::mem::take(before))).await;
        }
        if let Err(error) = wait_for_room(api, attempt, error).await {
            return faulty(refused(error));
        }
    }
    unreachable!("the last try is answered")
}

fn faulty(status: Status) -> Slot {
    Slot::Faulty(Box::new(status))
}

/// Answers batches in order, each once all of it is durable.
async fn acknowledge_all(api: Api, mut steps: Steps, mut answering: Answering<Reply>) {
    let mut answer = Answer::default();
    // A task before this one that died leaves the stream without a word on its end.
    while let Some(step) = steps.next().await {
        let Batch { mut slots, _taken } = match step {
            Step::Part(slots) => {
                answer.acknowledge(&api, slots).await;
                continue;
            }
            Step::Answer(batch) => batch,
            Step::End(how) => return answering.end(how),
        };
        if steps.meanwhile(&mut slots, answering.ready()).await.is_err() {
            return;
        }
        answer.acknowledge(&api, slots).await;
        let reply = std::mem::take(&mut answer).end(&api);
        let bytes = reply.len();
        if steps.meanwhile(&mut [], answering.send(reply, bytes)).await.is_err() {
            // The caller is gone. What was submitted becomes durable all the
            // same, and is answered again when it is sent again.
            return;
        }
    }
}

/// A [`v1::PlaceOrdersResponse`], as prost would encode it, as far as it is written.
#[derive(Default)]
struct Answer {
    reply: Vec<u8>,
    tally: OrderTally,
    results: Results,
}

impl Answer {
    /// Writes what became of orders, once it is durable.
    async fn acknowledge(&mut self, api: &Api, slots: Vec<Slot>) {
        let Self { reply, tally, results } = self;
        reply.reserve(slots.len() * ANSWER_BYTES);
        for slot in slots {
            let result = wire::begin(reply, RESULTS);
            results.add(write_result(api, slot, reply, tally).await);
            wire::end(reply, result);
        }
    }

    /// Counts what is in it.
    fn end(self, api: &Api) -> Reply {
        api.0.orders.placed(self.tally);
        api.0.streams.place_orders.answered(&self.results);
        Encoded::new(self.reply)
    }
}

/// Writes the content of a [`v1::PlaceOrdersResult`]; answers with its code.
async fn write_result(api: &Api, slot: Slot, reply: &mut Vec<u8>, tally: &mut OrderTally) -> Code {
    let before = reply.len();
    let response = wire::begin(reply, RESULT_RESPONSE);
    let answered = match slot {
        Slot::Submitted(order, submitted) => api.acknowledge(&order, submitted, reply, tally).await,
        // It takes its time, holds nothing, and may be had elsewhere.
        Slot::Quote(_) if !is_running(api) => Err(errors::quote_drained()),
        Slot::Quote(order) => {
            let order = OrderText::read(&order).expect("it was read when it came");
            api.quote(&order, reply).await
        }
        Slot::Faulty(status) => Err(*status),
    };
    match answered {
        Ok(()) => {
            wire::end(reply, response);
            Code::Ok
        }
        Err(status) => {
            reply.truncate(before);
            let fault = fault(&status);
            wire::message(reply, RESULT_FAULT, |out| fault.encode(out).expect("memory grows"));
            status.code()
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// A request is kept whole for the shortest order in it.
    #[tokio::test]
    async fn requests_that_are_not_answered_are_bounded_by_their_bytes() {
        let (space, order) = (Space::new(), [OrderText::default()]);
        let half = space.take(&order, REQUEST_BYTES_IN_FLIGHT_MAX / 2).await;
        let longest = 10 * REQUEST_BYTES_IN_FLIGHT_MAX;
        assert!(space.take(&order, longest).now_or_never().is_none());
        drop(half);
        let _longest = space.take(&order, longest).await;
        assert!(space.take(&order, 1).now_or_never().is_none());
    }

    #[tokio::test]
    async fn no_more_quotes_wait_than_a_request_has() {
        let space = Space::new();
        let quote = || OrderText { validate_only: true, ..OrderText::default() };
        let quotes: Vec<_> = std::iter::repeat_with(quote).take(ORDERS_PER_REQUEST_MAX).collect();
        let _quotes = space.take(&quotes, 1).await;
        assert!(space.take(&quotes[..1], 1).now_or_never().is_none());
    }
}
