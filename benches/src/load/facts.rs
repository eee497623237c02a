//! The results of a run, as they are written down.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::beside::Beside;
use super::changes::Changes;
use super::follow::Followed;
use super::machine::Machine;
use super::recorder::Record;

/// Everything that the JSON file has.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// What was ordered.
    pub workload: String,
    /// Where the load went in.
    pub target: String,
    /// Orders a second that were asked for, or `max`.
    pub rate: String,
    /// How orders were spread in time.
    pub arrivals: &'static str,
    /// Orders answered in a second.
    pub orders_per_second: f64,
    /// From when an order was due to its answer.
    pub latency_us: LatencyUs,
    /// Whether each answer waited until the order was on stable storage.
    pub durable: bool,
    /// Orders answered in the time that was measured.
    pub orders: u64,
    /// Of those, placed.
    pub placed: u64,
    /// Of those, refused for want of stock.
    pub sold_out: u64,
    /// Time that was measured, to the last answer.
    pub seconds: f64,
    /// Time before that, which does not count.
    pub warm_up_seconds: u64,
    /// SKUs of the network.
    pub skus: u32,
    /// Its pairs of a SKU and a node that stocks it.
    pub pairs: u64,
    /// Orders in flight at most, over both callers.
    pub in_flight_max: usize,
    /// Orders in one message of a stream.
    pub batch: Option<usize>,
    /// Availability reads of one SKU in a second.
    pub reads_per_second: Option<f64>,
    /// Stock updates in a second.
    pub updates_per_second: Option<f64>,
    /// What happened to orders after they were placed, the warm-up included.
    pub followed: Option<Followed>,
    /// How changes of orders fared, where there are some.
    pub changes: Option<Changes>,
    /// Resident size of the process at the end of the run.
    pub rss_bytes: u64,
    /// Resident size before the first order, over the pairs.
    pub bytes_per_pair: f64,
    /// Resident size gained since, over the orders kept; the warm-up included.
    pub bytes_per_order: f64,
    /// Processor time of all threads, in user and kernel mode, over the orders.
    pub cpu_us_per_order: f64,
    /// Of that, what it takes to make an order, measured by itself.
    pub generator_ns_per_order: f64,
    /// Bytes of journal for each order, and what else was written meanwhile.
    pub journal_bytes_per_order: f64,
    /// How orders fared beside a snapshot or an audit, where one was asked for.
    pub beside: Option<Beside>,
    /// What the audit found after the run. Without `clean` there is no file.
    pub audit: &'static str,
    /// Whether the caller's count and the engine's add up.
    pub conservation: Conservation,
    /// What it ran on.
    pub machine: Machine,
    /// What is in the figures.
    pub included: Vec<String>,
    /// What is left out.
    pub left_out: Vec<String>,
    /// Of the engine.
    pub version: &'static str,
    /// The commit that was checked out where it ran.
    pub commit: Option<String>,
    /// When it began.
    pub began: String,
    /// The run in time.
    pub timeline: Timeline,
    /// Latency by quantile, in microseconds, for a plot.
    pub quantiles: Vec<(f64, u64)>,
}

impl Facts {
    /// The figures in one line, for a person, and one each about changes and about what was
    /// done beside.
    pub fn summary(&self) -> String {
        let LatencyUs { p50, p99, p999, max, .. } = self.latency_us;
        let head = format!(
            "{} {}: {:.0} orders/s; p50 {p50} us, p99 {p99} us, p99.9 {p999} us, max {max} us; \
             audit {}, {} sold + {} left = {} there was",
            self.workload,
            self.target,
            self.orders_per_second,
            self.audit,
            self.conservation.sold - self.conservation.waiting,
            self.conservation.left,
            self.conservation.there_was,
        );
        let changes = self.changes.map(|changes| changes.summary());
        let beside = self.beside.map(|beside| beside.summary());
        [Some(head), changes, beside].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

/// Percentiles of latency, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LatencyUs {
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

impl LatencyUs {
    /// The percentiles of a histogram.
    pub fn new(latencies: &Histogram<u64>) -> Self {
        Self {
            p50: latencies.value_at_quantile(0.5),
            p90: latencies.value_at_quantile(0.9),
            p99: latencies.value_at_quantile(0.99),
            p999: latencies.value_at_quantile(0.999),
            max: latencies.max(),
        }
    }
}

/// Units, whole run: `sold - waiting + left` is `there_was`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Conservation {
    /// Units that were stocked, and that a feed added.
    pub there_was: u64,
    /// Units of orders that were placed and not cancelled, as the callers counted.
    pub sold: u64,
    /// Of those, units that no supply is there for yet, as the audit counted.
    pub waiting: u64,
    /// Units that can still be sold, as the audit counted.
    pub left: u64,
    /// Orders that were fetched again, and were there.
    pub fetched: u64,
    /// That it all adds up; without it there is no file.
    pub adds_up: bool,
}

/// Orders and latency over time.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// Seconds of one slot.
    pub slot_seconds: f64,
    /// The slots; the last one may be a part.
    pub slots: Vec<Slot>,
}

