//! From requests that change stock, and rows of a feed, to the engine's operations.

use std::convert::Infallible;

use backstock_engine::command::StockOperation;
use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::limits::STOCK_UNITS_MAX;
use backstock_engine::model::digest;
use backstock_engine::model::{
    Confidence, Day, InboundId, NodeId, Rule, Sku, SupplySource, Text, Timestamp, Violation,
};
use backstock_proto::v1;

use crate::grpc::enums::unknown;
use crate::grpc::fields::FieldNames;
use crate::grpc::times;
use crate::status::Violations;

/// How the engine calls the fields of a level.
pub(super) const LEVEL: FieldNames = FieldNames::new(
    "level.",
    &[("quantity", "vendor_feed.quantity"), ("as_of", "vendor_feed.as_of"), ("levels", "")],
);

/// How the engine calls the fields of an adjustment.
pub(super) const ADJUSTMENT: FieldNames = FieldNames::new("adjustment.", &[("deltas", "")]);

/// How the engine calls the fields of an announcement.
pub(super) const INBOUND: FieldNames = FieldNames::new("inbound.", &[]);

/// An operation whose day, if it has one, is not yet an instant at its node.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// It needs no day.
    Operation(StockOperation),
    /// Announce a supply.
    Announce {
        /// Its id.
        id: InboundId,
        /// Units, from 1.
        quantity: u32,
        /// The node's local day.
        eta: Day,
    },
    /// State how much of a supply was ordered in all.
    State {
        /// Its id.
        id: InboundId,
        /// Units, from 1.
        ordered: u32,
        /// The node's local day.
        eta: Day,
    },
    /// Change a supply.
    Change {
        /// Its id.
        id: InboundId,
        /// Units still to come, if that changes.
        quantity: Option<u32>,
        /// The node's local day, if that changes.
        eta: Option<Day>,
    },
    /// One of these, of which so many basis points count.
    Weighed(Box<Self>, u16),
    /// One of these, which comes from there.
    Sourced(Box<Self>, SupplySource),
}

impl Wanted {
    /// The fingerprint of a change that names a day: at which instant that begins depends
    /// on the node's zone, which may have changed when the request is sent again. None of
    /// one that the engine is told as it is.
    pub(super) fn content(&self, sku: &Sku, node: &NodeId) -> Option<u64> {
        match self {
            Self::Operation(_) => None,
            Self::Announce { id, quantity, eta } => {
                Some(digest::fingerprint(&(sku, node, "announce", id, quantity, eta)))
            }
            // Rows of a feed, which older versions took for announcements.
            Self::State { id, ordered, eta } => {
                Some(digest::fingerprint(&(sku, node, "announce", id, ordered, eta)))
            }
            Self::Change { id, quantity, eta } => {
                Some(digest::fingerprint(&(sku, node, "change", id, quantity, eta)))
            }
            Self::Weighed(wanted, confidence) => {
                let content = wanted.content(sku, node);
                Some(digest::fingerprint(&("weighed", content, confidence)))
            }
            Self::Sourced(wanted, source) => {
                let content = wanted.content(sku, node);
                Some(digest::fingerprint(&("sourced", content, source)))
            }
        }
    }

    /// Checks the operation; which day it names is checked at its node.
    pub(super) fn validate(&self) -> Result<(), Vec<Violation>> {
        match self {
            Self::Operation(operation) => operation.validate(),
            Self::Announce { .. }
            | Self::State { .. }
            | Self::Change { .. }
            | Self::Weighed(..)
            | Self::Sourced(..) => {
                let any = |_| Ok::<_, Infallible>(Timestamp::default());
                let Ok(operation) = self.clone().operation(any);
                operation.validate()
            }
        }
    }

    /// The operation at its node: a day begins there when it begins locally.
    pub(super) fn at(self, engine: &Engine, node: &NodeId) -> Result<StockOperation, EngineError> {
        self.operation(|day| engine.start_of_day(node, day))
    }

    /// The same, of which so many basis points count, if that is said.
    pub(super) fn weighed(
        self,
        found: &mut Violations,
        path: &str,
        confidence: Option<u32>,
    ) -> Self {
        let Some(basis_points) = confidence else { return self };
        let known = u16::try_from(basis_points).ok().and_then(Confidence::new);
        if known.is_none() {
            let max = i64::from(Confidence::BASIS_POINTS_MAX);
            found.breaks(path, basis_points, Rule::OutOfRange { min: 0, max });
        }
        Self::Weighed(Box::new(self), known.unwrap_or_default().basis_points())
    }

    /// The same, which comes from there, if that is said.
    fn sourced(self, found: &mut Violations, path: &str, source: i32) -> Self {
        let source = match v1::SupplySource::try_from(source) {
            Ok(v1::SupplySource::Unspecified) => return self,
            Ok(v1::SupplySource::PurchaseOrder) => SupplySource::PurchaseOrder,
            Ok(v1::SupplySource::Return) => SupplySource::Return,
            Ok(v1::SupplySource::Transfer) => {
                found.add(path, "is of a transfer, which DispatchTransfer announces");
                return self;
            }
            Err(_) => {
                unknown::<SupplySource>(found, path, source);
                return self;
            }
        };
        Self::Sourced(Box::new(self), source)
    }

