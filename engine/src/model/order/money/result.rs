//! What payment providers tell, and what becomes of it.

use minicbor::{Decode, Encode};

use super::expiry::ExpiryStep;
use super::intent::{IntentKind, IntentState};
use super::ledger::{LedgerEntry, LedgerKind};
use super::payment::Ending;
use super::{Allowance, Intent, OrderMoney, Payment};
use crate::model::ids::Text;
use crate::model::money::Minor;
use crate::model::order::OrderHold;
use crate::model::time::Timestamp;

/// What became of an intent, as a connector tells it. The numbers are those of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum PaymentOutcome {
    /// It was done.
    #[n(1)]
    Succeeded,
    /// It was not done, and will not be.
    #[n(2)]
    Failed,
    /// The provider's answer was lost.
    #[n(3)]
    Unknown,
}

impl PaymentOutcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Unknown];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What was told of an order's money, and that the engine did not know.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaymentTold {
    /// When the engine was told.
    #[n(0)]
    pub at: Timestamp,
    /// What.
    #[n(1)]
    pub told: Telling,
}

/// What can be told of an order's money. The numbers are those of events.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Telling {
    /// What became of an intent.
    #[n(1)]
    Result {
        /// Its number, from 1.
        #[n(0)]
        intent: u16,
        /// What.
        #[n(1)]
        outcome: PaymentOutcome,
        /// Of how much: no more than was asked for.
        #[n(2)]
        amount: Minor,
        /// The provider's reference.
        #[n(3)]
        reference: Text,
        /// When the provider came to that.
        #[n(4)]
        observed_at: Timestamp,
        /// Of an authorisation: until when it is one; none for as long as it takes.
        #[n(5)]
        expires: Option<Timestamp>,
    },
    /// What the provider tells unasked.
    #[n(2)]
    Unasked {
        /// Of which payment, from 0; none for store credit.
        #[n(0)]
        payment: Option<u16>,
        /// What happened.
        #[n(1)]
        kind: LedgerKind,
        /// How much.
        #[n(2)]
        amount: Minor,
        /// The provider's reference.
        #[n(3)]
        reference: Text,
    },
    /// An intent was told to be done, and not to be done: a person has to look.
    #[n(3)]
    Conflict {
        /// Its number, from 1.
        #[n(0)]
        intent: u16,
    },
    /// The order is paid by something else as well.
    #[n(4)]
    Added(#[n(0)] Payment, #[n(1)] Vec<LedgerEntry>),
    /// An amount alone is given back.
    #[n(5)]
    Allowed(#[n(0)] Allowance),
    /// Nobody told it: an authorisation is about to end, or is over.
    #[n(6)]
    Ending {
        /// Of which payment, from 0.
        #[n(0)]
        payment: u16,
        /// What is done of that.
        #[n(1)]
        step: ExpiryStep,
        /// What is left of it.
        #[n(2)]
        amount: Minor,
        /// The hold that the order is put on, if it is.
        #[n(3)]
        hold: Option<Box<OrderHold>>,
    },
}

/// What is made of a result, by what is known of its intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is new.
    New,
    /// It is known, or later than what is known.
    Known,
    /// It says another thing than what is known.
    Conflict,
}

/// The table of intents: what a result makes of an intent in a state.
pub const fn told(state: IntentState, outcome: PaymentOutcome) -> Told {
    match (state, outcome) {
        (IntentState::Minted, _)
        | (IntentState::Unknown, PaymentOutcome::Succeeded | PaymentOutcome::Failed) => Told::New,
        (IntentState::Succeeded, PaymentOutcome::Failed)
        | (IntentState::Failed, PaymentOutcome::Succeeded) => Told::Conflict,
        (IntentState::Succeeded, PaymentOutcome::Succeeded | PaymentOutcome::Unknown)
        | (IntentState::Failed, PaymentOutcome::Failed | PaymentOutcome::Unknown)
        | (IntentState::Unknown, PaymentOutcome::Unknown) => Told::Known,
    }
}

