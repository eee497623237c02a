//! The order actor: one order, and who has it in hand.

use super::Actor;
use crate::model::{KeptOrder, Lsn, OrderEffect, StateHash};

/// The durable state of an order, and the transaction in flight on it.
#[derive(Debug, Default)]
pub struct OrderActor {
    /// None until the event that places it is applied.
    order: Option<KeptOrder>,
    /// Whether a change of the order is in flight.
    locked: bool,
}

/// What can be asked of an order.
#[derive(Debug)]
pub enum OrderMessage {
    /// Begin a change; answers with the order when nobody else has it in hand.
    Lock,
    /// A change came to nothing.
    Unlock,
    /// Apply the event that places it.
    Place(KeptOrder),
    /// Apply what a later event does.
    Apply {
        /// The event.
        lsn: Lsn,
        /// What it does.
        effect: OrderEffect,
        /// Whether the event settles a change of this process.
        settles: bool,
    },
    /// Read the durable state.
    Read,
}

/// What an order answers.
#[derive(Debug)]
pub enum OrderReply {
    /// To a lock.
    Lock(Lock),
    /// To an apply: by how much the state hash moves.
    Applied(StateHash),
    /// To a read: the order, or none while it is being placed.
    State(Option<KeptOrder>),
    /// To what needs no answer.
    Done,
}

/// The outcome of asking for an order.
#[derive(Debug)]
pub enum Lock {
    /// The order is the asker's until the event is applied or given up.
    Granted(KeptOrder),
    /// It is being placed or changed.
    InFlight,
}

impl Actor for OrderActor {
    type Message = OrderMessage;
    type Reply = OrderReply;
    type Shared = ();

    fn turn(&mut self, (): &(), message: OrderMessage) -> OrderReply {
        match message {
            OrderMessage::Lock => OrderReply::Lock(self.lock()),
            OrderMessage::Unlock => {
                self.locked = false;
                OrderReply::Done
            }
            OrderMessage::Place(order) => OrderReply::Applied(self.place(order)),
            OrderMessage::Apply { lsn, effect, settles } => {
                self.locked &= !settles;
                OrderReply::Applied(self.apply(lsn, &effect))
            }
            OrderMessage::Read => OrderReply::State(self.order.clone()),
        }
    }
}

impl OrderActor {
    fn lock(&mut self) -> Lock {
        match &self.order {
            Some(order) if !self.locked => {
                self.locked = true;
                Lock::Granted(order.clone())
            }
            _ => Lock::InFlight,
        }
    }

    fn place(&mut self, order: KeptOrder) -> StateHash {
        let mut hash = StateHash::default();
        if self.order.is_none() {
            hash.add(order.hash());
            self.order = Some(order);
        }
        hash
    }

    fn apply(&mut self, lsn: Lsn, effect: &OrderEffect) -> StateHash {
        let mut hash = StateHash::default();
        let kept = self.order.as_mut().expect("REPLAY_EQUAL: an order is placed before it changes");
        if lsn > kept.last_lsn {
            hash.remove(kept.hash());
            let mut order = kept.order();
            order.apply(lsn, effect);
            *kept = KeptOrder::of(&order);
            hash.add(kept.hash());
        }
        hash
    }
}
