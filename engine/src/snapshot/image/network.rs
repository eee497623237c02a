//! Images of nodes and of the sourcing policy.
//!
//! Version 3 has what differs by weekday beside what version 1 has, and version 7 whom nodes
//! serve beside that, and version 8 what bounds nodes, at which of them customers collect, and more
//! of the policy. A catalogue in which there is no such thing is written in the older one.

use std::sync::Arc;

use rkyv::option::ArchivedOption;
use rkyv::rend::u16_le;
use rkyv::{Archive, Serialize};

use super::codes::{kind_code, kind_of, objective_code, objective_of, shortage_of, split_of};
use super::error::ImageError;
use crate::geo::Bands;
use crate::limits::DAYS_MAX;
use crate::model::{
    Band, Day, Eligibility, Location, Lsn, Node, NodeId, Objective, OwnStock, PickupOffer, Policy,
    PostalCode, ReleaseRule, Service, ServiceName, Text, Timestamp, WeekdayCutOffs, Weekdays,
};
use crate::state::network::{Network, PlanningNode, calendar_kept};

/// All nodes by number, and the policy.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CatalogueV1 {
    nodes: Vec<NodeImageV1>,
    policy: PolicyImageV1,
}

/// The same, with what differs by weekday.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CatalogueV3 {
    all_else: CatalogueV1,
    /// Cut-offs of single weekdays, by node: none for a node without any.
    cut_offs: Vec<Option<[Option<u16>; 7]>>,
    /// By service.
    weeks: Vec<WeekImageV3>,
}

/// The same, with whom nodes serve.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CatalogueV7 {
    all_else: CatalogueV3,
    /// By node: none for one that serves everybody.
    eligibilities: Vec<Option<EligibilityImageV7>>,
}

/// The same, with what bounds nodes, and more of the policy.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CatalogueV8 {
    all_else: CatalogueV7,
    /// By node: none for one that says nothing of it.
    nodes: Vec<Option<NodeImageV8>>,
    policy: PolicyImageV8,
}

/// The same, with how reliable suppliers are.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CatalogueV9 {
    all_else: CatalogueV8,
    /// By node, in basis points: none for one that says nothing of it.
    reliabilities: Vec<Option<u16>>,
}

/// The same, with how nodes pace their work.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CatalogueV12 {
    all_else: CatalogueV9,
    /// By node: none for one that says nothing of it.
    paces: Vec<Option<PaceImageV12>>,
}

/// The same, with nodes that take no new work.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CatalogueV13 {
    all_else: CatalogueV12,
    /// By node, in microseconds since 1970: none for one that takes work.
    paused_until: Vec<Option<i64>>,
}

/// How long packages wait at a node, and when its shipments are released.
#[derive(Archive, Serialize)]
struct PaceImageV12 {
    pickup_days: Option<u16>,
    releases_at_once: bool,
    release_minutes: Option<u16>,
}

/// What bounds a node, beside its units a day, and whether customers collect there.
#[derive(Archive, Serialize)]
struct NodeImageV8 {
    capacity_shipments_per_day: Option<u32>,
    min_order_quantity: Option<u32>,
    offers_pickup: bool,
}

/// What older versions do not say of the policy.
#[derive(Archive, Serialize)]
struct PolicyImageV8 {
    own_stock_first: bool,
    overdue_days: Option<u16>,
}

/// Whom a node serves.
#[derive(Archive, Serialize)]
struct EligibilityImageV7 {
    channels: Vec<String>,
    services: Vec<String>,
}

/// The weekdays of a service: bit 0 is Monday.
#[derive(Archive, Serialize)]
struct WeekImageV3 {
    pickup: u8,
    transit: u8,
    delivery: u8,
}

/// One node; see [`Node`] for what the fields mean.
#[derive(Archive, Serialize)]
struct NodeImageV1 {
    last_lsn: u64,
    shipment_cost: i64,
    unit_cost: i64,
    id: String,
    title: String,
    postal_code: String,
    time_zone: String,
    holidays: Vec<i32>,
    latitude_udeg: i32,
    longitude_udeg: i32,
    capacity_units_per_day: u32,
    cut_off_minute: u16,
    lead_time_days: u16,
    kind: u8,
    working_days: u8,
    enabled: bool,
}

