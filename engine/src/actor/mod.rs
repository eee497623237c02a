//! Actors: what owns a piece of state, takes messages one at a time, and answers.
//!
//! ```text
//!            ask(message)                        the cell's word
//!   idle  ---- one CAS -----> the sender runs    IDLE ---------> BUSY
//!                             the turn itself     ^                |  push
//!   busy  ---- push --------> the running turn    |  nothing left  v
//!                             drains the letter   +----- BUSY <- letters
//! ```
//!
//! Invariant `ONE_TURN`: at most one turn of an actor runs at any moment.
//! Invariant `FIFO`: turns run in the order in which their messages entered the
//! cell, so messages of one sender are never reordered.
//! Invariant `NO_LOST_LETTER`: every message that was sent runs exactly once, or
//! its asker is told that the actor panicked.
//!
//! Absent on purpose: no thread waits for an actor inside [`Mailbox::ask`], nothing
//! here knows a runtime, and nothing outside `cell` is unsafe except a hint to the
//! processor in `prefetch`.

mod arena;
mod cell;
mod prefetch;
mod row;
mod sync;
#[cfg(test)]
mod tests;

pub use arena::Arena;
pub use cell::{ActorCell, Ask, Mailbox};
pub(crate) use prefetch::{prefetch_all, prefetch_to_write};
pub use row::{Row, Seat, Slot};

/// State that changes by messages only, one at a time.
pub trait Actor: Send {
    /// What is asked of the actor.
    type Message: Send;
    /// What it answers.
    type Reply: Send;
    /// The part that the actor publishes: anyone reads it at any moment without
    /// a turn, so it is atomics (a free quantity), and may be a turn behind.
    type Shared: Send + Sync;

    /// Takes one message. A turn is synchronous and bounded, does no I/O, and
    /// never waits: not for a lock, not for another actor, not for itself.
    ///
    /// # Panics
    /// A turn that panics leaves its actor half changed. Its cell is poisoned for
    /// good, and the engine stops.
    fn turn(&mut self, shared: &Self::Shared, message: Self::Message) -> Self::Reply;
}

/// The actor's state is not to be trusted: a turn panicked, before the asked one
/// or in it. Final for the cell; the engine halts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a turn of the actor panicked")]
pub struct ActorPanicked;
