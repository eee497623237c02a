//! What happens beside the orders, day by day: shipments to the nodes are
//! announced and arrive, some otherwise than was told, and what is ready leaves for the customers.

use std::collections::{BTreeMap, BTreeSet};

use backstock_engine::model::{Day, RefusalKind, Timestamp};
use backstock_proto::v1;
use futures_util::future::try_join_all;

use super::error::DemoError;
use super::fate::Fate;
use super::ledger::Ledger;
use super::promises::Promises;
use super::setup::{load_rows, row, wire_day};
use super::stocking::DemoInbound;
use crate::client::{Client, ClientError};
use crate::dates;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// The carrier of every parcel of the demo.
const CARRIER: &str = "Demo Parcel";

/// Calls of one day that are on their way at once.
const CALLS_AT_ONCE: usize = 64;

/// A shipment: the order and its number in it.
pub(super) type Parcel = (String, u32);

/// A SKU at a node.
pub(super) type Pair = (String, String);

/// What is still to happen.
#[derive(Debug)]
pub(super) struct Life {
    /// Not announced yet, by the day of the announcement.
    announcements: BTreeMap<Day, Vec<DemoInbound>>,
    /// Announced and not arrived, by the day of arrival.
    arrivals: BTreeMap<Day, Vec<DemoInbound>>,
    /// Announced, and to be told to come later, by the day on which they were to come.
    slips: BTreeMap<Day, Vec<DemoInbound>>,
    /// What customers were told.
    pub(super) promises: Promises,
    /// Ready to leave, by the day on which they have to.
    parcels: BTreeMap<Day, Vec<Parcel>>,
    /// Parcels that lack units, by what they lack.
    waiting: BTreeMap<Pair, Vec<Parcel>>,
    /// What each parcel has in it, until it has left.
    contents: BTreeMap<Parcel, Vec<Pair>>,
}

impl Life {
    /// Nothing has happened yet.
    pub(super) fn new(inbound: &[DemoInbound]) -> Self {
        let mut announcements = BTreeMap::<Day, Vec<DemoInbound>>::new();
        for supply in inbound {
            announcements.entry(day_of(supply.announced)).or_default().push(supply.clone());
        }
        Self {
            announcements,
            arrivals: BTreeMap::new(),
            slips: BTreeMap::new(),
            promises: Promises::default(),
            parcels: BTreeMap::new(),
            waiting: BTreeMap::new(),
            contents: BTreeMap::new(),
        }
    }

    /// An order was placed: its shipments leave when their day comes.
    pub(super) fn placed(&mut self, placed: &v1::PlaceOrderResponse) {
        self.promises.read(&placed.order_id, placed.promised_by.as_ref());
        for shipment in &placed.shipments {
            self.plan(&placed.order_id, shipment);
        }
    }

    /// A shipment is to leave, on the day that it has now.
    fn plan(&mut self, order: &str, shipment: &v1::Shipment) {
        let parcel = (order.to_owned(), shipment.number);
        let pairs = shipment.lines.iter().map(|l| (l.sku.clone(), shipment.node_id.clone()));
        let pairs: Vec<Pair> = pairs.collect();
        match shipment.ship_by.as_ref().and_then(dates::from_wire) {
            Some(date) => self.parcels.entry(date.into()).or_default().push(parcel.clone()),
            None => self.wait(&parcel, &pairs),
        }
        self.contents.insert(parcel, pairs);
    }

    fn wait(&mut self, parcel: &Parcel, pairs: &[Pair]) {
        for pair in pairs {
            self.waiting.entry(pair.clone()).or_default().push(parcel.clone());
        }
    }

    /// Lives through all that is due by the morning of `today`, but for shipments: says which of
    /// them are to leave before.
    pub(super) async fn until(
        &mut self,
        today: Day,
        client: &Client,
    ) -> Result<Vec<Parcel>, DemoError> {
        self.announce(today, client).await?;
        let slipped = self.slip(today, client).await?;
        let arrived = self.receive(today, client).await?;
        self.read_anew(slipped.iter().chain(&arrived), client).await?;
        let mut ready: Vec<Parcel> =
            arrived.iter().filter_map(|pair| self.waiting.remove(pair)).flatten().collect();
        ready.extend(due(&mut self.parcels, today));
        // A parcel is planned again whenever its day is another; it leaves once.
        ready.retain(|parcel| self.contents.contains_key(parcel));
        ready.sort();
        ready.dedup();
        Ok(ready)
    }

