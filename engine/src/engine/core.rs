//! What all parts of a running engine share.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;
use tokio::sync::{Notify, futures::Notified};

use super::archive::Archive;
use super::as_of::BeforeImages;
use super::attempts::Bells;
use super::audit::Audits;
use super::catalogue::Catalogue;
use super::error::{EngineError, Halt};
use super::network::{Network, PostalTable};
use super::orders::Orders;
use super::requests::Requests;
use super::written::{Reserves, Written};
use crate::actor::ActorPanicked;
use crate::journal::{AppendError, GroupCommit, Ticket, Unacknowledged, Wait, Watermark};
use crate::limits;
use crate::model::{Lsn, OrderNo, Record, Refusal, Sku, SkuNo, StateHash};
use crate::service::Supervised;

/// The state of the engine, and the way to the journal.
pub struct Core {
    /// Items and pairs.
    pub catalogue: Catalogue,
    /// Nodes and policy.
    pub network: ArcSwap<Network>,
    /// Orders.
    pub orders: Orders,
    /// Closed orders that left memory.
    pub archive: Archive,
    /// Idempotency keys.
    pub requests: Requests,
    /// Where postal codes are.
    pub postal: PostalTable,
    /// The way to the journal.
    pub journal: GroupCommit<Written>,
    /// How far applying has come.
    pub watermark: Arc<Watermark>,
    /// The last event of the step that is being applied: actors may show it
    /// before the watermark does.
    pub applying: Apart<AtomicU64>,
    /// The number of the last order that a transaction was given.
    pub order_last: Apart<AtomicU64>,
    /// Numbers of items whose definition is in flight.
    pub new_items: Mutex<NewItems>,
    /// Held by the applier for each step: whoever takes it sees all actors at one LSN,
    /// and lets go of it soon.
    pub gate: Apart<Mutex<Applied>>,
    /// Where the applier keeps what it is about to change, while somebody reads the
    /// state as of one event.
    pub before: ArcSwapOption<BeforeImages>,
    /// Audits.
    pub audits: Audits,
    /// Why the engine stopped for good, once it has.
    halted: OnceLock<Halt>,
    /// Woken when the engine halts.
    pub halt: Notify,
    /// Rung when what a transaction held of an actor ends.
    pub bells: Bells,
    /// Woken when the id or the key of a command that came to nothing is free again.
    name_given_up: Notify,
    /// Whether the engine is shutting down.
    pub closing: AtomicBool,
    /// Commands in flight.
    in_flight: Apart<AtomicUsize>,
    in_flight_max: usize,
}

/// Something that threads write all the time, in cache lines of its own: beside it, what
/// others only read would leave their caches with each write. Processors fetch lines in
/// pairs.
#[derive(Default)]
#[repr(align(128))]
pub struct Apart<T>(T);

impl<T> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Where a record is encoded to. Most writes are of one to five bytes, which the
/// encoder's own implementation for vectors does not inline.
struct Sink<'a>(&'a mut Vec<u8>);

impl minicbor::encode::Write for Sink<'_> {
    type Error = std::convert::Infallible;

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// What the applier has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Applied {
    /// The last event applied.
    pub lsn: Lsn,
    /// The hash of all durable state at that event.
    pub hash: StateHash,
}

/// Items whose first definition is not applied yet.
#[derive(Debug, Default)]
pub struct NewItems {
    /// Their numbers, which follow those of the catalogue without a gap.
    pub numbers: HashMap<Sku, SkuNo>,
}

