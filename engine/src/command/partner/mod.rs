//! Commands of partners: who they are, what they say, what of it is let go, whose the goods are that came back
//! to them, and what becomes of those that are nobody's.

pub mod define;
pub mod discard;
pub mod dispose;
mod goods;
pub mod match_arrival;
pub mod report;

use crate::model::partner::Partner;
use crate::model::{Claim, Document, DocumentKey, PartnerId};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Takes a partner in hand, once no other command has it; reads it, if it is defined. What is kept of it
/// is durable from then on, and changes by this command alone.
async fn in_hand(
    tx: &mut Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<Partner>, EngineError> {
    let kernel = tx.kernel();
    let documents = &kernel.state.documents;
    loop {
        let seen = kernel.look_at_names();
        if documents.take(partner) {
            break;
        }
        kernel.progress(seen).await?;
    }
    tx.claims.hold(Claim::Partner(partner.clone()));
    let read = documents.read(&DocumentKey::Partner(partner.clone()));
    Ok(read.and_then(Document::into_partner))
}
