//! Defining a node.

use std::collections::HashSet;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::calendar::{CUT_OFF_MINUTES_MAX, Zone};
use crate::geo::PostalCodes;
use crate::limits::{self, NODES_MAX};
use crate::model::check::{days_ahead, finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Confidence, Day, Eligibility, Location, Meta, Node, NodeId, NodeKind, NodeNo, PickupOffer,
    PostalCode, Refusal, ReleaseRule, Rule, ServiceName, Text, Timestamp, Violation, WEEKDAY_NAMES,
    WeekdayCutOffs,
};
use crate::state::network::Network;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// All seven days, as bits.
const WORKING_DAYS_ALL: i64 = 0b111_1111;

/// Defines a node, or changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineNode {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub node: NodeDefinition,
}

/// A node as a caller describes it; see [`Node`] for the units.
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
    #[n(13)]
    pub weekday_cut_offs: WeekdayCutOffs,
    #[n(14)]
    pub eligibility: Eligibility,
    #[n(15)]
    pub capacity_shipments_per_day: Option<u32>,
    #[n(16)]
    pub min_order_quantity: Option<u32>,
    #[n(17)]
    pub pickup: PickupOffer,
    #[n(18)]
    pub reliability: Option<u16>,
    #[n(19)]
    pub pickup_days: Option<u16>,
    #[n(20)]
    pub release: Option<ReleaseRule>,
    /// None keeps a pause as it is; a time that has passed ends it.
    #[n(21)]
    pub paused_until: Option<Timestamp>,
}

/// A node was defined, or changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NodeDefined {
    /// Its number.
    #[n(0)]
    pub no: NodeNo,
    /// What it is now.
    #[n(1)]
    pub node: Box<Node>,
}

