//! Tables: these lines and offers, exactly this plan.

use super::Verdict as V;
use super::*;

/// (shipment, units, days late, cost of a unit, balance of a unit).
type Row = (u16, u32, u32, i64, u32);

const PROMISE_FIRST: [Objective; 4] =
    [Objective::Promise, Objective::Shipments, Objective::Cost, Objective::Balance];
const SHIPMENTS_FIRST: [Objective; 4] =
    [Objective::Shipments, Objective::Promise, Objective::Cost, Objective::Balance];
const COST_FIRST: [Objective; 4] =
    [Objective::Cost, Objective::Promise, Objective::Shipments, Objective::Balance];

struct Table {
    lines: Vec<Line>,
    offers: Vec<Offer>,
    shipments: Vec<Shipment>,
    policy: Policy,
}

/// Lines as (quantity, offers), shipments as their fixed costs.
fn table(objectives: [Objective; 4], lines: &[(u32, &[Row])], fixed_costs: &[i64]) -> Table {
    let mut table = Table {
        lines: Vec::new(),
        offers: Vec::new(),
        shipments: Vec::new(),
        policy: Policy {
            split: Split::Units,
            objectives: ObjectiveOrder::new(objectives).unwrap(),
        },
    };
    for (quantity, rows) in lines {
        let start = u32::try_from(table.offers.len()).unwrap();
        for (shipment, quantity, late_days, unit_cost, balance) in rows.iter().copied() {
            table.offers.push(Offer { quantity, shipment, late_days, unit_cost, balance });
        }
        let end = u32::try_from(table.offers.len()).unwrap();
        table.lines.push(Line { quantity: *quantity, offers: start..end });
    }
    for (node, fixed_cost) in (0..).zip(fixed_costs) {
        table.shipments.push(Shipment { fixed_cost: *fixed_cost, node });
    }
    table
}

