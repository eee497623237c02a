//! Guards: instructions of the hot paths, each with a budget that it must not exceed.
//!
//! Run by `scripts/guard-instructions.sh`, under valgrind's callgrind, in the gate. A
//! count hardly depends on the machine and not on what else runs on it, so that a
//! change for the worse of a few percent shows, which no clock in the gate would.
//! What is counted is one call of the function here; what `setup` makes beforehand and
//! what is dropped afterwards is not.
//!
//! **A budget** is what was measured and about 15% more, for one of the things that are
//! done [`ROUNDS`] times. A change that makes a path cheaper, or dearer for a reason
//! that its commit gives, renews the budget: run the script with `--profile gate`, as the
//! gate does, and divide what it prints as `Instructions` by the rounds. Without, it
//! counts the release profile, whose dependencies are optimised more: compare counts of
//! one profile only. Budgets are for `rust-toolchain.toml`'s compiler and `Cargo.lock` on
//! `x86_64` with AVX2: another compiler inlines otherwise, and another C library copies
//! bytes otherwise.

#![expect(missing_docs, unused_qualifications, reason = "what gungraun's macros make of it")]

mod single;

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::sync::Arc;

use backstock_benches::asks::{self, Stock};
use backstock_benches::holiday::{Orders, Size};
use backstock_benches::random::Random;
use backstock_benches::workload::problem::Owned;
use backstock_engine::actor::ActorCell;
use backstock_engine::command::PlaceOrder;
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::journal::{
    Batch, BatchLimits, GroupCommit, Lsn, Options, Payload, SegmentLog, Ticket, Writer,
};
use backstock_engine::model::{Order, PackedOrder};
use backstock_engine::sourcing::{Exactness, Scratch, Verdict, explain, solve};
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use single::Single;

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Times that a function does its thing: what is done once does not count.
const ROUNDS: usize = 200;
/// Bytes of a journal record: those of an order of two lines, nearly.
const PAYLOAD_BYTES: usize = 250;
/// Few SKUs: stocking them runs under valgrind too.
const SIZE: Size = Size { skus: 500, on_hand: 1_000_000 };

