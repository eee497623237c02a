//! Trying until no other command stands in the way: what a transaction does between two
//! attempts, and what wakes it.
//!
//! ```text
//!   attempt --+--> done
//!             +--> overtaken, or what was in the way is gone ----> again, at once
//!             +--> in the way ---> listen ---> ask once more ---> let go, sleep ---> again
//! ```
//! A command that is refused because another one has an actor in hand listens for that
//! actor. It is woken when any claim on that actor ends: its event is applied, or the claim
//! is given up.
//!
//! A command is not woken by claims that it gives up itself. All commands ask actors in
//! one order (pairs ascend). A refused command sleeps for the first actor that refuses it,
//! and has given up claims on earlier actors only. So the commands that it wakes slept for
//! an earlier actor than it does, and will sleep for a later one: two commands that cannot
//! go on never wake each other for ever.
//!
//! No wake-up is lost: a command that sleeps was refused once more after it began to
//! listen. So the turn that frees the actor comes after that refusal, and the thread that
//! asked for this turn sees the listener.

use crate::journal::Wait;
use crate::limits::{TRIES_AT_ONCE_MAX, TRIES_MAX};
use crate::model::Refusal;
use crate::transaction::bells::Awaited;
use crate::transaction::bells::Listening;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// The outcome of an attempt.
pub enum Attempt<'a, T> {
    /// What was to be done.
    Done(T),
    /// An event changed what it rests on: it has to be made anew.
    Overtaken,
    /// What stood in the way was given up meanwhile.
    Again,
    /// Another command has this actor in hand.
    InTheWay(Listening<'a>),
}

/// The attempts of one transaction. After the first few, each is made only once another
/// command ended its claim at the very actor that refused the attempt before. So the bound
/// on attempts bounds how often a transaction loses.
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

    /// Ends an attempt: answers what it did. None when the next attempt begins, after what
    /// was in the way ended.
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

/// Listens for an actor that refused: the actor is asked once more before the command
/// sleeps.
pub struct Ear<'a> {
    kernel: &'a Kernel,
    actor: Awaited,
    listening: Option<Listening<'a>>,
}

impl<'a> Ear<'a> {
    /// For that actor. It listens from the first refusal on.
    pub const fn at(kernel: &'a Kernel, actor: Awaited) -> Self {
        Self { kernel, actor, listening: None }
    }

    /// The actor refused: another command has it in hand. None when the caller has to ask
    /// the actor once more.
    pub fn refused(&mut self) -> Option<Listening<'a>> {
        if self.listening.is_none() {
            self.listening = Some(self.kernel.bells.listen(self.actor));
            return None;
        }
        self.listening.take()
    }
}
