//! What callers ask for. Ids are checked when they are made; the rest of a
//! command by its `validate`, which names every field that is wrong at once.

use minicbor::Encode;
use smallvec::SmallVec;

use super::catalog::{Item, NodeKind, Policy, Shortage, Split};
use super::digest::{Part, hash_written};
use super::event::Origin;
use super::ids::{
    CustomerId, InboundId, NodeId, OrderId, PostalCode, RequestId, ServiceName, Sku, Text,
};
use super::time::{Day, Timestamp};
use super::violation::{Rule, Violation};
use crate::limits;

/// Bounds as the numbers of [`in_range`].
const BANDS_MAX: i64 = small(limits::BANDS_MAX);
const SERVICES_MAX: i64 = small(limits::SERVICES_MAX);
const ORDER_LINES_MAX: i64 = small(limits::ORDER_LINES_MAX);

#[expect(clippy::cast_possible_wrap, reason = "bounds are far below 2^63")]
const fn small(bound: usize) -> i64 {
    bound as i64
}

/// What every mutating command carries besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The idempotency key; an order's id is one by itself.
    pub request_id: Option<RequestId>,
    /// The fingerprint of what the caller sent, where the command was made of that and
    /// of what was there: the same request may become another command later. None where
    /// the command is what he sent.
    pub content: Option<u64>,
    /// Who, where from and why.
    pub origin: Option<Box<Origin>>,
    /// When the command was taken, by the server's clock.
    pub at: Timestamp,
    /// Only find out whether it would be done. Nothing is written, and the answer's
    /// version is one that it would have been done at. For orders there is
    /// [`Engine::quote_order`](crate::engine::Engine::quote_order) instead.
    pub validate_only: bool,
}

/// Defines an item, or changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineItem {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub item: Item,
}

/// Defines a node, or changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineNode {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub node: NodeDefinition,
}

/// A node as a caller describes it; see [`super::catalog::Node`] for the units.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
#[expect(missing_docs, reason = "each field is documented at the node it defines")]
pub struct NodeDefinition {
    #[n(0)]
    pub id: NodeId,
    #[n(1)]
    pub kind: NodeKind,
    #[n(2)]
    pub title: Text,
    #[n(3)]
    pub postal_code: PostalCode,
    #[n(4)]
    pub time_zone: Box<str>,
    #[n(5)]
    pub working_days: u8,
    #[n(6)]
    pub cut_off_minute: u16,
    #[n(7)]
    pub holidays: Vec<Day>,
    #[n(8)]
    pub capacity_units_per_day: u32,
    #[n(9)]
    pub shipment_cost: i64,
    #[n(10)]
    pub unit_cost: i64,
    #[n(11)]
    pub lead_time_days: u16,
    #[n(12)]
    pub enabled: bool,
}

/// Sets the sourcing policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPolicy {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub policy: Policy,
}

/// Changes the supply of one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeStock {
    /// Key, origin, time.
    pub meta: Meta,
    /// The item.
    pub sku: Sku,
    /// The node.
    pub node: NodeId,
    /// How.
    pub operation: StockOperation,
}