/// The policy, and the event that set it; 0 for the default.
#[derive(Archive, Serialize)]
struct PolicyImageV1 {
    last_lsn: u64,
    currency: String,
    bands: Vec<BandImageV1>,
    services: Vec<ServiceImageV1>,
    objectives: [u8; 4],
    horizon_days: u16,
    shortage: u8,
    split: u8,
}

#[derive(Archive, Serialize)]
struct BandImageV1 {
    shipment_cost: i64,
    unit_cost: i64,
    distance_m_max: u32,
}

#[derive(Archive, Serialize)]
struct ServiceImageV1 {
    name: String,
    transit_days: Vec<u16>,
    promise_days: u16,
}

impl From<&Network> for CatalogueV1 {
    fn from(network: &Network) -> Self {
        Self {
            nodes: network.nodes.iter().map(node_image).collect(),
            policy: policy_image(&network.policy, network.policy_lsn),
        }
    }
}

impl From<&Network> for CatalogueV3 {
    fn from(network: &Network) -> Self {
        let own = |n: &PlanningNode| {
            let cut_offs = n.node.weekday_cut_offs;
            (!cut_offs.is_none()).then_some(cut_offs.0)
        };
        let week = |s: &Service| WeekImageV3 {
            pickup: s.pickup_weekdays.bits(),
            transit: s.transit_weekdays.bits(),
            delivery: s.delivery_weekdays.bits(),
        };
        Self {
            all_else: network.into(),
            cut_offs: network.nodes.iter().map(own).collect(),
            weeks: network.policy.services.iter().map(week).collect(),
        }
    }
}

impl From<&Network> for CatalogueV7 {
    fn from(network: &Network) -> Self {
        let said = |n: &PlanningNode| {
            let Eligibility { channels, services } = &n.node.eligibility;
            let image = || EligibilityImageV7 {
                channels: channels.iter().map(|channel| channel.as_str().to_owned()).collect(),
                services: services.iter().map(|service| service.as_str().to_owned()).collect(),
            };
            (!n.node.eligibility.is_everybody()).then(image)
        };
        let eligibilities = network.nodes.iter().map(said).collect();
        Self { all_else: network.into(), eligibilities }
    }
}

impl From<&Network> for CatalogueV8 {
    fn from(network: &Network) -> Self {
        let said = |n: &PlanningNode| {
            let Node { capacity_shipments_per_day, min_order_quantity, .. } = *n.node;
            let offers_pickup = n.node.pickup.is_offered();
            let image =
                NodeImageV8 { capacity_shipments_per_day, min_order_quantity, offers_pickup };
            n.node.is_newest().then_some(image)
        };
        let policy = PolicyImageV8 {
            own_stock_first: network.policy.own_stock == OwnStock::First,
            overdue_days: network.policy.overdue_days,
        };
        let nodes = network.nodes.iter().map(said).collect();
        Self { all_else: network.into(), nodes, policy }
    }
}

impl From<&Network> for CatalogueV9 {
    fn from(network: &Network) -> Self {
        let reliabilities = network.nodes.iter().map(|n| n.node.reliability).collect();
        Self { all_else: network.into(), reliabilities }
    }
}

impl From<&Network> for CatalogueV12 {
    fn from(network: &Network) -> Self {
        let pace = |n: &PlanningNode| {
            let Node { pickup_days, release, .. } = *n.node;
            let image = PaceImageV12 {
                pickup_days,
                releases_at_once: release == Some(ReleaseRule::AtOnce),
                release_minutes: match release {
                    Some(ReleaseRule::BeforeCutOff(minutes)) => Some(minutes),
                    Some(ReleaseRule::AtOnce) | None => None,
                },
            };
            n.node.paces_work().then_some(image)
        };
        let paces = network.nodes.iter().map(pace).collect();
        Self { all_else: network.into(), paces }
    }
}

