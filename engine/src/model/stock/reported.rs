//! What a partner's message comes to at a pair: several changes that are decided one after the other, and
//! happen in one event, or not at all.

use super::bounds::not_more;
use super::{Refused, Reported, Serves, Stock, StockChange, StockEffect};
use crate::model::digest::StateHash;
use crate::model::ids::{InboundId, NodeNo, Pair, SkuNo};

/// A copy of a stock is at no pair.
const NOWHERE: Pair = Pair { sku: SkuNo(0), node: NodeNo(0) };

impl Stock {
    /// Decides the steps one after the other, each on what the ones before leave.
    pub(super) fn reported(&self, steps: &[Reported]) -> Result<StockChange, Refused> {
        let mut after = self.clone();
        let mut changes = Vec::with_capacity(steps.len());
        for step in steps {
            let change = match step {
                Reported::Operation(operation) => after.operate(operation)?,
                Reported::TakeBack { id, quantity } => after.taken_back(id, *quantity)?,
            };
            after.changed(&change);
            changes.push(change);
        }
        Ok(StockChange::Reported(changes))
    }

    /// What is free after all of these changes.
    pub(super) fn free_reported(&self, changes: &[StockChange]) -> i64 {
        let mut after = self.clone();
        for change in changes {
            after.changed(change);
        }
        after.free()
    }

    /// Takes a change, as a copy does that only looks where it leads.
    fn changed(&mut self, change: &StockChange) {
        let effect = StockEffect::Change { change: change.clone(), serves: Serves::Backlog };
        self.apply(NOWHERE, self.last_lsn.next(), &effect, &mut StateHash::default());
    }

    /// Units of a supply did not come after all. They have to be there still, and not be such as
    /// cannot be sold: those are taken back before.
    fn taken_back(&self, id: &InboundId, quantity: u32) -> Result<StockChange, Refused> {
        if self.open(id).is_none() && self.closed(id).is_none() {
            return Err(Refused::UnknownInbound);
        }
        not_more("on_hand", quantity, self.good())?;
        Ok(StockChange::ReceiptTakenBack { id: id.clone(), quantity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;
    use crate::model::{StockOperation, Text};

    fn id() -> InboundId {
        InboundId::new("id", "PO-1").expect("a name")
    }

    fn receive(quantity: u32, closes: bool) -> Reported {
        Reported::Operation(StockOperation::ReceiveInbound { id: id(), quantity, closes })
    }

    fn damage(unavailable_delta: i32) -> Reported {
        let reason = Text::new("reason", "damaged").expect("a text");
        let operation = StockOperation::Adjust { on_hand_delta: 0, unavailable_delta, reason };
        Reported::Operation(operation)
    }

    fn take_back(quantity: u32) -> Reported {
        Reported::TakeBack { id: id(), quantity }
    }

    /// Ten units of a supply are on their way.
    fn awaited() -> Stock {
        let mut stock = Stock::default();
        let eta = Timestamp::from_micros(1);
        let operation = StockOperation::AnnounceInbound { id: id(), quantity: 10, eta };
        let change = stock.operate(&operation).expect("it is announced");
        stock.changed(&change);
        stock
    }

    /// On hand, unavailable, received and still to come of the supply while it is open, free.
    type Is = (u32, u32, Option<(u32, u32)>, i64);

    #[test]
    fn a_message_comes_to_exactly_this() {
        let rows: [(&[&[Reported]], Is); 6] = [
            (&[&[receive(8, false), damage(1)]], (8, 1, Some((8, 2)), 7)),
            (&[&[receive(8, false)], &[take_back(3)]], (5, 0, Some((5, 5)), 5)),
            (
                &[&[receive(8, false), damage(2)], &[damage(-2), take_back(8)]],
                (0, 0, Some((0, 10)), 0),
            ),
            (&[&[receive(8, true)], &[take_back(1)]], (7, 0, None, 7)),
            (&[&[receive(12, false)]], (12, 0, None, 12)),
            (&[&[receive(0, true)]], (0, 0, None, 0)),
        ];
        for (messages, wanted) in rows {
            let mut stock = awaited();
            for steps in messages {
                let change = stock.reported(steps).expect("it is taken");
                let StockChange::Reported(changes) = &change else { panic!("{change:?}") };
                let free = stock.free_reported(changes);
                stock.changed(&change);
                assert_eq!(stock.free(), free, "{messages:?}");
            }
            let open = stock.open(&id()).map(|open| (open.received, open.quantity));
            let is = (stock.on_hand, stock.unavailable, open, stock.free());
            assert_eq!(is, wanted, "{messages:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_taken_back_and_nothing_else_happens() {
        let mut stock = awaited();
        let change = stock.reported(&[receive(8, false), damage(1)]).expect("it is taken");
        stock.changed(&change);
        assert!(stock.reported(&[take_back(8)]).is_err(), "one of them cannot be sold");
        assert!(stock.reported(&[receive(1, false), take_back(9)]).is_err());
        assert_eq!(Stock::default().reported(&[take_back(1)]), Err(Refused::UnknownInbound));
    }
}
