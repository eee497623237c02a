//! The bounds of every setting, with the reason for each.

use std::ops::RangeInclusive;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// Commands admitted at once. Below 1 nothing would run; each one in flight
/// holds its request and its claims, so a million is about a gigabyte.
pub const COMMANDS_IN_FLIGHT: RangeInclusive<u64> = 1..=1_000_000;

/// Connections at a time. Each one holds a file, and some ten kilobytes while it does
/// nothing; a million is what one address has ports for, some sixteen times.
pub const CONNECTIONS: RangeInclusive<u64> = 1..=1_000_000;

/// Seconds that a connection may ask for nothing. Callers that pause for less than some
/// seconds would connect for each request; after a day the other side does not come
/// back.
pub const CONNECTION_IDLE_SECONDS: RangeInclusive<u64> = 10..=86_400;

/// Bytes of one request. The largest order (500 lines of 64-byte ids) is about
/// 40 KiB; a decoded request is all in memory, hence the upper end.
pub const REQUEST_BYTES: RangeInclusive<u64> = 64 * KIB..=64 * MIB;

/// Bytes of one journal segment. Small ones are preallocated too often; the
/// journal is cut by whole segments, so large ones keep what is not needed.
pub const JOURNAL_SEGMENT_BYTES: RangeInclusive<u64> =
    MIB..=backstock_engine::journal::limits::SEGMENT_BYTES_MAX;

/// Seconds between two snapshots, or 0 for none by time. More often than this
/// they would never cease; a day at most, or replay gets long.
pub const SNAPSHOT_INTERVAL_SECONDS: RangeInclusive<u64> = 10..=86_400;

/// Bytes of journal between two snapshots, or 0 for none by size. They bound the
/// time of a replay; fewer would be a snapshot every second.
pub const SNAPSHOT_JOURNAL_BYTES: RangeInclusive<u64> = MIB..=1024 * GIB;

/// Seconds that a closed order stays in memory, or 0 for ever. They leave with a
/// snapshot, so that less than one changes nothing; ten years are more than any server
/// runs.
pub const ARCHIVE_AFTER_SECONDS: RangeInclusive<u64> = 1..=315_360_000;

/// Bytes of journal that are kept for consumers of the feed beyond what snapshots need, or 0
/// for none. The journal goes by segments, so that fewer than a MiB are none.
pub const FEED_KEPT_BYTES: RangeInclusive<u64> = MIB..=1024 * GIB;

/// Seconds that a shutdown waits for what has begun. Service managers kill
/// after some minutes anyway.
pub const DRAIN_SECONDS: RangeInclusive<u64> = 1..=600;
