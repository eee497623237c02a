//! What an order asks of payment providers, so that its ledger comes to what it is worth.

use crate::limits::INTENTS_MAX;
use crate::model::money::{Minor, apportion};
use crate::model::order::money::{
    CaptureAt, Captures, Ending, Intent, IntentKind, IntentState, IntentsMinted, Minted, OrderMoney,
};
use crate::model::order::{Order, count};

impl Order {
    /// What is to be asked of payment providers as the order stands: what has left and is not captured,
    /// what is paid and not owed any more, what is set aside and not needed any more. Nothing where all is
    /// asked for already.
    ///
    /// Pure and without a memory of what changed: whatever event came before, and however often, what is
    /// asked for is the difference between what the order is worth and its ledger.
    pub fn intents_due(&self) -> Vec<Minted> {
        let Some(money) = self.money.as_deref() else { return Vec::new() };
        if self.open_hold().is_some() || money.captures == CaptureAt::Caller {
            return Vec::new();
        }
        let mut settling = Minting { money, minted: Vec::new() };
        settling.authorise();
        settling.let_go_replaced();
        let total = money.total();
        let owed = match money.captures {
            CaptureAt::Shipment => money.earned(|line| self.left_of(line)).min(total),
            CaptureAt::Placement => total,
            CaptureAt::Caller => Minor::ZERO,
        };
        settling.capture(owed, total);
        settling.refund(total);
        settling.release(total + self.kept_for_exchanges());
        settling.renew();
        let room = INTENTS_MAX.saturating_sub(money.intents.len());
        settling.minted.truncate(room);
        settling.minted
    }

    /// Asks for what is decided.
    pub(in crate::model::order) fn mint(&mut self, minted: &IntentsMinted) {
        let money = self.money_mut();
        if let Some(over) = &minted.expired {
            money.lapse(over, minted.at);
        }
        money.intents.extend(minted.minted.iter().map(|of| Intent::minted(*of, minted.at)));
    }
}

struct Minting<'a> {
    money: &'a OrderMoney,
    minted: Vec<Minted>,
}

