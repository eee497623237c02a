//! How a command begins: with its idempotency key in hand, and its order's room.

use std::sync::Arc;

use super::core::Core;
use super::error::EngineError;
use super::orders::OrderCell;
use super::requests::{Begin, Remembered};
use crate::actor::order::{OrderMessage, OrderReply};
use crate::model::command::OrderRequest;
use crate::model::{Order, Refusal, Request, RequestId};

/// How a request starts, once nobody else has its key in flight.
pub enum Started<'a> {
    /// It is new.
    Fresh(Option<Key<'a>>),
    /// It was carried out before.
    Repeat(Remembered),
}

/// Takes the request's key; waits while the same key is in flight.
pub async fn begin_request<'a>(
    core: &'a Core,
    request: Option<&Request>,
) -> Result<Started<'a>, EngineError> {
    let Some(request) = request else {
        return Ok(Started::Fresh(None));
    };
    loop {
        let seen = core.look_at_names();
        match core.requests.begin(request)? {
            Begin::Fresh => {
                let key = Key { core, id: Some(request.id.clone()) };
                return Ok(Started::Fresh(Some(key)));
            }
            Begin::Repeat(done) => return Ok(Started::Repeat(done)),
            Begin::Wait => core.progress(seen).await?,
        }
    }
}

/// A key in flight. Dropped before its event is in the journal, it is free again.
pub struct Key<'a> {
    core: &'a Core,
    id: Option<RequestId>,
}

impl Key<'_> {
    /// The event is in the journal: the applier settles the key from here on.
    pub fn hand_over(mut self) {
        self.id = None;
    }
}

impl Drop for Key<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.core.requests.abandon(&id);
            self.core.gave_up_name();
        }
    }
}

/// A place in the order index, given up when the order comes to nothing.
pub struct OrderRoom<'a> {
    core: &'a Core,
    order: &'a OrderRequest,
    cell: Option<OrderCell>,
}

impl OrderRoom<'_> {
    /// The actor that the order will have.
    pub fn cell(&self) -> OrderCell {
        let cell = self.cell.as_ref();
        Arc::clone(cell.expect("a room has its cell until it is handed over"))
    }

    /// The event is in the journal: the applier fills the room from here on.
    pub fn hand_over(mut self) -> OrderCell {
        self.cell.take().expect("a room has its cell until it is handed over")
    }
}

impl Drop for OrderRoom<'_> {
    fn drop(&mut self) {
        if self.cell.is_some() {
            self.core.orders.abandon(&self.order.id);
            self.core.gave_up_name();
        }
    }
}

/// How an order starts.
pub enum Room<'a> {
    /// It is new.
    New(OrderRoom<'a>),
    /// The same order was placed before.
    Known,
}

/// Makes room for an order; waits while the same id is being placed.
pub async fn begin_order<'a>(
    core: &'a Core,
    order: &'a OrderRequest,
    fingerprint: u64,
) -> Result<Room<'a>, EngineError> {
    loop {
        let seen = core.look_at_names();
        let (cell, new) = core.orders.begin(&order.id);
        if new {
            return Ok(Room::New(OrderRoom { core, order, cell: Some(cell) }));
        }
        match read_order(core, &cell).await? {
            Some(known) if known.header.fingerprint == fingerprint => return Ok(Room::Known),
            Some(_) => return Err(Refusal::OrderExists(order.id.clone()).into()),
            None => core.progress(seen).await?,
        }
    }
}

/// Reads an order; none while it is being placed.
pub async fn read_order(core: &Core, cell: &OrderCell) -> Result<Option<Arc<Order>>, EngineError> {
    match cell.ask(OrderMessage::Read).await {
        Ok(OrderReply::State(order)) => Ok(order),
        Ok(other) => unreachable!("a read is answered with a state, not {other:?}"),
        Err(panicked) => Err(core.panicked(panicked)),
    }
}
