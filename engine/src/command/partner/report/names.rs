//! What is told under other names than before: its totals may be of the same units, and would count twice.

use super::carry::{Carried, impossible};
use crate::limits::{PARTNER_CANDIDATES_MAX, PARTNER_PARTS_MAX};
use crate::model::Text;
use crate::model::partner::{Fact, PartnerMessage, QuarantineReason, Topic};
use crate::state::documents::Documents;

/// The first word of a fact that may be another one of the partner under other names; none if it is not.
pub(super) fn renamed(
    documents: &Documents,
    message: &PartnerMessage,
    known: Option<&Fact>,
) -> Option<Carried> {
    if known.is_some() {
        return None;
    }
    let (mut names, mut is_searched, mut is_cut) = (Vec::<String>::new(), false, false);
    for topic in Topic::named(&message.subject) {
        // A number that many returns have says nothing, where the message says the order as well.
        let Some(facts) = documents.about(&message.sender, &topic, PARTNER_PARTS_MAX) else {
            is_cut = true;
            continue;
        };
        is_searched = true;
        let same = facts.into_iter().filter(|(subject, _)| message.subject.may_be(subject));
        names.extend(same.map(|(subject, _)| subject.named()));
    }
    if is_cut && !is_searched {
        return Some(impossible(&format!("more than {PARTNER_PARTS_MAX} of one name")));
    }
    names.sort_unstable();
    names.dedup();
    let reason = QuarantineReason::subject_changed(names.first()?);
    let candidates = names.into_iter().take(PARTNER_CANDIDATES_MAX);
    let candidates = candidates.filter_map(|name| Text::new("candidate", name).ok()).collect();
    Some(Carried::Quarantined { reason, candidates })
}
