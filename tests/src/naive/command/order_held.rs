//! Holding an order, and releasing a hold.

use backstock_engine::command;
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Move, Supply, Timestamp};

use super::Fact;
use crate::naive::Naive;

/// An order was put on hold.
#[derive(Clone, Debug)]
pub struct OrderHeld {
    /// The order.
    pub order: String,
    /// The hold.
    pub hold: String,
    /// Until when its units are kept.
    pub stock_until: Option<Timestamp>,
}

impl Fact for OrderHeld {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        let is_known = order.holds.insert(self.hold.clone(), (self.stock_until, false)).is_some();
        if order.open_in_all() == 0 || is_known || order.holds.len() > 8 {
            return Err(format!("it is put on hold: {order:?}"));
        }
        Ok(())
    }
}

/// A hold on an order was released.
#[derive(Clone, Debug)]
pub struct OrderHoldReleased {
    /// The order.
    pub order: String,
    /// The hold.
    pub hold: String,
}

impl Fact for OrderHoldReleased {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        order.holds.remove(&self.hold).map(drop).ok_or("no such hold".into())
    }
}

/// An order was on hold for so long that its units wait.
#[derive(Clone, Debug)]
pub struct OrderStockLetGo {
    order: String,
    at: Timestamp,
    /// By line and item, which units leave which node's supply.
    moves: Vec<(u16, String, String, Move)>,
}

impl OrderStockLetGo {
    /// What the engine's event says, with names.
    pub fn new(engine: &Engine, event: &command::OrderStockLetGo) -> Self {
        let all = event.lines.iter().flat_map(|(sku, line)| {
            let sku = engine.sku_no(*sku).to_string();
            line.moves.iter().map(move |moved| (line.line, sku.clone(), *moved))
        });
        let named = |(line, sku, moved): (u16, String, Move)| {
            (line, sku, engine.node_no(moved.from.0).id.to_string(), moved)
        };
        Self { order: event.id.to_string(), at: event.at, moves: all.map(named).collect() }
    }
}

impl Fact for OrderStockLetGo {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let (version, now) = (naive.version().next(), naive.now);
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        let of = (order.no, order.is_held());
        let mut lets_go = false;
        for (until, let_go) in order.holds.values_mut() {
            let is_due = until.is_some_and(|until| until <= self.at) && !*let_go;
            (lets_go, *let_go) = (lets_go || is_due, *let_go || is_due);
        }
        if !lets_go || self.at > now || order.open_in_all() == 0 {
            return Err(format!("its units are let go at {now}: {order:?}"));
        }
        for (line, sku, node, Move { units, shipment, from, to_shipment, to }) in &self.moves {
            let order = &naive.orders[&self.order];
            if !order.may_be_joined(*shipment, self.at) || shipment != to_shipment || from.0 != to.0
            {
                return Err(format!("a node began with shipment {shipment}: {order:?}"));
            }
            let pair = naive.pair(sku, node);
            for _ in 0..*units {
                pair.unpeg(of, *line, from.1)?;
                pair.allot(of, *line, to.1)?;
            }
        }
        // Nothing is kept but what nodes began with.
        let order = &naive.orders[&self.order];
        let none_began = (0..).take(64).all(|shipment| order.may_be_joined(shipment, self.at));
        let parts: Vec<_> =
            order.allotted.iter().map(|of| (of.line, of.sku.clone(), of.node.clone())).collect();
        for (line, sku, node) in parts.into_iter().filter(|_| none_began) {
            let rests = naive.pair(&sku, &node).units_of(of.0, line);
            if rests.iter().any(|supply| *supply != Supply::Backorder) {
                return Err(format!("line {line} keeps units at {node}: {rests:?}"));
            }
        }
        Ok(())
    }
}
