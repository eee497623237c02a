//! What a server does by itself: it tells the engine what time it is, tells metrics what
//! the engine knows of itself, and takes snapshots when they are due.

mod consumers;
mod endpoints;
mod labels;
mod returns;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock_engine::engine::{Engine, Halt, IssueCounts, journal_directory};
use backstock_engine::model::Lsn;
use backstock_engine::service::SnapshotFailed;
use backstock_engine::snapshot::TakeReport;
use metrics::{counter, gauge, histogram};
use tokio::task::JoinSet;

use self::consumers::ConsumerGauges;
use self::endpoints::EndpointGauges;
use crate::clock::Clock;
use crate::connections::Places;
use crate::observability::names;

/// How often the engine is told the time, also where no command does: a hold lapses within
/// a second of its instant.
const TIME_INTERVAL: Duration = Duration::from_millis(250);

/// How often what the engine knows of itself becomes metrics.
const GAUGES_INTERVAL: Duration = Duration::from_secs(1);

/// How often it is looked whether a snapshot is due.
const DUE_INTERVAL: Duration = Duration::from_secs(1);

/// When a server takes snapshots by itself: whichever comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnapshotSchedule {
    /// So long after the last one.
    pub interval: Option<Duration>,
    /// When the journal has grown by so many bytes since.
    pub journal_bytes: Option<u64>,
}

impl SnapshotSchedule {
    fn is_due(self, since: Duration, grown: u64) -> bool {
        self.interval.is_some_and(|interval| since >= interval)
            || self.journal_bytes.is_some_and(|bytes| grown >= bytes)
    }

    fn is_off(self) -> bool {
        self == Self::default()
    }
}

/// Starts the tasks, which end when the answer is dropped.
pub(crate) fn start(
    engine: &Engine,
    clock: &Arc<Clock>,
    places: &Places,
    data: &Path,
    schedule: SnapshotSchedule,
) -> JoinSet<()> {
    let seconds = histogram!(names::JOURNAL_SYNC_SECONDS);
    engine.listen_to_journal(Box::new(move |synced| seconds.record(synced.took)));
    let mut tasks = JoinSet::new();
    // Dashboards see the 0 that it begins with.
    counter!(names::SNAPSHOTS_FAILED).increment(0);
    tasks.spawn(keep_time(engine.clone(), Arc::clone(clock)));
    tasks.spawn(keep_gauges(engine.clone(), places.clone(), journal_directory(data)));
    tasks.spawn(keep_consumers(engine.clone(), Arc::clone(clock)));
    if !schedule.is_off() {
        tasks.spawn(keep_snapshots(engine.clone(), Arc::clone(clock), schedule));
    }
    tasks
}

/// Takes a snapshot, and tells metrics of it.
pub(crate) async fn take_snapshot(
    engine: &Engine,
    clock: &Clock,
) -> Result<TakeReport, SnapshotFailed> {
    let taken = engine.take_snapshot(clock.now()).await;
    let is_failure = |failed: &SnapshotFailed| !matches!(failed, SnapshotFailed::Running);
    if taken.as_ref().is_err_and(is_failure) {
        counter!(names::SNAPSHOTS_FAILED).increment(1);
    }
    let report = taken?;
    histogram!(names::SNAPSHOT_SECONDS).record(report.took_copying + report.took_verifying);
    set(names::SNAPSHOT_LSN, report.manifest.start.get());
    Ok(report)
}

/// Tells metrics what somebody has to look at of what partners said.
fn note_partners(counts: &IssueCounts) {
    set(names::PARTNER_GAPS, counts.gaps);
    set(names::PARTNER_QUARANTINED, counts.quarantined);
    set(names::PARTNER_UNMATCHED, counts.unmatched);
}

/// Tells metrics that the engine has halted, before the process ends.
pub(crate) fn note_halt(halt: Option<&Halt>) {
    set(names::JOURNAL_HALTED, u64::from(matches!(halt, Some(Halt::Disk(_)))));
}

/// Tells the engine what time it is, for ever.
async fn keep_time(engine: Engine, clock: Arc<Clock>) {
    let mut tick = tokio::time::interval(TIME_INTERVAL);
    loop {
        tick.tick().await;
        engine.tell_time(clock.now());
    }
}

