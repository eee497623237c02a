//! Goods of a return that do not come in time.
//!
//! ```text
//!   a credit before the goods --its deadline passes--> taken back
//!   goods that are expected, or on their way --the return's time passes--> expired
//! ```
//! What comes later is taken when it comes.

use crate::command::order::returned::ReturnProgressed;
use crate::journal::Ticket;
use crate::model::event::{Numbered, Record};
use crate::model::returns::{Return, ReturnProgress};
use crate::model::{Order, Timestamp};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::minting;

/// Does to a return of an order in hand, from 0, what is due of it by now; none if it is done.
pub(super) fn append(
    claims: Claims<'_>,
    order: &Order,
    (no, now): (u16, Timestamp),
) -> Result<Option<Ticket>, EngineError> {
    let Some(event) = decide(order, no, now) else { return Ok(None) };
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = minting::append(&claims, record, |written| written)?;
    claims.hand_over();
    Ok(Some(ticket))
}

/// Pure: what time does to a return, from 0.
fn decide(order: &Order, no: u16, now: Timestamp) -> Option<ReturnProgressed> {
    let step = late(&order.returns[usize::from(no)], now)?;
    Some(ReturnProgressed::new(order, no, step))
}

/// The first of what time does that it has not done yet.
fn late(of: &Return, now: Timestamp) -> Option<ReturnProgress> {
    let owes = of.lines.iter().any(|line| line.advanced() > 0);
    let charged_back = owes.then(|| of.charge_back(now).ok().flatten()).flatten();
    charged_back.or_else(|| of.expire(now).ok().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::fixture::AT;
    use crate::command::order::returns::progress::tests::asked;
    use crate::model::returns::{Credit, GoodsState, ReturnMode};
    use crate::model::{Due, Effect, Lsn};
    use crate::transaction::command::Effective;

    const DAY: i64 = 24 * 60 * 60 * 1_000_000;

    fn after(mut order: Order, event: ReturnProgressed) -> Order {
        for effect in event.effects() {
            let effect = match effect {
                Effect::Order(_, effect) => effect,
                Effect::Document(_) => continue,
                other => panic!("no pair changes: {other:?}"),
            };
            order.apply(Lsn::new(20), &effect);
        }
        order.check().expect("it is sound");
        order
    }

    #[test]
    fn goods_that_do_not_come_expire_once() {
        let order = asked(ReturnMode::Normal);
        let (at, due) = order.next_due().expect("it is waited for");
        assert_eq!((at, due), (AT.saturating_add_micros(30 * DAY), Due::Return(0)));
        let order = after(order.clone(), decide(&order, 0, at).expect("it is due"));
        let of = &order.returns[0];
        assert_eq!(of.lines[0].sum(|status| status.goods.state() == GoodsState::Expired), 2);
        assert_eq!(order.next_due(), None);
    }

    /// The deadline of the credit passes first, and the goods may come until the return's time passes.
    #[test]
    fn a_credit_before_the_goods_is_taken_back_and_the_goods_are_waited_for() {
        let order = asked(ReturnMode::Advance);
        let (at, due) = order.next_due().expect("it is waited for");
        assert_eq!((at, due), (AT.saturating_add_micros(14 * DAY), Due::Return(0)));
        let order = after(order.clone(), decide(&order, 0, at).expect("it is due"));
        let of = &order.returns[0];
        assert_eq!(of.lines[0].sum(|status| status.credit == Credit::ChargedBack), 2);
        let (at, _) = order.next_due().expect("the goods are waited for");
        let order = after(
            Order { last_lsn: Lsn::new(9), ..order.clone() },
            decide(&order, 0, at).expect("it is due"),
        );
        assert_eq!(order.next_due(), None);
    }
}
