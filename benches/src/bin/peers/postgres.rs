//! PostgreSQL: one function an order, prepared, each order a transaction.

use std::fmt::Write as _;
use std::io;
use std::time::Instant;

use crate::contest::{Acknowledged, Bounds, Connection, Network, Order, Played, play};
use crate::pgwire::{Outcome, Postgres, array, execute};

const SCHEMA: &str = include_str!("schema.sql");
const CHECK: &str = include_str!("check.sql");
/// Clients, each with one order in flight.
const CONNECTIONS: usize = 8;
const STATEMENT: &str = "place";
/// Pairs in one message while loading.
const CHUNK: usize = 2_000;
/// What has to be set for an answer to mean what ours means.
const DURABLE: [(&str, &str); 3] =
    [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")];
/// The order is there already.
const UNIQUE_VIOLATION: &str = "23505";
/// Two orders waited for each other, and this one was undone.
const DEADLOCK: &str = "40P01";

/// Loads the network, plays the orders, and checks what was sold.
pub fn run(address: &str, user: &str, network: &Network, bounds: Bounds) -> io::Result<Played> {
    let mut control = Postgres::connect(address, user)?;
    for (setting, value) in DURABLE {
        let is = control.query(&format!("show {setting}"))?;
        if is != [value] {
            return Err(io::Error::other(format!("{setting} is not {value}: {is:?}")));
        }
    }
    load(&mut control, network)?;
    let connect = |_| {
        let mut postgres = Postgres::connect(address, user)?;
        postgres.prepare(STATEMENT, "select place($1, $2, $3, $4)")?;
        Ok(Client(postgres))
    };
    let mut connections: Vec<_> = (0..CONNECTIONS).map(connect).collect::<io::Result<_>>()?;
    let played = play(&mut connections, network, bounds)?;
    check(&mut control, network, &played)?;
    Ok(played)
}

fn load(control: &mut Postgres, network: &Network) -> io::Result<()> {
    let ranks: Vec<_> = network.ranks.iter().map(ToString::to_string).collect();
    control.query(&SCHEMA.replace("@RANKS@", &format!("{{{}}}", ranks.join(","))))?;
    let mut pairs = network.pairs().peekable();
    let chunks = std::iter::from_fn(|| {
        pairs.peek()?;
        let rows = pairs.by_ref().take(CHUNK).fold(String::new(), |mut rows, (sku, node)| {
            writeln!(rows, "{sku}\t{node}\t{}", network.size.on_hand).expect("a string takes all");
            rows
        });
        Some(rows)
    });
    control.copy_in("stock", chunks)?;
    control.query("alter table stock add primary key (sku, node)")?;
    control.query("vacuum (analyze) stock").map(drop)
}

struct Client(Postgres);

impl Connection for Client {
    fn encode(&self, order: &Order) -> Vec<u8> {
        let destination = i16::from(order.destination).to_be_bytes();
        let skus = array(order.lines.iter().map(|(sku, _)| *sku));
        let quantities = array(order.lines.iter().map(|(_, units)| *units));
        execute(STATEMENT, &[order.id.as_bytes(), &destination, &skus, &quantities])
    }

    fn place(&mut self, requests: &[Vec<u8>], until: Instant) -> io::Result<Acknowledged> {
        let mut acknowledged = Acknowledged::default();
        for request in requests {
            if Instant::now() >= until {
                break;
            }
            acknowledged.count(self.place_one(request)?);
        }
        Ok(acknowledged)
    }
}

impl Client {
    /// The units that were allocated; nothing for an order that was known.
    fn place_one(&mut self, request: &[u8]) -> io::Result<Option<u64>> {
        loop {
            match self.0.call(request)? {
                Outcome::Failed(state, _) if state == DEADLOCK => {}
                Outcome::Failed(state, _) if state == UNIQUE_VIOLATION => return Ok(None),
                outcome => return outcome.rows().and_then(|rows| units(&rows)).map(Some),
            }
        }
    }
}

/// The one `int4` of the answer.
fn units(rows: &[Vec<u8>]) -> io::Result<u64> {
    let units = rows.first().and_then(|units| units.first_chunk().copied());
    let units = units.ok_or(io::ErrorKind::InvalidData)?;
    u64::try_from(i32::from_be_bytes(units)).map_err(io::Error::other)
}

/// Every order that was acknowledged is there, no other is, and for each pair what
/// is left and what the orders took make what there was.
fn check(control: &mut Postgres, network: &Network, played: &Played) -> io::Result<()> {
    let wrong = CHECK.replace("@ON_HAND@", &network.size.on_hand.to_string());
    let wrong = control.query(&wrong)?;
    let orders = control.query("select count(*) from orders")?;
    let left = control.query("select sum(free::int8) from stock")?;
    let there_was = u64::from(network.size.pairs()) * u64::from(network.size.on_hand);
    let acknowledged = played.acknowledged;
    let left_expected = (there_was - acknowledged.units).to_string();
    if wrong == ["0"] && orders == [acknowledged.placed.to_string()] && left == [left_expected] {
        return Ok(());
    }
    Err(io::Error::other("postgres sold wrongly: its orders and its stock do not add up"))
}
