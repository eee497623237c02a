//! A step of a shipment.

use backstock_engine::model::{Act, Lsn, NodeKind, Timestamp};

use super::Fact;
use crate::naive::order::Parcel;
use crate::naive::{Allotted, Naive};

/// A shipment took a step.
#[derive(Clone, Debug)]
pub struct ShipmentProgressed {
    /// The order.
    pub order: String,
    /// Counted from 0.
    pub shipment: u16,
    /// What was done.
    pub act: Act,
    /// Units by part that went back to the shelf, as the engine says.
    pub put_back: Vec<(u16, u32)>,
    /// Units by part that were picked.
    pub picked: Vec<(u16, u32)>,
    /// Units by part that left.
    pub left: Vec<(u16, u32)>,
    /// Until when the node may answer that it is asked to give it back, if it is.
    pub recall: Option<Timestamp>,
    /// The packages that changed, by id.
    pub packages: Vec<(String, Parcel)>,
}

impl Fact for ShipmentProgressed {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        let is_idle = self.put_back.is_empty() && self.picked.is_empty() && self.left.is_empty();
        let moves_nothing = matches!(self.act, Act::Release | Act::Recall | Act::RefuseRecall);
        if moves_nothing != (is_idle && self.packages.is_empty()) {
            return Err("a step moves units if it is one of units".into());
        }
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        let no = order.no;
        let is_new = |(id, _): &(String, Parcel)| !order.has_package(self.shipment, id);
        let packs_anew = self.packages.iter().any(is_new);
        order.work((self.shipment, self.act), packs_anew)?;
        let back = order.put_back(&self.put_back)?;
        let picked = order.pick(self.shipment, &self.picked)?;
        let left = order.leave(self.shipment, &self.left)?;
        for (id, parcel) in &self.packages {
            order.pack(self.shipment, id, parcel.clone());
        }
        order.check_packages()?;
        self.check_until(naive, asked)?;
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        match self.recall {
            Some(until) => order.ask_back(self.shipment, until),
            None if self.act == Act::Recall => order.take_back(self.shipment),
            None => {}
        }
        for Allotted { line, sku, node, units, .. } in back {
            (0..units).try_for_each(|_| naive.pair(&sku, &node).put_back(no, line))?;
        }
        for Allotted { line, sku, node, units, .. } in picked {
            (0..units).try_for_each(|_| naive.pair(&sku, &node).pick(no, line))?;
        }
        for Allotted { line, sku, node, units, .. } in left {
            let at_supplier = naive.nodes[&node].kind == NodeKind::Supplier;
            let pair = naive.pair(&sku, &node);
            (0..units).try_for_each(|_| pair.leave(no, line, at_supplier))?;
        }
        Ok(())
    }
}

impl ShipmentProgressed {
    /// What is ready waits until the end of the last day that its node says, or said since the step
    /// was asked for.
    fn check_until(&self, naive: &Naive, asked: Lsn) -> Result<(), String> {
        if self.act != Act::MakeReady {
            return Ok(());
        }
        let order = &naive.orders[&self.order];
        let node = order.node_of(self.shipment).ok_or("it has no units")?;
        let said = naive.kept_until(&node, asked);
        let wrong = self.packages.iter().find(|(_, parcel)| !said.contains(&parcel.until));
        wrong.map_or(Ok(()), |wrong| Err(format!("{wrong:?} waits at {node}, which says {said:?}")))
    }
}
