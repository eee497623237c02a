//! What a partner says: judged, and carried out in the same event.
//!
//! ```text
//!   message --> partner in hand --> judge --+--> accepted: pairs decide ---> inbox and stock, one event
//!                                           |       \--> they do not know it, or it cannot be
//!                                           +--> quarantined: kept whole <--/
//!                                           +--> duplicate, stale: at most its number counts
//! ```

mod answer;
mod back;
mod carry;
mod decide;
mod event;
mod names;
mod shipped;
mod steps;
mod tracked;

use std::sync::OnceLock;

use super::in_hand;
use crate::limits::{PARTNER_QUARANTINED_MAX, PARTNER_UNMATCHED_MAX};
use crate::model::digest::fingerprint;
use crate::model::partner::{Fact, Move, Overtook, Partner, PartnerMessage, Quarantined, Subject};
use crate::model::{Document, DocumentKey, Meta, Refusal, Rule, Violation};
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;
use back::{announced, came_back};
use carry::{Carried, Done, carry_out, impossible};
use decide::{Step, decide};
use event::quarantine_key;
use names::renamed;
use shipped::left;
use tracked::tracked;

pub use answer::{PartnerAnswer, PartnerStatus};
pub use event::{Became, PairReported, PartnerTold};

/// A partner says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPartner {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it says, in order.
    message: PartnerMessage,
    /// What it came to, once that is decided.
    answer: OnceLock<PartnerAnswer>,
    /// Why the node could not decline what it says will not leave, if it could not.
    obstacle: OnceLock<Refusal>,
}

impl ReportPartner {
    /// Says what a partner says.
    pub fn new(meta: Meta, message: PartnerMessage) -> Self {
        Self {
            meta,
            message: message.in_order(),
            answer: OnceLock::new(),
            obstacle: OnceLock::new(),
        }
    }

    /// The units that it says will not leave could not be declined: it goes into quarantine, if it counts.
    pub fn not_declined(&self, why: Refusal) {
        let _ = self.obstacle.set(why);
    }

    /// The message, in order.
    pub const fn message(&self) -> &PartnerMessage {
        &self.message
    }

    /// What it came to; none if the same request was carried out before, and nothing was decided.
    pub fn answered(&self) -> Option<&PartnerAnswer> {
        self.answer.get()
    }

