//! Bells of actors: what wakes a command that was refused because another one had an
//! actor in hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::apart::Apart;
use crate::limits::BELLS;
use crate::model::{OrderNo, Pair, SkuNo};

/// An actor that a command may sleep for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Awaited {
    /// A SKU at a node.
    Pair(Pair),
    /// An order.
    Order(OrderNo),
    /// The backlog of a SKU, which rings when it is settled.
    Backlog(SkuNo),
}

impl Awaited {
    fn place(self) -> usize {
        let number = match self {
            Self::Pair(pair) => u64::from(pair.sku.0) << 16 | u64::from(pair.node.0),
            Self::Order(no) => no.0,
            Self::Backlog(sku) => u64::from(sku.0) << 16 | u64::from(u16::MAX),
        };
        // Neighbours are apart: the high bits of a product depend on all that are below.
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        usize::try_from(mixed).expect("32 bits") % BELLS
    }
}

/// The bells of actors. The tables have only the actors that a command listens for.
pub struct Bells {
    /// How many commands listen, over all actors. Mostly none does, and ringing reads no
    /// more than this.
    listening: Apart<AtomicUsize>,
    tables: [Mutex<Vec<Bell>>; BELLS],
}

struct Bell {
    actor: Awaited,
    rung: Arc<Notify>,
    /// How many commands listen. The last one takes the bell away.
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
        // A backlog has no turns that were in an order: see `ring_backlog`.
        fence(Ordering::SeqCst);
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

    /// Wakes the commands that listen for an actor. The turn that freed it is over.
    #[inline]
    pub fn ring(&self, actor: Awaited) {
        if self.have_listeners() {
            self.ring_aloud(actor);
        }
    }

    /// Wakes the commands that listen for a SKU's backlog. That it was looked at was stored
    /// before, and a listener reads that after it counted itself.
    pub fn ring_backlog(&self, sku: SkuNo) {
        fence(Ordering::SeqCst);
        self.ring(Awaited::Backlog(sku));
    }

    /// Whether any command listens, for any actor. Asked after the turn that freed an
    /// actor.
    #[inline]
    pub fn have_listeners(&self) -> bool {
        // The actor's turns are in one order, and a listener counted itself before the
        // turn that refused it: nothing stronger is needed to see it here.
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
    pub async fn rung(mut self) {
        self.rung.take().expect("only this takes it, and the ear with it").await;
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