impl From<&Network> for CatalogueV13 {
    fn from(network: &Network) -> Self {
        let until = |n: &PlanningNode| n.node.paused_until.map(Timestamp::as_micros);
        Self { all_else: network.into(), paused_until: network.nodes.iter().map(until).collect() }
    }
}

/// Whether a node takes no new work until some time.
pub(in crate::snapshot) fn have_pauses(network: &Network) -> bool {
    network.nodes.iter().any(|planning| planning.node.paused_until.is_some())
}

/// Whether a node says how it paces its work.
pub(in crate::snapshot) fn have_paces(network: &Network) -> bool {
    network.nodes.iter().any(|planning| planning.node.paces_work())
}

/// Whether a supplier says how reliable it is.
pub(in crate::snapshot) fn have_reliabilities(network: &Network) -> bool {
    network.nodes.iter().any(|planning| planning.node.reliability.is_some())
}

/// Whether no version before 8 says all of it.
pub(in crate::snapshot) fn is_newest(network: &Network) -> bool {
    network.policy.is_newest() || network.nodes.iter().any(|planning| planning.node.is_newest())
}

/// Whether a node does not serve everybody.
pub(in crate::snapshot) fn restricts(network: &Network) -> bool {
    network.nodes.iter().any(|planning| !planning.node.eligibility.is_everybody())
}

/// Whether anything differs by weekday: if not, version 1 says all of it.
pub(in crate::snapshot) fn differs_by_weekday(network: &Network) -> bool {
    network.policy.differs_by_weekday()
        || network.nodes.iter().any(|planning| planning.node.differs_by_weekday())
}

fn node_image(planning: &PlanningNode) -> NodeImageV1 {
    let node = &*planning.node;
    NodeImageV1 {
        last_lsn: planning.last_lsn.get(),
        shipment_cost: node.shipment_cost,
        unit_cost: node.unit_cost,
        id: node.id.as_str().to_owned(),
        title: node.title.as_str().to_owned(),
        postal_code: node.postal_code.as_str().to_owned(),
        time_zone: node.time_zone.to_string(),
        holidays: node.holidays.iter().map(|day| day.epoch_days()).collect(),
        latitude_udeg: node.location.latitude_udeg(),
        longitude_udeg: node.location.longitude_udeg(),
        capacity_units_per_day: node.capacity_units_per_day,
        cut_off_minute: node.cut_off_minute,
        lead_time_days: node.lead_time_days,
        kind: kind_code(node.kind),
        working_days: node.working_days,
        enabled: node.enabled,
    }
}

fn policy_image(policy: &Policy, lsn: Lsn) -> PolicyImageV1 {
    let band = |b: &Band| BandImageV1 {
        shipment_cost: b.shipment_cost,
        unit_cost: b.unit_cost,
        distance_m_max: b.distance_m_max,
    };
    let service = |s: &Service| ServiceImageV1 {
        name: s.name.as_str().to_owned(),
        transit_days: s.transit_days.clone(),
        promise_days: s.promise_days,
    };
    PolicyImageV1 {
        last_lsn: lsn.get(),
        currency: policy.currency.to_string(),
        bands: policy.bands.iter().map(band).collect(),
        services: policy.services.iter().map(service).collect(),
        objectives: policy.objectives.map(objective_code),
        horizon_days: policy.horizon_days,
        shortage: policy.shortage.code(),
        split: policy.split.code(),
    }
}

impl ArchivedCatalogueV1 {
    /// The network as it was, for a table of so many postal codes.
    pub(in crate::snapshot) fn network(&self, postal_codes: usize) -> Result<Network, ImageError> {
        self.network_of(self.nodes()?, policy(&self.policy)?, postal_codes)
    }

    fn nodes(&self) -> Result<Vec<(Node, Lsn)>, ImageError> {
        self.nodes.iter().map(|n| Ok((node(n)?, Lsn::new(n.last_lsn.to_native())))).collect()
    }

