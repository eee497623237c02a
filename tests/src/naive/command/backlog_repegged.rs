//! Re-pegging a backlog: the one event that no command asks for.

use backstock_engine::command;
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Move, Timestamp, ToldAt};

use super::Fact;
use crate::naive::{Allotted, Naive};

/// Units of a backlog rest on other supply from now on.
#[derive(Clone, Debug)]
pub struct BacklogRepegged {
    sku: String,
    looked_at: Lsn,
    lines: Vec<Line>,
    /// By node, whose orders were told of all days.
    told: Vec<(String, ToldAt)>,
}

#[derive(Clone, Debug)]
struct Line {
    order: String,
    at: u16,
    moves: Vec<(Move, String, String)>,
    is_told: bool,
    offered_until: Option<Timestamp>,
}

impl BacklogRepegged {
    /// What the engine's event says, with names.
    pub fn new(engine: &Engine, event: command::BacklogRepegged) -> Self {
        let node = |no| engine.node_no(no).id.to_string();
        let line = |line: command::Repegged| Line {
            order: line.id.to_string(),
            at: line.line.line,
            moves: line.line.moves.iter().map(|m| (*m, node(m.from.0), node(m.to.0))).collect(),
            is_told: !line.line.told.is_empty(),
            offered_until: line.line.offered_until,
        };
        let lines = event.lines.into_iter().map(line).collect();
        let told = event.told.into_iter().flatten().map(|(no, told)| (node(no), told));
        let (sku, looked_at) = (engine.sku_no(event.sku).to_string(), event.looked_at);
        Self { sku, looked_at, lines, told: told.collect() }
    }
}

impl BacklogRepegged {
    /// Refuses a line that takes less of another node than it must.
    fn check_minimums(&self, naive: &Naive, line: &Line) -> Result<(), String> {
        for (_, _, to) in line.moves.iter().filter(|(_, from, to)| from != to) {
            let there = line.moves.iter().filter(|(_, from, other)| other == to && from != to);
            let units: u32 = there.map(|(moved, ..)| moved.units).sum();
            if i64::from(units) < naive.minimums(to, self.looked_at).1 {
                return Err(format!("{units} units move to {to}, which is too few: {line:?}"));
            }
        }
        Ok(())
    }
}

impl Fact for BacklogRepegged {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let all = || self.lines.iter().flat_map(|line| line.moves.iter().map(move |m| (line, m)));
        let says_nothing = |line: &Line| line.moves.is_empty() && !line.is_told;
        if self.lines.iter().any(says_nothing) || (self.lines.is_empty() && self.told.is_empty()) {
            return Err("nothing moves, and nobody is told".into());
        }
        for (node, told) in &self.told {
            naive.pair(&self.sku, node).told(told);
        }
        for line in &self.lines {
            self.check_minimums(naive, line)?;
        }
        for (line, (moved, from, to)) in all() {
            let order = naive.orders.get(&line.order).ok_or("no such order")?;
            let of = (order.no, order.is_held());
            let before = naive.pair(&self.sku, from).ready(moved.from.1);
            let after = naive.pair(&self.sku, to).ready(moved.to.1);
            // What is overdue for too long is as good as none.
            let counted = |eta: &_| naive.counted_since(self.looked_at, *eta);
            let before = before.filter(|eta| counted(eta).1);
            let after = after.filter(|eta| counted(eta).0);
            let is_whole = naive.orders[&line.order].is_whole;
            // Nodes may be so far apart that what comes later arrives sooner; and what was to come
            // before today is counted on tomorrow, behind what is to come today.
            let comes_sooner = |before| {
                let day = |eta| naive.counted_on(eta);
                after < Some(before) || after.is_some_and(|after| day(after) < day(before))
            };
            let gains = from != to || before.is_none_or(comes_sooner);
            if after.is_none() || !(is_whole || gains) {
                return Err(format!("order {} gains nothing by {moved:?}", line.order));
            }
            // What waits at a node is served there, also when sourcing may not choose it.
            let whom = &naive.orders[&line.order].whom;
            if from != to && !naive.was_sourced((&self.sku, to), whom, self.looked_at) {
                return Err(format!("node {to} might not be chosen for {whom:?}"));
            }
            let order = &naive.orders[&line.order];
            if from != to && order.bundle_of(line.at).is_some() {
                return Err(format!("a component leaves its bundle: {moved:?}"));
            }
            if from != to && !order.may_ship(line.at, to) {
                return Err(format!("a line that must not be split is: {moved:?}"));
            }
            let back = from == to && order.was_declined(moved.shipment);
            if back || (from != to && order.declined.contains(to)) {
                return Err(format!("node {to} declined order {}: {moved:?}", line.order));
            }
            naive.rides.remove(&(of.0, line.at));
            for _ in 0..moved.units {
                naive.pair(&self.sku, from).unpeg(of, line.at, moved.from.1)?;
            }
        }
        let mut pairs = Vec::new();
        for (line, (moved, _, to)) in all() {
            let order = &naive.orders[&line.order];
            let (of, whom) = ((order.no, order.is_held()), order.whom.clone());
            let pair = naive.pair(&self.sku, to);
            pairs.push(pair.clone());
            for _ in 0..moved.units {
                pair.check_may_have(whom.channel.as_deref(), moved.to.1)?;
                pair.allot(of, line.at, moved.to.1)?;
            }
            if moved.shipment != moved.to_shipment {
                let (sku, node) = (self.sku.clone(), to.clone());
                let (shipment, supply, units) = (moved.to_shipment, moved.to.1, moved.units);
                let to = Allotted { line: line.at, sku, node, shipment, supply, units };
                let order = naive.orders.get_mut(&line.order).expect("it was there");
                order.move_units(moved.shipment, units, &to)?;
            }
        }
        for ((line, (_, _, to)), pair) in all().zip(&pairs) {
            let served = &naive.orders[&line.order];
            naive.check_served_in_order(&self.sku, served, (to, pair), self.looked_at)?;
        }
        let version = naive.version().next();
        for Line { order, offered_until, .. } in &self.lines {
            let (now, order) = (naive.now, naive.orders.get_mut(order).expect("it was there"));
            order.decisions.push(version);
            order.changes.push(version);
            if let Some(until) = offered_until {
                order.hold.as_mut().ok_or("it is no hold")?.offered(*until, now)?;
            }
        }
        Ok(())
    }
}