    async fn announce(&mut self, today: Day, client: &Client) -> Result<(), DemoError> {
        let announced = due(&mut self.announcements, today.plus(1));
        if announced.is_empty() {
            return Ok(());
        }
        load_rows(client, announced.iter().map(announcement).collect()).await?;
        for supply in announced {
            let (told, fate) = (day_of(supply.eta), fate(&supply));
            if let Fate::Slips(_) = fate {
                self.slips.entry(told).or_default().push(supply.clone());
            }
            self.arrivals.entry(fate.arrives(told)).or_default().push(supply);
        }
        Ok(())
    }

    /// Tells of what does not come today, though it was to, when it comes; answers where.
    async fn slip(&mut self, today: Day, client: &Client) -> Result<Vec<Pair>, DemoError> {
        let slipped = due(&mut self.slips, today.plus(1));
        let calls = slipped.iter().map(|supply| {
            let mut inventory = client.inventory();
            let request = delay(supply);
            async move { inventory.update_inbound(request).await }
        });
        try_join_all(calls).await?;
        Ok(slipped.into_iter().map(pair).collect())
    }

    /// Customers whose orders want an item of these pairs read what they are told now.
    pub(super) async fn read_anew(
        &mut self,
        pairs: impl Iterator<Item = &Pair>,
        client: &Client,
    ) -> Result<(), DemoError> {
        // What comes free at one node is for orders that wait at another as well.
        let skus: BTreeSet<_> = pairs.map(|(sku, _)| sku).collect();
        let concerned =
            self.contents.iter().filter(|(_, has)| has.iter().any(|(sku, _)| skus.contains(sku)));
        let mut orders: Vec<_> = concerned.map(|((order, _), _)| order.clone()).collect();
        orders.dedup();
        for some in orders.chunks(CALLS_AT_ONCE) {
            let calls = some.iter().map(|order_id| {
                let request = v1::GetOrderRequest { order_id: order_id.clone(), min_version: 0 };
                let mut orders = client.orders();
                async move { orders.get_order(request).await }
            });
            for answer in try_join_all(calls).await? {
                self.planned_anew(&answer.into_inner().order.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// The shipments of an order are as they are now.
    fn planned_anew(&mut self, order: &v1::Order) {
        self.promises.read(&order.order_id, order.promised_by.as_ref());
        self.replan(order);
    }

    /// The shipments of an order are as they are now, after something that has its own report.
    pub(super) fn replan(&mut self, order: &v1::Order) {
        self.promises.read_again(&order.order_id, order.promised_by.as_ref());
        for shipment in order.shipments.iter().filter(|shipment| is_to_leave(shipment)) {
            if shipment.lines.is_empty() {
                self.contents.remove(&(order.order_id.clone(), shipment.number));
            } else {
                self.plan(&order.order_id, shipment);
            }
        }
    }

    /// A shipment has left.
    pub(super) fn left(&mut self, parcel: &Parcel) {
        self.contents.remove(parcel);
    }

    /// A shipment lacks units, and leaves when they come.
    pub(super) fn wait_for(&mut self, parcel: &Parcel) {
        let pairs = self.contents.get(parcel).cloned().unwrap_or_default();
        self.wait(parcel, &pairs);
    }

    /// Takes in what arrived, and says at which pairs.
    async fn receive(&mut self, today: Day, client: &Client) -> Result<Vec<Pair>, DemoError> {
        let arrived = due(&mut self.arrivals, today.plus(1));
        for some in arrived.chunks(CALLS_AT_ONCE) {
            let calls = some.iter().map(|supply| {
                let mut inventory = client.inventory();
                let request = receipt(supply);
                async move { inventory.receive_inbound(request).await }
            });
            try_join_all(calls).await?;
        }
        for supply in &arrived {
            self.promises.came(fate(supply));
        }
        Ok(arrived.into_iter().map(pair).collect())
    }

    /// They leave, without a word before.
    pub(super) async fn ship(
        &mut self,
        ready: Vec<Parcel>,
        client: &Client,
        ledger: &mut Ledger,
    ) -> Result<(), DemoError> {
        for parcels in ready.chunks(CALLS_AT_ONCE) {
            let left = try_join_all(parcels.iter().map(|parcel| ship(client, parcel))).await?;
            for (parcel, has_left) in parcels.iter().zip(left) {
                if has_left {
                    self.left(parcel);
                    ledger.shipped(&parcel.0, parcel.1);
                } else {
                    self.wait_for(parcel);
                }
            }
        }
        Ok(())
    }
}

/// Whether a shipment is still to leave, or has nothing in it any more.
fn is_to_leave(shipment: &v1::Shipment) -> bool {
    use v1::ShipmentState as State;
    let left = [State::Shipped, State::Delivered, State::Collected, State::Lost, State::Ready];
    !left.contains(&shipment.state())
}

/// Whether the parcel has left; else some of its units are not there yet.
async fn ship(client: &Client, parcel: &Parcel) -> Result<bool, DemoError> {
    let request = v1::ShipShipmentRequest {
        order_id: parcel.0.clone(),
        shipment_number: parcel.1,
        carrier: CARRIER.to_owned(),
        tracking: format!("{}-{}", parcel.0, parcel.1),
        // Sent again after the kill, it is the same shipment.
        request_id: format!("ship-{}-{}", parcel.0, parcel.1),
        ..v1::ShipShipmentRequest::default()
    };
    match client.fulfillment().ship_shipment(request).await.map_err(ClientError::from) {
        Ok(_) => Ok(true),
        Err(ClientError::Refused(refused))
            if refused.reason == RefusalKind::SupplyNotReceived.name() =>
        {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes all that is due before `day`, the earliest first.
pub(super) fn due<T>(queue: &mut BTreeMap<Day, Vec<T>>, day: Day) -> Vec<T> {
    let later = queue.split_off(&day);
    std::mem::replace(queue, later).into_values().flatten().collect()
}

fn pair(supply: DemoInbound) -> Pair {
    (supply.sku, supply.node.to_owned())
}

fn fate(supply: &DemoInbound) -> Fate {
    Fate::of(&supply.id, supply.quantity)
}

/// A supply comes on another day than was announced.
fn delay(supply: &DemoInbound) -> v1::UpdateInboundRequest {
    v1::UpdateInboundRequest {
        sku: supply.sku.clone(),
        node_id: supply.node.to_owned(),
        inbound_id: supply.id.clone(),
        eta: Some(wire_day(fate(supply).arrives(day_of(supply.eta)))),
        request_id: format!("slip-{}", supply.id),
        ..v1::UpdateInboundRequest::default()
    }
}

fn announcement(supply: &DemoInbound) -> v1::StockRow {
    let inbound = v1::InboundAnnouncement {
        inbound_id: supply.id.clone(),
        quantity: supply.quantity.into(),
        eta: Some(wire_day(day_of(supply.eta))),
        confidence_basis_points: None,
        source: v1::SupplySource::PurchaseOrder.into(),
    };
    row(&supply.sku, supply.node, v1::stock_row::Change::Inbound(inbound))
}

fn receipt(supply: &DemoInbound) -> v1::ReceiveInboundRequest {
    v1::ReceiveInboundRequest {
        sku: supply.sku.clone(),
        node_id: supply.node.to_owned(),
        inbound_id: supply.id.clone(),
        quantity: fate(supply).units(supply.quantity).into(),
        complete: true,
        request_id: format!("receive-{}", supply.id),
        ..v1::ReceiveInboundRequest::default()
    }
}

/// The day of an instant, in UTC. Trucks unload in the morning, so that it is
/// the same day at every node.
fn day_of(at: Timestamp) -> Day {
    let days = at.as_micros().div_euclid(DAY_US);
    Day::from_epoch_days(i32::try_from(days).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_due_before_the_day_is_taken_the_earliest_first() {
        let day = Day::from_epoch_days;
        let mut queue =
            BTreeMap::from([(day(5), vec!["e"]), (day(3), vec!["c"]), (day(4), vec!["d"])]);
        assert_eq!(due(&mut queue, day(5)), ["c", "d"]);
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn a_parcel_without_a_day_waits_for_its_units() {
        let line = v1::ShipmentLine { sku: "A".into(), quantity: 1, ..Default::default() };
        let shipment = v1::Shipment {
            number: 1,
            node_id: "N".into(),
            lines: vec![line],
            ..v1::Shipment::default()
        };
        let placed = v1::PlaceOrderResponse {
            order_id: "W1".into(),
            shipments: vec![shipment],
            ..Default::default()
        };
        let mut life = Life::new(&[]);
        life.placed(&placed);
        assert!(life.parcels.is_empty());
        assert_eq!(life.waiting[&("A".into(), "N".into())], [("W1".to_owned(), 1)]);
    }
}
