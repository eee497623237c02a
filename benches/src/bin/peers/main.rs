//! The `holiday` workload beside what people use instead, in one run on one machine:
//! Redis, PostgreSQL, an empty gRPC handler, and one `ractor` actor a pair.
//!
//! `scripts/peers.sh` starts the servers and calls this.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use backstock_benches::holiday::Size;
use clap::Parser;
use serde_json::json;

use actors::Measured;
use contest::{Bounds, Network, Played};
use ours::{Ours, per_second};
use report::Row;

mod actors;
mod contest;
mod ours;
mod pgwire;
mod postgres;
mod redis;
mod report;
mod resp;

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Plays the same orders against Backstock, Redis and PostgreSQL.
#[derive(Debug, Parser)]
struct Args {
    /// Address of a Redis server without data.
    #[arg(long)]
    redis: String,
    /// Address of a PostgreSQL server that asks for no password.
    #[arg(long)]
    postgres: String,
    /// User and database there.
    #[arg(long, default_value = "postgres")]
    postgres_user: String,
    /// Where ours keeps its data: the disk that the servers use.
    #[arg(long)]
    data: PathBuf,
    /// SKUs, each stocked at 20 nodes.
    #[arg(long, default_value_t = Size::FULL.skus, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    skus: u32,
    /// Orders in process and on a stream.
    #[arg(long, default_value_t = 600_000, value_parser = orders)]
    orders: usize,
    /// Orders for Redis at most.
    #[arg(long, default_value_t = 300_000, value_parser = orders)]
    redis_orders: usize,
    /// Orders for PostgreSQL at most.
    #[arg(long, default_value_t = 100_000, value_parser = orders)]
    postgres_orders: usize,
    /// Seconds that a peer is asked at most; as much again for its warm-up.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Cells and actors.
    #[arg(long, default_value_t = 200_000, value_parser = orders)]
    actors: usize,
    /// Writes the figures there as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn orders(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 100..=5_000_000) => Ok(count),
        _ => Err("not a number from 100 to 5,000,000".into()),
    }
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let began = Instant::now();
    let step = |what: &str| eprintln!("{:>4} s: {what}", began.elapsed().as_secs());
    let size = Size { skus: args.skus, ..Size::FULL };
    // First, for what others gave back would not count as theirs.
    step("cells and actors");
    let (cell, ractor) = actors::run(args.actors);
    step("ours, and the handler that does nothing");
    let ours = ours::run(&args.data, size, args.orders);
    let network = Network::new(size);
    let bounds = |orders| Bounds { orders, time_max: Duration::from_secs(args.seconds) };
    step("Redis");
    let redis = redis::run(&args.redis, &network, bounds(args.redis_orders))?;
    step("PostgreSQL");
    let postgres =
        postgres::run(&args.postgres, &args.postgres_user, &network, bounds(args.postgres_orders))?;
    step("done");
    let mut rows = order_rows(&ours, &redis, &postgres);
    rows.extend(actor_rows(args.actors, &cell, &ractor));
    println!("{}", report::table(&rows, &notes(size)));
    let run = json!({
        "workload": "holiday", "durable": true, "pairs": size.pairs(),
        "machine": machine(), "seconds": began.elapsed().as_secs(),
    });
    let json = report::to_json(&rows, &notes(size), &run);
    args.json.map_or(Ok(()), |path| std::fs::write(path, format!("{json:#}\n")))
}