/// At most so many instructions for each of the [`ROUNDS`].
fn budget(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::with_args(["--cache-sim=no"]);
    callgrind.hard_limits([(EventKind::Ir, instructions * ROUNDS as u64)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// Problems to solve, and the memory for it.
struct Sourcing {
    problems: Vec<Owned>,
    scratch: Scratch,
    verdicts: Vec<Verdict>,
}

impl Sourcing {
    /// Solves and explains every problem, each to the best plan.
    fn round(&mut self) {
        for owned in &self.problems {
            let problem = owned.problem();
            let plan = solve(black_box(&problem), &mut self.scratch);
            assert_eq!(plan.exactness, Exactness::Optimal, "no figure for a guess");
            explain(&problem, &plan, &mut self.scratch, &mut self.verdicts);
            black_box(&self.verdicts);
        }
    }
}

fn sourcing(lines: RangeInclusive<u32>, nodes: u32) -> Sourcing {
    let problems = Owned::many(42, ROUNDS, lines, nodes);
    let offers = problems.iter().map(|owned| owned.offers().len()).max().unwrap_or(0);
    let verdicts = vec![Verdict::NoStock; offers];
    let mut sourcing = Sourcing { problems, scratch: Scratch::new(), verdicts };
    sourcing.round();
    sourcing
}

#[library_benchmark]
#[bench::two_lines_at_20_nodes(args = (2..=2, 20), setup = sourcing, config = budget(4_300))]
#[bench::three_to_five_lines_at_60_nodes(args = (3..=5, 60), setup = sourcing, config = budget(12_400))]
fn solve_and_explain(mut sourcing: Sourcing) -> Sourcing {
    sourcing.round();
    sourcing
}

#[library_benchmark]
#[bench::idle(setup = asks::cell, config = budget(72))]
fn turn_of_an_actor(cell: ActorCell<Stock>) -> ActorCell<Stock> {
    for _ in 0..ROUNDS {
        black_box(asks::ask(&cell));
    }
    cell
}

/// A placed order of two lines, as the engine makes it.
fn order_of_two_lines() -> Arc<Order> {
    let size = Size { skus: 20, ..SIZE };
    let mut single = Single::stocked(size);
    single.submit(Orders::new(size, 1).take(20).collect());
    single.apply();
    let placed = single.acknowledged().into_iter().find(|order| order.lines.len() == 2);
    let order = placed.expect("one order in four has two lines");
    assert_eq!(PackedOrder::of(&order).unpack().expect("it unpacks").lines, order.lines);
    order
}

fn packed_order_of_two_lines() -> PackedOrder {
    PackedOrder::of(&order_of_two_lines())
}

#[library_benchmark]
#[bench::two_lines(setup = order_of_two_lines, config = budget(1_130))]
fn pack_order(order: Arc<Order>) -> Arc<Order> {
    for _ in 0..ROUNDS {
        black_box(PackedOrder::of(black_box(&order)));
    }
    order
}

#[library_benchmark]
#[bench::two_lines(setup = packed_order_of_two_lines, config = budget(4_640))]
fn unpack_order(packed: PackedOrder) -> PackedOrder {
    for _ in 0..ROUNDS {
        black_box(black_box(&packed).unpack()).expect("it unpacks");
    }
    packed
}

fn payload() -> Vec<u8> {
    let mut random = Random::new(7);
    std::iter::repeat_with(|| random.next().to_le_bytes()[0]).take(PAYLOAD_BYTES).collect()
}

/// A batch whose memory is there, and what goes into it.
fn empty_batch() -> (Batch, Vec<u8>) {
    let (mut batch, payload) = frame((Batch::starting_at(Lsn::new(1)), payload()));
    batch.restart_at(Lsn::new(1));
    (batch, payload)
}

fn frame((mut batch, payload): (Batch, Vec<u8>)) -> (Batch, Vec<u8>) {
    for _ in 0..ROUNDS {
        batch.push(Payload::new(black_box(&payload)).expect("it is short"));
    }
    (batch, payload)
}

#[library_benchmark]
#[bench::payload_of_250_bytes(setup = empty_batch, config = budget(600))]
fn frame_and_checksum(empty: (Batch, Vec<u8>)) -> (Batch, Vec<u8>) {
    frame(empty)
}

/// A journal on a simulated disk.
struct Journal {
    group: GroupCommit<u64>,
    writer: Writer<u64>,
    payload: Vec<u8>,
}

impl Journal {
    fn append_all(&self) -> Ticket {
        let append = |item| {
            let ticket = self.group.append(black_box(&self.payload), item);
            ticket.expect("there is room")
        };
        (1..ROUNDS as u64).fold(append(0), |_, item| append(item))
    }
}

/// A journal both of whose batches have been written once: their memory is there.
fn written_journal() -> Journal {
    let disk = Arc::new(SimulatedDisk::new());
    let options = Options { segment_bytes: 1 << 20, ..Options::default() };
    let log = SegmentLog::open(disk, "/data".as_ref(), options).expect("an empty journal opens");
    let (group, writer) = GroupCommit::new(Box::new(log), BatchLimits::default());
    let mut journal = Journal { group, writer, payload: payload() };
    for _ in 0..2 {
        journal.append_all();
        journal.writer.pump(|_| ());
    }
    journal
}

#[library_benchmark]
#[bench::payload_of_250_bytes(setup = written_journal, config = budget(720))]
fn append_to_group_commit(journal: Journal) -> (Journal, Ticket) {
    let last = journal.append_all();
    (journal, last)
}

/// An engine that has placed some orders, and the next ones, which go where those went:
/// how far a postal code is from each node is worked out once, when it is first seen.
fn before_placing() -> (Single, Vec<PlaceOrder>) {
    let mut single = Single::stocked(SIZE);
    let mut orders = Orders::new(SIZE, 1);
    let first: Vec<PlaceOrder> = orders.by_ref().take(ROUNDS).collect();
    let next = orders.zip(&first).map(|(mut next, first)| {
        next.order.destination = first.order.destination.clone();
        next
    });
    let next = next.collect();
    single.submit(first);
    single.apply();
    single.acknowledged();
    (single, next)
}

fn before_applying() -> Single {
    let (mut single, orders) = before_placing();
    single.submit(orders);
    single
}

fn check_submitted(mut single: Single) {
    single.apply();
    check_applied(single);
}

fn check_applied(mut single: Single) {
    assert_eq!(single.acknowledged().len(), ROUNDS, "all orders were placed");
    single.check();
}

#[library_benchmark]
#[bench::holiday(setup = before_placing, teardown = check_submitted, config = budget(28_600))]
fn submit_order((mut single, orders): (Single, Vec<PlaceOrder>)) -> Single {
    single.submit(orders);
    single
}

#[library_benchmark]
#[bench::holiday(setup = before_applying, teardown = check_applied, config = budget(4_840))]
fn apply_order(mut single: Single) -> Single {
    single.apply();
    single
}

library_benchmark_group!(
    name = guards;
    benchmarks =
        solve_and_explain,
        turn_of_an_actor,
        pack_order,
        unpack_order,
        frame_and_checksum,
        append_to_group_commit,
        submit_order,
        apply_order
);
main!(library_benchmark_groups = guards);
