//! What an event does to actors, and which claim of its command each effect settles.
//!
//! ```text
//!   command --claims--> Claim --+--> its event is applied: the effect settles the claim
//!                               +--> refused, dropped or rejected: the claim is given back
//! ```
//! An event is a list of effects. Applying it, undoing it and giving back what its command
//! claimed know effects and claims only, and never the event.

use super::catalog::{Item, Node, Policy};
use super::document::{DocumentEffect, DocumentKey};
use super::ids::{NodeNo, OrderId, OrderNo, OwnerId, Pair, PartnerId, Sku, SkuNo};
use super::load::{Load, NodeDay};
use super::opening::Draw;
use super::order::OrderEffect;
use super::promotion_use::UsesOf;
use super::reservations::Reservation;
use super::stock::{Parts, StockEffect};
use super::time::Timestamp;
use crate::companions::AssortmentChange;
use crate::model::returns::ReturnPolicy;
use crate::pricing::PricingChange;

/// What an event does to one actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// To the stock of a SKU at a node.
    Stock(Pair, StockEffect),
    /// To an order.
    Order(OrderNo, OrderEffect),
    /// To the index of orders: the order is found under this id from now on, which is new.
    Name(OrderId, OrderNo),
    /// To the index of orders: another order is found under this id from now on.
    Renumber(OrderId, OrderNo),
    /// To a document.
    Document(Box<(DocumentKey, DocumentEffect)>),
    /// To the configuration.
    Configuration(Configuration),
    /// To a day of a node: the command's claim of room on it ends. What the event puts on the
    /// day is counted with its orders. It is no part of the event.
    Counted(NodeDay, Load),
    /// To a count of a promotion's uses: so many more, or fewer where it is below zero.
    Use(Box<UsesOf>, i32),
}

// An event's effects lie in a row, and each is moved into its actor's turn: what is rare and
// large is in a box.
const _: () = assert!(size_of::<Effect>() == 72);

/// The part of the configuration that changed, as it is from now on. Every command reads
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Configuration {
    /// An item, by its number.
    Item(SkuNo, Box<Item>),
    /// The sale of an item opened.
    Opened(SkuNo, Draw),
    /// A node, by its number.
    Node(NodeNo, Box<Node>),
    /// A node takes no new work until then, or until later if that is known already.
    Paused(NodeNo, Timestamp),
    /// The sourcing policy.
    Policy(Box<Policy>),
    /// A part of what prices are made of.
    Pricing(Box<PricingChange>),
    /// What may come back.
    ReturnPolicy(Box<ReturnPolicy>),
    /// Styles, or associations.
    Assortment(Box<AssortmentChange>),
}

/// The effects of one event, one for each actor that it changes.
pub type Effects = Vec<Effect>;

/// What a command holds from its decision on until its event is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Something of the stock of a SKU at a node.
    Stock(Pair, StockClaim),
    /// An order is in hand: no other command changes it.
    InHand(OrderNo),
    /// The definition of a new item is in flight, and with it the item's number.
    Item(Sku),
    /// The id of an order that is in flight.
    Name(OrderId),
    /// An owner is about to get a hold: no other command gives him one.
    Owner(OwnerId),
    /// Room on a day of a node.
    Room(NodeDay, Load),
    /// A partner is in hand: no other command takes a message of it, or changes it.
    Partner(PartnerId),
    /// What payment providers told and is of no order yet is in hand.
    ProviderEvents,
    /// A use of a promotion, as one count has it.
    Use(Box<UsesOf>),
}

/// Tells the claims of a pair from each other by which units come to rest elsewhere: the low half of
/// the number of the first order whose units come off, 0 if none do. That order is in hand, and no two
/// that are have it in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstOff(u32);

impl FirstOff {
    /// That of units which come off.
    pub fn of(off: &[Reservation]) -> Self {
        let first = off.first().map_or(0, |peg| peg.order.0);
        Self(u32::try_from(first & u64::from(u32::MAX)).expect("it is the low half"))
    }
}

/// What can be claimed of a pair. `P` is how parts are held: the table of
/// [`StockEffect::claim`] borrows them from the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockClaim<P = Parts> {
    /// Units that an order is to reserve.
    Units(P),
    /// Units that leave the shelf, or with a shipment.
    Leaving(u32),
    /// Units that come to rest on supplies here, while others come off: of the backlog, or of
    /// holds. With what tells it from others of the pair.
    Repegging(P, FirstOff),
    /// A change of supply: no other one is decided.
    Editing,
    /// A place in the line of changes of supply.
    InLine,
}

impl StockClaim<&Parts> {
    /// The same claim, with parts of its own.
    pub fn to_owned(self) -> StockClaim {
        match self {
            Self::Units(parts) => StockClaim::Units(parts.clone()),
            Self::Leaving(units) => StockClaim::Leaving(units),
            Self::Repegging(parts, of) => StockClaim::Repegging(parts.clone(), of),
            Self::Editing => StockClaim::Editing,
            Self::InLine => StockClaim::InLine,
        }
    }
}

