//! Units that come back.

use super::*;
use crate::command::fixture::{AT, node_id, return_id, set_return_policy};
use crate::command::order::exchange::ExchangeRequested;
use crate::command::order::payment::tests::card;
use crate::command::order::returned::{ReturnProgressed, Shelf};
use crate::command::order::returns::progress::tests::asked;
use crate::command::order::returns::request::ReturnRequested;
use crate::command::order::returns::set_policy::ReturnPolicySet;
use crate::model::returns::table::Act;
use crate::model::returns::{
    Applies, Condition, Considered, Credit, Decision, Destination, Disposition, Exchange,
    ExchangeMode, Goods, Grade, Holiday, Moved, Outcome, Reduction, Reported, ReturnMode,
    ReturnPolicy, ReturnProgress, ReturnReason, ReturnWay, Sent, Status, Stray, WhyThere,
};
use crate::model::{Day, Minor, NodeNo, OrderNo, PaymentTold, SkuNo, Taken, Telling};

pub(super) fn events() -> Vec<Named> {
    let (no, id) = (OrderNo(1 << 33), order_id());
    let asked = |mode| asked(mode).returns[0].clone().into();
    let requested = |mode| ReturnRequested { no, id: id.clone(), asked: asked(mode) }.into();
    vec![
        ("return_requested", requested(ReturnMode::Normal)),
        ("return_advanced", requested(ReturnMode::Advance)),
        ("return_sent", sent().into()),
        ("return_received", received().into()),
        ("return_inspected", inspected().into()),
        ("return_taught", taught().into()),
        ("return_policy_set", policy().into()),
        ("return_sourced", sourced().into()),
        ("return_destinations_set", destinations().into()),
        ("exchange_requested", exchanged().into()),
    ]
}

/// A return whose node was chosen.
fn sourced() -> ReturnRequested {
    let considered =
        |node, why| Considered { node: NodeNo(node), waiting: 2, cost: Minor(950), free: -1, why };
    let mut asked = asked(ReturnMode::Normal).returns[0].clone();
    let all = [considered(0, WhyThere::Chosen), considered(3, WhyThere::Dearer)];
    asked.considered = Some(Box::new(all));
    ReturnRequested { no: OrderNo(1 << 33), id: order_id(), asked: asked.into() }
}

/// A policy that says which nodes take returns.
fn destinations() -> ReturnPolicySet {
    let destination = Destination {
        node: node_id("LAX"),
        ways: vec![ReturnWay::Mail, ReturnWay::DropOff],
        categories: vec![text("shoes")],
        unit_cost: Minor(120),
    };
    let destinations = Some(vec![destination]);
    let policy = ReturnPolicy { destinations, ..set_return_policy().policy };
    ReturnPolicySet { policy: policy.into() }
}

fn exchanged() -> ExchangeRequested {
    let mut asked = asked(ReturnMode::Advance).returns[0].clone();
    let mode = ExchangeMode::OnScan;
    asked.exchange = Some(Exchange { mode, first_line: 2, lines: 1, prices: Vec::new() }.into());
    let (payment, entries) = card("more", 2_000, Taken::Authorised).payment(AT, 1);
    let payment = Some(PaymentTold { at: AT, told: Telling::Added(payment, entries) });
    ExchangeRequested { changed: order::changed(), asked: asked.into(), payment }
}

fn policy() -> ReturnPolicySet {
    let mut policy = set_return_policy().policy;
    let rule = &mut policy.rules[0];
    let category = Some(text("shoes"));
    rule.applies = Applies { category, channel: Some(text("web")), ..Applies::default() };
    (rule.applies.tier, rule.applies.conditions) = (Some(3), vec![Condition::Unopened]);
    (rule.grants.reasons, rule.grants.ways) = (vec![ReturnReason::TooLate], vec![ReturnWay::Mail]);
    rule.grants.fault_days = Some(90);
    let day = Day::from_epoch_days;
    policy.holidays = vec![Holiday { from: day(20_000), to: day(20_060), until: day(20_091) }];
    ReturnPolicySet { policy: policy.into() }
}

fn of(act: Act, moves: Vec<Moved>) -> ReturnProgressed {
    let return_id = return_id();
    let step = ReturnProgress { at: AT, act, moves, report: None, sent: None, node: None };
    let (no, id) = (OrderNo(1 << 33), order_id());
    ReturnProgressed { no, id, return_id, of: 1, step, shelves: Vec::new(), learnt: None }
}

fn moved((from, to): (Goods, Goods), decision: Decision, credit: Credit) -> Moved {
    let from = Status { goods: from, decision: Decision::Authorised, credit: Credit::None };
    let to = Status { goods: to, decision, credit };
    Moved { line: 1, from, to, units: 2 }
}

fn sent() -> ReturnProgressed {
    let goods = (Goods::Expected, Goods::InTransit);
    let mut event = of(Act::Send, vec![moved(goods, Decision::Authorised, Credit::None)]);
    let sent = Sent { at: AT, carrier: text("Owl Post"), tracking: text("1Z"), eta: Some(ETA) };
    event.step.sent = Some(sent.into());
    event
}

pub(super) fn received() -> ReturnProgressed {
    let goods = (Goods::Expected, Goods::Received);
    let mut event = of(Act::Receive, vec![moved(goods, Decision::Authorised, Credit::None)]);
    let strays = vec![Stray { sku: SkuNo(7), units: 1 }];
    event.step.report = Some(Reported { revision: 3, surplus: vec![(1, 4)], strays });
    event.step.node = Some(NodeNo(9));
    event.shelves = vec![Shelf { pair: PAIR, on_hand: 6, unavailable: 6 }];
    event
}

/// A step that teaches how many units of a node are sold again.
fn taught() -> ReturnProgressed {
    let learnt = Outcome { node: NodeNo(9), settled: 2, restocked: 0, came: 0, hours: 240 };
    ReturnProgressed { learnt: Some(learnt), ..inspected() }
}

fn inspected() -> ReturnProgressed {
    let (grade, how) = (Some(Grade::B), Disposition::Scrap);
    let goods = (Goods::Received, Goods::Disposed { grade, how });
    let by = Reduction::new("basis_points", 2_500).unwrap();
    let mut event = of(Act::Inspect, vec![moved(goods, Decision::Reduced(by), Credit::Given)]);
    event.shelves = vec![Shelf { pair: PAIR, on_hand: -2, unavailable: -2 }];
    event
}
