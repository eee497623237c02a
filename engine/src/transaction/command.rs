//! What a command is, and the one way from it to the journal.
//!
//! ```text
//!   key ---> validate ---> decide ---> append ~~~ durable ~~~> apply
//!    |        fields        actors      one event
//!    +--> carried out before: answered again, whatever its content is today
//! ```

use smallvec::SmallVec;

use super::begin::{Started, begin_request};
pub use super::effective::{Effective, recorded};
use super::error::EngineError;
use super::in_flight::Transaction;
use super::kernel::Kernel;
use super::minting;
use super::written::Written;
use crate::geo::PostalCodes;
use crate::journal::Ticket;
use crate::model::effect::Effect;
use crate::model::event::{Listed, Numbered, Record};
use crate::model::{
    Lsn, Meta, OrderId, OrderNo, Refusal, Request, SkuNo, Timestamp, Unpackable, Violation,
};
use crate::state::network::Network;

/// A command, which becomes one event or is refused.
pub trait Command {
    /// What it makes happen.
    type Event: Listed + Effective + Clone;

    /// Key, origin, time.
    fn meta(&self) -> &Meta;

    /// Tells the same content sent again from another one. It is in the journal: it never
    /// changes for the same content.
    fn fingerprint(&self) -> u64;

    /// Checks what needs no actor. All that is wrong is told at once.
    ///
    /// # Errors
    /// Every field that is wrong.
    fn validate(&self, _facts: &Facts<'_>) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    /// Decides on durable state, and claims what the event will change.
    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<Self::Event>, EngineError>;
}

/// An event that was read from the journal, as the applier takes it.
pub trait Replay {
    /// What the applier takes, of a command with that key.
    ///
    /// # Errors
    /// When the order in it does not unpack.
    fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable>;
}

/// What the applier takes, and the order that it places.
pub type Replayed = (Written, Option<(OrderId, OrderNo)>);

impl<E: Effective> Replay for E {
    fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable> {
        Ok((recorded(request, self), None))
    }
}

/// What fields are checked against.
pub struct Facts<'a> {
    /// When the command was taken.
    pub now: Timestamp,
    /// Nodes and policy.
    pub network: &'a Network,
    /// Where postal codes are.
    pub postal: &'a dyn PostalCodes,
}

/// What a command decides.
pub enum Decision<E> {
    /// This happens.
    Event(E),
    /// Nothing has to change: the version shows that all is so already.
    Nothing(Lsn),
    /// The same was carried out before, by that event: an id in it is a key by itself.
    Repeat(Lsn),
}

/// The outcome of a command, before it is durable.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The event is on its way to the disk. It may free units of these SKUs.
    Written(Ticket, SmallVec<[SkuNo; 2]>),
    /// The same request was carried out before.
    Repeat(Lsn),
    /// Nothing had to change, or the caller only asked whether it could.
    Known(Lsn),
}

/// Brings a command to the journal.
///
/// # Errors
/// A reused key, then what is wrong with the content, then what durable state refuses.
pub async fn run<C: Command>(kernel: &Kernel, command: &C) -> Result<Outcome, EngineError> {
    let meta = command.meta();
    let request = request_of(command);
    let mut tx = match begin(kernel, request.as_ref(), command).await? {
        Started::Fresh(key) => Transaction::begin(kernel, key),
        Started::Repeat(done) => return Ok(Outcome::Repeat(done.lsn)),
    };
    // Only now: what was carried out may name a day that has passed.
    let (network, postal) = (&kernel.state.network.load(), &*kernel.postal);
    command.validate(&Facts { now: meta.at, network, postal })?;
    let event = match command.decide(&mut tx).await? {
        Decision::Event(_) if meta.validate_only => return Ok(Outcome::Known(kernel.shown())),
        Decision::Event(event) => Numbered(event),
        Decision::Nothing(lsn) => return Ok(Outcome::Known(lsn)),
        Decision::Repeat(lsn) => return Ok(Outcome::Repeat(lsn)),
    };
    let record = Record { at: meta.at, request, origin: meta.origin.clone(), event };
    let (ticket, frees) = append(&tx, record)?;
    tx.hand_over(ticket);
    Ok(Outcome::Written(ticket, frees))
}

/// Hands a record to the journal, and tells of which SKUs its event may free units. Of an
/// item that is new, its number is the next one.
fn append<E: Listed + Effective + Clone>(
    tx: &Transaction<'_>,
    record: Record<Numbered<E>>,
) -> Result<(Ticket, SmallVec<[SkuNo; 2]>), EngineError> {
    let _numbers = tx.still_next()?;
    let mut frees = SmallVec::new();
    let ticket = minting::append(&tx.claims, record, |written| {
        if let Written::Other(recorded) = &written {
            frees.extend(recorded.effects.iter().filter_map(Effect::frees));
        }
        written.claiming(tx.claims.room_claimed())
    })?;
    Ok((ticket, frees))
}

/// The key of a command, if it has one, with the fingerprint of what the caller sent.
fn request_of(command: &impl Command) -> Option<Request> {
    let Meta { request_id, content, .. } = command.meta();
    let fingerprint = || content.unwrap_or_else(|| command.fingerprint());
    request_id.clone().map(|id| Request { id, fingerprint: fingerprint() })
}

/// Takes the key of a command. Where the fingerprint is not the command's own, an older
/// version may remember the request by that.
async fn begin<'k>(
    kernel: &'k Kernel,
    request: Option<&Request>,
    command: &impl Command,
) -> Result<Started<'k>, EngineError> {
    match begin_request(kernel, request).await {
        Err(EngineError::Refused(Refusal::RequestIdReused { request_id: id }))
            if command.meta().content.is_some() =>
        {
            let fingerprint = command.fingerprint();
            begin_request(kernel, Some(&Request { id, fingerprint })).await
        }
        started => started,
    }
}
