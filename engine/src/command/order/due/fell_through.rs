//! An exchange that falls through: what was to go out for units that do not come is cancelled.
//!
//! ```text
//!   a unit of the return is not credited any more --> the order in hand --> its lines are cancelled
//! ```
//! What left for it is the customer's, and charged as anything else that left.

use super::super::cancel::{OrderCancelled, of_lines};
use super::super::cancelled::LineCancellation;
use crate::journal::Ticket;
use crate::model::event::{Numbered, Record};
use crate::model::{Order, Timestamp};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::minting;
use crate::transaction::rests::Resting;

/// The first return of an order, from 0, that fell through and for which something is to be cancelled that can
/// be: of a bundle, not what is left once a part of it went out.
pub(super) fn next(kernel: &Kernel, order: &Order) -> Result<Option<u16>, EngineError> {
    if order.fallen().next().is_none() {
        return Ok(None);
    }
    let resting = Resting::read(kernel, order)?;
    Ok(first(order, &resting))
}

/// Pure: the same, of an order that rests on this supply.
fn first(order: &Order, resting: &Resting) -> Option<u16> {
    order.fallen().find(|no| decide(order, resting, *no).is_some())
}

/// Cancels what of an order in hand was to go out for a return, from 0; none if it is done, or a node
/// keeps it.
pub(super) fn append(
    claims: Claims<'_>,
    order: &Order,
    (no, now): (u16, Timestamp),
) -> Result<Option<Ticket>, EngineError> {
    let resting = Resting::read(claims.kernel(), order)?;
    let Some(event) = decide(order, &resting, no) else { return Ok(None) };
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = minting::append(&claims, record, |written| written)?;
    claims.hand_over();
    Ok(Some(ticket))
}

/// Pure: what is cancelled of an order, as a return of it, from 0, fell through.
fn decide(order: &Order, resting: &Resting, no: u16) -> Option<OrderCancelled> {
    let lines = order.given_up_for(no);
    let lines: Vec<_> =
        lines.iter().filter_map(|(line, units)| cancellation(order, (*line, *units))).collect();
    if lines.is_empty() { None } else { of_lines(order, resting, &lines).ok() }
}

/// A line with its units, or all bundles of which it is the first line.
fn cancellation(order: &Order, (line, units): (u16, u32)) -> Option<LineCancellation> {
    let bundle = order.bundle_of(line);
    let is_first = bundle.is_none_or(|bundle| bundle.line == line);
    let quantity = bundle.map_or(units, |bundle| units / order.each_of(bundle, line));
    // Cancellations count lines from 1.
    let line = u32::from(line) + 1;
    (is_first && quantity > 0).then_some(LineCancellation {
        line,
        quantity,
        of_bundle: bundle.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::order::change::tests::as_placed;
    use crate::command::order::exchange::tests::waiting;
    use crate::command::order::fixture::{left, order};
    use crate::model::returns::{Credit, Decision, Exchange, ExchangeMode, Goods, Return, Status};
    use crate::model::{Due, OrderedBundle, SkuNo};

    /// The order, whose lines are what its customer was to get for a unit that did not come in time. He
    /// returns another one, which may come yet.
    fn fallen(order: Order) -> Order {
        let order = waiting(order);
        let open = order.returns[0].clone();
        let mut fell = open.clone();
        let (goods, decision, credit) = (Goods::Expired, Decision::Authorised, Credit::None);
        fell.lines[0].buckets[0].status = Status { goods, decision, credit };
        let (mode, prices) = (ExchangeMode::Reserve, Vec::new());
        fell.exchange = Some(Exchange { mode, first_line: 0, lines: 2, prices }.into());
        Order { returns: [fell, Return { exchange: None, ..open }].into(), ..order }
    }

    fn first_of(order: &Order) -> Option<u16> {
        first(order, &as_placed(order))
    }

    #[test]
    fn what_fell_through_is_cancelled_before_an_instant_comes() {
        let order = fallen(order());
        assert_eq!(first_of(&order), Some(0));
        assert_eq!(order.next_due().map(|(_, due)| due), Some(Due::FellThrough(0)));
    }

    /// A bundle of which a part left is not cancelled. What else time does to the order is done all the same.
    #[test]
    fn what_cannot_be_cancelled_keeps_no_instant_from_its_turn() {
        let bundle = OrderedBundle { sku: SkuNo(12), units: 1, line: 0, components: 2 };
        let order = fallen(Order { bundles: [bundle].into(), ..left() });
        assert_eq!(order.fallen().collect::<Vec<_>>(), [0]);
        assert_eq!(first_of(&order), None);
        let (at, due) = order.next_timer().expect("the other return is waited for");
        assert_eq!((at, due), (order.returns[1].expires_at, Due::Return(1)));
    }
}
