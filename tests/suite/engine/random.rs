//! Random commands from many tasks, checked against the naive model.

use std::sync::{Arc, Mutex};

use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;
use backstock_tests::fixture::{assert_clean, open};
use backstock_tests::seed::seeds;
use backstock_tests::workload::{Generator, History, define, naive, run};

const TASKS: u64 = 8;
const COMMANDS_PER_TASK: usize = 150;

/// Runs tasks that hinder each other; answers with all that was said.
async fn drive(engine: &Engine, seed: u64) -> History {
    let history = Arc::new(Mutex::new(History::default()));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (engine, history) = (engine.clone(), Arc::clone(&history));
            // Neighbours share names, so that they cancel and ship each other's orders.
            let name = format!("t{}", task / 2);
            let mut commands = Generator::new(seed * 1_000 + task / 2, &name);
            tokio::spawn(async move {
                for _ in 0..COMMANDS_PER_TASK {
                    let (from, command) = (engine.status().applied, commands.next());
                    let outcome = run(&engine, command.clone()).await;
                    let mut history = history.lock().expect("no panic");
                    history.note(&engine, from, command, &outcome);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics");
    }
    Arc::into_inner(history).expect("all tasks have ended").into_inner().expect("no panic")
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
        let naive = history.replay(naive(start), Lsn::new(u64::MAX));
        assert_eq!(naive.version(), status.applied, "seed {seed}: every event was answered");
        naive.compare(&engine).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        history.check_sold_out(&naive);
        eprintln!("seed {seed}: {} versions, {:?}", status.applied, history.answers);
        engine.shut_down().await;
        drop(engine);
        for restart in 1..=2 {
            let (engine, recovered) = open(directory.path()).await;
            assert_eq!(recovered.state_hash, status.state_hash, "seed {seed}, restart {restart}");
            assert_eq!(recovered.last, status.applied);
            assert_clean(&engine);
            naive.compare(&engine).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            engine.shut_down().await;
        }
    }
}
