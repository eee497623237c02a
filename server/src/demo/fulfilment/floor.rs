//! Each order takes its course, when the first of its shipments has to leave.

use backstock_engine::model::Day;
use backstock_proto::v1;
use backstock_proto::v1::{DeclineReason, ShipmentState};

use super::super::error::DemoError;
use super::super::life::{Pair, Parcel};
use super::course::{Course, is_of_supplier};
use super::desk::Desk;
use super::node::Node;
use super::operation::asked;
use super::{Arrival, Bound, Fulfilment, Shop};
use crate::client::Client;
use crate::dates;

/// Who takes the boxes.
const CARRIER: &str = "Demo Parcel";

impl Fulfilment {
    /// A shipment is to leave today.
    pub(super) async fn take(
        &mut self,
        day: Day,
        parcel: Parcel,
        shop: &mut Shop<'_>,
    ) -> Result<(), DemoError> {
        let desk = Desk { client: shop.client, order: &parcel.0 };
        let order = desk.read().await?;
        let Some(shipment) = to_leave(&order, parcel.1) else { return Ok(()) };
        let node = Node { client: shop.client, order: &parcel.0, number: parcel.1 };
        if !node.release().await? {
            shop.life.wait_for(&parcel);
            return Ok(());
        }
        match self.course(&order, shipment, shop) {
            Course::NotFound => self.decline(node, shipment, DeclineReason::NotFound, shop).await,
            Course::Damaged => self.decline(node, shipment, DeclineReason::Damaged, shop).await,
            Course::AskedAndWaits => {
                self.decline(node, shipment, DeclineReason::NotFound, shop).await?;
                shop.life.replan(&desk.resolve(parcel.1).await?);
                Ok(())
            }
            Course::AskedAndCancels => {
                self.decline(node, shipment, DeclineReason::NotFound, shop).await?;
                self.cancel(desk, parcel.1, shop).await
            }
            Course::Cancelled => self.cancel(desk, 0, shop).await,
            Course::PutBack => {
                node.pick(Vec::new()).await?;
                self.cancel(desk, 0, shop).await
            }
            Course::Short => {
                self.pick_short(node, shipment, shop).await?;
                self.leave(day, parcel, Course::AsPlanned, shop).await
            }
            Course::OnHold => {
                desk.hold().await?;
                self.books.kept_back += u64::from(!node.may_pick().await?);
                desk.release().await?;
                self.leave(day, parcel, Course::AsPlanned, shop).await
            }
            course => {
                self.change(course, &order, shipment, shop).await?;
                self.leave(day, parcel, course, shop).await
            }
        }
    }

    /// The course of an order: as planned, where another shipment of it took another.
    fn course(&mut self, order: &v1::Order, shipment: &v1::Shipment, shop: &Shop<'_>) -> Course {
        if self.books.courses.contains_key(&order.order_id) {
            return Course::AsPlanned;
        }
        let course = Course::of(order, shipment);
        self.books.courses.insert(order.order_id.clone(), course);
        let placed = shop.ledger.order(&order.order_id);
        let lines = placed.map(|placed| placed.request.lines.as_slice()).unwrap_or_default();
        self.books.done.ordered += lines.iter().map(|line| u64::from(line.quantity)).sum::<u64>();
        course
    }

    async fn decline(
        &mut self,
        node: Node<'_>,
        shipment: &v1::Shipment,
        reason: DeclineReason,
        shop: &mut Shop<'_>,
    ) -> Result<(), DemoError> {
        shop.life.replan(&node.decline(reason, Vec::new()).await?);
        moved(shipment, shop).await
    }

    /// One unit is not there; the others are picked.
    async fn pick_short(
        &mut self,
        node: Node<'_>,
        shipment: &v1::Shipment,
        shop: &mut Shop<'_>,
    ) -> Result<(), DemoError> {
        let lacks = most_of(shipment, 1);
        shop.life.replan(&node.decline(DeclineReason::Damaged, lacks).await?);
        moved(shipment, shop).await
    }

