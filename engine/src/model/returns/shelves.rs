//! What a step of a return changes in the books of the node where its goods come in.

use super::progress::ReturnProgress;
use super::return_::Return;
use crate::model::ids::SkuNo;

/// What a step changes of one item at the node of the return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelved {
    /// The item.
    pub sku: SkuNo,
    /// Units that are there more, or less when below zero.
    pub on_hand: i64,
    /// Units more that cannot be sold, or less when below zero.
    pub unavailable: i64,
}

impl Return {
    /// What a step that is about to be taken changes at the node, by item, ascending, each once: units of
    /// its lines, those beyond what was requested, and what came of other items. Nobody sells what is
    /// nobody's yet. `sku` is the item of a line of the order.
    pub fn shelved(&self, step: &ReturnProgress, sku: impl Fn(u16) -> SkuNo) -> Vec<Shelved> {
        let mut all: Vec<Shelved> = Vec::new();
        for (at, line) in (0u16..).zip(&self.lines) {
            let (on_hand, unavailable) = step.on_shelf(at);
            let beyond = self.surplus_moved(step, at);
            let sku = sku(line.line);
            all.push(Shelved { sku, on_hand: on_hand + beyond, unavailable: unavailable + beyond });
        }
        all.extend(self.strays_moved(step));
        all.sort_by_key(|of| of.sku);
        all.dedup_by(|next, sum| {
            let is_same = next.sku == sum.sku;
            if is_same {
                sum.on_hand += next.on_hand;
                sum.unavailable += next.unavailable;
            }
            is_same
        });
        all.retain(|of| (of.on_hand, of.unavailable) != (0, 0));
        all
    }

    /// By how much units of a line of the return, from 0, are more that nobody requested.
    fn surplus_moved(&self, step: &ReturnProgress, line: u16) -> i64 {
        let told = step.report.iter().flat_map(|report| &report.surplus);
        let told = told.filter(|(at, _)| *at == line).map(|(_, units)| i64::from(*units)).next();
        told.map_or(0, |units| units - i64::from(self.lines[usize::from(line)].surplus))
    }

    /// What came more, or did not come after all, of items that are of no line.
    fn strays_moved<'a>(&'a self, step: &'a ReturnProgress) -> impl Iterator<Item = Shelved> + 'a {
        let told = step.report.as_ref().map(|report| &report.strays[..]);
        let known = told.map(|_| &self.strays[..]).unwrap_or_default();
        let of = |sku, units: i64| Shelved { sku, on_hand: units, unavailable: units };
        let gone = known.iter().map(move |stray| of(stray.sku, -i64::from(stray.units)));
        let there = told.unwrap_or_default();
        gone.chain(there.iter().map(move |stray| of(stray.sku, i64::from(stray.units))))
    }
}
