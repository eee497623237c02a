//! Every bound of snapshots, each with its reason.

use std::time::Duration;

/// Items in a chunk, with all their pairs: at 20 pairs an item some 5,000
/// actors and 300 KB, so that one changed pair rewrites little and a catalogue
/// of 200,000 items has a manifest of 800 entries.
pub(super) const ITEMS_PER_CHUNK: u32 = 256;

/// Order numbers in a chunk: some 300 KB of two-line orders. Part of the format: an order
/// that left memory is looked for in the chunk that this says.
pub(super) const ORDERS_PER_CHUNK: u64 = 1_024;

/// Documents in a chunk: mostly some hundred bytes each, and 400 KB at the most.
pub(super) const DOCUMENTS_PER_CHUNK: usize = 256;

/// Requests in a full chunk.
pub(super) const REQUESTS_PER_CHUNK: usize = 4_096;

/// Parts of what prices are made of in a chunk: prices of 256 items each, so some 300 KB.
pub(super) const PRICING_PARTS_PER_CHUNK: usize = 32;

/// Parts of what is said of items, or was learnt of them, in a chunk: blocks of 64 to 128 items each, so some
/// megabyte at the most.
pub(super) const COMPANION_PARTS_PER_CHUNK: usize = 64;

/// Counts of promotions' uses in a chunk, of less than a hundred bytes each.
pub(super) const USES_PER_CHUNK: usize = 4_096;

/// Pieces of requests that are copied before the rest is taken under one lock:
/// twice as many as all that is remembered has, so that a snapshot under load
/// does not chase the newest requests for ever.
pub(super) const REQUEST_PIECES_MAX: usize =
    2 * crate::limits::REQUESTS_KEPT_MAX / REQUESTS_PER_CHUNK + 16;

/// Generations that stay: the journal reaches back to the older one, so that a
/// damaged newer one costs a longer replay and nothing else.
pub(super) const GENERATIONS_KEPT: usize = 2;

/// Longest payload of a chunk in bytes. Archives have 32-bit offsets, signed.
pub(super) const PAYLOAD_BYTES_MAX: u64 = i32::MAX as u64;

/// Bytes of the page cache of a `sled` database. Chunks are written and read once.
pub(super) const SLED_CACHE_BYTES: u64 = 16 << 20;

/// A database is compacted when it takes more than so many times what it holds.
pub(super) const SLED_AMPLIFICATION_MAX: u64 = 3;

/// Below this size on disk a database is never compacted.
pub(super) const SLED_COMPACT_BYTES_MIN: u64 = 64 << 20;

/// Threads that load a generation, each with a chunk in memory: more would wait for
/// what is put back in order.
pub(super) const LOADERS_MAX: usize = 8;

/// Times that the chunks of an order that left memory are listed: a snapshot that ends
/// between listing and reading takes them away once.
pub(super) const RECALL_TRIES_MAX: usize = 3;

/// Times that a snapshot is tried: where it failed, there again once it was opened again,
/// and in a new database.
pub(super) const TAKE_TRIES_MAX: usize = 3;

/// They take turns in two places.
const _: () = assert!(GENERATIONS_KEPT == 2);

/// How long a call into a database may take that reads or writes one chunk: a healthy one
/// takes milliseconds, and a disk that others keep busy some seconds. After it, the
/// database is taken for one that never answers again.
pub(super) const STORE_CALL_MAX: Duration = Duration::from_secs(30);

/// Bytes of a database that a call gets through in a second at the least, where it goes
/// through all of them: a tenth of what a slow disk reads.
pub(super) const STORE_BYTES_PER_SECOND_MIN: u64 = 4 << 20;

/// How long a database may take to close. What is not synced by then belongs to no
/// generation, and is as after a crash when it is opened again. Two of them together stay
/// far below the time that a shutdown may take.
pub(super) const STORE_CLOSE_MAX: Duration = Duration::from_secs(2);

/// A caller that waits for a call looks so often whether the store was closed meanwhile.
pub(super) const WORKER_LOOK: Duration = Duration::from_millis(50);

/// Room that a snapshot leaves on the disk: its database fails for good when it finds none,
/// and takes some segments of 512 KB beside each chunk.
pub(super) const STORE_ROOM_BYTES_MIN: u64 = 4 << 20;
