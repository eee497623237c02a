//! Calls that may never return, on threads of their own.
//!
//! ```text
//!   caller --work--> a worker that is idle, or a new one
//!          <-done--- at once
//!          ......... or never: after a while the caller goes on without it
//! ```
//! The database library has calls that wait for ever once it has failed, and a disk may
//! have them as well. The caller waits for a bounded time. A worker that does not come
//! back is left where it is, and nothing waits for it, not even a shutdown.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::limits::WORKER_LOOK;
use crate::panics;

/// Threads that wait for work. There are as many as there ever were callers at a time,
/// and those that never came back.
pub(crate) struct Workers {
    idle: Mutex<Vec<Sender<Task>>>,
    closing: AtomicBool,
    start: Start,
}

/// Starts a thread, if there is one.
pub(crate) type Start = fn(Box<dyn FnOnce() + Send>) -> io::Result<()>;

impl Default for Workers {
    fn default() -> Self {
        Self::starting(start_thread)
    }
}

/// Work for a thread, and how it is handed the next one.
struct Task {
    work: Box<dyn FnOnce() + Send>,
    again: Sender<Task>,
}

/// Why work was not done, as far as its caller knows.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// It took longer than this, and may go on for ever.
    Late(Duration),
    /// It panicked, with these words.
    Panicked(String),
    /// It was not begun: the system has no thread for it now.
    NoThread(io::Error),
    /// The workers were closed: no caller waits any more.
    Closing,
}

impl Workers {
    pub(super) fn starting(start: Start) -> Self {
        Self { idle: Mutex::default(), closing: AtomicBool::new(false), start }
    }

    /// Runs `work` and waits for it, for at most `limit`, and not beyond
    /// [`close`](Self::close).
    pub(super) fn run<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unanswered> {
        if self.closing.load(Ordering::Acquire) {
            return Err(Unanswered::Closing);
        }
        self.wait(limit, &self.begin(work)?, true)
    }

    /// As [`run`](Self::run), for what is done to close: also after [`close`](Self::close).
    pub(super) fn run_last<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unanswered> {
        self.wait(limit, &self.begin(work)?, false)
    }

    /// Ends the wait of every caller, and of those that call later.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    fn begin<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Receiver<thread::Result<T>>, Unanswered> {
        let (done, answer) = sync_channel(1);
        let work = Box::new(move || {
            // The caller may have gone on without the answer.
            let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
        });
        let idle = self.idle.lock().pop();
        let again = idle.map_or_else(|| self.start(), Ok).map_err(Unanswered::NoThread)?;
        // A worker waits for its next task as long as a sender to it exists.
        let _ = again.send(Task { work, again: again.clone() });
        Ok(answer)
    }

    fn start(self: &Arc<Self>) -> io::Result<Sender<Task>> {
        let (again, tasks) = channel();
        let workers = Arc::downgrade(self);
        (self.start)(Box::new(move || work_on(&workers, &tasks)))?;
        Ok(again)
    }

    fn wait<T>(
        &self,
        limit: Duration,
        answer: &Receiver<thread::Result<T>>,
        heeds_closing: bool,
    ) -> Result<T, Unanswered> {
        // Counted by looks and not by the clock: while the process is stopped, so is the
        // worker.
        let mut left = limit;
        loop {
            let look = left.min(WORKER_LOOK);
            match answer.recv_timeout(look) {
                Ok(done) => {
                    return done
                        .map_err(|panic| Unanswered::Panicked(panics::text(&*panic).to_owned()));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("a worker answers before it ends, a panic included")
                }
                Err(RecvTimeoutError::Timeout) if look == left => {
                    return Err(Unanswered::Late(limit));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if heeds_closing && self.closing.load(Ordering::Acquire) {
                        return Err(Unanswered::Closing);
                    }
                    left -= look;
                }
            }
        }
    }
}

pub(super) fn start_thread(work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    thread::Builder::new().name("snapshot store".into()).spawn(work).map(drop)
}

/// Does one task after the other, until no sender is left.
fn work_on(workers: &Weak<Workers>, tasks: &Receiver<Task>) {
    while let Ok(Task { work, again }) = tasks.recv() {
        work();
        let Some(workers) = workers.upgrade() else { return };
        workers.idle.lock().push(again);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn who_waits_for_what_never_ends_goes_on_and_others_do_not_wait() {
        let workers = Arc::new(Workers::default());
        let (end, never) = channel::<()>();
        let late = workers.run(Duration::from_millis(1), move || never.recv());
        assert!(matches!(late, Err(Unanswered::Late(_))), "{late:?}");
        assert_eq!(workers.run(LONG, || 7).unwrap(), 7);
        drop(end);
    }

    #[test]
    fn a_panic_is_told_and_the_next_one_is_served() {
        let workers = Arc::new(Workers::default());
        let panicked = workers.run(LONG, || panic!("as {}", "told"));
        let Err(Unanswered::Panicked(text)) = panicked else { panic!("{panicked:?}") };
        assert_eq!(text, "as told");
        assert_eq!(workers.run(LONG, || 7).unwrap(), 7);
    }

    #[test]
    fn closing_lets_everybody_go_and_what_closes_is_still_done() {
        let workers = Arc::new(Workers::default());
        let (end, never) = channel::<()>();
        let (begun, has_begun) = channel();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                workers.run(LONG, move || {
                    begun.send(()).unwrap();
                    never.recv()
                })
            });
            has_begun.recv().unwrap();
            workers.close();
            let left = waiting.join().unwrap();
            assert!(matches!(left, Err(Unanswered::Closing)), "{left:?}");
        });
        assert!(matches!(workers.run(LONG, || 7), Err(Unanswered::Closing)));
        assert_eq!(workers.run_last(LONG, || 7).unwrap(), 7);
        drop(end);
    }

    #[test]
    fn work_without_a_thread_is_not_begun() {
        let workers = Arc::new(Workers::starting(|_| Err(io::ErrorKind::WouldBlock.into())));
        let refused = workers.run(LONG, || panic!("it is not begun"));
        assert!(matches!(refused, Err(Unanswered::NoThread(_))), "{refused:?}");
    }

    #[test]
    fn a_thread_is_used_again() {
        let workers = Arc::new(Workers::default());
        for _ in 0..100 {
            workers.run(LONG, || ()).unwrap();
        }
        assert!(workers.idle.lock().len() < 100);
    }
}
