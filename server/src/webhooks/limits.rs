//! What bounds webhooks.

use std::time::Duration;

/// Bytes of a URL: what receivers and proxies between take.
pub const URL_BYTES_MAX: usize = 2_048;

/// Bytes of a secret (Standard Webhooks 1.0). Fewer are guessed; more add nothing.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Secrets of an endpoint: two while one takes the place of the other.
pub const SECRETS_MAX: usize = 2;

/// How long one try may take, from the name of the host to the end of the answer. Receivers are to
/// answer at once and work afterwards.
pub(super) const ATTEMPT_MAX: Duration = Duration::from_secs(20);

/// Tries of one endpoint at a time.
pub(super) const ATTEMPTS_AT_ONCE: usize = 8;

/// Bytes of bodies that wait to be delivered to one endpoint, after which nothing more is read for
/// it. One event may be longer.
pub(super) const WAITING_BYTES_MAX: usize = 16 << 20;

/// Bytes of an answer that are read, so that its connection can be used again. What it says is of no
/// interest.
pub(super) const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Bytes of the text that says why a delivery failed.
pub(super) const WHY_BYTES_MAX: usize = 200;

/// The longest that a receiver may have a try put off.
pub(super) const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// How long an endpoint is left alone that says it is asked too often, at most.
pub(super) const PAUSE_MAX: Duration = Duration::from_hours(1);

/// How long it is, if it does not say how long.
pub(super) const PAUSE_DEFAULT: Duration = Duration::from_secs(5);

/// How often it is written what was delivered. What was delivered since is delivered again after a
/// crash.
pub(super) const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// How long an endpoint that has all rests after a look at the feed.
pub(super) const REST: Duration = Duration::from_millis(5);

/// How long a connection is kept that nothing is sent on.
pub(super) const CONNECTION_IDLE_MAX: Duration = Duration::from_secs(30);
