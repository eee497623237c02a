//! Every bound of the sourcing solver, with its reason.

/// Lines of one problem. Larger orders are rare bulk orders, which the caller
/// splits; line numbers fit in a `u16` with room to spare.
pub const LINES_MAX: usize = 500;

/// Offers of one line: 512 nodes with two supplies each.
pub const LINE_OFFERS_MAX: usize = 1_024;

/// Candidate shipments of one problem. Open sets are bit sets: up to 63
/// candidates fit in one word, which is the fast case.
pub const SHIPMENTS_MAX: usize = 512;

/// Units of all lines together. With [`BALANCE_MAX`] it keeps the balance of
/// an order within [`COMPONENT_MAX`].
pub const ORDER_UNITS_MAX: u64 = 1 << 28;

/// Balance penalty of one unit.
pub const BALANCE_MAX: u32 = 1 << 24;

/// What the promise counts one unit for.
pub const LATE_MAX: u32 = 1 << 24;

/// Any one component of an order's score, and so also the cost of an order in
/// minor units: all units at the dearest offer, with every shipment opened.
pub const COMPONENT_MAX: u64 = 1 << 52;

/// Bounds share the charge of a shipment among up to this many lines without
/// rounding: 840 divides by every number from 1 to 8.
pub(super) const SCALE: u64 = 840;

/// Steps (offers looked at) of one exact search. A step takes 10 to 40
/// nanoseconds with its part of the bounds, so that the hardest order holds its
/// thread for some 10 to 40 ms. Typical orders need a few hundred.
pub const STEPS_MAX: u64 = 1_000_000;

/// Steps (candidates tried) of one search for a cover, after which branch and bound
/// takes over. A step takes a few nanoseconds; eight lines at 20 of 60 nodes take
/// some hundreds.
pub(super) const COVER_STEPS_MAX: u32 = 50_000;

// Sums of scaled components are kept in 64 bits, with two bits to spare.
const _: () = assert!(COMPONENT_MAX <= u64::MAX / SCALE / 4);
const _: () = assert!(ORDER_UNITS_MAX * (BALANCE_MAX as u64) <= COMPONENT_MAX);
const _: () = assert!(ORDER_UNITS_MAX * (LATE_MAX as u64) <= COMPONENT_MAX);
const _: () = assert!(LATE_MAX >= u16::MAX as u32);
// One line can be shared by no more lines than the scale has parts.
const _: () = assert!(LINES_MAX as u64 <= SCALE);
const _: () = assert!(LINES_MAX < u16::MAX as usize);
const _: () = assert!(SHIPMENTS_MAX < u16::MAX as usize);

/// Plans made of one problem in which offers are under conditions, each with the steps of a search.
/// Most take one or three; then one condition after the other is kept for good.
pub(super) const CONDITION_PLANS_MAX: usize = 1_024;

/// Offers of all these plans together: of a large problem fewer plans are made, some at least.
pub(super) const CONDITION_OFFERS_MAX: usize = 200_000;

/// Plans made of a problem with conditions, however large.
pub(super) const CONDITION_PLANS_MIN: usize = 16;

/// The part of a search's steps that each of these plans has, but for the first one.
pub(super) const STEPS_PART: u64 = 64;

/// Plans made to keep one condition after the other. Then offers under conditions are dealt out
/// line by line.
pub(super) const CLOSING_PLANS_MAX: usize = 64;

/// The first of these, in which the better of two ways to keep a minimum is looked for. Then what
/// is less than its minimum is not given.
pub(super) const CLOSING_CHOICES_MAX: usize = 8;

/// Lines of a narrow problem: sets of them fit a byte.
pub(super) const NARROW_LINES_MAX: usize = 8;

/// Candidate shipments of a narrow problem: sets of them fit a word.
pub(super) const NARROW_SHIPMENTS_MAX: usize = 64;

/// Cost and balance of one line of a narrow problem, and the cost of one of its
/// shipments: two sums of them share one word of 64 bits.
pub(super) const NARROW_COMPONENT_MAX: u64 = (1 << 28) - 1;

// A plan has no more shipments than lines.
const _: () = assert!(2 * NARROW_LINES_MAX as u64 * NARROW_COMPONENT_MAX <= u32::MAX as u64);
