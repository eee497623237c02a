//! What an event says of what goes with what.

use crate::command::AnyEvent;
use crate::companions::Epoch;
use crate::model::{
    Happened, HoldState, Lsn, Order, OrderNo, OrderState, PackedOrder, Record, SkuNo, Timestamp,
    Unpackable,
};
use crate::state::order::{OrderMessage, OrderReply};
use crate::transaction::kernel::Kernel;

/// What there is to learn from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lesson {
    /// These items were bought together.
    Bought(Vec<SkuNo>, Epoch),
    /// They were not after all.
    TakenBack {
        /// The items.
        skus: Vec<SkuNo>,
        /// The event that placed the order.
        placed: Lsn,
        /// When it was placed, and when it was cancelled.
        epochs: (Epoch, Epoch),
    },
}

/// What there is to learn from a record, if anything. It is applied by now.
///
/// # Errors
/// When it holds an order that does not unpack.
pub fn lesson(
    kernel: &Kernel,
    (lsn, record): (Lsn, &Record<AnyEvent>),
) -> Result<Option<Lesson>, Unpackable> {
    let lesson = match plain(&record.event) {
        AnyEvent::OrderPlaced(placed) => bought(&placed.order, record.at)?,
        AnyEvent::HoldReplaced(replaced) if is_confirmed(&replaced.order) => {
            bought(&replaced.order, record.at)?
        }
        AnyEvent::OrderCancelled(cancelled) => taken_back(kernel, (lsn, record.at), cancelled.no),
        AnyEvent::ShipmentExpired(expired) => taken_back(kernel, (lsn, record.at), expired.no),
        _ => None,
    };
    Ok(lesson)
}

/// The event, whatever it had orders ask of payment providers.
fn plain(event: &AnyEvent) -> &AnyEvent {
    match event {
        AnyEvent::EventMinted(minted) => &minted.event,
        event => event,
    }
}

/// Whether a hold became an order by that.
fn is_confirmed(order: &PackedOrder) -> bool {
    order.hold().is_some_and(|hold| hold.state == HoldState::Confirmed)
}

fn bought(order: &PackedOrder, at: Timestamp) -> Result<Option<Lesson>, Unpackable> {
    let skus = order.bought()?;
    Ok((!skus.is_empty()).then(|| Lesson::Bought(skus, Epoch::of(at))))
}

/// An order of which nothing is wanted, nothing left, and that event said so last.
fn taken_back(kernel: &Kernel, (lsn, at): (Lsn, Timestamp), no: OrderNo) -> Option<Lesson> {
    // One that left memory did so long after it was read for this.
    let OrderReply::Resident(kept) =
        kernel.state.orders.by_no(no)?.ask(OrderMessage::Read).wait().ok()?
    else {
        return None;
    };
    if kept.packed.is_open() {
        return None;
    }
    let order = kept.order();
    if order.state() != OrderState::Cancelled || last_cancelled(&order) != Some(lsn) {
        return None;
    }
    let epochs = (Epoch::of(order.header.decided_at()), Epoch::of(at));
    Some(Lesson::TakenBack { skus: order.bought(), placed: order.placed_lsn, epochs })
}

/// The last event by which units were cancelled, or went back to the shelf for good.
fn last_cancelled(order: &Order) -> Option<Lsn> {
    let is_end = |what| matches!(what, Happened::Cancelled | Happened::Expired);
    order.timeline.iter().filter(|entry| is_end(entry.what)).map(|entry| entry.lsn).last()
}
