//! That units of the backlog rest on other supply from now on, or have other days.

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Day, LineRepegged, Lsn, Move, NodeNo, OrderEffect, OrderId, OrderNo, Pair, Priority, Repeg,
    Reservation, SkuNo, StockEffect, Supply, Told, ToldAt,
};
use crate::transaction::command::Effective;

/// Units of a SKU's backlog rest on other supply from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BacklogRepegged {
    /// The SKU.
    #[n(0)]
    pub sku: SkuNo,
    /// The last event after which the backlog was looked at: that event, or one before it,
    /// is the cause.
    #[n(1)]
    pub looked_at: Lsn,
    /// The order lines, by priority, and of one priority ascending by order.
    #[n(2)]
    pub lines: Vec<Repegged>,
    /// The pairs, by node, from which all days that follow were told by now. None in events of
    /// older versions, which kept no account of that.
    #[n(3)]
    pub told: Option<Vec<(NodeNo, ToldAt)>>,
}

/// A line of an order whose units rest on other supply from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Repegged {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// What is different.
    #[n(2)]
    pub line: LineRepegged,
    /// Whether the order is a hold; none if it is not.
    #[n(3)]
    pub held: Option<bool>,
    /// Before whom the order is served; none if it says nothing of that.
    #[n(4)]
    pub priority: Option<Priority>,
}

impl BacklogRepegged {
    /// What comes off the supplies of each pair, and onto them.
    pub fn by_pair(&self) -> BTreeMap<Pair, Repeg> {
        let mut pairs = BTreeMap::<Pair, Repeg>::new();
        for Repegged { no: order, line: repegged, held, priority, .. } in &self.lines {
            let (order, line, held) = (*order, repegged.line, *held == Some(true));
            let priority = priority.unwrap_or_default();
            let pair = |node: NodeNo| Pair { sku: self.sku, node };
            for Move { units, from, to, .. } in &repegged.moves {
                let units = *units;
                let peg = |supply| Reservation { order, line, supply, units, held, priority };
                pairs.entry(pair(from.0)).or_default().off.push(peg(from.1));
                pairs.entry(pair(to.0)).or_default().put_on(peg(to.1));
            }
        }
        for (node, told) in self.told.iter().flatten() {
            pairs.entry(Pair { sku: self.sku, node: *node }).or_default().told = told.clone();
        }
        pairs
    }
}

/// Bundles of an order that waited rest on the supply of other nodes from now on, with all their
/// components.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BundleMoved {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The last event after which the backlogs were looked at.
    #[n(2)]
    pub looked_at: Lsn,
    /// What is different of each component. The first one says it of shipments and days.
    #[n(3)]
    pub lines: Vec<(SkuNo, LineRepegged)>,
    /// Whether the order is a hold.
    #[n(4)]
    pub held: bool,
    /// Before whom the order is served; none if it says nothing of that.
    #[n(5)]
    pub priority: Option<Priority>,
}

impl BundleMoved {
    /// What comes off the supplies of each pair, and onto them.
    pub fn by_pair(&self) -> BTreeMap<Pair, Repeg> {
        let mut pairs = BTreeMap::<Pair, Repeg>::new();
        let (order, held, priority) = (self.no, self.held, self.priority.unwrap_or_default());
        for (sku, LineRepegged { line, moves, .. }) in &self.lines {
            for Move { units, from, to, .. } in moves {
                let (units, line) = (*units, *line);
                let peg = |supply| Reservation { order, line, supply, units, held, priority };
                let pair = |node: NodeNo| Pair { sku: *sku, node };
                pairs.entry(pair(from.0)).or_default().off.push(peg(from.1));
                pairs.entry(pair(to.0)).or_default().put_on(peg(to.1));
            }
        }
        pairs
    }
}

impl Effective for BundleMoved {
    fn effects(self) -> Effects {
        let pairs = self.by_pair().into_iter();
        let mut effects: Effects = pairs
            .map(|(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg))))
            .collect();
        let lines = self.lines.into_iter().map(|(_, line)| line).collect();
        effects.push(Effect::Order(self.no, OrderEffect::MoveBundle(lines)));
        effects
    }
}

impl Event for BundleMoved {
    fn describe(&self) -> Value {
        let line = |(sku, line): &(SkuNo, LineRepegged)| {
            json!({
                "line": line.line, "sku_no": sku.0,
                "moves": line.moves.iter().map(moved).collect::<Vec<_>>(),
                "told": line.told.iter().map(told).collect::<Vec<_>>(),
                "cause": line.why.as_ref().map(|why| why.cause.as_str()),
                "offered_until": line.offered_until.map(|until| until.to_string()),
            })
        };
        json!({
            "order_id": self.id.as_str(), "order_no": self.no.0, "looked_at": self.looked_at.get(),
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}

impl Effective for BacklogRepegged {
    fn effects(self) -> Effects {
        let pairs = self.by_pair().into_iter();
        let mut effects: Effects = pairs
            .map(|(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg))))
            .collect();
        let orders = self.lines.into_iter();
        effects.extend(orders.map(|Repegged { no, line, .. }| {
            Effect::Order(no, OrderEffect::Repeg(Box::new(line)))
        }));
        effects
    }
}

impl Event for BacklogRepegged {
    fn describe(&self) -> Value {
        let Self { sku, looked_at, lines, told: told_at } = self;
        let lines = lines.iter().map(|Repegged { no, id, line, .. }| {
            json!({
                "order_id": id.as_str(), "order_no": no.0, "line": line.line,
                "moves": line.moves.iter().map(moved).collect::<Vec<_>>(),
                "told": line.told.iter().map(told).collect::<Vec<_>>(),
                "cause": line.why.as_ref().map(|why| why.cause.as_str()),
                "offered_until": line.offered_until.map(|until| until.to_string()),
            })
        });
        json!({
            "sku_no": sku.0, "looked_at": looked_at.get(), "lines": lines.collect::<Vec<_>>(),
            "told_at_node_nos": told_at.iter().flatten().map(|(no, _)| no.0).collect::<Vec<_>>(),
        })
    }

    fn extension(&self) -> usize {
        let says_why = self.lines.iter().any(|line| line.line.why.is_some());
        if says_why { 2 } else { usize::from(self.told.is_some()) }
    }
}

fn moved(Move { units, shipment, from, to_shipment, to }: &Move) -> Value {
    json!({
        "units": units,
        "from": { "shipment": shipment, "node_no": from.0.0, "supply": supply(from.1) },
        "to": { "shipment": to_shipment, "node_no": to.0.0, "supply": supply(to.1) },
    })
}

fn supply(supply: Supply) -> String {
    match supply {
        Supply::Picked => "picked".into(),
        Supply::OnHand => "on_hand".into(),
        Supply::Supplier => "supplier".into(),
        Supply::Inbound(no) => format!("inbound {}", no.0),
        Supply::Backorder => "none".into(),
    }
}

fn told(Told { shipment, deliver_by_before, days, .. }: &Told) -> Value {
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    json!({
        "shipment": shipment, "deliver_by_before": day(*deliver_by_before),
        "ship_by": day(days.map(|days| days.0)), "deliver_by": day(days.map(|days| days.1)),
    })
}
