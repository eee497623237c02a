//! A run from the empty engine to its figures.

use std::sync::Arc;
use std::time::Duration;

use backstock_engine::command::{ChangeStock, StockOperation};
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use tonic::transport::Channel;

use super::alarm::Alarm;
use super::beside::Working;
use super::changes::Changes;
use super::check::{Books, audit, conservation, fetch};
use super::data::Data;
use super::drive::{Caller, Pipe};
use super::error::LoadError;
use super::facts::{Conservation, Facts};
use super::feed::Feed;
use super::figures::Figures;
use super::follow::{FollowUps, Follower, Way};
use super::holding::{Holding, Till};
use super::in_process::InProcess;
use super::machine::Machine;
use super::options::{Args, Rate, Target, Workload};
use super::phase::{Phase, Ran};
use super::progress::Screen;
use super::schedule::Plan;
use super::server::Loopback;
use super::stream::Stream;
use super::sync::Syncing;
use super::terms;
use super::unary::Unary;
use crate::process::resident_bytes;
use crate::workload::names::{node_id, sku};
use crate::workload::network::{Progress, Stocking, meta, postal_codes, set_up};
use crate::workload::priced;
use crate::workload::ring::{Player, Ring};

/// Callers: as many as the machines that the goals name have cores.
const CALLERS: u32 = 2;

/// Runs a workload, and reports its results.
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
    if args.workload == Workload::Priced {
        priced::set_up(&engine, args.skus()).await;
    }
    drop(ticking);
    let (at_rest, till) = (resident_bytes(), Arc::default());
    let session = Session { args, engine, data, stocking, screen, began, at_rest, till };
    session.with_target().await
}

