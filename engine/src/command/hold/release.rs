//! Giving a hold up: a cart was emptied, a quote turned down.

use super::ended::{EndedHold, HoldsEnded};
use super::{ended, in_hand};
use crate::model::digest::fingerprint;
use crate::model::{HoldId, HoldState, Meta, Order, Refusal};
use crate::transaction::attempts::Attempts;
use crate::transaction::command::{Command, Decision};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Gives a hold up. One that lapsed, or was given up before, stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseHold {
    /// Key, origin, time.
    pub meta: Meta,
    /// The hold.
    pub hold: HoldId,
}

impl Command for ReleaseHold {
    type Event = HoldsEnded;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("release", &self.hold))
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<HoldsEnded>, EngineError> {
        let kernel = tx.kernel();
        let order = in_hand(&mut tx.claims, &self.hold).await?;
        if !decide(&order)? {
            return Ok(Decision::Nothing(order.last_lsn));
        }
        let mut attempts = Attempts::begin(kernel);
        loop {
            let holds = vec![EndedHold::of(kernel, &order)?];
            let event = HoldsEnded { state: HoldState::Released, holds };
            let attempt = event.claim(kernel).await?;
            if let Some(claims) = attempts.end(attempt).await? {
                tx.claims.take(claims);
                return Ok(Decision::Event(event));
            }
        }
    }
}

/// Pure: whether units of this hold come free.
fn decide(order: &Order) -> Result<bool, Refusal> {
    match order.header.hold.as_deref().map(|hold| hold.state) {
        Some(HoldState::Live | HoldState::Waiting) => Ok(true),
        Some(HoldState::Released | HoldState::Lapsed) => Ok(false),
        _ => Err(ended(order)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tests::hold_in;
    use super::*;
    use crate::command::fixture::check;
    use crate::model::RefusalKind;

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let has_ended = |state| Err(ended(&hold_in(state)));
        let rows = [
            (HoldState::Live, Ok(true)),
            (HoldState::Waiting, Ok(true)),
            (HoldState::Released, Ok(false)),
            (HoldState::Lapsed, Ok(false)),
            (HoldState::Confirmed, has_ended(HoldState::Confirmed)),
            (HoldState::TakenOver, has_ended(HoldState::TakenOver)),
        ];
        check(rows.map(|(state, expected)| (state, decide(&hold_in(state)), expected)))
    }

    #[test]
    fn what_has_units_gives_them_up_and_what_became_an_order_does_not() {
        table();
    }
}
