//! How many units may wait for an item, over all its nodes, where that has a bound.
//!
//! ```text
//!   durable state has no room ------------> refused
//!   pairs claimed, then all pairs read ---> too many with those in flight: claims are given back,
//!                                           and it waits at a pair of theirs
//! ```
//! A pair shows what is about to wait from its claim on. Of two orders that claim at different
//! pairs, the one that reads later sees both: so the bound is never passed, and no counter is
//! needed beside the pairs.

use smallvec::SmallVec;

use crate::model::{Allocation, NodeNo, Pair, Refusal, SkuNo, Supply};
use crate::planning::{Draft, Wanted};
use crate::state::catalogue::Entry;
use crate::state::stock::{Standing, StockMessage};
use crate::transaction::asked::ask;
use crate::transaction::attempts::{Attempt, Attempts, Ear};
use crate::transaction::bells::Awaited;
use crate::transaction::claims::{Claims, standing_of};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Units of one item that an order lets wait.
struct Waiting<'a> {
    sku: SkuNo,
    entry: &'a Entry,
    max: u64,
    /// By node: those that wait from now on, and those of them that wait already.
    nodes: SmallVec<[(NodeNo, u32, u32); 2]>,
}

/// Units that wait for an item, or are about to.
struct Line {
    waiting: u64,
    about_to_wait: u64,
    /// Whether no event changed a pair while all were read.
    is_of_one_moment: bool,
}

impl Waiting<'_> {
    fn sum(&self, of: impl Fn(u32, u32) -> u32) -> u64 {
        self.nodes.iter().map(|(_, on, had)| u64::from(of(*on, *had))).sum()
    }

    /// How many wait once the order does, of so many.
    fn after(&self, waiting: u64) -> u64 {
        let others = waiting.saturating_sub(self.sum(|_, had| had));
        others + self.sum(|on, _| on)
    }

    fn refusal(&self) -> Refusal {
        let max = u32::try_from(self.max).expect("it was a u32");
        Refusal::BacklogFull { sku: self.entry.sku().clone(), max }
    }
}

/// Whether an order lets units wait for an item that has a bound. Mostly it does not.
pub fn concerns(wanted: &Wanted<'_>, draft: &Draft) -> bool {
    let has_bound =
        |line: usize| wanted.items_of(line).any(|(_, entry)| entry.waiting_max().is_some());
    draft.lacking().any(has_bound)
}

/// Refuses an order whose units durable state has no room for in the line of their item.
///
/// # Errors
/// [`Refusal::BacklogFull`], and what stopped the engine.
pub async fn judge(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    draft: &Draft,
    attempts: &mut Attempts<'_>,
) -> Result<(), EngineError> {
    for of_item in waiting(wanted, draft) {
        loop {
            let line = line(kernel, &of_item).await?;
            if of_item.after(line.waiting) <= of_item.max {
                break;
            }
            // What came free may make room: who asks decides anew once it is settled.
            if !wanted.is_settled() {
                return Ok(());
            }
            // Who has a hold in hand lets go of it before he waits.
            let is_due = !wanted.has_in_hand() && is_due(kernel, wanted, of_item.sku)?;
            if line.is_of_one_moment && !is_due {
                return Err(of_item.refusal().into());
            }
            attempts.end::<()>(Attempt::Overtaken).await?;
        }
    }
    Ok(())
}

/// Whether holds that wait for an item do so no longer: their time had run out when the order came.
fn is_due(kernel: &Kernel, wanted: &Wanted<'_>, sku: SkuNo) -> Result<bool, EngineError> {
    let ends = kernel.state.holds.line_ends(sku);
    let is_due = ends.is_some_and(|until| until <= wanted.at);
    if is_due {
        kernel.hurry_lapses()?;
    }
    Ok(is_due)
}

