//! What a refusal is about.

/// The type of thing that a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The command as such.
    Command,
    /// A request, by its id.
    Request,
    /// An order.
    Order,
    /// A hold.
    Hold,
    /// A hold on an order.
    OrderHold,
    /// A line of an order.
    Line,
    /// A shipment of an order.
    Shipment,
    /// A package of a shipment.
    Package,
    /// An item.
    Item,
    /// A node.
    Node,
    /// All nodes together.
    Network,
    /// An inbound supply of a pair.
    Inbound,
    /// A quantity of a pair.
    Stock,
    /// What a supplier says that it has of an item.
    Feed,
    /// A list of the state, by what it holds.
    List,
    /// A shipping service.
    Service,
    /// A consumer of the feed.
    Consumer,
    /// An endpoint that the feed is sent to.
    Endpoint,
    /// What an order is paid by.
    Payment,
    /// What was asked of a payment provider.
    Intent,
    /// Something that a payment provider told.
    PaymentEvent,
    /// An amount that is given back.
    Refund,
    /// An amount of money.
    Amount,
    /// A price list.
    PriceList,
    /// Units of an order that come back.
    Return,
    /// A partner: a 3PL, a return centre or a supplier.
    Partner,
    /// A message of a partner.
    PartnerMessage,
}

impl Resource {
    /// The word that callers see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Request => "request",
            Self::Order => "order",
            Self::Hold => "hold",
            Self::OrderHold => "order_hold",
            Self::Line => "line",
            Self::Shipment => "shipment",
            Self::Package => "package",
            Self::Item => "item",
            Self::Node => "node",
            Self::Network => "network",
            Self::Inbound => "inbound",
            Self::Stock => "stock",
            Self::Feed => "vendor_feed",
            Self::List => "list",
            Self::Service => "service",
            Self::Consumer => "consumer",
            Self::Endpoint => "endpoint",
            Self::Payment => "payment",
            Self::Intent => "intent",
            Self::PaymentEvent => "payment_event",
            Self::Refund => "refund",
            Self::Amount => "amount",
            Self::PriceList => "price_list",
            Self::Return => "return",
            Self::Partner => "partner",
            Self::PartnerMessage => "partner_message",
        }
    }
}

/// What a refusal is about: the type of thing, and which one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The type of thing.
    pub resource: Resource,
    /// The fields that tell which one it is, with their values. The last one names the
    /// thing; those before say where it is.
    pub fields: Vec<(&'static str, String)>,
}

impl Subject {
    /// The subject in one word, as `order/WEB-1`. A list is its own name, and what there is
    /// one of has none.
    pub fn path(&self) -> String {
        let resource = self.resource.as_str();
        match (self.resource, self.fields.last()) {
            (Resource::List, Some((_, list))) => list.clone(),
            (_, Some((_, name))) => format!("{resource}/{name}"),
            (_, None) => resource.to_owned(),
        }
    }
}
