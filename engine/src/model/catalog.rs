//! What planning knows of the network: items, nodes and the sourcing policy.

use minicbor::data::Type;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::bundle::Components;
use super::check::{finish, in_range};
use super::eligibility::Eligibility;
use super::ids::{NodeId, PostalCode, ServiceName, Sku, Text};
use super::location::Location;
use super::stock::Confidence;
use super::time::{Day, Timestamp};
use super::violation::{Rule, Violation};
use super::week::{WeekdayCutOffs, Weekdays};
use crate::limits::STOCK_UNITS_MAX;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A sellable thing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Item {
    /// The caller's id.
    #[n(0)]
    pub sku: Sku,
    /// What it is called.
    #[n(1)]
    pub title: Text,
    /// Whether new orders and holds may take it.
    #[n(2)]
    pub sale: Sale,
    /// Most units that may wait for it without supply, over all nodes, of orders and of holds in
    /// line; none without a bound. A bundle has none: its components wait.
    #[n(3)]
    pub waiting_max: Option<u32>,
    /// What it is made of, if it is a bundle. Stated when it is first defined, and never changed.
    #[n(4)]
    pub components: Components,
    /// When its sale opens, if it has an opening. Before, no order and no hold gets units of it,
    /// and holds may wait in line: the opening draws their places. A bundle has none, nor has a
    /// component.
    #[n(5)]
    pub opens: Option<Timestamp>,
}

impl Item {
    /// Checks all fields.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = self.components.validate(&self.sku).err().unwrap_or_default();
        let max = i64::from(STOCK_UNITS_MAX);
        if let Some(units) = self.waiting_max {
            in_range(&mut found, "waiting_units_max".into(), i64::from(units), 0, max);
            if self.components.is_bundle() {
                let rule = Rule::Malformed("is of items with stock: components wait".into());
                found.push(Violation::new("waiting_units_max", units, rule));
            }
        }
        if let (Some(opens), true) = (self.opens, self.components.is_bundle()) {
            found.push(not_of_bundles(opens));
        }
        finish(found)
    }
}

/// That an item has an opening, and is a bundle or a component of one.
pub fn not_of_bundles(opens: Timestamp) -> Violation {
    let rule = Rule::Malformed("is for neither bundles nor their components".into());
    Violation::new("opens_time", opens, rule)
}

/// Whether new orders and holds may take an item. What is placed stays, and is served. An item is
/// on sale by default: an event does not say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sale {
    /// They may.
    #[default]
    On,
    /// They may not.
    Off,
}

impl<C> Encode<C> for Sale {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        let code = match self {
            Self::On => 1,
            Self::Off => 2,
        };
        e.u8(code)?.ok()
    }

    fn is_nil(&self) -> bool {
        *self == Self::On
    }
}

impl<'b, C> Decode<'b, C> for Sale {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let at = d.position();
        if d.datatype()? == Type::Null {
            // A later field is said.
            d.null()?;
            return Ok(Self::On);
        }
        match d.u8()? {
            1 => Ok(Self::On),
            2 => Ok(Self::Off),
            other => Err(DecodeError::unknown_variant(other.into()).at(at)),
        }
    }

    fn nil() -> Option<Self> {
        Some(Self::On)
    }
}

/// Whether customers may collect orders at a node. None may by default: an event does not say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PickupOffer {
    /// They may not.
    #[default]
    NotOffered,
    /// They may.
    Offered,
}

impl PickupOffer {
    /// Whether they may.
    pub const fn is_offered(self) -> bool {
        matches!(self, Self::Offered)
    }
}

impl From<bool> for PickupOffer {
    fn from(is_offered: bool) -> Self {
        if is_offered { Self::Offered } else { Self::NotOffered }
    }
}

impl<C> Encode<C> for PickupOffer {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.bool(self.is_offered())?.ok()
    }

    fn is_nil(&self) -> bool {
        !self.is_offered()
    }
}

impl<'b, C> Decode<'b, C> for PickupOffer {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        Ok(d.bool()?.into())
    }

    fn nil() -> Option<Self> {
        Some(Self::default())
    }
}

