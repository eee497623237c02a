//! The random workload itself: what its seeds meet.

use backstock_tests::naive::Naive;
use backstock_tests::seed::seeds;
use backstock_tests::single::Single;
use backstock_tests::workload::{
    Answers, Command, Generator, History, Mixture, define, naive, run, unmet,
};

/// Seeds after which all has to be met.
const SEEDS: u64 = 720;
const COMMANDS: usize = 300;

/// One command after the other under a seed, checked against the naive model.
fn run_of(seed: u64) -> History {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    let start = single.run(define(&engine));
    let (mut commands, mut history) = (Generator::new(seed, "m"), History::after(start));
    for _ in 0..COMMANDS {
        let (asked, command) = (engine.status().applied, commands.next());
        history.note_sent(asked, &command);
        let outcome = single.run(run(&engine, command.clone()));
        history.note(&engine, asked, &command, &outcome);
    }
    single.drain();
    assert_eq!((engine.unsettled_skus(), engine.overdue_holds()), (0, 0), "seed {seed}");
    history.note_unanswered(&engine);
    let naive: Naive = history.replay(naive(start), engine.status().applied);
    history.check_sold_out(&naive);
    let mixture = commands.mixture();
    let lapsed = |()| naive.check_lapsed(history.now());
    let at_rest = naive.check_backlog().and_then(lapsed);
    let at_rest = at_rest.and_then(|()| naive.check_released(history.now()));
    at_rest.unwrap_or_else(|error| panic!("seed {seed}, {mixture}: {error}"));
    let same = single.run(naive.compare(&engine));
    same.unwrap_or_else(|error| panic!("seed {seed}, {}: {error}", commands.mixture()));
    history
}

/// A generator that can never succeed, or never be refused, would check nothing.
#[test]
fn some_seeds_meet_every_command_and_every_outcome_that_matters() {
    let mut met = Answers::new();
    let seeds = seeds("some_seeds_meet_every_command", SEEDS);
    for seed in &seeds {
        for (answer, times) in run_of(*seed).answers {
            *met.entry(answer).or_default() += times;
        }
    }
    eprintln!("{met:?}");
    if seeds.len() as u64 >= SEEDS {
        assert_eq!(unmet(&met), [], "after {} seeds", seeds.len());
    }
}

#[test]
fn what_no_seed_meets_is_told() {
    let mut met = Answers::new();
    let all = unmet(&met);
    assert!(Command::names().all(|name| all.contains(&(name, "done"))), "{all:?}");
    met.extend(all.iter().map(|(name, outcome)| ((*name, (*outcome).into()), 1)));
    assert_eq!(unmet(&met), []);
    met.remove(&("ProgressShipment", "done".into()));
    assert_eq!(unmet(&met), [("ProgressShipment", "done")]);
}

#[test]
fn every_command_is_rare_in_some_mixtures_and_common_in_others() {
    let mixtures: Vec<_> = (1..=SEEDS).map(Mixture::of).collect();
    for name in Command::names() {
        let shares = || mixtures.iter().map(|mixture| mixture.share(name));
        assert!(shares().any(|(weight, all)| 10 * weight < all), "{name} is never rare");
        assert!(shares().any(|(weight, all)| 6 * weight > all), "{name} is never common");
    }
}
