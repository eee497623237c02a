//! What the journal tells of its work, to a listener that the server sets: the
//! engine knows no metrics.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A batch that became durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synced {
    /// Bytes of its frames.
    pub bytes: u64,
    /// How long writing and syncing it took.
    pub took: Duration,
}

/// What is told of each batch, on the writer's thread.
pub type Listener = Box<dyn Fn(Synced) + Send + Sync>;

/// Counts what the writer does, and passes it on.
#[derive(Default)]
pub(super) struct Meter {
    bytes: AtomicU64,
    listener: OnceLock<Listener>,
}

impl Meter {
    /// Lets `listener` know of every batch from now on; the first one stays.
    pub(super) fn listen(&self, listener: Listener) {
        // A second listener is dropped, as told.
        let _ = self.listener.set(listener);
    }

    /// Bytes that became durable.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, synced: Synced) {
        self.bytes.fetch_add(synced.bytes, Ordering::Relaxed);
        if let Some(listener) = self.listener.get() {
            listener(synced);
        }
    }
}
