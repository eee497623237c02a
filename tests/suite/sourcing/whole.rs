//! Planning as a whole against the oracle: from what is told to the engine to the shipments
//! that it quotes, with all that decides what a line can be filled from.

use backstock_engine::engine::{Draft, Quoted, Trace};
use backstock_engine::model::Shipment;
use backstock_engine::sourcing::{Objective, Score};

use super::sources::{Ship, Sources};
use super::world::{Instance, World};
use super::{SEED, from_environment, milp};

/// Instances of one network.
const OF_ONE_NETWORK: u64 = 50;
const INSTANCES: u64 = 3_000;

#[test]
fn quotes_score_what_an_exact_milp_scores() {
    let count = from_environment("BACKSTOCK_SOURCING_INSTANCES", INSTANCES);
    let first = from_environment("BACKSTOCK_SOURCING_SEED", SEED);
    println!("replay: BACKSTOCK_SOURCING_SEED={first} BACKSTOCK_SOURCING_INSTANCES={count}");
    let (mut world, mut bounded) = (None, 0);
    for seed in first..first + count {
        let of = seed / OF_ONE_NETWORK;
        let world = match &mut world {
            Some((known, world)) if *known == of => world,
            other => &mut other.insert((of, World::random(of))).1,
        };
        let instance = world.instance(seed);
        let sources = world.sources(&instance);
        let engine = world.engine.engine.clone();
        let quoted = world.engine.run(engine.quote_order(&instance.order));
        let found = match quoted.expect("it is quoted") {
            Quoted::Plan(draft) => {
                let is_exact = Trace::read(&draft.trace).is_some_and(|trace| !trace.bounded);
                bounded += u64::from(!is_exact);
                (score(&sources, (&instance, &draft), seed), is_exact)
            }
            Quoted::SoldOut(_) => (nothing(&instance), true),
            Quoted::Known(_) => unreachable!("seed {seed}: no order is placed"),
        };
        compare(&sources, found, seed);
    }
    println!("{bounded} of {count} were not planned within the budget");
    assert!(bounded * 100 <= count, "{bounded} of {count} were not planned within the budget");
}

/// Up to the balance, where a line could have units of a shipment from several supplies: the draft
/// does not tell from which.
fn compare(sources: &Sources, (found, is_exact): (Score, bool), seed: u64) {
    let problem = sources.problem();
    let best = milp::solve(&problem);
    if is_exact {
        let (found, best) = (found.unfilled_units, best.unfilled_units);
        assert_eq!(found, best, "seed {seed}: units are left unfilled");
    }
    let (mut is_above, of) = (found.unfilled_units > best.unfilled_units, found.unfilled_units);
    assert!(of >= best.unfilled_units, "seed {seed}: more units than there are");
    for objective in problem.policy.objectives.objectives() {
        if objective == Objective::Balance && !sources.are_told_apart() {
            break;
        }
        let (found, best) = (found.component(objective), best.component(objective));
        // One that was cut short may be worse, and none is better.
        is_above |= !is_exact && found > best;
        assert!(
            is_above || found == best,
            "seed {seed}: {objective:?}: {found}, {best}: {problem:?}"
        );
    }
}

/// The score of nothing at all.
fn nothing(instance: &Instance) -> Score {
    let lines = &instance.order.order.lines.0;
    let unfilled_units = lines.iter().map(|line| u64::from(line.quantity)).sum();
    Score { unfilled_units, ..Score::default() }
}

/// What a quote comes to, by the offers that its shipments are.
fn score(sources: &Sources, (instance, draft): (&Instance, &Draft), seed: u64) -> Score {
    let mut score = Score::default();
    let problem = sources.problem();
    let ships: Vec<Ship> = draft.shipments.iter().map(ship).collect();
    let mut leave = vec![0; ships.len()];
    // By line of the draft, of which a bundle has one for each of its components.
    let mut first = 0;
    for (line, wanted) in instance.order.order.lines.0.iter().enumerate() {
        let mut filled = 0;
        for (at, ship) in (0..).zip(&ships) {
            let units = units(draft, (first, at)) / instance.lines[line].parts[0].each;
            if units == 0 {
                continue;
            }
            let offer = sources.of(line, *ship);
            let offer = offer.unwrap_or_else(|| panic!("seed {seed}: no such shipment: {ship:?}"));
            assert!(units <= sources.units(line, *ship), "seed {seed}: more than there is");
            filled += units;
            leave[usize::from(at)] += units * sources.weight(line);
            score.late_unit_days += u64::from(units) * u64::from(offer.late_days);
            score.cost += u64::from(units) * offer.unit_cost.unsigned_abs();
            score.balance += u64::from(units) * u64::from(offer.balance);
        }
        score.unfilled_units += u64::from(wanted.quantity - filled);
        first += u16::try_from(instance.lines[line].parts.len()).expect("few");
    }
    for (ship, units) in ships.iter().zip(leave) {
        assert!(units > 0, "seed {seed}: an empty shipment");
        let room = sources.room(*ship);
        assert!(
            room.is_none_or(|room| units <= room),
            "seed {seed}: {units} on {ship:?}: {room:?}"
        );
        score.shipments += 1;
        score.cost += problem.shipments[sources.number(*ship)].fixed_cost.unsigned_abs();
    }
    assert_eq!(score.cost, draft.cost, "seed {seed}: what it says that it costs");
    score
}

/// Where a shipment leaves from, and when.
fn ship(shipment: &Shipment) -> Ship {
    (usize::from(shipment.node.0), shipment.ship_by.expect("it is planned"))
}

/// Units of a line in a shipment, both of the draft.
fn units(draft: &Draft, of: (u16, u16)) -> u32 {
    draft.allocations.iter().filter(|a| (a.line, a.shipment) == of).map(|a| a.units).sum()
}
