//! Plans an order on what pairs publish, and confirms that the units which the plan lacks
//! are durably not there.

use smallvec::SmallVec;

use super::seen::look_and_plan;
use crate::actor::Slot;
use crate::model::{Lsn, Pair, Shortage};
use crate::planning::{Draft, Wanted};
use crate::state::stock::{Standing, StockActor, StockMessage};
use crate::transaction::asked::ask;
use crate::transaction::attempts::{Attempt, Attempts, Ear};
use crate::transaction::bells::{Awaited, Listening};
use crate::transaction::claims::standing_of;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Plans until the units that the plan lacks are durably not there. The first plan is made
/// already.
///
/// `NO_PHANTOM_SOLD_OUT`: what counts is whether the pairs of the lines that lack units
/// changed during the look, or are claimed. Under load they mostly are by the time that
/// all pairs of a large order are read. So the lines that lack units are planned once more
/// without the other lines, and the plan mostly [stands] beside the result.
pub async fn confirm(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    first: (Moment<'_>, Draft),
    attempts: &mut Attempts<'_>,
) -> Result<Draft, EngineError> {
    let (mut moment, mut draft) = first;
    loop {
        let lack = moment.lack(wanted, &draft).await?;
        let is_alone = is_alone(wanted, &draft);
        let lack = match lack {
            lack if is_alone || matches!(lack, Attempt::Done(())) => lack,
            _ => {
                let alone = lack_alone(kernel, wanted, &draft, attempts).await?;
                if stands(wanted, &mut draft, &alone) { Attempt::Done(()) } else { Attempt::Again }
            }
        };
        if attempts.end(lack).await?.is_some() {
            return Ok(draft);
        }
        (moment, draft) = (Moment::now(kernel), look_and_plan(kernel, wanted).await?);
    }
}

/// Whether what a draft lacks cannot be told without its other lines: it has none, or they need the
/// same items.
fn is_alone(wanted: &Wanted<'_>, draft: &Draft) -> bool {
    let lacking = draft.lacking().count();
    let with_common = wanted.with_common(draft.lacking()).len();
    lacking == wanted.lines.len() || lacking < with_common || draft.cut_short
}

/// The lines of a draft that lack units are planned without the other lines: answers how
/// many units each of them durably lacks.
async fn lack_alone(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    draft: &Draft,
    attempts: &mut Attempts<'_>,
) -> Result<SmallVec<[u32; 4]>, EngineError> {
    let wanted = wanted.with_lines(draft.lacking());
    loop {
        let (moment, alone) = (Moment::now(kernel), look_and_plan(kernel, &wanted).await?);
        let lack = moment.lack(&wanted, &alone).await?;
        if attempts.end(lack).await?.is_some() {
            return Ok(alone.unfilled);
        }
    }
}

/// Whether a draft stands, when its lacking lines durably lacked `alone` units a moment
/// later. If that is as many as the draft says, or more, it is right to cancel the draft's
/// lack or to let it wait, and the claims decide whether the rest is still there. An order
/// that does not wait is refused if anything is lacking, and is told the later numbers.
fn stands(wanted: &Wanted<'_>, draft: &mut Draft, alone: &[u32]) -> bool {
    if wanted.shortage == Shortage::Reject {
        let said = draft.unfilled.iter_mut().filter(|short| **short > 0);
        said.zip(alone).for_each(|(said, short)| *said = *short);
        return draft.unfilled_units() > 0;
    }
    draft.lacking().zip(alone).all(|(line, short)| *short >= draft.unfilled[line])
}

/// The beginning of a look at what is published.
pub struct Moment<'a> {
    kernel: &'a Kernel,
    /// All of it was shown.
    applied: Lsn,
    /// Whether nothing more was.
    is_quiet: bool,
}

impl<'a> Moment<'a> {
    /// A look begins.
    pub fn now(kernel: &'a Kernel) -> Self {
        let applied = kernel.watermark.applied();
        Self { kernel, applied, is_quiet: kernel.quiet() == Some(applied) }
    }

    /// Whether a draft that was planned since this moment durably lacks its units: no claim
    /// hid any of them, and no event after this moment changed a pair of the lines that
    /// lack units. Then all these pairs were read at one version. A unit that moves between
    /// two reads, from a pair not read yet to one read already, changes both pairs.
    async fn lack(
        &self,
        wanted: &Wanted<'_>,
        draft: &Draft,
    ) -> Result<Attempt<'a, ()>, EngineError> {
        let mut lacking = wanted.with_common(draft.lacking());
        let hidden = lacking.iter().any(|line| draft.is_in_flight(*line));
        if !hidden && self.is_quiet && self.kernel.quiet() == Some(self.applied) {
            return Ok(Attempt::Done(()));
        }
        let mut lack = if hidden { Attempt::Again } else { Attempt::Done(()) };
        // Whatever changes, nothing is there for who waits for a sale to open.
        lacking.retain(|line| !wanted.is_closed(*line));
        while let Some(line) = lacking.pop() {
            let (mut at, hidden) = (0, draft.is_in_flight(line));
            while let Some((sku, entry)) = wanted.item_of(line, at) {
                at += 1;
                for slot in &entry.row {
                    let pair = Pair { sku, node: slot.node };
                    match self.standing(pair, slot, hidden).await? {
                        Err(bell) => return Ok(Attempt::InTheWay(bell)),
                        Ok(standing) if standing.last_lsn > self.applied && !hidden => {
                            lack = Attempt::Overtaken;
                        }
                        Ok(_) => {}
                    }
                }
            }
        }
        Ok(lack)
    }

    /// How a pair stands; its bell while a claim or change in flight there hides supply.
    async fn standing(
        &self,
        pair: Pair,
        slot: Slot<'_, StockActor>,
        hidden: bool,
    ) -> Result<Result<Standing, Listening<'a>>, EngineError> {
        let mut ear = Ear::at(self.kernel, Awaited::Pair(pair));
        loop {
            let standing = standing_of(ask(self.kernel, slot, StockMessage::ReadStanding).await?);
            if !(hidden && standing.in_flight) {
                return Ok(Ok(standing));
            }
            if let Some(bell) = ear.refused() {
                return Ok(Err(bell));
            }
        }
    }
}

#[cfg(test)]
mod tests;
