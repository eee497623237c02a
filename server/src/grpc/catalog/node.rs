//! Nodes, there and back.

use backstock_engine::calendar::CUT_OFF_MINUTES_MAX;
use backstock_engine::command::NodeDefinition;
use backstock_engine::limits;
use backstock_engine::model::{
    Confidence, Day, Eligibility, Node, NodeId, NodeKind, PostalCode, ReleaseRule, Rule,
    ServiceName, Text, Violation,
};
use backstock_proto::v1;

use super::weekdays;
use crate::grpc::fields::FieldNames;
use crate::grpc::{enums, places, times};
use crate::reference::UsPostalCodes;
use crate::status::Violations;

/// How the engine calls the fields of a node.
pub(super) const NAMES: FieldNames = FieldNames::new(
    "node.",
    &[
        ("cut_off_minute", "cut_off_minutes"),
        ("shipment_cost", "shipment_cost_minor"),
        ("unit_cost", "unit_cost_minor"),
    ],
);

/// A new node can ship unless the request says that it cannot.
const ENABLED: bool = true;

/// What an update mask may name. The kind cannot change: named, another one is
/// refused and not passed over.
pub(super) const FIELDS: [&str; 24] = [
    "kind",
    "postal_code",
    "country_code",
    "time_zone",
    "working_days",
    "cut_off_minutes",
    "holidays",
    "capacity_units_per_day",
    "capacity_shipments_per_day",
    "min_order_quantity",
    "reliability_basis_points",
    "shipment_cost_minor",
    "unit_cost_minor",
    "lead_time_days",
    "enabled",
    "title",
    "weekday_cut_offs",
    "channels",
    "services",
    "offers_pickup",
    "pickup_days",
    "release_minutes_before_cut_off",
    "releases_at_once",
    "paused_until",
];

/// Reads a node. All that is wrong is noted; the definition is whole when nothing is.
pub(super) fn read(found: &mut Violations, id: NodeId, node: &v1::Node) -> NodeDefinition {
    let kind = enums::node_kind(found, "node.kind", node.kind);
    let title = found.taken("node.title", Text::new("title", &*node.title));
    let postal_code = found.id("node.postal_code", &node.postal_code, PostalCode::new);
    places::is_known_country(found, "node.country_code", &node.country_code);
    let working_days = weekdays::bits(found, "node.working_days", &node.working_days);
    let minutes = node.cut_off_minutes.unwrap_or(CUT_OFF_MINUTES_MAX.into());
    let (path, max) = ("node.cut_off_minutes", CUT_OFF_MINUTES_MAX.into());
    let cut_off_minute = found.fits(path, minutes.into(), 0, max);
    let path = "node.weekday_cut_offs";
    let weekday_cut_offs = weekdays::cut_offs(found, path, node.weekday_cut_offs.as_ref(), max);
    let holidays = holidays(found, &node.holidays);
    let (path, max) = ("node.lead_time_days", limits::DAYS_MAX.into());
    let reliability = node.reliability_basis_points.map(|kept| {
        let path = "node.reliability_basis_points";
        found.fits(path, kept.into(), 1, Confidence::BASIS_POINTS_MAX.into())
    });
    let pickup_days = node
        .pickup_days
        .map(|days| found.fits("node.pickup_days", days.into(), 1, limits::PICKUP_DAYS_MAX.into()));
    let paused_until = node.paused_until.as_ref();
    let paused_until =
        paused_until.and_then(|until| times::instant(found, "node.paused_until", until));
    let mut definition = NodeDefinition {
        id,
        kind: kind.unwrap_or(NodeKind::Warehouse),
        title: title.unwrap_or_default(),
        postal_code,
        time_zone: node.time_zone.as_str().into(),
        working_days,
        cut_off_minute,
        holidays,
        capacity_units_per_day: capacity(found, node.capacity_units_per_day),
        capacity_shipments_per_day: node.capacity_shipments_per_day,
        min_order_quantity: node.min_order_quantity,
        reliability,
        pickup_days,
        release: release(found, node),
        paused_until,
        shipment_cost: node.shipment_cost_minor,
        unit_cost: node.unit_cost_minor,
        lead_time_days: found.fits(path, node.lead_time_days.into(), 0, max),
        enabled: node.enabled.unwrap_or(ENABLED),
        weekday_cut_offs,
        eligibility: eligibility(found, node),
        pickup: node.offers_pickup.into(),
    };
    found.rules(definition.validate(UsPostalCodes::shared()), &NAMES);
    definition.holidays.sort_unstable();
    definition
}

fn release(found: &mut Violations, node: &v1::Node) -> Option<ReleaseRule> {
    let (path, max) = ("node.release_minutes_before_cut_off", limits::RELEASE_MINUTES_MAX.into());
    let minutes = node.release_minutes_before_cut_off;
    if node.releases_at_once {
        if let Some(minutes) = minutes {
            let why = "is not said of a node that releases at once".into();
            found.breaks(path, minutes, Rule::Malformed(why));
        }
        return Some(ReleaseRule::AtOnce);
    }
    let minutes = minutes.map(|minutes| found.fits(path, minutes.into(), 0, max));
    minutes.map(ReleaseRule::BeforeCutOff)
}

