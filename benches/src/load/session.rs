//! A run from the empty engine to its figures.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use backstock_engine::model::command::{ChangeStock, StockOperation};
use tokio::sync::mpsc;
use tonic::transport::Channel;

use super::alarm::Ringer;
use super::answers::{FollowUp, Tally};
use super::check::{Books, audit, conservation, fetch};
use super::drive::{Caller, Pipe};
use super::error::LoadError;
use super::facts::{Conservation, Facts, LatencyUs, Timeline, quantiles};
use super::feed::Feed;
use super::follow::{Followed, Follower, Way};
use super::in_process::InProcess;
use super::machine::{Machine, commit};
use super::options::{Args, Rate, Target, Workload};
use super::phase::{Phase, Ran};
use super::progress::Screen;
use super::schedule::Plan;
use super::server::Loopback;
use super::stream::Stream;
use super::terms;
use super::unary::Unary;
use crate::process::resident_bytes;
use crate::workload::names::{node_id, sku};
use crate::workload::network::{Progress, Stocking, meta, postal_codes, set_up};
use crate::workload::ring::Player;

/// Callers: as many as the machines that the goals name have cores.
const CALLERS: usize = 2;

/// Runs a workload, and says what it came to.
///
/// # Errors
/// See [`LoadError`]. A run whose audit is not clean, or whose numbers do not add
/// up, has no figures.
pub async fn run(args: Args) -> Result<Facts, LoadError> {
    args.check()?;
    let began = jiff::Timestamp::now();
    let screen = Screen::new(args.quiet);
    let data = Data::prepare(args.data.as_deref())?;
    let options = OpenOptions::new(data.path());
    let (engine, _) = Engine::open(&options, Arc::new(RealDisk), postal_codes()).await?;
    let stocking = terms::stocking(&args);
    let progress = Arc::new(Progress::default());
    let ticking = screen.setting_up(&progress, stocking.pairs());
    set_up(&engine, stocking, &progress).await;
    drop(ticking);
    let session = Session { args, engine, data, stocking, screen, at_rest: resident_bytes() };
    let mut facts = session.with_target().await?;
    facts.began = format!("{began:.0}");
    Ok(facts)
}

/// The data directory of a run.
enum Data {
    Temporary(tempfile::TempDir),
    Named(PathBuf),
}

impl Data {
    fn prepare(named: Option<&Path>) -> Result<Self, LoadError> {
        let Some(path) = named else {
            let directory = tempfile::tempdir();
            let failed = |source| LoadError::File { path: std::env::temp_dir(), source };
            return directory.map(Self::Temporary).map_err(failed);
        };
        let failed = |source| LoadError::File { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
        if std::fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(LoadError::DataInUse(path.to_owned()));
        }
        Ok(Self::Named(path.to_owned()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(directory) => directory.path(),
            Self::Named(path) => path,
        }
    }
}

/// A run whose engine is set up.
struct Session {
    args: Args,
    engine: Engine,
    data: Data,
    stocking: Stocking,
    screen: Screen,
    /// Resident size before the first order.
    at_rest: u64,
}

/// What was measured, for the figures.
struct Figures {
    ran: Ran,
    /// What was answered, the warm-up included.
    all: Tally,
    rss: u64,
    /// Bytes of journal.
    journal: u64,
    generator_ns: f64,
    /// Stock updates meanwhile.
    fed: Option<u64>,
}

/// Orders that are due in so long at a rate; at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "far below 2^53")]
fn orders_in(lasts: Duration, per_second: f64) -> u64 {
    (per_second * lasts.as_secs_f64()).max(1.0) as u64
}

/// How orders reach the engine besides the pipes.
struct Reach {
    feed: Option<Channel>,
    way: Way,
}

impl Session {
    async fn with_target(self) -> Result<Facts, LoadError> {
        if self.args.target == Target::InProcess {
            let pipes = (0..CALLERS).map(|_| InProcess::new(self.engine.clone(), self.share()));
            let reach = Reach { feed: None, way: Way::Engine(self.engine.clone()) };
            let facts = self.measure(pipes.collect(), reach).await?;
            self.engine.shut_down().await;
            return Ok(facts);
        }
        let server = Loopback::start(self.engine.clone(), self.data.path()).await?;
        let way = Way::Server(server.connect().await?);
        let reach = Reach { feed: Some(server.connect().await?), way };
        let facts = match self.args.target {
            Target::Stream => self.measure(self.streams(&server).await?, reach).await?,
            Target::InProcess | Target::Unary => {
                self.measure(self.unary(&server).await?, reach).await?
            }
        };
        server.stop().await?;
        Ok(facts)
    }