    /// All of an order that has not left is cancelled, or all of a shipment.
    async fn cancel(
        &mut self,
        desk: Desk<'_>,
        number: u32,
        shop: &mut Shop<'_>,
    ) -> Result<(), DemoError> {
        let before = super::books::Units::of(&desk.read().await?);
        let order = desk.cancel(number).await?;
        self.books.done.cancelled += match number {
            0 => before.open,
            _ => super::books::Units::of(&order).cancelled - before.cancelled,
        };
        shop.life.replan(&order);
        for shipment in &order.shipments {
            moved(shipment, shop).await?;
        }
        Ok(())
    }

    /// The customer wants it otherwise, if that is his course.
    async fn change(
        &mut self,
        course: Course,
        order: &v1::Order,
        shipment: &v1::Shipment,
        shop: &mut Shop<'_>,
    ) -> Result<(), DemoError> {
        let Some(asked) = asked(course, order, shipment) else { return Ok(()) };
        let desk = Desk { client: shop.client, order: &order.order_id };
        let Some(changed) = desk.change(asked.operation).await? else {
            self.books.refused_changes += 1;
            return Ok(());
        };
        self.books.done.ordered += asked.added;
        self.books.done.cancelled += asked.given_up;
        shop.life.replan(&changed);
        moved(shipment, shop).await
    }

    /// What is still to leave today does.
    async fn leave(
        &mut self,
        day: Day,
        parcel: Parcel,
        course: Course,
        shop: &mut Shop<'_>,
    ) -> Result<(), DemoError> {
        let order = Desk { client: shop.client, order: &parcel.0 }.read().await?;
        let ship_by = |shipment: &&v1::Shipment| on(shipment.ship_by.as_ref());
        let shipment = to_leave(&order, parcel.1);
        let Some(shipment) = shipment.filter(|s| ship_by(s).is_some_and(|by| by <= day)) else {
            // It has another day now, or nothing in it.
            return Ok(());
        };
        let node = Node { client: shop.client, order: &parcel.0, number: parcel.1 };
        let arrives = on(shipment.deliver_by.as_ref()).unwrap_or(day).max(day.plus(1));
        let is_there = shipment.pickup_node_id == shipment.node_id;
        let (what, when) = match course {
            _ if is_of_supplier(shipment) => (self.ship(node).await?, arrives),
            _ if is_there => (make_ready(node).await?, day.plus(1)),
            Course::TwoBoxes => (two_boxes(node, shipment).await?, arrives),
            Course::SaidTwice => (self.said_twice(node, shipment).await?, arrives),
            Course::Backwards => (packed(node).await?, arrives),
            _ => (self.picked_and_shipped(node).await?, arrives),
        };
        let goes_to_store = what == Arrival::Arrives && !shipment.pickup_node_id.is_empty();
        let what = if goes_to_store { Arrival::ArrivesAtStore } else { what };
        let units = shipment.lines.iter().map(|line| u64::from(line.quantity)).sum();
        shop.life.left(&parcel);
        shop.ledger.shipped(&parcel.0, parcel.1);
        self.bound.entry(when).or_default().push(Bound { parcel, units, what });
        Ok(())
    }

    async fn picked_and_shipped(&self, node: Node<'_>) -> Result<Arrival, DemoError> {
        node.accept().await?;
        node.pick(Vec::new()).await?;
        node.pack("BOX-1", Vec::new()).await?;
        self.ship(node).await
    }

    async fn ship(&self, node: Node<'_>) -> Result<Arrival, DemoError> {
        node.ship(CARRIER, Vec::new()).await?;
        Ok(Arrival::Arrives)
    }

