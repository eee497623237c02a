//! Planning: from what pairs publish to a draft of the order's allocation.
//!
//! ```text
//!   rows of the lines' SKUs --+
//!   network: bands, windows --+--> offers --> sourcing::solve --> draft
//!   inbound supplies ---------+                explain -------> trace
//! ```
//! Planning sends no message for units on hand and changes nothing. What it saw
//! may be gone when it claims; then it plans again.

pub mod bundled;
mod candidates;
mod common;
mod dock;
mod draft;
mod made;
mod offer_conditions;
mod penalty;
mod room;
mod route;
pub mod together;
mod wanted;
mod way;
mod window;

use std::cell::RefCell;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::model::order::trace::{Candidate, TraceWriter};
use crate::model::{NodeNo, OwnStock, Split, Supply};
use crate::sourcing::{self, Exactness, Offer, Verdict};
use crate::state::network::Network;
use crate::state::stock::InboundGlance;
use candidates::Candidates;
pub use common::Common;
pub use draft::Draft;
pub use made::{Bundled, MadeOf, MadePart};
use offer_conditions::index;
pub use room::{Leaving, Replanned, Rooms};
use route::Route;
pub use wanted::{Opening, Others, Own, Seen, Wanted, WantedLine};
pub use way::Way;

/// Inbound supplies of one line's pairs, as read before planning.
pub type InboundSeen = SmallVec<[(u16, NodeNo, Vec<InboundGlance>); 2]>;

thread_local! {
    static PLANNER: RefCell<Planner> = RefCell::new(Planner::default());
}

/// Plans an order on what is published now. None when some pair has inbound supply, or says who
/// may have its units, and `inbound` was not looked for: it then has to be.
pub fn plan(
    network: &Arc<Network>,
    wanted: &Wanted<'_>,
    inbound: Option<&InboundSeen>,
) -> Option<Draft> {
    PLANNER.with_borrow_mut(|planner| planner.plan(network, wanted, inbound))
}

/// The reusable memory of planning, one for each thread.
#[derive(Default)]
struct Planner {
    candidates: Candidates,
    lines: Vec<sourcing::Line>,
    /// Lines of which claims or changes in flight may hide supply.
    in_flight: Vec<u16>,
    verdicts: Vec<Verdict>,
    trace: Vec<u8>,
    scratch: sourcing::Scratch,
}

impl Planner {
    fn plan(
        &mut self,
        network: &Arc<Network>,
        wanted: &Wanted<'_>,
        inbound: Option<&InboundSeen>,
    ) -> Option<Draft> {
        self.candidates.begin(network, &wanted.way);
        let route = Route::new(network, wanted);
        self.gather(&route, inbound)?;
        let problem = sourcing::Problem {
            lines: &self.lines,
            offers: self.candidates.offers(),
            conditions: self.candidates.conditions(),
            shipments: self.candidates.shipments(),
            policy: sourcing::Policy {
                split: match wanted.split {
                    Split::WholeLine => sourcing::Split::WholeLine,
                    Split::Units => sourcing::Split::Units,
                },
                objectives: network.objectives(),
            },
        };
        let plan = sourcing::solve(&problem, &mut self.scratch);
        self.verdicts.resize(problem.offers.len(), Verdict::NoStock);
        sourcing::explain(&problem, &plan, &mut self.scratch, &mut self.verdicts);
        let mut was_bounded = matches!(plan.exactness, Exactness::Bounded { .. });
        if network.policy.own_stock == OwnStock::First {
            for line in &self.lines {
                let offers = line.offers.clone();
                self.candidates.tell_own_stock(&route, offers, &mut self.verdicts);
            }
            was_bounded |= self.candidates.are_cut_short(&route);
        }
        self.candidates.tell_full_days(wanted, &plan, &mut self.verdicts);
        let is_whole = wanted.split == Split::WholeLine && !self.candidates.all_on_hand();
        let trace = self.trace(&plan, is_whole, was_bounded || self.candidates.cut_short());
        Some(draft::draft(&route, &self.candidates, &plan, (&self.in_flight, trace)))
    }

