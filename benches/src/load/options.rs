//! What is asked for on the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use super::beside::Work;
use super::error::LoadError;
use crate::workload::names::SKUS_MAX;

/// SKUs of the workloads by definition.
const SKUS_DEFAULT: u32 = 200_000;
/// Orders in one message by default.
const BATCH_DEFAULT: usize = 128;
/// Most orders in one message: the server's bound.
const BATCH_MAX: u64 = 256;

/// Offers a workload to the engine, and measures how it is taken.
#[derive(Parser, Clone, Debug)]
#[command(name = "load", version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Args {
    /// What is ordered, and what else happens meanwhile
    #[arg(long, value_enum)]
    pub workload: Workload,
    /// Where the load goes in
    #[arg(long, value_enum)]
    pub target: Target,
    /// Orders a second, each at its own time whether others are answered or not; or
    /// `max`: as many as are taken, so many in flight
    #[arg(long, default_value = "max")]
    pub rate: Rate,
    /// Time that is measured
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
    /// Time before that, which does not count
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub warm_up: u64,
    /// SKUs of the network, each at 20 of 60 nodes; 200000 when left out
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(SKUS_MAX)))]
    pub skus: Option<u32>,
    /// Orders in flight, over both callers: 8192 in process, 4096 by stream, 64 unary
    /// when left out
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=32_768))]
    pub in_flight: Option<u64>,
    /// Orders in one message of a stream; 128 when left out
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=BATCH_MAX))]
    pub batch: Option<u64>,
    /// Takes a snapshot when a fifth of the measured time is over, and tells how orders
    /// fared beside it
    #[arg(long)]
    pub snapshot: bool,
    /// Audits the state when a fifth of the measured time is over, and tells how orders
    /// fared beside it
    #[arg(long, conflicts_with = "snapshot")]
    pub audit: bool,
    /// Follows the feed for two fifths of the measured time, and tells how orders fared beside it
    #[arg(long, conflicts_with_all = ["snapshot", "audit"])]
    pub follow: bool,
    /// Where the engine keeps its data; a temporary directory when left out
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Writes the figures there
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Writes a page with plots there
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Shows no progress
    #[arg(long)]
    pub quiet: bool,
}

/// What is ordered; `design/performance.md` defines them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Orders of 1 to 8 lines, over the whole network
    Holiday,
    /// All want one SKU at one node, which has stock for half of them
    Hot,
    /// 100 reads of a SKU's availability to each order
    Browse,
    /// Stock updates as fast as they go in, and orders at half of the rate
    Feed,
    /// 100 orders placed, 8 changed, 5 cancelled and 90 shipments shipped
    Churn,
    /// Orders of `holiday`, priced by the engine: a list, and 10% off from 20.00 up
    Priced,
    /// Carts of `holiday`: each is held, and three of four are confirmed; the others lapse
    Hold,
    /// A retailer's real orders, in order
    Superstore,
}

/// Where the load goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// By calls of the engine
    InProcess,
    /// By the `PlaceOrders` stream of a server on the loopback
    Stream,
    /// By a `PlaceOrder` call for each
    Unary,
}

/// How fast orders are offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// A closed loop: an order for each that was answered.
    Max,
    /// An open loop: so many a second.
    PerSecond(f64),
}

/// The most orders a second that may be asked for.
const RATE_MAX: f64 = 1e8;

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Self::Max),
            Ok(rate) if (1.0..=RATE_MAX).contains(&rate) => Ok(Self::PerSecond(rate)),
            _ => Err(format!("expected max, or orders a second from 1 to {RATE_MAX}")),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::PerSecond(rate) => write!(f, "{rate}"),
        }
    }
}

fn shown(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self))
    }
}

impl Args {
    /// Refuses what does not go together.
    pub fn check(&self) -> Result<(), LoadError> {
        let refuse = |flag: String, with: String, allowed| {
            Err(LoadError::Unsupported { flag, with, allowed })
        };
        let workload = || format!("--workload {}", self.workload);
        let target = || format!("--target {}", self.target);
        if let (Some(skus), Workload::Hot | Workload::Superstore) = (self.skus, self.workload) {
            let allowed = "give it with holiday, priced, browse, feed, churn or hold; the other two have SKUs \
                           of their own";
            return refuse(format!("--skus {skus}"), workload(), allowed);
        }
        if self.workload == Workload::Browse && self.target == Target::Stream {
            return refuse(workload(), target(), "a stream has no reads; try in-process or unary");
        }
        if self.workload == Workload::Hold && self.target != Target::InProcess {
            return refuse(
                workload(),
                target(),
                "carts go in by calls of the engine; try in-process",
            );
        }
        if self.workload == Workload::Priced && self.target != Target::InProcess {
            let allowed = "prices are asked for by calls of the engine; try in-process";
            return refuse(workload(), target(), allowed);
        }
        let measures = matches!(self.workload, Workload::Hot | Workload::Feed);
        if measures && self.rate == Rate::Max && self.warm_up == 0 {
            let allowed = "its rate is taken from the warm-up; give one of a second, or a --rate";
            return refuse("--warm-up 0".into(), workload(), allowed);
        }
        match self.batch {
            Some(batch) if self.target != Target::Stream => {
                refuse(format!("--batch {batch}"), target(), "only a stream has messages")
            }
            Some(batch) if batch * 2 > self.in_flight() as u64 => refuse(
                format!("--batch {batch}"),
                format!("--in-flight {}", self.in_flight()),
                "each of two streams has at least one message in flight",
            ),
            _ => Ok(()),
        }
    }

    /// Time that is measured.
    pub const fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// What is done once beside the orders.
    pub const fn beside(&self) -> Option<Work> {
        match (self.snapshot, self.audit, self.follow) {
            (true, ..) => Some(Work::Snapshot),
            (_, true, _) => Some(Work::Audit),
            (.., true) => Some(Work::Follow),
            _ => None,
        }
    }

    /// SKUs of the network, where a workload has as many as it is told.
    pub fn skus(&self) -> u32 {
        self.skus.unwrap_or(SKUS_DEFAULT)
    }

    /// Orders in flight over all callers.
    pub fn in_flight(&self) -> usize {
        let default = match self.target {
            Target::InProcess => 8_192,
            Target::Stream => 4_096,
            Target::Unary => 64,
        };
        self.in_flight.map_or(default, |orders| usize::try_from(orders).expect("at most 32768"))
    }

    /// Orders in one message.
    pub fn batch(&self) -> usize {
        self.batch.map_or(BATCH_DEFAULT, |orders| usize::try_from(orders).expect("at most 256"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flags: &str) -> Result<(), String> {
        let args = Args::try_parse_from(["load"].into_iter().chain(flags.split(' ')));
        args.map_err(|error| error.to_string())?.check().map_err(|error| error.to_string())
    }

    #[test]
    fn what_does_not_go_together_is_refused_by_name() {
        assert_eq!(check("--workload holiday --target in-process --rate 5000"), Ok(()));
        let refused = [
            ("--workload hot --target unary --skus 7", "--skus 7 does not go with --workload hot"),
            ("--workload browse --target stream", "try in-process or unary"),
            ("--workload hold --target unary", "try in-process"),
            ("--workload holiday --target unary --batch 64", "only a stream has messages"),
            ("--workload holiday --target stream --rate 0", "expected max"),
            ("--workload holiday --target stream --in-flight 200 --batch 128", "two streams"),
        ];
        for (flags, why) in refused {
            let error = check(flags).unwrap_err();
            assert!(error.contains(why), "{flags}: {error}");
        }
    }
}
