//! Images of orders.

use rkyv::option::ArchivedOption;
use rkyv::rend::i32_le;
use rkyv::{Archive, Serialize};

use super::codes::{shortage_of, split_of};
use super::error::ImageError;
use crate::model::{
    Added, Allocation, CustomerId, Day, Decisions, Dispatch, KeptOrder, Lsn, NodeNo, Order,
    OrderHeader, OrderId, OrderLine, OrderNo, PackedOrder, PostalCode, Priority, ServiceNo,
    Shipment, SkuNo, Supply, Text, Timeline, Timestamp,
};
use crate::snapshot::parts::OrderState;

/// A chunk of orders, ascending by number.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct OrdersV2 {
    pub orders: Vec<OrderImageV2>,
}

/// One order, as it is packed.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct OrderImageV2 {
    no: u64,
    placed_lsn: u64,
    last_lsn: u64,
    packed: Vec<u8>,
}

impl From<&OrderState> for OrderImageV2 {
    fn from((no, kept): &OrderState) -> Self {
        Self {
            no: no.0,
            placed_lsn: kept.placed_lsn.get(),
            last_lsn: kept.last_lsn.get(),
            packed: kept.packed.bytes().to_vec(),
        }
    }
}

impl TryFrom<&ArchivedOrderImageV2> for OrderState {
    type Error = ImageError;

    fn try_from(image: &ArchivedOrderImageV2) -> Result<Self, ImageError> {
        let packed = PackedOrder::check(image.packed.as_slice());
        let packed = packed.map_err(|error| ImageError::inconsistent("order", error))?;
        let no = OrderNo(image.no.to_native());
        if packed.no() != no {
            return Err(ImageError::inconsistent("order", format!("number {no}")));
        }
        let placed_lsn = Lsn::new(image.placed_lsn.to_native());
        let last_lsn = Lsn::new(image.last_lsn.to_native());
        Ok((no, KeptOrder { packed, placed_lsn, last_lsn }))
    }
}

/// A chunk of orders as version 1 wrote it.
#[derive(Archive)]
#[expect(dead_code, reason = "only its archive is read; nothing writes it any more")]
pub(in crate::snapshot) struct OrdersV1 {
    pub orders: Vec<OrderImageV1>,
}

/// One order. Days are days, and instants microseconds, since the Unix epoch.
#[derive(Archive)]
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

#[derive(Archive)]
struct LineImageV1 {
    sku: u32,
    ordered: u32,
    cancelled: u32,
}

#[derive(Archive)]
struct ShipmentImageV1 {
    ship_by: Option<i32>,
    deliver_by: Option<i32>,
    shipped: Option<DispatchImageV1>,
    node: u16,
}

#[derive(Archive)]
struct DispatchImageV1 {
    at_us: i64,
    carrier: String,
    tracking: String,
}

#[derive(Archive)]
struct AllocationImageV1 {
    units: u32,
    shipped: u32,
    cancelled: u32,
    line: u16,
    shipment: u16,
    supply: u16,
}

impl TryFrom<&ArchivedOrderImageV1> for OrderState {
    type Error = ImageError;

    fn try_from(image: &ArchivedOrderImageV1) -> Result<Self, ImageError> {
        let order = Order {
            no: OrderNo(image.no.to_native()),
            header: header(image)?,
            placed_lsn: Lsn::new(image.placed_lsn.to_native()),
            last_lsn: Lsn::new(image.last_lsn.to_native()),
            lines: image.lines.iter().map(line).collect(),
            shipments: image.shipments.iter().map(shipment).collect::<Result<_, _>>()?,
            allocations: image.allocations.iter().map(allocation).collect::<Result<_, _>>()?,
            trace: image.trace.as_slice().into(),
            added: Added::default(),
            declined: Box::default(),
            bundles: Box::default(),
            decisions: Decisions::default(),
            timeline: Timeline::default(),
            order_holds: Box::default(),
            amended: None,
            money: None,
            returns: Box::default(),
        };
        let unsound = |a| ImageError::inconsistent("allocation", format!("{a:?}"));
        order.check().map_err(unsound)?;
        Ok((order.no, KeptOrder::of(&order)))
    }
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
        destination: PostalCode::new("postal_code", image.postal_code.as_str())?.into(),
        service: ServiceNo(image.service),
        promise_by: Day::from_epoch_days(image.promise_by.to_native()),
        shortage: shortage_of(image.shortage)?,
        split: split_of(image.split)?,
        decided_at: None,
        hold: None,
        priority: Priority::DEFAULT,
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
        shipped: image.shipped.as_ref().map(dispatch).transpose()?.map(Box::new),
        work: None,
        asks: false,
        told_of_units_there: None,
        answer: None,
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
        picked: 0,
        cancelled: image.cancelled.to_native(),
        moved: 0,
    })
}
