//! Reading on in the journal, and learning from it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use super::lesson::{Lesson, lesson};
use crate::command::AnyEvent;
use crate::journal::{History, LogError};
use crate::limits::{LEARNING_REST_TIMES, LEARNT_AT_ONCE};
use crate::model::{Lsn, Record};
use crate::snapshot::Pace;
use crate::state::companions::{Companions, Learns, LearntUpTo};
use crate::transaction::kernel::Kernel;

/// How long it sleeps when there is nothing to read: a suggestion is no older than that, where the processor is
/// not short.
const NAP: Duration = Duration::from_millis(20);

/// The longest that it sleeps after events could not be read, before it tries again.
const NAP_MAX: Duration = Duration::from_secs(10);

/// Who learns for an engine.
pub struct Learner {
    kernel: Weak<Kernel>,
    history: Arc<dyn History>,
    ends: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Learner {
    /// Who learns for an engine, whenever it is asked to. A snapshot asks.
    pub fn new(kernel: &Arc<Kernel>, history: &Arc<dyn History>) -> Arc<Self> {
        let learner = Arc::new(Self {
            kernel: Arc::downgrade(kernel),
            history: Arc::clone(history),
            ends: AtomicBool::new(false),
            thread: Mutex::default(),
        });
        kernel.state.companions.begin(Box::new(Reading(Arc::clone(&learner))));
        learner
    }

    /// Learns from what is applied, on a thread of its own, until it [ends](Self::end) or the engine does.
    pub fn begin(self: &Arc<Self>) {
        let learner = Arc::clone(self);
        let thread = std::thread::Builder::new().name("learner".into());
        match thread.spawn(move || learner.run()) {
            Ok(thread) => *self.thread.lock() = Some(thread),
            Err(error) => tracing::error!(%error, "nothing is learnt: its thread was not begun"),
        }
    }

    /// Ends its thread, and waits for it.
    pub fn end(&self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.lock().take() {
            thread.thread().unpark();
            // One that panicked has told so.
            let _ = thread.join();
        }
    }

    fn run(&self) {
        let mut nap = NAP;
        while !self.ends.load(Ordering::Acquire) {
            let Some(kernel) = self.kernel.upgrade() else { return };
            let mut pace = pace(&kernel);
            match read_some(&kernel, &*self.history, kernel.watermark.applied()) {
                Ok(is_more) => {
                    nap = NAP;
                    // It ends when the engine is closing.
                    if pace.rest().is_err() {
                        return;
                    }
                    if is_more {
                        continue;
                    }
                }
                Err(error) => {
                    // What cannot be read now may be later: a disk comes back.
                    if nap == NAP {
                        tracing::error!(error, "nothing is learnt from the journal for now");
                    }
                    nap = nap.saturating_mul(2).min(NAP_MAX);
                }
            }
            drop(kernel);
            std::thread::park_timeout(nap);
        }
    }
}

/// How it makes way for commands: by resting, and not by a lower priority. In the middle of a turn it would keep an order,
/// and with it the applier, for as long as others keep it off its core.
fn pace(kernel: &Kernel) -> Pace<'_> {
    Pace::beside(&kernel.watermark, &kernel.closing).resting(LEARNING_REST_TIMES)
}

/// What a snapshot asks.
struct Reading(Arc<Learner>);

impl Learns for Reading {
    fn reach(&self, lsn: Lsn) {
        let Some(kernel) = self.0.kernel.upgrade() else { return };
        if let Err(error) = catch_up(&kernel, &*self.0.history, (lsn, || pace(&kernel))) {
            tracing::error!(error, "what goes with what was not learnt from all of the journal");
        }
    }
}

/// Learns from all events up to one that is applied, and is not read yet; after some of them, it rests at that pace. It
/// ends before if the engine is closing.
///
/// # Errors
/// Why the journal cannot be read. What comes before was learnt from.
pub fn catch_up<'a>(
    kernel: &Kernel,
    history: &dyn History,
    (to, pace): (Lsn, impl Fn() -> Pace<'a>),
) -> Result<(), String> {
    loop {
        let mut pace = pace();
        if !read_some(kernel, history, to)? || pace.rest().is_err() {
            return Ok(());
        }
    }
}

/// Learns from some events up to that one; whether there were any.
fn read_some(kernel: &Kernel, history: &dyn History, to: Lsn) -> Result<bool, String> {
    let companions = &kernel.state.companions;
    let mut place = companions.turn().lock();
    let from = begin(companions, history);
    if from > to {
        return Ok(false);
    }
    let (mut lessons, mut upto, mut wrong) = (Vec::new(), None, None);
    if place.as_ref().is_none_or(|cursor| cursor.next() != from) {
        *place = Some(history.cursor(from));
    }
    let cursor = place.as_mut().expect("it was put there");
    let read = cursor.read(&mut |lsn, payload| {
        match minicbor::decode::<Record<AnyEvent>>(payload) {
            Ok(record) => match lesson(kernel, (lsn, &record)) {
                Ok(learnt) => lessons.extend(learnt),
                Err(error) => wrong = Some(format!("event {lsn}: {error}")),
            },
            Err(error) => wrong = Some(format!("event {lsn}: {error}")),
        }
        if wrong.is_some() {
            return ControlFlow::Break(());
        }
        upto = Some(lsn);
        let is_full = lsn.get() - from.get() >= LEARNT_AT_ONCE;
        if is_full || lsn >= to { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(upto) = upto {
        // One at a time, so that who asks for companions waits for one at most.
        for lesson in lessons {
            learn(&mut companions.write(), lesson);
        }
        companions.write().upto = upto;
        return Ok(true);
    }
    match (wrong, read) {
        (Some(wrong), _) => Err(wrong),
        // It was cut meanwhile: the next look begins where it begins.
        (None, Err(LogError::Dropped { .. })) => Ok(true),
        (None, Err(error)) => Err(error.to_string()),
        (None, Ok(())) => Ok(false),
    }
}

/// The event to read next. What is not there any more is passed over: nobody learnt while it was.
fn begin(companions: &Companions, history: &dyn History) -> Lsn {
    let next = companions.read().upto.next();
    let first = history.first();
    if next == Lsn::FIRST || next < first {
        let mut all = companions.write();
        all.since = first;
        all.upto = first.previous();
        return first;
    }
    next
}

fn learn(all: &mut LearntUpTo, lesson: Lesson) {
    match lesson {
        Lesson::Bought(skus, at) => all.learnt.place(&skus, at),
        Lesson::TakenBack { skus, placed, epochs } if placed >= all.since => {
            all.learnt.take_back(&skus, epochs);
        }
        Lesson::TakenBack { .. } => {}
    }
}