fn order_rows(ours: &Ours, redis: &Played, postgres: &Played) -> Vec<Row> {
    let row = |key, what: &str, figure, ratios, checked: String| Row {
        key,
        what: what.into(),
        figure,
        unit: "orders/s",
        ratios,
        checked,
    };
    let peer = |key, what, played: &Played| {
        let figure = per_second(played.orders, played.took);
        let ratios = [("in process", ours.in_process), ("stream", ours.stream)];
        let ratios = ratios.map(|(name, ours)| (name, ours / figure)).to_vec();
        row(key, what, figure, ratios, format!("{} orders, by pair", played.acknowledged.placed))
    };
    let empty = |key, what, figure, ours: (_, f64)| {
        row(key, what, figure, vec![(ours.0, ours.1 / figure)], "nothing to check".into())
    };
    let audited = || "audit clean".to_owned();
    vec![
        row("in_process", "Backstock, in process", ours.in_process, Vec::new(), audited()),
        row("stream", "Backstock, PlaceOrders stream", ours.stream, Vec::new(), audited()),
        row("unary", "Backstock, PlaceOrder calls", ours.unary, Vec::new(), audited()),
        peer("redis", "Redis, a Lua script an order", redis),
        peer("postgres", "PostgreSQL, a function an order", postgres),
        empty("empty_stream", "empty handler, stream", ours.empty_stream, ("stream", ours.stream)),
        empty("empty_unary", "empty handler, calls", ours.empty_unary, ("calls", ours.unary)),
    ]
}

fn actor_rows(count: usize, cell: &Measured, ractor: &Measured) -> Vec<Row> {
    let row = |key, what: &str, unit, figure, ours: Option<f64>| Row {
        key,
        what: what.into(),
        figure,
        unit,
        ratios: ours.map(|ours| ("cell", ours / figure)).into_iter().collect(),
        checked: format!("{count} of them"),
    };
    let (asks, bytes, spawns) = ("asks/s", "bytes each", "starts/s");
    vec![
        row("cell_asks", "our cell, asked", asks, cell.asks_per_second, None),
        row(
            "ractor_asks",
            "ractor actor, asked",
            asks,
            ractor.asks_per_second,
            Some(cell.asks_per_second),
        ),
        row("cell_bytes", "our cell, resident", bytes, cell.bytes, None),
        row("ractor_bytes", "ractor actor, resident", bytes, ractor.bytes, Some(cell.bytes)),
        row("cell_spawns", "our cell, started", spawns, cell.spawns_per_second, None),
        row(
            "ractor_spawns",
            "ractor actor, started",
            spawns,
            ractor.spawns_per_second,
            Some(cell.spawns_per_second),
        ),
    ]
}

/// What has to be known to read the table.
fn notes(size: Size) -> Vec<String> {
    let mut notes = vec![format!(
        "{}. {} SKUs at 20 of 60 nodes each: {} pairs. Clients share the cores with what they \
         ask. One after the other.",
        machine(),
        size.skus,
        size.pairs()
    )];
    notes.extend(NOTES.map(str::to_owned));
    notes
}

const NOTES: [&str; 6] = [
    "Every answer to an order but the empty handler's follows a sync of the disk that holds it. \
     Orders are made, and a peer's requests encoded, before the clock starts.",
    "Backstock sources in full: names, distance, cost, shipments shared by lines, split, promised \
     days, capacity, backorders, the trace that explains it; the order and its key.",
    "A peer does for each line: the cheapest of the SKU's 20 nodes that holds the quantity, as seen \
     from the city with nodes that is nearest to the destination, by a \
     table made before; takes it; records the order under its key. All else is left out: a line \
     that no node fills is recorded and does not wait; SKUs are numbers and are not looked up.",
    "Redis: EVALSHA over 4 connections, 256 orders in flight on each; a packed string a SKU; \
     appendonly yes, appendfsync always, no snapshot or rewrite meanwhile. One command at a time.",
    "PostgreSQL: 8 clients, a prepared call and a transaction an order; a row a pair, half-full \
     pages; fsync, synchronous_commit, full_page_writes on; shared_buffers 2GB, wal_buffers 64MB, \
     max_wal_size 16GB and checkpoint_timeout 1h (no checkpoint meanwhile), autovacuum and jit \
     off, plan_cache_mode force_generic_plan.",
    "Actors: an addition and its answer, at actors in no order; cells by 2 threads (started by \
     1), ractor by 2 tasks with 256 in flight each.",
];

/// Cores and processor.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, model)| model);
    format!("{cores} x {model}")
}
