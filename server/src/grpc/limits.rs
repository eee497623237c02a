//! What bounds one request, one page, one stream, each with its reason. What
//! bounds the state is the engine's, and what an operator may set is in `config`.

use std::time::Duration;

/// How long the message of a single call may take to arrive. The longest takes a second on
/// a line that is worth having, and what comes byte by byte holds a stream and its memory.
pub(super) const ARRIVING_MAX: Duration = Duration::from_mins(1);

/// How long it may take once the server drains: what has not arrived was not taken.
pub(super) const ARRIVING_IN_DRAIN_MAX: Duration = Duration::from_secs(2);

/// Most orders of one request of a stream.
pub(super) const ORDERS_PER_REQUEST_MAX: usize = 256;

/// Orders of one stream between submitting and answering. Several group commits'
/// worth, and a sixteenth of what the engine admits by default.
pub(super) const ORDERS_IN_FLIGHT_MAX: usize = 4_096;

/// What a quote counts among them: as many as one request has may wait. Nothing is done
/// for a quote before it is answered, so that there is nothing to run ahead with.
pub(super) const QUOTE_COUNTS: usize = ORDERS_IN_FLIGHT_MAX / ORDERS_PER_REQUEST_MAX;

/// Bytes of the requests of one stream between submitting and answering: all of a request
/// is kept until it is answered. Twenty times as much as its orders mostly are; one that
/// is longer waits until no other is there.
pub(super) const REQUEST_BYTES_IN_FLIGHT_MAX: usize = 8 << 20;

/// How often an order is submitted again when the engine is overloaded, before
/// the caller hears of it. The stream is what slows down meanwhile.
pub(super) const OVERLOADED_TRIES_MAX: u32 = 100;

/// Bytes of the answers of a stream that wait for the transport: a dozen replies of the
/// most orders as they mostly are, or pieces of a snapshot. With quotes of many lines one
/// reply is longer than that, and then one waits. A caller that reads nothing makes the
/// server hold this much, one answer that there was little room for, and one that the
/// transport has begun to send.
pub(super) const ANSWERS_WAITING_BYTES_MAX: usize = 1 << 20;

/// What the shortest answer counts: no more than sixteen wait for the transport.
pub(super) const ANSWER_BYTES_COUNTED_MIN: usize = ANSWERS_WAITING_BYTES_MAX / 16;

/// Bytes that most answers to an order fit; a longer one makes its memory grow.
pub(super) const ANSWER_BYTES: usize = 256;

/// Most rows of one request of a feed; all of them may be in flight at a time.
pub(super) const ROWS_PER_REQUEST_MAX: usize = 1_000;

/// Longest key of a feed's request: the longest id, less the place of a row and a
/// letter. `REQUEST-ID/999c` is the longest key of a row.
pub(super) const FEED_REQUEST_ID_BYTES_MAX: usize = 58;

/// Most SKUs of one availability request.
pub(super) const SKUS_MAX: usize = 1_000;

/// Most SKUs of one availability request that asks for curves: a node has up to 256 supplies on
/// its way, and each may be a step.
pub(super) const CURVES_MAX: usize = 100;

/// Most nodes that an availability request may name.
pub(super) const NODES_MAX: usize = 1_000;

/// Watches of availability that are open at a time. While events are applied, each of them looks
/// at a word of every pair of its SKUs twenty times a second: at 800,000 words, of a thousand
/// SKUs at forty nodes each. No actor is asked but for a SKU that changed, or of which units are
/// claimed in flight.
pub(super) const WATCHES_MAX: usize = 64;

/// How long a watch rests after a look, while there is something new: a page that is shown to a
/// person need not be newer. The .proto files promise it.
pub(super) const WATCH_REST: Duration = Duration::from_millis(50);

/// Bytes from which on a response of a watch is not added to: callers take messages of 4 MiB, and
/// a SKU at a thousand nodes has a tenth of one.
pub(super) const WATCH_BYTES: usize = 256 << 10;

/// How often a watch reads what did not change: a day begins, and what did not come by then is
/// overdue.
pub(super) const WATCH_CLOSELY: Duration = Duration::from_mins(1);

/// Readers of the feed at a time: a dozen systems with a few parts each. Each holds a file, and what
/// is read for it at once.
pub(super) const FEEDS_MAX: usize = 64;

/// How long a reader of the feed that has all rests after a look, so that events which follow each
/// other closely are read at once.
pub(super) const FEED_REST: Duration = Duration::from_millis(2);

/// How often a reader is told how far the feed was looked through, where there is nothing else to
/// tell. The .proto files promise it.
pub(super) const FEED_PROGRESS: Duration = Duration::from_millis(500);

/// Bytes from which on a response with events is not added to.
pub(super) const FEED_RESPONSE_BYTES: usize = 256 << 10;

/// Most types that a reader of the feed may name; twice as many as there are.
pub(super) const FEED_TYPES_MAX: usize = 64;

/// Most subjects that a reader of the feed may name. Each event is compared with each.
pub(super) const FEED_SUBJECTS_MAX: usize = 100;

/// Longest subject that a reader of the feed may name: that of a SKU at a node with the longest ids,
/// each character of which is escaped, has some 400 bytes.
pub(super) const FEED_SUBJECT_BYTES_MAX: usize = 600;

/// Entries of a page when the request does not say how many.
pub(super) const PAGE_SIZE_DEFAULT: usize = 100;

/// Most entries of a page; a request for more gets as many.
pub(super) const PAGE_SIZE_MAX: usize = 1_000;

/// Snapshots that are sent at a time. Each takes its size on disk until it is
/// sent; operators send one.
pub(super) const EXPORTS_MAX: usize = 2;

/// Bytes of a piece of a snapshot that is sent.
pub(super) const PIECE_BYTES: usize = 64 << 10;

/// How long a caller may read nothing of a snapshot before it is given up: it
/// takes one of the few places. The .proto files promise it.
pub(super) const PIECE_STALL_MAX: Duration = Duration::from_mins(1);
