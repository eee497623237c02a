//! A step of a return, as the journal has it.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::returns::table::Act;
use crate::model::returns::{
    Disposition, Grade, Moved, Outcome, Reduction, ReturnProgress, Shelved,
};
use crate::model::{
    DocumentEffect, DocumentKey, NodeNo, Order, OrderEffect, OrderId, OrderNo, Pair, Proposal,
    ReturnId, Returning, Serves, StockChange, StockEffect, Text,
};
use crate::transaction::command::Effective;

/// A return took a step.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnProgressed {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The return's id.
    #[n(2)]
    pub return_id: ReturnId,
    /// Which return of the order, from 0.
    #[n(3)]
    pub of: u16,
    /// What was done.
    #[n(4)]
    pub step: ReturnProgress,
    /// What that changed in the books of the node, pairs ascending.
    #[n(5)]
    pub shelves: Vec<Shelf>,
    /// What it teaches of the node.
    #[n(6)]
    pub learnt: Option<Outcome>,
}

/// What a step changed of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Shelf {
    /// The pair.
    #[n(0)]
    pub pair: Pair,
    /// Units on hand more, or less when below zero.
    #[n(1)]
    pub on_hand: i32,
    /// Units more that cannot be sold, or less when below zero.
    #[n(2)]
    pub unavailable: i32,
}

impl ReturnProgressed {
    /// A step of a return of an order, which changes no pair.
    pub fn new(order: &Order, of: u16, step: ReturnProgress) -> Self {
        let return_id = order.returns[usize::from(of)].id.clone();
        let (no, id) = (order.no, order.header.id.clone());
        let learnt = Outcome::of(&order.returns[usize::from(of)], &step);
        Self { no, id, return_id, of, step, shelves: Vec::new(), learnt }
    }

    /// What the pairs of the node are asked to decide of it, pairs ascending.
    pub fn proposals(&self, order: &Order) -> Vec<(Pair, Proposal)> {
        let of = &order.returns[usize::from(self.of)];
        let Some(node) = self.step.node.or(of.node) else { return Vec::new() };
        let all = of.shelved(&self.step, |line| order.lines[usize::from(line)].sku);
        let proposal = |of: Shelved| {
            let (on_hand, unavailable) = (of.on_hand, of.unavailable);
            (Pair { sku: of.sku, node }, Proposal::Returned { on_hand, unavailable })
        };
        all.into_iter().map(proposal).collect()
    }
}

impl Shelf {
    /// What it changed, for people.
    pub fn describe(&self) -> Value {
        json!({
            "sku_no": self.pair.sku.0, "node_no": self.pair.node.0,
            "on_hand_delta": self.on_hand, "unavailable_delta": self.unavailable,
        })
    }

    /// What a pair decided.
    pub fn of(pair: Pair, change: &StockChange) -> Self {
        match change {
            StockChange::Adjusted { on_hand_delta, unavailable_delta, .. } => {
                Self { pair, on_hand: *on_hand_delta, unavailable: *unavailable_delta }
            }
            other => unreachable!("a pair corrects what it has by what came back, not {other:?}"),
        }
    }
}

impl Effective for ReturnProgressed {
    fn effects(self) -> Effects {
        let stock = self.shelves.into_iter().map(|Shelf { pair, on_hand, unavailable }| {
            let (on_hand_delta, unavailable_delta) = (on_hand, unavailable);
            let reason = Text::default();
            let change = StockChange::Adjusted { on_hand_delta, unavailable_delta, reason };
            Effect::Stock(pair, StockEffect::Change { change, serves: Serves::Backlog })
        });
        let mut effects: Effects = stock.collect();
        effects.extend(self.learnt.map(|of| {
            let learn = DocumentEffect::LearnReturns(self.step.at, of);
            Effect::Document(Box::new((DocumentKey::ReturnsAt(of.node), learn)))
        }));
        let stepped = Returning::Stepped { no: self.of, step: self.step };
        effects.push(Effect::Order(self.no, OrderEffect::Return(stepped.into())));
        effects
    }
}

impl Event for ReturnProgressed {
    const CALLED: &'static [&'static str] = &[
        "return_authorised",
        "return_refused",
        "return_cancelled",
        "return_sent",
        "return_received",
        "return_inspected",
        "return_disposed",
        "return_lost",
        "return_loss_granted",
        "return_expired",
        "return_charged_back",
    ];

    fn called(&self) -> Option<&'static str> {
        Some(match self.step.act {
            Act::Authorise | Act::KeepIt | Act::Advance => "return_authorised",
            Act::Refuse => "return_refused",
            Act::Cancel => "return_cancelled",
            Act::Send => "return_sent",
            Act::Receive | Act::Correct => "return_received",
            Act::Inspect | Act::Approve | Act::Reduce | Act::Reject | Act::Credit => {
                "return_inspected"
            }
            Act::Restock
            | Act::Refurbish
            | Act::Liquidate
            | Act::ReturnToVendor
            | Act::Scrap
            | Act::SendBack
            | Act::Missing => "return_disposed",
            Act::Lose => "return_lost",
            Act::GrantLost => "return_loss_granted",
            Act::Expire => "return_expired",
            Act::ChargeBack => "return_charged_back",
        })
    }

    fn describe(&self) -> Value {
        let Self { no, id, return_id, step, shelves, .. } = self;
        let node = |node: NodeNo| node.0;
        let moved = |of: &Moved| {
            let (goods, decision) = (of.to.goods, of.to.decision);
            json!({
                "return_line": of.line, "units": of.units, "goods": goods.state().as_str(),
                "grade": goods.grade().map(Grade::as_str),
                "disposition": goods.disposition().map(Disposition::as_str),
                "decision": decision.state().as_str(), "credit": of.to.credit.as_str(),
                "reduced_basis_points": decision.reduction().map(Reduction::basis_points),
            })
        };
        let sent = step.sent.as_deref();
        json!({
            "order_id": id.as_str(), "order_no": no.0, "return_id": return_id.as_str(),
            "step": step.act.as_str(), "at": step.at.to_string(),
            "units": step.moves.iter().map(moved).collect::<Vec<_>>(),
            "revision": step.report.as_ref().map(|report| report.revision),
            "carrier": sent.map(|sent| sent.carrier.as_str()),
            "tracking": sent.map(|sent| sent.tracking.as_str()),
            "node_no": step.node.map(node),
            "stock": shelves.iter().map(Shelf::describe).collect::<Vec<_>>(),
        })
    }
}
