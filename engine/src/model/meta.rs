//! What every command carries besides its content.

use super::event::Origin;
use super::ids::RequestId;
use super::time::Timestamp;

/// What every mutating command carries besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The idempotency key; an order's id is one by itself.
    pub request_id: Option<RequestId>,
    /// The fingerprint of what the caller sent, where the command was made of that and
    /// of the state: the same request may become another command later. None where the
    /// command is what the caller sent.
    pub content: Option<u64>,
    /// Actor, channel and reason.
    pub origin: Option<Box<Origin>>,
    /// When the command was taken, by the server's clock.
    pub at: Timestamp,
    /// Only find out whether it would be done. Nothing is written, and the answer's
    /// version is one that it would have been done at. Placing an order passes over this:
    /// an order is quoted instead, by a call of its own.
    pub validate_only: bool,
}
