//! The narrow way against the general one, on random problems that both take.

use super::Narrow;
use crate::sourcing::limits::STEPS_MAX;
use crate::sourcing::problem::{
    Conditions, Line, Objective, ObjectiveOrder, Offer, Policy, Problem, Shipment, Split,
};
use crate::sourcing::solve::solve_any;
use crate::sourcing::{Exactness, Plan, Scratch};

/// Instance `n` of a test has seed `SEED + n`.
const SEED: u64 = 20_261_125;

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    /// From 0 up to, not including, `end`.
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let high = (mixed ^ (mixed >> 31)) >> 32;
        u32::try_from((high * u64::from(end)) >> 32).unwrap()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(u32::try_from(choices.len()).unwrap()) as usize]
    }
}

struct Instance {
    lines: Vec<Line>,
    offers: Vec<Offer>,
    shipments: Vec<Shipment>,
    policy: Policy,
}

impl Instance {
    /// Up to so many lines and shipments. Ties abound where costs stay below a small
    /// `cost_end`. One offer in `part_in` has too few units for its line.
    fn random(dice: &mut Dice, sizes: (u32, u32), cost_end: u32, part_in: u32) -> Self {
        use Objective::{Balance, Cost, Promise, Shipments};
        let (lines, shipments) = (1 + dice.below(sizes.0), 1 + dice.below(sizes.1));
        let orders = [[Promise, Shipments, Cost, Balance], [Promise, Shipments, Balance, Cost]];
        let policy = Policy {
            split: dice.of(&[Split::Units, Split::WholeLine]),
            objectives: ObjectiveOrder::new(dice.of(&orders)).unwrap(),
        };
        let fixed = |node| Shipment { fixed_cost: dice.below(cost_end).into(), node };
        let shipments: Vec<_> = (0..u16::try_from(shipments).unwrap()).map(fixed).collect();
        let mut instance = Self { lines: Vec::new(), offers: Vec::new(), shipments, policy };
        let stocked_in = 1 + dice.below(5);
        for _ in 0..lines {
            instance.add_line(dice, stocked_in, cost_end, part_in);
        }
        instance
    }

    fn add_line(&mut self, dice: &mut Dice, stocked_in: u32, cost_end: u32, part_in: u32) {
        let quantity = 1 + dice.below(6);
        let start = u32::try_from(self.offers.len()).unwrap();
        // Not in the order of their numbers.
        let (count, turn) = (self.shipments.len(), dice.below(64) as usize);
        for at in 0..count {
            if dice.below(stocked_in) > 0 {
                continue;
            }
            let part = dice.below(part_in) == 0;
            self.offers.push(Offer {
                quantity: if part { dice.below(quantity) } else { quantity + dice.below(5) },
                shipment: u16::try_from((at + turn) % count).unwrap(),
                late_days: dice.of(&[0, 0, 0, 1, 2]),
                unit_cost: dice.below(cost_end).into(),
                balance: dice.below(cost_end),
            });
        }
        let end = u32::try_from(self.offers.len()).unwrap();
        self.lines.push(Line { quantity, offers: start..end });
    }

    fn problem(&self) -> Problem<'_> {
        Problem {
            lines: &self.lines,
            offers: &self.offers,
            conditions: Conditions::default(),
            shipments: &self.shipments,
            policy: self.policy,
        }
    }

    /// Whether some line might be filled from several offers that are too small for it:
    /// then branch and bound finds the general plan, which meets equal ones in another
    /// order.
    fn has_parts(&self) -> bool {
        let parts = |line: &Line| {
            let offers = &self.offers[line.offers.start as usize..line.offers.end as usize];
            offers.iter().any(|offer| (1..line.quantity).contains(&offer.quantity))
        };
        self.policy.split == Split::Units && self.lines.iter().any(parts)
    }
}

fn narrow_plan(problem: &Problem<'_>, narrow: &mut Narrow) -> Option<Plan> {
    narrow.solve(problem).map(|chosen| narrow.write(problem, chosen))
}

