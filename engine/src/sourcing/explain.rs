//! For every offer, why it was chosen or was not.

use super::plan::{Pick, Plan};
use super::problem::{Line, Objective, ObjectiveOrder, Offer, Problem, Shipment};
use super::scratch::Scratch;
use super::verdict::Verdict;

/// Writes the verdict of every offer of every line to its index in `verdicts`,
/// which is as long as `problem.offers`. Places of offers that no line names
/// are left alone. `plan` is an answer to this very problem.
///
/// # Panics
/// If `verdicts` is shorter than the offers.
pub fn explain(
    problem: &Problem<'_>,
    plan: &Plan,
    scratch: &mut Scratch,
    verdicts: &mut [Verdict],
) {
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
        let range = line.offers.start as usize..line.offers.end as usize;
        let (offers, verdicts) = (&problem.offers[range.clone()], &mut verdicts[range]);
        if let [pick] = picks {
            let one = OnePick::new(problem, line, pick, uses);
            one.explain(problem.policy.objectives, offers, verdicts);
        } else {
            explain_several(problem, line, picks, uses, verdicts);
        }
        for pick in picks {
            verdicts[(pick.offer - line.offers.start) as usize] = Verdict::Chosen;
        }
    }
    for offer in &scratch.below {
        verdicts[*offer as usize] = Verdict::BelowMinimum;
    }
}

fn shipment_of(problem: &Problem<'_>, pick: &Pick) -> usize {
    usize::from(problem.offers[pick.offer as usize].shipment)
}

/// Why an offer cannot be used at all, if so.
#[inline]
fn useless(problem: &Problem<'_>, line: &Line, offer: &Offer) -> Option<Verdict> {
    (offer.quantity < problem.units_min(line)).then(|| why_useless(offer))
}

#[cold]
fn why_useless(offer: &Offer) -> Verdict {
    if offer.quantity == 0 { Verdict::NoStock } else { Verdict::NotEnough }
}

/// Explains a line that several picks fill, or none.
fn explain_several(
    problem: &Problem<'_>,
    line: &Line,
    picks: &[Pick],
    uses: &mut [u32],
    verdicts: &mut [Verdict],
) {
    for ((_, offer), verdict) in problem.offers_of(line).zip(verdicts) {
        *verdict = useless(problem, line, offer).unwrap_or_else(|| {
            let change = Change::of_moving(problem, picks, offer, uses);
            first_worse(problem.policy.objectives, |objective| change.is_worse(objective))
        });
    }
}

/// The verdict of the first objective that gets worse.
#[inline]
fn first_worse(order: ObjectiveOrder, is_worse: impl Fn(Objective) -> bool) -> Verdict {
    match order.objectives().into_iter().find(|objective| is_worse(*objective)) {
        Some(Objective::Promise) => Verdict::Later,
        Some(Objective::Shipments) => Verdict::AnotherShipment,
        Some(Objective::Cost) => Verdict::Costlier,
        Some(Objective::Balance) => Verdict::LessBalanced,
        None => Verdict::Equal,
    }
}

/// The common case: one pick fills the line, as far as it is filled.
struct OnePick<'a> {
    shipments: &'a [Shipment],
    uses: &'a [u32],
    quantity: u32,
    from: Offer,
    /// The pick is the only one in its shipment.
    alone: bool,
    /// What its shipment costs.
    fixed_cost: i64,
    /// Units below which an offer is of no use.
    units_min: u32,
}

impl<'a> OnePick<'a> {
    fn new(problem: &Problem<'a>, line: &Line, pick: &Pick, uses: &'a [u32]) -> Self {
        let from = problem.offers[pick.offer as usize];
        Self {
            shipments: problem.shipments,
            uses,
            quantity: pick.quantity,
            from,
            alone: uses[usize::from(from.shipment)] == 1,
            fixed_cost: problem.shipments[usize::from(from.shipment)].fixed_cost,
            units_min: problem.units_min(line),
        }
    }

    fn explain(&self, order: ObjectiveOrder, offers: &[Offer], verdicts: &mut [Verdict]) {
        if order == ObjectiveOrder::DEFAULT {
            if self.alone {
                self.explain_by_default::<true>(offers, verdicts);
            } else {
                self.explain_by_default::<false>(offers, verdicts);
            }
            return;
        }
        for (offer, verdict) in offers.iter().zip(verdicts) {
            *verdict = self.useless(offer).unwrap_or_else(|| {
                let (opens, leaves) = (self.opens(offer), self.leaves(offer));
                first_worse(order, |objective| match objective {
                    Objective::Promise => offer.late_days > self.from.late_days,
                    Objective::Shipments => opens && !leaves,
                    Objective::Cost => self.more_cost(offer, opens, leaves) > 0,
                    Objective::Balance => offer.balance > self.from.balance,
                })
            });
        }
    }

    /// The same, written out for the default order, in which most offers are settled by
    /// the promise or the number of shipments.
    #[inline(never)]
    fn explain_by_default<const ALONE: bool>(&self, offers: &[Offer], verdicts: &mut [Verdict]) {
        for (offer, verdict) in offers.iter().zip(verdicts) {
            *verdict = if offer.quantity < self.units_min {
                why_useless(offer)
            } else if offer.late_days > self.from.late_days {
                Verdict::Later
            } else if !ALONE && self.opens(offer) {
                Verdict::AnotherShipment
            } else {
                self.first_worse_after_promise(offer)
            };
        }
    }

    #[inline]
    fn first_worse_after_promise(&self, offer: &Offer) -> Verdict {
        let (opens, leaves) = (self.opens(offer), self.leaves(offer));
        if opens && !leaves {
            return Verdict::AnotherShipment;
        }
        match self.more_cost(offer, opens, leaves) {
            1.. => Verdict::Costlier,
            _ if offer.balance > self.from.balance => Verdict::LessBalanced,
            _ => Verdict::Equal,
        }
    }

    #[inline]
    fn useless(&self, offer: &Offer) -> Option<Verdict> {
        (offer.quantity < self.units_min).then(|| why_useless(offer))
    }

    /// What the order costs more with the line's units at `offer`.
    #[inline]
    fn more_cost(&self, offer: &Offer, opens: bool, leaves: bool) -> i64 {
        let units = i64::from(self.quantity.min(offer.quantity));
        let mut more = units * (offer.unit_cost - self.from.unit_cost);
        if opens {
            more += self.shipments[usize::from(offer.shipment)].fixed_cost;
        }
        if leaves {
            more -= self.fixed_cost;
        }
        more
    }

    /// Whether nothing else is in the offer's shipment.
    #[inline]
    fn opens(&self, offer: &Offer) -> bool {
        self.uses[usize::from(offer.shipment)] == 0
    }

    /// Whether nothing is left in the pick's shipment.
    #[inline]
    fn leaves(&self, offer: &Offer) -> bool {
        self.alone && offer.quantity >= self.quantity && offer.shipment != self.from.shipment
    }
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

    fn move_units(&mut self, from: &Offer, to: &Offer, quantity: u32) {
        let units = i64::from(quantity);
        self.late_unit_days += units * (i64::from(to.late_days) - i64::from(from.late_days));
        self.cost += units * (to.unit_cost - from.unit_cost);
        self.balance += units * (i64::from(to.balance) - i64::from(from.balance));
    }

    fn is_worse(&self, objective: Objective) -> bool {
        let more = match objective {
            Objective::Promise => self.late_unit_days,
            Objective::Shipments => self.shipments,
            Objective::Cost => self.cost,
            Objective::Balance => self.balance,
        };
        more > 0
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
