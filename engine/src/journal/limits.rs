//! Every bound of the journal, with its reason.

use super::segment::SEGMENT_HEADER_BYTES;

/// Longest payload, in bytes. The largest command is a bulk feed, which the
/// surface cuts to batches far below this; the bound keeps a damaged length
/// field from asking for gigabytes.
pub const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// Bytes of a frame before its payload.
pub(crate) const FRAME_HEADER_BYTES: usize = 24;

/// Longest frame, in bytes.
pub(crate) const FRAME_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + FRAME_HEADER_BYTES;

/// Bytes of a segment unless configured. At 200 bytes a record and a million
/// records a second a new segment is made about three times a second, which
/// costs a few file system operations; and a cut of the journal frees space in
/// steps of this size.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;

/// Largest segment, in bytes. The last one is read whole when the journal is opened,
/// behind damage byte by byte, which takes seconds at this size; and a cut of the
/// journal frees space in steps of it.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// Bytes that fill before appending is refused. One batch syncs while the next
/// fills, so a waiting record is at most two of these away from the disk: at
/// 200 MB/s that is 80 ms. A single record always fits an empty batch.
pub const BATCH_BYTES_MAX: usize = 8 << 20;

/// Records that fill before appending is refused, with the same reasoning for
/// small records: what waits in memory beside the bytes is bounded too.
pub const BATCH_RECORDS_MAX: usize = 1 << 16;

/// A reader's buffer, in bytes: large enough that system calls vanish beside
/// the checksum, small enough to stay in the second-level cache.
pub(crate) const READ_CHUNK_BYTES: usize = 256 << 10;

/// Bytes that are read by themselves where more at once cannot be read: what the operating
/// system reads for one byte, so that one bad sector takes no more than it has to.
pub(crate) const READ_PAGE_BYTES: u64 = 4 << 10;

/// The shortest and the longest wait between two attempts to find room on a
/// full disk, in milliseconds: soon enough for an operator who has just made
/// room, seldom enough to cost nothing.
pub(crate) const ROOM_RETRY_MS_MIN: u64 = 50;
/// See [`ROOM_RETRY_MS_MIN`].
pub(crate) const ROOM_RETRY_MS_MAX: u64 = 2_000;

const _: () = assert!(
    ((BATCH_BYTES_MAX + FRAME_BYTES_MAX + SEGMENT_HEADER_BYTES) as u64) < SEGMENT_BYTES_MAX,
    "the largest batch fits a segment"
);

/// Bytes of zeros that are written and synced at a time while the next segment is made
/// beside the appending: a sync of a batch waits for one such piece at most.
pub const SPARE_PIECE_BYTES: usize = 1 << 20;

/// Commands in flight from which on a batch is gathered. Fewer keep no processor busy,
/// and waiting for them would only hold up those that are there.
pub const GATHER_IN_FLIGHT_MIN: usize = 32;

/// Milliseconds between the beginnings of two syncs, at most, that a batch is gathered
/// for. A sync costs the processor a quarter of a millisecond and wakes three threads,
/// whatever it syncs: under load, twice the records in half the syncs.
pub const GATHER_MS_MAX: u64 = 2;
