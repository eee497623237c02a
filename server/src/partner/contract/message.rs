//! The messages: what each type says. Quantities are whole units.

use backstock_engine::model::{
    InboundId, MessageId, NodeId, OrderId, PartnerId, Reference, Sku, Text, Timestamp,
};
use jiff::civil::Date;

/// One message, from a partner or to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sends it.
    pub sender: PartnerId,
    /// Its number among those of its sender, from 1 without a gap. It only shows what is missing.
    pub seq: u64,
    /// Its id. The same id with the same content is the same message, sent again.
    pub id: MessageId,
    /// When it happened; for a count, the moment of which it counts.
    pub occurred_at: Timestamp,
    /// The node that it is about. Required where stock is concerned.
    pub node: Option<NodeId>,
    /// Which statement of this fact it is, from 1: a higher one replaces a lower one.
    pub revision: u32,
    /// What it says.
    pub body: Body,
}

/// What a message says, by type. Lines are totals so far for (type, subject); each SKU stands once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// To a partner: items that there are.
    Item(Items),
    /// To a partner: a delivery that will come.
    Inbound(Inbound),
    /// From a partner: what came of a delivery.
    Receipt(Receipt),
    /// To a partner: what to ship.
    Order(ShipOrder),
    /// To a partner: what not to ship any more.
    Cancel(Cancel),
    /// From a partner: what was shipped.
    Shipment(Shipment),
    /// From a partner: stock that changed without a delivery or a shipment.
    Adjustment(Adjustment),
    /// From a partner: what is there.
    Count(Count),
    /// Both ways: goods that will come back.
    Return(Return),
    /// From a partner: goods that came back, and how they are.
    ReturnReceipt(ReturnReceipt),
    /// Both ways: whether a message could be read and was taken.
    Ack(Ack),
    /// From a partner: where a package is.
    Tracking(Tracking),
}

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// See [`Body::Item`].
    Item,
    /// See [`Body::Inbound`].
    Inbound,
    /// See [`Body::Receipt`].
    Receipt,
    /// See [`Body::Order`].
    Order,
    /// See [`Body::Cancel`].
    Cancel,
    /// See [`Body::Shipment`].
    Shipment,
    /// See [`Body::Adjustment`].
    Adjustment,
    /// See [`Body::Count`].
    Count,
    /// See [`Body::Return`].
    Return,
    /// See [`Body::ReturnReceipt`].
    ReturnReceipt,
    /// See [`Body::Ack`].
    Ack,
    /// See [`Body::Tracking`].
    Tracking,
}

impl Kind {
    /// All types, with the name of each.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Item, "item"),
        (Self::Inbound, "inbound"),
        (Self::Receipt, "receipt"),
        (Self::Order, "order"),
        (Self::Cancel, "cancel"),
        (Self::Shipment, "shipment"),
        (Self::Adjustment, "adjustment"),
        (Self::Count, "count"),
        (Self::Return, "return"),
        (Self::ReturnReceipt, "return_receipt"),
        (Self::Ack, "ack"),
        (Self::Tracking, "tracking"),
    ];

    /// The type's name in JSON.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// Whether a message of this type has to say which node it is about.
    pub const fn has_node(self) -> bool {
        !matches!(self, Self::Item | Self::Ack | Self::Tracking)
    }
}

impl Body {
    /// The type.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Item(_) => Kind::Item,
            Self::Inbound(_) => Kind::Inbound,
            Self::Receipt(_) => Kind::Receipt,
            Self::Order(_) => Kind::Order,
            Self::Cancel(_) => Kind::Cancel,
            Self::Shipment(_) => Kind::Shipment,
            Self::Adjustment(_) => Kind::Adjustment,
            Self::Count(_) => Kind::Count,
            Self::Return(_) => Kind::Return,
            Self::ReturnReceipt(_) => Kind::ReturnReceipt,
            Self::Ack(_) => Kind::Ack,
            Self::Tracking(_) => Kind::Tracking,
        }
    }
}

/// Items, as a list that may have parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items {
    /// The number of the list.
    pub list: Reference,
    /// The items.
    pub lines: Vec<ItemLine>,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLine {
    /// The SKU.
    pub sku: Sku,
    /// What people call it.
    pub title: Text,
    /// Its trade item number, if it has one.
    pub gtin: Option<Reference>,
}

/// A delivery that will come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The delivery.
    pub inbound: InboundId,
    /// The day on which it is expected, by the node's calendar.
    pub expected_on: Date,
    /// What comes.
    pub lines: Vec<Expected>,
}

/// Units of a SKU that will come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The SKU.
    pub sku: Sku,
    /// How many.
    pub expected: u32,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The delivery.
    pub inbound: InboundId,
    /// The partner's own number of this receipt, where it reports each by itself.
    pub part: Option<Reference>,
    /// Whether nothing more is to come.
    pub closed: bool,
    /// What came.
    pub lines: Vec<Received>,
}

/// Units of a SKU that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The SKU.
    pub sku: Sku,
    /// How many, damaged ones included.
    pub received: u32,
    /// How many of them are damaged.
    pub damaged: u32,
}