impl Table {
    fn whole_lines(mut self) -> Self {
        self.policy.split = Split::WholeLine;
        self
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

    fn solve(&self) -> Plan {
        solve(&self.problem(), &mut Scratch::new())
    }

    /// Picks as (line, offer, units), of a plan that has to be optimal.
    fn picks(&self) -> Vec<(u16, u32, u32)> {
        let plan = self.solve();
        assert_eq!(plan.exactness, Exactness::Optimal);
        plan.picks.iter().map(|pick| (pick.line, pick.offer, pick.quantity)).collect()
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let mut scratch = Scratch::new();
        let plan = solve(&self.problem(), &mut scratch);
        let mut verdicts = vec![Verdict::Equal; self.offers.len()];
        explain(&self.problem(), &plan, &mut scratch, &mut verdicts);
        verdicts
    }
}

/// Two lines, each cheapest at a node of its own; node 2 has both, dearer.
fn cheap_apart(objectives: [Objective; 4]) -> Table {
    let lines: [(u32, &[Row]); 2] =
        [(1, &[(0, 5, 0, 10, 0), (2, 5, 0, 90, 0)]), (1, &[(1, 5, 0, 10, 0), (2, 5, 0, 90, 0)])];
    table(objectives, &lines, &[5, 5, 5])
}

#[test]
fn one_dear_shipment_beats_two_cheap_ones() {
    assert_eq!(cheap_apart(PROMISE_FIRST).picks(), [(0, 1, 1), (1, 3, 1)]);
}

#[test]
fn cost_first_splits_where_it_is_cheaper() {
    assert_eq!(cheap_apart(COST_FIRST).picks(), [(0, 0, 1), (1, 2, 1)]);
}

/// Node 2 has both lines but is a day late.
fn late_together(objectives: [Objective; 4]) -> Table {
    let lines: [(u32, &[Row]); 2] =
        [(1, &[(0, 5, 0, 10, 0), (2, 5, 1, 10, 0)]), (1, &[(1, 5, 0, 10, 0), (2, 5, 1, 10, 0)])];
    table(objectives, &lines, &[5, 5, 5])
}

#[test]
fn a_kept_promise_is_worth_a_split() {
    assert_eq!(late_together(PROMISE_FIRST).picks(), [(0, 0, 1), (1, 2, 1)]);
}

#[test]
fn shipments_first_is_late_rather_than_split() {
    assert_eq!(late_together(SHIPMENTS_FIRST).picks(), [(0, 1, 1), (1, 3, 1)]);
}

#[test]
fn a_line_may_be_split_only_where_the_policy_says_so() {
    let scarce = || table(PROMISE_FIRST, &[(5, &[(0, 3, 0, 1, 0), (1, 3, 0, 2, 0)])], &[0, 0]);
    assert_eq!(scarce().picks(), [(0, 0, 3), (0, 1, 2)]);
    let whole = scarce().whole_lines();
    assert_eq!(whole.picks(), []);
    assert_eq!(whole.solve().unfilled[..], [5]);
    assert_eq!(whole.verdicts(), [V::NotEnough, V::NotEnough]);
}

#[test]
fn as_many_units_are_filled_as_there_are() {
    let short = table(PROMISE_FIRST, &[(9, &[(0, 3, 0, 1, 0), (1, 2, 7, 99, 0)])], &[0, 500]);
    let plan = short.solve();
    assert_eq!(short.picks(), [(0, 0, 3), (0, 1, 2)]);
    assert_eq!(plan.unfilled[..], [4]);
    let score =
        Score { unfilled_units: 4, late_unit_days: 14, shipments: 2, cost: 701, balance: 0 };
    assert_eq!(plan.score, score);
}

#[test]
fn a_line_without_supply_leaves_the_others_alone() {
    let lines: [(u32, &[Row]); 3] = [(1, &[]), (2, &[(0, 2, 0, 1, 0)]), (1, &[(0, 0, 0, 1, 0)])];
    let table = table(PROMISE_FIRST, &lines, &[3]);
    assert_eq!(table.picks(), [(1, 0, 2)]);
    assert_eq!(table.solve().unfilled[..], [1, 0, 1]);
    assert_eq!(table.verdicts(), [V::Chosen, V::NoStock]);
}

#[test]
fn what_is_forced_elsewhere_is_used_rather_than_a_new_shipment() {
    // The first line needs shipment 1, so that the second is best off there.
    let lines: [(u32, &[Row]); 2] =
        [(1, &[(1, 1, 0, 0, 0)]), (1, &[(0, 1, 0, 0, 0), (1, 1, 0, 50, 0)])];
    assert_eq!(table(PROMISE_FIRST, &lines, &[0, 0]).picks(), [(0, 0, 1), (1, 2, 1)]);
}

#[test]
fn two_supplies_of_one_shipment_count_as_one_shipment() {
    let rows: &[Row] = &[(0, 2, 0, 1, 0), (1, 2, 0, 1, 0), (0, 2, 0, 9, 0)];
    assert_eq!(table(PROMISE_FIRST, &[(4, rows)], &[1, 1]).picks(), [(0, 0, 2), (0, 2, 2)]);
}

/// One shipment either way, and cheaper from both supplies of the first node than
/// from the one supply that fills the line alone.
#[test]
fn two_supplies_of_one_shipment_win_over_one_that_fills_the_line() {
    let both: &[Row] = &[(0, 5, 0, 1, 0), (0, 5, 0, 1, 0), (1, 10, 0, 5, 0)];
    assert_eq!(table(PROMISE_FIRST, &[(8, both)], &[0, 0]).picks(), [(0, 0, 5), (0, 1, 3)]);
    let one_fills: &[Row] = &[(0, 5, 0, 1, 0), (0, 10, 0, 10, 0), (1, 10, 0, 5, 0)];
    assert_eq!(table(PROMISE_FIRST, &[(8, one_fills)], &[0, 0]).picks(), [(0, 0, 5), (0, 1, 3)]);
}

#[test]
fn ties_go_to_the_lowest_shipment() {
    let rows: &[Row] = &[(2, 4, 0, 1, 1), (0, 4, 0, 1, 1), (1, 4, 0, 1, 1)];
    let tie = table(PROMISE_FIRST, &[(4, rows)], &[7, 7, 7]);
    assert_eq!(tie.picks(), [(0, 1, 4)]);
    assert_eq!(tie.verdicts(), [V::Equal, V::Chosen, V::Equal]);
    let cost_first = table(COST_FIRST, &[(4, rows)], &[7, 7, 7]);
    assert_eq!(cost_first.picks(), [(0, 1, 4)]);
}

#[test]
fn each_verdict_names_the_first_objective_that_gets_worse() {
    let rows: &[Row] = &[
        (0, 9, 0, 10, 1),
        (1, 9, 2, 0, 0),
        (2, 9, 0, 11, 0),
        (3, 9, 0, 10, 2),
        (4, 0, 0, 0, 0),
        (5, 9, 0, 10, 1),
    ];
    let table = table(PROMISE_FIRST, &[(2, rows)], &[0; 6]);
    let expected = [V::Chosen, V::Later, V::Costlier, V::LessBalanced, V::NoStock, V::Equal];
    assert_eq!(table.verdicts(), expected);
    let apart = cheap_apart(PROMISE_FIRST);
    assert_eq!(apart.verdicts(), [V::AnotherShipment, V::Chosen, V::AnotherShipment, V::Chosen]);
}

/// A ring of lines, each at two of twelve nodes: no node has two lines more
/// than another, so that the search has to look.
fn ring(order: [Objective; 4]) -> Table {
    let rows: Vec<[Row; 2]> = (0..12u16)
        .map(|node| {
            let cost = i64::from(node * 7 % 5);
            [(node, 9, 0, cost, 0), ((node + 1) % 12, 9, 0, 4 - cost, 0)]
        })
        .collect();
    let lines: Vec<(u32, &[Row])> = rows.iter().map(|rows| (1, &rows[..])).collect();
    table(order, &lines, &[3; 12])
}

#[test]
fn a_ring_is_covered_by_half_of_its_nodes() {
    let best = ring(PROMISE_FIRST).solve();
    assert_eq!((best.exactness, best.score.shipments), (Exactness::Optimal, 6));
}

#[test]
fn a_budget_that_runs_out_is_told_with_a_bound() {
    // Shipments before the promise: no cover, but branch and bound.
    let ring =
        ring([Objective::Shipments, Objective::Promise, Objective::Cost, Objective::Balance]);
    let order = ring.policy.objectives;
    let best = ring.solve();
    assert_eq!(best.exactness, Exactness::Optimal);
    assert_eq!(best.score.shipments, 6);
    let found = solve_within(&ring.problem(), 1, &mut Scratch::new());
    let Exactness::Bounded { bound } = found.exactness else { panic!("one step is too few") };
    assert!(bound.compare(&best.score, order).is_le());
    assert!(best.score.compare(&found.score, order).is_le());
}

/// With whatever budget: what is called the best is the best, and a bound is none too high.
#[test]
fn a_plan_that_keeps_minimums_is_told_as_it_is_found() {
    // A ring again: of each line one node has three, and the next one all five.
    let rows: Vec<[Row; 2]> = (0..12u16)
        .map(|node| {
            let cost = i64::from(node * 7 % 5);
            [(node, 3, 0, cost, 0), ((node + 1) % 12, 9, 0, 4 - cost, 0)]
        })
        .collect();
    let lines: Vec<(u32, &[Row])> = rows.iter().map(|rows| (5, &rows[..])).collect();
    let ring = table(SHIPMENTS_FIRST, &lines, &[3; 12]);
    let order = ring.policy.objectives;
    for units in [[3, 3, 3, 3], [2, 4, 2, 3], [2, 5, 3, 4]] {
        let minimum = |(offer, units): (u32, u32)| Minimum { offer: offer * 2 + 1, units };
        let minimums: Vec<_> = (0..).zip(units).map(minimum).collect();
        let problem = Problem {
            conditions: Conditions { minimums: &minimums, ..Conditions::default() },
            ..ring.problem()
        };
        let best = solve_within(&problem, u64::MAX, &mut Scratch::new());
        assert_eq!(best.exactness, Exactness::Optimal);
        for steps in [1, 2, 4, 8, 16, 32, 64, 256] {
            let found = solve_within(&problem, steps, &mut Scratch::new());
            assert!(best.score.compare(&found.score, order).is_le(), "{units:?}, {steps}");
            match found.exactness {
                Exactness::Optimal => assert_eq!(found.score, best.score, "{units:?}, {steps}"),
                Exactness::Bounded { bound } => {
                    assert!(bound.compare(&best.score, order).is_le(), "{units:?}, {steps}");
                }
            }
        }
    }
}

/// More minimums than there are plans for: it ends, keeps them, and says what it is.
#[test]
fn many_minimums_end_with_a_plan_that_keeps_them() {
    let rows: Vec<Row> = (0..200).map(|node| (node, 3, 0, i64::from(node % 7), 0)).collect();
    let lines: Vec<(u32, &[Row])> = vec![(299, &rows)];
    let table = table(COST_FIRST, &lines, &[1; 200]);
    let minimums: Vec<_> = (0..200).map(|offer| Minimum { offer, units: 2 }).collect();
    let problem = Problem {
        conditions: Conditions { minimums: &minimums, ..Conditions::default() },
        ..table.problem()
    };
    let plan = solve_within(&problem, 1_000, &mut Scratch::new());
    let taken = |offer| plan.picks.iter().filter(move |pick| pick.offer == offer);
    assert!((0..200).all(|offer| taken(offer).all(|pick| pick.quantity >= 2)));
    assert_eq!(plan.score.unfilled_units, u64::from(plan.unfilled[0]));
}

#[test]
fn more_shipments_than_a_word_has_bits_are_searched_too() {
    let rows: Vec<Row> = (0..300).map(|node| (node, 9, 0, 600 - i64::from(node), 0)).collect();
    let table = table(COST_FIRST, &[(1, &rows), (1, &rows)], &[100; 300]);
    assert_eq!(table.picks(), [(0, 299, 1), (1, 599, 1)]);
}

#[test]
fn the_largest_problem_fits_the_stack() {
    let rows: Vec<Vec<Row>> = (0..500u16)
        .map(|line| (0..3).map(|at| ((line + at * 97) % 512, 1, 0, i64::from(at), 0)).collect())
        .collect();
    let lines: Vec<(u32, &[Row])> = rows.iter().map(|rows| (2, &rows[..])).collect();
    let table = table(COST_FIRST, &lines, &[1; 512]);
    assert_eq!(table.solve().score.unfilled_units, 0);
}

#[test]
fn problems_out_of_limits_are_named() {
    let lines: [(u32, &[Row]); 1] = [(1, &[(0, 1, 0, 1, 0)])];
    let check = |change: fn(&mut Table)| {
        let mut table = table(PROMISE_FIRST, &lines, &[0]);
        change(&mut table);
        table.problem().check()
    };
    assert_eq!(check(|_| {}), Ok(()));
    assert_eq!(check(|table| table.lines[0].quantity = 0), Err(Malformed::EmptyLine(0)));
    assert_eq!(check(|table| table.lines[0].offers.end = 2), Err(Malformed::OfferRange(0)));
    assert_eq!(check(|table| table.offers[0].shipment = 1), Err(Malformed::Offer(0)));
    assert_eq!(check(|table| table.offers[0].unit_cost = -1), Err(Malformed::Offer(0)));
    assert_eq!(check(|table| table.offers[0].unit_cost = i64::MAX), Err(Malformed::CostTooHigh));
    let dear = Err(Malformed::ShipmentCost(0));
    assert_eq!(check(|table| table.shipments[0].fixed_cost = -1), dear);
}

#[test]
fn minimums_are_of_offers_and_in_their_order() {
    let lines: [(u32, &[Row]); 1] = [(9, &[(0, 9, 0, 1, 0), (0, 9, 0, 1, 0)])];
    let table = table(PROMISE_FIRST, &lines, &[0]);
    let check = |minimums: &[(u32, u32)]| {
        let minimum = |(offer, units): &(u32, u32)| Minimum { offer: *offer, units: *units };
        let minimums: Vec<_> = minimums.iter().map(minimum).collect();
        let conditions = Conditions { minimums: &minimums, ..Conditions::default() };
        Problem { conditions, ..table.problem() }.check()
    };
    assert_eq!(check(&[(0, 2), (1, 900)]), Ok(()));
    for wrong in [[(0, 2), (0, 2)], [(0, 2), (2, 2)], [(0, 2), (1, 1)], [(1, 2), (0, 2)]] {
        assert_eq!(check(&wrong), Err(Malformed::Minimum(1)), "{wrong:?}");
    }
}

#[test]
fn an_order_of_objectives_is_a_permutation() {
    let twice = [Objective::Cost, Objective::Cost, Objective::Promise, Objective::Balance];
    assert_eq!(ObjectiveOrder::new(twice), Err(NotAPermutation(twice)));
    assert_eq!(ObjectiveOrder::default(), ObjectiveOrder::new(PROMISE_FIRST).unwrap());
}

#[test]
fn verdicts_keep_their_numbers() {
    for code in 0..=u8::MAX {
        let verdict = Verdict::from_code(code);
        let is_one = (1..=20).contains(&code);
        let expected = is_one.then_some(code);
        assert_eq!(verdict.map(|verdict| verdict as u8), expected);
    }
}
