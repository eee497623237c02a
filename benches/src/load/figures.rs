//! From what was measured to what is told.

use super::beside::{Beside, Worked};
use super::changes::Changes;
use super::facts::{Conservation, Facts, LatencyUs, Timeline, quantiles};
use super::follow::Followed;
use super::machine::{Machine, commit};
use super::options::{Args, Rate, Target, Workload};
use super::phase::Ran;
use super::terms;
use super::text::real;
use crate::workload::network::Stocking;

/// What was asked for, and what was measured.
pub struct Figures<'a> {
    /// What was asked for.
    pub args: &'a Args,
    /// What it ran on.
    pub machine: Machine,
    /// What was in stock.
    pub stocking: Stocking,
    /// When it began.
    pub began: jiff::Timestamp,
    /// Resident size before the first order.
    pub at_rest: u64,
    /// The phase that counts.
    pub ran: Ran,
    /// Orders placed, the warm-up included.
    pub placed_ever: u64,
    /// Resident size after the last order.
    pub rss: u64,
    /// Bytes that went to the journal meanwhile.
    pub journal: u64,
    /// What it takes to make an order.
    pub generator_ns: f64,
    /// Stock updates meanwhile, where there is a feed.
    pub updates: Option<u64>,
    /// What happened to orders after they were placed.
    pub followed: Followed,
    /// How changes of orders fared.
    pub changes: Option<Changes>,
    /// That the numbers add up.
    pub conservation: Conservation,
    /// What was done beside the orders.
    pub worked: Option<Worked>,
}

impl Figures<'_> {
    /// All that is told.
    pub fn facts(self) -> Facts {
        let Self { args, ran, .. } = self;
        let record = ran.record.lock();
        let (orders, seconds) = (ran.tally.answered(), ran.took.as_secs_f64());
        let looks = u64::from(terms::looks(args.workload));
        let each = |total: u64| real(total) / real(orders);
        Facts {
            workload: args.workload.to_string(),
            target: args.target.to_string(),
            rate: args.rate.to_string(),
            arrivals: arrivals(args),
            orders_per_second: ran.orders_per_second(),
            latency_us: LatencyUs::new(&record.total),
            durable: self.machine.keeps_data(),
            orders,
            placed: ran.tally.placed,
            sold_out: ran.tally.sold_out,
            seconds,
            warm_up_seconds: args.warm_up,
            skus: self.stocking.skus,
            pairs: self.stocking.pairs().into(),
            in_flight_max: args.in_flight(),
            batch: (args.target == Target::Stream).then(|| args.batch()),
            reads_per_second: (looks > 0).then(|| real(orders * looks) / seconds),
            updates_per_second: self.updates.map(|updates| real(updates) / seconds),
            followed: matches!(args.workload, Workload::Churn | Workload::Hold)
                .then_some(self.followed),
            changes: self.changes,
            rss_bytes: self.rss,
            bytes_per_pair: real(self.at_rest) / f64::from(self.stocking.pairs()),
            bytes_per_order: real(self.rss.saturating_sub(self.at_rest))
                / real(self.placed_ever.max(1)),
            cpu_us_per_order: ran.cpu.as_secs_f64() * 1e6 / real(orders),
            generator_ns_per_order: self.generator_ns,
            journal_bytes_per_order: each(self.journal),
            beside: self.worked.map(|worked| Beside::new(&record, args.measured(), &worked)),
            audit: "clean",
            conservation: self.conservation,
            machine: self.machine,
            included: terms::included(args),
            left_out: terms::left_out(args),
            version: env!("CARGO_PKG_VERSION"),
            commit: commit(),
            began: format!("{:.0}", self.began),
            timeline: Timeline::new(&record),
            quantiles: quantiles(&record.total),
        }
    }
}

/// How orders were spread in time.
fn arrivals(args: &Args) -> &'static str {
    match args.rate {
        Rate::PerSecond(_) => "Open loop, a Poisson process for each of two callers",
        Rate::Max if args.workload == Workload::Feed => {
            "Open loop, a Poisson process for each of two callers, at half of the rate that the \
             warm-up reached in a closed loop"
        }
        Rate::Max => "Closed loop, two callers",
    }
}