impl OrderMoney {
    /// Carries out what was told.
    pub(in crate::model::order) fn tell(&mut self, PaymentTold { at, told }: &PaymentTold) {
        match told {
            Telling::Result { intent, outcome, amount, reference, observed_at, expires } => {
                let of = &mut self.intents[usize::from(*intent) - 1];
                of.told_at = Some(*observed_at);
                of.reference = reference.clone();
                of.state = match outcome {
                    PaymentOutcome::Succeeded => IntentState::Succeeded,
                    PaymentOutcome::Failed => IntentState::Failed,
                    PaymentOutcome::Unknown => IntentState::Unknown,
                };
                let of = of.clone();
                if (of.kind, of.state) == (IntentKind::Authorise, IntentState::Succeeded)
                    && let Some(payment) = of.payment
                {
                    self.authorised(payment, &of, *expires);
                }
                self.note_result(&of, *intent, (*amount, *at));
            }
            Telling::Unasked { payment, kind, amount, reference } => {
                let (payment, kind, amount, at) = (*payment, *kind, *amount, *at);
                let reference = reference.clone();
                self.ledger.push(LedgerEntry { kind, payment, amount, at, intent: 0, reference });
                if let (LedgerKind::AuthExpired, Some(payment)) = (kind, payment) {
                    self.payments[usize::from(payment)].ending = Some(Ending::Lapsed);
                }
            }
            Telling::Ending { payment, step, amount, .. } => {
                self.step(*payment, *step, (*amount, *at));
            }
            Telling::Conflict { intent } => {
                self.intents[usize::from(*intent) - 1].conflict = true;
            }
            Telling::Added(payment, entries) => {
                self.payments.push(payment.clone());
                self.ledger.extend(entries.iter().cloned());
            }
            Telling::Allowed(allowance) => self.allowances.push(allowance.clone()),
        }
    }

    fn note_result(&mut self, of: &Intent, intent: u16, (amount, at): (Minor, Timestamp)) {
        let is_done = match of.state {
            IntentState::Succeeded => true,
            IntentState::Failed => false,
            IntentState::Minted | IntentState::Unknown => return,
        };
        let kind = match (of.kind, is_done) {
            (IntentKind::Authorise, true) => Some(LedgerKind::Authorised),
            (IntentKind::Authorise, false) => Some(LedgerKind::AuthoriseFailed),
            (IntentKind::Capture, true) => Some(LedgerKind::Captured),
            (IntentKind::Capture, false) => Some(LedgerKind::CaptureFailed),
            (IntentKind::Void, true) => Some(LedgerKind::AuthReleased),
            // The one that was replaced ends by itself.
            (IntentKind::Void, false) if of.of.is_some() => Some(LedgerKind::AuthExpired),
            (IntentKind::Void, false) => None,
            (IntentKind::Refund, true) if of.payment.is_none() => Some(LedgerKind::StoreCredit),
            (IntentKind::Refund, true) => Some(LedgerKind::Refunded),
            (IntentKind::Refund, false) => Some(LedgerKind::RefundFailed),
        };
        if let Some(kind) = kind {
            // Its provider may tell as well that it ended.
            let ended = of.of.filter(|_| kind == LedgerKind::AuthExpired);
            let reference =
                ended.map_or(&of.reference, |of| &self.ledger[usize::from(of)].reference);
            let (payment, reference) = (of.payment, reference.clone());
            self.ledger.push(LedgerEntry { kind, payment, amount, at, intent, reference });
        }
        if let (false, Some(payment)) = (is_done, of.payment) {
            let at = payment;
            let payment = &mut self.payments[usize::from(at)];
            match of.kind {
                IntentKind::Authorise if of.of.is_some() => self.not_renewed(at),
                IntentKind::Void if of.of.is_some() => {}
                IntentKind::Refund => payment.refund_failed = true,
                IntentKind::Authorise | IntentKind::Capture | IntentKind::Void => {
                    payment.failed = true;
                }
            }
        }
    }
}
