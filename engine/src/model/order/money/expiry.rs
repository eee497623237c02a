//! Authorisations that end: asked for anew before they do, or noted, so that the order is put on hold.
//!
//! ```text
//!   authorised --its time before the end--+--> renewing --succeeded--> authorised until another instant
//!                                         |        \--failed--> lapsed --\
//!                                         \--not renewed------------------+--> noted
//!   any of them --it is over--> written off: the ledger says so -- lapsed --/
//! ```

use minicbor::{Decode, Encode};

use super::OrderMoney;
use super::components::place;
use super::intent::{Intent, IntentKind};
use super::ledger::{LedgerEntry, LedgerKind};
use super::payment::{CaptureAt, Ending, OnExpiry, Payment};
use crate::limits::INTENTS_MAX;
use crate::model::ids::Text;
use crate::model::money::Minor;
use crate::model::time::Timestamp;

const MINUTE_US: i64 = 60_000_000;

/// What time does to an authorisation. The numbers are those of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ExpiryStep {
    /// Another one is asked for in its place.
    #[n(1)]
    Renew,
    /// It ends, and none takes its place.
    #[n(2)]
    Note,
    /// It is over: what is left of it is set aside no more.
    #[n(3)]
    Expire,
}

impl Payment {
    fn on_expiry(&self) -> OnExpiry {
        self.on_expiry.unwrap_or(OnExpiry::DEFAULT)
    }

    /// Whether it is asked for anew when its authorisation is about to end.
    pub fn renews(&self) -> bool {
        self.on_expiry().renews
    }

    /// When it is seen to that its authorisation ends; none if it does not.
    fn ends_soon_at(&self) -> Option<Timestamp> {
        let lead_us = MINUTE_US * i64::from(self.on_expiry().lead_minutes);
        Some(self.expires?.saturating_add_micros(-lead_us))
    }

    /// Whether nobody is to rely on what is authorised of it for longer than it takes.
    pub fn is_ending(&self) -> bool {
        matches!(self.ending, Some(Ending::Lapsed | Ending::Noted))
    }
}

impl OrderMoney {
    /// Of which payment, from 0, an authorisation is to be seen to next, and when.
    pub fn next_ending(&self) -> Option<(Timestamp, u16)> {
        if self.captures == CaptureAt::Caller {
            return None;
        }
        let endings = (0..place(self.payments.len())).filter_map(|at| {
            let of = self.ending_at(at)?;
            Some((of, at))
        });
        endings.min()
    }

    fn ending_at(&self, at: u16) -> Option<Timestamp> {
        let payment = &self.payments[usize::from(at)];
        match payment.ending {
            Some(Ending::Lapsed) => Some(Timestamp::default()),
            _ if self.open_of(at) <= Minor::ZERO => None,
            Some(Ending::Renewing | Ending::Noted) => payment.expires,
            None => payment.ends_soon_at(),
        }
    }

    /// What time does by now to the authorisation of a payment, from 0, of which something is due.
    pub fn expiry_step(&self, at: u16, now: Timestamp) -> ExpiryStep {
        let payment = &self.payments[usize::from(at)];
        let is_over = payment.expires.is_some_and(|until| until <= now);
        match payment.ending {
            Some(Ending::Lapsed) => ExpiryStep::Note,
            _ if is_over => ExpiryStep::Expire,
            None if payment.renews() && self.intents.len() < INTENTS_MAX => ExpiryStep::Renew,
            _ => ExpiryStep::Note,
        }
    }

    /// What is set aside of each payment, from 0, by an authorisation that is over.
    pub fn over_by(&self, now: Timestamp) -> Vec<(u16, Minor)> {
        if self.captures == CaptureAt::Caller {
            return Vec::new();
        }
        let is_over = |of: &Payment| of.expires.is_some_and(|until| until <= now);
        let over = (0u16..).zip(&self.payments).filter(|(_, of)| is_over(of));
        let left = over.map(|(at, _)| (at, self.open_of(at)));
        left.filter(|(_, open)| *open > Minor::ZERO).collect()
    }

    /// Carries out what time does to the authorisation of a payment, from 0.
    pub(super) fn step(&mut self, at: u16, step: ExpiryStep, of: (Minor, Timestamp)) {
        if step == ExpiryStep::Expire {
            self.write_off(at, of);
        }
        let ending = if step == ExpiryStep::Renew { Ending::Renewing } else { Ending::Noted };
        self.payments[usize::from(at)].ending = Some(ending);
    }

    /// What is left of authorisations that are over is set aside no more, as another event finds out.
    pub(in crate::model::order) fn lapse(&mut self, over: &[(u16, Minor)], now: Timestamp) {
        for (at, amount) in over {
            self.write_off(*at, (*amount, now));
            self.payments[usize::from(*at)].ending = Some(Ending::Lapsed);
        }
    }

    fn write_off(&mut self, at: u16, (amount, now): (Minor, Timestamp)) {
        let of = self.authorisation_of(at);
        let reference =
            of.map_or_else(Text::default, |of| self.ledger[usize::from(of)].reference.clone());
        let (kind, payment) = (LedgerKind::AuthExpired, Some(at));
        self.ledger.push(LedgerEntry { kind, payment, amount, at: now, intent: 0, reference });
    }

    /// The newest authorisation of a payment, from 0: its entry in the ledger, from 0.
    pub(in crate::model::order) fn authorisation_of(&self, at: u16) -> Option<u16> {
        let is_it = |of: &LedgerEntry| (of.payment, of.kind) == (Some(at), LedgerKind::Authorised);
        self.ledger.iter().rposition(is_it).map(place)
    }

    /// The provider's reference of the authorisation that an intent is about: the one that is let go of or
    /// renewed, or that of which an amount is taken. None for other intents.
    pub fn authorisation_reference(&self, intent: &Intent) -> Option<&Text> {
        let is_before = |of: &&LedgerEntry| {
            let is_it = (of.payment, of.kind) == (intent.payment, LedgerKind::Authorised);
            is_it && of.at <= intent.at
        };
        let of = match (intent.of, intent.kind) {
            (Some(of), _) => self.ledger.get(usize::from(of)),
            (None, IntentKind::Capture | IntentKind::Void) => {
                self.ledger.iter().rev().find(is_before)
            }
            (None, IntentKind::Authorise | IntentKind::Refund) => None,
        };
        of.map(|of| &of.reference)
    }

    /// A payment, from 0, is authorised by an intent until an instant, in place of what was left of the one
    /// before if it was asked for anew.
    pub(super) fn authorised(&mut self, at: u16, of: &Intent, until: Option<Timestamp>) {
        let left = self.open_of(at);
        let is_first = self.authorisation_of(at).is_none();
        let payment = &mut self.payments[usize::from(at)];
        payment.expires = until.or(payment.expires.filter(|_| is_first));
        payment.ending = None;
        if let Some(before) = of.of.filter(|_| left > Minor::ZERO) {
            payment.replaced = Some((before, left));
        }
    }

    /// A provider does not authorise a payment, from 0, anew: what is authorised stays until it ends.
    pub(super) fn not_renewed(&mut self, at: u16) {
        let ending = &mut self.payments[usize::from(at)].ending;
        if *ending == Some(Ending::Renewing) {
            *ending = Some(Ending::Lapsed);
        }
    }

    /// What an order may rely on beyond the end of authorisations that are about to end: the same as
    /// [`secured`](Self::secured), without these.
    pub fn secured_for_long(&self) -> Minor {
        let ending = (0u16..).zip(&self.payments).filter(|(_, of)| of.is_ending());
        self.secured() - ending.map(|(at, _)| self.open_of(at)).sum()
    }
}
