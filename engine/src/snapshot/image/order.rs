//! Images of orders.

use rkyv::option::ArchivedOption;
use rkyv::rend::i32_le;
use rkyv::{Archive, Serialize};

use super::ImageError;
use super::codes::{shortage_code, shortage_of, split_code, split_of};
use crate::model::{
    Allocation, CustomerId, Day, Dispatch, Lsn, NodeNo, Order, OrderHeader, OrderId, OrderLine,
    OrderNo, PostalCode, ServiceNo, Shipment, SkuNo, Supply, Text, Timestamp,
};

/// A chunk of orders, ascending by number.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct OrdersV1 {
    pub orders: Vec<OrderImageV1>,
}

/// One order. Days are days, and instants microseconds, since the Unix epoch.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct OrderImageV1 {
    no: u64,
    placed_lsn: u64,
    last_lsn: u64,
    fingerprint: u64,
    ordered_at_us: i64,
    id: String,
    customer: Option<String>,
    channel: Option<String>,
    postal_code: String,
    promise_by: i32,
    lines: Vec<LineImageV1>,
    shipments: Vec<ShipmentImageV1>,
    allocations: Vec<AllocationImageV1>,
    trace: Vec<u8>,
    service: u8,
    shortage: u8,
    split: u8,
}

#[derive(Archive, Serialize)]
struct LineImageV1 {
    sku: u32,
    ordered: u32,
    cancelled: u32,
}

#[derive(Archive, Serialize)]
struct ShipmentImageV1 {
    ship_by: Option<i32>,
    deliver_by: Option<i32>,
    shipped: Option<DispatchImageV1>,
    node: u16,
}

#[derive(Archive, Serialize)]
struct DispatchImageV1 {
    at_us: i64,
    carrier: String,
    tracking: String,
}

#[derive(Archive, Serialize)]
struct AllocationImageV1 {
    units: u32,
    shipped: u32,
    cancelled: u32,
    line: u16,
    shipment: u16,
    supply: u16,
}

impl From<&Order> for OrderImageV1 {
    fn from(order: &Order) -> Self {
        let header = &order.header;
        Self {
            no: order.no.0,
            placed_lsn: order.placed_lsn.get(),
            last_lsn: order.last_lsn.get(),
            fingerprint: header.fingerprint,
            ordered_at_us: header.ordered_at.as_micros(),
            id: header.id.as_str().to_owned(),
            customer: header.customer.as_ref().map(|id| id.as_str().to_owned()),
            channel: header.channel.as_ref().map(|text| text.as_str().to_owned()),
            postal_code: header.postal_code.as_str().to_owned(),
            promise_by: header.promise_by.epoch_days(),
            lines: order.lines.iter().map(line_image).collect(),
            shipments: order.shipments.iter().map(shipment_image).collect(),
            allocations: order.allocations.iter().map(allocation_image).collect(),
            trace: order.trace.to_vec(),
            service: header.service.0,
            shortage: shortage_code(header.shortage),
            split: split_code(header.split),
        }
    }
}

fn line_image(line: &OrderLine) -> LineImageV1 {
    LineImageV1 { sku: line.sku.0, ordered: line.ordered, cancelled: line.cancelled }
}

fn shipment_image(shipment: &Shipment) -> ShipmentImageV1 {
    let dispatch = |d: &Dispatch| DispatchImageV1 {
        at_us: d.at.as_micros(),
        carrier: d.carrier.as_str().to_owned(),
        tracking: d.tracking.as_str().to_owned(),
    };
    ShipmentImageV1 {
        ship_by: shipment.ship_by.map(Day::epoch_days),
        deliver_by: shipment.deliver_by.map(Day::epoch_days),
        shipped: shipment.shipped.as_ref().map(dispatch),
        node: shipment.node.0,
    }
}

fn allocation_image(a: &Allocation) -> AllocationImageV1 {
    AllocationImageV1 {
        units: a.units,
        shipped: a.shipped,
        cancelled: a.cancelled,
        line: a.line,
        shipment: a.shipment,
        supply: a.supply.code(),
    }
}

