//! A partner: its nodes, what is missing of its messages, and those that wait for somebody to look.

use crate::limits::PARTNER_QUARANTINED_MAX;
use crate::model::partner::{Partner, Quarantined};
use crate::model::{Document, DocumentKey, Lsn, MessageId, PartnerId, Refusal};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// A partner as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerView {
    /// The partner.
    pub partner: Partner,
    /// Its messages in quarantine, the oldest first.
    pub quarantined: Vec<Quarantined>,
    /// A version that includes it.
    pub version: Lsn,
}

/// Reads a partner.
///
/// # Errors
/// When there is none of that id.
pub fn partner(kernel: &Kernel, id: &PartnerId) -> Result<PartnerView, EngineError> {
    let documents = &kernel.state.documents;
    let read = documents.read(&DocumentKey::Partner(id.clone())).and_then(Document::into_partner);
    let partner = read.ok_or_else(|| Refusal::PartnerNotFound { partner_id: id.clone() })?;
    let kept = documents.quarantined(id, PARTNER_QUARANTINED_MAX).into_iter();
    let kept = kept.filter_map(|packed| packed.unpack()?.quarantined().cloned());
    Ok(PartnerView { partner, quarantined: kept.collect(), version: kernel.shown() })
}

/// Reads a message in quarantine.
///
/// # Errors
/// When there is none of that id, or none any more.
pub fn quarantined(
    kernel: &Kernel,
    partner: &PartnerId,
    message: &MessageId,
) -> Result<Quarantined, EngineError> {
    let key = DocumentKey::Quarantined(partner.clone(), message.clone());
    let read = kernel.state.documents.read(&key);
    let (partner_id, message_id) = (partner.clone(), message.clone());
    let missing = || Refusal::PartnerMessageNotFound { partner_id, message_id };
    Ok(read.as_ref().and_then(Document::quarantined).cloned().ok_or_else(missing)?)
}