/// What kind of place a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum NodeKind {
    /// A warehouse of the retailer's own.
    #[n(1)]
    Warehouse,
    /// A store that also ships.
    #[n(2)]
    Store,
    /// A third-party logistics provider.
    #[n(3)]
    ThirdParty,
    /// A supplier that ships to the customer (drop-ship).
    #[n(4)]
    Supplier,
}

/// A place that can fulfil.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Node {
    /// The caller's id.
    #[n(0)]
    pub id: NodeId,
    /// What kind of place it is; fixed for life.
    #[n(1)]
    pub kind: NodeKind,
    /// What it is called.
    #[n(2)]
    pub title: Text,
    /// Where it is, as an address has it.
    #[n(3)]
    pub postal_code: PostalCode,
    /// Where it is on the globe, looked up when the node was defined.
    #[n(4)]
    pub location: Location,
    /// IANA name of its time zone.
    #[n(5)]
    pub time_zone: Box<str>,
    /// Days on which it ships: bit 0 is Monday, bit 6 Sunday.
    #[n(6)]
    pub working_days: u8,
    /// Minutes after local midnight until which work ships on the same day, on weekdays
    /// without a cut-off of their own.
    #[n(7)]
    pub cut_off_minute: u16,
    /// Days on which it does not ship, ascending.
    #[n(8)]
    pub holidays: Vec<Day>,
    /// Units that may be planned to leave it on one local day; 0 for no bound.
    #[n(9)]
    pub capacity_units_per_day: u32,
    /// Cost of handling one shipment, in minor units.
    #[n(10)]
    pub shipment_cost: i64,
    /// Cost of handling one unit, in minor units.
    #[n(11)]
    pub unit_cost: i64,
    /// Working days between an order and its shipping (suppliers).
    #[n(12)]
    pub lead_time_days: u16,
    /// Whether sourcing may choose it.
    #[n(13)]
    pub enabled: bool,
    /// Cut-offs of single weekdays.
    #[n(14)]
    pub weekday_cut_offs: WeekdayCutOffs,
    /// Whom it serves.
    #[n(15)]
    pub eligibility: Eligibility,
    /// Shipments that may be planned to leave it on one local day; none for no bound.
    #[n(16)]
    pub capacity_shipments_per_day: Option<u32>,
    /// Units that a line takes from it at least, or none (suppliers); none for no minimum.
    #[n(17)]
    pub min_order_quantity: Option<u32>,
    /// Whether customers may collect orders there.
    #[n(18)]
    pub pickup: PickupOffer,
    /// How many of what it is sent it ships as promised, in basis points (suppliers); none for
    /// all. Of two suppliers that are as good in all else, the more reliable one goes first.
    #[n(19)]
    pub reliability: Option<u16>,
    /// Days for which a package that is ready waits there for the customer, its local day not
    /// counted; none for as long as nobody cancels it.
    #[n(20)]
    pub pickup_days: Option<u16>,
    /// When it is told by itself to work on a shipment; none if somebody tells it.
    #[n(21)]
    pub release: Option<ReleaseRule>,
    /// Until when it takes no new work: what is planned before leaves as though it were planned
    /// then. None where it takes work as its days have it.
    #[n(22)]
    pub paused_until: Option<Timestamp>,
}

/// When a node is told by itself to work on a shipment whose units are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ReleaseRule {
    /// As soon as they are.
    #[n(1)]
    AtOnce,
    /// So many minutes before its cut-off on the day on which the shipment leaves.
    #[n(2)]
    BeforeCutOff(#[n(0)] u16),
}

/// How much may be planned to leave a node on one local day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Units; 0 for no bound.
    pub units: u32,
    /// Shipments; 0 for no bound.
    pub shipments: u32,
}

impl Capacity {
    /// Whether there is a bound.
    pub const fn is_bounded(self) -> bool {
        self.units > 0 || self.shipments > 0
    }

    /// The most that a day's counter takes, in the order of [`Load::counts`].
    ///
    /// [`Load::counts`]: super::load::Load::counts
    pub fn most(self) -> [u64; 2] {
        [self.units, self.shipments].map(|most| if most > 0 { most.into() } else { u64::MAX })
    }
}

