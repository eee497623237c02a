//! Trying until nobody else stands in the way: what every transaction that competes with
//! others does between two attempts, and what wakes it.
//!
//! ```text
//!   attempt --+--> done
//!             +--> overtaken, or what was in the way is gone ----> again, at once
//!             +--> in the way ---> listen ---> ask once more ---> let go, sleep ---> again
//! ```
//! Whoever is refused because somebody else has an actor in hand listens for that actor,
//! and is woken when anything that was held of it ends: applied, or given up.
//!
//! Nobody is woken by what he gives up himself. Actors are asked in one order (pairs
//! ascend), and whoever is refused sleeps for the first that refuses; what he gave up are
//! actors before that one. So those whom he wakes sleep for an earlier actor than he does,
//! and come to sleep for a later one: two who cannot go on never wake each other for ever.
//!
//! No wake-up is lost: who sleeps was refused once more after he began to listen. So the
//! turn that frees the actor comes after that refusal, and whoever asked for the turn sees
//! the listener.

use crate::journal::Wait;
use crate::limits::{TRIES_AT_ONCE_MAX, TRIES_MAX};
use crate::model::Refusal;
use crate::transaction::bells::Awaited;
use crate::transaction::bells::Listening;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What an attempt came to.
pub enum Attempt<'a, T> {
    /// What was to be done.
    Done(T),
    /// An event changed what it rests on: it has to be made anew.
    Overtaken,
    /// What stood in the way was given up meanwhile.
    Again,
    /// Somebody else has this in hand.
    InTheWay(Listening<'a>),
}

/// The attempts of one transaction. Each but the first ones is made after somebody else got
/// on at the very actor that refused the one before it, so that their number bounds how
/// often a transaction loses.
pub struct Attempts<'a> {
    kernel: &'a Kernel,
    tried: u32,
    /// The applier's next step after the attempt began: events of it may overtake it.
    next: Wait<'a>,
}

impl<'a> Attempts<'a> {
    /// The first attempt begins.
    pub fn begin(kernel: &'a Kernel) -> Self {
        Self { kernel, tried: 0, next: kernel.next_step() }
    }

    /// What an attempt did. None when the next one begins, after those in the way got on.
    ///
    /// # Errors
    /// [`Refusal::Contended`] after the last attempt; and what stopped the engine.
    pub async fn end<T>(&mut self, attempt: Attempt<'_, T>) -> Result<Option<T>, EngineError> {
        match attempt {
            Attempt::Done(done) => return Ok(Some(done)),
            _ if self.tried + 1 >= TRIES_MAX => return Err(Refusal::Contended.into()),
            Attempt::Overtaken if self.tried >= TRIES_AT_ONCE_MAX => {
                self.kernel
                    .stepped(std::mem::replace(&mut self.next, self.kernel.next_step()))
                    .await?;
            }
            Attempt::Overtaken | Attempt::Again => {}
            Attempt::InTheWay(bell) => tokio::select! {
                biased;
                () = bell.rung() => {}
                stopped = self.kernel.stopping() => stopped?,
            },
        }
        self.tried += 1;
        self.next = self.kernel.next_step();
        Ok(None)
    }
}

/// An ear that is lent to an actor which refused: it is asked once more before anybody
/// sleeps.
pub struct Ear<'a> {
    kernel: &'a Kernel,
    actor: Awaited,
    listening: Option<Listening<'a>>,
}

impl<'a> Ear<'a> {
    /// An ear for that actor. It listens from the first refusal on.
    pub const fn at(kernel: &'a Kernel, actor: Awaited) -> Self {
        Self { kernel, actor, listening: None }
    }

    /// Somebody else has the actor in hand. None: it is to be asked once more.
    pub fn refused(&mut self) -> Option<Listening<'a>> {
        if self.listening.is_none() {
            self.listening = Some(self.kernel.bells.listen(self.actor));
            return None;
        }
        self.listening.take()
    }
}
