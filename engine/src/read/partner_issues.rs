//! What somebody has to look at of what partners said: numbers that are missing for too long, messages in
//! quarantine, and goods that came back and are of no return.

use crate::limits::{PARTNER_QUARANTINED_MAX, PARTNER_UNMATCHED_MAX, PARTNERS_READ_MAX};
use crate::model::partner::{Fact, Gap, Partner, Quarantined, Subject};
use crate::model::{Document, DocumentKey, PackedDocument, PartnerId, Timestamp};
use crate::state::documents::Documents;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Something that somebody has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerIssue {
    /// Whose it is.
    pub partner: PartnerId,
    /// Since when.
    pub since: Timestamp,
    /// What it is.
    pub what: IssueOf,
}

/// What somebody has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssueOf {
    /// Numbers that are missing for longer than what is only overtaken.
    Gap(Gap),
    /// A message in quarantine.
    Quarantined(Box<Quarantined>),
    /// Goods that came back and are of no return, under these names.
    Unmatched(Subject, Box<Fact>),
}

/// How many of each there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IssueCounts {
    /// Ranges of numbers that are missing for too long.
    pub gaps: u64,
    /// Messages in quarantine.
    pub quarantined: u64,
    /// Goods that are of no return.
    pub unmatched: u64,
}

/// All that somebody has to look at of one partner, or of all, the oldest first.
///
/// # Errors
/// When there is no partner of that id.
pub fn issues(
    kernel: &Kernel,
    only: Option<&PartnerId>,
    now: Timestamp,
) -> Result<Vec<PartnerIssue>, EngineError> {
    let documents = &kernel.state.documents;
    let partners = match only {
        Some(id) => vec![super::partner::partner(kernel, id)?.partner],
        None => all(documents),
    };
    let mut issues: Vec<PartnerIssue> =
        partners.iter().flat_map(|partner| of(documents, partner, now)).collect();
    issues.sort_by(|one, other| (one.since, &one.partner).cmp(&(other.since, &other.partner)));
    Ok(issues)
}

/// How many there are, of all partners.
pub fn counts(kernel: &Kernel, now: Timestamp) -> IssueCounts {
    all(&kernel.state.documents).iter().fold(IssueCounts::default(), |sum, partner| IssueCounts {
        gaps: sum.gaps + partner.seqs.overdue(now).count() as u64,
        quarantined: sum.quarantined + u64::from(partner.quarantined),
        unmatched: sum.unmatched + u64::from(partner.unmatched),
    })
}

fn all(documents: &Documents) -> Vec<Partner> {
    let packed = documents.partners(PARTNERS_READ_MAX).into_iter();
    packed.filter_map(|packed| packed.unpack()?.into_partner()).collect()
}

fn of(documents: &Documents, partner: &Partner, now: Timestamp) -> Vec<PartnerIssue> {
    let issue = |since, what| PartnerIssue { partner: partner.id.clone(), since, what };
    let gaps = partner.seqs.overdue(now).map(|gap| issue(gap.since, IssueOf::Gap(*gap)));
    let kept = documents.quarantined(&partner.id, PARTNER_QUARANTINED_MAX).into_iter();
    let kept = kept.filter_map(|packed| {
        let kept = packed.unpack()?.quarantined()?.clone();
        Some(issue(kept.since, IssueOf::Quarantined(Box::new(kept))))
    });
    let goods = documents.unmatched(&partner.id, PARTNER_UNMATCHED_MAX).into_iter();
    let goods = goods.filter_map(|packed| {
        let (subject, fact) = unmatched(&packed)?;
        Some(issue(fact.arrival.as_ref()?.since, IssueOf::Unmatched(subject, Box::new(fact))))
    });
    gaps.chain(kept).chain(goods).collect()
}

fn unmatched(packed: &PackedDocument) -> Option<(Subject, Fact)> {
    let DocumentKey::Fact(key) = &packed.key else { return None };
    let Document::Fact(fact) = packed.unpack()? else { return None };
    Some((key.subject.clone(), *fact))
}
