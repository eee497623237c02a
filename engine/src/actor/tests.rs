//! The cell and the row on real threads. Every interleaving of few threads is
//! loom's part, in the test suite; here it is many threads and many messages.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use super::{Actor, ActorCell, ActorPanicked, Row};
use crate::model::NodeNo;

/// Counts, and remembers the last number of each sender.
#[derive(Default)]
struct Counter {
    count: u64,
    last: [u64; SENDERS],
}

const SENDERS: usize = 8;
const ASKS: u64 = 100_000;

enum Message {
    /// The `number`-th message of a sender, from 1 on.
    Count {
        sender: usize,
        number: u64,
    },
    /// Says that the turn runs, then holds it until told to go on.
    Hold {
        running: mpsc::Sender<()>,
        go_on: mpsc::Receiver<()>,
    },
    Panic,
}

impl Actor for Counter {
    type Message = Message;
    type Reply = u64;
    type Shared = AtomicU64;

    fn turn(&mut self, count: &AtomicU64, message: Message) -> u64 {
        match message {
            Message::Count { sender, number } => {
                assert_eq!(number, self.last[sender] + 1, "sender {sender} out of order");
                self.last[sender] = number;
                self.count += 1;
                count.store(self.count, Ordering::Relaxed);
            }
            Message::Hold { running, go_on } => {
                running.send(()).expect("the test listens");
                go_on.recv().expect("the test answers");
            }
            Message::Panic => panic!("asked to"),
        }
        self.count
    }
}

fn counter() -> ActorCell<Counter> {
    ActorCell::new(Counter::default(), AtomicU64::new(0))
}

const fn count(sender: usize, number: u64) -> Message {
    Message::Count { sender, number }
}

/// Runs `meanwhile` while another thread is in a turn of `cell`. Returns what that
/// thread's ask came to, and what `meanwhile` returned.
fn while_busy<T>(
    cell: &ActorCell<Counter>,
    meanwhile: impl FnOnce() -> T,
) -> (thread::Result<Result<u64, ActorPanicked>>, T) {
    let (running, is_running) = mpsc::channel();
    let (let_go, go_on) = mpsc::channel();
    thread::scope(|scope| {
        let holder = scope.spawn(|| cell.ask(Message::Hold { running, go_on }).wait());
        is_running.recv().expect("the turn runs");
        let result = meanwhile();
        let_go.send(()).expect("the turn waits");
        (holder.join(), result)
    })
}

#[test]
fn the_cell_costs_one_word() {
    assert_eq!(size_of::<ActorCell<Counter>>(), size_of::<Counter>() + 8 + 8);
}

#[test]
fn an_idle_actor_answers_at_once() {
    let cell = counter();
    assert_eq!(cell.ask(count(0, 1)).try_take(), Some(Ok(1)));
    assert_eq!(cell.shared().load(Ordering::Relaxed), 1);
}

#[test]
fn eight_threads_count_exactly_and_each_in_its_order() {
    let cell = counter();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let cell = &cell;
            scope.spawn(move || {
                for number in 1..=ASKS {
                    // Every fourth is not waited for, so that letters pile up.
                    let ask = cell.ask(count(sender, number));
                    if number % 4 != 0 {
                        ask.wait().expect("no turn panicked");
                    }
                }
            });
        }
    });
    assert_eq!(cell.shared().load(Ordering::Relaxed), SENDERS as u64 * ASKS);
    assert!(!cell.is_poisoned());
}

#[test]
fn a_busy_cell_drains_in_order_before_it_lets_go() {
    let cell = counter();
    let (held, asks) = while_busy(&cell, || {
        let mut asks: Vec<_> = (1..=100).map(|number| cell.ask(count(0, number))).collect();
        assert!(asks.iter_mut().all(|ask| ask.try_take().is_none()), "the turn still runs");
        asks
    });
    assert_eq!(held.expect("no panic"), Ok(0));
    for (mut ask, number) in asks.into_iter().zip(1..) {
        // The holder's ask has returned, so each of these has run.
        assert_eq!(ask.try_take(), Some(Ok(number)));
    }
}

/// A waker that remembers being woken.
#[derive(Default)]
struct Alarm(AtomicBool);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_reply_wakes_the_future_that_awaits_it() {
    let cell = counter();
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    let (held, mut ask) = while_busy(&cell, || {
        let mut ask = cell.ask(count(0, 1));
        assert!(Pin::new(&mut ask).poll(&mut context).is_pending(), "the turn still runs");
        assert!(!alarm.0.load(Ordering::Relaxed));
        ask
    });
    assert_eq!(held.expect("no panic"), Ok(0));
    assert!(alarm.0.load(Ordering::Relaxed));
    assert_eq!(Pin::new(&mut ask).poll(&mut context), Poll::Ready(Ok(1)));
}

#[test]
fn a_panic_in_a_drained_turn_poisons_and_cancels_the_rest() {
    let cell = counter();
    let (held, (mut before, mut panicking, mut after)) = while_busy(&cell, || {
        (cell.ask(count(0, 1)), cell.ask(Message::Panic), cell.ask(count(0, 2)))
    });
    assert!(held.is_err(), "the panic is its runner's");
    assert_eq!(before.try_take(), Some(Ok(1)));
    assert_eq!(panicking.try_take(), Some(Err(ActorPanicked)));
    assert_eq!(after.try_take(), Some(Err(ActorPanicked)));
    assert!(cell.is_poisoned());
}

#[test]
fn a_poisoned_actor_refuses_at_once() {
    let cell = counter();
    let asked = catch_unwind(AssertUnwindSafe(|| cell.ask(Message::Panic).wait()));
    assert!(asked.is_err(), "the panic is its runner's");
    assert_eq!(cell.ask(count(0, 1)).try_take(), Some(Err(ActorPanicked)));
    cell.tell(count(0, 1));
    assert_eq!(cell.shared().load(Ordering::Relaxed), 0, "no turn runs after a panic");
}

