//! What a message comes to, given what is known.

use super::fact::{Fact, Move};
use super::message::PartnerMessage;
use super::quarantine::QuarantineReason;
use super::sender::Partner;

/// What a message comes to. Where several apply, the first one in this order does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is about another partner's node, or about none where one is needed. Nothing is kept of it.
    OutOfScope,
    /// It does not count before somebody looked.
    Quarantined(QuarantineReason),
    /// The same content was here before.
    Duplicate,
    /// A higher revision was here before.
    Stale {
        /// The highest one.
        revision: u32,
    },
    /// It counts: these totals move. None may, as where a correction states the same.
    Accepted(Vec<Move>),
}

/// Judges a message of a partner, given the fact that it states, if that is known. What its numbers come
/// to is another question, and the partner's [`seqs`](Partner::seqs) answer it.
pub fn judge(partner: &Partner, fact: Option<&Fact>, message: &PartnerMessage) -> Judgement {
    if message.node.as_ref().is_some_and(|node| !partner.has(node)) {
        return Judgement::OutOfScope;
    }
    let content = message.content();
    if partner.content_of(&message.id).is_some_and(|known| known != content) {
        return Judgement::Quarantined(QuarantineReason::IdReused);
    }
    let Some(known) = fact else {
        return Judgement::Accepted(Fact::moves(None, message));
    };
    if known.message == message.id && known.content != content {
        return Judgement::Quarantined(QuarantineReason::IdReused);
    }
    match (message.revision.cmp(&known.revision), known.content == content) {
        (std::cmp::Ordering::Equal, true) => Judgement::Duplicate,
        (std::cmp::Ordering::Equal, false) => {
            Judgement::Quarantined(QuarantineReason::RevisionReused)
        }
        (std::cmp::Ordering::Less, _) if partner.content_of(&message.id) == Some(content) => {
            Judgement::Duplicate
        }
        (std::cmp::Ordering::Less, _) => Judgement::Stale { revision: known.revision },
        (std::cmp::Ordering::Greater, _) => revised(known, message),
    }
}

/// A higher revision: it is about the same node.
fn revised(known: &Fact, message: &PartnerMessage) -> Judgement {
    match &known.node {
        Some(node) if message.node.as_ref() != Some(node) => {
            let known = format!("node {node}");
            Judgement::Quarantined(QuarantineReason::subject_changed(&known))
        }
        _ => Judgement::Accepted(Fact::moves(Some(known), message)),
    }
}
