//! Pure state, and what events do to it: no runtime, no clock, no randomness, no I/O. The
//! commands and their events have rooms of their own, above.
//!
//! ```text
//!   command --decide--> event --+--> StockEffect, one turn a pair --> Stock
//!   (its room, may refuse)      +--> OrderEffect -------------------> Order
//!                               +--> Configuration: Item, Node, Policy
//! ```
//!
//! Applying is total and deterministic: the same events give the same
//! [`digest::StateHash`] on every machine. A hold is an order that nobody confirmed yet
//! ([`hold`]). What comes later has its place: a
//! shipment's further states, and returns, are effects on an order ([`order`]); a credit account is
//! an actor with a state of its own beside them.

pub mod answer;
pub mod bundle;
pub mod catalog;
pub mod check;
pub mod country;
pub mod destination;
pub mod digest;
pub mod document;
pub mod effect;
pub mod eligibility;
pub mod event;
pub mod fulfilment;
pub mod hold;
pub mod ids;
pub mod invariants;
pub mod load;
pub mod location;
pub mod lsn;
pub mod meta;
pub mod money;
pub mod opening;
pub mod order;
pub mod pack;
pub mod partner;
pub mod priority;
pub mod promotion_use;
pub mod provider_event;
pub mod refusal;
pub mod reservations;
pub mod returns;
pub mod stock;
pub mod time;
pub mod violation;
pub mod week;

pub use answer::{Answer, AnswerKind, DeclineReason};
pub use bundle::{BundlePart, Component, Components, OrderedBundle};
pub use catalog::{
    Band, Capacity, Item, Node, NodeKind, Objective, OwnStock, PickupOffer, Policy, ReleaseRule,
    Sale, Service, Shortage, Split,
};
pub use country::Country;
pub use destination::{Destination, Pickup};
pub use digest::StateHash;
pub use document::{Document, DocumentEffect, DocumentKey, PackedDocument};
pub use effect::{Claim, Configuration, Effect, Effects, StockClaim};
pub use eligibility::Eligibility;
pub use event::{Event, Origin, Record, Request};
pub use fulfilment::{Act, Dispatch, Package, Progress, Step, UnitState, Work};
pub use hold::{Hold, HoldState, Pegged};
pub use ids::{
    ConsumerId, CouponCode, CustomerId, EndpointId, HoldId, InboundId, InboundNo, MessageId,
    NodeId, NodeNo, OrderHoldId, OrderId, OrderNo, OwnerId, PackageId, Pair, PartnerId, PaymentId,
    PostalCode, PriceListId, PriceListNo, PromotionId, PromotionNo, Reference, RefundId, RequestId,
    ReturnId, ServiceName, ServiceNo, Sku, SkuNo, StyleId, StyleNo, Text,
};
pub use load::{Load, Loads, LoadsMoved, NodeDay, RoomAsked};
pub use location::{Location, LocationError};
pub use lsn::Lsn;
pub use meta::Meta;
pub use money::{Currency, Minor, UnitPrice};
pub use opening::{Draw, DrawKey, Place};
pub use order::{
    Added, Allocated, Allocation, AllocationUnits, Allowance, AllowedOf, Amended, Amounts,
    ArchivedOrder, CaptureAt, Captures, Cause, ChangePlanned, ComponentKind, DateMoved, Decision,
    Decisions, Due, Ending, Entry, Exchanged, Expiry, ExpiryStep, Fee, Happened, Intent,
    IntentKind, IntentState, IntentsMinted, KeptOrder, LedgerEntry, LedgerKind, LineAdded,
    LineAmount, LinePrice, LineRepegged, LinesPlanned, Minted, Move, OnExpiry, Order, OrderChange,
    OrderEffect, OrderHeader, OrderHold, OrderHoldKind, OrderLine, OrderMinted, OrderMoney,
    OrderState, PackedOrder, PartDeclined, Payment, PaymentAsked, PaymentOutcome, PaymentTold,
    PickedCancelled, PriceComponent, PricedFor, PricedUnits, PricesAdded, PricesAsked, Redirect,
    RefundDue, Repriced, ResultTold, Retold, ReturnFee, Returning, Said, Shipment, ShipmentAdded,
    ShippingPrice, StockGivenUp, Sums, Taken, TaxAmount, TaxAsked, Telling, Timeline, Told, Totals,
    Went, Why, check_payments, describe_minted, is_credited, told, value_of,
};
pub use pack::Unpackable;
pub use priority::{Priority, PriorityClass};
pub use promotion_use::{UsesOf, UsesTaken};
pub use provider_event::ProviderEvent;
pub use refusal::{Refusal, RefusalKind, Stays, UnitsLeft};
pub use reservations::{Reservation, Reservations, Supply};
pub use stock::{
    Audience, ChannelSafety, ClosedInbound, ClosedInbounds, Confidence, Declined, Extras, Found,
    Handled, Inbound, InboundSourced, InboundWeighed, Kept, LineHandled, LineUnits, PairTerms,
    Parts, Proposal, Refused, Repeg, Reported, Segment, Segments, Serves, Shares, ShipmentLine,
    Stock, StockChange, StockEffect, StockOperation, SupplySource, ToldAt, TransferAnnounced,
    joined,
};
pub use time::{Day, Timestamp};
pub use violation::{Rule, Violation};
pub use week::{WEEK_DAYS, WEEKDAY_NAMES, WeekdayCutOffs, Weekdays};
