//! Planning as a whole against the oracle: from what is told to the engine to the shipments
//! that it quotes, with all that decides what a line can be filled from.

use backstock_engine::engine::{Draft, Quoted};
use backstock_engine::model::OrderLine;
use backstock_engine::sourcing::{Objective, Score};

use super::world::{Instance, Sources, World};
use super::{SEED, from_environment, milp};

/// Instances of one network.
const OF_ONE_NETWORK: u64 = 50;
const INSTANCES: u64 = 3_000;

#[test]
fn quotes_score_what_an_exact_milp_scores() {
    let count = from_environment("BACKSTOCK_SOURCING_INSTANCES", INSTANCES);
    let first = from_environment("BACKSTOCK_SOURCING_SEED", SEED);
    println!("replay: BACKSTOCK_SOURCING_SEED={first} BACKSTOCK_SOURCING_INSTANCES={count}");
    let mut world = None;
    for seed in first..first + count {
        let of = seed / OF_ONE_NETWORK;
        let world = match &mut world {
            Some((known, world)) if *known == of => world,
            other => &mut other.insert((of, World::random(of))).1,
        };
        let instance = world.instance(seed);
        let offers = world.offers(&instance);
        let engine = world.engine.engine.clone();
        let quoted = world.engine.run(engine.quote_order(&instance.order));
        let found = match quoted.expect("it is quoted") {
            Quoted::Plan(draft) => score(&offers, &draft, seed),
            Quoted::SoldOut(_) => nothing(&instance),
            Quoted::Known(_) => unreachable!("seed {seed}: no order is placed"),
        };
        compare(&offers, found, seed);
    }
}

/// Up to the balance, which says how even the stock is: that is the engine's to measure.
fn compare(offers: &Sources, found: Score, seed: u64) {
    let problem = offers.problem();
    let best = milp::solve(&problem);
    assert_eq!(found.unfilled_units, best.unfilled_units, "seed {seed}: units are left unfilled");
    for objective in problem.policy.objectives.objectives() {
        if objective == Objective::Balance {
            break;
        }
        let (found, best) = (found.component(objective), best.component(objective));
        assert_eq!(found, best, "seed {seed}: {objective:?}");
    }
}

/// The score of nothing at all.
fn nothing(instance: &Instance) -> Score {
    let lines = &instance.order.order.lines.0;
    let unfilled_units = lines.iter().map(|line| u64::from(line.quantity)).sum();
    Score { unfilled_units, ..Score::default() }
}

/// What a quote comes to, by the offers that its shipments are.
fn score(offers: &Sources, draft: &Draft, seed: u64) -> Score {
    let mut score = Score::default();
    let ship = |shipment: u16| {
        let shipment = &draft.shipments[usize::from(shipment)];
        (usize::from(shipment.node.0), shipment.ship_by.expect("it is planned"))
    };
    let problem = offers.problem();
    for at in 0..u16::try_from(draft.shipments.len()).expect("few") {
        let line = draft.allocations.iter().find(|a| a.shipment == at).map(|a| a.line);
        let offer = offers.of(line.expect("none is empty"), ship(at));
        let offer =
            offer.unwrap_or_else(|| panic!("seed {seed}: no such shipment: {:?}", ship(at)));
        score.shipments += 1;
        score.cost += problem.shipments[usize::from(offer.shipment)].fixed_cost.unsigned_abs();
    }
    for (line, of) in (0u16..).zip(&draft.lines) {
        let OrderLine { ordered, .. } = of;
        let mut filled = 0;
        for at in 0..u16::try_from(draft.shipments.len()).expect("few") {
            let of_it =
                |a: &&backstock_engine::model::Allocation| (a.line, a.shipment) == (line, at);
            let units: u32 = draft.allocations.iter().filter(of_it).map(|a| a.units).sum();
            if units == 0 {
                continue;
            }
            let offer = offers.of(line, ship(at)).expect("the line is offered there");
            assert!(units <= offers.units(line, ship(at)), "seed {seed}: more than there is");
            filled += units;
            score.late_unit_days += u64::from(units) * u64::from(offer.late_days);
            score.cost += u64::from(units) * offer.unit_cost.unsigned_abs();
        }
        score.unfilled_units += u64::from(ordered - filled);
    }
    assert_eq!(score.cost, draft.cost, "seed {seed}: what it says that it costs");
    score
}
