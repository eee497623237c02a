//! What a message comes to by what is known of its partner and its fact, before any pair is asked.

use super::answer::PartnerStatus;
use crate::model::Refusal;
use crate::model::partner::{
    Fact, Judgement, Move, Partner, PartnerMessage, QuarantineReason, Quarantined, judge,
};

/// What is to be done with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It counts, if the pairs take it.
    CarryOut(Vec<Move>),
    /// It goes into quarantine.
    Quarantine(QuarantineReason),
    /// Nothing, but for its number.
    Pass(PartnerStatus),
}

/// Decides for a partner that has to be there. `kept` is the message in quarantine that has the same id,
/// if there is one.
pub(super) fn decide<'a>(
    partner: Option<&'a Partner>,
    fact: Option<&Fact>,
    kept: Option<&Quarantined>,
    message: &PartnerMessage,
) -> Result<(&'a Partner, Step), Refusal> {
    let partner_id = message.sender.clone();
    let Some(partner) = partner else { return Err(Refusal::PartnerNotFound { partner_id }) };
    let judgement = judge(partner, fact, message);
    // The first message under an id is kept, and nothing takes its place.
    let is_other = |kept: &Quarantined| kept.message.content() != message.content();
    let is_other = kept.is_some_and(is_other) && judgement != Judgement::OutOfScope;
    let step = match (judgement, message.node.clone()) {
        _ if is_other => Step::Pass(PartnerStatus::Quarantined),
        (Judgement::OutOfScope, Some(node_id)) => {
            return Err(Refusal::PartnerOutOfScope { partner_id, node_id });
        }
        (Judgement::OutOfScope, None) => unreachable!("a message of no node is in scope"),
        (Judgement::Quarantined(reason), _) => Step::Quarantine(reason),
        (Judgement::Duplicate, _) => Step::Pass(PartnerStatus::Duplicate),
        (Judgement::Stale { .. }, _) => Step::Pass(PartnerStatus::Stale),
        (Judgement::Accepted(moves), _) => Step::CarryOut(moves),
    };
    Ok((partner, step))
}