    async fn streams(&self, server: &Loopback) -> Result<Vec<Stream>, LoadError> {
        let mut streams = Vec::new();
        for _ in 0..CALLERS {
            let channel = server.connect().await?;
            streams.push(Stream::open(channel, self.args.batch(), self.share()).await?);
        }
        Ok(streams)
    }

    async fn unary(&self, server: &Loopback) -> Result<Vec<Unary>, LoadError> {
        let mut pipes = Vec::new();
        for _ in 0..CALLERS {
            pipes.push(Unary::new(&server.connect().await?, self.share()));
        }
        Ok(pipes)
    }

    /// Orders in flight of one caller.
    fn share(&self) -> usize {
        self.args.in_flight() / CALLERS
    }

    async fn measure<P: Pipe>(&self, pipes: Vec<P>, reach: Reach) -> Result<Facts, LoadError> {
        let ring = Arc::new(terms::ring(&self.args));
        let generator_ns = terms::generator_ns(Player::new(Arc::clone(&ring), 0, u64::MAX));
        let ringer = Ringer::start(CALLERS);
        let (follower, sender) = self.follower(reach.way);
        let players = (0..CALLERS)
            .map(|no| Player::new(Arc::clone(&ring), no * ring.len() / CALLERS, no as u64));
        let callers: Vec<_> = pipes
            .into_iter()
            .zip(players)
            .zip(ringer.alarms())
            .map(|((pipe, player), alarm)| self.caller(pipe, player, alarm, sender.as_ref()))
            .collect();
        drop(sender);

        let (callers, warmed) = self.warm_up(callers).await?;
        let journal_before = self.engine.status().journal_bytes_written;
        let (phase, there_was) = self.plan(&warmed).await?;
        let feed = self.feed(reach.feed);
        let (callers, ran) = phase.run(callers, self.screen).await?;
        let fed_meanwhile = feed.as_ref().map(Feed::done);
        let fed = match feed {
            Some(feed) => feed.stop().await?,
            None => 0,
        };
        let players: Vec<_> = callers.into_iter().map(|caller| caller.player).collect();
        let followed = match follower {
            Some(follower) => follower.end().await?,
            None => Followed::default(),
        };
        if ran.tally.answered() == 0 {
            return Err(LoadError::Nothing);
        }

        let rss = resident_bytes();
        let journal = self.engine.status().journal_bytes_written - journal_before;
        self.screen.say("auditing");
        let mut all = ran.tally;
        all.add(warmed.tally);
        let books =
            Books { there_was: there_was + fed, placed: all.placed, units: all.units, followed };
        self.exactly_half(&ran, phase)?;
        let report = audit(&self.engine)?;
        let mut fetched = 0;
        if self.args.workload != Workload::Hot {
            for player in &players {
                fetched += fetch(&self.engine, player).await?;
            }
        }
        let conservation = conservation(books, &report, fetched)?;
        let figures = Figures { ran, all, rss, journal, generator_ns, fed: fed_meanwhile };
        Ok(self.facts(&figures, followed, conservation))
    }

    fn follower(&self, way: Way) -> (Option<Follower>, Option<mpsc::Sender<FollowUp>>) {
        if self.args.workload != Workload::Churn {
            return (None, None);
        }
        let (follower, sender) = Follower::start(way);
        (Some(follower), Some(sender))
    }

    fn caller<P>(
        &self,
        pipe: P,
        player: Player,
        alarm: &Arc<super::alarm::Alarm>,
        follow_ups: Option<&mpsc::Sender<FollowUp>>,
    ) -> Caller<P> {
        Caller {
            pipe,
            player,
            alarm: Arc::clone(alarm),
            looks: terms::looks(self.args.workload),
            follow_ups: follow_ups.cloned(),
        }
    }

    fn feed(&self, channel: Option<Channel>) -> Option<Feed> {
        let feeds = self.args.workload == Workload::Feed;
        feeds.then(|| match channel {
            Some(channel) => Feed::into_server(channel, self.stocking),
            None => Feed::into_engine(self.engine.clone(), self.stocking),
        })
    }

    /// Orders a second of one caller, as asked for.
    fn rate(&self) -> Option<f64> {
        let Rate::PerSecond(rate) = self.args.rate else {
            return None;
        };
        let half = if self.args.workload == Workload::Feed { 0.5 } else { 1.0 };
        Some(rate * half / CALLERS as f64)
    }

    async fn warm_up<P: Pipe>(
        &self,
        callers: Vec<Caller<P>>,
    ) -> Result<(Vec<Caller<P>>, Ran), LoadError> {
        let lasts = Duration::from_secs(self.args.warm_up);
        let plan = Plan { rate: self.rate(), lasts: Some(lasts), orders: None };
        self.phase("warming up", plan, lasts, 1).run(callers, self.screen).await
    }

