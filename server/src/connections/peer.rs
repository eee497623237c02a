//! What is known of one connection: what moved on it, and what is worked on for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::limits::UNSENT_BYTES_MAX;

/// Bytes with which every HTTP/2 connection begins.
const GREETING_BYTES: u64 = 24;

/// One connection, shared by its bytes, its requests and the task that watches it. Its
/// counts are loose: they decide only when patience ends, and whether there is room.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    received: AtomicU64,
    sent: AtomicU64,
    begun: AtomicU64,
    working: AtomicUsize,
    unread: AtomicUsize,
    in_use: AtomicUsize,
    arriving: AtomicUsize,
    unsent: AtomicUsize,
    has_room: Notify,
}

/// Something is being worked on for a connection, until this is dropped.
#[derive(Debug)]
pub(crate) struct Work(Arc<Peer>);

/// A stream whose answers are not all read, until this is dropped.
#[derive(Debug)]
pub(crate) struct Unread(Arc<Peer>);

/// An answer that may take for ever, until this is dropped.
#[derive(Debug)]
pub(crate) struct InUse(Arc<Peer>);

/// A request of which more may come, until this is dropped.
#[derive(Debug)]
pub(crate) struct Arrival(Arc<Peer>);

/// Bytes of an answer that are not sent, until this is dropped.
#[derive(Debug)]
pub(crate) struct Unsent(Arc<Peer>, usize);

impl Peer {
    /// Notes that something is being worked on.
    pub(crate) fn work(self: &Arc<Self>) -> Work {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.working.fetch_add(1, Ordering::Relaxed);
        Work(Arc::clone(self))
    }

    /// Notes that a stream begins, whose answers will have to be read.
    pub(crate) fn stream(self: &Arc<Self>) -> Unread {
        self.unread.fetch_add(1, Ordering::Relaxed);
        Unread(Arc::clone(self))
    }

    /// Notes that an answer begins that may take for ever.
    pub(crate) fn in_use(self: &Arc<Self>) -> InUse {
        self.in_use.fetch_add(1, Ordering::Relaxed);
        InUse(Arc::clone(self))
    }

    /// Notes that a request begins to arrive.
    pub(crate) fn arrival(self: &Arc<Self>) -> Arrival {
        self.arriving.fetch_add(1, Ordering::Relaxed);
        Arrival(Arc::clone(self))
    }

    /// Notes so many bytes of an answer, which are to be sent.
    pub(crate) fn unsent(self: &Arc<Self>, bytes: usize) -> Unsent {
        self.unsent.fetch_add(bytes, Ordering::SeqCst);
        Unsent(Arc::clone(self), bytes)
    }

    /// Whether another answer may be made.
    pub(crate) fn has_room(&self) -> bool {
        self.unsent.load(Ordering::SeqCst) < UNSENT_BYTES_MAX
    }

    /// Waits until another answer may be made.
    pub(crate) async fn room(self: Arc<Self>) {
        loop {
            // Before the look: what is let go of after it is heard of.
            let room = self.has_room.notified();
            if self.has_room() {
                return;
            }
            room.await;
        }
    }

    pub(super) fn note_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn note_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Whether it said that it speaks HTTP/2.
    pub(super) fn has_greeted(&self) -> bool {
        self.received.load(Ordering::Relaxed) >= GREETING_BYTES
    }

    /// Bytes that moved so far.
    pub(super) fn moved(&self) -> u64 {
        self.received.load(Ordering::Relaxed) + self.sent.load(Ordering::Relaxed)
    }

    /// Requests and streams so far.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Streams whose answers are not all read.
    pub(super) fn unread(&self) -> usize {
        self.unread.load(Ordering::Relaxed)
    }

    /// Whether no request is on its way, and no stream has answers to be read.
    pub(super) fn is_between_requests(&self) -> bool {
        self.arriving.load(Ordering::Relaxed) == 0 && self.unread() == 0
    }

    /// Whether something is being worked on, or open for as long as it likes.
    pub(super) fn is_in_use(&self) -> bool {
        self.is_working() || self.in_use.load(Ordering::Relaxed) > 0
    }

    /// Whether something is being worked on.
    pub(crate) fn is_working(&self) -> bool {
        self.working.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.0.unread.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        let Self(peer, bytes) = self;
        let before = peer.unsent.fetch_sub(*bytes, Ordering::SeqCst);
        if before >= UNSENT_BYTES_MAX && before - *bytes < UNSENT_BYTES_MAX {
            peer.has_room.notify_waiters();
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.0.arriving.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.in_use.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}
