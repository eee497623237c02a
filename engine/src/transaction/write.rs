//! Writing the one event of a command.

use super::begin::{Started, begin_request};
use super::claims::Claims;
use super::error::EngineError;
use super::kernel::Kernel;
use super::written::Reserves;
use crate::journal::Ticket;
use crate::model::command::Meta;
use crate::model::digest::fingerprint;
use crate::model::{Event, Lsn, Record, Refusal, Request};

/// What a mutation came to, before it is durable.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// The event is on its way to the disk.
    Written(Ticket),
    /// The same request was carried out before.
    Repeat(Lsn),
    /// Nothing had to change, or it was only to be found out whether it could.
    Known(Lsn),
}

/// The key of a command, with what tells the same request from another one.
pub struct Keyed {
    /// The key, with the fingerprint of what the caller sent.
    pub request: Request,
    /// The fingerprint of the command, where that is not what the caller sent. An older
    /// version remembers the request by it.
    command: Option<u64>,
}

/// The key of a command, if it has one, with the content's fingerprint.
pub fn request_of<T: minicbor::Encode<()>>(meta: &Meta, command: &T) -> Option<Keyed> {
    let id = meta.request_id.clone()?;
    let command = fingerprint(command);
    Some(match meta.content {
        Some(fingerprint) => Keyed { request: Request { id, fingerprint }, command: Some(command) },
        None => Keyed { request: Request { id, fingerprint: command }, command: None },
    })
}

/// Takes the key of a command.
pub async fn begin<'a>(
    kernel: &'a Kernel,
    keyed: Option<&Keyed>,
) -> Result<Started<'a>, EngineError> {
    let started = begin_request(kernel, keyed.map(|keyed| &keyed.request)).await;
    match (started, keyed.and_then(|keyed| keyed.command)) {
        (Err(EngineError::Refused(Refusal::RequestIdReused { request_id })), Some(fingerprint)) => {
            begin_request(kernel, Some(&Request { id: request_id, fingerprint })).await
        }
        (started, _) => started,
    }
}

/// Writes the event of a command whose actors are claimed.
pub async fn write<'a>(
    kernel: &'a Kernel,
    meta: Meta,
    keyed: Option<Keyed>,
    decide: impl AsyncFnOnce() -> Result<(Event, Claims<'a>), EngineError>,
) -> Result<Change, EngineError> {
    let key = match begin(kernel, keyed.as_ref()).await? {
        Started::Fresh(key) => key,
        Started::Repeat(done) => return Ok(Change::Repeat(done.lsn)),
    };
    let request = keyed.map(|keyed| keyed.request);
    let (event, claims) = decide().await?;
    if meta.validate_only {
        return Ok(Change::Known(kernel.shown()));
    }
    let ticket = kernel
        .append(Record { at: meta.at, request, origin: meta.origin, event }, Reserves::new())?;
    claims.hand_over();
    if let Some(key) = key {
        key.hand_over();
    }
    Ok(Change::Written(ticket))
}
