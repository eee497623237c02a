//! The bounds of an import, with the reason for each.

use std::time::Duration;

/// Bytes of one JSON line, or of one row of CSV. The largest order (500 lines with
/// 64-byte SKUs) is about 50 KiB; a file without line ends, or with a quote that is
/// not closed, must not fill the memory.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// Items or nodes that are on their way at once: enough to share one sync of
/// the server's disk, few enough to be admitted beside other work.
pub(super) const CALLS_AT_ONCE: usize = 256;

/// Rows of one message of the stock feed; the server takes 1,000.
pub(super) const STOCK_ROWS_PER_MESSAGE: usize = 1_000;

/// Orders of one message; the server takes 256.
pub(super) const ORDERS_PER_MESSAGE: usize = 256;

/// Messages of a stream that are not answered yet. While the server syncs one,
/// the next ones are decoded.
pub(super) const MESSAGES_IN_FLIGHT: usize = 4;

/// How often rows that the server refused for the moment are sent again while none of them
/// goes in, and the first and the longest pause before that: some ten seconds in all, which
/// outlast a peak. Each pause is twice the one before.
pub(super) const TRIES_MAX: u32 = 10;
/// See [`TRIES_MAX`].
pub(super) const PAUSE_MIN: Duration = Duration::from_millis(50);
/// See [`TRIES_MAX`].
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Bad rows of one file that the JSON report lists, and orders that lack units; the
/// others are counted, and all are in a file.
pub(super) const REPORTED_MAX: usize = 1_000;

/// Lines that are printed of one file, which a person still reads; the others go to
/// a file.
pub(super) const TOLD_MAX: usize = 20;

/// Order ids that one pass over a file keeps, as hashes: about 40 MB. A file with
/// more orders is passed over more than once, before anything of it is sent.
pub(super) const ORDERS_SEEN_MAX: usize = 3_500_000;

/// Records that are read between two looks at signals and time-outs: some
/// milliseconds.
pub(super) const RECORDS_BETWEEN_PAUSES: u32 = 4_096;

const _: () = assert!(TOLD_MAX <= REPORTED_MAX);
