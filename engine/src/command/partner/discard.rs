//! Letting go of a message in quarantine: it never counts.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::in_hand;
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{Document, DocumentEffect, DocumentKey, MessageId, Meta, PartnerId, Refusal};
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Lets go of a message in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscardPartnerMessage {
    /// Key, origin, time.
    pub meta: Meta,
    /// Whose message it is.
    pub partner: PartnerId,
    /// The message.
    pub message: MessageId,
}

/// A message in quarantine was let go.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartnerMessageDiscarded {
    /// Whose message it is.
    #[n(0)]
    pub partner: PartnerId,
    /// The message.
    #[n(1)]
    pub message: MessageId,
}

impl Command for DiscardPartnerMessage {
    type Event = PartnerMessageDiscarded;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&(&self.partner, &self.message))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<PartnerMessageDiscarded>, EngineError> {
        in_hand(tx, &self.partner).await?;
        let key = DocumentKey::Quarantined(self.partner.clone(), self.message.clone());
        let known = tx.state().documents.read(&key);
        Ok(Decision::Event(decide(known.as_ref(), self)?))
    }
}

/// Decides on what is kept of the message.
fn decide(
    known: Option<&Document>,
    command: &DiscardPartnerMessage,
) -> Result<PartnerMessageDiscarded, Refusal> {
    let (partner, message) = (command.partner.clone(), command.message.clone());
    match known.and_then(Document::quarantined) {
        Some(_) => Ok(PartnerMessageDiscarded { partner, message }),
        None => Err(Refusal::PartnerMessageNotFound { partner_id: partner, message_id: message }),
    }
}

impl Event for PartnerMessageDiscarded {
    fn describe(&self) -> Value {
        json!({ "partner_id": self.partner.as_str(), "message_id": self.message.as_str() })
    }
}

impl Effective for PartnerMessageDiscarded {
    fn effects(self) -> Effects {
        let Self { partner, message } = self;
        let quarantined = DocumentKey::Quarantined(partner.clone(), message);
        let of = |key, effect| Effect::Document(Box::new((key, effect)));
        vec![
            of(DocumentKey::Partner(partner), DocumentEffect::LetGo),
            of(quarantined, DocumentEffect::Release),
        ]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, discard_partner_message, partner_message};
    use crate::model::RefusalKind;
    use crate::model::partner::{QuarantineReason, Quarantined};
    use crate::model::time::Timestamp;

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let command = discard_partner_message("3PL", "m-1");
        let kept = Document::Quarantined(Box::new(Quarantined {
            message: partner_message("3PL", 1, "PO", 1, &[("A", 1)]),
            reason: QuarantineReason::UnknownSubject,
            candidates: Vec::new(),
            since: Timestamp::default(),
        }));
        let (partner, message) = (command.partner.clone(), command.message.clone());
        let done = PartnerMessageDiscarded { partner, message };
        let unknown = || {
            let (partner_id, message_id) = (command.partner.clone(), command.message.clone());
            Err(Refusal::PartnerMessageNotFound { partner_id, message_id })
        };
        check([
            ("kept", decide(Some(&kept), &command), Ok(done)),
            ("let go before", decide(Some(&Document::Released), &command), unknown()),
            ("never there", decide(None, &command), unknown()),
        ])
    }

    #[test]
    fn a_message_is_let_go_once() {
        table();
    }
}