    fn network_of(
        &self,
        nodes: Vec<(Node, Lsn)>,
        policy: Policy,
        postal_codes: usize,
    ) -> Result<Network, ImageError> {
        let nodes = nodes.into_iter().map(planning_node).collect::<Result<_, _>>()?;
        let policy_lsn = Lsn::new(self.policy.last_lsn.to_native());
        Ok(Network::new(nodes, Arc::new(policy), policy_lsn, postal_codes))
    }
}

impl ArchivedCatalogueV3 {
    /// The network as it was, for a table of so many postal codes.
    pub(in crate::snapshot) fn network(&self, postal_codes: usize) -> Result<Network, ImageError> {
        let (nodes, policy) = self.parts()?;
        self.all_else.network_of(nodes, policy, postal_codes)
    }

    fn parts(&self) -> Result<(Vec<(Node, Lsn)>, Policy), ImageError> {
        let (mut nodes, mut policy) = (self.all_else.nodes()?, policy(&self.all_else.policy)?);
        if (nodes.len(), policy.services.len()) != (self.cut_offs.len(), self.weeks.len()) {
            return Err(ImageError::inconsistent("catalogue", "weeks of other nodes or services"));
        }
        for ((node, _), own) in nodes.iter_mut().zip(self.cut_offs.iter()) {
            node.weekday_cut_offs = own.as_ref().map_or_else(WeekdayCutOffs::default, cut_offs);
        }
        for (service, week) in policy.services.iter_mut().zip(self.weeks.iter()) {
            service.pickup_weekdays = weekdays(week.pickup)?;
            service.transit_weekdays = weekdays(week.transit)?;
            service.delivery_weekdays = weekdays(week.delivery)?;
        }
        Ok((nodes, policy))
    }
}

impl ArchivedCatalogueV7 {
    /// The network as it was, for a table of so many postal codes.
    pub(in crate::snapshot) fn network(&self, postal_codes: usize) -> Result<Network, ImageError> {
        let (nodes, policy) = self.parts()?;
        self.all_else.all_else.network_of(nodes, policy, postal_codes)
    }

    fn parts(&self) -> Result<(Vec<(Node, Lsn)>, Policy), ImageError> {
        let (mut nodes, policy) = self.all_else.parts()?;
        if nodes.len() != self.eligibilities.len() {
            return Err(ImageError::inconsistent("catalogue", "whom other nodes serve"));
        }
        for ((node, _), said) in nodes.iter_mut().zip(self.eligibilities.iter()) {
            node.eligibility = said.as_ref().map(eligibility).transpose()?.unwrap_or_default();
        }
        Ok((nodes, policy))
    }
}

impl ArchivedCatalogueV8 {
    /// The network as it was, for a table of so many postal codes.
    pub(in crate::snapshot) fn network(&self, postal_codes: usize) -> Result<Network, ImageError> {
        let (nodes, policy) = self.parts()?;
        self.all_else.all_else.all_else.network_of(nodes, policy, postal_codes)
    }

    fn parts(&self) -> Result<(Vec<(Node, Lsn)>, Policy), ImageError> {
        let (mut nodes, mut policy) = self.all_else.parts()?;
        policy.own_stock =
            if self.policy.own_stock_first { OwnStock::First } else { OwnStock::Alike };
        policy.overdue_days = self.policy.overdue_days.as_ref().map(|days| days.to_native());
        if nodes.len() != self.nodes.len() {
            return Err(ImageError::inconsistent("catalogue", "what bounds other nodes"));
        }
        for ((node, _), said) in nodes.iter_mut().zip(self.nodes.iter()) {
            let Some(said) = said.as_ref() else { continue };
            let shipments = said.capacity_shipments_per_day.as_ref();
            node.capacity_shipments_per_day = shipments.map(|most| most.to_native());
            let minimum = said.min_order_quantity.as_ref();
            node.min_order_quantity = minimum.map(|units| units.to_native());
            node.pickup = said.offers_pickup.into();
        }
        Ok((nodes, policy))
    }
}