/// How the supply of a pair is changed. Quantities are whole units.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub enum StockOperation {
    /// States what is there; what is left out stays as it is.
    #[n(1)]
    Set {
        /// Units physically there; not for suppliers.
        #[n(0)]
        on_hand: Option<u32>,
        /// Of those, units that cannot be sold; not for suppliers.
        #[n(1)]
        unavailable: Option<u32>,
        /// Units withheld from promising.
        #[n(2)]
        safety: Option<u32>,
    },
    /// States what a supplier has; without a quantity, any number.
    #[n(2)]
    SupplierFeed {
        /// Units that the supplier has.
        #[n(0)]
        quantity: Option<u32>,
    },
    /// Takes in goods that nobody announced.
    #[n(3)]
    Receive {
        /// Units, from 1.
        #[n(0)]
        quantity: u32,
        /// Of those, units that cannot be sold.
        #[n(1)]
        unavailable: u32,
    },
    /// Corrects by so many units; not both are 0.
    #[n(4)]
    Adjust {
        /// Units on hand more, or less when below zero.
        #[n(0)]
        on_hand_delta: i32,
        /// Units more that cannot be sold, or less when below zero.
        #[n(1)]
        unavailable_delta: i32,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// States what a physical count found.
    #[n(5)]
    Count {
        /// Units found.
        #[n(0)]
        on_hand: u32,
    },
    /// Announces a supply on its way.
    #[n(7)]
    AnnounceInbound {
        /// The caller's id for it.
        #[n(0)]
        id: InboundId,
        /// Units, from 1.
        #[n(1)]
        quantity: u32,
        /// When it is expected: the start of a day at the node. That may have passed, see
        /// [`limits::INBOUND_OVERDUE_DAYS_MAX`].
        #[n(2)]
        eta: Timestamp,
    },
    /// Changes a supply on its way.
    #[n(8)]
    ChangeInbound {
        /// Which one.
        #[n(0)]
        id: InboundId,
        /// Units now expected, if that changes.
        #[n(1)]
        quantity: Option<u32>,
        /// When, if that changes.
        #[n(2)]
        eta: Option<Timestamp>,
    },
    /// Takes in units of an announced supply.
    #[n(9)]
    ReceiveInbound {
        /// Which one.
        #[n(0)]
        id: InboundId,
        /// Units that arrived.
        #[n(1)]
        quantity: u32,
        /// Whether nothing more will come.
        #[n(2)]
        closes: bool,
    },
    /// Takes back an announcement.
    #[n(10)]
    CancelInbound {
        /// Which one.
        #[n(0)]
        id: InboundId,
    },
}

/// Places an order, or quotes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Key, origin, time.
    pub meta: Meta,
    /// When the customer ordered, as the caller says; none for now. What was promised to
    /// the customer counts from then. What can still be done counts from `meta.at`,
    /// which may be days later: a till that was offline, an import of past orders.
    pub placed_at: Option<Timestamp>,
    /// What is ordered.
    pub order: OrderRequest,
}

/// An order as a caller describes it.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct OrderRequest {
    /// The caller's id, which is an idempotency key.
    #[n(0)]
    pub id: OrderId,
    /// Who orders.
    #[n(1)]
    pub customer: Option<CustomerId>,
    /// Where the order comes in.
    #[n(2)]
    pub channel: Option<Text>,
    /// Where it goes.
    #[n(3)]
    pub postal_code: PostalCode,
    /// How it is to be shipped; the policy's first service when left out.
    #[n(4)]
    pub service: Option<ServiceName>,
    /// The day by which it is wanted; the service's promise when left out.
    #[n(5)]
    pub deliver_by: Option<Day>,
    /// What happens to units without supply; the policy's when left out.
    #[n(6)]
    pub shortage: Option<Shortage>,
    /// Whether a line may be split; the policy's when left out.
    #[n(7)]
    pub split: Option<Split>,
    /// What is ordered; lines of one SKU are summed.
    #[n(8)]
    pub lines: Lines,
}

/// The lines of an order as a caller gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(pub SmallVec<[LineRequest; 2]>);

impl<C> Encode<C> for Lines {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.as_slice().encode(e, ctx)
    }
}

/// So many units of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct LineRequest {
    /// The item.
    #[n(0)]
    pub sku: Sku,
    /// Units, from 1 to [`limits::LINE_UNITS_MAX`].
    #[n(1)]
    pub quantity: u32,
}

/// Cancels what is left of an order, or units of some of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// Units of single lines; everything that is open when empty.
    pub lines: Vec<LineCancellation>,
}

/// So many units of an order's line are no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct LineCancellation {
    /// The line, from 1 as callers count.
    #[n(0)]
    pub line: u32,
    /// Units, from 1 to [`limits::LINE_UNITS_MAX`].
    #[n(1)]
    pub quantity: u32,
}

/// Reports that a shipment left its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipShipment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The shipment's number within the order, from 1 as callers count.
    pub shipment: u16,
    /// The carrier; not empty.
    pub carrier: Text,
    /// The carrier's tracking number.
    pub tracking: Text,
}

/// A list's length as the numbers of [`in_range`].
fn length<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

fn in_range(found: &mut Vec<Violation>, field: String, value: i64, min: i64, max: i64) {
    if !(min..=max).contains(&value) {
        found.push(Violation::new(field, value, Rule::OutOfRange { min, max }));
    }
}