/// A run whose engine is set up.
struct Session {
    args: Args,
    engine: Engine,
    data: Data,
    stocking: Stocking,
    screen: Screen,
    began: jiff::Timestamp,
    /// Resident size before the first order.
    at_rest: u64,
    /// Of `hold`: its clock, and the carts that were left alone.
    till: Arc<Till>,
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
        if self.args.workload == Workload::Hold {
            let holding =
                |_| Holding::new(self.engine.clone(), Arc::clone(&self.till), self.share());
            let reach = Reach { feed: None, way: Way::Engine(self.engine.clone()) };
            let facts = self.measure((0..CALLERS).map(holding).collect(), reach).await?;
            self.engine.shut_down().await;
            return Ok(facts);
        }
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
        self.args.in_flight() / CALLERS as usize
    }

    async fn measure<P: Pipe>(&self, pipes: Vec<P>, reach: Reach) -> Result<Facts, LoadError> {
        let ring = Arc::new(terms::ring(&self.args));
        // Under ids that no caller has, and as short as theirs.
        let sample = Player::new(Arc::clone(&ring), 0, CALLERS.into());
        let generator_ns = terms::generator_ns(sample);
        let (follower, sender) = self.follower(&reach.way);
        let callers = self.callers(pipes, &ring, sender.as_ref());
        drop(sender);

        let (callers, warmed) = self.warm_up(callers).await?;
        let journal_before = self.engine.status().journal_bytes_written;
        let (phase, there_was) = self.plan(&warmed).await?;
        let feed = self.feed(reach.feed);
        let syncing = self.syncing(follower.as_ref())?;
        let working =
            self.args.beside().map(|work| Working::start(work, self.engine.clone(), phase.lasts));
        let (callers, ran) = phase.run(callers, self.screen).await?;
        let updates = feed.as_ref().map(Feed::done);
        let fed = end_of(feed.map(Feed::stop)).await?;
        let syncs = syncing.map(|syncing| syncing.end(self.data.path())).transpose()?;
        // Followers end when no caller has more for them.
        let players: Vec<_> = callers.into_iter().map(|caller| caller.player).collect();
        let delays = follower.as_ref().map(Follower::delays);
        let followed = match self.args.workload {
            Workload::Hold => self.till.close(&self.engine).await?,
            _ => end_of(follower.map(Follower::end)).await?,
        };
        let worked = match working {
            Some(working) => Some(working.end().await?),
            None => None,
        };

        let changes = delays.zip(syncs).map(|(of, syncs)| Changes::new(&of.lock(), &syncs));
        let rss = resident_bytes();
        let journal = self.engine.status().journal_bytes_written - journal_before;
        let placed_ever = ran.tally.placed + warmed.tally.placed;
        let units = ran.tally.units + warmed.tally.units;
        let books = Books { there_was: there_was + fed, placed: placed_ever, units, followed };
        let conservation = self.check(books, &ran, phase, &players).await?;
        let figures = Figures {
            args: &self.args,
            machine: Machine::look(self.data.path()),
            stocking: self.stocking,
            began: self.began,
            at_rest: self.at_rest,
            ran,
            placed_ever,
            rss,
            journal,
            generator_ns,
            updates,
            followed,
            changes,
            conservation,
            worked,
        };
        Ok(figures.facts())
    }

    fn callers<P>(
        &self,
        pipes: Vec<P>,
        ring: &Arc<Ring>,
        follow_ups: Option<&FollowUps>,
    ) -> Vec<Caller<P>> {
        let caller = |(pipe, no): (P, u32)| Caller {
            pipe,
            // As far from one another as the ring is long.
            player: Player::new(
                Arc::clone(ring),
                no as usize * ring.len() / CALLERS as usize,
                no.into(),
            ),
            alarm: Arc::new(Alarm::new()),
            looks: terms::looks(self.args.workload),
            follow_ups: follow_ups.cloned(),
        };
        pipes.into_iter().zip(0..).map(caller).collect()
    }

    /// What has to hold before there are figures.
    async fn check(
        &self,
        books: Books,
        ran: &Ran,
        phase: Phase,
        players: &[Player],
    ) -> Result<Conservation, LoadError> {
        if ran.tally.answered() == 0 {
            return Err(LoadError::Nothing);
        }
        self.screen.say("auditing");
        exactly_half(ran, phase)?;
        let report = audit(&self.engine)?;
        let mut fetched = 0;
        // Orders that were refused are not there, nor are carts that were left alone.
        let all_there = !matches!(self.args.workload, Workload::Hot | Workload::Hold);
        for player in players.iter().filter(|_| all_there) {
            fetched += fetch(&self.engine, player).await?;
        }
        conservation(books, &report, fetched)
    }

    fn follower(&self, way: &Way) -> (Option<Follower>, Option<FollowUps>) {
        if self.args.workload != Workload::Churn {
            return (None, None);
        }
        let (follower, sender) = Follower::start(way, self.args.skus());
        (Some(follower), Some(sender))
    }

    /// Where there are changes, the disk is measured beside them; what was before does not count.
    fn syncing(&self, follower: Option<&Follower>) -> Result<Option<Syncing>, LoadError> {
        let Some(follower) = follower else { return Ok(None) };
        follower.delays().lock().reset();
        Syncing::start(self.data.path()).map(Some)
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
        Some(rate * half / f64::from(CALLERS))
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
        let measured = warmed.orders_per_second() / f64::from(CALLERS);
        match self.args.workload {
            Workload::Feed => plan.rate = plan.rate.or(Some(measured / 2.0)),
            Workload::Hot => {
                let orders = orders_in(lasts, plan.rate.unwrap_or(measured));
                (plan.orders, plan.lasts) = (Some(orders), None);
                there_was = warmed.tally.placed + orders * u64::from(CALLERS) / 2;
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
}

/// Of `hot`: half of the orders is placed, and the other half refused.
fn exactly_half(ran: &Ran, phase: Phase) -> Result<(), LoadError> {
    let Some(orders) = phase.plan.orders else {
        return Ok(());
    };
    let expected = orders * u64::from(CALLERS) / 2;
    for (what, found) in
        [("orders placed", ran.tally.placed), ("orders refused", ran.tally.sold_out)]
    {
        if found != expected {
            return Err(LoadError::Mismatch { what, found, expected });
        }
    }
    Ok(())
}

/// What a task ended with, if there was one.
async fn end_of<T: Default>(
    task: Option<impl Future<Output = Result<T, LoadError>>>,
) -> Result<T, LoadError> {
    match task {
        Some(task) => task.await,
        None => Ok(T::default()),
    }
}
