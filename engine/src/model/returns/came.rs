//! Goods that came back as a partner tells of them: by item, because it knows no lines, and as differences
//! to what it told before. What came, and what was found of it, is one step.

use super::deed::Deed;
use super::draft::Draft;
use super::goods::Grade;
use super::parcel::Stray;
use super::progress::{Reported, ReturnProgress};
use super::refusal::ReturnRefusal;
use super::return_::Return;
use super::steps::Stepped;
use super::table::Act;
use crate::limits::RETURN_STRAYS_MAX;
use crate::model::ids::SkuNo;
use crate::model::time::Timestamp;

/// Goods of one item, beyond what was told before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// The item.
    pub sku: SkuNo,
    /// Units that came more; below zero, units that did not come after all.
    pub units: i64,
    /// Units that were looked at more, by what was found.
    pub graded: Vec<(Grade, u32)>,
}

impl Return {
    /// Takes what came, each item once. Units go to the lines of their item: first to what is awaited, and
    /// what is beyond that is nobody's yet. Of no more units is a grade taken than came and were not looked
    /// at. `sku` is the item of a line of the order.
    ///
    /// # Errors
    /// Fewer units are left than were looked at, or more items came that are of no line than are kept.
    pub fn came(&self, at: Timestamp, came: &[Came], sku: impl Fn(u16) -> SkuNo) -> Stepped {
        let mut draft = Draft::of(self);
        let mut strays = self.strays.to_vec();
        for of in came {
            let is_its = |at: &usize| sku(self.lines[*at].line) == of.sku;
            let places: Vec<usize> = (0..self.lines.len()).filter(is_its).collect();
            if places.is_empty() {
                stray(&mut strays, of)?;
            } else {
                self.spread(&mut draft, &places, of.units)?;
                looked_at(&mut draft, &places, &of.graded);
            }
        }
        let comes = came.iter().any(|of| of.units != 0);
        self.told(draft, at, comes.then_some(strays))
    }

    /// Units of an item that are there, as anybody told: of lines, beyond what was requested, or of no line.
    pub fn recorded(&self, item: SkuNo, sku: impl Fn(u16) -> SkuNo) -> u32 {
        let lines = self.lines.iter().filter(|of| sku(of.line) == item);
        let strays = self.strays.iter().filter(|of| of.sku == item);
        let lines = lines.map(|of| of.arrived() + of.surplus);
        lines.chain(strays.map(|of| of.units)).sum()
    }

    /// Brings more units, or fewer, to lines of one item.
    fn spread(&self, draft: &mut Draft, places: &[usize], units: i64) -> Result<(), ReturnRefusal> {
        let mut left = u32::try_from(units.unsigned_abs()).unwrap_or(u32::MAX);
        let last = places[places.len() - 1];
        for &at in places.iter().filter(|_| units > 0) {
            let awaited = draft.lines[at].awaited();
            let more = if at == last { left } else { left.min(awaited) };
            self.settle(draft, at, known(draft, at).saturating_add(more))?;
            left -= more;
        }
        for &at in places.iter().rev().filter(|_| units < 0) {
            let line = &draft.lines[at];
            let may_go = line.surplus + line.movable(&|status| self.not_come(status));
            let fewer = if at == places[0] { left } else { left.min(may_go) };
            self.settle(draft, at, known(draft, at).saturating_sub(fewer))?;
            left -= fewer;
        }
        Ok(())
    }

    /// The step; none where nothing changes. `strays` are those that are there now, if anything came.
    fn told(&self, draft: Draft, at: Timestamp, strays: Option<Vec<Stray>>) -> Stepped {
        let lines = (0u16..).zip(self.lines.iter().zip(&draft.lines));
        let surplus = lines.filter(|(_, (before, now))| before.surplus != now.surplus);
        let surplus: Vec<_> = surplus.map(|(at, (_, now))| (at, now.surplus)).collect();
        let act = if strays.is_some() { Act::Receive } else { Act::Inspect };
        let is_other = |strays: &Vec<Stray>| strays.as_slice() != &*self.strays;
        let is_news = !surplus.is_empty() || strays.as_ref().is_some_and(is_other);
        let revision = self.revision.saturating_add(1);
        let report = strays.map(|strays| Reported { revision, surplus, strays });
        let (sent, node) = (None, None);
        let none = ReturnProgress { at, act, moves: vec![], report: None, sent, node };
        let moved = draft.finish(at, act)?.or(is_news.then_some(none));
        Ok(moved.map(|step| ReturnProgress { report, ..step }))
    }
}

/// Units of the line at a place that are there.
fn known(draft: &Draft, at: usize) -> u32 {
    draft.lines[at].arrived() + draft.lines[at].surplus
}

/// Units of an item that no line has.
fn stray(strays: &mut Vec<Stray>, of: &Came) -> Result<(), ReturnRefusal> {
    let at = strays.partition_point(|known| known.sku < of.sku);
    let is_known = strays.get(at).is_some_and(|known| known.sku == of.sku);
    let before = if is_known { i64::from(strays[at].units) } else { 0 };
    let units = u32::try_from((before + of.units).max(0)).unwrap_or(u32::MAX);
    match (is_known, units) {
        (true, 0) => drop(strays.remove(at)),
        (true, _) => strays[at].units = units,
        (false, 0) => {}
        (false, _) => strays.insert(at, Stray { sku: of.sku, units }),
    }
    if strays.len() > RETURN_STRAYS_MAX { Err(ReturnRefusal::TooManyStrays) } else { Ok(()) }
}

/// Grades units of lines of one item that came and were not looked at.
fn looked_at(draft: &mut Draft, places: &[usize], graded: &[(Grade, u32)]) {
    for (grade, units) in graded {
        let mut left = *units;
        for &at in places {
            let change = &|status: super::status::Status| status.after(Deed::Inspect(*grade));
            let units = draft.lines[at].movable(change).min(left);
            draft.move_units(at, change, units);
            left -= units;
        }
    }
}
