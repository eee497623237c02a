//! For every offer, why it was chosen or was not.

use super::plan::{Pick, Plan};
use super::problem::{Line, Objective, Offer, Problem, Split};
use super::reason::Reason;
use super::scratch::Scratch;

/// Writes the reason of every offer of every line to its index in `reasons`,
/// which is as long as `problem.offers`. Places of offers that no line names
/// are left alone. `plan` is an answer to this very problem.
///
/// # Panics
/// If `reasons` is shorter than the offers.
pub fn explain(problem: &Problem<'_>, plan: &Plan, scratch: &mut Scratch, reasons: &mut [Reason]) {
    let uses = &mut scratch.uses;
    uses.clear();
    uses.resize(problem.shipments.len(), 0);
    for pick in &plan.picks {
        uses[shipment_of(problem, pick)] += 1;
    }
    let mut rest = &plan.picks[..];
    for (number, line) in (0u16..).zip(problem.lines) {
        let len = rest.iter().take_while(|pick| pick.line == number).count();
        let (picks, later) = rest.split_at(len);
        rest = later;
        for (index, offer) in problem.offers_of(line) {
            let reason = reason_of(problem, line, picks, index, offer, uses);
            reasons[index as usize] = reason;
        }
    }
}

fn shipment_of(problem: &Problem<'_>, pick: &Pick) -> usize {
    usize::from(problem.offers[pick.offer as usize].shipment)
}

fn reason_of(
    problem: &Problem<'_>,
    line: &Line,
    picks: &[Pick],
    index: u32,
    offer: &Offer,
    uses: &mut [u32],
) -> Reason {
    if picks.iter().any(|pick| pick.offer == index) {
        return Reason::Chosen;
    }
    if offer.quantity == 0 {
        return Reason::NoStock;
    }
    if problem.policy.split == Split::WholeLine && offer.quantity < line.quantity {
        return Reason::NotEnough;
    }
    let change = Change::of_moving(problem, picks, offer, uses);
    for objective in problem.policy.objectives.objectives() {
        match objective {
            Objective::Promise if change.late_unit_days > 0 => return Reason::Later,
            Objective::Shipments if change.shipments > 0 => return Reason::AnotherShipment,
            Objective::Cost if change.cost > 0 => return Reason::Costlier,
            Objective::Balance if change.balance > 0 => return Reason::LessBalanced,
            _ => {}
        }
    }
    Reason::Equal
}

/// What a plan's score would change by.
#[derive(Default)]
struct Change {
    late_unit_days: i64,
    shipments: i64,
    cost: i64,
    balance: i64,
}

impl Change {
    /// Moves units from `picks`, the worst first, to `offer`, until it is
    /// empty or they are. `uses` is the same after as before.
    fn of_moving(problem: &Problem<'_>, picks: &[Pick], offer: &Offer, uses: &mut [u32]) -> Self {
        if let [pick] = picks {
            return Self::of_moving_one(problem, pick, offer, uses);
        }
        let mut change = Self::default();
        let target = usize::from(offer.shipment);
        change.use_shipment(problem, target, uses);
        let mut left = offer.quantity;
        let mut emptied = 0;
        for pick in picks.iter().rev() {
            let quantity = pick.quantity.min(left);
            left -= quantity;
            change.move_units(&problem.offers[pick.offer as usize], offer, quantity);
            if quantity < pick.quantity {
                break;
            }
            change.leave_shipment(problem, shipment_of(problem, pick), uses);
            emptied += 1;
        }
        for pick in picks.iter().rev().take(emptied) {
            uses[shipment_of(problem, pick)] += 1;
        }
        uses[target] -= 1;
        change
    }

    /// The common case of [`Self::of_moving`]: one pick fills the line.
    #[inline]
    fn of_moving_one(problem: &Problem<'_>, pick: &Pick, offer: &Offer, uses: &[u32]) -> Self {
        let mut change = Self::default();
        let (source, target) = (shipment_of(problem, pick), usize::from(offer.shipment));
        if uses[target] == 0 {
            change.shipments += 1;
            change.cost += problem.shipments[target].fixed_cost;
        }
        let quantity = pick.quantity.min(offer.quantity);
        if quantity == pick.quantity && uses[source] == 1 && source != target {
            change.shipments -= 1;
            change.cost -= problem.shipments[source].fixed_cost;
        }
        change.move_units(&problem.offers[pick.offer as usize], offer, quantity);
        change
    }

    #[inline]
    fn move_units(&mut self, from: &Offer, to: &Offer, quantity: u32) {
        let units = i64::from(quantity);
        self.late_unit_days += units * (i64::from(to.late_days) - i64::from(from.late_days));
        self.cost += units * (to.unit_cost - from.unit_cost);
        self.balance += units * (i64::from(to.balance) - i64::from(from.balance));
    }

    fn use_shipment(&mut self, problem: &Problem<'_>, shipment: usize, uses: &mut [u32]) {
        if uses[shipment] == 0 {
            self.shipments += 1;
            self.cost += problem.shipments[shipment].fixed_cost;
        }
        uses[shipment] += 1;
    }

    fn leave_shipment(&mut self, problem: &Problem<'_>, shipment: usize, uses: &mut [u32]) {
        uses[shipment] -= 1;
        if uses[shipment] == 0 {
            self.shipments -= 1;
            self.cost -= problem.shipments[shipment].fixed_cost;
        }
    }
}
