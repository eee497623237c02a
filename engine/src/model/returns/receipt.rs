//! What a node reports of what came: totals, not increments, so that a report that comes twice, or late,
//! or with a correction, needs no case of its own.

use super::deed::Deed;
use super::draft::Draft;
use super::parcel::Stray;
use super::progress::{Reported, ReturnProgress};
use super::refusal::ReturnRefusal;
use super::return_::Return;
use super::status::Status;
use super::steps::Stepped;
use super::table::{Act, Obstacle};
use crate::limits::RETURN_STRAYS_MAX;
use crate::model::stock::LineUnits;
use crate::model::time::Timestamp;

/// What came of a return so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When it is reported.
    pub at: Timestamp,
    /// A higher one replaces what a lower one said.
    pub revision: u32,
    /// Units by line of the order, from 0, each line once. A line that is not named stays as it was said.
    pub lines: LineUnits,
    /// Units of items that are of no line, each item once; 0 for none after all.
    pub strays: Vec<Stray>,
}

impl Return {
    /// A node reports what came. What is more than was requested is there too, and nobody's yet; what is
    /// less than was reported before did not come after all.
    ///
    /// # Errors
    /// The report is older than one that was taken, or says less than was looked at already.
    pub fn receive(&self, receipt: &Receipt) -> Stepped {
        let revision = receipt.revision;
        if revision < self.revision {
            return Err(ReturnRefusal::Stale { known: self.revision });
        }
        let mut draft = Draft::of(self);
        let mut surplus = Vec::new();
        for (line, total) in &receipt.lines {
            let at = self.place(*line).ok_or(ReturnRefusal::UnknownLine { line: *line })?;
            self.settle(&mut draft, at, *total)?;
            let beyond = draft.lines[at].surplus;
            if beyond != self.lines[at].surplus {
                surplus.push((u16::try_from(at).expect("few lines"), beyond));
            }
        }
        let strays = self.strays_with(&receipt.strays);
        if strays.len() > RETURN_STRAYS_MAX {
            return Err(ReturnRefusal::TooManyStrays);
        }
        self.report(draft, receipt.at, Reported { revision, surplus, strays })
    }

    /// Ends a report: nothing if it is the last one again.
    fn report(&self, draft: Draft, at: Timestamp, report: Reported) -> Stepped {
        let moves = draft.finish(at, Act::Receive)?.map_or(vec![], |step| step.moves);
        let is_same = moves.is_empty()
            && report.surplus.is_empty()
            && report.strays.as_slice() == &*self.strays;
        match (report.revision == self.revision, is_same) {
            (true, true) => Ok(None),
            (true, false) => Err(ReturnRefusal::RevisionReused { revision: report.revision }),
            (false, _) => {
                let report = Some(report);
                let (sent, node) = (None, None);
                Ok(Some(ReturnProgress { at, act: Act::Receive, moves, report, sent, node }))
            }
        }
    }

    /// Brings the line at a place to so many units that came.
    pub(super) fn settle(
        &self,
        draft: &mut Draft,
        at: usize,
        total: u32,
    ) -> Result<(), ReturnRefusal> {
        let line = &mut draft.lines[at];
        let known = line.arrived() + line.surplus;
        if total >= known {
            let more = total - known;
            let units = more.min(line.awaited());
            line.surplus += more - units;
            draft.move_units(at, &|status| status.after(Deed::Receive), units);
            return Ok(());
        }
        let beyond = line.surplus.min(known - total);
        let units = known - total - beyond;
        let not_seen = line.movable(&|status| self.not_come(status));
        if units > not_seen {
            let least = line.arrived() - not_seen;
            return Err(ReturnRefusal::BelowInspected { line: line.line, least });
        }
        line.surplus -= beyond;
        draft.move_units(at, &|status| self.not_come(status), units);
        Ok(())
    }

    /// A unit that did not come after all: it is on its way if the goods were sent.
    pub(super) fn not_come(&self, status: Status) -> Result<Status, Obstacle> {
        let expected = status.after(Deed::Correct)?;
        match self.sent {
            Some(_) if expected != status => expected.after(Deed::Send),
            _ => Ok(expected),
        }
    }

    /// The strays, with those that a report names as it says.
    fn strays_with(&self, named: &[Stray]) -> Vec<Stray> {
        let is_named = |known: &&Stray| named.iter().any(|stray| stray.sku == known.sku);
        let others = self.strays.iter().filter(|known| !is_named(known));
        let mut all: Vec<Stray> = others.chain(named).copied().collect();
        all.retain(|stray| stray.units > 0);
        all.sort_by_key(|stray| stray.sku);
        all
    }
}
