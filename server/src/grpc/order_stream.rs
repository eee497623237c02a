//! `PlaceOrders`: many orders over one stream.
//!
//! ```text
//!   requests --> submit, one after the other --> queue --> acknowledge, in order --> replies
//!                planned, claimed, in the                  one watermark serves
//!                journal's batch                           hundreds of orders
//! ```

use std::pin::pin;
use std::sync::Arc;

use backstock_engine::engine::{EngineError, Submitted};
use backstock_engine::model::command::PlaceOrder;
use backstock_proto::v1;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::limits::{
    ORDERS_IN_FLIGHT_MAX, ORDERS_PER_REQUEST_MAX, OVERLOADED_TRIES_MAX, REPLIES_WAITING_MAX,
};
use super::{Api, errors, order_request};
use crate::shutdown::Phase;
use crate::status::{Violations, fault};

type Reply = Result<v1::PlaceOrdersResponse, Status>;

/// One order on its way.
enum Slot {
    Submitted(Box<v1::PlaceOrderRequest>, Submitted),
    Answered(v1::PlaceOrdersResult),
}

/// The orders of one request on their way, or why the stream ends.
struct Batch {
    slots: Result<Vec<Slot>, Status>,
    _room: Option<OwnedSemaphorePermit>,
}

/// Starts the two tasks of a stream.
pub(super) fn start(
    api: Api,
    requests: Streaming<v1::PlaceOrdersRequest>,
) -> ReceiverStream<Reply> {
    // Room is counted in orders; a batch has at least one.
    let (batches, queue) = mpsc::channel(ORDERS_IN_FLIGHT_MAX);
    let (replies, answers) = mpsc::channel(REPLIES_WAITING_MAX);
    tokio::spawn(submit_all(api.clone(), requests, batches));
    tokio::spawn(acknowledge_all(api, queue, replies));
    ReceiverStream::new(answers)
}

/// Reads requests until the caller ends the stream or the server drains.
async fn submit_all(
    api: Api,
    mut requests: Streaming<v1::PlaceOrdersRequest>,
    batches: mpsc::Sender<Batch>,
) {
    let shutdown = api.0.shutdown.clone();
    let mut draining = pin!(shutdown.draining());
    let room = Arc::new(Semaphore::new(ORDERS_IN_FLIGHT_MAX));
    loop {
        let next = tokio::select! {
            // First, or a caller who never pauses would never be drained.
            biased;
            () = &mut draining => return,
            next = requests.message() => next,
        };
        let batch = match next {
            Ok(None) => return,
            Ok(Some(request)) => submit(&api, request.orders, &room).await,
            Err(status) => Batch { slots: Err(status), _room: None },
        };
        let ends = batch.slots.is_err();
        if batches.send(batch).await.is_err() || ends {
            return;
        }
    }
}

async fn submit(api: &Api, orders: Vec<v1::PlaceOrderRequest>, room: &Arc<Semaphore>) -> Batch {
    let count = orders.len();
    if !(1..=ORDERS_PER_REQUEST_MAX).contains(&count) {
        let mut found = Violations::default();
        found.add("orders", format!("{count} orders; 1 to {ORDERS_PER_REQUEST_MAX} in a request"));
        return Batch { slots: Err(found.into_status()), _room: None };
    }
    let permits = u32::try_from(count).expect("at most ORDERS_PER_REQUEST_MAX");
    // An error would mean that the semaphore is closed, which nobody does.
    let room = Arc::clone(room).acquire_many_owned(permits).await.ok();
    let mut slots = Vec::with_capacity(count);
    for request in orders {
        slots.push(submit_one(api, request).await);
    }
    Batch { slots: Ok(slots), _room: room }
}

async fn submit_one(api: &Api, request: v1::PlaceOrderRequest) -> Slot {
    if request.validate_only {
        return Slot::Answered(result(api.quote(request).await));
    }
    for attempt in 1.. {
        let (order, placed_at) = match order_request::order(&request, &api.0.clock) {
            Ok(read) => read,
            Err(status) => return Slot::Answered(result(Err(status))),
        };
        let meta = api.meta(None, false);
        match api.engine().submit_order(PlaceOrder { meta, placed_at, order }).await {
            Ok(submitted) => return Slot::Submitted(Box::new(request), submitted),
            Err(EngineError::Overloaded { retry_after, .. })
                if attempt < OVERLOADED_TRIES_MAX && is_running(api) =>
            {
                tokio::time::sleep(retry_after).await;
            }
            Err(error) => {
                let status = errors::status(error, &order_request::NAMES);
                return Slot::Answered(result(Err(status)));
            }
        }
    }
    unreachable!("the last try is answered")
}

/// Whether there is time to wait: a drain has less than all orders of a stream
/// might take.
fn is_running(api: &Api) -> bool {
    api.0.shutdown.phase() == Phase::Running
}

/// Answers batches in order, each once all of it is durable.
async fn acknowledge_all(api: Api, mut queue: mpsc::Receiver<Batch>, replies: mpsc::Sender<Reply>) {
    while let Some(Batch { slots, _room }) = queue.recv().await {
        let reply = match slots {
            Ok(slots) => Ok(acknowledge(&api, slots).await),
            Err(status) => Err(status),
        };
        if replies.send(reply).await.is_err() {
            // The caller is gone. What was submitted becomes durable all the
            // same, and is answered again when it is sent again.
            return;
        }
    }
}

async fn acknowledge(api: &Api, slots: Vec<Slot>) -> v1::PlaceOrdersResponse {
    let mut results = Vec::with_capacity(slots.len());
    for slot in slots {
        results.push(match slot {
            Slot::Answered(result) => result,
            Slot::Submitted(request, submitted) => {
                result(api.acknowledge(*request, submitted).await)
            }
        });
    }
    v1::PlaceOrdersResponse { results }
}

fn result(answer: Result<v1::PlaceOrderResponse, Status>) -> v1::PlaceOrdersResult {
    use v1::place_orders_result::Result as Outcome;
    let outcome = match answer {
        Ok(response) => Outcome::Response(response),
        Err(status) => Outcome::Fault(fault(&status)),
    };
    v1::PlaceOrdersResult { result: Some(outcome) }
}
