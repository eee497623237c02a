//! A snapshot that is taken while a run is measured, and what it does to the others.
//!
//! ```text
//!   measured   |------------|=======================|------------|
//!   slots         without   |  with the snapshot    |  without
//! ```
//! A slot in which the snapshot began or ended is in neither part.

use std::time::{Duration, Instant};

use backstock_engine::engine::Engine;
use backstock_engine::snapshot::TakeReport;
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::error::LoadError;
use super::recorder::Record;
use super::text::{micros, real};
use crate::workload::network::NOW;

/// The snapshot begins when this part of the measured time is over, so that there are
/// slots before it.
const BEGINS_AFTER: u32 = 5;

/// A snapshot that is about to be taken, or being taken.
pub struct Taking(JoinHandle<Result<Taken, LoadError>>);

/// A snapshot that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    began: Instant,
    ended: Instant,
    report: TakeReport,
}

impl Taking {
    /// Takes one in a phase that begins now and lasts so long.
    pub fn start(engine: Engine, lasts: Duration) -> Self {
        Self(tokio::spawn(async move {
            tokio::time::sleep(lasts / BEGINS_AFTER).await;
            let began = Instant::now();
            let report = engine.take_snapshot(NOW).await?;
            Ok(Taken { began, ended: Instant::now(), report })
        }))
    }

    /// Waits for its end.
    pub async fn end(self) -> Result<Taken, LoadError> {
        self.0.await.expect("no panic")
    }
}

/// What a snapshot took, and how orders fared beside it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Beside {
    /// Seconds of the measured time at which it began.
    pub began_seconds: f64,
    /// Seconds at which it ended, which may be after the measured time.
    pub ended_seconds: f64,
    /// Of that, copying and writing.
    pub copying_seconds: f64,
    /// Of that, reading back.
    pub verifying_seconds: f64,
    /// Of both, making way for orders.
    pub resting_seconds: f64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Pairs in it.
    pub pairs: u64,
    /// Orders in it.
    pub orders: u64,
    /// While it was taken.
    pub with: Part,
    /// Before and after.
    pub without: Part,
    /// Throughput with it over throughput without.
    pub throughput_ratio: f64,
    /// The 99th percentile with it over the one without.
    pub p99_ratio: f64,
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
    pub fn new(record: &Record, measured: Duration, taken: &Taken) -> Self {
        let at = |instant: Instant| instant.saturating_duration_since(record.began);
        let (began, ended) = (at(taken.began), at(taken.ended));
        let within = |from: Duration, to: Duration| {
            let slots = record.slots.iter().zip(0u32..);
            let is_inside = move |no: u32| record.slot * no >= from && record.slot * (no + 1) <= to;
            slots.filter(move |(_, no)| is_inside(*no)).map(|(slot, _)| slot)
        };
        let outside = within(Duration::ZERO, began).chain(within(ended, measured));
        let with = Part::new(record.slot, within(began, ended.min(measured)));
        let without = Part::new(record.slot, outside);
        let report = &taken.report;
        Self {
            began_seconds: began.as_secs_f64(),
            ended_seconds: ended.as_secs_f64(),
            copying_seconds: report.took_copying.as_secs_f64(),
            verifying_seconds: report.took_verifying.as_secs_f64(),
            resting_seconds: report.took_resting.as_secs_f64(),
            bytes_written: report.bytes_written,
            pairs: report.manifest.counts.pairs,
            orders: report.manifest.counts.orders,
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
                "{:.0} orders/s, p99 {} in {:.1} s",
                part.orders_per_second,
                micros(real(part.p99_us)),
                part.seconds
            )
        };
        format!(
            "snapshot of {} pairs and {} orders in {:.1} s ({:.1} copying, {:.1} verifying, {:.1} of it \
             resting): with \
             it {}; without {}; throughput {:.3}, p99 {:.2} of what it is without",
            self.pairs,
            self.orders,
            self.ended_seconds - self.began_seconds,
            self.copying_seconds,
            self.verifying_seconds,
            self.resting_seconds,
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
            began_seconds: 0.1,
            ended_seconds: 0.3,
            copying_seconds: 0.15,
            verifying_seconds: 0.05,
            resting_seconds: 0.1,
            bytes_written: 1 << 20,
            pairs: 4_000_000,
            orders: 9,
            with: part,
            without: part,
            throughput_ratio: 1.0,
            p99_ratio: 1.0,
        }
    }

    fn manifest() -> TakeReport {
        use backstock_engine::model::{Lsn, StateHash};
        use backstock_engine::snapshot::{Counts, Manifest};
        let manifest = Manifest {
            version: 1,
            generation: 1,
            start: Lsn::NONE,
            end: Lsn::NONE,
            state_hash: StateHash::default(),
            order_last: 0,
            requests_from: Lsn::FIRST,
            created_at: NOW,
            counts: Counts::default(),
            chunks: Vec::new(),
        };
        TakeReport {
            manifest,
            chunks_written: 0,
            bytes_written: 0,
            chunks_reused: 0,
            pruned: Vec::new(),
            journal_from: None,
            took_copying: Duration::ZERO,
            took_verifying: Duration::ZERO,
            took_resting: Duration::ZERO,
        }
    }

    /// Slots of 100 ms: the first is before, the second has the beginning, the third and
    /// fourth are beside it, the fifth has the end, the sixth is after, and what comes
    /// later is past the measured time.
    #[test]
    fn a_slot_is_with_the_snapshot_without_it_or_neither() {
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
        let taken = Taken { began: at(120), ended: at(410), report: manifest() };
        let beside = Beside::new(&shared.lock(), Duration::from_millis(600), &taken);
        let seen = |part: Part| (part.seconds, part.orders_per_second.round(), part.max_us / 1_000);
        assert_eq!(seen(beside.with), (0.2, 15.0, 5));
        assert_eq!(seen(beside.without), (0.2, 10.0, 1));
        assert!((1.49..1.51).contains(&beside.throughput_ratio));
        assert!((4.9..5.1).contains(&beside.p99_ratio), "{}", beside.p99_ratio);
    }
}
