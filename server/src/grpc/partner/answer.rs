//! What a partner is answered of one message.

use backstock_engine::command::{PartnerAnswer, PartnerStatus};
use backstock_engine::model::partner::QuarantineReason;
use backstock_engine::model::{MessageId, Text};
use backstock_proto::v1;

/// The answer of a message that the engine took.
pub(super) fn answer(id: &MessageId, told: &PartnerAnswer) -> v1::MessageAnswer {
    v1::MessageAnswer {
        message_id: id.to_string(),
        status: status(told.status).into(),
        expected_seq: told.expected_seq,
        reason: told.reason.as_ref().map(|why| why.name().to_owned()).unwrap_or_default(),
        candidates: candidates(&told.candidates),
        faults: told.reason.iter().filter_map(detail).collect(),
    }
}

/// The answer of a message that is not taken.
pub(super) fn rejected(id: &str, reason: &str, faults: Vec<String>) -> v1::MessageAnswer {
    v1::MessageAnswer {
        message_id: id.to_owned(),
        status: v1::MessageStatus::Rejected.into(),
        reason: reason.to_owned(),
        faults,
        ..v1::MessageAnswer::default()
    }
}

/// Ids that a message may have meant.
pub(super) fn candidates(told: &[Text]) -> Vec<String> {
    told.iter().map(|text| text.as_str().to_owned()).collect()
}

/// What more there is to say of why a message is in quarantine.
fn detail(reason: &QuarantineReason) -> Option<String> {
    match reason {
        QuarantineReason::UnknownSku(sku) => Some(format!("sku {sku} is not known")),
        QuarantineReason::Impossible(text) => Some(text.as_str().to_owned()),
        QuarantineReason::SubjectChanged(known) => {
            Some(format!("it was told as {}", known.as_str()))
        }
        _ => None,
    }
}

const fn status(of: PartnerStatus) -> v1::MessageStatus {
    match of {
        PartnerStatus::Accepted => v1::MessageStatus::Accepted,
        PartnerStatus::Duplicate => v1::MessageStatus::Duplicate,
        PartnerStatus::Stale => v1::MessageStatus::Stale,
        PartnerStatus::Gap => v1::MessageStatus::Gap,
        PartnerStatus::Quarantined => v1::MessageStatus::Quarantined,
    }
}
