//! What the engine says no with. A refusal is domain data, not a fault of the
//! world: it rests on durable state only.
//!
//! All that is known of a refusal stands in one row of the table below, its name for
//! callers included. The server's statuses and the list of reasons in the .proto files
//! come from it.

mod category;
mod facts;
mod subject;
mod table;
#[cfg(test)]
mod tests;

use super::hold::HoldState;
use super::ids::{
    ConsumerId, CouponCode, EndpointId, HoldId, MessageId, NodeId, OrderHoldId, OrderId, OwnerId,
    PartnerId, PaymentId, PriceListId, RefundId, RequestId, ReturnId, Sku, StyleId, Text,
};
use super::money::Currency;
use super::returns::Objections;
use super::returns::table::Obstacle;
use super::time::Timestamp;

pub use category::Category;
pub use facts::{Stays, UnitsLeft};
pub use subject::{Resource, Subject};
use table::refusals;

// Rows stand in the order in which they are judged, not by number: where several refusals
// apply, the first in this table is answered. A number is never changed and never given to
// another refusal, nor is a name: callers' programs know them. The next number is 114.
refusals! {
    /// A request of that id had other content.
    #[error("request id {request_id} was used before with different content")]
    1 RequestIdReused = "REQUEST_ID_REUSED" {
        /// The id.
        request_id: RequestId,
    } => IdReused, Request(request_id);

    /// An order of that id has other content.
    #[error("order {order_id} exists with different content")]
    2 OrderIdReused = "ORDER_ID_REUSED" {
        /// The id.
        order_id: OrderId,
    } => IdReused, Order(order_id);

    /// A hold of that id has other content.
    #[error("hold {hold_id} exists with different content")]
    29 HoldIdReused = "HOLD_ID_REUSED" {
        /// The id.
        hold_id: HoldId,
    } => IdReused, Hold(hold_id);

    /// A payment of that id has other content.
    #[error("payment {payment_id} exists with different content")]
    80 PaymentIdReused = "PAYMENT_ID_REUSED" {
        /// The id.
        payment_id: PaymentId,
    } => IdReused, Payment(payment_id);

    /// A refund of that id has other content.
    #[error("refund {refund_id} exists with different content")]
    81 RefundIdReused = "REFUND_ID_REUSED" {
        /// The id.
        refund_id: RefundId,
    } => IdReused, Refund(refund_id);

    /// A return of that id has other content.
    #[error("return {return_id} exists with different content")]
    84 ReturnIdReused = "RETURN_ID_REUSED" {
        /// The id.
        return_id: ReturnId,
    } => IdReused, Return(return_id);

    /// A report of that revision said something else of what came of the return.
    #[error("revision {revision} of return {return_id} was reported with different content")]
    105 ReturnRevisionReused = "RETURN_REVISION_REUSED" {
        /// The return.
        return_id: ReturnId,
        /// The revision.
        revision: u32,
    } => IdReused, Return(return_id);

    /// No item has that SKU.
    #[error("sku {sku} is not defined")]
    3 ItemNotFound = "ITEM_NOT_FOUND" {
        /// The SKU asked for.
        sku: Sku,
    } => NotFound, Item(sku);

    /// No node has that id.
    #[error("node {node_id} is not defined")]
    4 NodeNotFound = "NODE_NOT_FOUND" {
        /// The id asked for.
        node_id: NodeId,
    } => NotFound, Node(node_id);

    /// No price list has that id.
    #[error("price list {price_list_id} is not defined")]
    89 PriceListNotFound = "PRICE_LIST_NOT_FOUND" {
        /// The id asked for.
        price_list_id: PriceListId,
    } => NotFound, PriceList(price_list_id);

    /// No order has that id.
    #[error("order {order_id} is not known")]
    5 OrderNotFound = "ORDER_NOT_FOUND" {
        /// The id asked for.
        order_id: OrderId,
    } => NotFound, Order(order_id);

    /// No hold has that id.
    #[error("hold {hold_id} is not known")]
    30 HoldNotFound = "HOLD_NOT_FOUND" {
        /// The id asked for.
        hold_id: HoldId,
    } => NotFound, Hold(hold_id);

    /// The order has no payment of that id.
    #[error("the order has no payment {payment_id}")]
    79 PaymentNotFound = "PAYMENT_NOT_FOUND" {
        /// The id asked for.
        payment_id: PaymentId,
    } => NotFound, Payment(payment_id);

    /// The order asked payment providers for nothing under that number.
    #[error("order {order_id} has no intent {intent}")]
    78 IntentNotFound = "INTENT_NOT_FOUND" {
        /// The order.
        order_id: OrderId,
        /// The number asked for.
        intent: u16,
    } => NotFound, Intent(order_id, intent);

    /// Nothing that a payment provider told under that reference waits for its order.
    #[error("nothing that a payment provider told under {reference} waits for its order")]
    121 PaymentEventNotFound = "PAYMENT_EVENT_NOT_FOUND" {
        /// The provider's reference.
        reference: Text,
    } => NotFound, PaymentEvent(reference);

    /// No consumer of the feed has that id.
    #[error("consumer {consumer_id} is not known")]
    42 ConsumerNotFound = "CONSUMER_NOT_FOUND" {
        /// The id asked for.
        consumer_id: ConsumerId,
    } => NotFound, Consumer(consumer_id);

    /// No partner has that id.
    #[error("partner {partner_id} is not known")]
    95 PartnerNotFound = "PARTNER_NOT_FOUND" {
        /// The id asked for.
        partner_id: PartnerId,
    } => NotFound, Partner(partner_id);

    /// The node is not one of the partner's: it neither says nor sees anything of it.
    #[error("node {node_id} is not one of partner {partner_id}")]
    96 PartnerOutOfScope = "PARTNER_OUT_OF_SCOPE" {
        /// The partner.
        partner_id: PartnerId,
        /// The node.
        node_id: NodeId,
    } => Precondition, Node(node_id);

    /// No message of the partner that has that id is in quarantine.
    #[error("message {message_id} of partner {partner_id} is not in quarantine")]
    97 PartnerMessageNotFound = "PARTNER_MESSAGE_NOT_FOUND" {
        /// The partner.
        partner_id: PartnerId,
        /// The id of the message.
        message_id: MessageId,
    } => NotFound, PartnerMessage(partner_id, message_id);

    /// The partner told of no goods by these names that came back and are of no return.
    #[error("partner {partner_id} has no goods of no return by these names")]
    98 PartnerGoodsNotFound = "PARTNER_GOODS_NOT_FOUND" {
        /// The partner.
        partner_id: PartnerId,
    } => NotFound, Partner(partner_id);

    /// Fewer units of the item are among the goods than are to be let go.
    #[error("partner {partner_id} has {there} units of sku {sku} of no return by these names, not {wanted}")]
    114 PartnerGoodsTooFew = "PARTNER_GOODS_TOO_FEW" {
        /// The partner.
        partner_id: PartnerId,
        /// The item.
        sku: Sku,
        /// Units to be let go.
        wanted: u32,
        /// Units that are there.
        there: u32,
    } => Precondition, Partner(partner_id);

    /// No endpoint of webhooks has that id.
    #[error("endpoint {endpoint_id} is not known")]
    86 EndpointNotFound = "ENDPOINT_NOT_FOUND" {
        /// The id asked for.
        endpoint_id: EndpointId,
    } => NotFound, Endpoint(endpoint_id);

    /// The hold was released, lapsed, was taken over, or became another order.
    #[error("hold {hold_id} is {}", .state.as_str())]
    31 HoldEnded = "HOLD_ENDED" {
        /// The hold.
        hold_id: HoldId,
        /// What became of it.
        state: HoldState,
    } => Precondition, Hold(hold_id);

    /// The hold has other items, or other units of them, than the order that is to be made of
    /// it.
    #[error("hold {hold_id} has other items or units than the order")]
    32 HoldDiffers = "HOLD_DIFFERS" {
        /// The hold.
        hold_id: HoldId,
    } => Precondition, Hold(hold_id);

    /// The hold was extended as often, or for as long, as it may be.
    #[error("hold {hold_id} is at its limit of {limit}")]
    33 HoldAtLimit = "HOLD_AT_LIMIT" {
        /// The hold.
        hold_id: HoldId,
        /// The limit.
        limit: String,
    } => LimitReached, Hold(hold_id);

    /// The hold waits in line, and has no units yet.
    #[error("hold {hold_id} waits in line for its units")]
    35 HoldWaits = "HOLD_WAITS" {
        /// The hold.
        hold_id: HoldId,
    } => Precondition, Hold(hold_id);

    /// A hold that waits in line would want more of an item than it did.
    #[error("hold {hold_id} waits in line, and may not want more of sku {sku} than it did")]
    49 HoldGrows = "HOLD_GROWS" {
        /// The hold.
        hold_id: HoldId,
        /// The item.
        sku: Sku,
    } => Precondition, Hold(hold_id);

    /// A hold that takes a part of what it waits for would hold a bundle: a part of one is none.
    #[error("hold {hold_id} takes a part, and sku {sku} is a bundle, of which there is none")]
    43 HoldTakesPart = "HOLD_TAKES_PART" {
        /// The hold.
        hold_id: HoldId,
        /// The bundle.
        sku: Sku,
    } => Precondition, Hold(hold_id);

    /// The item is off sale: no new order or hold may take it.
    #[error("sku {sku} is off sale")]
    40 ItemOffSale = "ITEM_OFF_SALE" {
        /// The item.
        sku: Sku,
    } => Precondition, Item(sku);

    /// The sale of the item is to open: nobody gets units of it before, and only holds that wait
    /// may join its line, some hours before, with items of that opening alone.
    #[error("the sale of sku {sku} opens at {opens}")]
    37 SaleNotOpen = "SALE_NOT_OPEN" {
        /// The item.
        sku: Sku,
        /// When it opens.
        opens: Timestamp,
    } => Precondition, Item(sku);

    /// Units that a hold is to hold are not there: it stays as it is.
    #[error("hold {hold_id} stays as it is: {short} more units of sku {sku} are not there")]
    48 HoldShort = "HOLD_SHORT" {
        /// The hold.
        hold_id: HoldId,
        /// The item.
        sku: Sku,
        /// Units of it that are not there.
        short: u32,
    } => Precondition, Hold(hold_id);

    /// The node is off, or does not offer pickup: no new order or hold is collected there.
    #[error("node {node_id} does not offer pickup, or is disabled")]
    38 PickupNotOffered = "PICKUP_NOT_OFFERED" {
        /// The node.
        node_id: NodeId,
    } => Precondition, Node(node_id);

    /// A bundle has no stock, and is no component: what it is made of has the stock.
    #[error("sku {sku} is a bundle: its components have the stock")]
    45 ItemIsBundle = "ITEM_IS_BUNDLE" {
        /// The bundle.
        sku: Sku,
    } => Precondition, Item(sku);

    /// The units that the order needs are not there any more: the hold lapsed, or the order goes
    /// elsewhere.
    #[error("hold {hold_id} cannot be confirmed: units that it needs are not there any more")]
    34 HoldUnitsGone = "HOLD_UNITS_GONE" {
        /// The hold.
        hold_id: HoldId,
    } => Precondition, Hold(hold_id);

    /// The order has no shipment of that number.
    #[error("order {order_id} has no shipment {shipment_number}")]
    7 ShipmentNotFound = "SHIPMENT_NOT_FOUND" {
        /// The order.
        order_id: OrderId,
        /// The number asked for, from 1.
        shipment_number: u32,
    } => NotFound, Shipment(order_id, shipment_number);

    /// The order has no return of that id.
    #[error("order {order_id} has no return {return_id}")]
    85 ReturnNotFound = "RETURN_NOT_FOUND" {
        /// The order.
        order_id: OrderId,
        /// The id asked for.
        return_id: ReturnId,
    } => NotFound, Return(order_id, return_id);

    /// The return has no units of the line of that index.
    #[error("return {return_id} has no line of index {line_index}")]
    102 ReturnLineNotFound = "RETURN_LINE_NOT_FOUND" {
        /// The return.
        return_id: ReturnId,
        /// The order's line, from 0.
        line_index: u32,
    } => NotFound, Return(return_id);

    /// The order has no line of that index.
    #[error("order {order_id} has no line of index {line_index}")]
    8 LineNotFound = "LINE_NOT_FOUND" {
        /// The order.
        order_id: OrderId,
        /// The index asked for, from 0 as callers count; commands count lines from 1.
        line_index: u32,
    } => NotFound, Line(order_id, line_index);

    /// The line is a component of a bundle, which is cancelled as a whole.
    #[error("the line of index {line_index} of order {order_id} is of its bundle of index \
             {bundle_index}, which is cancelled as a whole")]
    46 LineOfBundle = "LINE_OF_BUNDLE" {
        /// The order.
        order_id: OrderId,
        /// The line's index, from 0.
        line_index: u32,
        /// The bundle's index, from 0.
        bundle_index: u32,
    } => Precondition, Line(order_id, line_index);

    /// Bundles are to be cancelled of a line that is of none.
    #[error("the line of index {line_index} of order {order_id} is of no bundle")]
    39 LineOfNoBundle = "LINE_OF_NO_BUNDLE" {
        /// The order.
        order_id: OrderId,
        /// The line's index, from 0.
        line_index: u32,
    } => Precondition, Line(order_id, line_index);

    /// The item is of another style, which has to let go of it before.
    #[error("sku {sku} is of style {style_id}")]
    113 ItemInOtherStyle = "ITEM_IN_OTHER_STYLE" {
        /// The item.
        sku: Sku,
        /// The style that it is of.
        style_id: StyleId,
    } => Precondition, Item(sku);

    /// The list has prices in another currency.
    #[error("price list {price_list_id} has prices in {known}")]
    90 PriceListCurrencyFixed = "PRICE_LIST_CURRENCY_FIXED" {
        /// The list.
        price_list_id: PriceListId,
        /// The currency of its prices.
        known: Currency,
    } => Precondition, PriceList(price_list_id);

    /// The kind of a node cannot change.
    // Its stock means something else then.
    #[error("node {node_id} has another kind, and a node's kind is fixed")]
    10 NodeKindFixed = "NODE_KIND_FIXED" {
        /// The node.
        node_id: NodeId,
    } => Precondition, Node(node_id);

    /// A shipping service cannot be dropped or moved.
    // Orders refer to it by its place in the policy.
    #[error("service {service} cannot be dropped or moved: orders refer to it")]
    11 ServiceFixed = "SERVICE_FIXED" {
        /// The service's name.
        service: String,
    } => Precondition, Service(service);

    /// What a supplier has is what his feed says.
    #[error("node {node_id} is a supplier, and this command is for nodes that hold stock")]
    12 NodeIsSupplier = "NODE_IS_SUPPLIER" {
        /// The supplier.
        node_id: NodeId,
    } => Precondition, Node(node_id);

    /// Only a supplier has a feed.
    #[error("node {node_id} is not a supplier, and this command is for suppliers")]
    13 NodeNotSupplier = "NODE_NOT_SUPPLIER" {
        /// The node.
        node_id: NodeId,
    } => Precondition, Node(node_id);

    /// The supplier stated something newer already, which stays.
    #[error("the feed of sku {sku} from node {node_id} is as of {as_of}, and a newer one, as of \
             {newest}, was taken already")]
    41 VendorFeedOutdated = "VENDOR_FEED_OUTDATED" {
        /// The item.
        sku: Sku,
        /// The supplier.
        node_id: NodeId,
        /// As of when the feed is.
        as_of: Timestamp,
        /// As of when the newest one is that was taken.
        newest: Timestamp,
    } => Precondition, Feed(sku, node_id);

    /// No inbound supply of the pair has that id.
    #[error("inbound supply {inbound_id} is not known for sku {sku} at node {node_id}")]
    6 InboundNotFound = "INBOUND_NOT_FOUND" {
        /// The item.
        sku: Sku,
        /// The node.
        node_id: NodeId,
        /// The id that was never announced, or that was closed long ago.
        inbound_id: String,
    } => NotFound, Inbound(sku, node_id, inbound_id);

    /// The pair has an inbound supply of that id, or had one lately.
    #[error("inbound supply {inbound_id} exists already at this sku and node")]
    9 InboundExists = "INBOUND_EXISTS" {
        /// The id.
        inbound_id: String,
    } => AlreadyExists, Inbound(inbound_id);

    /// Only a transfer can be recalled.
    #[error("inbound supply {inbound_id} is no transfer from that node")]
    28 InboundNoTransfer = "INBOUND_NO_TRANSFER" {
        /// The id.
        inbound_id: String,
    } => Precondition, Inbound(inbound_id);

    /// Nothing more is to come of the inbound supply.
    #[error("inbound supply {inbound_id} is closed: nothing more is to come of it")]
    26 InboundClosed = "INBOUND_CLOSED" {
        /// The id.
        inbound_id: String,
    } => Precondition, Inbound(inbound_id);

    /// Units of a transfer are received at the node that they go to, or recalled.
    #[error("inbound supply {inbound_id} is a transfer: its units left another node")]
    27 InboundIsTransfer = "INBOUND_IS_TRANSFER" {
        /// The id.
        inbound_id: String,
    } => Precondition, Inbound(inbound_id);

    /// There are as many items, nodes, inbound supplies or consumers of the feed as may be.
    #[error("{what} is full at {max} entries")]
    16 ListFull = "LIST_FULL" {
        /// Which list.
        what: &'static str,
        /// Most entries allowed.
        max: usize,
    } => LimitReached, List(what);

    /// A level would become negative, or more units leave than are free or on their way.
    #[error("{what}: {wanted} units asked for, {available} there")]
    14 StockBelowZero = "STOCK_BELOW_ZERO" {
        /// The quantity, as commands call it.
        what: &'static str,
        /// Units that the command takes.
        wanted: u64,
        /// Units that are there to take.
        available: u64,
    } => Precondition, Stock(what);

    /// A quantity would pass its limit.
    #[error("{what} would pass {max} units")]
    15 QuantityTooLarge = "QUANTITY_TOO_LARGE" {
        /// The quantity, as commands call it.
        what: &'static str,
        /// Most units allowed.
        max: u64,
    } => LimitReached, Stock(what);

    /// The shipment is shipped or cancelled already.
    #[error("shipment {shipment_number} is closed")]
    17 ShipmentNotPlanned = "SHIPMENT_NOT_PLANNED" {
        /// The shipment.
        shipment_number: u16,
    } => Precondition, Shipment(shipment_number);

    /// The node declined the shipment: its units are shipped by others, or wait for them.
    #[error("shipment {shipment_number} was declined by its node")]
    36 ShipmentDeclined = "SHIPMENT_DECLINED" {
        /// The shipment.
        shipment_number: u16,
    } => Precondition, Shipment(shipment_number);

    /// Nobody collected the shipment, or packages of it, in time: they went back to the shelf.
    #[error("shipment {shipment_number} was not collected in time: it went back to the shelf at {expired}")]
    88 ShipmentExpired = "SHIPMENT_EXPIRED" {
        /// The shipment.
        shipment_number: u16,
        /// When it went back.
        expired: Timestamp,
    } => Precondition, Shipment(shipment_number);

    /// The order has no hold of that id: it was released, or never placed.
    #[error("order {order_id} has no hold {order_hold_id}")]
    66 OrderHoldNotFound = "ORDER_HOLD_NOT_FOUND" {
        /// The order.
        order_id: OrderId,
        /// The id asked for.
        order_hold_id: OrderHoldId,
    } => NotFound, OrderHold(order_id, order_hold_id);

    /// The order has a hold of that id, which says something else.
    #[error("order {order_id} has a hold {order_hold_id} with different content")]
    67 OrderHoldExists = "ORDER_HOLD_EXISTS" {
        /// The order.
        order_id: OrderId,
        /// The hold.
        order_hold_id: OrderHoldId,
    } => AlreadyExists, OrderHold(order_id, order_hold_id);

    /// The order is on hold: no node is to begin with it, or to go on, until that is released.
    #[error("order {order_id} is on hold ({holds}): release that first")]
    65 OrderOnHold = "ORDER_ON_HOLD" {
        /// The order.
        order_id: OrderId,
        /// The ids of the holds on it.
        holds: String,
    } => Precondition, Order(order_id);

    /// The order has no prices: nothing of its money is known.
    #[error("order {order_id} has no prices")]
    77 OrderNotPriced = "ORDER_NOT_PRICED" {
        /// The order.
        order_id: OrderId,
    } => Precondition, Order(order_id);

    /// The order has prices: what its lines cost follows from these.
    #[error("order {order_id} has prices: add units with a price, or give an amount back")]
    112 OrderPriced = "ORDER_PRICED" {
        /// The order.
        order_id: OrderId,
    } => Precondition, Order(order_id);

    /// The order has prices, and none is said of units that are added.
    #[error("order {order_id} has prices, and none is said of {sku}")]
    111 PriceMissing = "PRICE_MISSING" {
        /// The order.
        order_id: OrderId,
        /// The item.
        sku: Sku,
    } => Precondition, Item(order_id, sku);

    /// The engine's lists and rates have no price for the order.
    #[error("order {order_id} has no price: {why}")]
    44 PriceNotFound = "PRICE_NOT_FOUND" {
        /// The order.
        order_id: OrderId,
        /// What is missing.
        why: String,
    } => Precondition, Order(order_id);

    /// A coupon was used as often as it may be, in all or by this customer.
    #[error("coupon {coupon} of order {order_id} is used up")]
    52 CouponUsedUp = "COUPON_USED_UP" {
        /// The order.
        order_id: OrderId,
        /// The coupon.
        coupon: CouponCode,
    } => Precondition, Order(order_id);

    /// A coupon takes nothing off the order.
    #[error("coupon {coupon} is not granted to order {order_id}: {why}")]
    51 CouponNotGranted = "COUPON_NOT_GRANTED" {
        /// The order.
        order_id: OrderId,
        /// The coupon.
        coupon: CouponCode,
        /// Why.
        why: &'static str,
    } => Precondition, Order(order_id);

    /// The order comes to another amount than the customer was told.
    #[error("order {order_id} comes to {total} minor units, and {expected} were told")]
    69 PriceDiffers = "PRICE_DIFFERS" {
        /// The order.
        order_id: OrderId,
        /// What it comes to, in minor units.
        total: i64,
        /// What the customer was told, in minor units.
        expected: i64,
    } => Precondition, Order(order_id);

    /// What the order is paid by does not cover what it comes to: no node is to begin with it.
    #[error("order {order_id} comes to {total} minor units, of which {secured} are secured")]
    82 PaymentNotSecured = "PAYMENT_NOT_SECURED" {
        /// The order.
        order_id: OrderId,
        /// What it comes to, in minor units.
        total: i64,
        /// What is set aside, taken, or on account, in minor units.
        secured: i64,
    } => Precondition, Order(order_id);

    /// The amount is more than there is.
    #[error("{what}: {amount} is asked for, and no more than {most} is there")]
    83 AmountTooLarge = "AMOUNT_TOO_LARGE" {
        /// Which amount.
        what: &'static str,
        /// As it is asked for, in minor units.
        amount: i64,
        /// Most that there is, in minor units.
        most: i64,
    } => Precondition, Amount(what);

    /// More units are to come back than left, or than are in no return already.
    #[error("of the line of index {line_index} of order {order_id}, {returnable} units can be \
             returned")]
    99 UnitsNotReturnable = "UNITS_NOT_RETURNABLE" {
        /// The order.
        order_id: OrderId,
        /// The line's index, from 0.
        line_index: u32,
        /// How many can be returned.
        returnable: u32,
    } => Precondition, Line(order_id, line_index);

    /// The return policy does not take the units back. Each objection is told, with its line.
    #[error("order {order_id} does not come back by the policy: {objections}")]
    91 NotInReturnPolicy = "NOT_IN_RETURN_POLICY" {
        /// The order.
        order_id: OrderId,
        /// What speaks against it.
        objections: Objections,
    } => Precondition, Order(order_id);

    /// The return policy charges for lines of the return differently, and a return has one fee: they are
    /// returned apart.
    #[error("the line of index {line_index} of order {order_id} comes back for another fee than \
             those before")]
    92 ReturnTermsDiffer = "RETURN_TERMS_DIFFER" {
        /// The order.
        order_id: OrderId,
        /// The line's index, from 0.
        line_index: u32,
    } => Precondition, Line(order_id, line_index);

    /// What is set aside does not cover an exchange whose goods go out before others come back.
    #[error("{needed} minor units have to be set aside for an exchange of order {order_id}, and {open} \
             are")]
    93 ExchangeNotSecured = "EXCHANGE_NOT_SECURED" {
        /// The order.
        order_id: OrderId,
        /// What has to be set aside, in minor units.
        needed: i64,
        /// What is, in minor units.
        open: i64,
    } => Precondition, Order(order_id);

    /// The shipment has units that the customer gets for others, which have not come back.
    #[error("shipment {shipment_number} waits for return {return_id}")]
    94 WaitsForReturn = "WAITS_FOR_RETURN" {
        /// The shipment.
        shipment_number: u16,
        /// The return.
        return_id: ReturnId,
    } => Precondition, Shipment(shipment_number);

    /// A newer report of what came of the return was taken.
    #[error("revision {known} of return {return_id} is known")]
    104 ReturnReportStale = "RETURN_REPORT_STALE" {
        /// The return.
        return_id: ReturnId,
        /// The newest revision.
        known: u32,
    } => Precondition, Return(return_id);

    /// Nobody said where the goods of the return come in.
    #[error("nobody said where the goods of return {return_id} come in")]
    107 ReturnNodeMissing = "RETURN_NODE_MISSING" {
        /// The return.
        return_id: ReturnId,
    } => Precondition, Return(return_id);

    /// Goods of the return came in at another node.
    #[error("goods of return {return_id} came in at another node than {node_id}")]
    108 ReturnNodeDiffers = "RETURN_NODE_DIFFERS" {
        /// The return.
        return_id: ReturnId,
        /// The node that was named.
        node_id: NodeId,
    } => Precondition, Return(return_id);

    /// Fewer units are reported to have come than somebody looked at.
    #[error("{least} units of the line of index {line_index} of return {return_id} were looked at")]
    106 ReturnUnitsInspected = "RETURN_UNITS_INSPECTED" {
        /// The return.
        return_id: ReturnId,
        /// The order's line, from 0.
        line_index: u32,
        /// How many.
        least: u32,
    } => Precondition, Return(return_id);

    /// The terms on which the return was granted do not allow the step.
    #[error("the terms of return {return_id} do not allow that")]
    103 NotInReturnTerms = "NOT_IN_RETURN_TERMS" {
        /// The return.
        return_id: ReturnId,
    } => Precondition, Return(return_id);

    /// Units of the return cannot take the step as they stand: what was not looked at is not approved, for
    /// example, and what is on its way is not cancelled.
    #[error("units of the line of index {line_index} of return {return_id} are {}", .why.as_str())]
    100 ReturnStepRefused = "RETURN_STEP_REFUSED" {
        /// The return.
        return_id: ReturnId,
        /// The order's line, from 0.
        line_index: u32,
        /// Why not.
        why: Obstacle,
    } => Precondition, Return(return_id);

    /// Fewer units of the return can take the step.
    #[error("of the line of index {line_index} of return {return_id}, {there} units can take that \
             step")]
    101 ReturnUnitsTooFew = "RETURN_UNITS_TOO_FEW" {
        /// The return.
        return_id: ReturnId,
        /// The order's line, from 0.
        line_index: u32,
        /// How many can.
        there: u32,
    } => Precondition, Return(return_id);

    /// The customer is not asked about the shipment: its node did not decline it, it is sourced anew,
    /// or nothing of it is left.
    #[error("the customer is not asked about shipment {shipment_number}")]
    68 CustomerNotAsked = "CUSTOMER_NOT_ASKED" {
        /// The shipment.
        shipment_number: u16,
    } => Precondition, Shipment(shipment_number);

    /// Somebody else works on the shipment.
    #[error("{owner} works on shipment {shipment_number} until {until}")]
    87 ShipmentClaimed = "SHIPMENT_CLAIMED" {
        /// The shipment.
        shipment_number: u16,
        /// Who.
        owner: OwnerId,
        /// Until when.
        until: Timestamp,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment are off the shelf.
    #[error("{units} units of shipment {shipment_number} are picked: it is too late")]
    53 UnitsPicked = "UNITS_PICKED" {
        /// The shipment.
        shipment_number: u16,
        /// Units that are picked.
        units: u64,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment are in a package, which has to be opened first.
    #[error("{units} units of shipment {shipment_number} are in a package: unpack it first")]
    54 UnitsPacked = "UNITS_PACKED" {
        /// The shipment.
        shipment_number: u16,
        /// Units that are packed.
        units: u64,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment wait for the customer.
    #[error("{units} units of shipment {shipment_number} wait for the customer to collect them")]
    55 UnitsReady = "UNITS_READY" {
        /// The shipment.
        shipment_number: u16,
        /// Units that are ready.
        units: u64,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment have not left its node.
    #[error("{units} units of shipment {shipment_number} have not left its node")]
    56 UnitsNotShipped = "UNITS_NOT_SHIPPED" {
        /// The shipment.
        shipment_number: u16,
        /// Units that are at the node.
        units: u64,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment left its node.
    #[error("{units} units of shipment {shipment_number} left its node")]
    57 UnitsLeftNode = "UNITS_LEFT_NODE" {
        /// The shipment.
        shipment_number: u16,
        /// Units that left.
        units: u64,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment arrived.
    #[error("{units} units of shipment {shipment_number} arrived")]
    58 UnitsArrived = "UNITS_ARRIVED" {
        /// The shipment.
        shipment_number: u16,
        /// Units that arrived.
        units: u64,
    } => Precondition, Shipment(shipment_number);

    /// The shipment has fewer units of the line that the step could be about.
    #[error("shipment {shipment_number} has {there} units of the line of index {line_index} for \
             this step, and not {wanted}")]
    59 UnitsNotInShipment = "UNITS_NOT_IN_SHIPMENT" {
        /// The shipment.
        shipment_number: u16,
        /// The line's index, from 0.
        line_index: u32,
        /// Units that were named.
        wanted: u64,
        /// Units that there are.
        there: u64,
    } => Precondition, Shipment(shipment_number);

    /// The shipment has no package of that id.
    #[error("shipment {shipment_number} has no package {package_id}")]
    60 PackageNotFound = "PACKAGE_NOT_FOUND" {
        /// The shipment.
        shipment_number: u16,
        /// The id asked for.
        package_id: String,
    } => NotFound, Package(shipment_number, package_id);

    /// The customer does not collect the shipment, or does so elsewhere.
    #[error("shipment {shipment_number} is not collected at its node")]
    61 NotCollectedHere = "NOT_COLLECTED_HERE" {
        /// The shipment.
        shipment_number: u16,
    } => Precondition, Shipment(shipment_number);

    /// A part of a bundle would go where the rest of it does not.
    #[error("the bundle of index {bundle_index} of order {order_id} is picked, packed and shipped \
             as a whole")]
    62 BundleNotWhole = "BUNDLE_NOT_WHOLE" {
        /// The order.
        order_id: OrderId,
        /// The bundle's index, from 0.
        bundle_index: u32,
    } => Precondition, Order(order_id);

    /// The shipment would arrive before it left.
    #[error("shipment {shipment_number} left at {shipped}, and cannot have arrived before")]
    63 DeliveredTooEarly = "DELIVERED_TOO_EARLY" {
        /// The shipment.
        shipment_number: u16,
        /// When it left.
        shipped: Timestamp,
    } => Precondition, Shipment(shipment_number);

    /// Nobody asks the node to give the shipment back, or it is too late to answer.
    #[error("shipment {shipment_number} is not asked back, or was until a time that has passed")]
    64 RecallNotAsked = "RECALL_NOT_ASKED" {
        /// The shipment.
        shipment_number: u16,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment are allocated, and after a count or damage too few good ones
    /// are there.
    #[error("shipment {shipment_number} lacks {missing} units that are not there, or not good")]
    19 UnitsMissing = "UNITS_MISSING" {
        /// The shipment.
        shipment_number: u16,
        /// Units that are allocated and cannot leave.
        missing: u64,
    } => Precondition, Shipment(shipment_number);

    /// Units of the shipment are not on hand yet.
    #[error("shipment {shipment_number} lacks {missing} units that are not on hand yet")]
    18 SupplyNotReceived = "SUPPLY_NOT_RECEIVED" {
        /// The shipment.
        shipment_number: u16,
        /// Units still pegged to inbound supply or backordered.
        missing: u64,
    } => Precondition, Shipment(shipment_number);

    /// More units than the line ever had.
    #[error("{}order {order_id} has {left} to cancel: fewer were ordered", .left.of_line())]
    22 UnitsNotOrdered = "UNITS_NOT_ORDERED" {
        /// The order.
        order_id: OrderId,
        /// What is left to cancel.
        left: UnitsLeft,
    } => Precondition, Order(order_id);

    /// More units than are left unshipped.
    #[error("{}order {order_id} has {left} to cancel: others are shipped", .left.of_line())]
    20 UnitsShipped = "UNITS_SHIPPED" {
        /// The order.
        order_id: OrderId,
        /// What is left to cancel.
        left: UnitsLeft,
    } => Precondition, Order(order_id);

    /// None is shipped, and the units are cancelled already.
    #[error("{}order {order_id} has {left} to cancel: others are cancelled already", .left.of_line())]
    21 UnitsCancelled = "UNITS_CANCELLED" {
        /// The order.
        order_id: OrderId,
        /// What is left to cancel.
        left: UnitsLeft,
    } => Precondition, Order(order_id);

    /// No unit of the order is left to be served: all are shipped or cancelled.
    #[error("order {order_id} has no units that are neither shipped nor cancelled")]
    50 OrderClosed = "ORDER_CLOSED" {
        /// The order.
        order_id: OrderId,
    } => Precondition, Order(order_id);

    /// What a change touches is not as it was quoted. It can be quoted anew.
    #[error("order {order_id} is not as it was when the change was quoted")]
    70 ChangeOvertaken = "CHANGE_OVERTAKEN" {
        /// The order.
        order_id: OrderId,
    } => Precondition, Order(order_id);

    /// The time for which a change was quoted is over. It can be quoted anew.
    #[error("the quote for the change of order {order_id} has expired")]
    71 ChangeExpired = "CHANGE_EXPIRED" {
        /// The order.
        order_id: OrderId,
    } => Precondition, Order(order_id);

    /// The order would have more lines, shipments or parts of stock than an order has.
    #[error("order {order_id} would have more than {max} {what}")]
    72 OrderFull = "ORDER_FULL" {
        /// The order.
        order_id: OrderId,
        /// The limit.
        max: usize,
        /// Of what.
        what: &'static str,
    } => LimitReached, Order(order_id);

    /// The amounts of the order are in another currency.
    #[error("the amounts of order {order_id} are in {known}, and not in {currency}")]
    73 CurrencyDiffers = "CURRENCY_DIFFERS" {
        /// The order.
        order_id: OrderId,
        /// The currency that was given.
        currency: Currency,
        /// The currency of the order.
        known: Currency,
    } => Precondition, Order(order_id);

    /// Units that the change wants are not there: an order that is changed waits for none.
    #[error("{short} units of sku {sku} that order {order_id} is to have are not there")]
    74 ChangeShort = "CHANGE_SHORT" {
        /// The order.
        order_id: OrderId,
        /// The item.
        sku: Sku,
        /// Units that are not there.
        short: u32,
    } => Precondition, Item(sku);

    /// A shipment stays as it is: what its node did has to be undone first.
    #[error("shipment {shipment_number} of order {order_id} stays as it is: {}", .why.as_str())]
    75 ShipmentStays = "SHIPMENT_STAYS" {
        /// The order.
        order_id: OrderId,
        /// The shipment, from 1 as callers count.
        shipment_number: u16,
        /// Why.
        why: Stays,
    } => Precondition, Order(order_id);

    /// The node does not ship the order so: it serves others, or by other services, or is off, or
    /// declined the order.
    #[error("node {node_id} does not ship units of order {order_id} so")]
    76 NodeNotServing = "NODE_NOT_SERVING" {
        /// The order.
        order_id: OrderId,
        /// The node.
        node_id: NodeId,
    } => Precondition, Node(node_id);

    /// What the request would do is too large for one event.
    #[error("the command is too large to be journalled: {why}")]
    24 CommandTooLarge = "COMMAND_TOO_LARGE" {
        /// What it would take, and what it may.
        why: String,
    } => TooLarge, Command();

    /// As many units wait for the item as may.
    #[error("as many units wait for sku {sku} as may: {max}")]
    47 BacklogFull = "BACKLOG_FULL" {
        /// The item.
        sku: Sku,
        /// Most units that may wait for it.
        max: u32,
    } => LimitReached, Item(sku);

    /// No enabled node could ever ship the order.
    #[error("no enabled node can serve the order")]
    23 NoNode = "NO_NODE" => Precondition, Network();

    /// Others in flight kept a change from settling.
    #[error("too many commands on the same stock or order in flight")]
    25 Contended = "CONTENDED" => Contention, Command();
}
