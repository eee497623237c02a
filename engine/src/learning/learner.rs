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
use crate::limits::LEARNT_AT_ONCE;
use crate::model::{Lsn, Record};
use crate::state::companions::{Companions, Learns, LearntUpTo};
use crate::transaction::kernel::Kernel;

/// By how much the thread makes way: all that there is.
const NICE: i32 = 19;

/// How long it sleeps when there is nothing to read: a suggestion is no older than that, where the processor is
/// not short.
const NAP: Duration = Duration::from_millis(20);

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
        // Of this thread alone, on Linux. Elsewhere it does not make way.
        if cfg!(target_os = "linux") {
            let _ = rustix::process::nice(NICE);
        }
        while !self.ends.load(Ordering::Acquire) {
            let Some(kernel) = self.kernel.upgrade() else { return };
            match read_some(&kernel, &*self.history, kernel.watermark.applied()) {
                Ok(true) => {}
                Ok(false) => {
                    drop(kernel);
                    std::thread::park_timeout(NAP);
                }
                Err(error) => {
                    tracing::error!(error, "nothing more is learnt from the journal");
                    return;
                }
            }
        }
    }
}

/// What a snapshot asks.
struct Reading(Arc<Learner>);

impl Learns for Reading {
    fn reach(&self, lsn: Lsn) {
        let Some(kernel) = self.0.kernel.upgrade() else { return };
        if let Err(error) = catch_up(&kernel, &*self.0.history, lsn) {
            tracing::error!(error, "what goes with what was not learnt from all of the journal");
        }
    }
}

/// Learns from all events up to one that is applied, and is not read yet.
///
/// # Errors
/// Why the journal cannot be read. What comes before was learnt from.
pub fn catch_up(kernel: &Kernel, history: &dyn History, to: Lsn) -> Result<(), String> {
    while read_some(kernel, history, to)? {}
    Ok(())
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
        // One at a time: this thread may lose its turn of the processor at any point, and who asks for companions
        // should not wait until it has it again.
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
