//! What is planned to leave nodes, day by day, as naively as can be.

use std::collections::{BTreeMap, BTreeSet};

use backstock_engine::command::{AnyEvent, NodeDefinition};
use backstock_engine::engine::Engine;
use backstock_engine::model::{self, Day, Lsn, PackedOrder};

use super::pair::same;
use super::{Naive, day};
use crate::fixture::node_id;

/// What is to leave by node and day.
pub(super) type Loads = BTreeMap<(String, Day), Load>;

/// What is to leave a node on a day.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    units: u64,
    /// By order number and shipment.
    shipments: BTreeSet<(u64, u16)>,
}

impl Load {
    /// Units, and shipments.
    fn counts(&self) -> [u64; 2] {
        [self.units, u64::try_from(self.shipments.len()).expect("few")]
    }

    fn is_of_one_order(&self) -> bool {
        let orders: BTreeSet<_> = self.shipments.iter().map(|(no, _)| no).collect();
        orders.len() <= 1
    }
}

/// How much of each may leave a node on a day: 0 for no bound.
pub(super) fn capacity(node: &NodeDefinition) -> [u64; 2] {
    [node.capacity_units_per_day, node.capacity_shipments_per_day.unwrap_or(0)].map(u64::from)
}

/// Versions before a command was asked for in which its node may have got its capacity: orders
/// that were in flight then had claimed no room, and no other order sees them.
const IN_FLIGHT: u64 = 64;

/// Days ahead from which on there is room for all.
const HELD: u16 = 120;

/// What an event tells of days, by order number and shipment, from 0.
pub type DaysTold = Vec<((u64, u16), Told)>;

/// What is told of a shipment.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// When it is to leave.
    Day(Option<Day>),
    /// Whether its node ships it.
    Ships(bool),
}

/// What an event tells of days.
pub fn days_told(event: &AnyEvent) -> DaysTold {
    let of_order = |packed: &PackedOrder| {
        let order = packed.unpack().expect("it was read");
        let shipments = (0..).zip(&order.shipments);
        shipments.map(|(at, shipment)| ((order.no.0, at), Told::Day(shipment.ship_by))).collect()
    };
    match event {
        AnyEvent::OrderPlaced(event) => of_order(&event.order),
        AnyEvent::HoldCreated(event) => of_order(&event.order),
        AnyEvent::HoldReplaced(event) => of_order(&event.order),
        AnyEvent::HoldChanged(event) => of_order(&event.order),
        // Those that are added come behind the order's own; each has units.
        AnyEvent::OrderChanged(event) => {
            let change = &event.change;
            let all = change.placed.iter().map(|of| of.shipment + 1).max().unwrap_or(0);
            let added = u16::try_from(change.shipments.len()).expect("few shipments");
            let shipments = (all.saturating_sub(added)..).zip(&change.shipments);
            let day = |of: &model::ShipmentAdded| Told::Day(of.days.map(|days| days.0));
            let added = shipments.map(|(at, shipment)| ((event.no.0, at), day(shipment)));
            let told = change
                .told
                .iter()
                .map(|told| ((event.no.0, told.shipment), Told::Day(told.days.map(|days| days.0))));
            told.chain(added).collect()
        }
        // Units that are declined apart are in a new shipment.
        AnyEvent::ShipmentDeclined(event) => {
            let is_whole = event.apart.as_ref().is_none_or(|apart| apart.units.is_none());
            let told = ((event.no.0, event.shipment), Told::Ships(false));
            Some(told).filter(|_| is_whole).into_iter().collect()
        }
        AnyEvent::ShipmentAccepted(event) => {
            vec![((event.no.0, event.shipment), Told::Ships(true))]
        }
        AnyEvent::BacklogRepegged(event) => {
            let lines = event.lines.iter();
            let told = lines.flat_map(|line| line.line.told.iter().map(|told| (line.no.0, told)));
            let day = |told: &model::Told| Told::Day(told.days.map(|days| days.0));
            told.map(|(no, told)| ((no, told.shipment), day(told))).collect()
        }
        AnyEvent::BundleMoved(event) => {
            let told = event.lines.iter().flat_map(|(_, line)| &line.told);
            let day = |told: &model::Told| Told::Day(told.days.map(|days| days.0));
            told.map(|told| ((event.no.0, told.shipment), day(told))).collect()
        }
        AnyEvent::OrderStockLetGo(event) => {
            let told = event.lines.iter().flat_map(|(_, line)| &line.told);
            told.map(|told| ((event.no.0, told.shipment), Told::Day(None))).collect()
        }
        AnyEvent::OrderHoldReleased(event) => {
            let day = |told: &model::Told| Told::Day(told.days.map(|days| days.0));
            let all = event.told.iter().flatten();
            all.map(|told| ((event.no.0, told.shipment), day(told))).collect()
        }
        _ => Vec::new(),
    }
}

