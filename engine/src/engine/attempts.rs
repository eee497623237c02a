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

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::core::{Apart, Core};
use super::error::EngineError;
use crate::journal::Wait;
use crate::limits::{BELLS, TRIES_AT_ONCE_MAX, TRIES_MAX};
use crate::model::{OrderNo, Pair, Refusal};

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
    core: &'a Core,
    tried: u32,
    /// The applier's next step after the attempt began: events of it may overtake it.
    next: Wait<'a>,
}

impl<'a> Attempts<'a> {
    /// The first attempt begins.
    pub fn begin(core: &'a Core) -> Self {
        Self { core, tried: 0, next: core.next_step() }
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
                self.core.stepped(std::mem::replace(&mut self.next, self.core.next_step())).await?;
            }
            Attempt::Overtaken | Attempt::Again => {}
            Attempt::InTheWay(bell) => bell.rung(self.core).await?,
        }
        self.tried += 1;
        self.next = self.core.next_step();
        Ok(None)
    }
}

/// An ear that is lent to an actor which refused: it is asked once more before anybody
/// sleeps.
pub struct Ear<'a> {
    core: &'a Core,
    actor: Awaited,
    listening: Option<Listening<'a>>,
}

impl<'a> Ear<'a> {
    /// An ear for that actor. It listens from the first refusal on.
    pub const fn at(core: &'a Core, actor: Awaited) -> Self {
        Self { core, actor, listening: None }
    }

    /// Somebody else has the actor in hand. None: it is to be asked once more.
    pub fn refused(&mut self) -> Option<Listening<'a>> {
        if self.listening.is_none() {
            self.listening = Some(self.core.bells.listen(self.actor));
            return None;
        }
        self.listening.take()
    }
}

/// An actor that somebody may sleep for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Awaited {
    /// A SKU at a node.
    Pair(Pair),
    /// An order.
    Order(OrderNo),
}

impl Awaited {
    fn place(self) -> usize {
        let number = match self {
            Self::Pair(pair) => u64::from(pair.sku.0) << 16 | u64::from(pair.node.0),
            Self::Order(no) => no.0,
        };
        // Neighbours are apart: the high bits of a product depend on all that are below.
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        usize::try_from(mixed).expect("32 bits") % BELLS
    }
}

/// Bells of actors, in tables that only have those that somebody listens for.
pub struct Bells {
    /// How many listen, for all actors. Mostly nobody does, and ringing reads no more.
    listening: Apart<AtomicUsize>,
    tables: [Mutex<Vec<Bell>>; BELLS],
}

struct Bell {
    actor: Awaited,
    rung: Arc<Notify>,
    /// Those who listen. The last takes the bell with him.
    ears: usize,
}

impl Default for Bells {
    fn default() -> Self {
        Self { listening: Apart::default(), tables: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Bells {
    /// Listens for what ends at an actor from now on.
    pub fn listen(&self, actor: Awaited) -> Listening<'_> {
        self.listening.fetch_add(1, Ordering::Relaxed);
        let mut table = self.tables[actor.place()].lock();
        let known = table.iter().position(|bell| bell.actor == actor);
        let at = known.unwrap_or_else(|| {
            table.push(Bell { actor, rung: Arc::default(), ears: 0 });
            table.len() - 1
        });
        table[at].ears += 1;
        let rung = Some(Arc::clone(&table[at].rung).notified_owned());
        Listening { bells: self, actor, rung }
    }

    /// Wakes those who listen for an actor. The turn that freed it is over.
    #[inline]
    pub fn ring(&self, actor: Awaited) {
        if self.have_listeners() {
            self.ring_aloud(actor);
        }
    }

    /// Whether anybody listens, to whomever. Asked after the turn that freed an actor.
    #[inline]
    pub fn have_listeners(&self) -> bool {
        // The actor's turns are in one order, and a listener counted himself before the
        // turn that refused him: nothing stronger is needed to see him here.
        self.listening.load(Ordering::Relaxed) > 0
    }

    #[cold]
    fn ring_aloud(&self, actor: Awaited) {
        let table = self.tables[actor.place()].lock();
        let bell = table.iter().find(|bell| bell.actor == actor);
        let rung = bell.map(|bell| Arc::clone(&bell.rung));
        drop(table);
        if let Some(rung) = rung {
            rung.notify_waiters();
        }
    }
}

/// An ear at the bell of an actor. Dropped, it listens no more.
pub struct Listening<'a> {
    bells: &'a Bells,
    actor: Awaited,
    rung: Option<OwnedNotified>,
}

impl Listening<'_> {
    /// Sleeps until the bell was rung, which it may have been already.
    pub async fn rung(mut self, core: &Core) -> Result<(), EngineError> {
        let rung = self.rung.take().expect("only this takes it, and the ear with it");
        tokio::select! {
            biased;
            () = rung => Ok(()),
            stopped = core.stopping() => stopped,
        }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut table = self.bells.tables[self.actor.place()].lock();
        if let Some(at) = table.iter().position(|bell| bell.actor == self.actor) {
            table[at].ears -= 1;
            if table[at].ears == 0 {
                table.swap_remove(at);
            }
        }
        self.bells.listening.fetch_sub(1, Ordering::Relaxed);
    }
}