    /// Gathers what every line could be filled from, and notes where claims or changes in
    /// flight may hide some of it.
    fn gather(&mut self, route: &Route<'_, '_>, inbound: Option<&InboundSeen>) -> Option<()> {
        let wanted = &route.wanted.lines;
        // Waits for memory overlap when all rows are touched before one is walked.
        let touched = wanted.iter().fold(0, |sum, want| sum ^ want.entry.row.touch());
        std::hint::black_box(touched);
        self.lines.clear();
        self.in_flight.clear();
        for (line, want) in wanted.iter().enumerate() {
            let first = self.candidates.offers().len();
            let seen = self.candidates.on_hand(route, line, want);
            let mut in_flight = seen.in_flight;
            match inbound {
                None if seen.has_inbound || seen.has_terms => return None,
                None => {}
                Some(inbound) => {
                    for (_, node, glances) in
                        inbound.iter().filter(|(of, ..)| usize::from(*of) == line)
                    {
                        in_flight |= glances.iter().any(|glance| glance.in_flight);
                        self.candidates.inbound(route, line, *node, glances);
                    }
                }
            }
            let offers = index(first)..index(self.candidates.offers().len());
            self.lines.push(sourcing::Line { quantity: want.quantity, offers });
            if in_flight {
                self.in_flight.push(candidates::line_no(line));
            }
        }
        self.candidates.end(route.wanted, &self.lines);
        Some(())
    }

    fn trace(&mut self, plan: &sourcing::Plan, is_whole: bool, is_bounded: bool) -> Box<[u8]> {
        let candidates = &self.candidates;
        // What a line that must not be split takes beside the supply it is planned on.
        let mut joined = SmallVec::<[(u16, NodeNo, Supply); 4]>::new();
        if is_whole {
            for pick in &plan.picks {
                let take = |node, supply, _| joined.push((pick.line, node, supply));
                candidates.take(pick.offer, pick.quantity, take);
            }
        }
        let skipped = candidates.skipped();
        let mut writer = TraceWriter::new(&mut self.trace, is_bounded);
        for (at, line) in self.lines.iter().enumerate() {
            let skipped = skipped.iter().filter(|(of, _)| usize::from(*of) == at);
            let no = candidates::line_no(at);
            // Picks ascend by line.
            let first = joined.partition_point(|(line, ..)| *line < no);
            let of_line = &joined[first..joined.partition_point(|(line, ..)| *line <= no)];
            let verdict_of = |node, supply, verdict| {
                let is_taken = of_line.contains(&(no, node, supply));
                if is_taken { Verdict::Chosen } else { verdict }
            };
            let range = line.offers.start as usize..line.offers.end as usize;
            let explained = candidates.offers()[range.clone()].iter().zip(&self.verdicts[range]);
            if candidates.are_all_on_hand_once() {
                writer.line(line.offers.len() + skipped.clone().count());
                trace_on_hand(&mut writer, candidates, explained);
            } else {
                let mut rows = SmallVec::<[Candidate; 8]>::new();
                for ((_, &verdict), at) in explained.zip(line.offers.clone()) {
                    let ((node, supply), free) = (candidates.source(at), candidates.free(at));
                    let verdict = verdict_of(node, supply, verdict);
                    match rows.last_mut().filter(|last| (last.node, last.supply) == (node, supply))
                    {
                        Some(last) => last.verdict = of_both_days(last.verdict, verdict),
                        None => rows.push(Candidate { node, supply, free, verdict }),
                    }
                }
                writer.line(rows.len() + skipped.clone().count());
                rows.iter().for_each(|row| writer.candidate(row));
            }
            for (_, candidate) in skipped {
                let verdict = verdict_of(candidate.node, candidate.supply, candidate.verdict);
                writer.candidate(&Candidate { verdict, ..*candidate });
            }
        }
        writer.finish()
    }
}

/// What is said of units that were not offered for one day only.
fn of_both_days(one: Verdict, other: Verdict) -> Verdict {
    let either = |verdict| one == verdict || other == verdict;
    let told = [Verdict::Chosen, Verdict::AtCapacity].into_iter().find(|verdict| either(*verdict));
    told.unwrap_or(one)
}

/// Traces offers that are all on hand. Nearly all offers come by here: compiled by itself,
/// the loop has the processor's registers to itself.
#[inline(never)]
fn trace_on_hand<'a>(
    writer: &mut TraceWriter<'_>,
    candidates: &Candidates,
    explained: impl Iterator<Item = (&'a Offer, &'a Verdict)>,
) {
    for (offer, verdict) in explained {
        writer.on_hand(candidates.node_of(offer), offer.quantity, *verdict);
    }
}