impl ArchivedCatalogueV9 {
    /// The network as it was, for a table of so many postal codes.
    pub(in crate::snapshot) fn network(&self, postal_codes: usize) -> Result<Network, ImageError> {
        let (nodes, policy) = self.parts()?;
        self.all_else.all_else.all_else.all_else.network_of(nodes, policy, postal_codes)
    }

    fn parts(&self) -> Result<(Vec<(Node, Lsn)>, Policy), ImageError> {
        let (mut nodes, policy) = self.all_else.parts()?;
        if nodes.len() != self.reliabilities.len() {
            return Err(ImageError::inconsistent("catalogue", "how reliable other nodes are"));
        }
        for ((node, _), kept) in nodes.iter_mut().zip(self.reliabilities.iter()) {
            node.reliability = kept.as_ref().map(|kept| kept.to_native());
        }
        Ok((nodes, policy))
    }
}

impl ArchivedCatalogueV12 {
    /// The network as it was, for a table of so many postal codes.
    pub(in crate::snapshot) fn network(&self, postal_codes: usize) -> Result<Network, ImageError> {
        let (nodes, policy) = self.parts()?;
        self.all_else.all_else.all_else.all_else.all_else.network_of(nodes, policy, postal_codes)
    }

    fn parts(&self) -> Result<(Vec<(Node, Lsn)>, Policy), ImageError> {
        let (mut nodes, policy) = self.all_else.parts()?;
        if nodes.len() != self.paces.len() {
            return Err(ImageError::inconsistent("catalogue", "how other nodes pace their work"));
        }
        for ((node, _), said) in nodes.iter_mut().zip(self.paces.iter()) {
            let Some(said) = said.as_ref() else { continue };
            node.pickup_days = said.pickup_days.as_ref().map(|days| days.to_native());
            let minutes = said.release_minutes.as_ref().map(|minutes| minutes.to_native());
            node.release = match (said.releases_at_once, minutes) {
                (true, _) => Some(ReleaseRule::AtOnce),
                (false, minutes) => minutes.map(ReleaseRule::BeforeCutOff),
            };
        }
        Ok((nodes, policy))
    }
}

impl ArchivedCatalogueV13 {
    /// The network as it was, for a table of so many postal codes.
    pub(in crate::snapshot) fn network(&self, postal_codes: usize) -> Result<Network, ImageError> {
        let (mut nodes, policy) = self.all_else.parts()?;
        if nodes.len() != self.paused_until.len() {
            return Err(ImageError::inconsistent("catalogue", "which other nodes take work"));
        }
        for ((node, _), until) in nodes.iter_mut().zip(self.paused_until.iter()) {
            let until = until.as_ref().map(|until| until.to_native());
            node.paused_until = until.map(Timestamp::from_micros);
        }
        let first = &self.all_else.all_else.all_else.all_else.all_else.all_else;
        first.network_of(nodes, policy, postal_codes)
    }
}

fn eligibility(image: &ArchivedEligibilityImageV7) -> Result<Eligibility, ImageError> {
    let channels = image.channels.iter().map(|name| Text::new("channel", name.as_str()));
    let services = image.services.iter().map(|name| ServiceName::new("service", name.as_str()));
    let channels = channels.collect::<Result<_, _>>()?;
    Ok(Eligibility { channels, services: services.collect::<Result<_, _>>()? })
}

fn cut_offs(image: &[ArchivedOption<u16_le>; 7]) -> WeekdayCutOffs {
    WeekdayCutOffs(image.each_ref().map(|minutes| minutes.as_ref().map(|m| m.to_native())))
}

fn weekdays(bits: u8) -> Result<Weekdays, ImageError> {
    let unknown = ImageError::Code { what: "weekdays", value: bits.into() };
    Weekdays::from_bits(bits).ok_or(unknown)
}

fn planning_node((node, last_lsn): (Node, Lsn)) -> Result<PlanningNode, ImageError> {
    let calendar = calendar_kept(&node).map_err(|error| ImageError::inconsistent("node", error))?;
    Ok(PlanningNode { node: Arc::new(node), last_lsn, calendar: Arc::new(calendar) })
}

