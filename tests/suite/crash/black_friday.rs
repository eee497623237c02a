//! Scenario 9: a flash sale, and a server that is killed in the middle of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use backstock_engine::engine::Engine;
use backstock_engine::model::{HoldId, HoldState, NodeKind};
use backstock_proto::v1::hold_service_client::HoldServiceClient;
use backstock_proto::v1::{
    ConfirmHoldRequest, CreateHoldRequest, GetHoldRequest, HoldOutcome, PlaceOrderLine,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::number;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::server::Server;

/// Buyers when `BACKSTOCK_BUYERS` does not say it; ten to a unit.
const BUYERS: u64 = 1_000;
/// Buyers that call at a time.
const CALLERS: u64 = 32;
/// For how long a cart is held.
const HELD_SECONDS: i64 = 2;
/// Between two looks of a buyer who waits in line.
const LOOK: Duration = Duration::from_millis(200);
/// All of it, on a machine that has other things to do.
const LONG: Duration = Duration::from_mins(5);

/// What a buyer was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// He waits in line.
    Waits,
    /// He has a unit, for as long as it is held.
    Held,
    /// He has bought it.
    Bought,
    /// He waited, and had it, and his time ran out.
    Lapsed,
}

/// The server, whichever it is by now, and what buyers were told.
struct Sale {
    address: Mutex<String>,
    told: Mutex<BTreeMap<u64, Told>>,
    came: AtomicU64,
    bought: AtomicU64,
}

impl Sale {
    async fn client(&self) -> Option<HoldServiceClient<Channel>> {
        let address = self.address.lock().expect("no panic").clone();
        HoldServiceClient::connect(address).await.ok()
    }

