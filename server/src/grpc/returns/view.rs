//! A return as it stands.

use backstock_engine::engine::Engine;
use backstock_engine::model::returns::{
    Bucket, Considered, Credit, DecisionState, Disposition, Exchange, ExchangeMode, GoodsState,
    Grade, Return, ReturnLine, ReturnMode, ReturnReason, ReturnTerms, ShippingRefund, Stray,
    WhyThere,
};
use backstock_engine::model::{Order, Text};
use backstock_proto::v1;

use crate::grpc::times;

/// The returns of an order.
pub(in crate::grpc) fn all(engine: &Engine, order: &Order) -> Vec<v1::Return> {
    order.returns.iter().map(|rma| of(engine, order, rma)).collect()
}

/// A return of an order.
pub(super) fn of(engine: &Engine, order: &Order, of: &Return) -> v1::Return {
    let words = |text: Option<&Text>| text.map(|text| text.as_str().to_owned()).unwrap_or_default();
    let sent = of.sent.as_deref();
    let stray = |of: &Stray| {
        let sku = engine.sku_no(of.sku).to_string();
        v1::ReturnedItem { sku, quantity: of.units }
    };
    v1::Return {
        return_id: of.id.to_string(),
        mode: mode(of.mode).into(),
        reason: reason(of.reason).into(),
        note: words(of.note.as_ref()),
        node_id: of.node.map(|node| engine.node_no(node).id.to_string()).unwrap_or_default(),
        requested_time: Some(times::timestamp(of.requested_at)),
        expires_time: Some(times::timestamp(of.expires_at)),
        advance_until: of.advance_until.map(times::timestamp),
        terms: Some(terms(&of.terms)),
        lines: of.lines.iter().map(|line| self::line(engine, order, line)).collect(),
        label: words(of.label.as_ref()),
        carrier: words(sent.map(|sent| &sent.carrier)),
        tracking: words(sent.map(|sent| &sent.tracking)),
        sent_time: sent.map(|sent| times::timestamp(sent.at)),
        eta: sent.and_then(|sent| sent.eta).map(times::timestamp),
        revision: of.revision,
        others: of.strays.iter().map(stray).collect(),
        exchange: of.exchange.as_deref().map(|exchange| self::exchange(of, exchange)),
        considered: considered(engine, of),
    }
}

/// The nodes that it might have gone to.
fn considered(engine: &Engine, of: &Return) -> Vec<v1::ReturnConsidered> {
    let all = of.considered.as_deref().unwrap_or_default().iter();
    let message = |of: &Considered| v1::ReturnConsidered {
        node_id: engine.node_no(of.node).id.to_string(),
        choice: choice(of.why).into(),
        waiting: of.waiting,
        cost_minor: of.cost.0,
        free: of.free,
    };
    all.map(message).collect()
}

const fn choice(of: WhyThere) -> v1::ReturnChoice {
    match of {
        WhyThere::Chosen => v1::ReturnChoice::Chosen,
        WhyThere::FewerWaitedFor => v1::ReturnChoice::FewerWaitedFor,
        WhyThere::Dearer => v1::ReturnChoice::Dearer,
        WhyThere::MoreFree => v1::ReturnChoice::MoreFree,
        WhyThere::Equal => v1::ReturnChoice::Equal,
    }
}

fn exchange(of: &Return, exchange: &Exchange) -> v1::ReturnExchange {
    v1::ReturnExchange {
        mode: exchange_mode(exchange.mode).into(),
        first_line_index: exchange.first_line.into(),
        lines: exchange.lines.into(),
        waits: of.keeps_waiting(),
    }
}

/// What callers see of when a customer may have what he gets.
pub(super) const fn exchange_mode(of: ExchangeMode) -> v1::ExchangeMode {
    match of {
        ExchangeMode::Reserve => v1::ExchangeMode::Reserve,
        ExchangeMode::OnScan => v1::ExchangeMode::OnScan,
        ExchangeMode::Advance => v1::ExchangeMode::Advance,
    }
}

fn terms(of: &ReturnTerms) -> v1::ReturnTerms {
    v1::ReturnTerms {
        restocking_bp: of.fees.restocking_basis_points.into(),
        restocking_max_minor: of.fees.restocking_max.map(|most| most.0),
        label_fee_minor: of.fees.label.0,
        shipping: shipping(of.shipping).into(),
        covers_loss: of.covers_loss,
        needs_review: of.needs_review,
    }
}

fn line(engine: &Engine, order: &Order, of: &ReturnLine) -> v1::ReturnLine {
    v1::ReturnLine {
        line_index: of.line.into(),
        sku: engine.sku_no(order.lines[usize::from(of.line)].sku).to_string(),
        quantity: of.units(),
        units: of.buckets.iter().map(units).collect(),
        surplus: of.surplus,
    }
}

