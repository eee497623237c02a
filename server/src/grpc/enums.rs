//! Enums that several messages share, there and back. An unknown number is noted: it
//! comes from a caller of a newer version, and its meaning cannot be guessed here.

use backstock_engine::limits::TIER_MAX;
use backstock_engine::model::{
    DeclineReason, NodeKind, Priority, PriorityClass, Rule, Shortage, Split,
};
use backstock_proto::v1;

use crate::status::Violations;

/// Notes a number that no value of an enum has.
pub(super) fn unknown<T>(found: &mut Violations, path: &str, number: i32) -> Option<T> {
    found.add(path, format!("\"{number}\" is no value of this enum"));
    None
}

/// What an order or a policy says of units without supply; none when it does
/// not say.
pub(super) fn shortage(found: &mut Violations, path: &str, number: i32) -> Option<Shortage> {
    match v1::ShortagePolicy::try_from(number) {
        Ok(v1::ShortagePolicy::Unspecified) => None,
        Ok(v1::ShortagePolicy::Reject) => Some(Shortage::Reject),
        Ok(v1::ShortagePolicy::Backorder) => Some(Shortage::Backorder),
        Ok(v1::ShortagePolicy::Partial) => Some(Shortage::Partial),
        Err(_) => unknown(found, path, number),
    }
}

/// What callers see of units without supply.
pub(super) const fn shortage_message(shortage: Shortage) -> v1::ShortagePolicy {
    match shortage {
        Shortage::Reject => v1::ShortagePolicy::Reject,
        Shortage::Backorder => v1::ShortagePolicy::Backorder,
        Shortage::Partial => v1::ShortagePolicy::Partial,
    }
}

/// The class of orders; that of those of which nothing is said where it is not said.
pub(super) fn class(found: &mut Violations, path: &str, class: i32) -> Option<PriorityClass> {
    match v1::PriorityClass::try_from(class) {
        Ok(v1::PriorityClass::Unspecified | v1::PriorityClass::Redistribute) => {
            Some(PriorityClass::Redistribute)
        }
        Ok(v1::PriorityClass::Win) => Some(PriorityClass::Win),
        Ok(v1::PriorityClass::Gain) => Some(PriorityClass::Gain),
        Ok(v1::PriorityClass::Fill) => Some(PriorityClass::Fill),
        Ok(v1::PriorityClass::Lose) => Some(PriorityClass::Lose),
        Err(_) => unknown(found, path, class),
    }
}

/// Before whom an order is served: what is said in `priority` and `tier`.
pub(super) fn priority(found: &mut Violations, class: i32, tier: Option<u32>) -> Option<Priority> {
    let class = self::class(found, "priority", class);
    let tier = tier.unwrap_or_else(|| TIER_MAX.into());
    let priority = Priority::new(class.unwrap_or(PriorityClass::Redistribute), tier);
    found.taken("tier", priority).filter(|_| class.is_some())
}

/// What callers see of a class.
pub(super) const fn class_message(class: PriorityClass) -> v1::PriorityClass {
    match class {
        PriorityClass::Win => v1::PriorityClass::Win,
        PriorityClass::Gain => v1::PriorityClass::Gain,
        PriorityClass::Redistribute => v1::PriorityClass::Redistribute,
        PriorityClass::Fill => v1::PriorityClass::Fill,
        PriorityClass::Lose => v1::PriorityClass::Lose,
    }
}

/// What an order or a policy says of splitting; none when it does not say.
pub(super) fn split(found: &mut Violations, path: &str, number: i32) -> Option<Split> {
    match v1::SplitPolicy::try_from(number) {
        Ok(v1::SplitPolicy::Unspecified) => None,
        Ok(v1::SplitPolicy::WholeLine) => Some(Split::WholeLine),
        Ok(v1::SplitPolicy::Units) => Some(Split::Units),
        Err(_) => unknown(found, path, number),
    }
}

/// What callers see of splitting.
pub(super) const fn split_message(split: Split) -> v1::SplitPolicy {
    match split {
        Split::WholeLine => v1::SplitPolicy::WholeLine,
        Split::Units => v1::SplitPolicy::Units,
    }
}

/// Why a node does not ship what it was given; `Unspecified` is a reason as well.
pub(super) fn decline_reason(
    found: &mut Violations,
    path: &str,
    number: i32,
) -> Option<DeclineReason> {
    match v1::DeclineReason::try_from(number) {
        Ok(v1::DeclineReason::Unspecified) => Some(DeclineReason::Unspecified),
        Ok(v1::DeclineReason::NotFound) => Some(DeclineReason::NotFound),
        Ok(v1::DeclineReason::Damaged) => Some(DeclineReason::Damaged),
        Ok(v1::DeclineReason::Capacity) => Some(DeclineReason::Capacity),
        Ok(v1::DeclineReason::Closed) => Some(DeclineReason::Closed),
        Ok(v1::DeclineReason::Short) => Some(DeclineReason::Short),
        Err(_) => unknown(found, path, number),
    }
}

/// What callers see of why a shipment was declined.
pub(super) const fn decline_reason_message(reason: DeclineReason) -> v1::DeclineReason {
    match reason {
        DeclineReason::Unspecified => v1::DeclineReason::Unspecified,
        DeclineReason::NotFound => v1::DeclineReason::NotFound,
        DeclineReason::Damaged => v1::DeclineReason::Damaged,
        DeclineReason::Capacity => v1::DeclineReason::Capacity,
        DeclineReason::Closed => v1::DeclineReason::Closed,
        DeclineReason::Short => v1::DeclineReason::Short,
    }
}

/// The kind of a node, which has one.
pub(super) fn node_kind(found: &mut Violations, path: &str, number: i32) -> Option<NodeKind> {
    match v1::NodeKind::try_from(number) {
        Ok(v1::NodeKind::Warehouse) => Some(NodeKind::Warehouse),
        Ok(v1::NodeKind::Store) => Some(NodeKind::Store),
        Ok(v1::NodeKind::ThirdParty) => Some(NodeKind::ThirdParty),
        Ok(v1::NodeKind::Supplier) => Some(NodeKind::Supplier),
        Ok(v1::NodeKind::Unspecified) => {
            found.breaks(path, "", Rule::Required);
            None
        }
        Err(_) => unknown(found, path, number),
    }
}

/// The kind of a node as callers see it.
pub(super) const fn node_kind_message(kind: NodeKind) -> v1::NodeKind {
    match kind {
        NodeKind::Warehouse => v1::NodeKind::Warehouse,
        NodeKind::Store => v1::NodeKind::Store,
        NodeKind::ThirdParty => v1::NodeKind::ThirdParty,
        NodeKind::Supplier => v1::NodeKind::Supplier,
    }
}