    /// Nobody is told two things: from the line one comes to a unit, from there to the till or
    /// out, and from neither back.
    fn tell(&self, buyer: u64, now: Told) {
        let before = self.told.lock().expect("no panic").insert(buyer, now);
        let is_next = before.is_none_or(|before| before <= now && before < Told::Bought)
            || before == Some(now);
        assert!(is_next, "buyer {buyer} was told {before:?}, and now {now:?}");
        if now == Told::Bought && before != Some(now) {
            self.bought.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_settled(&self, buyer: u64) -> bool {
        let told = self.told.lock().expect("no panic").get(&buyer).copied();
        told.is_some_and(|told| told >= Told::Bought)
    }
}

fn hold_id(buyer: u64) -> String {
    format!("cart-{buyer}")
}

/// Half of the buyers leave their cart alone.
fn buys(buyer: u64) -> bool {
    buyer.is_multiple_of(2)
}

/// The server is gone, or about to go: the buyer asks again.
fn is_gone(status: &Status) -> bool {
    [Code::Unavailable, Code::Unknown, Code::Cancelled].contains(&status.code())
}

type Client = HoldServiceClient<Channel>;

/// A buyer holds one unit or gets in line; asks again where the server is gone. Buyers of one caller
/// share a connection. Answers how many carts are before his in line.
async fn come(sale: &Sale, client: &mut Option<Client>, buyer: u64) -> u64 {
    let create = CreateHoldRequest {
        hold_id: hold_id(buyer),
        ttl: Some(prost_types::Duration { seconds: HELD_SECONDS, nanos: 0 }),
        destination_postal_code: "10001".into(),
        lines: vec![PlaceOrderLine { sku: "DROP".into(), quantity: 1 }],
        wait: true,
        ..Default::default()
    };
    loop {
        if client.is_none() {
            *client = sale.client().await;
        }
        if let Some(connected) = client {
            match connected.create_hold(create.clone()).await {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    let told = match answer.outcome() {
                        HoldOutcome::Held => Told::Held,
                        HoldOutcome::Waiting => Told::Waits,
                        other => panic!("buyer {buyer}: {other:?}"),
                    };
                    sale.tell(buyer, told);
                    sale.came.fetch_add(1, Ordering::Relaxed);
                    return answer.hold.and_then(|hold| hold.holds_ahead).unwrap_or_default();
                }
                Err(status) => assert!(is_gone(&status), "buyer {buyer}: {status}"),
            }
            *client = None;
        }
        tokio::time::sleep(LOOK / 4).await;
    }
}

/// A buyer who buys looks how his cart stands, and pays once he has a unit. Answers how many carts are
/// before his in line.
async fn look(sale: &Sale, client: &mut Client, buyer: u64) -> Result<u64, Status> {
    let get = GetHoldRequest { hold_id: hold_id(buyer), min_version: 0 };
    let hold = client.get_hold(get).await?.into_inner().hold.expect("a hold");
    let ahead = hold.holds_ahead.unwrap_or_default();
    let told = match hold.state() {
        backstock_proto::v1::HoldState::Waiting => Told::Waits,
        backstock_proto::v1::HoldState::Live => Told::Held,
        backstock_proto::v1::HoldState::Confirmed => Told::Bought,
        backstock_proto::v1::HoldState::Lapsed => Told::Lapsed,
        other => panic!("buyer {buyer}: {other:?}"),
    };
    sale.tell(buyer, told);
    if told != Told::Held {
        return Ok(ahead);
    }
    let confirm = ConfirmHoldRequest {
        hold_id: hold_id(buyer),
        order_id: format!("order-{buyer}"),
        ..Default::default()
    };
    match client.confirm_hold(confirm).await {
        Ok(_) => sale.tell(buyer, Told::Bought),
        // His time ran out on the way, and the unit went to the next in line.
        Err(status) if status.code() == Code::FailedPrecondition => {}
        Err(status) => return Err(status),
    }
    Ok(0)
}

/// When a buyer looks again who has so many before him. Of those before him no more than there are
/// unsold units have their turn at a time, each for as long as a cart is held: so he misses nothing,
/// and the longer the sale goes on, the less often those far behind look.
fn next_look(sale: &Sale, ahead: u64, units: u64) -> Instant {
    let unsold = units.saturating_sub(sale.bought.load(Ordering::Relaxed));
    let turns = ahead / unsold.max(1);
    Instant::now() + LOOK.max(Duration::from_secs(turns * HELD_SECONDS.unsigned_abs()))
}

/// Those of one caller's buyers who came and buy, and when each looks again.
#[derive(Default)]
struct Line {
    buyers: Vec<(u64, Instant)>,
    client: Option<Client>,
    looked: Option<Instant>,
}

impl Line {
    /// All come, and those who are there look meanwhile; then they look until the sale is over.
    async fn play(
        mut self,
        sale: Arc<Sale>,
        buyers: Vec<u64>,
        (units, is_over): (u64, Arc<AtomicU64>),
    ) {
        for buyer in buyers {
            let ahead = come(&sale, &mut self.client, buyer).await;
            if buys(buyer) {
                // Whoever has a unit looks at once.
                let waits = ahead > 0;
                let next = if waits { next_look(&sale, ahead, units) } else { Instant::now() };
                self.buyers.push((buyer, next));
            }
            if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                self.look(&sale, units).await;
            }
        }
        while is_over.load(Ordering::Relaxed) == 0 {
            self.look(&sale, units).await;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Those look whose turn it may be by now.
    async fn look(&mut self, sale: &Sale, units: u64) {
        self.looked = Some(Instant::now());
        if self.client.is_none() {
            self.client = sale.client().await;
        }
        let Some(client) = &mut self.client else { return };
        let now = Instant::now();
        for (buyer, next) in self.buyers.iter_mut().filter(|(_, next)| *next <= now) {
            match look(sale, client, *buyer).await {
                Ok(ahead) => *next = next_look(sale, ahead, units),
                Err(status) if is_gone(&status) || status.code() == Code::NotFound => {
                    self.client = None;
                    break;
                }
                Err(status) => panic!("buyer {buyer}: {status}"),
            }
        }
        self.buyers.retain(|(buyer, _)| !sale.is_settled(*buyer));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn black_friday() {
    let buyers = number("BACKSTOCK_BUYERS").unwrap_or(BUYERS);
    let units = u32::try_from(buyers / 10).expect("few");
    eprintln!("{buyers} buyers want {units} units; others: BACKSTOCK_BUYERS");
    let directory = tempfile::tempdir().expect("a directory");
    prepare(directory.path(), units).await;
    let server = Server::start(directory.path());
    let sale = Arc::new(Sale {
        address: Mutex::new(server.address.clone()),
        told: Mutex::default(),
        came: AtomicU64::new(0),
        bought: AtomicU64::new(0),
    });
    let is_over = Arc::<AtomicU64>::default();
    let share = |caller| (caller..buyers).step_by(usize::try_from(CALLERS).expect("few"));
    let coming: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (sale, is_over) = (Arc::clone(&sale), Arc::clone(&is_over));
            let mine: Vec<u64> = share(caller).collect();
            tokio::spawn(Line::default().play(sale, mine, (units.into(), is_over)))
        })
        .collect();

    let began = Instant::now();
    while sale.came.load(Ordering::Relaxed) < buyers / 2 {
        assert!(began.elapsed() < LONG, "buyers do not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut killed = server;
    killed.kill();
    let server = Server::start(directory.path());
    (*sale.address.lock().expect("no panic")).clone_from(&server.address);
    let bought = || sale.bought.load(Ordering::Relaxed);
    while bought() < units.into() {
        assert!(began.elapsed() < LONG, "{} of {units} are sold", bought());
        tokio::time::sleep(LOOK).await;
    }
    is_over.store(1, Ordering::Relaxed);
    for buyer in coming {
        buyer.await.expect("no buyer panics");
    }
    let mut server = server;
    server.kill();
    check(directory.path(), &sale, (buyers, units)).await;
}

async fn prepare(directory: &Path, units: u32) {
    let (engine, _) = open(directory).await;
    define_nodes(&engine, &[node("EAST", NodeKind::Warehouse, 5)]).await;
    define_items(&engine, &["DROP"]).await;
    set(&engine, "DROP", "EAST", units).await;
    engine.shut_down().await;
}

/// Exactly all units are sold, to those who were told so, and they are the first in line of those
/// who did not let their turn pass.
async fn check(directory: &Path, sale: &Sale, (buyers, units): (u64, u32)) {
    let (engine, _) = open(directory).await;
    assert_clean(&engine);
    let told = sale.told.lock().expect("no panic").clone();
    let mut line = Vec::new();
    for buyer in 0..buyers {
        let (no, state) = stands(&engine, buyer).await;
        let is_bought = told.get(&buyer) == Some(&Told::Bought);
        assert_eq!(state == HoldState::Confirmed, is_bought, "buyer {buyer}: {state:?}");
        line.push((no, buyer, state));
    }
    line.sort_unstable_by_key(|(no, ..)| *no);
    let sold = line.iter().filter(|(.., state)| *state == HoldState::Confirmed).count();
    assert_eq!(sold, units as usize);
    // Who waits still is behind all who had their turn.
    let last = line.iter().rposition(|(.., state)| *state != HoldState::Waiting);
    let first = line.iter().position(|(.., state)| *state == HoldState::Waiting);
    assert!(first.is_none_or(|first| Some(first) > last), "{first:?} is passed by {last:?}");
    engine.shut_down().await;
}

async fn stands(engine: &Engine, buyer: u64) -> (u64, HoldState) {
    let id = HoldId::new("hold", hold_id(buyer)).expect("an id");
    let order = engine.hold(&id).await.expect("everybody's cart is there").order;
    (order.no.0, order.header.hold.as_deref().expect("a hold").state)
}