/// An operation that says nothing is a slip of its caller.
fn says_nothing(field: &str, how: &str) -> Violation {
    Violation::new(field, "", Rule::Malformed(how.into()))
}

fn finish(found: Vec<Violation>) -> Result<(), Vec<Violation>> {
    if found.is_empty() { Ok(()) } else { Err(found) }
}

impl PlaceOrder {
    /// When the customer ordered.
    pub fn ordered_at(&self) -> Timestamp {
        self.placed_at.unwrap_or(self.meta.at)
    }

    /// Tells the same order sent again from another one under the same id.
    pub fn fingerprint(&self) -> u64 {
        self.order.fingerprint(self.placed_at)
    }

    /// Checks counts, quantities and days; `ordered_on` is the destination's day of the
    /// order, if the destination is known.
    pub fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        let mut found = self.order.validate(ordered_on).err().unwrap_or_default();
        if let Some(placed_at) = self.placed_at
            && let Some(why) = self.out_of_time(placed_at)
        {
            found.push(Violation::new("placed_at", placed_at, Rule::Malformed(why.into())));
        }
        finish(found)
    }

    /// Why an order cannot have been placed then.
    fn out_of_time(&self, placed_at: Timestamp) -> Option<&'static str> {
        let moved = |micros| self.meta.at.saturating_add_micros(micros);
        if placed_at > moved(limits::PLACED_AHEAD_MAX_MICROS) {
            Some("is more than 5 minutes ahead of now")
        } else if placed_at < moved(-limits::PLACED_AGO_MAX_MICROS) {
            Some("is more than 366 days ago")
        } else {
            None
        }
    }
}

impl OrderRequest {
    /// The fingerprint of this order, as placed when the caller says. Made for every
    /// order, so that it does without an encoding.
    pub fn fingerprint(&self, placed_at: Option<Timestamp>) -> u64 {
        let print = hash_written(Part::Request, |digest| {
            digest.bytes(self.id.as_str().as_bytes());
            digest.optional(self.customer.as_ref().map(CustomerId::as_str));
            digest.optional(self.channel.as_ref().map(Text::as_str));
            digest.bytes(self.postal_code.as_str().as_bytes());
            digest.optional(self.service.as_ref().map(ServiceName::as_str));
            let deliver_by = self.deliver_by.map_or(i64::MIN, |day| day.epoch_days().into());
            let shortage = self.shortage.map_or(0, Shortage::code);
            let split = self.split.map_or(0, Split::code);
            digest.words([deliver_by.cast_unsigned(), shortage.into(), split.into()]);
            for line in &self.lines.0 {
                digest.bytes(line.sku.as_str().as_bytes());
                digest.words([line.quantity.into()]);
            }
            // No line begins like this.
            if let Some(at) = placed_at {
                digest.words([u64::MAX, at.as_micros().cast_unsigned()]);
            }
        });
        print.value()
    }

    /// Checks counts and quantities; no delivery can be wanted before `ordered_on`.
    fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        let mut found = self.lines.validate().err().unwrap_or_default();
        if let (Some(day), Some(earliest)) = (self.deliver_by, ordered_on)
            && day < earliest
        {
            found.push(Violation::new("deliver_by", day, Rule::InThePast { earliest }));
        }
        finish(found)
    }
}

impl Lines {
    /// Checks their number and quantities.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        if self.0.is_empty() {
            return Err(vec![Violation::new("lines", "", Rule::Required)]);
        }
        if self.0.len() > limits::ORDER_LINES_MAX {
            let rule = Rule::TooMany { max: limits::ORDER_LINES_MAX };
            return Err(vec![Violation::new("lines", self.0.len(), rule)]);
        }
        let mut found = Vec::new();
        for (at, line) in self.0.iter().enumerate() {
            // The path is made only for what is wrong: orders come in by the
            // hundred thousand.
            if !(1..=limits::LINE_UNITS_MAX).contains(&line.quantity) {
                let field = format!("lines[{at}].quantity");
                let max = i64::from(limits::LINE_UNITS_MAX);
                in_range(&mut found, field, i64::from(line.quantity), 1, max);
            }
        }
        finish(found)
    }
}