fn units(Bucket { status, units }: &Bucket) -> v1::ReturnUnits {
    let (goods, by) = (status.goods, status.decision.reduction());
    v1::ReturnUnits {
        quantity: *units,
        goods: self::goods(goods.state()).into(),
        grade: goods.grade().map(grade).unwrap_or_default().into(),
        disposition: goods.disposition().map(disposition).unwrap_or_default().into(),
        decision: decision(status.decision.state()).into(),
        reduced_bp: by.map_or(0, |by| by.basis_points().into()),
        credit: credit(status.credit).into(),
    }
}

const fn mode(of: ReturnMode) -> v1::ReturnMode {
    match of {
        ReturnMode::Normal => v1::ReturnMode::Normal,
        ReturnMode::KeepIt => v1::ReturnMode::KeepIt,
        ReturnMode::Advance => v1::ReturnMode::Advance,
        ReturnMode::Unannounced => v1::ReturnMode::Unannounced,
    }
}

/// What callers see of a reason.
pub(super) const fn reason(of: ReturnReason) -> v1::ReturnReason {
    match of {
        ReturnReason::ChangedMind => v1::ReturnReason::ChangedMind,
        ReturnReason::DoesNotFit => v1::ReturnReason::DoesNotFit,
        ReturnReason::WrongItem => v1::ReturnReason::WrongItem,
        ReturnReason::Damaged => v1::ReturnReason::Damaged,
        ReturnReason::Defective => v1::ReturnReason::Defective,
        ReturnReason::NotAsDescribed => v1::ReturnReason::NotAsDescribed,
        ReturnReason::TooLate => v1::ReturnReason::TooLate,
        ReturnReason::Other => v1::ReturnReason::Other,
    }
}

/// What callers see of what is credited of the shipping.
pub(super) const fn shipping(of: ShippingRefund) -> v1::ReturnShipping {
    match of {
        ShippingRefund::None => v1::ReturnShipping::None,
        ShippingRefund::LastUnit => v1::ReturnShipping::LastUnit,
        ShippingRefund::Proportional => v1::ReturnShipping::Proportional,
    }
}

/// What callers see of a grade.
pub(super) const fn grade(of: Grade) -> v1::ReturnGrade {
    match of {
        Grade::A => v1::ReturnGrade::A,
        Grade::B => v1::ReturnGrade::B,
        Grade::C => v1::ReturnGrade::C,
        Grade::Damaged => v1::ReturnGrade::Damaged,
    }
}

/// What callers see of what becomes of units.
pub(super) const fn disposition(of: Disposition) -> v1::ReturnDisposition {
    match of {
        Disposition::Restock => v1::ReturnDisposition::Restock,
        Disposition::Refurbish => v1::ReturnDisposition::Refurbish,
        Disposition::Liquidate => v1::ReturnDisposition::Liquidate,
        Disposition::ReturnToVendor => v1::ReturnDisposition::ReturnToVendor,
        Disposition::Scrap => v1::ReturnDisposition::Scrap,
        Disposition::SendBack => v1::ReturnDisposition::SendBack,
        Disposition::Missing => v1::ReturnDisposition::Missing,
    }
}

const fn goods(of: GoodsState) -> v1::ReturnGoods {
    match of {
        GoodsState::Expected => v1::ReturnGoods::Expected,
        GoodsState::InTransit => v1::ReturnGoods::InTransit,
        GoodsState::Received => v1::ReturnGoods::Received,
        GoodsState::Inspected => v1::ReturnGoods::Inspected,
        GoodsState::Disposed => v1::ReturnGoods::Disposed,
        GoodsState::Lost => v1::ReturnGoods::Lost,
        GoodsState::Expired => v1::ReturnGoods::Expired,
        GoodsState::NotRequired => v1::ReturnGoods::NotRequired,
    }
}

const fn decision(of: DecisionState) -> v1::ReturnDecision {
    match of {
        DecisionState::Requested => v1::ReturnDecision::Requested,
        DecisionState::Authorised => v1::ReturnDecision::Authorised,
        DecisionState::Refused => v1::ReturnDecision::Refused,
        DecisionState::Approved => v1::ReturnDecision::Approved,
        DecisionState::Reduced => v1::ReturnDecision::Reduced,
        DecisionState::Rejected => v1::ReturnDecision::Rejected,
        DecisionState::Cancelled => v1::ReturnDecision::Cancelled,
    }
}

const fn credit(of: Credit) -> v1::ReturnCredit {
    match of {
        Credit::None => v1::ReturnCredit::None,
        Credit::Advanced => v1::ReturnCredit::Advanced,
        Credit::Given => v1::ReturnCredit::Given,
        Credit::Earned => v1::ReturnCredit::Earned,
        Credit::ChargedBack => v1::ReturnCredit::ChargedBack,
    }
}