    /// What is measured, and what there is to be sold in the whole run.
    async fn plan(&self, warmed: &Ran) -> Result<(Phase, u64), LoadError> {
        let lasts = self.args.measured();
        let mut plan = Plan { rate: self.rate(), lasts: Some(lasts), orders: None };
        let mut there_was = self.stocking.units();
        let measured = warmed.orders_per_second() / CALLERS as f64;
        match self.args.workload {
            Workload::Feed => plan.rate = plan.rate.or(Some(measured / 2.0)),
            Workload::Hot => {
                let orders = orders_in(lasts, plan.rate.unwrap_or(measured));
                (plan.orders, plan.lasts) = (Some(orders), None);
                there_was = warmed.tally.placed + orders * CALLERS as u64 / 2;
                self.restock(there_was).await?;
            }
            _ => {}
        }
        Ok((self.phase("measuring", plan, lasts, 1_000), there_was))
    }

    fn phase(&self, name: &'static str, plan: Plan, lasts: Duration, seed: u64) -> Phase {
        let churns = self.args.workload == Workload::Churn;
        Phase { name, plan, lasts, churns, seed }
    }

    /// Sets what is on hand at the one pair of `hot`.
    async fn restock(&self, on_hand: u64) -> Result<(), LoadError> {
        let on_hand = u32::try_from(on_hand).ok();
        let operation = StockOperation::Set { on_hand, unavailable: None, safety: None };
        let node = node_id(self.stocking.node_of(0));
        self.engine
            .change_stock(ChangeStock { meta: meta(), sku: sku(0), node, operation })
            .await?;
        Ok(())
    }

    /// Of `hot`: half of the orders is placed, and the other half refused.
    fn exactly_half(&self, ran: &Ran, phase: Phase) -> Result<(), LoadError> {
        let Some(orders) = phase.plan.orders else {
            return Ok(());
        };
        let expected = orders * CALLERS as u64 / 2;
        for (what, found) in
            [("orders placed", ran.tally.placed), ("orders refused", ran.tally.sold_out)]
        {
            if found != expected {
                return Err(LoadError::Mismatch { what, found, expected });
            }
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn facts(&self, figures: &Figures, followed: Followed, conservation: Conservation) -> Facts {
        let Figures { ran, all, rss, journal, generator_ns, fed } = figures;
        let args = &self.args;
        let machine = Machine::look(self.data.path());
        let record = ran.record.lock();
        let (orders, seconds) = (ran.tally.answered(), ran.took.as_secs_f64());
        let looks = terms::looks(args.workload);
        Facts {
            workload: args.workload.to_string(),
            target: args.target.to_string(),
            rate: args.rate.to_string(),
            arrivals: match args.rate {
                Rate::PerSecond(_) => "open loop, a Poisson process for each of two callers",
                Rate::Max if args.workload == Workload::Feed => {
                    "open loop, a Poisson process for each of two callers, at half of the rate \
                     that the warm-up reached in a closed loop"
                }
                Rate::Max => "closed loop, two callers",
            },
            orders_per_second: ran.orders_per_second(),
            latency_us: LatencyUs::new(&record.total),
            durable: machine.keeps_data(),
            orders,
            placed: ran.tally.placed,
            sold_out: ran.tally.sold_out,
            seconds,
            warm_up_seconds: args.warm_up,
            skus: self.stocking.skus,
            pairs: self.stocking.pairs().into(),
            in_flight_max: args.in_flight(),
            batch: (args.target == Target::Stream).then(|| args.batch()),
            reads_per_second: (looks > 0).then(|| orders as f64 * looks as f64 / seconds),
            updates_per_second: fed.map(|updates| updates as f64 / seconds),
            followed: (args.workload == Workload::Churn).then_some(followed),
            rss_bytes: *rss,
            bytes_per_pair: self.at_rest as f64 / f64::from(self.stocking.pairs()),
            bytes_per_order: rss.saturating_sub(self.at_rest) as f64 / all.placed.max(1) as f64,
            cpu_us_per_order: ran.cpu.as_secs_f64() * 1e6 / orders as f64,
            generator_ns_per_order: *generator_ns,
            journal_bytes_per_order: *journal as f64 / orders as f64,
            audit: "clean",
            conservation,
            machine,
            included: terms::included(args),
            left_out: terms::left_out(args),
            version: env!("CARGO_PKG_VERSION"),
            commit: commit(),
            began: String::new(),
            timeline: Timeline::new(&record),
            quantiles: quantiles(&record.total),
        }
    }
}