impl StockClaim {
    /// The same claim, its parts borrowed.
    pub const fn as_ref(&self) -> StockClaim<&Parts> {
        match self {
            Self::Units(parts) => StockClaim::Units(parts),
            Self::Leaving(units) => StockClaim::Leaving(*units),
            Self::Repegging(parts, of) => StockClaim::Repegging(parts, *of),
            Self::Editing => StockClaim::Editing,
            Self::InLine => StockClaim::InLine,
        }
    }
}

impl Effect {
    /// The SKU of which it may free units, or bring supply nearer.
    pub fn frees(&self) -> Option<SkuNo> {
        match self {
            Self::Stock(pair, effect) if effect.frees() => Some(pair.sku),
            Self::Stock(..)
            | Self::Order(..)
            | Self::Name(..)
            | Self::Renumber(..)
            | Self::Document(_)
            | Self::Configuration(_)
            | Self::Counted(..)
            | Self::Use(..) => None,
        }
    }

    /// The claim that this effect settles. None where the command claims nothing: a node,
    /// the policy and prices change one at a time.
    pub fn claim(&self) -> Option<Claim> {
        match self {
            Self::Stock(pair, effect) => Some(Claim::Stock(*pair, effect.claim()?.to_owned())),
            Self::Order(
                no,
                OrderEffect::Cancel(_)
                | OrderEffect::CancelPicked(_)
                | OrderEffect::Expire(_)
                | OrderEffect::DeclinePart(_)
                | OrderEffect::Ship { .. }
                | OrderEffect::Progress(_)
                | OrderEffect::Answer { .. }
                | OrderEffect::Repeg(_)
                | OrderEffect::MoveBundle(_)
                | OrderEffect::Replace(_)
                | OrderEffect::Extend { .. }
                | OrderEffect::Prolong(_)
                | OrderEffect::Prioritise(_)
                | OrderEffect::ClaimWork { .. }
                | OrderEffect::EndHold(_)
                | OrderEffect::Hold(_)
                | OrderEffect::ReleaseHold { .. }
                | OrderEffect::GiveUpStock(_)
                | OrderEffect::Change(_)
                | OrderEffect::Pay(_)
                | OrderEffect::Return(_)
                | OrderEffect::Mint(_)
                | OrderEffect::ResolveDecline(_)
                | OrderEffect::LetGo,
            ) => Some(Claim::InHand(*no)),
            Self::Order(_, OrderEffect::Place(packed)) => {
                let live = packed.hold().filter(|hold| hold.is_open());
                live.and_then(|hold| hold.owner).map(Claim::Owner)
            }
            Self::Name(id, _) => Some(Claim::Name(id.clone())),
            Self::Counted(at, load) => Some(Claim::Room(*at, *load)),
            Self::Use(of, more) => (*more > 0).then(|| Claim::Use(of.clone())),
            Self::Configuration(Configuration::Item(_, item)) => {
                Some(Claim::Item(item.sku.clone()))
            }
            Self::Document(of) => match &**of {
                (DocumentKey::Partner(id), _) => Some(Claim::Partner(id.clone())),
                // They are its, and it is in hand. What is learnt takes nothing from anybody.
                (
                    DocumentKey::Fact(_) | DocumentKey::Quarantined(..) | DocumentKey::ReturnsAt(_),
                    _,
                ) => None,
                (DocumentKey::ProviderEvent(..), _) => Some(Claim::ProviderEvents),
            },
            Self::Renumber(..)
            | Self::Configuration(
                Configuration::Opened(..)
                | Configuration::Node(..)
                | Configuration::Paused(..)
                | Configuration::Policy(_)
                | Configuration::Pricing(_)
                | Configuration::ReturnPolicy(_)
                | Configuration::Assortment(_),
            ) => None,
        }
    }
}

impl StockEffect {
    /// The part of that table that is about stock: a pair settles its claims in its turn.
    /// An order that gives units back, or gets another priority, is in hand: that claims nothing.
    #[inline]
    pub fn claim(&self) -> Option<StockClaim<&Parts>> {
        match self {
            Self::Reserve { parts, .. } => Some(StockClaim::Units(parts)),
            Self::Repeg(repeg) => {
                Some(StockClaim::Repegging(&repeg.takes, FirstOff::of(&repeg.off)))
            }
            Self::ReserveLines(reserved) => Some(StockClaim::Units(&reserved.takes)),
            Self::Ship { lines, .. } => {
                Some(StockClaim::Leaving(lines.iter().map(|(_, units)| units).sum()))
            }
            Self::Handle(handled) => {
                Some(handled.leaving()).filter(|units| *units > 0).map(StockClaim::Leaving)
            }
            Self::Change { .. } => Some(StockClaim::Editing),
            Self::Release { .. } | Self::Prioritise { .. } => None,
        }
    }
}
