//! Where a restore stops.

use std::ops::ControlFlow;

use super::RestoreError;
use crate::engine::open::{OpenError, Until};
use crate::engine::snapshots::Snapshots;
use crate::journal::{History, LogError};
use crate::model::{Lsn, Record, Timestamp};

/// What a damaged journal does not give back.
#[derive(Clone, Debug)]
pub struct Lost {
    /// This event and all after it.
    pub from: Lsn,
    /// What keeps them from being read.
    pub damage: LogError,
}

/// The last event to restore, none for all there are, and what is lost behind it.
pub(super) fn find(
    history: &dyn History,
    snapshots: &Snapshots,
    until: Option<Until>,
) -> Result<(Option<Lsn>, Option<Lost>), RestoreError> {
    match until {
        None => Ok((None, None)),
        Some(Until::Lsn(wanted)) if wanted > history.last() => {
            Err(RestoreError::Beyond { wanted, newest: history.last() })
        }
        // The state before the first event is empty, and nobody wants it back.
        Some(Until::Lsn(wanted)) if wanted < Lsn::FIRST => {
            Err(RestoreError::TooFarBack { first: history.first(), at: None })
        }
        Some(Until::Lsn(wanted)) => Ok((Some(wanted), None)),
        Some(Until::Time(time)) => Ok((Some(lsn_at(history, snapshots, time)?), None)),
        Some(Until::Damage) => {
            let (last, lost) = before_damage(history, snapshots)?;
            Ok((Some(last), lost))
        }
    }
}

/// The last event that happened up to an instant.
fn lsn_at(
    history: &dyn History,
    snapshots: &Snapshots,
    time: Timestamp,
) -> Result<Lsn, RestoreError> {
    let mut last = history.first().previous();
    let mut oldest = None;
    let mut failed = None;
    history.cursor(history.first()).read(&mut |lsn, payload| match minicbor::decode::<Record>(
        payload,
    ) {
        Ok(record) => {
            oldest.get_or_insert(record.at);
            if record.at > time {
                return ControlFlow::Break(());
            }
            last = lsn;
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(OpenError::UnknownEvent { lsn, detail: error.to_string() });
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    let reaches_back = oldest.is_some_and(|oldest| oldest <= time);
    if reaches_back || snapshot_reaches(snapshots, last, time)? {
        return Ok(last);
    }
    Err(RestoreError::TooFarBack { first: history.first(), at: oldest })
}

/// Whether the snapshot that holds the events up to `last` has none after `time`.
/// When its own events happened is not known, only that it was taken after them.
fn snapshot_reaches(
    snapshots: &Snapshots,
    last: Lsn,
    time: Timestamp,
) -> Result<bool, RestoreError> {
    let newest = snapshots.manifests()?.into_iter().find(|manifest| manifest.end <= last);
    Ok(newest.is_some_and(|manifest| manifest.created_at <= time))
}

/// The last event before the first damage that no snapshot makes good: records
/// that are older than a whole generation are not needed.
fn before_damage(
    history: &dyn History,
    snapshots: &Snapshots,
) -> Result<(Lsn, Option<Lost>), RestoreError> {
    for manifest in snapshots.manifests()? {
        if !snapshots.is_whole(manifest.generation) {
            continue;
        }
        let (last, damage) = read_from(history, manifest.start)?;
        // A generation is from no single moment: it needs the records up to its end.
        if last >= manifest.end {
            return Ok((last, damage.map(|damage| Lost { from: last.next(), damage })));
        }
    }
    match read_from(history, Lsn::NONE)? {
        (Lsn::NONE, Some(damage)) => Err(damage.into()),
        (last, damage) => Ok((last, damage.map(|damage| Lost { from: last.next(), damage }))),
    }
}

/// Reads the records after `from`; answers with the last good one, or `from`, and
/// with the damage that comes after it.
fn read_from(history: &dyn History, from: Lsn) -> Result<(Lsn, Option<LogError>), RestoreError> {
    let mut last = from;
    let read = history.cursor(from.next()).read(&mut |lsn, _| {
        last = lsn;
        ControlFlow::Continue(())
    });
    match read {
        Ok(()) => Ok((last, None)),
        Err(
            damage @ (LogError::Corrupt { .. } | LogError::Gap { .. } | LogError::Dropped { .. }),
        ) => Ok((last, Some(damage))),
        Err(error) => Err(error.into()),
    }
}
