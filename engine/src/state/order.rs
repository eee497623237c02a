//! The order actor: one order, and whether a command has it in hand.

use crate::actor::Actor;
use crate::model::{
    ArchivedOrder, KeptOrder, LoadsMoved, Lsn, Order, OrderEffect, Said, StateHash,
};

/// The durable state of an order, and the transaction in flight on it.
#[derive(Debug, Default)]
pub enum OrderActor {
    /// The event that places it is not applied yet.
    #[default]
    Vacant,
    /// The order is in memory.
    Resident {
        /// All of it.
        order: KeptOrder,
        /// Whether a command has it in hand.
        in_hand: bool,
    },
    /// The order is closed and left memory: snapshots have it.
    Archived(ArchivedOrder),
}

/// What can be asked of an order.
#[derive(Debug)]
pub enum OrderMessage {
    /// Take it in hand; answers with the order when no other command has it in hand.
    ClaimInHand,
    /// Let go of the order: the command that had it in hand wrote no event.
    GiveBack,
    /// Apply the event that places it.
    Place(KeptOrder),
    /// Apply what a later event does.
    Apply {
        /// The event.
        lsn: Lsn,
        /// What it does.
        effect: OrderEffect,
        /// What its record says of it.
        said: Said,
        /// Whether the event settles a claim of this process.
        settles: bool,
        /// Whether it answers how the order's loads moved.
        counts: bool,
    },
    /// Read the durable state.
    Read,
    /// Leave memory, if the order is closed and no event after this one changed it.
    /// The archive, which asks, knows that a snapshot has it so.
    Archive {
        /// The event.
        up_to: Lsn,
    },
    /// Come back to memory, if it is this order that left it.
    Recall(KeptOrder),
}

/// What an order answers.
#[derive(Debug)]
pub enum OrderReply {
    /// To a claim to have it in hand.
    InHand(InHand),
    /// To an apply: by how much the state hash moves.
    Applied(StateHash),
    /// To an apply that moved what the order puts on days, and was to say so.
    Moves(StateHash, Box<LoadsMoved>),
    /// To a read: it is not placed yet.
    Vacant,
    /// To a read: the order.
    Resident(KeptOrder),
    /// To a read: what is known of an order that left memory.
    Archived(ArchivedOrder),
    /// To an apply: the order left memory, and has to be recalled first. A replay meets that, where a
    /// closed order was told of after the generation that it loads.
    Missed(Box<Missed>),
    /// To a message that asks it to leave memory or to come back: whether it did.
    Moved(bool),
    /// To what needs no answer.
    Done,
}

/// What is to be applied to an order that left memory.
#[derive(Debug)]
pub struct Missed {
    /// What is known of it.
    pub archived: ArchivedOrder,
    /// The message, as it came.
    pub message: OrderMessage,
}

/// The outcome of claiming to have an order in hand.
#[derive(Debug)]
pub enum InHand {
    /// The order is the asker's until the event is applied or given up.
    Granted(KeptOrder),
    /// It is being placed.
    Vacant,
    /// It is being changed.
    InFlight,
    /// It left memory, and has to be recalled first.
    Archived(ArchivedOrder),
}

impl Actor for OrderActor {
    type Message = OrderMessage;
    type Reply = OrderReply;
    type Shared = ();

    fn turn(&mut self, (): &(), message: OrderMessage) -> OrderReply {
        match message {
            OrderMessage::ClaimInHand => OrderReply::InHand(self.take_in_hand()),
            OrderMessage::GiveBack => {
                self.let_go();
                OrderReply::Done
            }
            OrderMessage::Place(order) => OrderReply::Applied(self.place(order)),
            OrderMessage::Apply { lsn, effect, said, settles, counts } => {
                if settles {
                    self.let_go();
                }
                if effect == OrderEffect::LetGo {
                    return OrderReply::Applied(StateHash::default());
                }
                if let Self::Archived(archived) = *self
                    && lsn > archived.last_lsn
                {
                    let message = OrderMessage::Apply { lsn, effect, said, settles, counts };
                    return OrderReply::Missed(Box::new(Missed { archived, message }));
                }
                if !counts {
                    return OrderReply::Applied(self.apply(lsn, &effect, &said));
                }
                let before = self.order().map(|order| order.loads()).unwrap_or_default();
                let moved = self.apply(lsn, &effect, &said);
                let after = self.order().map(|order| order.loads()).unwrap_or_default();
                if before == after {
                    return OrderReply::Applied(moved);
                }
                OrderReply::Moves(moved, Box::new(LoadsMoved { before, after }))
            }
            OrderMessage::Read => self.read(),
            OrderMessage::Archive { up_to } => OrderReply::Moved(self.archive(up_to)),
            OrderMessage::Recall(order) => OrderReply::Moved(self.recall(order)),
        }
    }
}

impl OrderActor {
    /// The last event that changed the order; none while it is being placed.
    pub const fn last_lsn(&self) -> Option<Lsn> {
        match self {
            Self::Vacant => None,
            Self::Resident { order, .. } => Some(order.last_lsn),
            Self::Archived(archived) => Some(archived.last_lsn),
        }
    }

    fn order(&self) -> Option<Order> {
        match self {
            Self::Resident { order, .. } => Some(order.order()),
            Self::Vacant | Self::Archived(_) => None,
        }
    }

    fn take_in_hand(&mut self) -> InHand {
        match self {
            Self::Resident { order, in_hand } if !*in_hand => {
                *in_hand = true;
                InHand::Granted(order.clone())
            }
            Self::Archived(archived) => InHand::Archived(*archived),
            Self::Vacant => InHand::Vacant,
            Self::Resident { .. } => InHand::InFlight,
        }
    }

    fn let_go(&mut self) {
        if let Self::Resident { in_hand, .. } = self {
            *in_hand = false;
        }
    }

    fn place(&mut self, order: KeptOrder) -> StateHash {
        let mut hash = StateHash::default();
        if matches!(self, Self::Vacant) {
            hash.add(order.hash());
            *self = Self::Resident { order, in_hand: false };
        }
        hash
    }

    fn apply(&mut self, lsn: Lsn, effect: &OrderEffect, said: &Said) -> StateHash {
        let mut hash = StateHash::default();
        let kept = match self {
            Self::Resident { order, .. } => order,
            // A replay meets events that it has.
            Self::Archived(_) => return hash,
            Self::Vacant => panic!("REPLAY_EQUAL: an order is placed before it changes"),
        };
        if lsn > kept.last_lsn {
            hash.remove(kept.hash());
            *kept = kept.changed(lsn, effect, said);
            hash.add(kept.hash());
        }
        hash
    }

    fn read(&self) -> OrderReply {
        match self {
            Self::Vacant => OrderReply::Vacant,
            Self::Resident { order, .. } => OrderReply::Resident(order.clone()),
            Self::Archived(archived) => OrderReply::Archived(*archived),
        }
    }

    fn archive(&mut self, up_to: Lsn) -> bool {
        match self {
            Self::Resident { order, in_hand: false }
                if order.last_lsn <= up_to && order.packed.may_leave_memory() =>
            {
                *self = Self::Archived(ArchivedOrder::from(&*order));
                true
            }
            _ => false,
        }
    }

    fn recall(&mut self, order: KeptOrder) -> bool {
        let is_it = matches!(self, Self::Archived(known) if *known == ArchivedOrder::from(&order));
        if is_it {
            *self = Self::Resident { order, in_hand: false };
        }
        is_it
    }
}
