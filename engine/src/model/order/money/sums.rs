//! What the ledger of an order and its intents come to.

use super::OrderMoney;
use super::components::place;
use super::intent::{Intent, IntentKind};
use super::ledger::{LedgerEntry, LedgerKind};
use crate::model::money::Minor;

/// What the ledger comes to, of one payment or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Set aside, all in all.
    pub authorised: Minor,
    /// Of that, let go or expired.
    pub released: Minor,
    /// Taken, all in all.
    pub captured: Minor,
    /// Given back, store credit included.
    pub refunded: Minor,
    /// Taken back by the customer's bank.
    pub charged_back: Minor,
    /// On account.
    pub on_account: Minor,
    /// To be taken, and not answered.
    pub capturing: Minor,
    /// To be given back, and not answered.
    pub refunding: Minor,
    /// To be let go, and not answered.
    pub releasing: Minor,
    /// To be set aside, and not answered.
    pub authorising: Minor,
}

impl Sums {
    /// What was paid and not given back.
    pub fn balance(&self) -> Minor {
        self.captured + self.on_account - self.refunded - self.charged_back
    }

    /// What is set aside, and is not about to be taken or let go.
    pub fn open(&self) -> Minor {
        let settled = self.released + self.releasing + self.captured + self.capturing;
        (self.authorised - settled).or_zero()
    }

    /// What could still be given back.
    pub fn refundable(&self) -> Minor {
        (self.captured - self.refunded - self.refunding - self.charged_back).or_zero()
    }

    fn count(&mut self, entry: &LedgerEntry) {
        let amount = entry.amount;
        match entry.kind {
            LedgerKind::Authorised => self.authorised += amount,
            LedgerKind::AuthReleased | LedgerKind::AuthExpired => self.released += amount,
            LedgerKind::Captured => self.captured += amount,
            LedgerKind::Refunded | LedgerKind::StoreCredit => self.refunded += amount,
            LedgerKind::Chargeback => self.charged_back += amount,
            LedgerKind::ChargebackWon => self.charged_back -= amount,
            LedgerKind::OnAccount => self.on_account += amount,
            LedgerKind::CaptureFailed | LedgerKind::RefundFailed | LedgerKind::AuthoriseFailed => {}
        }
    }

    fn await_result(&mut self, intent: &Intent) {
        let of = match intent.kind {
            // It comes in the place of one that is counted.
            IntentKind::Authorise if intent.of.is_some() => return,
            IntentKind::Authorise => &mut self.authorising,
            IntentKind::Capture => &mut self.capturing,
            IntentKind::Void => &mut self.releasing,
            IntentKind::Refund => &mut self.refunding,
        };
        *of += intent.amount;
    }
}

impl OrderMoney {
    /// What the ledger and the intents in flight come to, of all payments.
    pub fn sums(&self) -> Sums {
        self.sums_of(|_| true)
    }

    /// The same of one payment, from 0.
    pub fn sums_of_payment(&self, payment: u16) -> Sums {
        self.sums_of(|of| of == Some(payment))
    }

    pub(in crate::model::order) fn sums_of(&self, is_it: impl Fn(Option<u16>) -> bool) -> Sums {
        let mut sums = Sums::default();
        self.ledger.iter().filter(|of| is_it(of.payment)).for_each(|of| sums.count(of));
        let in_flight = self.intents.iter().filter(|of| of.is_in_flight() && is_it(of.payment));
        in_flight.for_each(|of| sums.await_result(of));
        sums
    }

    /// What is set aside of a payment, from 0, and may be taken: nothing once its provider said no.
    pub fn open_of(&self, at: u16) -> Minor {
        if self.payments[usize::from(at)].failed {
            return Minor::ZERO;
        }
        self.sums_of_payment(at).open()
    }

    /// What is set aside, taken, or on account: what the order may rely on.
    pub fn secured(&self) -> Minor {
        let of_payment = |at: u16| {
            let sums = self.sums_of_payment(at);
            self.open_of(at) + sums.capturing + sums.balance() - sums.refunding
        };
        (0..place(self.payments.len())).map(of_payment).sum::<Minor>()
            - self.sums_of(|of| of.is_none()).refunded
    }

    /// What the customer still has to pay: what the order comes to, less what is secured. Below zero, it
    /// is due to him.
    pub fn due(&self) -> Minor {
        self.total() - self.secured()
    }
}
