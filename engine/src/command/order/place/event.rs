//! That an order was placed, in both formats of the event.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::event::Event;
use crate::model::{CustomerId, Day, Order, PackedOrder, Request, Text, Unpackable};
use crate::transaction::command::{Replay, Replayed};
use crate::transaction::written::{Placement, Written};

/// An order was placed and got its allocation, as format version 1 wrote it. Read
/// still, and written no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderPlacedV1 {
    /// The order.
    #[n(0)]
    pub order: Box<Order>,
}

/// An order was placed and got its allocation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderPlaced {
    /// The order.
    #[n(0)]
    pub order: PackedOrder,
}

impl From<PackedOrder> for OrderPlaced {
    fn from(order: PackedOrder) -> Self {
        Self { order }
    }
}

impl From<OrderPlaced> for PackedOrder {
    fn from(placed: OrderPlaced) -> Self {
        placed.order
    }
}

impl Replay for OrderPlacedV1 {
    /// It is packed from here on. Its texts were not looked at when it was decoded.
    fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable> {
        let order = PackedOrder::check(PackedOrder::of(&self.order).bytes())?;
        OrderPlaced { order }.replay(request)
    }
}

impl Replay for OrderPlaced {
    fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable> {
        let (placement, id) = Placement::read(request, self.order)?;
        let no = placement.no;
        Ok((Written::Placed(Box::new(placement)), Some((id, no))))
    }
}

impl Event for OrderPlacedV1 {
    fn describe(&self) -> Value {
        placed(&self.order)
    }
}

impl Event for OrderPlaced {
    /// The order, or what is wrong with its bytes: a person who looks into a damaged
    /// journal wants to see the rest.
    fn describe(&self) -> Value {
        match self.order.unpack() {
            Ok(order) => placed(&order),
            Err(error) => json!({ "unreadable": error.to_string() }),
        }
    }
}

fn placed(order: &Order) -> Value {
    let lines = order.lines.iter().map(
        |line| json!({ "sku_no": line.sku.0, "ordered": line.ordered, "short": line.cancelled }),
    );
    let shipments = order.shipments.iter().enumerate().map(|(at, shipment)| {
        json!({
            "shipment": at, "node_no": shipment.node.0,
            "ship_by": told(shipment.ship_by), "deliver_by": told(shipment.deliver_by),
        })
    });
    let header = &order.header;
    json!({
        "order_id": header.id.as_str(), "order_no": order.no.0,
        "customer_id": header.customer.as_ref().map(CustomerId::as_str),
        "channel": header.channel.as_ref().map(Text::as_str),
        "ordered_at": header.ordered_at.to_string(), "promise_by": header.promise_by.to_string(),
        "lines": lines.collect::<Vec<_>>(), "shipments": shipments.collect::<Vec<_>>(),
    })
}

/// A day that the customer is told; none while units wait.
fn told(day: Option<Day>) -> Option<String> {
    day.map(|day| day.to_string())
}
