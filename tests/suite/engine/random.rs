//! Random commands from many tasks, checked against the naive model.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backstock_engine::command::AnyEvent;
use backstock_engine::disk::{Disk, RealDisk};
use backstock_engine::engine::{AuditReport, Engine, RestoreOptions, Until, restore};
use backstock_engine::model::Lsn;
use backstock_tests::fixture::{Line, NOW, assert_clean, open};
use backstock_tests::seed::seeds;
use backstock_tests::workload::{Generator, History, Mixture, define, naive, run};

const TASKS: u64 = 8;
const COMMANDS_PER_TASK: usize = 150;

/// Runs tasks that hinder each other; answers with all that was said.
async fn drive(engine: &Engine, seed: u64) -> History {
    let history = Arc::new(Mutex::new(History::after(engine.status().applied)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (engine, history) = (engine.clone(), Arc::clone(&history));
            // Neighbours share names, so that they cancel and ship each other's orders.
            let name = format!("t{}", task / 2);
            let mut commands = Generator::new(seed, &name);
            tokio::spawn(async move {
                for _ in 0..COMMANDS_PER_TASK {
                    let (from, command) = (engine.status().applied, commands.next());
                    history.lock().expect("no panic").note_sent(from, &command);
                    let outcome = run(&engine, command.clone()).await;
                    let mut history = history.lock().expect("no panic");
                    history.note(&engine, from, &command, &outcome);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics");
    }
    settled(engine).await;
    let mut history =
        Arc::into_inner(history).expect("all tasks have ended").into_inner().expect("no panic");
    history.note_unanswered(engine);
    history
}

/// Shows all events when a test fails: threads do not run the same way again.
struct Journal<'a>(&'a Engine);

impl Drop for Journal<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let all = (1..).map(Lsn::new).map_while(|version| self.0.event(version));
            for (version, event) in (1..).zip(all) {
                eprintln!("{version}: {event:?}");
            }
        }
    }
}

/// Waits until all holds lapsed that were to, and all that came free was offered to older
/// orders.
async fn settled(engine: &Engine) {
    for _ in 0..10_000 {
        if engine.overdue_holds() == 0 && engine.unsettled_skus() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (holds, skus) = (engine.overdue_holds(), engine.unsettled_skus());
    let halted = engine.halt();
    panic!("{holds} holds never lapse, {skus} SKUs are never settled; halted: {halted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_commands_come_to_what_the_naive_model_predicts() {
    for seed in seeds("concurrent_commands", 20) {
        let directory = tempfile::tempdir().expect("a directory");
        let (engine, _) = open(directory.path()).await;
        let start = define(&engine).await;
        let history = drive(&engine, seed).await;
        assert_clean(&engine);
        let status = engine.status();
        let shown_on_failure = Journal(&engine);
        let naive = history.replay(naive(start), Lsn::new(u64::MAX));
        assert_eq!(naive.version(), status.applied, "seed {seed}: every event was answered");
        naive.compare(&engine).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let at_rest = naive.check_backlog().and_then(|()| naive.check_lapsed(history.now()));
        at_rest.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        history.check_sold_out(&naive);
        drop(shown_on_failure);
        eprintln!("seed {seed}: {} versions, {}", status.applied, Mixture::of(seed));
        engine.shut_down().await;
        drop(engine);
        for restart in 1..=2 {
            let (engine, recovered) = open(directory.path()).await;
            assert_eq!(recovered.state_hash, status.state_hash, "seed {seed}, restart {restart}");
            assert_eq!(recovered.last, status.applied);
            engine.tell_time(history.now());
            settled(&engine).await;
            let more = engine.event(status.applied.next());
            let served = |event: &AnyEvent| {
                matches!(event, AnyEvent::BacklogRepegged(_) | AnyEvent::BundleMoved(_))
            };
            if more.as_ref().is_some_and(served) && naive.may_be_served_sooner() {
                // A start looks at all backlogs, whether something came free or not.
                engine.shut_down().await;
                break;
            }
            assert_eq!(more, None, "seed {seed}: nothing was left to be done");
            assert_clean(&engine);
            naive.compare(&engine).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            engine.shut_down().await;
        }
    }
}

/// Audits one after the other until the task ends.
fn audit_beside(engine: &Engine, task: &tokio::task::JoinHandle<History>) -> Vec<AuditReport> {
    let mut reports = Vec::new();
    while !task.is_finished() {
        reports.push(engine.audit().expect("the audit runs"));
    }
    reports
}

/// What an audit saw is what the journal has up to its event, though no part of the state
/// stands still.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_audit_beside_commands_is_of_one_event() {
    const REPLAYED: usize = 2;
    for seed in seeds("an_audit_beside_commands", 2) {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data");
        let (engine, _) = open(&data).await;
        define(&engine).await;
        let load = tokio::spawn({
            let engine = engine.clone();
            async move { drive(&engine, seed).await }
        });
        let reports = tokio::task::block_in_place(|| audit_beside(&engine, &load));
        load.await.expect("no task panics");
        engine.shut_down().await;
        drop(engine);
        for report in &reports {
            assert!(report.is_clean(), "seed {seed}, {}: {:#?}", report.lsn, report.breaches);
        }
        eprintln!("seed {seed}: {} audits", reports.len());
        for report in reports.iter().step_by(reports.len().div_ceil(REPLAYED)) {
            let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
            let until = Some(Until::Lsn(report.lsn));
            let options = RestoreOptions { data: data.clone(), from: None, until, dry_run: true };
            let replayed = restore(&options, &disk, &(Arc::new(Line) as _), NOW).expect("replayed");
            assert_eq!((replayed.last, replayed.state_hash), (report.lsn, report.state_hash));
        }
    }
}