#[test]
#[should_panic(expected = "the reply was taken before")]
fn a_reply_comes_once() {
    let cell = counter();
    let mut ask = cell.ask(count(0, 1));
    assert_eq!(ask.try_take(), Some(Ok(1)));
    let _ = ask.try_take();
}

/// Publishes the number that it was told.
#[derive(Default)]
struct Stock;

impl Actor for Stock {
    type Message = u64;
    type Reply = ();
    type Shared = AtomicU64;

    fn turn(&mut self, shared: &AtomicU64, number: u64) {
        shared.store(number, Ordering::Relaxed);
    }
}

/// Inserts an actor that publishes its node's number and one.
fn insert(row: &Row<Stock>, node: u16) {
    let inserted = row.get_or_insert(NodeNo(node));
    assert_eq!(inserted.ask(u64::from(node) + 1).wait(), Ok(()));
}

#[test]
fn a_row_keeps_the_order_of_insertion_and_one_actor_a_node() {
    let row = Row::default();
    let nodes: Vec<u16> = (0..1000).map(|index| index * 37 % 1000).collect();
    for &node in nodes.iter().chain(&nodes) {
        insert(&row, node);
    }
    assert!(row.iter().map(|slot| slot.node.0).eq(nodes.iter().copied()));
    assert_eq!(row.len(), nodes.len());
    for node in nodes {
        let slot = row.find(NodeNo(node)).expect("inserted");
        assert_eq!(slot.shared().load(Ordering::Relaxed), u64::from(node) + 1);
    }
    assert!(row.find(NodeNo(1000)).is_none());
}

#[test]
fn a_vacant_slot_is_not_node_zero() {
    let row = Row::default();
    assert!(row.find(NodeNo(0)).is_none());
    insert(&row, 7);
    assert!(row.find(NodeNo(0)).is_none());
    assert_eq!(row.iter().count(), 1);
}

#[test]
fn actors_do_not_move_when_the_row_grows() {
    let row = Row::default();
    insert(&row, 0);
    let before = std::ptr::from_ref(row.find(NodeNo(0)).expect("inserted").shared());
    (1..5000).for_each(|node| insert(&row, node));
    let after = std::ptr::from_ref(row.find(NodeNo(0)).expect("inserted").shared());
    assert_eq!(before, after);
    assert_eq!(row.len(), 5000);
}

#[test]
fn a_row_grows_while_its_actors_publish() {
    const NODES: u16 = 3000;
    let row = Row::<Stock>::default();
    let start = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            for node in 0..NODES {
                row.get_or_insert(NodeNo(node));
            }
        });
        scope.spawn(|| {
            start.wait();
            let mut published = 0;
            while published < NODES {
                // Only what came since the last look.
                for slot in row.iter().skip(usize::from(published)) {
                    assert_eq!(slot.node, NodeNo(published));
                    assert_eq!(slot.ask(u64::from(published) + 1).wait(), Ok(()));
                    published += 1;
                }
                let mut at = 0;
                row.for_each(|node, shared| {
                    assert_eq!(node, NodeNo(at));
                    let expected = if at < published { u64::from(at) + 1 } else { 0 };
                    assert_eq!(shared.load(Ordering::Relaxed), expected);
                    at += 1;
                });
                assert!(at >= published);
            }
        });
    });
    for node in 0..NODES {
        let slot = row.slot(usize::from(node)).expect("a position below the length");
        let found = row.find(NodeNo(node)).expect("inserted");
        assert_eq!(slot.node, found.node);
        assert!(std::ptr::eq(slot.shared(), found.shared()));
        assert_eq!(slot.shared().load(Ordering::Relaxed), u64::from(node) + 1);
    }
    assert!(row.slot(usize::from(NODES)).is_none());
}

#[test]
fn rows_of_one_arena_share_no_actor() {
    let arena = Arc::default();
    let rows: Vec<Row<Counter>> = (0..50).map(|_| Row::new(&arena)).collect();
    for node in 0..40 {
        for row in &rows {
            let slot = row.get_or_insert(NodeNo(node));
            assert_eq!(slot.ask(count(usize::from(node) % SENDERS, 1)).wait(), Ok(1));
        }
    }
    assert_eq!(arena.len(), 50 * 40);
    for slot in rows.iter().flatten() {
        assert_eq!(slot.shared().load(Ordering::Relaxed), 1);
    }
}

#[test]
fn readers_see_whole_slots_while_the_row_grows() {
    const NODES: u16 = 2000;
    let row = Row::default();
    let start = Barrier::new(5);
    thread::scope(|scope| {
        for _ in 0..2 {
            // Two inserters of the same nodes: each node still has one cell.
            scope.spawn(|| {
                start.wait();
                (0..NODES).for_each(|node| insert(&row, node));
            });
        }
        for _ in 0..3 {
            scope.spawn(|| {
                start.wait();
                while row.len() < usize::from(NODES) {
                    let len = row.len();
                    let seen = row.iter().zip(0..).inspect(|(slot, at)| {
                        assert_eq!(slot.node, NodeNo(*at));
                        let published = slot.shared().load(Ordering::Relaxed);
                        assert!([0, u64::from(*at) + 1].contains(&published));
                    });
                    assert!(seen.count() >= len);
                    if let Some(last) = u16::try_from(len).ok().and_then(|len| len.checked_sub(1)) {
                        assert!(row.find(NodeNo(last)).is_some());
                    }
                }
            });
        }
    });
    assert!(row.iter().map(|slot| slot.node.0).eq(0..NODES));
}