fn node(image: &ArchivedNodeImageV1) -> Result<Node, ImageError> {
    let (north, east) = (image.latitude_udeg.to_native(), image.longitude_udeg.to_native());
    let day = |days: &rkyv::rend::i32_le| Day::from_epoch_days(days.to_native());
    Ok(Node {
        id: NodeId::new("node", image.id.as_str())?,
        kind: kind_of(image.kind)?,
        title: Text::new("title", image.title.as_str())?,
        postal_code: PostalCode::new("postal_code", image.postal_code.as_str())?,
        location: Location::new(north, east).map_err(|e| ImageError::inconsistent("node", e))?,
        time_zone: image.time_zone.as_str().into(),
        working_days: image.working_days,
        cut_off_minute: image.cut_off_minute.to_native(),
        holidays: image.holidays.iter().map(day).collect(),
        capacity_units_per_day: image.capacity_units_per_day.to_native(),
        shipment_cost: image.shipment_cost.to_native(),
        unit_cost: image.unit_cost.to_native(),
        lead_time_days: image.lead_time_days.to_native(),
        enabled: image.enabled,
        weekday_cut_offs: WeekdayCutOffs::default(),
        eligibility: Eligibility::default(),
        capacity_shipments_per_day: None,
        min_order_quantity: None,
        pickup: PickupOffer::default(),
        reliability: None,
        pickup_days: None,
        release: None,
        paused_until: None,
    })
}

fn policy(image: &ArchivedPolicyImageV1) -> Result<Policy, ImageError> {
    let band = |b: &ArchivedBandImageV1| Band {
        distance_m_max: b.distance_m_max.to_native(),
        shipment_cost: b.shipment_cost.to_native(),
        unit_cost: b.unit_cost.to_native(),
    };
    let mut objectives = [Objective::Promise; 4];
    for (objective, code) in objectives.iter_mut().zip(&image.objectives) {
        *objective = objective_of(*code)?;
    }
    let policy = Policy {
        objectives,
        currency: image.currency.as_str().into(),
        bands: image.bands.iter().map(band).collect(),
        services: image.services.iter().map(service).collect::<Result<_, _>>()?,
        shortage: shortage_of(image.shortage)?,
        split: split_of(image.split)?,
        horizon_days: image.horizon_days.to_native(),
        own_stock: OwnStock::Alike,
        overdue_days: None,
    };
    check(&policy)?;
    Ok(policy)
}

fn service(image: &ArchivedServiceImageV1) -> Result<Service, ImageError> {
    Ok(Service {
        name: ServiceName::new("service", image.name.as_str())?,
        promise_days: image.promise_days.to_native(),
        transit_days: image.transit_days.iter().map(|days| days.to_native()).collect(),
        pickup_weekdays: Weekdays::EVERY_DAY,
        transit_weekdays: Weekdays::EVERY_DAY,
        delivery_weekdays: Weekdays::EVERY_DAY,
    })
}

/// What the network takes for granted of a policy.
fn check(policy: &Policy) -> Result<(), ImageError> {
    let refused = |detail: String| ImageError::inconsistent("policy", detail);
    let reach = policy.bands.iter().map(|band| band.distance_m_max).collect();
    Bands::new(reach).map_err(|error| refused(error.to_string()))?;
    if policy.bands.last().is_none_or(|band| band.distance_m_max != u32::MAX) {
        return Err(refused("no band reaches everywhere".to_owned()));
    }
    for (at, objective) in policy.objectives.iter().enumerate() {
        if policy.objectives[..at].contains(objective) {
            return Err(refused(format!("{objective:?} twice")));
        }
    }
    let too_long = |s: &Service| s.transit_days.iter().any(|days| *days > DAYS_MAX);
    if let Some(service) = policy.services.iter().find(|s| too_long(s)) {
        return Err(refused(format!("{} takes more than {DAYS_MAX} days", service.name)));
    }
    match policy.services.iter().find(|s| s.transit_days.len() != policy.bands.len()) {
        Some(service) => Err(refused(format!("{} has not a time for each band", service.name))),
        None => Ok(()),
    }
}