impl NodeDefinition {
    /// Checks all fields. `postal` knows where postal codes are.
    pub fn validate(&self, postal: &dyn PostalCodes) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        found.extend(self.not_located(postal));
        if Zone::named(&self.time_zone).is_err() {
            let rule = Rule::Malformed("is not a known IANA name".into());
            found.push(Violation::new("time_zone", &self.time_zone, rule));
        }
        match self.working_days {
            0 => found.push(Violation::new("working_days", "", Rule::Required)),
            days => in_range(&mut found, "working_days".into(), days.into(), 1, WORKING_DAYS_ALL),
        }
        validate_holidays(&self.holidays, &mut found);
        validate_eligibility(&self.eligibility, &mut found);
        if self.kind == NodeKind::Supplier && self.pickup.is_offered() {
            let why = "cannot be offered by a SUPPLIER: nobody collects there".into();
            found.push(Violation::new("offers_pickup", true, Rule::Malformed(why)));
        }
        let mut number = |field: &str, value: i64, min: i64, max: i64| {
            in_range(&mut found, field.into(), value, min, max);
        };
        let midnight = i64::from(CUT_OFF_MINUTES_MAX);
        number("cut_off_minute", i64::from(self.cut_off_minute), 0, midnight);
        for (name, minute) in WEEKDAY_NAMES.iter().zip(self.weekday_cut_offs.0) {
            let field = format!("weekday_cut_offs.{name}_minutes");
            number(&field, minute.unwrap_or_default().into(), 0, midnight);
        }
        let capacity = i64::from(self.capacity_units_per_day);
        number("capacity_units_per_day", capacity, 0, limits::STOCK_UNITS_MAX.into());
        let shipments = self.capacity_shipments_per_day.map_or(1, i64::from);
        let field = "capacity_shipments_per_day";
        number(field, shipments, 1, limits::STOCK_UNITS_MAX.into());
        let minimum = self.min_order_quantity.map_or(1, i64::from);
        number("min_order_quantity", minimum, 1, limits::LINE_UNITS_MAX.into());
        let reliability = self.reliability.map_or(1, i64::from);
        number("reliability_basis_points", reliability, 1, Confidence::BASIS_POINTS_MAX.into());
        let kept = self.pickup_days.map_or(1, i64::from);
        number("pickup_days", kept, 1, limits::PICKUP_DAYS_MAX.into());
        if let Some(ReleaseRule::BeforeCutOff(minutes)) = self.release {
            let max = limits::RELEASE_MINUTES_MAX.into();
            number("release_minutes_before_cut_off", minutes.into(), 0, max);
        }
        number("lead_time_days", i64::from(self.lead_time_days), 0, limits::DAYS_MAX.into());
        number("shipment_cost", self.shipment_cost, 0, limits::COST_MINOR_MAX);
        number("unit_cost", self.unit_cost, 0, limits::COST_MINOR_MAX);
        found.extend(self.not_of_its_kind());
        finish(found)
    }

    /// That it says what only suppliers have.
    fn not_of_its_kind(&self) -> impl Iterator<Item = Violation> {
        let is_other = self.kind != NodeKind::Supplier;
        let minimum = self.min_order_quantity.map(|units| ("min_order_quantity", units));
        let reliability = self.reliability.map(|kept| ("reliability_basis_points", kept.into()));
        let said = [minimum, reliability].into_iter().flatten().filter(move |_| is_other);
        let rule = || Rule::Malformed("is for suppliers only".into());
        said.map(move |(field, value): (&str, u32)| Violation::new(field, value, rule()))
    }

    /// That its postal code is nowhere, if so.
    fn not_located(&self, postal: &dyn PostalCodes) -> Option<Violation> {
        let code = self.postal_code.as_str();
        if postal.locate(code).is_some() {
            return None;
        }
        Some(Violation::new("postal_code", code, Rule::Malformed(postal.why_unknown(code))))
    }

    /// The node that it is, at the place of its postal code.
    pub(crate) fn at(self, location: Location) -> Node {
        Node {
            id: self.id,
            kind: self.kind,
            title: self.title,
            postal_code: self.postal_code,
            location,
            time_zone: self.time_zone,
            working_days: self.working_days,
            cut_off_minute: self.cut_off_minute,
            holidays: self.holidays,
            capacity_units_per_day: self.capacity_units_per_day,
            shipment_cost: self.shipment_cost,
            unit_cost: self.unit_cost,
            lead_time_days: self.lead_time_days,
            enabled: self.enabled,
            weekday_cut_offs: self.weekday_cut_offs,
            eligibility: self.eligibility,
            capacity_shipments_per_day: self.capacity_shipments_per_day,
            min_order_quantity: self.min_order_quantity,
            pickup: self.pickup,
            reliability: self.reliability,
            pickup_days: self.pickup_days,
            release: self.release,
            paused_until: self.paused_until,
        }
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

fn validate_eligibility(of: &Eligibility, found: &mut Vec<Violation>) {
    let unnamed = of.channels.iter().position(|channel| channel.as_str().is_empty());
    found.extend(unnamed.map(|at| Violation::new(format!("channels[{at}]"), "", Rule::Required)));
    let channels: Vec<&str> = of.channels.iter().map(Text::as_str).collect();
    validate_names("channels", &channels, limits::CHANNELS_PER_NODE_MAX, found);
    let services: Vec<&str> = of.services.iter().map(ServiceName::as_str).collect();
    validate_names("services", &services, limits::SERVICES_MAX, found);
}

fn validate_names(field: &str, names: &[&str], max: usize, found: &mut Vec<Violation>) {
    if names.len() > max {
        found.push(Violation::new(field, names.len(), Rule::TooMany { max }));
        return;
    }
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            found.push(Violation::new(format!("{field}[{at}]"), name, Rule::Duplicate));
        }
    }
}

/// That the policy has no such service as a node names.
fn unknown_services(of: &Eligibility, network: &Network) -> Vec<Violation> {
    let names = network.policy.services.iter().map(|service| service.name.as_str());
    let allowed = names.collect::<Vec<_>>().join(", ");
    let named = of.services.iter().enumerate();
    let unknown = named.filter(|(_, name)| network.service_no(Some(name)).is_none());
    let violation = |(at, name): (usize, &ServiceName)| {
        let rule = Rule::NotOneOf { allowed: allowed.clone() };
        Violation::new(format!("services[{at}]"), name, rule)
    };
    unknown.map(violation).collect()
}