/// Turns what the engine knows of itself into metrics, for ever.
async fn keep_gauges(engine: Engine, places: Places, journal: PathBuf) {
    note_newest_snapshot(&engine).await;
    let mut tick = tokio::time::interval(GAUGES_INTERVAL);
    loop {
        tick.tick().await;
        let status = engine.status();
        set(names::DURABLE_LSN, status.durable.get());
        set(names::APPLIED_LSN, engine.version().get());
        set(names::COMMANDS_IN_FLIGHT, status.in_flight as u64);
        set(names::JOURNAL_FULL, u64::from(status.is_journal_full));
        set(names::CONNECTIONS, places.taken() as u64);
        set(names::PAIRS, status.pairs as u64);
        // Counted one after the other, while orders come and go.
        let in_memory = status.numbered.saturating_sub(status.archived_orders as u64);
        set(names::ORDERS_IN_MEMORY, in_memory);
        set(names::HOLDS_LIVE, status.live_holds as u64);
        set(names::ORDERS_ARCHIVED, status.archived_orders as u64);
        note_halt(engine.halt().as_ref());
        let journal = journal.clone();
        let bytes = tokio::task::spawn_blocking(move || bytes_in(&journal)).await;
        // Segments come and go: what cannot be read now can be next time.
        if let Ok(Ok(bytes)) = bytes {
            set(names::JOURNAL_BYTES, bytes);
        }
    }
}

/// Tells how far the consumers of the feed are behind, and its endpoints, for ever.
async fn keep_consumers(engine: Engine, clock: Arc<Clock>) {
    let (mut gauges, mut endpoints) = (ConsumerGauges::default(), EndpointGauges::default());
    let mut tick = tokio::time::interval(GAUGES_INTERVAL);
    loop {
        tick.tick().await;
        endpoints.tell(&engine.endpoints().all());
        let (engine, now) = (engine.clone(), clock.now());
        note_partners(&engine.partner_issue_counts(now));
        returns::note(&engine.returns_ageing(), now);
        // The journal may be read for it.
        let consumers = tokio::task::spawn_blocking(move || engine.consumers(now)).await;
        gauges.tell(&consumers.unwrap_or_default());
    }
}

async fn note_newest_snapshot(engine: &Engine) {
    let engine = engine.clone();
    match tokio::task::spawn_blocking(move || engine.snapshot_start()).await {
        Ok(Ok(start)) => set(names::SNAPSHOT_LSN, start.get()),
        Ok(Err(error)) => tracing::warn!(%error, "the snapshots cannot be listed"),
        // The runtime ends.
        Err(_) => {}
    }
}

/// Bytes of the files in a directory, without the lock file.
fn bytes_in(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(directory)? {
        let file = file?;
        if file.file_name() != "LOCK" {
            bytes += file.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// Metrics are floats; what is counted here stays far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "a metric, and far below 2^52")]
fn set(name: &'static str, value: u64) {
    gauge!(name).set(value as f64);
}

/// The last time that a snapshot was taken, or tried to be.
struct Last {
    at: Instant,
    /// What had gone to the journal.
    bytes: u64,
    /// The version then, if two are there: while nothing changes, none is due.
    version: Option<Lsn>,
}

/// Takes snapshots when they are due, for ever. One that fails is tried again when
/// the next one is due.
async fn keep_snapshots(engine: Engine, clock: Arc<Clock>, schedule: SnapshotSchedule) {
    let written = |engine: &Engine| engine.status().journal_bytes_written;
    let mut last = Last { at: Instant::now(), bytes: written(&engine), version: None };
    let look = schedule.interval.map_or(DUE_INTERVAL, |interval| interval.min(DUE_INTERVAL));
    let mut tick = tokio::time::interval(look);
    loop {
        tick.tick().await;
        let (bytes, version) = (written(&engine), engine.version());
        let due = schedule.is_due(last.at.elapsed(), bytes - last.bytes);
        if !due || version == Lsn::NONE || last.version == Some(version) {
            continue;
        }
        let taken = take_snapshot(&engine, &clock).await;
        if let Err(error) = &taken {
            tracing::warn!(%error, "no snapshot was taken; the next try is when one is due again");
        }
        // With one alone, the journal stays, and so do closed orders.
        let has_fallback = taken.is_ok_and(|report| report.journal_from.is_some());
        last = Last { at: Instant::now(), bytes, version: has_fallback.then_some(version) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_due_by_time_or_by_size_or_never() {
        let (hour, minute) = (Duration::from_hours(1), Duration::from_mins(1));
        let both = SnapshotSchedule { interval: Some(hour), journal_bytes: Some(100) };
        assert!(!both.is_due(minute, 99));
        assert!(both.is_due(hour, 0));
        assert!(both.is_due(minute, 100));
        let never = SnapshotSchedule::default();
        assert!(never.is_off() && !never.is_due(hour, u64::MAX));
        assert!(!both.is_off());
    }
}
