//! A shipment that a node has to do, as its order alone says.

use crate::model::fulfilment::{Content, WorkClaim};
use crate::model::{
    Day, NodeNo, Order, OrderId, OrderNo, Priority, ServiceNo, SkuNo, Timestamp, UnitState,
};

/// A shipment that a node has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentWork {
    /// The order.
    pub order: OrderId,
    /// The order's number: older orders have lower ones.
    pub no: OrderNo,
    /// The shipment, from 0.
    pub shipment: u16,
    /// The local day on which it ships; none while units wait for supply.
    pub ship_by: Option<Day>,
    /// The node's cut-off on that day.
    pub cut_off: Option<Timestamp>,
    /// Before whom it is served.
    pub priority: Priority,
    /// The service of its order.
    pub service: ServiceNo,
    /// How far it is: the least of its units that are not cancelled.
    pub state: UnitState,
    /// Whether the node accepted it.
    pub is_accepted: bool,
    /// Its units that have not left, by SKU and state, units that are not there yet among them.
    pub units: Vec<WorkUnits>,
    /// Units of them that have no supply yet, or one that is on its way.
    pub waiting: u32,
    /// Whether its order is on hold, or it waits for units to come back that it is given for: nobody is to begin with it.
    pub is_on_hold: bool,
    /// Whether it has to leave, and its cut-off has passed.
    pub is_late: bool,
    /// Who works on it now.
    pub claim: Option<WorkClaim>,
    /// Until when its node may answer that it is asked to give it back.
    pub recall: Option<Timestamp>,
}

/// Units of a line that have not left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkUnits {
    /// The line, from 0.
    pub line: u16,
    /// What they are of.
    pub sku: SkuNo,
    /// Where they are.
    pub state: UnitState,
    /// How many.
    pub units: u32,
    /// Units of the line on the shelf, there or to come, that shipments of the node have which come after
    /// this one: units that are not there yet are theirs first.
    pub behind: u32,
}

/// Where a shipment is in the work of its node: what comes before it has a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkKey {
    /// Whether it has not to leave: it waits for its customer.
    pub is_ready: bool,
    /// The day on which it ships; [`i32::MAX`] days after 1970-01-01 where it has none.
    pub ship_by: Day,
    /// Before whom it is served.
    pub priority: Priority,
    /// The order's number.
    pub no: OrderNo,
    /// The shipment, from 0.
    pub shipment: u16,
}

impl ShipmentWork {
    /// Units that have not left.
    pub fn open(&self) -> u32 {
        self.units.iter().map(|of| of.units).sum()
    }

    /// Units that are on the shelf, there or to come.
    pub fn loose(&self) -> u32 {
        let loose = self.units.iter().filter(|of| of.state <= UnitState::Released);
        loose.map(|of| of.units).sum()
    }

    /// Whether anything of it is still to leave. What is ready waits for its customer.
    pub fn has_to_leave(&self) -> bool {
        self.state != UnitState::Ready
    }

    /// Where it is in the work of its node.
    pub fn key(&self) -> WorkKey {
        WorkKey {
            is_ready: !self.has_to_leave(),
            ship_by: self.ship_by.unwrap_or(Day::from_epoch_days(i32::MAX)),
            priority: self.priority,
            no: self.no,
            shipment: self.shipment,
        }
    }
}

/// The shipments of an order that have not left a node, as the order alone says.
pub fn shipments_of(order: &Order, node: NodeNo) -> Vec<ShipmentWork> {
    let mut all = Vec::new();
    let mut behind = vec![0; order.lines.len()];
    for at in order.shipments_by_right().into_iter().rev() {
        let shipment = &order.shipments[usize::from(at)];
        if shipment.node != node {
            continue;
        }
        let (content, work) = (Content::of(order, at), shipment.work.as_deref());
        let units: Vec<_> =
            content.lines().flat_map(|line| here(order, content, line, &behind)).collect();
        for of in order.allocations_of(at) {
            behind[usize::from(of.line)] += of.loose();
        }
        let Some(state) = units.iter().map(|of| of.state).min() else { continue };
        if order.was_declined(at) {
            continue;
        }
        all.push(ShipmentWork {
            order: order.header.id.clone(),
            no: order.no,
            shipment: at,
            ship_by: shipment.ship_by,
            cut_off: None,
            priority: order.header.priority,
            service: order.header.service,
            state,
            is_accepted: shipment.is_accepted(),
            units,
            waiting: 0,
            is_on_hold: order.is_on_hold() || order.waits_for_return(at).is_some(),
            is_late: false,
            claim: work.and_then(|work| work.claim.as_deref().cloned()),
            recall: work.and_then(|work| work.recall),
        });
    }
    all
}

/// Units of a line of a shipment that are at its node.
fn here(order: &Order, content: Content<'_>, line: u16, behind: &[u32]) -> Vec<WorkUnits> {
    let (sku, behind) = (order.lines[usize::from(line)].sku, behind[usize::from(line)]);
    let standing = content.standing(line);
    let here = standing.states().filter(|(state, _)| *state <= UnitState::Ready);
    here.map(|(state, units)| WorkUnits { line, sku, state, units, behind }).collect()
}
