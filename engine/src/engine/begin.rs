//! How a command begins: with its idempotency key in hand, and its order's room.

use super::core::Core;
use super::error::EngineError;
use super::orders::Found;
use super::requests::{Begin, Remembered};
use crate::actor::order::{OrderMessage, OrderReply};
use crate::model::command::PlaceOrder;
use crate::model::digest;
use crate::model::{Order, OrderHeader, OrderId, OrderNo, Refusal, Request, RequestId};

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

/// An order's id in hand. Dropped before its event is in the journal, it is free
/// again.
pub struct OrderRoom<'a> {
    core: &'a Core,
    id: &'a OrderId,
    held: bool,
}

impl OrderRoom<'_> {
    /// The event is in the journal: it is the applier's from here on.
    pub fn hand_over(mut self) {
        self.held = false;
    }
}

impl Drop for OrderRoom<'_> {
    fn drop(&mut self) {
        if self.held {
            self.core.orders.abandon(self.id);
            self.core.gave_up_name();
        }
    }
}

/// How an order starts.
pub enum Room<'a> {
    /// It is new.
    New(OrderRoom<'a>),
    /// The same order was placed before.
    Known(Order),
}

/// Takes an order's id; waits while the same id is being placed.
pub async fn begin_order<'a>(
    core: &'a Core,
    command: &'a PlaceOrder,
    fingerprint: u64,
) -> Result<Room<'a>, EngineError> {
    let id = &command.order.id;
    loop {
        let seen = core.look_at_names();
        match core.orders.begin(id) {
            Found::Unknown => return Ok(Room::New(OrderRoom { core, id, held: true })),
            found => match same(core, found, command, fingerprint).await? {
                Some(known) => return Ok(Room::Known(known)),
                None => core.progress(seen).await?,
            },
        }
    }
}

/// Reads the order if it was placed before, and takes no id; waits while the same id is
/// being placed.
pub async fn find_same(
    core: &Core,
    command: &PlaceOrder,
    fingerprint: u64,
) -> Result<Option<Order>, EngineError> {
    loop {
        let seen = core.look_at_names();
        match core.orders.by_id(&command.order.id) {
            Found::Unknown => return Ok(None),
            found => match same(core, found, command, fingerprint).await? {
                Some(known) => return Ok(Some(known)),
                None => core.progress(seen).await?,
            },
        }
    }
}

/// Reads the order that was found under the id of another one, if it is the same, and
/// refuses if it is not; none while it is being placed.
async fn same(
    core: &Core,
    found: Found<'_>,
    command: &PlaceOrder,
    fingerprint: u64,
) -> Result<Option<Order>, EngineError> {
    let Found::There(no, _) = found else { return Ok(None) };
    match read_named(core, no, &command.order.id).await? {
        None => Ok(None),
        Some(known) if known.header.fingerprint == fingerprint => Ok(Some(known)),
        Some(known) if is_repeat_of_old(command, &known.header) => Ok(Some(known)),
        Some(_) => Err(Refusal::OrderExists(command.order.id.clone()).into()),
    }
}

/// Whether an older version placed this very order. Fingerprints were without the time
/// at which it was placed, which the order has, and before that of an encoding. Where
/// the caller says no time, it cannot be told whether he did then: no order of his was
/// ever refused for that.
pub fn is_repeat_of_old(command: &PlaceOrder, known: &OrderHeader) -> bool {
    let order = &command.order;
    command.placed_at.is_none_or(|at| at == known.ordered_at)
        && [order.fingerprint(None), digest::fingerprint(order)].contains(&known.fingerprint)
}

/// Finds and reads an order; none when there is none, or while it is being placed.
pub async fn find_order(core: &Core, id: &OrderId) -> Result<Option<Order>, EngineError> {
    match core.orders.by_id(id) {
        Found::There(no, _) => read_named(core, no, id).await,
        Found::Unknown | Found::InFlight => Ok(None),
    }
}

/// Reads an order that was found under `id`; none while it is being placed. A number
/// whose order came to nothing passes on to another one.
async fn read_named(core: &Core, no: OrderNo, id: &OrderId) -> Result<Option<Order>, EngineError> {
    let order = read_order(core, no).await?;
    Ok(order.filter(|order| order.header.id == *id))
}

/// Reads an order, from a snapshot when it left memory; none while it is being placed.
pub async fn read_order(core: &Core, no: OrderNo) -> Result<Option<Order>, EngineError> {
    let Some(cell) = core.orders.by_no(no) else { return Ok(None) };
    let kept = match cell.ask(OrderMessage::Read).await {
        Ok(OrderReply::Vacant) => return Ok(None),
        Ok(OrderReply::Resident(kept)) => kept,
        Ok(OrderReply::Archived(archived)) => core.archive.read(no, archived).await?,
        Ok(other) => unreachable!("a read is answered with a state, not {other:?}"),
        Err(panicked) => return Err(core.panicked(panicked)),
    };
    // Unpacked here and not in the actor's turn.
    Ok(Some(kept.order()))
}