impl StockOperation {
    /// When a supply is expected from now on, if the operation says.
    pub const fn eta(&self) -> Option<Timestamp> {
        match self {
            Self::AnnounceInbound { eta, .. } => Some(*eta),
            Self::ChangeInbound { eta, .. } => *eta,
            _ => None,
        }
    }

    /// Checks quantities. Days are the node's, and are checked with it.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let max = i64::from(limits::STOCK_UNITS_MAX);
        let mut found = Vec::new();
        let mut units = |field: &str, value: u32, min: i64| {
            in_range(&mut found, field.into(), i64::from(value), min, max);
        };
        match self {
            Self::Set { on_hand: None, unavailable: None, safety: None } => {
                found.push(says_nothing("levels", "sets no level"));
            }
            Self::Set { on_hand, unavailable, safety } => {
                units("on_hand", on_hand.unwrap_or(0), 0);
                units("unavailable", unavailable.unwrap_or(0), 0);
                units("safety", safety.unwrap_or(0), 0);
            }
            Self::SupplierFeed { quantity } => units("quantity", quantity.unwrap_or(0), 0),
            Self::Receive { quantity, unavailable } => {
                units("quantity", *quantity, 1);
                let all = i64::from(*quantity);
                let most = if (1..=max).contains(&all) { all } else { max };
                let field = "unavailable".into();
                in_range(&mut found, field, i64::from(*unavailable), 0, most);
            }
            Self::Adjust { on_hand_delta: 0, unavailable_delta: 0, .. } => {
                found.push(says_nothing("deltas", "changes nothing: both deltas are 0"));
            }
            Self::Adjust { on_hand_delta, unavailable_delta, .. } => {
                let mut delta = |field: &str, delta: i32| {
                    in_range(&mut found, field.into(), i64::from(delta), -max, max);
                };
                delta("on_hand_delta", *on_hand_delta);
                delta("unavailable_delta", *unavailable_delta);
            }
            Self::Count { on_hand } => units("on_hand", *on_hand, 0),
            Self::AnnounceInbound { quantity, .. } => units("quantity", *quantity, 1),
            Self::ChangeInbound { quantity: None, eta: None, .. } => {
                found.push(says_nothing("quantity", "neither quantity nor eta is set"));
            }
            Self::ChangeInbound { quantity, .. } => units("quantity", quantity.unwrap_or(1), 1),
            Self::ReceiveInbound { quantity, closes, .. } => {
                units("quantity", *quantity, i64::from(!closes));
            }
            Self::CancelInbound { .. } => {}
        }
        finish(found)
    }
}

impl CancelOrder {
    /// Checks counts, lines and quantities. No line has more than
    /// [`limits::LINE_UNITS_MAX`] units, those of one SKU summed, so that no more can be
    /// cancelled at it.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.lines.len() > limits::ORDER_LINES_MAX {
            let rule = Rule::TooMany { max: limits::ORDER_LINES_MAX };
            return Err(vec![Violation::new("lines", self.lines.len(), rule)]);
        }
        for (at, cancellation) in self.lines.iter().enumerate() {
            let field = format!("lines[{at}].line");
            in_range(&mut found, field, i64::from(cancellation.line), 1, ORDER_LINES_MAX);
            if self.lines[..at].iter().any(|other| other.line == cancellation.line) {
                let field = format!("lines[{at}].line");
                found.push(Violation::new(field, cancellation.line, Rule::Duplicate));
            }
            let (quantity, max) = (i64::from(cancellation.quantity), limits::LINE_UNITS_MAX.into());
            in_range(&mut found, format!("lines[{at}].quantity"), quantity, 1, max);
        }
        finish(found)
    }
}

impl ShipShipment {
    /// Checks that the carrier is named: the carrier knows where a shipment is.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        if self.carrier.as_str().is_empty() {
            return Err(vec![Violation::new("carrier", "", Rule::Required)]);
        }
        Ok(())
    }
}

