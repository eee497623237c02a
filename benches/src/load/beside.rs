//! Work that is done once while a run is measured, a snapshot, an audit or a follower of the feed,
//! and how orders fare beside it.
//!
//! ```text
//!   measured   |------------|=======================|------------|
//!   slots         without   |  with the work        |  without
//! ```
//! A slot in which the work began or ended is in neither part.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock_engine::engine::{AuditReport, Engine, Feed, Filter};
use backstock_engine::snapshot::TakeReport;
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::error::LoadError;
use super::recorder::Record;
use super::text::{micros, real};
use crate::workload::network::NOW;

/// The work begins when this part of the measured time is over, so that there are slots
/// before it.
const BEGINS_AFTER: u32 = 5;

/// What is done meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A snapshot is taken.
    Snapshot,
    /// The state is audited.
    Audit,
    /// The feed is followed.
    Follow,
}

impl Work {
    async fn run(self, engine: Engine, lasts: Duration) -> Result<Outcome, LoadError> {
        Ok(match self {
            Self::Snapshot => Outcome::Snapshot(engine.take_snapshot(NOW).await?),
            Self::Audit => {
                let audit = tokio::task::spawn_blocking(move || engine.audit());
                Outcome::Audit(audit.await.expect("no panic")?)
            }
            Self::Follow => {
                let feed = engine.feed(engine.version().next()).await?;
                let ends = Instant::now() + lasts * 2 / BEGINS_AFTER;
                Outcome::Followed(follow(&engine, feed, ends).await?)
            }
        })
    }
}

/// What a follower of the feed was told.
#[derive(Clone, Copy, Debug)]
struct Followed {
    events: u64,
    bytes: u64,
    /// Events that it had not been told of when it ended.
    behind: u64,
}

/// How long a follower rests who has all, as one of a server does.
const FOLLOWER_REST: Duration = Duration::from_millis(2);

/// Follows the feed, and makes of each event the text that is sent.
async fn follow(engine: &Engine, mut feed: Feed, ends: Instant) -> Result<Followed, LoadError> {
    let (mut events, mut bytes) = (0, 0);
    let filter = Arc::new(Filter::default());
    while Instant::now() < ends {
        let (read, told) = engine.read_feed(feed, Arc::clone(&filter)).await?;
        feed = read;
        if told.is_empty() {
            tokio::time::sleep(FOLLOWER_REST).await;
        }
        events += told.len() as u64;
        bytes += told.iter().map(|told| told.data.to_string().len() as u64).sum::<u64>();
    }
    let behind = engine.version().next().get() - feed.next().get();
    Ok(Followed { events, bytes, behind })
}

/// Work that is about to begin, or under way.
pub struct Working(JoinHandle<Result<Worked, LoadError>>);

/// Work that was done.
#[derive(Clone, Debug)]
pub struct Worked {
    began: Instant,
    ended: Instant,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
enum Outcome {
    Snapshot(TakeReport),
    Audit(AuditReport),
    Followed(Followed),
}

impl Working {
    /// Does it in a phase that begins now and lasts so long.
    pub fn start(work: Work, engine: Engine, lasts: Duration) -> Self {
        Self(tokio::spawn(async move {
            tokio::time::sleep(lasts / BEGINS_AFTER).await;
            let began = Instant::now();
            let outcome = work.run(engine, lasts).await?;
            Ok(Worked { began, ended: Instant::now(), outcome })
        }))
    }

    /// Waits for its end.
    pub async fn end(self) -> Result<Worked, LoadError> {
        self.0.await.expect("no panic")
    }
}

/// What the work took, and how orders fared beside it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Beside {
    /// What was done.
    #[serde(flatten)]
    pub done: Done,
    /// Seconds of the measured time at which it began.
    pub began_seconds: f64,
    /// Seconds at which it ended, which may be after the measured time.
    pub ended_seconds: f64,
    /// While it was done.
    pub with: Part,
    /// Before and after.
    pub without: Part,
    /// Throughput with it over throughput without.
    pub throughput_ratio: f64,
    /// The 99th percentile with it over the one without.
    pub p99_ratio: f64,
}

/// Work that was done, in figures.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Done {
    /// A snapshot was taken.
    Snapshot {
        /// Of its time, copying and writing.
        copying_seconds: f64,
        /// Of its time, reading back.
        verifying_seconds: f64,
        /// Of both, making way for orders.
        resting_seconds: f64,
        /// Bytes written.
        bytes_written: u64,
        /// Pairs in it.
        pairs: u64,
        /// Orders in it.
        orders: u64,
    },
    /// The state was audited.
    Audit {
        /// Pairs looked at.
        pairs: u64,
        /// Orders looked at.
        orders: u64,
    },
    /// The feed was followed.
    Follow {
        /// Events told.
        events: u64,
        /// Bytes of what they say of themselves.
        bytes: u64,
        /// Events that were not told when it ended.
        behind: u64,
    },
}

