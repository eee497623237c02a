//! Those who read the feed under a name, and how far each has come.
//!
//! A consumer acknowledges the version up to which it has done its work, and goes on behind that,
//! whatever happened to it meanwhile. Where it stands is no state of the business, and no event:
//! an event for each acknowledgement would feed the feed. It lies in a file of its own, which is
//! replaced whole.
//!
//! - **Invariant, durable first.** What is shown and acknowledged is on stable storage.
//! - **Invariant, forward.** Acknowledging never moves a consumer back; only a seek does.
//!
//! A restore makes a directory without consumers: versions behind what it restored are given to
//! other events, and a consumer who was told of the old ones has to begin anew.

use std::path::Path;
use std::sync::Arc;

use super::kept::{Kept, KeptError, Kind};
use super::position::{Position, Positions};
use crate::disk::Disk;
use crate::limits::{CONSUMERS_FILE_BYTES_MAX, CONSUMERS_MAX};
use crate::model::{ConsumerId, Lsn, Refusal, Timestamp};
use crate::paths::consumers_file;
use crate::transaction::error::EngineError;

/// The consumers of a data directory.
pub struct Consumers(Kept<ConsumerId, Position>);

impl Consumers {
    /// The consumers of a data directory. A file that is damaged is set aside: the feed goes on
    /// without it, and its consumers have to be named again.
    ///
    /// # Errors
    /// When the file system refuses, and when a newer program wrote the file.
    pub fn open(disk: Arc<dyn Disk>, data: &Path) -> Result<Self, KeptError> {
        let kind = Kind {
            path: consumers_file(data),
            magic: *b"BKSTCONS",
            bytes_max: CONSUMERS_FILE_BYTES_MAX,
            of: "consumers",
        };
        Ok(Self(Kept::open(disk, kind)?))
    }

    /// All of them.
    pub fn all(&self) -> Arc<Positions> {
        self.0.all()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Refusal::ConsumerNotFound`].
    pub fn get(&self, id: &ConsumerId) -> Result<Position, Refusal> {
        let found = self.all().get(id).copied();
        found.ok_or_else(|| not_found(id))
    }

    /// Moves a consumer forward. One that is there, or further, stays where it is.
    ///
    /// # Errors
    /// [`Refusal::ConsumerNotFound`], and what the disk answers.
    pub(super) fn acknowledge(
        &self,
        id: &ConsumerId,
        version: Lsn,
        now: Timestamp,
    ) -> Result<Position, EngineError> {
        self.0.change(|positions| {
            let position = positions.get_mut(id).ok_or_else(|| not_found(id))?;
            if position.acknowledged < version {
                *position = Position { acknowledged: version, moved_at: now, ..*position };
            }
            Ok(*position)
        })
    }

    /// Puts a consumer behind a version, wherever it was; with `create`, one that is new as well.
    ///
    /// # Errors
    /// [`Refusal::ConsumerNotFound`], [`Refusal::ListFull`], and what the disk answers.
    pub(super) fn seek(
        &self,
        id: &ConsumerId,
        (version, create): (Lsn, bool),
        now: Timestamp,
    ) -> Result<Position, EngineError> {
        self.0.change(|positions| {
            let created_at = match positions.get(id) {
                Some(position) if position.acknowledged == version => return Ok(*position),
                Some(position) => position.created_at,
                None if !create => return Err(not_found(id)),
                None if positions.len() >= CONSUMERS_MAX => {
                    return Err(Refusal::ListFull { what: "consumers", max: CONSUMERS_MAX });
                }
                None => now,
            };
            let position = Position { acknowledged: version, created_at, moved_at: now };
            positions.insert(id.clone(), position);
            Ok(position)
        })
    }

    /// Forgets a consumer: nothing is kept for it any more.
    ///
    /// # Errors
    /// [`Refusal::ConsumerNotFound`], and what the disk answers.
    pub(super) fn delete(&self, id: &ConsumerId) -> Result<(), EngineError> {
        self.0.change(|positions| positions.remove(id).map(drop).ok_or_else(|| not_found(id)))
    }
}

fn not_found(id: &ConsumerId) -> Refusal {
    Refusal::ConsumerNotFound { consumer_id: id.clone() }
}

#[cfg(test)]
mod tests;