/// What sourcing looks at, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Objective {
    /// Fewest days late, over all units.
    #[n(1)]
    Promise,
    /// Fewest shipments.
    #[n(2)]
    Shipments,
    /// Least cost.
    #[n(3)]
    Cost,
    /// Most even load.
    #[n(4)]
    Balance,
}

/// A ring of distance around a node, with what shipping across it costs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Band {
    /// Greatest distance in metres, inclusive.
    #[n(0)]
    pub distance_m_max: u32,
    /// Carrier cost of one shipment, in minor units.
    #[n(1)]
    pub shipment_cost: i64,
    /// Carrier cost of one unit, in minor units.
    #[n(2)]
    pub unit_cost: i64,
}

/// A way of shipping that a customer can choose.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Service {
    /// What callers name it by.
    #[n(0)]
    pub name: ServiceName,
    /// Calendar days after the order within which delivery is promised when
    /// the order does not say a date itself.
    #[n(1)]
    pub promise_days: u16,
    /// Days in transit, one for each band: those of the week that count.
    #[n(2)]
    pub transit_days: Vec<u16>,
    /// Days on which its carrier picks up at the nodes.
    #[n(3)]
    pub pickup_weekdays: Weekdays,
    /// Days that count as days in transit.
    #[n(4)]
    pub transit_weekdays: Weekdays,
    /// Days on which its carrier delivers.
    #[n(5)]
    pub delivery_weekdays: Weekdays,
}

/// What happens to units that no supply can be found for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Shortage {
    /// The whole order is refused.
    #[n(1)]
    Reject,
    /// They wait, first in line for what arrives.
    #[n(2)]
    Backorder,
    /// They are cancelled at once; the rest ships.
    #[n(3)]
    Partial,
}

/// Whether the units of one line may come from several supplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Split {
    /// All units of a line come from one node in one shipment, or none do.
    #[n(1)]
    WholeLine,
    /// Units of a line may come from several supplies.
    #[n(2)]
    Units,
}

impl Shortage {
    /// The number that stands for it, in events and images: never reused.
    pub const fn code(self) -> u8 {
        match self {
            Self::Reject => 1,
            Self::Backorder => 2,
            Self::Partial => 3,
        }
    }

    /// What the number stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Reject),
            2 => Some(Self::Backorder),
            3 => Some(Self::Partial),
            _ => None,
        }
    }
}

impl Split {
    /// The number that stands for it, in events and images: never reused.
    pub const fn code(self) -> u8 {
        match self {
            Self::WholeLine => 1,
            Self::Units => 2,
        }
    }

    /// What the number stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::WholeLine),
            2 => Some(Self::Units),
            _ => None,
        }
    }
}

/// Whether units of the network's own come before those of suppliers. By default they do not: an
/// event does not say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OwnStock {
    /// They are as good as each other.
    #[default]
    Alike,
    /// Of plans that keep the promise alike, those with fewer units of suppliers are better,
    /// whatever comes after the promise.
    First,
}

impl<C> Encode<C> for OwnStock {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        let code = match self {
            Self::Alike => 1,
            Self::First => 2,
        };
        e.u8(code)?.ok()
    }

    fn is_nil(&self) -> bool {
        *self == Self::Alike
    }
}

impl<'b, C> Decode<'b, C> for OwnStock {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let at = d.position();
        match d.u8()? {
            1 => Ok(Self::Alike),
            2 => Ok(Self::First),
            other => Err(DecodeError::unknown_variant(other.into()).at(at)),
        }
    }

    fn nil() -> Option<Self> {
        Some(Self::Alike)
    }
}

