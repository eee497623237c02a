//! A step of a return: granted, sent, received, looked at, disposed of, or cancelled.

mod decide;
mod step;
#[cfg(test)]
pub(crate) mod tests;

pub use step::ReturnStep;

use crate::command::order::returned::{ReturnProgressed, Shelf};
use crate::limits::{
    LINE_UNITS_MAX, ORDER_LINES_MAX, RETURN_DAYS_MAX, RETURN_STRAYS_MAX, STOCK_UNITS_MAX,
};
use crate::model::check::{days_ahead, finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::returns::{Finding, Reduction, Verdict};
use crate::model::{Meta, OrderId, ReturnId, Rule, Sku, Violation};
use crate::transaction::attempts::Attempts;
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::edits::edit_all;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Reports, or decides, a step of a return. Said again, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressReturn {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The return.
    pub id: ReturnId,
    /// The step.
    pub step: ReturnStep,
}

impl ProgressReturn {
    /// Checks lines, counts and days.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        let lines = self.step.lines();
        if lines.len() > ORDER_LINES_MAX {
            let rule = Rule::TooMany { max: ORDER_LINES_MAX };
            return Err(vec![Violation::new("lines", lines.len(), rule)]);
        }
        // Of what came in, none after all is a correction.
        let least = i64::from(!matches!(self.step, ReturnStep::Receive { .. }));
        for (at, (line, units)) in lines.iter().enumerate() {
            if lines[..at].iter().any(|(other, _)| other == line) {
                let field = format!("lines[{at}].line_index");
                found.push(Violation::new(field, *line, Rule::Duplicate));
            }
            let max = LINE_UNITS_MAX.into();
            in_range(&mut found, format!("lines[{at}].quantity"), (*units).into(), least, max);
        }
        if self.step.is_of_some() && self.meta.request_id.is_none() {
            found.push(Violation::new("request_id", "", Rule::Required));
        }
        match &self.step {
            ReturnStep::Send { eta: Some(eta), .. } => {
                days_ahead(&mut found, "eta", (self.meta.at, *eta), RETURN_DAYS_MAX);
            }
            ReturnStep::Receive { revision, lines, strays, .. } => {
                in_range(&mut found, "revision".into(), (*revision).into(), 1, i64::from(u32::MAX));
                if lines.is_empty() && strays.is_empty() {
                    found.push(Violation::new("lines", "", Rule::Required));
                }
                check_strays(&mut found, strays);
            }
            _ => {}
        }
        finish(found)
    }
}

fn check_strays(found: &mut Vec<Violation>, strays: &[(Sku, u32)]) {
    if strays.len() > RETURN_STRAYS_MAX {
        let rule = Rule::TooMany { max: RETURN_STRAYS_MAX };
        found.push(Violation::new("others", strays.len(), rule));
        return;
    }
    for (at, (sku, units)) in strays.iter().enumerate() {
        if strays[..at].iter().any(|(other, _)| other == sku) {
            found.push(Violation::new(format!("others[{at}].sku"), sku, Rule::Duplicate));
        }
        let field = format!("others[{at}].quantity");
        in_range(found, field, (*units).into(), 0, STOCK_UNITS_MAX.into());
    }
}

impl Command for ProgressReturn {
    type Event = ReturnProgressed;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let of = (&self.order, &self.id);
        let units = self.step.lines().to_vec();
        match &self.step {
            ReturnStep::Decide { granted } => fingerprint(&("decide_return", of, granted)),
            ReturnStep::Cancel(_) => fingerprint(&("cancel_return", of, units)),
            ReturnStep::Send { carrier, tracking, eta, .. } => {
                fingerprint(&("send_return", of, carrier, tracking, eta, units))
            }
            ReturnStep::Receive { revision, node, strays, .. } => {
                fingerprint(&("receive_return", of, revision, node, units, strays))
            }
            ReturnStep::Inspect { finding: Finding { grade, verdict, disposition }, .. } => {
                let verdict = verdict.map(print);
                fingerprint(&("inspect_return", of, units, grade, verdict, disposition))
            }
            ReturnStep::Dispose { how, .. } => fingerprint(&("dispose_return", of, units, how)),
            ReturnStep::Lose(_) => fingerprint(&("lose_return", of, units)),
            ReturnStep::GrantLost(_) => fingerprint(&("grant_lost_return", of, units)),
        }
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ReturnProgressed>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        let named = self.step.named(tx.state())?;
        let Some(mut event) = decide::decide(&order, &self.id, (&self.step, &named), self.meta.at)?
        else {
            return Ok(Decision::Nothing(order.last_lsn));
        };
        let proposals = event.proposals(&order);
        let mut attempts = Attempts::begin(tx.kernel());
        let decided = loop {
            let attempt = edit_all(&mut tx.claims, &proposals).await?;
            if let Some(decided) = attempts.end(attempt).await? {
                break decided;
            }
        };
        let changes = proposals.iter().zip(decided);
        let shelves = changes.filter_map(|((pair, _), change)| Some(Shelf::of(*pair, &change?)));
        event.shelves = shelves.collect();
        Ok(Decision::Event(event))
    }
}

/// A verdict as fingerprints have it: basis points by which the value is reduced.
fn print(verdict: Verdict) -> u16 {
    match verdict {
        Verdict::Approve => 0,
        Verdict::Reduce(by) => by.basis_points(),
        Verdict::Reject => Reduction::WHOLE + 1,
    }
}
