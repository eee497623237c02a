//! The bounds of what partners send, with the reason for each.

use backstock_engine::limits::PARTNER_LINES_MAX;

/// Bytes of a message in JSON: as many lines as there may be, each with a long SKU and its grades,
/// take some 3 MB.
pub(super) const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Values of a message in JSON, lists and objects included: a value takes some 32 bytes of memory, and
/// two bytes of JSON are enough for one. A line has at most 20.
pub(super) const MESSAGE_VALUES_MAX: usize = 25 * PARTNER_LINES_MAX;

/// Bytes of a file in X12: the largest message takes some 2 MB, and a file may have several.
pub const FILE_BYTES_MAX: usize = 16 << 20;

/// Segments of a file in X12: the largest message has four for each line.
pub(super) const SEGMENTS_MAX: usize = 250_000;

/// Elements of one segment. The longest that is read has 17; longer ones of the standard, such as
/// those of items, have some 40.
pub(super) const ELEMENTS_MAX: usize = 64;

/// Messages of a file in X12: a night's worth of one partner, and each is answered.
pub(super) const SETS_MAX: usize = 10_000;

/// Faults that are told of one message. More help nobody; how many there are is told.
pub(super) const FAULTS_TOLD_MAX: usize = 100;

/// Tracking numbers of one shipment: one for each package.
pub(super) const TRACKING_MAX: usize = 100;

/// Faults that one answer lists.
pub(super) const ACK_FAULTS_MAX: usize = FAULTS_TOLD_MAX;

const _: () = assert!(4 * PARTNER_LINES_MAX < SEGMENTS_MAX);
