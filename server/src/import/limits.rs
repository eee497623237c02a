//! The bounds of an import, with the reason for each.

/// Bytes of one JSON line. The largest order (500 lines with 64-byte SKUs) is
/// about 50 KiB; a file without line ends must not fill the memory.
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

/// Bad rows of one file that the JSON report lists; the others are counted.
/// For people every one is printed as it is met.
pub(super) const BAD_ROWS_KEPT_MAX: usize = 1_000;
