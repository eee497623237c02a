//! The kernel: what all transactions of a running engine share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::{Mutex, Notify, futures::Notified};

use super::bells::Bells;
use super::error::{EngineError, Halt};
use super::written::Written;
use crate::actor::ActorPanicked;
use crate::apart::Apart;
use crate::journal::{AppendError, GroupCommit, Ticket, Unacknowledged, Wait, Watermark};
use crate::limits::REQUESTS_KEPT_MAX;
use crate::model::event::{Listed, Numbered, Record};
use crate::model::{DrawKey, Lsn, Refusal, Request, Said};
use crate::service::Supervised;
use crate::snapshot::archive::Archive;
use crate::snapshot::{Pace, Source};
use crate::state::State;
use crate::state::network::PostalTable;

/// The state of the engine, and the way to the journal.
pub struct Kernel {
    /// What is in memory.
    pub state: State,
    /// Closed orders that left memory.
    pub archive: Archive,
    /// Where postal codes are.
    pub postal: PostalTable,
    /// The way to the journal.
    pub journal: GroupCommit<Written>,
    /// How far applying has come.
    pub watermark: Arc<Watermark>,
    /// Why the engine stopped for good, once it has.
    halted: OnceLock<Halt>,
    /// Held by the command that changes nodes or the policy; the last change of them.
    pub(super) configuring: Mutex<Option<Ticket>>,
    /// Held by the command that numbers an item, until its event is in the journal.
    pub(super) numbering: Mutex<()>,
    /// Woken when the engine halts.
    pub halt: Notify,
    /// Rung when a claim on an actor ends.
    pub bells: Bells,
    /// Woken when the id or the key of a command that wrote no event is free again.
    name_given_up: Notify,
    /// Whether the engine is shutting down.
    pub closing: AtomicBool,
    /// Commands in flight.
    pub(super) in_flight: Apart<AtomicUsize>,
    pub(super) in_flight_max: usize,
    /// What the seeds of draws follow from.
    pub draw_key: DrawKey,
    /// Held by a hold from its number on until its event is in the journal, and by the opening of
    /// a sale alone: so a hold's number is from before the opening if and only if its event is.
    pub joining: RwLock<()>,
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

impl Kernel {
    /// A kernel without state over an empty or replayed journal.
    pub fn new(
        postal: PostalTable,
        journal: GroupCommit<Written>,
        watermark: Arc<Watermark>,
        archive: Archive,
        in_flight_max: usize,
    ) -> Self {
        Self {
            state: State::new(postal.code_count(), REQUESTS_KEPT_MAX),
            archive,
            postal,
            journal,
            watermark,
            halted: OnceLock::new(),
            configuring: Mutex::default(),
            numbering: Mutex::default(),
            halt: Notify::new(),
            bells: Bells::default(),
            name_given_up: Notify::new(),
            closing: AtomicBool::new(false),
            in_flight: Apart::default(),
            in_flight_max,
            draw_key: DrawKey::default(),
            joining: RwLock::default(),
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

    /// Why the engine stopped for good, once it has.
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.get()
    }

    /// Stops the engine for good: nothing more is taken or acknowledged, and
    /// callers that wait are told. They are told the first cause.
    pub fn halt(&self, cause: String) {
        tracing::error!(cause, "the engine halts");
        let failure = self.journal.failure();
        let halt = self.halted.get_or_init(|| Halt::new(cause, failure.as_ref()));
        self.watermark.halt(Arc::new(halt.clone()));
        self.journal.close();
        self.state.unsettled.close();
        self.halt.notify_waiters();
    }

    /// The error for a command or a read that met an actor that panicked. A read
    /// meets such actors, too, because it runs the turns of other messages. The
    /// first of them stops the engine.
    pub fn panicked(&self, panicked: ActorPanicked) -> EngineError {
        let cause = panicked.to_string();
        if self.halted().is_none() {
            self.halt(cause.clone());
        }
        EngineError::Halted(cause)
    }

    /// A version that includes all that actors have shown so far.
    pub fn shown(&self) -> Lsn {
        self.watermark.applied().max(Lsn::new(self.state.applying.load(Ordering::Acquire)))
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

    /// Appends a record. The caller has claimed its actors; it gives the claims up when
    /// this fails, and hands them over when it succeeds. `written` makes what applying
    /// needs to know.
    pub fn append<E: Listed>(
        &self,
        record: Record<Numbered<E>>,
        written: impl FnOnce(Option<Request>, E) -> Written,
    ) -> Result<Ticket, EngineError> {
        thread_local! {
            static PAYLOAD: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
        }
        PAYLOAD.with_borrow_mut(|payload| {
            payload.clear();
            let Ok(()) = minicbor::encode(&record, Sink(payload)) else {
                unreachable!("writing to memory does not fail, and model types encode");
            };
            let Record { at, request, origin, event: Numbered(event) } = record;
            let written = written(request, event).saying(Said { at, origin });
            self.journal.append(payload, written).map_err(|error| self.append_error(error))
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
            // Of today's events, only a placed order can be so long.
            AppendError::TooLong(error) => {
                Refusal::CommandTooLarge { why: error.to_string() }.into()
            }
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

    /// The next step of the applier, or the rejection of what is in flight because the disk
    /// is full.
    pub fn next_step(&self) -> Wait<'_> {
        self.watermark.wait_past(self.watermark.applied())
    }

    /// Waits for a step that [`next_step`](Self::next_step) answered before.
    pub async fn stepped(&self, step: Wait<'_>) -> Result<(), EngineError> {
        match step.await {
            Err(Unacknowledged::Halted(_)) => Err(self.stopped()),
            Ok(_) | Err(Unacknowledged::Rejected) => Ok(()),
        }
    }

    /// Waits until the engine halts, or rejects what is in flight because the disk is full.
    pub async fn stopping(&self) -> Result<(), EngineError> {
        // An LSN that is never given out.
        self.stepped(self.watermark.wait_past(Lsn::new(u64::MAX - 1))).await
    }

    /// Has holds lapse whose time has run out, as soon as may be.
    ///
    /// # Errors
    /// [`EngineError::DiskFull`] while there is no room for the event by which they lapse.
    pub fn hurry_lapses(&self) -> Result<(), EngineError> {
        if self.journal.look_for_room() {
            return Err(EngineError::DiskFull);
        }
        self.state.unsettled.ask();
        self.state.holds.ring();
        Ok(())
    }

    /// Begins a look at the ids and keys that other commands have in flight. When one
    /// of these commands ends after this call, the [`progress`](Self::progress) that is
    /// waited for afterwards ends too.
    pub fn look_at_names(&self) -> SeenNames<'_> {
        SeenNames { given_up: self.name_given_up.notified(), step: self.next_step() }
    }

    /// An id or a key is free again, visibly so, and no event will tell.
    pub fn gave_up_name(&self) {
        self.name_given_up.notify_waiters();
    }

    /// Waits until more is applied than was at the look, or an id or key was given up
    /// since: a command with an id or key in flight ends in one of the two ways.
    pub async fn progress(&self, seen: SeenNames<'_>) -> Result<(), EngineError> {
        let SeenNames { given_up, step } = seen;
        tokio::select! {
            biased;
            () = given_up => Ok(()),
            stepped = self.stepped(step) => stepped,
        }
    }
}

impl<'a> From<&'a Kernel> for Source<'a> {
    fn from(kernel: &'a Kernel) -> Self {
        let postal_codes = kernel.postal.code_count() as usize;
        Self::new(&kernel.state, postal_codes, &kernel.archive)
    }
}

impl<'a> From<&'a Kernel> for Pace<'a> {
    fn from(kernel: &'a Kernel) -> Self {
        Self::beside(&kernel.watermark, &kernel.closing)
    }
}

impl Supervised for Kernel {
    fn halt(&self, cause: String) {
        Kernel::halt(self, cause);
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