/// Compares so many instances. Returns how many of them the narrow way solved, and how
/// many of those with more than one shipment.
fn compare(count: u64, sizes: (u32, u32), cost_end: u32, part_in: u32) -> (u64, u64) {
    println!("seeds {SEED} to {}, {sizes:?} {cost_end} {part_in}", SEED + count - 1);
    let (mut scratch, mut narrow) = (Scratch::new(), Narrow::default());
    let (mut solved, mut several) = (0, 0);
    for seed in SEED..SEED + count {
        let instance = Instance::random(&mut Dice(seed), sizes, cost_end, part_in);
        let problem = instance.problem();
        assert_eq!(problem.check(), Ok(()));
        let Some(plan) = narrow_plan(&problem, &mut narrow) else { continue };
        let general = solve_any(&problem, STEPS_MAX, &mut scratch);
        assert_eq!(general.exactness, Exactness::Optimal, "seed {seed}");
        assert_eq!(plan.score, general.score, "seed {seed}");
        assert_eq!(plan.unfilled, general.unfilled, "seed {seed}");
        if cost_end > 1_000 || !instance.has_parts() {
            assert_eq!(plan, general, "seed {seed}");
        }
        solved += 1;
        several += u64::from(plan.score.shipments > 1);
    }
    (solved, several)
}

#[test]
fn small_problems_get_the_same_plan_either_way() {
    for (cost_end, part_in) in [(2, 1_000), (5, 8), (1_000_000, 3), (1_000_000, 1_000)] {
        let (solved, several) = compare(5_000, (5, 9), cost_end, part_in);
        assert!(solved > 2_500 && several > 500, "{solved} solved, {several} of several");
    }
}

#[test]
fn large_problems_get_the_same_plan_either_way() {
    for (cost_end, part_in) in [(4, 1_000), (100_000, 30), (100_000, 1_000)] {
        let (solved, several) = compare(300, (8, 64), cost_end, part_in);
        assert!(solved > 200 && several > 50, "{solved} solved, {several} of several");
    }
}

/// Weights of a narrow problem share a word.
#[test]
fn what_does_not_fit_a_word_is_left_to_the_general_way() {
    let dear = 1 << 28;
    let offer =
        |shipment, unit_cost| Offer { quantity: 1, shipment, late_days: 0, unit_cost, balance: 0 };
    let offers = [offer(0, dear), offer(1, 1)];
    let lines = [Line { quantity: 1, offers: 0..1 }, Line { quantity: 1, offers: 1..2 }];
    let shipments = [0, 1].map(|node| Shipment { fixed_cost: 7, node });
    let policy = Policy::default();
    let problem = Problem {
        lines: &lines,
        offers: &offers,
        conditions: Conditions::default(),
        shipments: &shipments,
        policy,
    };
    assert_eq!(narrow_plan(&problem, &mut Narrow::default()), None);
    let cheaper = [offer(0, dear - 1), offer(1, 1)];
    let problem = Problem { offers: &cheaper, ..problem };
    let plan = narrow_plan(&problem, &mut Narrow::default()).unwrap();
    assert_eq!(plan.score.cost, dear.unsigned_abs() + 14);
}

#[test]
fn two_supplies_of_one_shipment_are_left_to_the_general_way() {
    let offer = |quantity| Offer { quantity, shipment: 0, late_days: 0, unit_cost: 1, balance: 0 };
    let offers = [offer(5), offer(8)];
    let shipments = [Shipment { fixed_cost: 7, node: 0 }];
    let policy = Policy::default();
    let one = [Line { quantity: 8, offers: 0..2 }];
    let problem = Problem {
        lines: &one,
        offers: &offers,
        conditions: Conditions::default(),
        shipments: &shipments,
        policy,
    };
    assert_eq!(narrow_plan(&problem, &mut Narrow::default()), None);
    let two = [Line { quantity: 8, offers: 0..2 }, Line { quantity: 1, offers: 2..3 }];
    let offers = [offer(5), offer(8), offer(8)];
    let problem = Problem { lines: &two, offers: &offers, ..problem };
    assert_eq!(narrow_plan(&problem, &mut Narrow::default()), None);
}