impl Core {
    /// A core without state over an empty or replayed journal.
    pub fn new(
        postal: PostalTable,
        journal: GroupCommit<Written>,
        watermark: Arc<Watermark>,
        archive: Archive,
        in_flight_max: usize,
    ) -> Self {
        Self {
            catalogue: Catalogue::default(),
            network: ArcSwap::from_pointee(Network::empty(postal.code_count())),
            orders: Orders::default(),
            archive,
            requests: Requests::new(limits::REQUESTS_KEPT_MAX),
            postal,
            journal,
            watermark,
            applying: Apart::default(),
            order_last: Apart::default(),
            new_items: Mutex::default(),
            gate: Apart::default(),
            before: ArcSwapOption::empty(),
            audits: Audits::default(),
            halted: OnceLock::new(),
            halt: Notify::new(),
            bells: Bells::default(),
            name_given_up: Notify::new(),
            closing: AtomicBool::new(false),
            in_flight: Apart::default(),
            in_flight_max,
        }
    }

    /// Whether decisions are made; else why not.
    pub fn decides(&self) -> Result<(), EngineError> {
        if let Some(halt) = self.halted() {
            return Err(halt.clone().into());
        }
        if self.closing.load(Ordering::Acquire) {
            return Err(EngineError::Closing);
        }
        Ok(())
    }

    /// Lets a command in, or says that there are too many.
    pub fn admit(self: &Arc<Self>) -> Result<Permit, EngineError> {
        self.decides()?;
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let permit = Permit { core: Arc::clone(self), is_held: true };
        if in_flight >= self.in_flight_max {
            // What is in flight is a few group commits' worth.
            let retry_after = Duration::from_millis(10);
            let limit = self.in_flight_max;
            return Err(EngineError::Overloaded { in_flight, limit, retry_after });
        }
        Ok(permit)
    }

