//! The threads that look at the journal for readers of the feed.
//!
//! They may wait for the disk, and they make way: where the processor is short, orders go first, and
//! readers are told a little later.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::filter::Filter;
use super::reader::{Feed, Told};
use crate::limits::FEED_THREADS;
use crate::transaction::error::EngineError;

/// By how much they make way; 19 would be all that there is. A tenth of a processor is theirs even so.
const NICE: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// The threads, which are begun with the first look.
#[derive(Default)]
pub(super) struct Threads(OnceLock<Sender<Work>>);

impl Threads {
    /// Reads what follows, and gives the place back. A reader looks once at a time, so that no
    /// more looks wait than there are readers.
    ///
    /// # Errors
    /// As [`Feed::read`].
    pub(super) async fn read(
        &self,
        mut feed: Feed,
        filter: Arc<Filter>,
    ) -> Result<(Feed, Vec<Told>), EngineError> {
        let (answer, answered) = oneshot::channel();
        let work = move || {
            let read = catch_unwind(AssertUnwindSafe(|| {
                let told = feed.read(&filter)?;
                Ok((feed, told))
            }));
            // A reader who is gone needs no answer.
            let _ = answer.send(read);
        };
        let died = || EngineError::JournalUnreadable("a look at it did not end".to_owned());
        let sender = self.0.get_or_init(begin);
        sender.send(Box::new(work)).map_err(|_| died())?;
        match answered.await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) | Err(_) => Err(died()),
        }
    }
}

/// Begins the threads. They end when nothing can be sent any more.
fn begin() -> Sender<Work> {
    let (sender, receiver) = channel();
    let receiver = Arc::new(Mutex::new(receiver));
    for at in 0..FEED_THREADS {
        let receiver = Arc::clone(&receiver);
        let thread = std::thread::Builder::new().name(format!("feed-{at}"));
        if let Err(error) = thread.spawn(move || work(&receiver)) {
            tracing::error!(%error, "a thread that reads for the feed was not begun");
        }
    }
    sender
}

fn work(receiver: &Mutex<Receiver<Work>>) {
    // Of this thread alone, on Linux. Elsewhere readers do not make way.
    if cfg!(target_os = "linux") {
        let _ = rustix::process::nice(NICE);
    }
    loop {
        let next = receiver.lock().recv();
        let Ok(work) = next else { return };
        work();
    }
}