impl Minting<'_> {
    fn ask(&mut self, kind: IntentKind, payment: Option<u16>, amount: Minor) {
        self.ask_of(kind, payment, (amount, None));
    }

    /// The same, of an authorisation: its entry in the ledger, from 0.
    fn ask_of(
        &mut self,
        kind: IntentKind,
        payment: Option<u16>,
        (amount, of): (Minor, Option<u16>),
    ) {
        if amount > Minor::ZERO {
            self.minted.push(Minted { kind, payment, amount, of });
        }
    }

    /// Whether that was asked of an authorisation: its entry in the ledger, from 0.
    fn was_asked_of(&self, kind: IntentKind, of: u16) -> bool {
        self.money.intents.iter().any(|intent| (intent.kind, intent.of) == (kind, Some(of)))
    }

    /// An authorisation in whose place there is another one is let go.
    fn let_go_replaced(&mut self) {
        for at in self.payments() {
            let replaced = self.money.payments[usize::from(at)].replaced;
            let left = replaced.filter(|(of, _)| !self.was_asked_of(IntentKind::Void, *of));
            if let Some((of, amount)) = left {
                self.ask_of(IntentKind::Void, Some(at), (amount, Some(of)));
            }
        }
    }

    /// What is still needed of an authorisation that ends soon is authorised anew.
    fn renew(&mut self) {
        for at in self.payments() {
            let is_due = self.money.payments[usize::from(at)].ending == Some(Ending::Renewing);
            let of = self.money.authorisation_of(at).filter(|_| is_due);
            let of = of.filter(|of| !self.was_asked_of(IntentKind::Authorise, *of));
            if of.is_some() {
                let amount = self.open_of(at);
                self.ask_of(IntentKind::Authorise, Some(at), (amount, of));
            }
        }
    }

    fn payments(&self) -> impl Iterator<Item = u16> + use<> {
        0..count(self.money.payments.len())
    }

    /// What of a payment is set aside, and may be asked for.
    fn open_of(&self, at: u16) -> Minor {
        let asked = self.minted.iter().filter(|of| of.payment == Some(at));
        let asked =
            asked.filter(|of| of.kind == IntentKind::Capture || of.kind == IntentKind::Void);
        (self.money.open_of(at) - asked.map(|of| of.amount).sum()).or_zero()
    }

    /// What is paid, or about to be, and is not given back.
    fn paid(&self) -> Minor {
        let sums = self.money.sums();
        let asked = |kind| {
            let of_kind = self.minted.iter().filter(move |of| of.kind == kind);
            of_kind.map(|of| of.amount).sum::<Minor>()
        };
        sums.balance() + sums.capturing - sums.refunding + asked(IntentKind::Capture)
            - asked(IntentKind::Refund)
    }

    /// Whether something of a payment was taken, or is about to be.
    fn was_captured(&self, at: u16) -> bool {
        let sums = self.money.sums_of_payment(at);
        let is_it = |of: &Minted| of.payment == Some(at) && of.kind == IntentKind::Capture;
        sums.captured + sums.capturing > Minor::ZERO || self.minted.iter().any(is_it)
    }

    /// A payment of which nobody said that it is set aside or taken is to be set aside.
    fn authorise(&mut self) {
        for at in self.payments() {
            let payment = &self.money.payments[usize::from(at)];
            let is_told = self.money.ledger.iter().any(|of| of.payment == Some(at));
            let is_asked = self.money.intents.iter().any(|of| of.payment == Some(at));
            if !is_told && !is_asked && !payment.failed {
                self.ask(IntentKind::Authorise, Some(at), payment.amount);
            }
        }
    }

    /// What is owed and not paid is taken from what is set aside, payment by payment.
    fn capture(&mut self, owed: Minor, total: Minor) {
        for at in self.payments() {
            let lacking = owed - self.paid();
            if lacking <= Minor::ZERO {
                return;
            }
            let open = self.open_of(at);
            let amount = match self.money.payments[usize::from(at)].captures {
                Captures::Many => lacking,
                _ if self.was_captured(at) => Minor::ZERO,
                Captures::AllOnFirst => total - self.paid(),
                Captures::AuthoriseRest => lacking,
            };
            self.ask(IntentKind::Capture, Some(at), amount.min(open));
        }
    }

    /// What is paid and not owed is given back: to each payment by its share of what was taken from it,
    /// and what none of them takes as store credit.
    fn refund(&mut self, total: Minor) {
        let surplus = self.paid() - total;
        if surplus <= Minor::ZERO {
            return;
        }
        let refundable = |at: u16| {
            let takes = !self.money.payments[usize::from(at)].refund_failed;
            if takes { self.money.sums_of_payment(at).refundable() } else { Minor::ZERO }
        };
        let shares: Vec<Minor> = self.payments().map(refundable).collect();
        let by_payment = surplus.min(shares.iter().copied().sum());
        for (at, amount) in self.payments().zip(apportion(by_payment, shares)) {
            self.ask(IntentKind::Refund, Some(at), amount);
        }
        self.ask(IntentKind::Refund, None, self.as_credit(surplus - by_payment));
    }

    /// Of what no payment takes, what is given as store credit: what was taken from those that take
    /// nothing back.
    fn as_credit(&self, left: Minor) -> Minor {
        let failed = |of: &Intent| {
            of.kind == IntentKind::Refund && of.payment.is_none() && !of.is_in_flight()
        };
        let refused = self.money.intents.iter().filter(|of| failed(of));
        if refused.into_iter().any(|of| of.state == IntentState::Failed) {
            return Minor::ZERO;
        }
        let gone = self.payments().filter(|at| self.money.payments[usize::from(*at)].refund_failed);
        let taken: Minor = gone.map(|at| self.money.sums_of_payment(at).refundable()).sum();
        let store = self.money.sums_of(|of| of.is_none());
        left.min((taken - store.refunded - store.refunding).or_zero())
    }

    /// What is set aside of a payment, and of which nothing is needed any more, is let go: first where it
    /// ends soon anyway.
    fn release(&mut self, total: Minor) {
        let mut needed = (total - self.paid()).or_zero();
        let mut payments: Vec<u16> = self.payments().collect();
        payments.sort_by_key(|at| self.money.payments[usize::from(*at)].is_ending());
        for at in payments {
            let open = self.open_of(at);
            let payment = &self.money.payments[usize::from(at)];
            let spent = payment.captures != Captures::Many && self.was_captured(at);
            let usable = if spent { Minor::ZERO } else { open.min(needed) };
            needed -= usable;
            if usable == Minor::ZERO {
                self.ask(IntentKind::Void, Some(at), open);
            }
        }
        self.authorise_rest(needed);
    }

    /// What is needed beyond what is set aside, and can be set aside anew, is.
    fn authorise_rest(&mut self, needed: Minor) {
        let sums = self.money.sums();
        let lacking = needed - sums.authorising;
        let renews = |at: &u16| {
            let payment = &self.money.payments[usize::from(*at)];
            payment.captures == Captures::AuthoriseRest
                && !payment.failed
                && self.was_captured(*at)
                && self.money.sums_of_payment(*at).authorising == Minor::ZERO
        };
        if let Some(at) = self.payments().find(renews) {
            self.ask(IntentKind::Authorise, Some(at), lacking);
        }
    }
}