    fn operation<E>(
        self,
        instant: impl Fn(Day) -> Result<Timestamp, E> + Copy,
    ) -> Result<StockOperation, E> {
        Ok(match self {
            Self::Operation(operation) => operation,
            Self::Announce { id, quantity, eta } => {
                StockOperation::AnnounceInbound { id, quantity, eta: instant(eta)? }
            }
            Self::State { id, ordered, eta } => {
                StockOperation::StateInbound { id, ordered, eta: instant(eta)? }
            }
            Self::Change { id, quantity, eta } => {
                let eta = eta.map(instant).transpose()?;
                StockOperation::ChangeInbound { id, quantity, eta }
            }
            Self::Weighed(wanted, confidence_basis_points) => StockOperation::Weigh {
                operation: Box::new(wanted.operation(instant)?),
                confidence_basis_points,
            },
            Self::Sourced(wanted, source) => {
                StockOperation::Source { operation: Box::new(wanted.operation(instant)?), source }
            }
        })
    }
}

/// The pair that a request is about.
pub(super) fn pair(found: &mut Violations, sku: &str, node: &str) -> Option<(Sku, NodeId)> {
    let sku = found.taken("sku", Sku::new("sku", sku));
    let node = found.taken("node_id", NodeId::new("node_id", node));
    sku.zip(node)
}

/// Levels: what is on hand, or what a vendor has.
pub(super) fn level(
    found: &mut Violations,
    path: &str,
    level: Option<&v1::StockLevel>,
) -> Option<Wanted> {
    let level = found.required(path, level)?;
    let v1::StockLevel { on_hand, unavailable, safety, vendor_feed } = level;
    let shelves = [on_hand, unavailable, safety].into_iter().any(Option::is_some);
    match vendor_feed {
        Some(_) if shelves => {
            found.add(
                format!("{path}.vendor_feed"),
                "is told by itself, without on_hand, unavailable and safety",
            );
            None
        }
        Some(feed) => vendor_feed_level(found, path, feed),
        None => {
            let mut units = |name: &str, value: &Option<u64>| {
                value.map(|value| found.units(&format!("{path}.{name}"), value))
            };
            let on_hand = units("on_hand", on_hand);
            let unavailable = units("unavailable", unavailable);
            let safety = units("safety", safety);
            Some(Wanted::Operation(StockOperation::Set { on_hand, unavailable, safety }))
        }
    }
}

fn vendor_feed_level(found: &mut Violations, path: &str, feed: &v1::VendorFeed) -> Option<Wanted> {
    use v1::vendor_feed::Amount;
    let path = format!("{path}.vendor_feed");
    let quantity = match found.required(&path, feed.amount.as_ref())? {
        Amount::Quantity(quantity) => Some(found.units(&format!("{path}.quantity"), *quantity)),
        Amount::Unlimited(true) => None,
        Amount::Unlimited(false) => {
            found.add(format!("{path}.unlimited"), "\"false\" says nothing: only true is sent");
            return None;
        }
    };
    let as_of = match &feed.as_of {
        Some(as_of) => Some(times::instant(found, &format!("{path}.as_of"), as_of)?),
        None => None,
    };
    Some(Wanted::Operation(StockOperation::SupplierFeed { quantity, as_of }))
}

/// A change relative to what is there.
pub(super) fn adjustment(
    found: &mut Violations,
    path: &str,
    adjustment: Option<&v1::StockAdjustment>,
    reason: Text,
) -> Option<Wanted> {
    let adjustment = found.required(path, adjustment)?;
    // The engine counts corrections in 32 bits.
    let mut delta = |name: &str, value: i64| {
        i32::try_from(value).unwrap_or_else(|_| {
            let max = i64::from(STOCK_UNITS_MAX);
            let rule = Rule::OutOfRange { min: -max, max };
            found.breaks(&format!("{path}.{name}"), value, rule);
            1
        })
    };
    let on_hand_delta = delta("on_hand_delta", adjustment.on_hand_delta);
    let unavailable_delta = delta("unavailable_delta", adjustment.unavailable_delta);
    let operation = StockOperation::Adjust { on_hand_delta, unavailable_delta, reason };
    Some(Wanted::Operation(operation))
}

/// A supply on its way.
pub(super) fn announcement(
    found: &mut Violations,
    path: &str,
    inbound: Option<&v1::InboundAnnouncement>,
) -> Option<Wanted> {
    let inbound = found.required(path, inbound)?;
    let (id, quantity, eta) = supply(found, path, inbound);
    let announced = Wanted::Announce { id, quantity, eta };
    let counts = format!("{path}.confidence_basis_points");
    let announced = announced.weighed(found, &counts, inbound.confidence_basis_points);
    Some(announced.sourced(found, &format!("{path}.source"), inbound.source))
}

/// A supply as a file of open orders has it.
pub(super) fn stated(
    found: &mut Violations,
    path: &str,
    inbound: &v1::InboundAnnouncement,
) -> Wanted {
    let (id, ordered, eta) = supply(found, path, inbound);
    let stated = Wanted::State { id, ordered, eta };
    let counts = format!("{path}.confidence_basis_points");
    let stated = stated.weighed(found, &counts, inbound.confidence_basis_points);
    stated.sourced(found, &format!("{path}.source"), inbound.source)
}

/// The id, the quantity and the day of a supply.
pub(super) fn supply(
    found: &mut Violations,
    path: &str,
    inbound: &v1::InboundAnnouncement,
) -> (InboundId, u32, Day) {
    let id = found.id(&format!("{path}.inbound_id"), &inbound.inbound_id, InboundId::new);
    let quantity = found.some_units(&format!("{path}.quantity"), inbound.quantity);
    let eta_path = format!("{path}.eta");
    let eta = found.required(&eta_path, inbound.eta.as_ref());
    let eta = eta.and_then(|date| times::day(found, &eta_path, date));
    (id, quantity, eta.unwrap_or(Day::from_epoch_days(0)))
}