impl Done {
    fn new(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Snapshot(report) => Self::Snapshot {
                copying_seconds: report.took_copying.as_secs_f64(),
                verifying_seconds: report.took_verifying.as_secs_f64(),
                resting_seconds: report.took_resting.as_secs_f64(),
                bytes_written: report.bytes_written,
                pairs: report.manifest.counts.pairs,
                orders: report.manifest.counts.orders,
            },
            Outcome::Audit(report) => Self::Audit { pairs: report.pairs, orders: report.orders },
            Outcome::Followed(Followed { events, bytes, behind }) => {
                Self::Follow { events: *events, bytes: *bytes, behind: *behind }
            }
        }
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => "snapshot",
            Self::Audit { .. } => "audit",
            Self::Follow { .. } => "follower",
        }
    }

    fn summary(&self, seconds: f64) -> String {
        let name = self.name();
        match self {
            Self::Snapshot {
                pairs,
                orders,
                copying_seconds,
                verifying_seconds,
                resting_seconds,
                ..
            } => format!(
                "{name} of {pairs} pairs and {orders} orders in {seconds:.1} s \
                 ({copying_seconds:.1} copying, {verifying_seconds:.1} verifying, \
                 {resting_seconds:.1} of it resting)"
            ),
            Self::Audit { pairs, orders } => {
                format!("{name} of {pairs} pairs and {orders} orders in {seconds:.1} s")
            }
            Self::Follow { events, bytes, behind } => {
                let kilobytes = bytes / 1_000;
                format!(
                    "{name} of {events} events ({kilobytes} kB) in {seconds:.1} s, {behind} behind"
                )
            }
        }
    }
}

/// Whole slots of the measured time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Part {
    /// Seconds of these slots.
    pub seconds: f64,
    /// Orders answered in a second.
    pub orders_per_second: f64,
    /// Percentiles of their latency, in microseconds.
    pub p50_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

impl Beside {
    /// Parts the slots of a record that measured so long.
    pub fn new(record: &Record, measured: Duration, worked: &Worked) -> Self {
        let at = |instant: Instant| instant.saturating_duration_since(record.began);
        let (began, ended) = (at(worked.began), at(worked.ended));
        let within = |from: Duration, to: Duration| {
            let slots = record.slots.iter().zip(0u32..);
            let is_inside = move |no: u32| record.slot * no >= from && record.slot * (no + 1) <= to;
            slots.filter(move |(_, no)| is_inside(*no)).map(|(slot, _)| slot)
        };
        let outside = within(Duration::ZERO, began).chain(within(ended, measured));
        let with = Part::new(record.slot, within(began, ended.min(measured)));
        let without = Part::new(record.slot, outside);
        Self {
            done: Done::new(&worked.outcome),
            began_seconds: began.as_secs_f64(),
            ended_seconds: ended.as_secs_f64(),
            with,
            without,
            throughput_ratio: with.orders_per_second / without.orders_per_second,
            p99_ratio: real(with.p99_us) / real(without.p99_us),
        }
    }

    /// What it did, in one line for a person.
    pub fn summary(&self) -> String {
        let part = |part: Part| {
            format!(
                "{:.0} orders/s, p99 {}, slowest {} in {:.1} s",
                part.orders_per_second,
                micros(real(part.p99_us)),
                micros(real(part.max_us)),
                part.seconds
            )
        };
        format!(
            "{}: with it {}; without {}; throughput {:.3}, p99 {:.2} of what it is without",
            self.done.summary(self.ended_seconds - self.began_seconds),
            part(self.with),
            part(self.without),
            self.throughput_ratio,
            self.p99_ratio,
        )
    }
}

impl Part {
    fn new<'a>(width: Duration, slots: impl Iterator<Item = &'a Histogram<u64>>) -> Self {
        let (mut all, mut count) = (None::<Histogram<u64>>, 0u32);
        for slot in slots {
            count += 1;
            match &mut all {
                None => all = Some(slot.clone()),
                Some(all) => all.add(slot).expect("the bounds are the same"),
            }
        }
        let seconds = (width * count).as_secs_f64();
        let at = |quantile| all.as_ref().map_or(0, |all| all.value_at_quantile(quantile));
        Self {
            seconds,
            orders_per_second: real(all.as_ref().map_or(0, Histogram::len)) / seconds,
            p50_us: at(0.5),
            p99_us: at(0.99),
            max_us: all.as_ref().map_or(0, Histogram::max),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::load::recorder::Recorder;

    /// A snapshot that never was.
    pub fn sample() -> Beside {
        let part = Part {
            seconds: 0.2,
            orders_per_second: 200_000.0,
            p50_us: 900,
            p99_us: 4_000,
            max_us: 70_000,
        };
        Beside {
            done: Done::Snapshot {
                copying_seconds: 0.15,
                verifying_seconds: 0.05,
                resting_seconds: 0.1,
                bytes_written: 1 << 20,
                pairs: 4_000_000,
                orders: 9,
            },
            began_seconds: 0.1,
            ended_seconds: 0.3,
            with: part,
            without: part,
            throughput_ratio: 1.0,
            p99_ratio: 1.0,
        }
    }

    /// Slots of 100 ms: the first is before, the second has the beginning, the third and
    /// fourth are beside it, the fifth has the end, the sixth is after, and what comes
    /// later is past the measured time.
    #[test]
    fn a_slot_is_with_the_work_without_it_or_neither() {
        let began = Instant::now();
        let at = |ms: u64| began + Duration::from_millis(ms);
        let shared = Record::new(began, Duration::from_millis(600));
        let mut recorder = Recorder::new(&shared);
        for (ms, latency_ms) in
            [(50, 1), (150, 90), (250, 5), (350, 5), (360, 5), (450, 90), (550, 1), (650, 90)]
        {
            recorder.answered(at(ms - latency_ms), at(ms));
        }
        drop(recorder);
        let outcome = Outcome::Audit(AuditReport::default());
        let worked = Worked { began: at(120), ended: at(410), outcome };
        let beside = Beside::new(&shared.lock(), Duration::from_millis(600), &worked);
        let seen = |part: Part| (part.seconds, part.orders_per_second.round(), part.max_us / 1_000);
        assert_eq!(seen(beside.with), (0.2, 15.0, 5));
        assert_eq!(seen(beside.without), (0.2, 10.0, 1));
        assert!((1.49..1.51).contains(&beside.throughput_ratio));
        assert!((4.9..5.1).contains(&beside.p99_ratio), "{}", beside.p99_ratio);
    }
}