fn eligibility(found: &mut Violations, node: &v1::Node) -> Eligibility {
    let new = |name: &str| Text::new("channel", name);
    let channels = names(found, ("channels", &node.channels, limits::CHANNELS_PER_NODE_MAX), new);
    let new = |name: &str| ServiceName::new("service", name);
    let services = names(found, ("services", &node.services, limits::SERVICES_MAX), new);
    Eligibility { channels, services }
}

/// Reads names, no more than one too many. One that is none is noted, and another one than any that
/// is said stands for it, so that what is wrong with the others is told of their places.
fn names<T>(
    found: &mut Violations,
    (field, given, max): (&str, &[String], usize),
    new: impl Fn(&str) -> Result<T, Violation>,
) -> Vec<T> {
    let unsaid = |at: usize| {
        let mut names = (1..).map(|marks| format!("{}{at}", "?".repeat(marks)));
        names.find(|name| !given.contains(name)).expect("few are said")
    };
    let name = |(at, name): (usize, &String)| {
        let taken = found.taken(format!("node.{field}[{at}]"), new(name));
        taken.or_else(|| new(&unsaid(at)).ok())
    };
    given.iter().take(max + 1).enumerate().filter_map(name).collect()
}

/// The engine's 0 is no bound: a capacity of none that is said is not to become that.
fn capacity(found: &mut Violations, given: Option<u32>) -> u32 {
    if let Some(units) = given.filter(|units| !(1..=limits::STOCK_UNITS_MAX).contains(units)) {
        let rule = Rule::OutOfRange { min: 1, max: limits::STOCK_UNITS_MAX.into() };
        found.breaks("node.capacity_units_per_day", units, rule);
    }
    given.unwrap_or(0)
}

fn holidays(found: &mut Violations, dates: &[v1::Date]) -> Vec<Day> {
    // Of what is no day, another one than any that can be said.
    let before_all =
        |at: usize| Day::from_epoch_days(-1 - i32::try_from(at).unwrap_or(i32::MAX - 1));
    let day = |(at, date)| {
        let day = times::day(found, &format!("node.holidays[{at}]"), date);
        day.unwrap_or_else(|| before_all(at))
    };
    dates.iter().enumerate().map(day).collect()
}

/// A node as callers see it.
pub(super) fn message(node: &Node) -> v1::Node {
    defined(&NodeDefinition {
        id: node.id.clone(),
        kind: node.kind,
        title: node.title.clone(),
        postal_code: node.postal_code.clone(),
        time_zone: node.time_zone.clone(),
        working_days: node.working_days,
        cut_off_minute: node.cut_off_minute,
        holidays: node.holidays.clone(),
        capacity_units_per_day: node.capacity_units_per_day,
        capacity_shipments_per_day: node.capacity_shipments_per_day,
        min_order_quantity: node.min_order_quantity,
        reliability: node.reliability,
        pickup_days: node.pickup_days,
        release: node.release,
        paused_until: node.paused_until,
        shipment_cost: node.shipment_cost,
        unit_cost: node.unit_cost,
        lead_time_days: node.lead_time_days,
        enabled: node.enabled,
        weekday_cut_offs: node.weekday_cut_offs,
        eligibility: node.eligibility.clone(),
        pickup: node.pickup,
    })
}

/// A node that is to be, as callers see it.
pub(super) fn defined(node: &NodeDefinition) -> v1::Node {
    let capacity = node.capacity_units_per_day;
    v1::Node {
        node_id: node.id.to_string(),
        kind: enums::node_kind_message(node.kind).into(),
        postal_code: node.postal_code.to_string(),
        time_zone: node.time_zone.to_string(),
        working_days: weekdays::message(node.working_days),
        cut_off_minutes: Some(node.cut_off_minute.into()),
        holidays: node.holidays.iter().filter_map(|day| times::date(*day)).collect(),
        capacity_units_per_day: (capacity > 0).then_some(capacity),
        capacity_shipments_per_day: node.capacity_shipments_per_day,
        min_order_quantity: node.min_order_quantity,
        reliability_basis_points: node.reliability.map(Into::into),
        shipment_cost_minor: node.shipment_cost,
        unit_cost_minor: node.unit_cost,
        lead_time_days: node.lead_time_days.into(),
        enabled: Some(node.enabled),
        title: node.title.as_str().to_owned(),
        country_code: places::COUNTRY.to_owned(),
        weekday_cut_offs: weekdays::cut_offs_message(node.weekday_cut_offs),
        channels: node.eligibility.channels.iter().map(|name| name.as_str().to_owned()).collect(),
        services: node.eligibility.services.iter().map(ToString::to_string).collect(),
        offers_pickup: node.pickup.is_offered(),
        pickup_days: node.pickup_days.map(Into::into),
        release_minutes_before_cut_off: match node.release {
            Some(ReleaseRule::BeforeCutOff(minutes)) => Some(minutes.into()),
            Some(ReleaseRule::AtOnce) | None => None,
        },
        releases_at_once: node.release == Some(ReleaseRule::AtOnce),
        paused_until: node.paused_until.map(times::timestamp),
    }
}
