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
//! is given up. What a command keeps while it sleeps, and what it sleeps for:
//!
//! | command | keeps | sleeps for |
//! |---|---|---|
//! | placing an order | no claim, but of uses of promotions | a pair, or the backlog of a SKU |
//! | pricing an order, before | its id, and its key | a use of a promotion that another order claims |
//! | taking an order in hand | no claim | that order |
//! | a hold that is planned anew | its hold in hand | a pair |
//! | a hold that is planned anew | no order in hand | the backlog of a SKU |
//! | a shipment | its order in hand | a pair |
//! | a change of an order | its order in hand, and the hold of its new units | a pair |
//! | the same, before | its order in hand | the hold of its new units |
//! | a shipment that is declined | its order in hand, and its place in the line of the pair that refused | a pair |
//! | the same, with a pause of its node | its order in hand, and its claims | a definition of a node, or of the policy, on its way |
//! | a return whose goods come in, or are disposed of | its order in hand, and its place in the line of the pair that refused | a pair |
//! | an order on hold whose units are let go | its order in hand | a pair |
//! | a change of supply | its place in the pair's line, once it has one | its pair |
//! | a transfer, dispatched or recalled | its place in the line of the pair that refused | a pair |
//! | a transfer, dispatched | no claim | the backlog of its SKU |
//! | what a partner says | its partner in hand, and its place in the line of the pair that refused | a pair |
//! | the same, before | no claim | its partner |
//! | what a payment provider told, attached or let go | what is kept of providers | that order |
//! | the same, before | no claim | what is kept of providers |
//! | the re-pegger | the SKU that it looks at, unsettled | a pair, or an order |
//!
//! No commands wait for each other in a circle. A partner is taken in hand before any pair, and by commands of
//! partners alone; for its pairs, what a partner says is a change of supply of several. A change of supply, a transfer, a return, or a shipment that
//! is declined, sleeps until claims of units, shipments, changes and the re-pegger's claims at one
//! pair end, and no command sleeps with such a claim, but for a decline with a pause: it waits for what is in the
//! journal already, or for another one of its kind that has all its claims. A shipment sleeps for these and for changes in line, and so do an
//! order and the re-pegger. A place in line keeps no change of supply and no transfer out. A
//! command that takes an order in hand, or the re-pegger, sleeps for a shipment, a cancellation or
//! an answer of a node, for a change of an order, or for a hold that is planned anew, which lets go of its hold before it
//! sleeps for the re-pegger. An order sleeps for the re-pegger, and so does a transfer, which
//! sleeps for no command that sleeps for a backlog: these have no claim and no place in line then, and a command whose
//! event is durable has none left.
//!
//! Room on a day of a node is claimed after all pairs, granted or refused at once, and nobody
//! sleeps for it: a command that finds the day full lets go of its claims and plans again, for
//! a later day.
//!
//! No two commands wake each other for ever. Orders, shipments, transfers and the re-pegger give
//! up their claims on pairs before they sleep, and they ask pairs in one order: ascending. The
//! pair that refused comes after all pairs that they give up. So a command does not wake itself,
//! and the commands that it wakes slept for an earlier pair than it does. A change of supply that
//! finds another change in flight leaves the line, and may wake itself by that; it is not in
//! line then, and does so once. An order that finds the line of an item full, with what others are about to
//! let wait, gives up its claims before it listens at a pair of theirs. A transfer that lets go of a pair may mark its SKU; it keeps its
//! place at the pair that it sleeps for, and gives that up only to sleep for the backlog.
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

impl<'a, T> Attempt<'a, T> {
    /// The same outcome, of other work that was to be done.
    pub fn map<U>(self, done: impl FnOnce(T) -> U) -> Attempt<'a, U> {
        match self {
            Self::Done(value) => Attempt::Done(done(value)),
            Self::Overtaken => Attempt::Overtaken,
            Self::Again => Attempt::Again,
            Self::InTheWay(bell) => Attempt::InTheWay(bell),
        }
    }
}

/// The attempts at one step of a command, with a bound of their own: taking an order in
/// hand, all pairs of a shipment, a change of supply. To plan, confirm and claim an order is
/// one step, and so is an event of the re-pegger. Each attempt but the first is made only once
/// another command's event was applied, or its claim ended at the very actor that refused
/// the attempt before. So the bound on attempts bounds how often a step loses.
///
/// Each command writes the loop itself, around [`Self::end`]. A function with the loop
/// would take the attempt as an `AsyncFnMut` that borrows the command's claims, and the
/// compiler cannot tell that the future of such a function is `Send`.
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

/// Whether the same may succeed once other commands have gone on.
pub const fn passes_by_itself(error: &EngineError) -> bool {
    matches!(error, EngineError::Overloaded { .. } | EngineError::Refused(Refusal::Contended))
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