impl NodeDefinition {
    /// Checks what needs no calendar: numbers and lists.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.working_days == 0 {
            found.push(Violation::new("working_days", "", Rule::Required));
        }
        validate_holidays(&self.holidays, &mut found);
        let mut number = |field: &str, value: i64, min: i64, max: i64| {
            in_range(&mut found, field.into(), value, min, max);
        };
        number("cut_off_minute", i64::from(self.cut_off_minute), 0, 24 * 60);
        let capacity = i64::from(self.capacity_units_per_day);
        number("capacity_units_per_day", capacity, 0, limits::STOCK_UNITS_MAX.into());
        number("lead_time_days", i64::from(self.lead_time_days), 0, limits::DAYS_MAX.into());
        number("shipment_cost", self.shipment_cost, 0, limits::COST_MINOR_MAX);
        number("unit_cost", self.unit_cost, 0, limits::COST_MINOR_MAX);
        finish(found)
    }
}

fn validate_holidays(holidays: &[Day], found: &mut Vec<Violation>) {
    let max = limits::HOLIDAYS_MAX;
    if holidays.len() > max {
        found.push(Violation::new("holidays", holidays.len(), Rule::TooMany { max }));
        return;
    }
    for (at, day) in holidays.iter().enumerate() {
        if holidays[..at].contains(day) {
            found.push(Violation::new(format!("holidays[{at}]"), day, Rule::Duplicate));
        }
    }
}

impl SetPolicy {
    /// Checks that the policy is whole: every objective once, bands that ascend
    /// and reach everywhere, services with a transit time for each band.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let policy = &self.policy;
        let mut found = Vec::new();
        for (at, objective) in policy.objectives.iter().enumerate() {
            if policy.objectives[..at].contains(objective) {
                let field = format!("objectives[{at}]");
                found.push(Violation::new(field, format!("{objective:?}"), Rule::Duplicate));
            }
        }
        if policy.currency.len() != 3 || !policy.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            let rule = Rule::Malformed("is not an ISO 4217 code of three capitals".into());
            found.push(Violation::new("currency", &policy.currency, rule));
        }
        validate_bands(policy, &mut found);
        validate_services(policy, &mut found);
        in_range(
            &mut found,
            "horizon_days".into(),
            policy.horizon_days.into(),
            0,
            limits::DAYS_MAX.into(),
        );
        finish(found)
    }
}

fn validate_bands(policy: &Policy, found: &mut Vec<Violation>) {
    in_range(found, "bands".into(), length(&policy.bands), 1, BANDS_MAX);
    let mut floor = None;
    for (at, band) in policy.bands.iter().enumerate() {
        if floor.is_some_and(|floor| band.distance_m_max <= floor) {
            let rule = Rule::Malformed("is not greater than the band before it".into());
            let field = format!("bands[{at}].distance_m_max");
            found.push(Violation::new(field, band.distance_m_max, rule));
        }
        floor = Some(band.distance_m_max);
        let max = limits::COST_MINOR_MAX;
        in_range(found, format!("bands[{at}].shipment_cost"), band.shipment_cost, 0, max);
        in_range(found, format!("bands[{at}].unit_cost"), band.unit_cost, 0, max);
    }
    if policy.bands.last().is_some_and(|last| last.distance_m_max != u32::MAX) {
        let rule = Rule::Malformed("is not 4294967295: the last band reaches everywhere".into());
        let field = format!("bands[{}].distance_m_max", policy.bands.len() - 1);
        found.push(Violation::new(field, "", rule));
    }
}

fn validate_services(policy: &Policy, found: &mut Vec<Violation>) {
    let count = length(&policy.services);
    in_range(found, "services".into(), count, 1, SERVICES_MAX);
    for (at, service) in policy.services.iter().enumerate() {
        if policy.services[..at].iter().any(|other| other.name == service.name) {
            let field = format!("services[{at}].name");
            found.push(Violation::new(field, &service.name, Rule::Duplicate));
        }
        let max = i64::from(limits::DAYS_MAX);
        let promise = i64::from(service.promise_days);
        in_range(found, format!("services[{at}].promise_days"), promise, 0, max);
        if service.transit_days.len() != policy.bands.len() {
            let rule = Rule::Malformed(format!(
                "has not one entry for each of {} bands",
                policy.bands.len()
            ));
            let field = format!("services[{at}].transit_days");
            found.push(Violation::new(field, service.transit_days.len(), rule));
        }
        for (band, days) in service.transit_days.iter().enumerate() {
            let field = format!("services[{at}].transit_days[{band}]");
            in_range(found, field, i64::from(*days), 0, max);
        }
    }
}

#[cfg(test)]
mod tests;
