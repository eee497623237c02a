//! The largest events about returns.

use super::{PAIR, text};
use crate::command::events::AnyEvent;
use crate::command::fixture::{AT, set_return_policy};
use crate::command::order::exchange::ExchangeRequested;
use crate::command::order::payment::tests::card;
use crate::command::order::returned::{ReturnProgressed, Shelf};
use crate::command::order::returns::request::ReturnRequested;
use crate::command::order::returns::set_policy::ReturnPolicySet;
use crate::limits::{
    ID_BYTES_MAX, ORDER_LINES_MAX, RETURN_BUCKETS_MAX, RETURN_CATEGORIES_MAX,
    RETURN_CONSIDERED_KEPT, RETURN_DESTINATIONS_MAX, RETURN_HOLIDAYS_MAX, RETURN_RULES_MAX,
    RETURN_STRAYS_MAX,
};
use crate::model::returns::table::Act;
use crate::model::returns::{
    Bucket, Condition, Considered, Credit, Decision, Destination, Disposition, Exchange,
    ExchangeMode, Fees, Goods, Grade, Holiday, LabelPayer, Moved, Outcome, Reduction, Reported,
    Return, ReturnLine, ReturnMode, ReturnProgress, ReturnReason, ReturnTerms, ReturnWay, Sent,
    ShippingRefund, Status, Stray, WhyThere,
};
use crate::model::{
    Day, Minor, NodeId, NodeNo, OrderId, OrderNo, PaymentTold, ReturnId, SkuNo, Taken, Telling,
};

/// The events about returns.
pub(super) fn largest(id: &OrderId) -> [AnyEvent; 4] {
    [requested(id).into(), progressed(id).into(), policy().into(), exchanged(id).into()]
}

/// The largest return, for the largest change.
fn exchanged(id: &OrderId) -> ExchangeRequested {
    let mut asked = requested(id).asked;
    let mode = ExchangeMode::Advance;
    let (first_line, lines) = (u16::MAX, u16::MAX);
    asked.exchange = Some(Exchange { mode, first_line, lines, prices: Vec::new() }.into());
    let (payment, entries) = card("more", i64::MAX, Taken::Authorised).payment(AT, u16::MAX);
    let payment = Some(PaymentTold { at: AT, told: Telling::Added(payment, entries) });
    ExchangeRequested { changed: super::changed(id), asked, payment }
}

/// All rules and holidays that there may be.
fn policy() -> ReturnPolicySet {
    let mut policy = set_return_policy().policy;
    let rule = &mut policy.rules[0];
    (rule.applies.category, rule.applies.channel) = (Some(text()), Some(text()));
    rule.applies.conditions = Condition::ALL.to_vec();
    rule.grants.reasons = ReturnReason::ALL.to_vec();
    rule.grants.ways = ReturnWay::ALL.to_vec();
    rule.grants.fees = Fees {
        restocking_basis_points: u16::MAX,
        restocking_max: Some(Minor(i64::MIN)),
        label: Minor(i64::MIN),
    };
    let day = Day::from_epoch_days(i32::MIN);
    policy.rules = vec![rule.clone(); RETURN_RULES_MAX];
    policy.holidays = vec![Holiday { from: day, to: day, until: day }; RETURN_HOLIDAYS_MAX];
    let destination = Destination {
        node: NodeId::new("node", "x".repeat(ID_BYTES_MAX)).expect("an id"),
        ways: ReturnWay::ALL.to_vec(),
        categories: vec![text(); RETURN_CATEGORIES_MAX],
        unit_cost: Minor(i64::MIN),
    };
    policy.destinations = Some(vec![destination; RETURN_DESTINATIONS_MAX]);
    ReturnPolicySet { policy: policy.into() }
}

fn considered() -> Considered {
    let why = WhyThere::Equal;
    let (cost, free) = (Minor(i64::MIN), i64::MIN);
    Considered { node: NodeNo(u16::MAX), waiting: u32::MAX, cost, free, why }
}

fn return_id() -> ReturnId {
    ReturnId::new("return_id", "x".repeat(ID_BYTES_MAX)).expect("an id")
}

fn status() -> Status {
    let reduction = Reduction::new("basis_points", 10_000).expect("a reduction");
    Status {
        goods: Goods::Disposed { grade: Some(Grade::Damaged), how: Disposition::Missing },
        decision: Decision::Reduced(reduction),
        credit: Credit::ChargedBack,
    }
}

fn requested(id: &OrderId) -> ReturnRequested {
    let buckets = vec![Bucket { status: status(), units: u32::MAX }; 2].into();
    let line = ReturnLine { line: u16::MAX, buckets, surplus: 0 };
    let asked = Return {
        id: return_id(),
        mode: ReturnMode::Unannounced,
        node: Some(NodeNo(u16::MAX)),
        reason: ReturnReason::Other,
        note: Some(text()),
        requested_at: AT,
        expires_at: AT,
        advance_until: Some(AT),
        terms: ReturnTerms {
            until: Day::from_epoch_days(i32::MAX),
            fees: Fees {
                restocking_basis_points: u16::MAX,
                restocking_max: Some(Minor(i64::MIN)),
                label: Minor(i64::MIN),
            },
            label_payer: LabelPayer::Customer,
            shipping: ShippingRefund::Proportional,
            covers_loss: true,
            needs_review: true,
        },
        lines: vec![line; ORDER_LINES_MAX].into(),
        label: Some(text()),
        sent: None,
        revision: 0,
        strays: Box::default(),
        exchange: None,
        came_at: None,
        considered: Some(vec![considered(); RETURN_CONSIDERED_KEPT].into()),
    };
    ReturnRequested { no: OrderNo(u64::MAX), id: id.clone(), asked: asked.into() }
}

/// Units of each place of each line move, and are credited, and all that came of other items is told.
pub(super) fn progressed(id: &OrderId) -> ReturnProgressed {
    let (from, to) = (status(), status());
    let moved = Moved { line: u16::MAX, from, to, units: u32::MAX };
    let stray = Stray { sku: SkuNo(u32::MAX), units: u32::MAX };
    let report = Reported {
        revision: u32::MAX,
        surplus: vec![(u16::MAX, u32::MAX); ORDER_LINES_MAX],
        strays: vec![stray; RETURN_STRAYS_MAX],
    };
    let sent = Sent { at: AT, carrier: text(), tracking: text(), eta: Some(AT) };
    let shelf = Shelf { pair: PAIR, on_hand: i32::MIN, unavailable: i32::MIN };
    ReturnProgressed {
        no: OrderNo(u64::MAX),
        id: id.clone(),
        return_id: return_id(),
        of: u16::MAX,
        step: ReturnProgress {
            at: AT,
            act: Act::ChargeBack,
            moves: vec![moved; 2 * ORDER_LINES_MAX * RETURN_BUCKETS_MAX],
            report: Some(report),
            sent: Some(sent.into()),
            node: Some(NodeNo(u16::MAX)),
        },
        shelves: vec![shelf; ORDER_LINES_MAX + 2 * RETURN_STRAYS_MAX],
        learnt: Some(Outcome {
            node: NodeNo(u16::MAX),
            settled: i32::MIN,
            restocked: i32::MIN,
            came: i32::MIN,
            hours: u32::MAX,
        }),
    }
}