/// Which shipment of which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentDocument {
    /// The order.
    pub order: OrderId,
    /// The shipment, by the number that the order told.
    pub shipment: Reference,
    /// The partner's own number, where it reports each part of a shipment by itself.
    pub part: Option<Reference>,
}

/// What to ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipOrder {
    /// The shipment; it has no part.
    pub of: ShipmentDocument,
    /// The last day on which it may leave.
    pub ship_by: Option<Date>,
    /// The carrier's service.
    pub service: Option<Text>,
    /// Where to.
    pub ship_to: Option<Address>,
    /// What.
    pub lines: Vec<Ordered>,
}

/// Where something is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Who gets it.
    pub name: Text,
    /// Street and number, one or two lines.
    pub street: Vec<Text>,
    /// The city.
    pub city: Text,
    /// The state or province, as its country writes it.
    pub region: Option<Text>,
    /// The postal code.
    pub postal_code: Option<Text>,
    /// The country, ISO 3166-1.
    pub country: Text,
}

/// Units of a SKU to ship, or not to ship any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The SKU.
    pub sku: Sku,
    /// How many.
    pub quantity: u32,
}

/// What not to ship any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The shipment; it has no part.
    pub of: ShipmentDocument,
    /// What.
    pub lines: Vec<Ordered>,
}

/// What was shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// The shipment.
    pub of: ShipmentDocument,
    /// Who carries it.
    pub carrier: Option<Text>,
    /// Its tracking numbers, one for each package.
    pub tracking: Vec<Reference>,
    /// What was shipped, and what was not.
    pub lines: Vec<Shipped>,
}

/// Units of a SKU that were shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// The SKU.
    pub sku: Sku,
    /// How many left.
    pub shipped: u32,
    /// How many will not leave.
    pub short: u32,
    /// The SKU that was ordered, if this one was sent in its place.
    pub instead_of: Option<Sku>,
}

/// Stock that changed without a delivery or a shipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The partner's number of it.
    pub adjustment: Reference,
    /// What changed.
    pub lines: Vec<Adjusted>,
}

/// How the stock of a SKU changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjusted {
    /// The SKU.
    pub sku: Sku,
    /// Units that are there more, or less.
    pub on_hand: i32,
    /// Units that cannot be sold more, or less.
    pub unavailable: i32,
    /// Why.
    pub reason: Text,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The partner's number of it.
    pub count: Reference,
    /// The last of our messages that the partner had booked when it counted.
    pub seq_seen: u64,
    /// What is there.
    pub lines: Vec<Counted>,
}

/// Units of a SKU that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The SKU.
    pub sku: Sku,
    /// How many, those that cannot be sold included.
    pub on_hand: u32,
    /// How many of them cannot be sold.
    pub unavailable: u32,
}

/// By what a return is known: one of them at least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnDocument {
    /// The number of the permission.
    pub rma: Option<Reference>,
    /// The tracking number of the package.
    pub tracking: Option<Reference>,
    /// The order.
    pub order: Option<OrderId>,
}

/// Goods that will come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The return.
    pub of: ReturnDocument,
    /// What will come back.
    pub lines: Vec<Expected>,
}

/// Goods that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnReceipt {
    /// The return.
    pub of: ReturnDocument,
    /// What came back.
    pub lines: Vec<Returned>,
}

/// Units of a SKU that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The SKU.
    pub sku: Sku,
    /// How many.
    pub received: u32,
    /// How many of each grade, by name. Units without a grade are not inspected yet.
    pub grade: Vec<(Reference, u32)>,
}

/// Whether a message was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The type of the message that is answered.
    pub of: Kind,
    /// The number of that message.
    pub seq: u64,
    /// Which of the messages with that number, from 1. JSON has one for each number.
    pub part: u32,
    /// What became of it.
    pub verdict: Verdict,
    /// What is wrong with it.
    pub faults: Vec<AckFault>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Accepted,
    /// It was taken, and something of it was not understood.
    AcceptedWithErrors,
    /// It was not taken.
    Rejected,
}

impl Verdict {
    /// All of them, with the name of each in JSON and the code of each in X12.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Accepted, "accepted", "A"),
        (Self::AcceptedWithErrors, "accepted_with_errors", "E"),
        (Self::Rejected, "rejected", "R"),
    ];
}

/// One thing that is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckFault {
    /// Where: the path of the field, or segment and element.
    pub field: Text,
    /// What.
    pub text: Text,
}

/// Where a package is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracking {
    /// The tracking number.
    pub tracking: Reference,
    /// How far it is.
    pub status: TrackingStatus,
}

/// How far a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackingStatus {
    /// On its way.
    InTransit,
    /// Delivered.
    Delivered,
    /// Something is in its way.
    Exception,
    /// On its way back.
    Returned,
    /// It will not come.
    Lost,
}

impl TrackingStatus {
    /// All of them, with the name of each.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::InTransit, "in_transit"),
        (Self::Delivered, "delivered"),
        (Self::Exception, "exception"),
        (Self::Returned, "returned"),
        (Self::Lost, "lost"),
    ];
}