/// How the network sources.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Policy {
    /// Every objective once, the most important first.
    #[n(0)]
    pub objectives: [Objective; 4],
    /// ISO 4217 code of all costs.
    #[n(1)]
    pub currency: Box<str>,
    /// Rings of distance, ascending; the last one reaches everywhere.
    #[n(2)]
    pub bands: Vec<Band>,
    /// Shipping services; their places are their numbers, so none is ever
    /// dropped or moved.
    #[n(3)]
    pub services: Vec<Service>,
    /// For orders that do not say it themselves.
    #[n(4)]
    pub shortage: Shortage,
    /// For orders that do not say it themselves.
    #[n(5)]
    pub split: Split,
    /// Days ahead within which inbound supply can be promised.
    #[n(6)]
    pub horizon_days: u16,
    /// Whether units of the network's own come before those of suppliers.
    #[n(7)]
    pub own_stock: OwnStock,
    /// Local days of a node for which a supply still counts that was expected there and did not
    /// come; none for however long.
    #[n(8)]
    pub overdue_days: Option<u16>,
}

impl Node {
    /// How much may be planned to leave it on one day.
    pub const fn capacity(&self) -> Capacity {
        let shipments = match self.capacity_shipments_per_day {
            Some(most) => most,
            None => 0,
        };
        Capacity { units: self.capacity_units_per_day, shipments }
    }

    /// Whether it says what only events and images of the newest form have.
    pub const fn is_newest(&self) -> bool {
        self.capacity_shipments_per_day.is_some()
            || self.min_order_quantity.is_some()
            || self.pickup.is_offered()
    }

    /// Whether it says how long packages wait, or when shipments are released.
    pub const fn paces_work(&self) -> bool {
        self.pickup_days.is_some() || self.release.is_some()
    }

    /// How many of 10,000 promises are broken, of a supplier that keeps not all of them.
    pub fn unreliability(&self) -> u16 {
        self.reliability.map_or(0, |kept| Confidence::BASIS_POINTS_MAX.saturating_sub(kept))
    }

    /// Whether a weekday has a cut-off of its own.
    pub fn differs_by_weekday(&self) -> bool {
        !self.weekday_cut_offs.is_none()
    }
}

impl Policy {
    /// Whether a service has weekdays that are not all seven.
    pub fn differs_by_weekday(&self) -> bool {
        let of_service = |s: &Service| {
            [s.pickup_weekdays, s.transit_weekdays, s.delivery_weekdays] != [Weekdays::EVERY_DAY; 3]
        };
        self.services.iter().any(of_service)
    }

    /// Whether it says what only events and images of the newest form have.
    pub fn is_newest(&self) -> bool {
        self.own_stock != OwnStock::Alike || self.overdue_days.is_some()
    }

    /// Whether new orders are promised a supply that is expected at `eta`, asked at `at`.
    pub fn promises(&self, at: Timestamp, eta: Timestamp) -> bool {
        let horizon = i64::from(self.horizon_days) * MICROS_PER_DAY;
        eta <= at.saturating_add_micros(horizon)
    }
}

impl Default for Policy {
    /// A policy that works at once: four services over five distance bands.
    fn default() -> Self {
        let band = |km: u32, shipment_cost, unit_cost| Band {
            distance_m_max: km.saturating_mul(1_000),
            shipment_cost,
            unit_cost,
        };
        let service = |name: &str, promise_days, transit: [u16; 5]| Service {
            name: ServiceName::new("name", name).expect("a literal within the limits"),
            promise_days,
            transit_days: transit.to_vec(),
            pickup_weekdays: Weekdays::EVERY_DAY,
            transit_weekdays: Weekdays::EVERY_DAY,
            delivery_weekdays: Weekdays::EVERY_DAY,
        };
        Self {
            objectives: [
                Objective::Promise,
                Objective::Shipments,
                Objective::Cost,
                Objective::Balance,
            ],
            currency: "USD".into(),
            bands: vec![
                band(250, 500, 20),
                band(750, 650, 30),
                band(1_500, 800, 45),
                band(2_500, 950, 60),
                Band { distance_m_max: u32::MAX, shipment_cost: 1_200, unit_cost: 80 },
            ],
            services: vec![
                service("standard", 7, [1, 2, 3, 4, 5]),
                service("second_class", 5, [1, 2, 3, 3, 4]),
                service("first_class", 3, [1, 1, 2, 2, 2]),
                service("same_day", 1, [0, 1, 1, 1, 1]),
            ],
            shortage: Shortage::Backorder,
            split: Split::Units,
            horizon_days: 60,
            own_stock: OwnStock::Alike,
            overdue_days: None,
        }
    }
}