/// One slot of the time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Slot {
    pub orders: u64,
    pub p50_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

impl Timeline {
    /// The timeline of a record.
    pub fn new(record: &Record) -> Self {
        let slot = |latencies: &Histogram<u64>| Slot {
            orders: latencies.len(),
            p50_us: latencies.value_at_quantile(0.5),
            p99_us: latencies.value_at_quantile(0.99),
            max_us: latencies.max(),
        };
        let slots = record.slots.iter().map(slot).collect();
        Self { slot_seconds: record.slot.as_secs_f64(), slots }
    }
}

/// Latency at the quantiles that a plot has: ever finer towards 1, as far as there
/// are orders to tell.
pub fn quantiles(latencies: &Histogram<u64>) -> Vec<(f64, u64)> {
    let steps = latencies
        .iter_quantiles(5)
        .map(|step| (step.quantile_iterated_to(), step.value_iterated_to()));
    steps.filter(|(quantile, _)| *quantile < 1.0).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Facts of a run that never was.
    pub fn sample() -> Facts {
        let mut latencies = Histogram::new(3).unwrap();
        (1..=100_000u64).for_each(|us| latencies.record(us).unwrap());
        let slot = Slot { orders: 20_000, p50_us: 900, p99_us: 4_000, max_us: 70_000 };
        Facts {
            workload: "holiday".into(),
            target: "in-process".into(),
            rate: "max".into(),
            arrivals: "Closed loop, two callers",
            orders_per_second: 200_000.0,
            latency_us: LatencyUs::new(&latencies),
            durable: true,
            orders: 100_000,
            placed: 100_000,
            sold_out: 0,
            seconds: 0.5,
            warm_up_seconds: 2,
            skus: 200_000,
            pairs: 4_000_000,
            in_flight_max: 8_192,
            batch: None,
            reads_per_second: None,
            updates_per_second: None,
            followed: None,
            changes: None,
            rss_bytes: 1 << 30,
            bytes_per_pair: 128.0,
            bytes_per_order: 400.0,
            cpu_us_per_order: 3.0,
            generator_ns_per_order: 80.0,
            journal_bytes_per_order: 120.0,
            beside: Some(super::super::beside::tests::sample()),
            audit: "clean",
            conservation: Conservation {
                there_was: 100,
                sold: 40,
                waiting: 0,
                left: 60,
                fetched: 9,
                adds_up: true,
            },
            machine: Machine {
                cpu: "A & B <C>".into(),
                cpu_mhz: 2_500,
                cores: 2,
                memory_bytes: 8 << 30,
                kernel: "6.1".into(),
                filesystem: "ext4".into(),
                disk: "/dev/vda".into(),
            },
            included: vec!["All.".into()],
            left_out: vec!["Nothing.".into()],
            version: "0.1.0",
            commit: None,
            began: "2026-11-25T00:00:00Z".into(),
            timeline: Timeline { slot_seconds: 0.1, slots: vec![slot; 5] },
            quantiles: quantiles(&latencies),
        }
    }

    #[test]
    fn the_file_has_what_its_readers_look_for() {
        let json = serde_json::to_value(sample()).unwrap();
        for pointer in [
            "/workload",
            "/target",
            "/orders_per_second",
            "/durable",
            "/rss_bytes",
            "/pairs",
            "/orders",
            "/audit",
            "/machine/cpu",
            "/machine/cores",
            "/latency_us/p50",
            "/latency_us/p90",
            "/latency_us/p99",
            "/latency_us/p999",
            "/latency_us/max",
        ] {
            assert!(json.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
        }
    }

    #[test]
    fn quantiles_rise_towards_one() {
        let quantiles = sample().quantiles;
        assert!(quantiles.len() > 20, "{}", quantiles.len());
        assert!(quantiles.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{quantiles:?}");
        assert!(quantiles.last().is_some_and(|(quantile, _)| (0.999..1.0).contains(quantile)));
    }
}