    /// Why the engine stopped for good, once it has.
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.get()
    }

    /// Stops the engine for good: nothing more is taken or acknowledged, and
    /// whoever waits is told. The first cause is the one that is told.
    pub fn halt(&self, cause: String) {
        tracing::error!(cause, "the engine halts");
        let failure = self.journal.failure();
        let halt = self.halted.get_or_init(|| Halt::new(cause, failure.as_ref()));
        self.watermark.halt(Arc::new(halt.clone()));
        self.journal.close();
        self.halt.notify_waiters();
    }

    /// What is applied. Waits for a step of the applier at most: reads and metrics ask
    /// this on threads that must not block.
    pub fn applied(&self) -> Applied {
        *self.gate.lock()
    }

    /// What whoever meets an actor that panicked is told. Reads meet them, too, and
    /// run the turns of others: whoever is first stops the engine.
    pub fn panicked(&self, panicked: ActorPanicked) -> EngineError {
        let cause = panicked.to_string();
        if self.halted().is_none() {
            self.halt(cause.clone());
        }
        EngineError::Halted(cause)
    }

    /// A version that includes all that actors have shown so far.
    pub fn shown(&self) -> Lsn {
        self.watermark.applied().max(Lsn::new(self.applying.load(Ordering::Acquire)))
    }

    /// The version that all actors show; none while events are being applied. When it
    /// is the same before and after a look at several actors, no event came between.
    pub fn quiet(&self) -> Option<Lsn> {
        let shown = self.shown();
        (shown == self.watermark.applied()).then_some(shown)
    }

    /// Commands in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A number for an order that is about to be written.
    pub fn next_order(&self) -> OrderNo {
        OrderNo(self.order_last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes back a number whose order was not written. It stays unused if a later
    /// one was given out since.
    pub fn unnumber(&self, no: OrderNo) {
        let (relaxed, last) = (Ordering::Relaxed, &self.order_last);
        let _ = last.compare_exchange(no.0, no.0 - 1, relaxed, relaxed);
    }

    /// Writes a record; its actors are claimed by the caller, who gives the
    /// claims up when this fails and hands them over when it does not. An order comes
    /// with what it `reserves`.
    pub fn append(&self, record: Record, reserves: Reserves) -> Result<Ticket, EngineError> {
        thread_local! {
            static PAYLOAD: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
        }
        PAYLOAD.with_borrow_mut(|payload| {
            payload.clear();
            let Ok(()) = minicbor::encode(&record, Sink(payload)) else {
                unreachable!("writing to memory does not fail, and model types encode");
            };
            self.journal
                .append(payload, Written::new(record, reserves))
                .map_err(|error| self.append_error(error))
        })
    }

    fn append_error(&self, error: AppendError) -> EngineError {
        match error {
            AppendError::Full => EngineError::DiskFull,
            // The journal may know it a moment before the engine does.
            AppendError::Halted(error) => {
                let halt = self.halted().cloned();
                halt.unwrap_or_else(|| Halt::new(error.to_string(), Some(&error))).into()
            }
            AppendError::Closed => self.stopped(),
            AppendError::TooLong(error) => Refusal::TooLong(error.to_string()).into(),
            AppendError::Overloaded => EngineError::Overloaded {
                in_flight: self.in_flight(),
                limit: self.in_flight_max,
                retry_after: Duration::from_millis(10),
            },
        }
    }

    /// Waits until the event is durable and applied.
    pub async fn acknowledged(&self, ticket: Ticket) -> Result<Lsn, EngineError> {
        match self.watermark.wait(ticket).await {
            Ok(_) => Ok(ticket.lsn),
            Err(Unacknowledged::Rejected) => Err(EngineError::DiskFull),
            Err(Unacknowledged::Halted(_)) => Err(self.stopped()),
        }
    }

    /// Why nothing more is taken or acknowledged.
    fn stopped(&self) -> EngineError {
        self.halted().map_or(EngineError::Closing, |halt| halt.clone().into())
    }

    /// The next step of the applier, or the end of what is in flight for want of room.
    pub fn next_step(&self) -> Wait<'_> {
        self.watermark.wait_past(self.watermark.applied())
    }

    /// Waits for a step that was begun to be waited for before.
    pub async fn stepped(&self, step: Wait<'_>) -> Result<(), EngineError> {
        match step.await {
            Err(Unacknowledged::Halted(_)) => Err(self.stopped()),
            Ok(_) | Err(Unacknowledged::Rejected) => Ok(()),
        }
    }

    /// Waits until the engine halts, or rejects what is in flight for want of room.
    pub async fn stopping(&self) -> Result<(), EngineError> {
        // An LSN that is never given out.
        self.stepped(self.watermark.wait_past(Lsn::new(u64::MAX - 1))).await
    }

    /// Begins to look at which ids and keys others have in flight: whatever of it ends
    /// from now on ends the [`progress`](Self::progress) that is waited for afterwards.
    pub fn look_at_names(&self) -> SeenNames<'_> {
        SeenNames { given_up: self.name_given_up.notified(), step: self.next_step() }
    }

    /// An id or a key is free again, visibly so, and no event will tell.
    pub fn gave_up_name(&self) {
        self.name_given_up.notify_waiters();
    }

    /// Waits until more is applied than was at the look, or an id or key was given up
    /// since: whoever has one in flight ends in one of the two ways.
    pub async fn progress(&self, seen: SeenNames<'_>) -> Result<(), EngineError> {
        let SeenNames { given_up, step } = seen;
        tokio::select! {
            biased;
            () = given_up => Ok(()),
            stepped = self.stepped(step) => stepped,
        }
    }
}

impl Supervised for Core {
    fn halt(&self, cause: String) {
        Core::halt(self, cause);
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

/// A moment from which on the end of what is in flight is noticed.
pub struct SeenNames<'a> {
    given_up: Notified<'a>,
    step: Wait<'a>,
}

/// The right to be in flight, given back when the command is done with, or dropped.
pub struct Permit {
    core: Arc<Core>,
    /// It was not given back yet.
    is_held: bool,
}

impl Permit {
    /// The engine that the command is in flight in.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Lets another command in for this one.
    pub fn give_back(&mut self) {
        if std::mem::take(&mut self.is_held) {
            self.core.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // A turn that panics on this thread leaves its actor half changed.
        if std::thread::panicking() {
            self.core.halt("a turn panicked".into());
        }
        self.give_back();
    }
}