impl TryFrom<&ArchivedOrderImageV1> for Order {
    type Error = ImageError;

    fn try_from(image: &ArchivedOrderImageV1) -> Result<Self, ImageError> {
        let order = Self {
            no: OrderNo(image.no.to_native()),
            header: header(image)?,
            placed_lsn: Lsn::new(image.placed_lsn.to_native()),
            last_lsn: Lsn::new(image.last_lsn.to_native()),
            lines: image.lines.iter().map(line).collect(),
            shipments: image.shipments.iter().map(shipment).collect::<Result<_, _>>()?,
            allocations: image.allocations.iter().map(allocation).collect::<Result<_, _>>()?,
            trace: image.trace.as_slice().into(),
        };
        check(&order)?;
        Ok(order)
    }
}

/// Allocations name lines and shipments that are there, and hold no more
/// shipped and cancelled units than they have.
fn check(order: &Order) -> Result<(), ImageError> {
    for a in &order.allocations {
        let line = usize::from(a.line) < order.lines.len();
        let shipment = usize::from(a.shipment) < order.shipments.len();
        let gone = u64::from(a.shipped) + u64::from(a.cancelled);
        if !line || !shipment || gone > u64::from(a.units) {
            return Err(ImageError::inconsistent("allocation", format!("{a:?}")));
        }
    }
    Ok(())
}

fn header(image: &ArchivedOrderImageV1) -> Result<OrderHeader, ImageError> {
    let customer = image.customer.as_ref().map(|id| CustomerId::new("customer", id.as_str()));
    let channel = image.channel.as_ref().map(|text| Text::new("channel", text.as_str()));
    Ok(OrderHeader {
        id: OrderId::new("order", image.id.as_str())?,
        fingerprint: image.fingerprint.to_native(),
        ordered_at: Timestamp::from_micros(image.ordered_at_us.to_native()),
        customer: customer.transpose()?,
        channel: channel.transpose()?,
        postal_code: PostalCode::new("postal_code", image.postal_code.as_str())?,
        service: ServiceNo(image.service),
        promise_by: Day::from_epoch_days(image.promise_by.to_native()),
        shortage: shortage_of(image.shortage)?,
        split: split_of(image.split)?,
    })
}

fn line(image: &ArchivedLineImageV1) -> OrderLine {
    OrderLine {
        sku: SkuNo(image.sku.to_native()),
        ordered: image.ordered.to_native(),
        cancelled: image.cancelled.to_native(),
    }
}

fn shipment(image: &ArchivedShipmentImageV1) -> Result<Shipment, ImageError> {
    Ok(Shipment {
        node: NodeNo(image.node.to_native()),
        ship_by: day(&image.ship_by),
        deliver_by: day(&image.deliver_by),
        shipped: image.shipped.as_ref().map(dispatch).transpose()?,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "an archived option is not copied")]
fn day(image: &ArchivedOption<i32_le>) -> Option<Day> {
    image.as_ref().map(|days| Day::from_epoch_days(days.to_native()))
}

fn dispatch(image: &ArchivedDispatchImageV1) -> Result<Dispatch, ImageError> {
    Ok(Dispatch {
        at: Timestamp::from_micros(image.at_us.to_native()),
        carrier: Text::new("carrier", image.carrier.as_str())?,
        tracking: Text::new("tracking", image.tracking.as_str())?,
    })
}

fn allocation(image: &ArchivedAllocationImageV1) -> Result<Allocation, ImageError> {
    let code = image.supply.to_native();
    let supply = Supply::from_code(code);
    Ok(Allocation {
        line: image.line.to_native(),
        shipment: image.shipment.to_native(),
        supply: supply.ok_or(ImageError::Code { what: "supply", value: code.into() })?,
        units: image.units.to_native(),
        shipped: image.shipped.to_native(),
        cancelled: image.cancelled.to_native(),
    })
}
