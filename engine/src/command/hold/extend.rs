//! Holding for longer: the customer asks for more time, or his payment is on its way.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::{ended, in_hand};
use crate::limits::{
    HOLD_EXTENSIONS_MAX, HOLD_GRACE_SECONDS, HOLD_LIFE_SECONDS_MAX, HOLD_SECONDS_MAX,
};
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    HoldId, HoldState, Meta, Order, OrderEffect, OrderNo, Refusal, Timestamp, Violation,
};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Has a live hold lapse later. It never lapses earlier by this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendHold {
    /// Key, origin, time.
    pub meta: Meta,
    /// The hold.
    pub hold: HoldId,
    /// For how long.
    pub by: Extension,
}

/// For how long a hold is extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// So many seconds from now, 1 to [`HOLD_SECONDS_MAX`]. A hold is extended so
    /// [`HOLD_EXTENSIONS_MAX`] times at most.
    Seconds(u32),
    /// [`HOLD_GRACE_SECONDS`] from now, because a payment has begun. A hold is given this
    /// once; a second time nothing changes.
    PaymentStarted,
}

/// A hold lapses later.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldExtended {
    /// Its number as an order.
    #[n(0)]
    pub no: OrderNo,
    /// Its id.
    #[n(1)]
    pub id: HoldId,
    /// When it lapses.
    #[n(2)]
    pub until: Timestamp,
    /// Whether that is the grace for a payment.
    #[n(3)]
    pub for_payment: bool,
}

impl ExtendHold {
    /// Checks for how long.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if let Extension::Seconds(seconds) = self.by {
            let (field, max) = ("seconds".to_owned(), i64::from(HOLD_SECONDS_MAX));
            in_range(&mut found, field, i64::from(seconds), 1, max);
        }
        finish(found)
    }
}

impl Command for ExtendHold {
    type Event = HoldExtended;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let seconds = match self.by {
            Extension::Seconds(seconds) => seconds,
            Extension::PaymentStarted => 0,
        };
        fingerprint(&("extend", &self.hold, seconds))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<HoldExtended>, EngineError> {
        let order = in_hand(&mut tx.claims, &self.hold).await?;
        Ok(match decide(&order, self.by, self.meta.at)? {
            Some(event) => Decision::Event(event),
            None => Decision::Nothing(order.last_lsn),
        })
    }
}

/// Pure: until when a hold is extended at an instant; none if nothing changes.
fn decide(order: &Order, by: Extension, now: Timestamp) -> Result<Option<HoldExtended>, Refusal> {
    let Some(hold) = order.open_hold() else { return Err(ended(order)) };
    if hold.state == HoldState::Waiting {
        return Err(Refusal::HoldWaits { hold_id: hold.id.clone() });
    }
    let after = |from: Timestamp, seconds: u32| from.saturating_add_micros(micros(seconds));
    let last = hold.until_max();
    let at_limit = |limit: String| Err(Refusal::HoldAtLimit { hold_id: hold.id.clone(), limit });
    let (until, for_payment) = match by {
        Extension::PaymentStarted if hold.is_paying => return Ok(None),
        Extension::PaymentStarted => (after(now, HOLD_GRACE_SECONDS).min(last), true),
        Extension::Seconds(_) if hold.extended >= HOLD_EXTENSIONS_MAX => {
            return at_limit(format!("{HOLD_EXTENSIONS_MAX} extensions"));
        }
        Extension::Seconds(seconds) => (after(now, seconds), false),
    };
    if until > last {
        return at_limit(format!("{HOLD_LIFE_SECONDS_MAX} seconds from its beginning"));
    }
    let until = until.max(hold.until);
    Ok(Some(HoldExtended { no: order.no, id: hold.id.clone(), until, for_payment }))
}

fn micros(seconds: u32) -> i64 {
    i64::from(seconds) * 1_000_000
}

impl Effective for HoldExtended {
    fn effects(self) -> Effects {
        let Self { no, until, for_payment, .. } = self;
        vec![Effect::Order(no, OrderEffect::Extend { until, for_payment })]
    }
}

impl Event for HoldExtended {
    fn describe(&self) -> Value {
        let Self { no, id, until, for_payment } = self;
        json!({
            "hold_id": id.as_str(), "order_no": no.0, "until": until.to_string(),
            "for_payment": for_payment,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tests::{CREATED, held, hold_in};
    use super::*;
    use crate::command::fixture::{check, said};
    use crate::model::{Lsn, RefusalKind};

    const SECOND: i64 = 1_000_000;

    /// The live hold, which lapses a minute after it was created, after these extensions.
    fn extended(by: &[Extension]) -> Order {
        let mut order = hold_in(HoldState::Live);
        for (by, lsn) in by.iter().zip(2..) {
            let event = decide(&order, *by, CREATED).expect("it may be extended").expect("anew");
            let HoldExtended { until, for_payment, .. } = event;
            order.apply(Lsn::new(lsn), &OrderEffect::Extend { until, for_payment });
        }
        order
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let once = Extension::Seconds(1);
        let at_limit = |limit: &str| {
            let (hold_id, limit) = (held().id, limit.into());
            Err(Refusal::HoldAtLimit { hold_id, limit })
        };
        let until = |seconds| Ok(Some(seconds));
        let waits = Err(Refusal::HoldWaits { hold_id: held().id });
        let released = hold_in(HoldState::Released);
        let rows = [
            (extended(&[]), Extension::Seconds(90), 10, until(100)),
            (extended(&[]), Extension::Seconds(10), 10, until(60)),
            (extended(&[]), Extension::PaymentStarted, 10, until(610)),
            (extended(&[Extension::PaymentStarted]), Extension::PaymentStarted, 10, Ok(None)),
            (extended(&[once; 2]), Extension::Seconds(90), 10, until(100)),
            (extended(&[once; 3]), once, 10, at_limit("3 extensions")),
            (extended(&[once; 3]), Extension::PaymentStarted, 10, until(610)),
            (extended(&[]), Extension::Seconds(60), 259_140, until(259_200)),
            (
                extended(&[]),
                Extension::Seconds(61),
                259_140,
                at_limit("259200 seconds from its beginning"),
            ),
            (extended(&[]), Extension::PaymentStarted, 259_140, until(259_200)),
            (hold_in(HoldState::Waiting), once, 10, waits),
            (released.clone(), once, 10, Err(ended(&released))),
        ];
        check(rows.map(|(order, by, at, expected)| {
            let now = CREATED.saturating_add_micros(at * SECOND);
            let seconds =
                |event: HoldExtended| (event.until.as_micros() - CREATED.as_micros()) / SECOND;
            let came_to = decide(&order, by, now).map(|event| event.map(seconds));
            ((by, at), came_to, expected)
        }))
    }

    #[test]
    fn a_hold_is_extended_within_its_limits() {
        table();
    }

    #[test]
    fn a_hold_is_extended_by_a_second_to_a_day() {
        let meta = crate::command::fixture::meta();
        let by = |seconds| {
            let (meta, by) = (meta.clone(), Extension::Seconds(seconds));
            said(ExtendHold { meta, hold: held().id, by }.validate())
        };
        assert_eq!([by(1), by(86_400)].concat(), [""; 0]);
        assert_eq!(by(0), ["seconds: \"0\" is not within 1 to 86400"]);
        assert_eq!(by(31_536_000), ["seconds: \"31536000\" is not within 1 to 86400"]);
    }
}
