//! What a payment provider told that is of no order yet.

use minicbor::{Decode, Encode};

use super::ids::{OrderId, PaymentId, Text};
use super::money::Minor;
use super::order::{LedgerKind, Order, OrderMoney};
use super::time::Timestamp;

/// What a payment provider told unasked, as it told it: it may not say of which order, or name one that is not
/// there yet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ProviderEvent {
    /// Of which order, if it says so.
    #[n(0)]
    pub order: Option<OrderId>,
    /// Of which payment of it, if it says so.
    #[n(1)]
    pub payment: Option<PaymentId>,
    /// What happened.
    #[n(2)]
    pub kind: LedgerKind,
    /// How much, above zero.
    #[n(3)]
    pub amount: Minor,
    /// The provider's reference, not empty: the same kind under the same one is told once.
    #[n(4)]
    pub reference: Text,
    /// Of an authorisation that was asked for: until when it is one.
    #[n(5)]
    pub expires: Option<Timestamp>,
    /// When it came.
    #[n(6)]
    pub since: Timestamp,
}

impl ProviderEvent {
    /// The payment of an order that it is of; none if it is not known to be of the order. What says neither the
    /// order nor the payment is of the payment that has its reference.
    pub fn payment_of(&self, order: &Order) -> Option<PaymentId> {
        let money = order.money.as_deref()?;
        if self.order.as_ref().is_some_and(|id| !order.is_named(id)) {
            return None;
        }
        let by_reference = self.by_reference(money);
        let of = match (&self.order, &self.payment) {
            (_, Some(id)) => money.payments.iter().position(|of| of.id == *id),
            (Some(_), None) if money.payments.len() == 1 => Some(0),
            (_, None) => by_reference,
        };
        let is_sure = self.order.is_some() || by_reference.is_some();
        of.filter(|_| is_sure).map(|at| money.payments[at].id.clone())
    }

    /// The place of the payment that has its reference.
    fn by_reference(&self, money: &OrderMoney) -> Option<usize> {
        let of_ledger = money.ledger.iter().map(|of| (&of.reference, of.payment));
        let of_intents = money.intents.iter().map(|of| (&of.reference, of.payment));
        let mut all = of_ledger.chain(of_intents);
        let found = all.find(|(reference, of)| **reference == self.reference && of.is_some());
        found.and_then(|(_, of)| of).map(usize::from)
    }
}
