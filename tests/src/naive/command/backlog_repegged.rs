//! Re-pegging a backlog: the one event that no command asks for.

use backstock_engine::command;
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Move};

use super::Fact;
use crate::naive::{Allotted, Naive};

/// Units of a backlog rest on other supply from now on.
#[derive(Clone, Debug)]
pub struct BacklogRepegged {
    sku: String,
    looked_at: Lsn,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    order: String,
    at: u16,
    moves: Vec<(Move, String, String)>,
}

impl BacklogRepegged {
    /// What the engine's event says, with names.
    pub fn new(engine: &Engine, event: command::BacklogRepegged) -> Self {
        let node = |no| engine.node_no(no).id.to_string();
        let line = |line: command::Repegged| Line {
            order: line.id.to_string(),
            at: line.line.line,
            moves: line.line.moves.iter().map(|m| (*m, node(m.from.0), node(m.to.0))).collect(),
        };
        let lines = event.lines.into_iter().map(line).collect();
        Self { sku: engine.sku_no(event.sku).to_string(), looked_at: event.looked_at, lines }
    }
}

impl Fact for BacklogRepegged {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let all = || self.lines.iter().flat_map(|line| line.moves.iter().map(move |m| (line, m)));
        if all().next().is_none() {
            return Err("nothing moves".into());
        }
        for (line, (moved, from, to)) in all() {
            let no = naive.orders.get(&line.order).ok_or("no such order")?.no;
            let before = naive.pair(&self.sku, from).ready(moved.from.1);
            let after = naive.pair(&self.sku, to).ready(moved.to.1);
            let is_whole = naive.orders[&line.order].is_whole;
            // Nodes may be so far apart that what comes later arrives sooner.
            let gains = from != to || before.is_none_or(|before| after < Some(before));
            if after.is_none() || !(is_whole || gains) {
                return Err(format!("order {} gains nothing by {moved:?}", line.order));
            }
            // What waits at a node is served there, also when sourcing may not choose it.
            if from != to && !naive.was_enabled(to, self.looked_at) {
                return Err(format!("node {to} is not enabled"));
            }
            for _ in 0..moved.units {
                naive.pair(&self.sku, from).unpeg(no, line.at, moved.from.1)?;
            }
        }
        for (line, (moved, _, to)) in all() {
            let no = naive.orders[&line.order].no;
            for _ in 0..moved.units {
                naive.pair(&self.sku, to).allot(no, line.at, moved.to.1)?;
            }
            if moved.shipment != moved.to_shipment {
                let (sku, node) = (self.sku.clone(), to.clone());
                let (shipment, supply, units) = (moved.to_shipment, moved.to.1, moved.units);
                let to = Allotted { line: line.at, sku, node, shipment, supply, units };
                let order = naive.orders.get_mut(&line.order).expect("it was there");
                order.move_units(moved.shipment, units, &to)?;
            }
        }
        Ok(())
    }
}
