//! Reasons, ways, terms and findings of returns, as a caller says them.

use backstock_engine::command::{Said, TermsAsked};
use backstock_engine::limits::TIER_MAX;
use backstock_engine::model::Minor;
use backstock_engine::model::returns::{
    Disposition, Fees, Grade, Reduction, ReturnMode, ReturnReason, ShippingRefund, Verdict,
};
use backstock_proto::v1;

use super::{policy, view};
use crate::grpc::enums::unknown;
use crate::status::Violations;

/// What comes first.
pub(super) fn mode(found: &mut Violations, number: i32) -> Option<ReturnMode> {
    match v1::ReturnMode::try_from(number) {
        Ok(v1::ReturnMode::Unspecified | v1::ReturnMode::Normal) => Some(ReturnMode::Normal),
        Ok(v1::ReturnMode::KeepIt) => Some(ReturnMode::KeepIt),
        Ok(v1::ReturnMode::Advance) => Some(ReturnMode::Advance),
        Ok(v1::ReturnMode::Unannounced) => Some(ReturnMode::Unannounced),
        Err(_) => unknown(found, "mode", number),
    }
}

/// Why units come back.
pub(super) fn reason(found: &mut Violations, number: i32) -> Option<ReturnReason> {
    let known = v1::ReturnReason::try_from(number).ok();
    if known == Some(v1::ReturnReason::Unspecified) {
        return Some(ReturnReason::Other);
    }
    named_reason(number).or_else(|| unknown(found, "reason", number))
}

/// The reason that a number stands for.
pub(super) fn named_reason(number: i32) -> Option<ReturnReason> {
    let known = v1::ReturnReason::try_from(number).ok()?;
    ReturnReason::ALL.iter().copied().find(|reason| known == view::reason(*reason))
}

/// What is said for the policy to judge.
pub(super) fn said(found: &mut Violations, of: &v1::RequestReturnRequest) -> Said {
    let mut or_unsaid = |field: &str, number: i32, is_known: bool| {
        if number != 0 && !is_known {
            unknown::<()>(found, field, number);
        }
    };
    let (condition, way) = (policy::condition(of.condition), policy::way(of.way));
    or_unsaid("condition", of.condition, condition.is_some());
    or_unsaid("way", of.way, way.is_some());
    let tier = of.tier.map(|tier| found.fits("tier", tier.into(), 0, TIER_MAX.into()));
    Said { tier, condition, way }
}

/// What of the shipping is credited.
pub(super) fn shipping(found: &mut Violations, path: &str, number: i32) -> Option<ShippingRefund> {
    match v1::ReturnShipping::try_from(number) {
        Ok(v1::ReturnShipping::Unspecified | v1::ReturnShipping::None) => {
            Some(ShippingRefund::None)
        }
        Ok(v1::ReturnShipping::LastUnit) => Some(ShippingRefund::LastUnit),
        Ok(v1::ReturnShipping::Proportional) => Some(ShippingRefund::Proportional),
        Err(_) => unknown(found, path, number),
    }
}

/// On what terms.
pub(super) fn read(found: &mut Violations, of: v1::ReturnTerms) -> Option<TermsAsked> {
    let restocking = found.fits("terms.restocking_bp", of.restocking_bp.into(), 0, 10_000);
    let shipping = shipping(found, "terms.shipping", of.shipping);
    let fees = Fees {
        restocking_basis_points: restocking,
        restocking_max: of.restocking_max_minor.map(Minor),
        label: Minor(of.label_fee_minor),
    };
    let (covers_loss, needs_review) = (of.covers_loss, of.needs_review);
    shipping.map(|shipping| TermsAsked { fees, shipping, covers_loss, needs_review })
}

/// What an inspector found: somebody looked.
pub(in crate::grpc) fn grade(found: &mut Violations, number: i32) -> Option<Grade> {
    let known = v1::ReturnGrade::try_from(number).ok();
    if known == Some(v1::ReturnGrade::Unspecified) {
        return found.required("grade", None);
    }
    let grade = Grade::ALL.into_iter().find(|grade| known == Some(view::grade(*grade)));
    grade.or_else(|| unknown(found, "grade", number))
}

/// What the customer is owed; none where that is decided later, or is wrong, which is noted.
pub(super) fn verdict(found: &mut Violations, (number, by): (i32, u32)) -> Option<Verdict> {
    let verdict = v1::ReturnVerdict::try_from(number);
    if by != 0 && verdict != Ok(v1::ReturnVerdict::Reduce) {
        found.add("reduced_bp", "is said of the verdict REDUCE alone");
    }
    match verdict {
        Ok(v1::ReturnVerdict::Unspecified) => None,
        Ok(v1::ReturnVerdict::Approve) => Some(Verdict::Approve),
        Ok(v1::ReturnVerdict::Reduce) => {
            found.taken("reduced_bp", Reduction::new("reduced_bp", by)).map(Verdict::Reduce)
        }
        Ok(v1::ReturnVerdict::Reject) => Some(Verdict::Reject),
        Err(_) => unknown(found, "verdict", number),
    }
}

/// What becomes of units; none where that is decided later, or is wrong, which is noted.
pub(in crate::grpc) fn disposition(found: &mut Violations, number: i32) -> Option<Disposition> {
    let known = v1::ReturnDisposition::try_from(number).ok();
    if known == Some(v1::ReturnDisposition::Unspecified) {
        return None;
    }
    let mut all = Disposition::ALL.into_iter();
    let disposition = all.find(|how| known == Some(view::disposition(*how)));
    disposition.or_else(|| unknown(found, "disposition", number))
}
