//! What follows when a service ends, with services that end when told to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;

use super::*;
use crate::model::Timestamp;
use crate::snapshot::TakeReport;

const AT: Timestamp = Timestamp::from_micros(0);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

/// An engine that only remembers whether it was halted.
#[derive(Default)]
struct Engine {
    halted: AtomicBool,
    closing: AtomicBool,
}

impl Supervised for Engine {
    fn halt(&self, _: String) {
        self.halted.store(true, Ordering::Release);
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

/// How taking a snapshot goes on.
enum Then {
    Fail,
    Panic,
}

/// Begins to take a snapshot, and goes on when told how.
struct Told {
    begun: Sender<()>,
    then: Mutex<Receiver<Then>>,
}

impl Snapshotting for Told {
    fn take(&self, _: Timestamp) -> Result<TakeReport, SnapshotFailed> {
        self.begun.send(()).expect("the test listens");
        match self.then.lock().recv().expect("the test says how") {
            Then::Fail => Err(SnapshotFailed::Other("as told".into())),
            Then::Panic => panic!("as told"),
        }
    }
}

struct Fixture {
    engine: std::sync::Arc<Engine>,
    services: Services,
    begun: Receiver<()>,
    then: Sender<Then>,
    /// The threads end when these are dropped.
    threads: [Sender<()>; 3],
}

impl Fixture {
    async fn start() -> Self {
        let engine = std::sync::Arc::new(Engine::default());
        let ((begun, has_begun), (then, told)) = (channel(), channel());
        let ((writer, writing), (applier, applying)) = (channel::<()>(), channel::<()>());
        let (repegger, repegging) = channel::<()>();
        let until_dropped = |end: Receiver<()>| -> Work {
            Box::new(move || {
                let _ = end.recv();
                Ok(())
            })
        };
        let start = Start {
            engine: engine.clone(),
            writer: until_dropped(writing),
            applier: until_dropped(applying),
            repegger: until_dropped(repegging),
            snapshotting: std::sync::Arc::new(Told { begun, then: Mutex::new(told) }),
        };
        let services = Services::start(start).await.expect("they start");
        Self { engine, services, begun: has_begun, then, threads: [writer, applier, repegger] }
    }

    /// Asks for a snapshot, and waits until it is being taken.
    fn begin(&self) -> tokio::task::JoinHandle<Result<TakeReport, SnapshotFailed>> {
        let services = self.services.clone();
        let asked = tokio::spawn(async move { services.snapshot(AT).await });
        self.begun.recv_timeout(LONG).expect("it is begun");
        asked
    }

    /// Asks again and again until a snapshot is being taken.
    async fn begin_again(&self) -> tokio::task::JoinHandle<Result<TakeReport, SnapshotFailed>> {
        let deadline = tokio::time::Instant::now() + LONG;
        loop {
            let services = self.services.clone();
            let asked = tokio::spawn(async move { services.snapshot(AT).await });
            // One that is not answered yet may begin late.
            while !asked.is_finished() {
                if self.begun.recv_timeout(Duration::from_millis(20)).is_ok() {
                    return asked;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(tokio::time::Instant::now() < deadline, "it is not started anew");
        }
    }

    fn go_on(&self, then: Then) {
        self.then.send(then).expect("it is being taken");
    }

    async fn stop(self) {
        self.engine.closing.store(true, Ordering::Release);
        drop(self.threads);
        self.services.ended().await;
        assert!(!self.engine.halted.load(Ordering::Acquire), "nothing halts the engine");
    }
}

async fn answer(
    asked: tokio::task::JoinHandle<Result<TakeReport, SnapshotFailed>>,
) -> SnapshotFailed {
    let answer = tokio::time::timeout(LONG, asked).await.expect("an answer");
    answer.expect("no panic").expect_err("no snapshot is taken here")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_snapshot_is_taken_at_a_time() {
    let fixture = Fixture::start().await;
    let first = fixture.begin();
    assert_eq!(fixture.services.snapshot(AT).await, Err(SnapshotFailed::Running));
    fixture.go_on(Then::Fail);
    assert_eq!(answer(first).await, SnapshotFailed::Other("as told".into()));
    let second = fixture.begin();
    fixture.go_on(Then::Fail);
    assert_eq!(answer(second).await, SnapshotFailed::Other("as told".into()));
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshotter_that_panics_is_started_anew_and_the_asker_is_told() {
    let fixture = Fixture::start().await;
    let asked = fixture.begin();
    fixture.go_on(Then::Panic);
    assert_eq!(answer(asked).await, SnapshotFailed::Ended);
    let asked = fixture.begin_again().await;
    fixture.go_on(Then::Fail);
    assert_eq!(answer(asked).await, SnapshotFailed::Other("as told".into()));
    fixture.stop().await;
}

/// Its thread is not killed with it: until that ends, no other one is begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshotter_that_is_killed_while_it_takes_one_is_started_anew() {
    let fixture = Fixture::start().await;
    let asked = fixture.begin();
    assert!(fixture.services.kill("snapshotter").await);
    assert_eq!(answer(asked).await, SnapshotFailed::Ended);
    assert_eq!(fixture.services.snapshot(AT).await, Err(SnapshotFailed::Running));
    fixture.go_on(Then::Fail);
    let asked = fixture.begin_again().await;
    fixture.go_on(Then::Fail);
    assert_eq!(answer(asked).await, SnapshotFailed::Other("as told".into()));
    fixture.stop().await;
}

/// A call into a disk, or a library, that never returns keeps no process from ending.
#[test]
fn a_snapshot_that_never_ends_keeps_nobody_who_shuts_down() {
    let (ended, has_ended) = channel();
    let (then, begun) = {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
        let runtime = runtime.expect("a runtime");
        let Fixture { engine, services, begun, then, threads } = runtime.block_on(Fixture::start());
        let asked = {
            let services = services.clone();
            runtime.spawn(async move { services.snapshot(AT).await })
        };
        begun.recv_timeout(LONG).expect("it is begun");
        engine.closing.store(true, Ordering::Release);
        drop(threads);
        std::thread::spawn(move || {
            runtime.block_on(services.ended());
            let told = runtime.block_on(asked).expect("no panic");
            drop(runtime);
            ended.send(told).expect("the test listens");
        });
        (then, begun)
    };
    let told = has_ended.recv_timeout(LONG).expect("nobody waits for the snapshot");
    assert_eq!(told.expect_err("it is not taken"), SnapshotFailed::Ended);
    drop((then, begun));
}