/// The claims of an order, if it passes no bound together with those in flight. Else they are given
/// back, and the order waits at a pair where others are about to wait.
///
/// # Errors
/// What stopped the engine.
pub async fn room<'a>(
    kernel: &'a Kernel,
    (wanted, draft): (&Wanted<'_>, &Draft),
    claims: Claims<'a>,
) -> Result<Attempt<'a, Claims<'a>>, EngineError> {
    for of_item in waiting(wanted, draft) {
        let line = line(kernel, &of_item).await?;
        // At a pair, only what goes beyond its own was claimed.
        let of_others = line.about_to_wait.saturating_sub(of_item.sum(u32::saturating_sub));
        if of_item.after(line.waiting) + of_others > of_item.max {
            // First: from here on, all that is about to wait is of others.
            drop(claims);
            return in_the_way(kernel, &of_item).await;
        }
    }
    Ok(Attempt::Done(claims))
}

/// The bell of a pair where units of orders in flight are about to wait.
async fn in_the_way<'a, T>(
    kernel: &'a Kernel,
    of_item: &Waiting<'_>,
) -> Result<Attempt<'a, T>, EngineError> {
    for slot in &of_item.entry.row {
        let pair = Pair { sku: of_item.sku, node: slot.node };
        let mut ear = Ear::at(kernel, Awaited::Pair(pair));
        while standing(kernel, pair).await?.about_to_wait > 0 {
            if let Some(bell) = ear.refused() {
                return Ok(Attempt::InTheWay(bell));
            }
        }
    }
    Ok(Attempt::Again)
}

/// The items with a bound for which more units of the order wait than did.
fn waiting<'a>(wanted: &Wanted<'a>, draft: &Draft) -> Vec<Waiting<'a>> {
    let items = draft.lacking().flat_map(|line| wanted.items_of(line));
    let lines = items.filter_map(|(sku, entry)| {
        let max = entry.waiting_max()?.into();
        let mut of_item = Waiting { sku, entry, max, nodes: SmallVec::new() };
        let of_line = |a: &&Allocation| draft.lines[usize::from(a.line)].sku == sku;
        for a in draft.allocations.iter().filter(of_line) {
            if a.supply == Supply::Backorder {
                of_item.at(draft.shipments[usize::from(a.shipment)].node).1 += a.units;
            }
        }
        for peg in wanted.own.iter().flat_map(|own| &own.units) {
            if peg.supply == Supply::Backorder && peg.pair.sku == sku {
                of_item.at(peg.pair.node).2 += peg.units;
            }
        }
        let is_more = of_item.sum(|on, _| on) > of_item.sum(|_, had| had);
        is_more.then_some(of_item)
    });
    lines.collect()
}

impl Waiting<'_> {
    fn at(&mut self, node: NodeNo) -> &mut (NodeNo, u32, u32) {
        let known = self.nodes.iter().position(|(of, ..)| *of == node);
        let known = known.unwrap_or_else(|| {
            self.nodes.push((node, 0, 0));
            self.nodes.len() - 1
        });
        &mut self.nodes[known]
    }
}

/// Reads all pairs of an item.
async fn line(kernel: &Kernel, of_item: &Waiting<'_>) -> Result<Line, EngineError> {
    let applied = kernel.watermark.applied();
    let mut line = Line { waiting: 0, about_to_wait: 0, is_of_one_moment: true };
    for slot in &of_item.entry.row {
        let standing = standing(kernel, Pair { sku: of_item.sku, node: slot.node }).await?;
        line.waiting += u64::from(standing.waiting);
        line.about_to_wait += u64::from(standing.about_to_wait);
        line.is_of_one_moment &= standing.last_lsn <= applied;
    }
    Ok(line)
}

async fn standing(kernel: &Kernel, pair: Pair) -> Result<Standing, EngineError> {
    let cell = kernel.state.cell(pair);
    Ok(standing_of(ask(kernel, cell, StockMessage::ReadStanding).await?))
}

#[cfg(test)]
mod tests;
