//! From requests that change stock to the engine's operations.

use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::limits::STOCK_UNITS_MAX;
use backstock_engine::model::command::StockOperation;
use backstock_engine::model::digest;
use backstock_engine::model::{Day, InboundId, NodeId, Rule, Sku, Text, Timestamp};
use backstock_proto::v1;

use super::times;
use crate::status::Violations;

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
    /// Change a supply.
    Change {
        /// Its id.
        id: InboundId,
        /// Units still to come, if that changes.
        quantity: Option<u32>,
        /// The node's local day, if that changes.
        eta: Option<Day>,
    },
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
            Self::Change { id, quantity, eta } => {
                Some(digest::fingerprint(&(sku, node, "change", id, quantity, eta)))
            }
        }
    }

    /// The operation at its node: a day begins there when it begins locally.
    pub(super) fn at(self, engine: &Engine, node: &NodeId) -> Result<StockOperation, EngineError> {
        let instant = |day: Day| -> Result<Timestamp, EngineError> {
            // Beyond the calendar a day has no start; none is that far off.
            engine.start_of_day(node, day)
        };
        Ok(match self {
            Self::Operation(operation) => operation,
            Self::Announce { id, quantity, eta } => {
                StockOperation::AnnounceInbound { id, quantity, eta: instant(eta)? }
            }
            Self::Change { id, quantity, eta } => {
                let eta = eta.map(instant).transpose()?;
                StockOperation::ChangeInbound { id, quantity, eta }
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

/// The id of an inbound supply.
pub(super) fn inbound_id(found: &mut Violations, path: &str, id: &str) -> Option<InboundId> {
    found.taken(path, InboundId::new("inbound_id", id))
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
        None if !shelves => {
            found.add(path, "sets no level");
            None
        }
        None => {
            let mut units = |name: &str, value: &Option<u64>| {
                let path = format!("{path}.{name}");
                value.map_or(Some(None), |value| found.units(&path, value, 0).map(Some))
            };
            let on_hand = units("on_hand", on_hand);
            let unavailable = units("unavailable", unavailable);
            let safety = units("safety", safety);
            let (on_hand, unavailable, safety) = (on_hand?, unavailable?, safety?);
            Some(Wanted::Operation(StockOperation::Set { on_hand, unavailable, safety }))
        }
    }
}

fn vendor_feed_level(found: &mut Violations, path: &str, feed: &v1::VendorFeed) -> Option<Wanted> {
    use v1::vendor_feed::Amount;
    let path = format!("{path}.vendor_feed");
    let quantity = match found.required(&path, feed.amount.as_ref())? {
        Amount::Quantity(quantity) => {
            Some(found.units(&format!("{path}.quantity"), *quantity, 0)?)
        }
        Amount::Unlimited(true) => None,
        Amount::Unlimited(false) => {
            found.add(format!("{path}.unlimited"), "\"false\" says nothing: only true is sent");
            return None;
        }
    };
    Some(Wanted::Operation(StockOperation::SupplierFeed { quantity }))
}

/// A change relative to what is there.
pub(super) fn adjustment(
    found: &mut Violations,
    path: &str,
    adjustment: Option<&v1::StockAdjustment>,
    reason: Text,
) -> Option<Wanted> {
    let adjustment = found.required(path, adjustment)?;
    let mut delta = |name: &str, value: i64| {
        let max = i64::from(STOCK_UNITS_MAX);
        if (-max..=max).contains(&value) {
            return i32::try_from(value).ok();
        }
        let rule = Rule::OutOfRange { min: -max, max };
        found.breaks(&format!("{path}.{name}"), value, rule);
        None
    };
    let on_hand = delta("on_hand_delta", adjustment.on_hand_delta);
    let unavailable = delta("unavailable_delta", adjustment.unavailable_delta);
    let (on_hand_delta, unavailable_delta) = (on_hand?, unavailable?);
    if (on_hand_delta, unavailable_delta) == (0, 0) {
        found.add(path, "changes nothing: both deltas are 0");
        return None;
    }
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
    let id = inbound_id(found, &format!("{path}.inbound_id"), &inbound.inbound_id);
    let quantity = found.units(&format!("{path}.quantity"), inbound.quantity, 1);
    let eta_path = format!("{path}.eta");
    let eta = found.required(&eta_path, inbound.eta.as_ref());
    let eta = eta.and_then(|date| times::day(found, &eta_path, date));
    Some(Wanted::Announce { id: id?, quantity: quantity?, eta: eta? })
}
