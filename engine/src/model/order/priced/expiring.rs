//! An order of which an authorisation ends: what time does to it, and the hold that it is put on.

use crate::limits::ORDER_HOLDS_MAX;
use crate::model::ids::{OrderHoldId, Text};
use crate::model::money::Minor;
use crate::model::order::money::{ExpiryStep, OrderMoney, PaymentTold, Telling};
use crate::model::order::{Order, OrderHold, OrderHoldKind};
use crate::model::time::Timestamp;

/// The id of the hold that an order is put on whose authorisation ends.
const HOLD_ID: &str = "authorisation";
/// Who puts it on hold.
const HOLD_OWNER: &str = "backstock";

impl Order {
    /// What time does by now to the authorisation of a payment, from 0, of which something is due.
    pub fn sees_to(&self, payment: u16, now: Timestamp) -> PaymentTold {
        let money = self.money.as_deref().expect("REPLAY_EQUAL: only what has prices is paid");
        let (step, amount) = (money.expiry_step(payment, now), money.open_of(payment));
        let plain = Telling::Ending { payment, step, amount, hold: None };
        if step == ExpiryStep::Renew || !self.lacks_by(&plain, now) {
            return PaymentTold { at: now, told: plain };
        }
        let hold = self.hold_for(payment, now).map(Box::new);
        PaymentTold { at: now, told: Telling::Ending { payment, step, amount, hold } }
    }

    /// Whether something is to leave that is not paid for once that is told: of units that a node began with,
    /// only where nothing pays for them any more.
    fn lacks_by(&self, told: &Telling, now: Timestamp) -> bool {
        let mut after = self.clone();
        after.pay(&PaymentTold { at: now, told: told.clone() });
        let is_to_leave = |at: u16| {
            let may_wait = self.shipments[usize::from(at)].may_be_joined(now);
            (may_wait || !after.is_secured()) && self.allocations_of(at).any(|of| of.open() > 0)
        };
        !after.is_covered() && (0..super::count(self.shipments.len())).any(is_to_leave)
    }

    /// The hold on it because a payment, from 0, is not authorised for much longer; none if it has one, or has
    /// as many holds as it may.
    fn hold_for(&self, payment: u16, now: Timestamp) -> Option<OrderHold> {
        let id = OrderHoldId::new("order_hold_id", HOLD_ID).expect("it is an id");
        if self.order_hold(&id).is_some() || self.order_holds.len() >= ORDER_HOLDS_MAX {
            return None;
        }
        let payment = &self.money.as_deref()?.payments[usize::from(payment)].id;
        let text = |text: String| Text::new("reason", text).expect("an id and some words fit");
        let reason = text(format!("the authorisation of payment {payment} ends"));
        let (kind, owner) = (OrderHoldKind::Payment, text(HOLD_OWNER.into()));
        Some(OrderHold { id, kind, reason, owner, since: now, stock_until: None, let_go: false })
    }

    /// The hold that it is on because an authorisation ends, if it is.
    pub(in crate::model::order) fn payment_hold(&self) -> Option<&OrderHold> {
        self.order_holds.iter().find(|hold| {
            let ours = (hold.id.as_str(), hold.owner.as_str()) == (HOLD_ID, HOLD_OWNER);
            ours && hold.kind == OrderHoldKind::Payment
        })
    }

    /// Whether it is paid for by what does not end soon.
    fn is_covered(&self) -> bool {
        let is_covered = |money: &OrderMoney| money.secured_for_long() >= money.total();
        self.money.as_deref().is_none_or(is_covered)
    }

    /// Carries out what was told of its money. What covers it again ends the hold that it is on for want of
    /// that.
    pub(in crate::model::order) fn pay(&mut self, told: &PaymentTold) {
        self.money_mut().tell(told);
        if let Telling::Ending { hold: Some(hold), .. } = &told.told {
            self.put_on_hold(hold);
        } else if let Some(id) = self.payment_hold().map(|hold| hold.id.clone())
            && self.is_covered()
        {
            self.end_order_hold(&id);
        }
    }

    /// The hold that ends as that is told, if one does.
    pub(in crate::model::order) fn hold_ended_by(&self, told: &PaymentTold) -> Option<OrderHold> {
        let hold = self.payment_hold()?;
        let mut after = self.clone();
        after.pay(told);
        after.payment_hold().is_none().then(|| hold.clone())
    }

    /// What is set aside of it by authorisations that are over, by payment, from 0.
    pub(super) fn over_by(&self, now: Timestamp) -> Option<Vec<(u16, Minor)>> {
        let money = self.money.as_deref().filter(|_| self.open_hold().is_none())?;
        Some(money.over_by(now)).filter(|over| !over.is_empty())
    }
}
