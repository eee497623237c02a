//! What bounds connections, each with its reason. How many there may be, and how long
//! one may ask for nothing, an operator says: `config::limits`.

use std::time::Duration;

/// How long a connection may take to say that it speaks HTTP/2. Callers say so at once;
/// what says nothing is a probe, or holds a place.
pub(super) const GREETING_MAX: Duration = Duration::from_secs(10);

/// Bytes of answers to single calls that one connection may leave unread, before its next
/// requests wait. As much as requests may take before they are read; one answer may be
/// longer, and so are those that were begun before.
pub(super) const UNSENT_BYTES_MAX: usize = 4 << 20;

/// How long a connection that asked for nothing is kept after it was told that it ends: it
/// ends by itself when that is sent, unless something of it is still open.
pub(super) const LEAVING_MAX: Duration = Duration::from_secs(2);

/// How long nothing may move on a connection in a drain while no request is being worked
/// on: several round trips to anywhere. A peer that only keeps its connection open would
/// make the drain last for as long as it may. A peer that has answers to read gets half
/// of a drain for that: the answers tell what was taken.
pub(super) const STILL_MAX: Duration = Duration::from_secs(2);

/// How long nothing may move on a connection that reads metrics: scrapes are a minute
/// apart at most, mostly.
pub(super) const SCRAPER_STILL_MAX: Duration = Duration::from_secs(90);

/// Connections that read metrics, at a time. Those are few, and come out of
/// [`FILES_KEPT`].
pub(crate) const SCRAPERS_MAX: usize = 16;

/// Open files that connections leave to all else: journal segments and the one that is
/// made beforehand, two databases and what they make while a snapshot is taken, snapshots
/// that are sent, metrics, the runtime. Some forty are open at a time; a journal that
/// cannot open a segment halts the engine.
pub(super) const FILES_KEPT: u64 = 128;

/// The first and the longest pause after a connection could not be accepted for want of
/// files or memory: only others that close make room.
pub(super) const PAUSE_MIN: Duration = Duration::from_millis(10);
/// See [`PAUSE_MIN`].
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How often the log tells of connections that are turned away.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(10);