impl Command for DefineNode {
    type Event = NodeDefined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.node)
    }

    fn validate(&self, facts: &Facts<'_>) -> Result<(), Vec<Violation>> {
        let mut found = self.node.validate(facts.postal).err().unwrap_or_default();
        found.extend(unknown_services(&self.node.eligibility, facts.network));
        if let Some(until) = self.node.paused_until {
            let span = (self.meta.at, until);
            days_ahead(&mut found, "paused_until", span, limits::PAUSE_DAYS_MAX);
        }
        finish(found)
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<NodeDefined>, EngineError> {
        tx.take_turn_at_configuring().await?;
        let place = tx.kernel().postal.locate(self.node.postal_code.as_str());
        let node = self.node.clone().at(place.expect("it is checked that it is known").location);
        Ok(Decision::Event(decide(&tx.state().network.load(), node, self.meta.at)?))
    }
}

/// Decides the definition of a node in a network.
fn decide(network: &Network, mut node: Node, at: Timestamp) -> Result<NodeDefined, Refusal> {
    let known = network.node_no(&node.id);
    let paused = known.and_then(|no| network.node(no).node.paused_until);
    node.paused_until = node.paused_until.or(paused).filter(|until| *until > at);
    if let Some(no) = known
        && network.node(no).node.kind != node.kind
    {
        return Err(Refusal::NodeKindFixed { node_id: node.id });
    }
    check_channels(network, &node)?;
    let next = network.nodes.len();
    if known.is_none() && next >= NODES_MAX {
        return Err(Refusal::ListFull { what: "nodes", max: NODES_MAX });
    }
    let next = NodeNo(u16::try_from(next).expect("NODES_MAX fits 16 bits"));
    Ok(NodeDefined { no: known.unwrap_or(next), node: Box::new(node) })
}

/// Planning keeps the nodes of each channel that any node names.
fn check_channels(network: &Network, node: &Node) -> Result<(), Refusal> {
    let others = network.nodes.iter().map(|other| &*other.node).filter(|other| other.id != node.id);
    let named = others.chain([node]).flat_map(|node| &node.eligibility.channels);
    let named: HashSet<&str> = named.map(Text::as_str).collect();
    if named.len() > limits::CHANNELS_MAX {
        return Err(Refusal::ListFull { what: "channels", max: limits::CHANNELS_MAX });
    }
    Ok(())
}

impl Event for NodeDefined {
    fn describe(&self) -> Value {
        json!({ "node_no": self.no.0, "node_id": self.node.id.as_str() })
    }

    fn extension(&self) -> usize {
        match &*self.node {
            node if node.paused_until.is_some() => 6,
            node if node.paces_work() => 5,
            node if node.reliability.is_some() => 4,
            node if node.is_newest() => 3,
            node if !node.eligibility.is_everybody() => 2,
            node => usize::from(node.differs_by_weekday()),
        }
    }
}

impl Effective for NodeDefined {
    fn effects(self) -> Effects {
        vec![Effect::Configuration(Configuration::Node(self.no, self.node))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{AT, check, located, node_id};
    use crate::model::{Lsn, RefusalKind};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let (warehouse, supplier) = (NodeKind::Warehouse, NodeKind::Supplier);
        let one = Network::empty(1).with_node(NodeNo(0), located("A", warehouse), Lsn::FIRST);
        let full =
            Network::new(vec![one.nodes[0].clone(); NODES_MAX], one.policy.clone(), Lsn::NONE, 1);
        let number = |network: &Network, name, kind| {
            decide(network, located(name, kind), AT).map(|event| event.no)
        };
        let kind_fixed = Refusal::NodeKindFixed { node_id: node_id("A") };
        let rows = [
            (&one, "A", warehouse, Ok(NodeNo(0))),
            (&one, "B", supplier, Ok(NodeNo(1))),
            (&one, "A", supplier, Err(kind_fixed)),
            (&full, "B", warehouse, Err(Refusal::ListFull { what: "nodes", max: NODES_MAX })),
        ];
        check(rows.map(|(network, name, kind, expected)| {
            ((name, kind), number(network, name, kind), expected)
        }))
    }

    #[test]
    fn a_node_is_numbered_once_and_keeps_its_kind() {
        table();
    }
}
