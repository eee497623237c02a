//! The oracle: the same problem as an integer program, solved once for each
//! component of the score, each time holding the earlier ones at their best.

use std::collections::BTreeMap;

use backstock_engine::sourcing::{Minimum, Objective, Part, Problem, Score, Split};
use good_lp::{
    Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, microlp, variable,
};

/// The best score.
pub(crate) fn solve(problem: &Problem<'_>) -> Score {
    let mut score = Score::default();
    let mut held = Vec::new();
    score.unfilled_units = best(problem, None, &mut held);
    for objective in problem.policy.objectives.objectives() {
        let value = best(problem, Some(objective), &mut held);
        match objective {
            Objective::Promise => score.late_unit_days = value,
            Objective::Shipments => score.shipments = value,
            Objective::Cost => score.cost = value,
            Objective::Balance => score.balance = value,
        }
    }
    score
}

/// The best value of one component (`None`: unfilled units), with the
/// components in `held` no worse than noted there. Adds itself to them.
fn best(
    problem: &Problem<'_>,
    component: Option<Objective>,
    held: &mut Vec<(Option<Objective>, u64)>,
) -> u64 {
    let mut variables = ProblemVariables::new();
    let model = Model::new(problem, &mut variables);
    // Whether an offer with a minimum gives anything.
    let gives = |minimum: &Minimum| (minimum.offer, variables.add(variable().binary()));
    let given: BTreeMap<u32, Variable> = problem.conditions.minimums.iter().map(gives).collect();
    let goal = model.component(problem, component);
    let mut program = variables.minimise(goal.clone()).using(microlp);
    for (line, filled) in problem.lines.iter().zip(model.filled(problem)) {
        program.add_constraint(constraint!(filled <= f64::from(line.quantity)));
    }
    for (index, offer) in problem.offers.iter().enumerate() {
        let open = model.open[usize::from(offer.shipment)];
        let units = model.units(index);
        program.add_constraint(constraint!(units <= model.units_max[index] * open));
    }
    for minimum in problem.conditions.minimums {
        let (index, gives) = (minimum.offer as usize, given[&minimum.offer]);
        let (least, units) = (f64::from(minimum.units), model.units(index));
        program.add_constraint(constraint!(units.clone() <= model.units_max[index] * gives));
        program.add_constraint(constraint!(units >= least * gives));
    }
    for shared in problem.conditions.shared {
        let parts =
            &problem.conditions.parts[shared.parts.start as usize..shared.parts.end as usize];
        let drawn = |part: &Part| f64::from(part.each) * model.units(part.offer as usize);
        let drawn = parts.iter().map(drawn).sum::<Expression>();
        program.add_constraint(constraint!(drawn <= f64::from(shared.units)));
    }
    for (earlier, value) in held.iter() {
        // All components are integers, so that half a unit is tolerance enough.
        let value = whole(*value) + 0.5;
        program.add_constraint(constraint!(model.component(problem, *earlier) <= value));
    }
    let solution = program.solve().expect("filling nothing is always possible at first");
    let value = solution.eval(&goal).round();
    assert!((solution.eval(&goal) - value).abs() < 1e-4, "not a whole number");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small, rounded, non-negative number"
    )]
    let value = value as u64;
    held.push((component, value));
    value
}

fn whole(value: u64) -> f64 {
    f64::from(u32::try_from(value).expect("instances keep numbers small"))
}

/// The variables of the integer program.
struct Model {
    /// By shipment: whether it is open.
    open: Vec<Variable>,
    /// By offer: units taken, or, where lines are not split, whether all of
    /// the line's are.
    taken: Vec<Variable>,
    /// By offer: the units that one of `taken` stands for.
    scale: Vec<f64>,
    /// By offer: units it can give at most.
    units_max: Vec<f64>,
}

impl Model {
    fn new(problem: &Problem<'_>, variables: &mut ProblemVariables) -> Self {
        let open = problem.shipments.iter().map(|_| variables.add(variable().binary())).collect();
        let mut model = Self { open, taken: Vec::new(), scale: Vec::new(), units_max: Vec::new() };
        for line in problem.lines {
            for index in line.offers.clone() {
                let quantity = problem.offers[index as usize].quantity;
                let whole_line = problem.policy.split == Split::WholeLine;
                let (scale, count_max) = match (whole_line, quantity >= line.quantity) {
                    (true, true) => (line.quantity, 1),
                    (true, false) => (line.quantity, 0),
                    (false, _) => (1, quantity.min(line.quantity)),
                };
                let count = variable().integer().min(0).max(f64::from(count_max));
                model.taken.push(variables.add(count));
                model.scale.push(f64::from(scale));
                model.units_max.push(f64::from(scale * count_max));
            }
        }
        model
    }

    fn units(&self, index: usize) -> Expression {
        self.scale[index] * self.taken[index]
    }

    /// By line: units filled.
    fn filled(&self, problem: &Problem<'_>) -> Vec<Expression> {
        let sum = |line: &backstock_engine::sourcing::Line| {
            line.offers.clone().map(|index| self.units(index as usize)).sum()
        };
        problem.lines.iter().map(sum).collect()
    }

    fn component(&self, problem: &Problem<'_>, component: Option<Objective>) -> Expression {
        let Some(objective) = component else {
            let wanted: f64 = problem.lines.iter().map(|line| f64::from(line.quantity)).sum();
            return wanted - self.filled(problem).into_iter().sum::<Expression>();
        };
        let mut sum = Expression::from(0.0);
        for (index, offer) in problem.offers.iter().enumerate() {
            sum += self.units(index)
                * match objective {
                    Objective::Promise => f64::from(offer.late_days),
                    Objective::Shipments => 0.0,
                    Objective::Cost => whole(offer.unit_cost.unsigned_abs()),
                    Objective::Balance => f64::from(offer.balance),
                };
        }
        for (shipment, open) in problem.shipments.iter().zip(&self.open) {
            sum += *open
                * match objective {
                    Objective::Shipments => 1.0,
                    Objective::Cost => whole(shipment.fixed_cost.unsigned_abs()),
                    Objective::Promise | Objective::Balance => 0.0,
                };
        }
        sum
    }
}
