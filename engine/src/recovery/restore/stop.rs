//! Where a restore stops.

use std::ops::ControlFlow;

use super::error::RestoreError;
use super::point::{Dropped, Lost, Point};
use crate::command::AnyEvent;
use crate::journal::{History, Log as _, LogError, ReadOnlyLog};
use crate::model::{Lsn, Record, Timestamp};
use crate::recovery::error::OpenError;
use crate::recovery::open::Until;
use crate::snapshot::Manifest;
use crate::snapshot::snapshots::Snapshots;

/// Where a restore stops, and what that means.
pub(super) struct Stop {
    /// The last event to restore; none for all there are.
    pub last: Option<Lsn>,
    /// What damage takes.
    pub lost: Option<Lost>,
    /// What comes after it.
    pub dropped: Option<Dropped>,
    /// The earliest event that could be restored to; none where nothing is sure.
    pub earliest: Option<Point>,
}

/// Finds where to stop.
pub(super) fn find(
    log: &ReadOnlyLog,
    snapshots: &Snapshots,
    until: Option<Until>,
) -> Result<Stop, RestoreError> {
    let history = &*log.history();
    let earliest = earliest(history, snapshots)?;
    let (last, lost) = match until {
        None => (None, None),
        Some(Until::Lsn(wanted)) if wanted > history.last() && !is_kept(snapshots, wanted)? => {
            let beyond = RestoreError::Beyond { wanted, newest: history.last() };
            return Err(log.missing_after(history.last()).map_or(beyond, Into::into));
        }
        Some(Until::Lsn(wanted)) => (Some(wanted), None),
        Some(Until::Time(time)) => (Some(lsn_at(log, snapshots, time)?), None),
        Some(Until::Damage) => {
            let (last, lost) = before_damage(log, snapshots)?;
            (Some(last), lost)
        }
    };
    // Salvage looked at what is whole; where the journal ends is not known to it.
    if until == Some(Until::Damage) {
        return Ok(Stop { last, lost, dropped: None, earliest });
    }
    if last.is_some_and(|last| last < earliest.map_or(Lsn::FIRST, |earliest| earliest.lsn)) {
        return Err(RestoreError::TooFarBack(earliest));
    }
    let dropped = last.and_then(|last| dropped(log, last));
    Ok(Stop { last, lost, dropped, earliest })
}

/// The earliest point. The state before the first event is empty, and is not offered.
/// The images of a snapshot are from no single moment; only its end is a point.
fn earliest(history: &dyn History, snapshots: &Snapshots) -> Result<Option<Point>, RestoreError> {
    let first = history.first();
    if first == Lsn::FIRST {
        let at = time_of(history, first);
        return Ok((history.last() >= first).then_some(Point { lsn: first, at }));
    }
    let usable = snapshots
        .manifests()?
        .into_iter()
        .filter(|manifest| manifest.start == manifest.end || manifest.start.next() >= first);
    Ok(usable.min_by_key(|manifest| manifest.end).map(|manifest| Point {
        lsn: manifest.end,
        at: time_of(history, manifest.end).or(Some(manifest.created_at)),
    }))
}

/// Whether a whole snapshot is of the one moment behind an event: then nothing of the
/// journal is needed.
fn is_kept(snapshots: &Snapshots, lsn: Lsn) -> Result<bool, RestoreError> {
    let is_of = |manifest: &Manifest| manifest.start == lsn && manifest.end == lsn;
    let mut kept = snapshots.manifests()?.into_iter().filter(is_of);
    Ok(kept.any(|manifest| snapshots.is_whole(manifest.generation)))
}

/// What comes after an event, if anything: also what is missing at the journal's end.
fn dropped(log: &ReadOnlyLog, last: Lsn) -> Option<Dropped> {
    let history = log.history();
    let point = |lsn| Point { lsn, at: time_of(&*history, lsn) };
    let (first, last) = (last.next(), log.last_known());
    (first <= last).then(|| Dropped { first: point(first), last: point(last) })
}

/// When an event happened, if its record can be read: damage of what is not restored is
/// no obstacle to a restore.
fn time_of(history: &dyn History, lsn: Lsn) -> Option<Timestamp> {
    if lsn < history.first() || lsn > history.last() {
        return None;
    }
    let mut found = None;
    let read = history.cursor(lsn).read(&mut |_, payload| {
        found = minicbor::decode::<Record<AnyEvent>>(payload).ok();
        ControlFlow::Break(())
    });
    read.ok().and(found).map(|record| record.at)
}

/// The last event that happened up to an instant.
fn lsn_at(log: &ReadOnlyLog, snapshots: &Snapshots, time: Timestamp) -> Result<Lsn, RestoreError> {
    let history = &*log.history();
    let snapshot = start_before(history, snapshots, time)?;
    let mut last = snapshot.unwrap_or(history.first().previous());
    let mut failed = None;
    history.cursor(last.next()).read(
        &mut |lsn, payload| match minicbor::decode::<Record<AnyEvent>>(payload) {
            Ok(record) if record.at > time => ControlFlow::Break(()),
            Ok(_) => {
                last = lsn;
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(OpenError::UnknownEvent { lsn, detail: error.to_string() });
                ControlFlow::Break(())
            }
        },
    )?;
    failed.map_or(Ok(()), Err)?;
    // Missing events may be from before that instant.
    let missing = Some(last).filter(|last| *last >= history.last());
    missing.and_then(|last| log.missing_after(last)).map_or(Ok(()), Err)?;
    let is_there = snapshot.is_some() || last >= history.first();
    // Before anything that is there: not even the earliest point.
    Ok(if is_there { last } else { Lsn::NONE })
}

/// Where the newest snapshot starts that was asked for up to an instant, and whose
/// starting event, if its record can be read, is of up to that instant. Older records
/// need not be looked at, so that damage of them is no obstacle.
///
/// An event has the time at which its command came, and commands in flight together may be
/// written in another order. So an event of just after the instant may come before the
/// start.
fn start_before(
    history: &dyn History,
    snapshots: &Snapshots,
    time: Timestamp,
) -> Result<Option<Lsn>, RestoreError> {
    let is_before = |manifest: &Manifest| {
        // Events may have come between asking for a snapshot and its start.
        let last = time_of(history, manifest.start);
        manifest.created_at <= time && last.is_none_or(|last| last <= time)
    };
    Ok(snapshots.manifests()?.into_iter().find(is_before).map(|manifest| manifest.start))
}

/// The last event before the first damage that no snapshot makes good: records
/// that are older than a whole generation are not needed.
fn before_damage(
    log: &ReadOnlyLog,
    snapshots: &Snapshots,
) -> Result<(Lsn, Option<Lost>), RestoreError> {
    let history = &*log.history();
    let lost_after = |last: Lsn, damage: Option<LogError>| {
        let damage = damage.or_else(|| log.missing_after(last));
        damage.map(|damage| Lost { from: last.next(), damage })
    };
    for manifest in snapshots.manifests()? {
        if !snapshots.is_whole(manifest.generation) {
            continue;
        }
        let (last, damage) = read_from(history, manifest.start)?;
        // A generation is from no single moment: it needs the records up to its end.
        if last >= manifest.end {
            return Ok((last, lost_after(last, damage)));
        }
    }
    let (last, damage) = read_from(history, Lsn::NONE)?;
    match lost_after(last, damage) {
        Some(lost) if last == Lsn::NONE => Err(lost.damage.into()),
        lost => Ok((last, lost)),
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
