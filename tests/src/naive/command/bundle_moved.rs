//! Bundles that waited: the other event that no command asks for.

use std::collections::BTreeMap;

use backstock_engine::command;
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Move, Supply, Timestamp};

use super::Fact;
use crate::naive::{Allotted, Naive, Order};

/// A move, with the names of its nodes.
type Named = (Move, String, String);

/// Bundles of an order rest on other supply from now on: of other nodes, or where they are.
#[derive(Clone, Debug)]
pub struct BundleMoved {
    order: String,
    looked_at: Lsn,
    /// Of each component its line, its item, and what moves from where to where.
    lines: Vec<(u16, String, Vec<Named>)>,
    offered_until: Option<Timestamp>,
}

impl BundleMoved {
    /// What the engine's event says, with names.
    pub fn new(engine: &Engine, event: &command::BundleMoved) -> Self {
        let node = |no| engine.node_no(no).id.to_string();
        let lines = event.lines.iter().map(|(sku, line)| {
            let moves = line.moves.iter().map(|m| (*m, node(m.from.0), node(m.to.0)));
            (line.line, engine.sku_no(*sku).to_string(), moves.collect())
        });
        Self {
            order: event.id.to_string(),
            looked_at: event.looked_at,
            lines: lines.collect(),
            offered_until: event.lines.iter().find_map(|(_, line)| line.offered_until),
        }
    }

    /// Refuses moves that tear a bundle apart, or that bring it nothing.
    fn check(&self, naive: &Naive) -> Result<(), String> {
        let order = naive.orders.get(&self.order).ok_or("no such order")?;
        let bundle = order.bundle_of(self.lines[0].0).ok_or("the line is of no bundle")?;
        let mut between = BTreeMap::<(u16, u16), BTreeMap<u16, u32>>::new();
        for (line, sku, moves) in &self.lines {
            for (moved, from, to) in moves {
                let is_open = naive.was_sourced((sku, to), &order.whom, self.looked_at);
                if moved.to.1 == Supply::Backorder {
                    self.check_given_up(naive, moved)?;
                    continue;
                }
                if from == to {
                    self.check_at_home(naive, (sku.as_str(), from.as_str()), moved)?;
                    continue;
                }
                if !is_open || order.declined.contains(to) || !order.may_ship(*line, to) {
                    return Err(format!("{moved:?} goes from {from} to {to}"));
                }
                let way = between.entry((moved.shipment, moved.to_shipment)).or_default();
                *way.entry(*line).or_default() += moved.units;
            }
        }
        for (way, units) in between {
            let whole = bundle.lines.iter().map(|(line, each)| {
                let units = units.get(line).copied().unwrap_or(0);
                (units / each, units % each)
            });
            let whole: Vec<_> = whole.collect();
            if whole[0].0 == 0 || whole.iter().any(|of| *of != (whole[0].0, 0)) {
                return Err(format!("from and to shipment {way:?} go {units:?} of the components"));
            }
        }
        Ok(())
    }
}

impl BundleMoved {
    /// Refuses that a bundle gives up what it keeps, if none that is served before it needs an item of
    /// it, and waits for one of its own.
    fn check_given_up(&self, naive: &Naive, moved: &Move) -> Result<(), String> {
        let order = &naive.orders[&self.order];
        let key = |order: &Order| (order.priority, order.no);
        let before = naive.orders.values().filter(|other| key(other) < key(order));
        // Or rests on what comes later.
        let waits = |other: &Order, sku: &str| {
            let of_sku = other.allotted.iter().filter(|part| part.sku == sku);
            let bundled = of_sku.filter_map(|part| other.bundle_of(part.line));
            let mut lines = bundled.flat_map(|bundle| bundle.lines.iter().map(|(line, _)| *line));
            lines.any(|line| naive.is_late(other.no, line))
        };
        let parts = order.allotted.iter().map(|part| part.sku.as_str());
        let is_for_one = before.into_iter().any(|other| parts.clone().any(|sku| waits(other, sku)));
        let stays = moved.shipment == moved.to_shipment && moved.from.0 == moved.to.0;
        if !is_for_one || !stays || moved.from.1 == Supply::Backorder {
            return Err(format!("{moved:?} brings nothing, and is for nobody"));
        }
        Ok(())
    }

    /// Refuses what brings a component nothing where it is, or what its node declined.
    fn check_at_home(
        &self,
        naive: &Naive,
        (sku, node): (&str, &str),
        moved: &Move,
    ) -> Result<(), String> {
        let pair = naive.pairs.get(&(sku.to_owned(), node.to_owned())).ok_or("no such pair")?;
        let counted = |eta: &_| naive.counted_since(self.looked_at, *eta);
        let before = pair.ready(moved.from.1).filter(|eta| counted(eta).1);
        let after = pair.ready(moved.to.1).filter(|eta| counted(eta).0);
        let gains = after.is_some() && before.is_none_or(|before| after < Some(before));
        let was_declined = naive.orders[&self.order].was_declined(moved.shipment);
        if moved.shipment != moved.to_shipment || !gains || was_declined {
            return Err(format!("{moved:?} gains nothing at {node}"));
        }
        Ok(())
    }
}

impl Fact for BundleMoved {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        self.check(naive)?;
        let order = &naive.orders[&self.order];
        let of = (order.no, order.is_held());
        let mut moves = self.lines.iter().flat_map(|(_, _, moves)| moves);
        let is_served = |(moved, ..): &Named| moved.to.1 != Supply::Backorder;
        if moves.clone().any(is_served) && !moves.any(|(moved, ..)| !moved.from.1.is_there()) {
            return Err("all of it was there".into());
        }
        let (channel, mut pairs) = (order.whom.channel.clone(), Vec::new());
        for (line, sku, moves) in &self.lines {
            for (moved, from, to) in moves {
                pairs.push(naive.pair(sku, to).clone());
                for _ in 0..moved.units {
                    naive.pair(sku, from).unpeg(of, *line, moved.from.1)?;
                    let pair = naive.pair(sku, to);
                    pair.check_may_have(channel.as_deref(), moved.to.1)?;
                    pair.allot(of, *line, moved.to.1)?;
                }
                if moved.shipment == moved.to_shipment {
                    continue;
                }
                let (sku, node) = (sku.clone(), to.clone());
                let (shipment, supply, units) = (moved.to_shipment, moved.to.1, moved.units);
                let to = Allotted { line: *line, sku, node, shipment, supply, units };
                let order = naive.orders.get_mut(&self.order).expect("it was there");
                order.move_units(moved.shipment, units, &to)?;
            }
        }
        let all = self.lines.iter().flat_map(|(_, sku, moves)| moves.iter().map(move |m| (sku, m)));
        let served =
            all.zip(&pairs).filter(|((_, (moved, ..)), _)| moved.to.1 != Supply::Backorder);
        for ((sku, (_, _, to)), pair) in served {
            let order = &naive.orders[&self.order];
            naive.check_served_in_order(sku, order, (to, pair), self.looked_at)?;
        }
        let (version, now) = (naive.version().next(), naive.now);
        let order = naive.orders.get_mut(&self.order).expect("it was there");
        order.changes.push(version);
        order.decisions.extend(self.lines.iter().map(|_| version));
        if let Some(until) = self.offered_until {
            order.hold.as_mut().ok_or("it is no hold")?.offered(until, now)?;
        }
        Ok(())
    }
}