    /// Checks the message. Only where a package is needs no node.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = self.message.validate().err().unwrap_or_default();
        let is_tracking = matches!(self.message.subject, Subject::Tracking(_));
        if self.message.node.is_none() && !is_tracking {
            found.push(Violation::new("node", "", Rule::Required));
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// Notes the answer, by how the partner is afterwards. It is decided once: an attempt that failed
    /// notes nothing.
    fn note(&self, answer: PartnerAnswer, after: &Partner) {
        let is_gap = after.seqs.is_gap_before(self.message.seq);
        let status = match answer.status {
            PartnerStatus::Accepted if is_gap => PartnerStatus::Gap,
            other => other,
        };
        let expected_seq = after.seqs.expected();
        let _ = self.answer.set(PartnerAnswer { status, expected_seq, ..answer });
    }

    /// Nothing new was said: at most, its number came.
    fn pass(
        &self,
        tx: &Transaction<'_>,
        before: &Partner,
        kept: Option<&Quarantined>,
        status: PartnerStatus,
    ) -> Decision<PartnerTold> {
        let mut after = before.clone();
        after.came(&self.message, self.meta.at);
        let kept = kept.filter(|_| status == PartnerStatus::Quarantined);
        let reason = kept.map(|kept| kept.reason.clone());
        let candidates = kept.map(|kept| kept.candidates.clone()).unwrap_or_default();
        self.note(PartnerAnswer { reason, candidates, ..PartnerAnswer::of(status) }, &after);
        if after == *before {
            return Decision::Nothing(tx.kernel().shown());
        }
        Decision::Event(self.told(Became::Passed, Done::default(), false))
    }

    /// What happened, where something did.
    fn event(
        &self,
        before: &Partner,
        is_kept: bool,
        (carried, moves): (Carried, &[Move]),
    ) -> Result<Decision<PartnerTold>, Refusal> {
        let mut after = before.clone();
        after.came(&self.message, self.meta.at);
        let event = match carried {
            Carried::Out(Done { arrival: Some(of), .. })
                if of.is_unmatched() && before.has_no_room_for_unmatched() =>
            {
                let max = PARTNER_UNMATCHED_MAX;
                return Err(Refusal::ListFull { what: "goods of no return", max });
            }
            Carried::Out(done) => {
                self.note(PartnerAnswer::of(PartnerStatus::Accepted), &after);
                let told = self.told(Became::Counts, done, is_kept);
                PartnerTold { overtakes: self.overtakes(&after, moves), ..told }
            }
            Carried::Quarantined { .. } if before.is_full() && !is_kept => {
                let max = PARTNER_QUARANTINED_MAX;
                return Err(Refusal::ListFull { what: "messages in quarantine", max });
            }
            Carried::Quarantined { reason, candidates } => {
                let (reason_told, candidates_told) = (Some(reason.clone()), candidates.clone());
                let told = PartnerAnswer {
                    reason: reason_told,
                    candidates: candidates_told,
                    ..PartnerAnswer::of(PartnerStatus::Quarantined)
                };
                self.note(told, &after);
                let is_new = !is_kept;
                self.told(
                    Became::Quarantined { reason, candidates, is_new },
                    Done::default(),
                    false,
                )
            }
        };
        Ok(Decision::Event(event))
    }

    /// What it changed of items, if messages before it are missing.
    fn overtakes(&self, after: &Partner, moves: &[Move]) -> Option<Box<[Overtook]>> {
        let is_gap = after.seqs.is_gap_before(self.message.seq);
        let all = is_gap.then(|| Overtook::all(&self.message, moves))?;
        (!all.is_empty()).then(|| all.into_boxed_slice())
    }

    fn told(&self, told: Became, done: Done, releases: bool) -> PartnerTold {
        let Done { changes, returned, shipped, arrival } = done;
        let (message, at) = (self.message.clone(), self.meta.at);
        let overtakes = None;
        PartnerTold { message, at, told, changes, releases, returned, arrival, shipped, overtakes }
    }

    /// Carries it out, by its type.
    async fn carry_out(
        &self,
        tx: &mut Transaction<'_>,
        moves: &[Move],
        fact: Option<&Fact>,
    ) -> Result<Carried, EngineError> {
        let (message, at) = (&self.message, self.meta.at);
        if let Some(why) = self.obstacle.get() {
            return Ok(impossible(&why.to_string()));
        }
        let arrival = fact.and_then(|fact| fact.arrival.as_ref());
        match &message.subject {
            Subject::ReturnReceipt(names) => {
                came_back(tx, (message, names), moves, (arrival, at)).await
            }
            Subject::Shipment { order, shipment, .. } => {
                left(tx, message, (order, shipment), (moves, at)).await
            }
            Subject::Return(names) => announced(tx, (message, names), moves, (arrival, at)).await,
            Subject::Tracking(number) => tracked(tx, message, number, at).await,
            Subject::Receipt { .. } | Subject::Adjustment(_) | Subject::Count(_) => {
                carry_out(tx, message, moves).await
            }
        }
    }
}

impl Command for ReportPartner {
    type Event = PartnerTold;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.message)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<PartnerTold>, EngineError> {
        let message = &self.message;
        let partner = in_hand(tx, &message.sender).await?;
        let documents = &tx.state().documents;
        let fact = documents.read(&DocumentKey::Fact(message.fact()));
        let kept = documents.read(&quarantine_key(message));
        let kept = kept.as_ref().and_then(Document::quarantined);
        let fact = fact.as_ref().and_then(Document::fact);
        let (partner, step) = decide(partner.as_ref(), fact, kept, message)?;
        let (carried, moves) = match (step, renamed(documents, message, fact)) {
            (Step::Pass(status), _) => return Ok(self.pass(tx, partner, kept, status)),
            (Step::Quarantine(reason), _) => {
                (Carried::Quarantined { reason, candidates: Vec::new() }, Vec::new())
            }
            (Step::CarryOut(moves), Some(quarantined)) => (quarantined, moves),
            (Step::CarryOut(moves), None) => {
                let on_top = partner.on_top(message, moves.clone());
                (self.carry_out(tx, &on_top, fact).await?, moves)
            }
        };
        // It is there still for the same reason, as far as the pairs know.
        if let Carried::Quarantined { reason, .. } = &carried
            && kept.is_some_and(|kept| kept.reason == *reason)
        {
            return Ok(self.pass(tx, partner, kept, PartnerStatus::Quarantined));
        }
        Ok(self.event(partner, kept.is_some(), (carried, &moves))?)
    }
}

#[cfg(test)]
pub(crate) mod tests;