    /// Each message comes twice, and one that tells of fewer units comes behind one that tells of
    /// all.
    async fn said_twice(
        &mut self,
        node: Node<'_>,
        shipment: &v1::Shipment,
    ) -> Result<Arrival, DemoError> {
        let books = &mut self.books;
        books.repeated(&node.accept().await?, &node.accept().await?);
        let picked = node.pick(Vec::new()).await?;
        books.repeated(&picked, &node.pick(Vec::new()).await?);
        books.repeated(&picked, &node.pick(most_of(shipment, 1)).await?);
        let packed = node.pack("BOX-1", Vec::new()).await?;
        books.repeated(&packed, &node.pack("BOX-1", Vec::new()).await?);
        let left = node.ship(CARRIER, Vec::new()).await?;
        books.repeated(&left, &node.ship(CARRIER, Vec::new()).await?);
        Ok(Arrival::Arrives)
    }

    /// What was on its way is there.
    pub(super) async fn arrive(
        &mut self,
        day: Day,
        bound: Bound,
        client: &Client,
    ) -> Result<(), DemoError> {
        let Bound { parcel, units, what } = bound;
        let node = Node { client, order: &parcel.0, number: parcel.1 };
        if what == Arrival::IsCollected {
            node.collect().await?;
            self.books.done.collected += units;
            return Ok(());
        }
        node.deliver().await?;
        if what == Arrival::ArrivesAtStore {
            let collected = Bound { parcel, units, what: Arrival::IsCollected };
            self.bound.entry(day.plus(1)).or_default().push(collected);
            return Ok(());
        }
        self.books.done.delivered += units;
        if what == Arrival::ArrivesFirst {
            let late = node.ship(CARRIER, Vec::new()).await?;
            self.books.repeated(&late, &node.deliver().await?);
        }
        Ok(())
    }
}

async fn make_ready(node: Node<'_>) -> Result<Arrival, DemoError> {
    node.accept().await?;
    node.pick(Vec::new()).await?;
    node.pack("BAG-1", Vec::new()).await?;
    node.make_ready().await?;
    Ok(Arrival::IsCollected)
}

/// It leaves, and nobody says so.
async fn packed(node: Node<'_>) -> Result<Arrival, DemoError> {
    node.pick(Vec::new()).await?;
    node.pack("BOX-1", Vec::new()).await?;
    Ok(Arrival::ArrivesFirst)
}

async fn two_boxes(node: Node<'_>, shipment: &v1::Shipment) -> Result<Arrival, DemoError> {
    node.accept().await?;
    node.pick(Vec::new()).await?;
    node.pack("BOX-1", most_of(shipment, 1)).await?;
    node.pack("BOX-2", Vec::new()).await?;
    node.ship(CARRIER, vec!["BOX-1".to_owned()]).await?;
    node.ship(CARRIER, vec!["BOX-2".to_owned()]).await?;
    Ok(Arrival::Arrives)
}

/// Who wants these items is told anew: units of them moved.
async fn moved(shipment: &v1::Shipment, shop: &mut Shop<'_>) -> Result<(), DemoError> {
    let pairs = shipment.lines.iter().map(|l| (l.sku.clone(), shipment.node_id.clone()));
    let pairs: Vec<Pair> = pairs.collect();
    shop.life.read_anew(pairs.iter(), shop.client).await
}

/// The shipment of that number, if it is still to leave.
fn to_leave(order: &v1::Order, number: u32) -> Option<&v1::Shipment> {
    let shipment = order.shipments.iter().find(|shipment| shipment.number == number)?;
    let is_open = matches!(
        shipment.state(),
        ShipmentState::Planned | ShipmentState::Accepted | ShipmentState::Released
    );
    (is_open && !shipment.lines.is_empty()).then_some(shipment)
}

/// So many units of the line that has most of a shipment.
fn most_of(shipment: &v1::Shipment, quantity: u32) -> Vec<v1::LineQuantity> {
    let most = shipment.lines.iter().max_by_key(|line| line.quantity);
    most.map(|line| v1::LineQuantity { line_index: line.line_index, quantity })
        .into_iter()
        .collect()
}

fn on(date: Option<&v1::Date>) -> Option<Day> {
    date.and_then(dates::from_wire).map(Day::from)
}