impl Naive {
    /// Shipments are to leave on other days.
    pub(super) fn tell(&mut self, told: &DaysTold) {
        for (of, told) in told {
            match told {
                Told::Day(Some(day)) => drop(self.told.insert(*of, *day)),
                Told::Day(None) => drop(self.told.remove(of)),
                Told::Ships(true) => drop(self.not_shipped.remove(of)),
                Told::Ships(false) => drop(self.not_shipped.insert(*of)),
            }
        }
    }

    /// What is to leave each node on each day.
    pub(super) fn loads(&self) -> Loads {
        let mut days = Loads::new();
        for order in self.orders.values() {
            for (node, shipment, units) in order.open_parts() {
                let of = (order.no, shipment);
                let is_shipped = !self.not_shipped.contains(&of);
                if let (Some(day), true) = (self.told.get(&of), is_shipped) {
                    let load = days.entry((node.into(), *day)).or_default();
                    load.units += u64::from(units);
                    if units > 0 {
                        load.shipments.insert(of);
                    }
                }
            }
        }
        days
    }

    /// Refuses what puts more on a day than any capacity allowed that the node had since the
    /// command was asked for. What one order has alone on a day may be more.
    pub(super) fn check_loads(&mut self, asked: Lsn) -> Result<(), String> {
        let today = i32::try_from(day(self.now)).expect("a day of this century");
        let last = Day::from_epoch_days(today).plus(HELD);
        // The answer to a repeat is all that is known of some commands.
        let asked = asked.min(self.version());
        let since = Lsn::new(asked.get().saturating_sub(IN_FLIGHT));
        let (after, before) = (self.loads(), std::mem::take(&mut self.planned));
        for ((node, day), load) in after.iter().filter(|((_, day), _)| *day <= last) {
            let had = before.get(&(node.clone(), *day)).map(Load::counts).unwrap_or_default();
            for (of, what) in ["units", "shipments"].into_iter().enumerate() {
                let capacities = || {
                    let moments = self.moments(since, self.version());
                    let of_node = moments.filter_map(|moment| moment.nodes.get(node));
                    of_node.map(|node| capacity(node)[of])
                };
                let (count, most) = (load.counts()[of], capacities().max().unwrap_or(0));
                let is_bounded = capacities().all(|most| most > 0);
                if count > had[of] && is_bounded && count > most && !load.is_of_one_order() {
                    let leave = format!("{count} {what} leave {node} on {day}");
                    return Err(format!("{leave}, which takes {most}: {load:?}"));
                }
            }
        }
        self.planned = after;
        Ok(())
    }

    /// Compares what is planned with what the engine counts.
    pub(super) fn compare_loads(&self, engine: &Engine) -> Result<(), String> {
        for ((node, day), there) in self.loads() {
            let load =
                engine.node_load(&node_id(&node), Some(day), 1).map_err(|e| e.to_string())?;
            if let Some(planned) = load.days[0].planned {
                let of = self.told.iter().filter(|(_, told)| **told == day);
                let of: Vec<_> = of.map(|(of, _)| of).collect();
                let what = format!("units and shipments that leave {node} on {day}, of {of:?}");
                same(&what, &[planned.units, planned.shipments], &there.counts())?;
            }
        }
        Ok(())
    }
}
