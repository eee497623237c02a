//! Nodes, there and back, and changes to parts of one.

use std::sync::Arc;

use backstock_engine::calendar::Zone;
use backstock_engine::limits;
use backstock_engine::model::command::NodeDefinition;
use backstock_engine::model::digest;
use backstock_engine::model::{Day, Node, NodeId, NodeKind, PostalCode, RequestId, Rule, Text};
use backstock_proto::v1;
use prost::Message;
use tonic::Status;

use super::fields::FieldNames;
use super::{order_request, places, times};
use crate::status::Violations;

/// How the engine calls the fields of a node.
pub(super) const NAMES: FieldNames = FieldNames::new(
    "node.",
    &[
        ("cut_off_minute", "cut_off_minutes"),
        ("cut_off", "cut_off_minutes"),
        ("zone", "time_zone"),
        ("shipment_cost", "shipment_cost_minor"),
        ("unit_cost", "unit_cost_minor"),
    ],
);

/// Orders of any time of the day can ship on it where nobody says a cut-off.
const CUT_OFF_MINUTES: u32 = 24 * 60;

/// A new node can ship where nobody says that it cannot.
const ENABLED: bool = true;

/// What an update mask may name. The kind cannot change: named, another one is
/// refused and not passed over.
const MASK: [&str; 13] = [
    "kind",
    "postal_code",
    "country_code",
    "time_zone",
    "working_days",
    "cut_off_minutes",
    "holidays",
    "capacity_units_per_day",
    "shipment_cost_minor",
    "unit_cost_minor",
    "lead_time_days",
    "enabled",
    "title",
];

const DAYS: [v1::DayOfWeek; 7] = [
    v1::DayOfWeek::Monday,
    v1::DayOfWeek::Tuesday,
    v1::DayOfWeek::Wednesday,
    v1::DayOfWeek::Thursday,
    v1::DayOfWeek::Friday,
    v1::DayOfWeek::Saturday,
    v1::DayOfWeek::Sunday,
];

/// What the node is to be: all of the request for a new one, else what is there
/// with the fields of the mask changed. `find` finds what is there.
pub(super) fn definition(
    request: &v1::UpdateNodeRequest,
    find: impl FnOnce(&NodeId) -> Result<Arc<Node>, Status>,
) -> Result<(NodeDefinition, Option<RequestId>), Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id);
    let paths = request.update_mask.as_ref().map_or(&[][..], |mask| &mask.paths);
    for path in paths.iter().filter(|path| *path != "*" && !MASK.contains(&path.as_str())) {
        let allowed = format!("{}, *", MASK.join(", "));
        found.breaks("update_mask", path, Rule::NotOneOf { allowed });
    }
    let whole = paths.is_empty() || paths.iter().any(|path| path == "*");
    let Some(given) = found.required("node", request.node.clone()) else {
        return Err(found.into_status());
    };
    let id = found.taken("node.node_id", NodeId::new("node_id", &*given.node_id));
    let known = match id.as_ref().map(find) {
        Some(Ok(known)) => Some(known),
        // What else is wrong with a node that is not there is no matter.
        Some(Err(missing)) if !request.allow_missing && found.is_empty() => return Err(missing),
        Some(Err(_)) | None => None,
    };
    let wanted = match &known {
        Some(known) if !whole => merged(message(known), given, paths),
        Some(_) => numbered(given),
        // Parts of what is not known cannot be judged.
        None if !whole && !request.allow_missing => return Err(found.into_status()),
        None => given,
    };
    let definition = convert(&mut found, &wanted, id);
    found.converted(definition.zip(request_id))
}

/// The fingerprint of what a request asks for. What it comes to depends on what the
/// node was like, which may have changed when the request is sent again.
pub(super) fn content(request: &v1::UpdateNodeRequest) -> u64 {
    let node = request.node.as_ref().map(Message::encode_to_vec);
    let paths = request.update_mask.as_ref().map_or(&[][..], |mask| &mask.paths);
    digest::fingerprint(&(node, paths))
}

/// All of a node that is there. What is unset is 0 or false: callers whose code knows no
/// unset numbers send them so, and who turns a node off is not to hear that it is done
/// while it stays on.
fn numbered(given: v1::Node) -> v1::Node {
    let cut_off_minutes = Some(given.cut_off_minutes.unwrap_or_default());
    let enabled = Some(given.enabled.unwrap_or_default());
    v1::Node { cut_off_minutes, enabled, ..given }
}

/// The fields that the mask names. What is unset is 0 or false, as in [`numbered`].
#[expect(clippy::needless_pass_by_value, reason = "it is used up")]
fn merged(mut node: v1::Node, given: v1::Node, paths: &[String]) -> v1::Node {
    // A code means nothing without its country: what is said of it counts, whatever the
    // mask names.
    if !given.country_code.is_empty() {
        node.country_code.clone_from(&given.country_code);
    }
    for path in paths {
        match path.as_str() {
            "kind" => node.kind = given.kind,
            "postal_code" => node.postal_code.clone_from(&given.postal_code),
            "time_zone" => node.time_zone.clone_from(&given.time_zone),
            "working_days" => node.working_days.clone_from(&given.working_days),
            "cut_off_minutes" => {
                node.cut_off_minutes = Some(given.cut_off_minutes.unwrap_or_default());
            }
            "holidays" => node.holidays.clone_from(&given.holidays),
            "capacity_units_per_day" => {
                node.capacity_units_per_day = given.capacity_units_per_day;
            }
            "shipment_cost_minor" => node.shipment_cost_minor = given.shipment_cost_minor,
            "unit_cost_minor" => node.unit_cost_minor = given.unit_cost_minor,
            "lead_time_days" => node.lead_time_days = given.lead_time_days,
            "enabled" => node.enabled = Some(given.enabled.unwrap_or_default()),
            "title" => node.title.clone_from(&given.title),
            // The country is taken; all else was noted as wrong by whoever read the mask.
            _ => {}
        }
    }
    node
}

fn convert(found: &mut Violations, node: &v1::Node, id: Option<NodeId>) -> Option<NodeDefinition> {
    let kind = kind(found, node.kind);
    let title = found.taken("node.title", Text::new("title", &*node.title));
    let code = PostalCode::new("postal_code", &*node.postal_code);
    let postal_code = found.taken("node.postal_code", code);
    // The engine looks code and zone up again; here they are told with all else.
    if places::is_known_country(found, "node.country_code", &node.country_code)
        && let Some(code) = &postal_code
    {
        places::located(found, "node.postal_code", code);
    }
    if Zone::named(&node.time_zone).is_err() {
        let rule = Rule::Malformed("is not a known IANA name".into());
        found.breaks("node.time_zone", &node.time_zone, rule);
    }
    let working_days = working_days(found, &node.working_days);
    let minutes = u64::from(node.cut_off_minutes.unwrap_or(CUT_OFF_MINUTES));
    let cut_off = found.within("node.cut_off_minutes", minutes, 0, 24 * 60);
    let holidays = holidays(found, &node.holidays);
    let capacity = node
        .capacity_units_per_day
        .map_or(Some(0), |units| found.units("node.capacity_units_per_day", units.into(), 1));
    let lead = u64::from(node.lead_time_days);
    let lead = found.within("node.lead_time_days", lead, 0, limits::DAYS_MAX.into());
    let shipment_cost = cost(found, "node.shipment_cost_minor", node.shipment_cost_minor);
    let unit_cost = cost(found, "node.unit_cost_minor", node.unit_cost_minor);
    Some(NodeDefinition {
        id: id?,
        kind: kind?,
        title: title?,
        postal_code: postal_code?,
        time_zone: node.time_zone.as_str().into(),
        working_days: working_days?,
        cut_off_minute: u16::try_from(cut_off?).ok()?,
        holidays: holidays?,
        capacity_units_per_day: capacity?,
        shipment_cost: shipment_cost?,
        unit_cost: unit_cost?,
        lead_time_days: u16::try_from(lead?).ok()?,
        enabled: node.enabled.unwrap_or(ENABLED),
    })
}

fn cost(found: &mut Violations, path: &str, minor: i64) -> Option<i64> {
    let max = limits::COST_MINOR_MAX;
    if (0..=max).contains(&minor) {
        return Some(minor);
    }
    found.breaks(path, minor, Rule::OutOfRange { min: 0, max });
    None
}

fn kind(found: &mut Violations, number: i32) -> Option<NodeKind> {
    match v1::NodeKind::try_from(number) {
        Ok(v1::NodeKind::Warehouse) => Some(NodeKind::Warehouse),
        Ok(v1::NodeKind::Store) => Some(NodeKind::Store),
        Ok(v1::NodeKind::ThirdParty) => Some(NodeKind::ThirdParty),
        Ok(v1::NodeKind::Supplier) => Some(NodeKind::Supplier),
        Ok(v1::NodeKind::Unspecified) => {
            found.breaks("node.kind", "", Rule::Required);
            None
        }
        Err(_) => order_request::unknown(found, "node.kind", number),
    }
}

fn working_days(found: &mut Violations, days: &[i32]) -> Option<u8> {
    if days.is_empty() {
        found.breaks("node.working_days", "", Rule::Required);
        return None;
    }
    let mut bits = 0u8;
    for (at, number) in days.iter().enumerate() {
        let path = format!("node.working_days[{at}]");
        let Some(bit) = DAYS.iter().position(|day| i32::from(*day) == *number) else {
            found.add(path, format!("\"{number}\" is no day of the week"));
            continue;
        };
        if bits & (1 << bit) != 0 {
            found.breaks(&path, number, Rule::Duplicate);
        }
        bits |= 1 << bit;
    }
    Some(bits)
}

fn holidays(found: &mut Violations, dates: &[v1::Date]) -> Option<Vec<Day>> {
    let max = limits::HOLIDAYS_MAX;
    if dates.len() > max {
        found.breaks("node.holidays", dates.len(), Rule::TooMany { max });
        return None;
    }
    let mut days = Vec::with_capacity(dates.len());
    for (at, date) in dates.iter().enumerate() {
        let path = format!("node.holidays[{at}]");
        let Some(day) = times::day(found, &path, date) else {
            continue;
        };
        if days.contains(&day) {
            found.breaks(&path, day, Rule::Duplicate);
        }
        days.push(day);
    }
    days.sort_unstable();
    Some(days)
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
        shipment_cost: node.shipment_cost,
        unit_cost: node.unit_cost,
        lead_time_days: node.lead_time_days,
        enabled: node.enabled,
    })
}

/// A node that is to be, as callers see it.
pub(super) fn defined(node: &NodeDefinition) -> v1::Node {
    let works = DAYS.iter().zip(0u8..).filter(|(_, bit)| node.working_days & (1 << bit) != 0);
    let capacity = node.capacity_units_per_day;
    v1::Node {
        node_id: node.id.to_string(),
        kind: kind_message(node.kind).into(),
        postal_code: node.postal_code.to_string(),
        time_zone: node.time_zone.to_string(),
        working_days: works.map(|(day, _)| i32::from(*day)).collect(),
        cut_off_minutes: Some(node.cut_off_minute.into()),
        holidays: node.holidays.iter().filter_map(|day| times::date(*day)).collect(),
        capacity_units_per_day: (capacity > 0).then_some(capacity),
        shipment_cost_minor: node.shipment_cost,
        unit_cost_minor: node.unit_cost,
        lead_time_days: node.lead_time_days.into(),
        enabled: Some(node.enabled),
        title: node.title.as_str().to_owned(),
        country_code: places::COUNTRY.to_owned(),
    }
}

/// A kind as callers see it.
pub(super) const fn kind_message(kind: NodeKind) -> v1::NodeKind {
    match kind {
        NodeKind::Warehouse => v1::NodeKind::Warehouse,
        NodeKind::Store => v1::NodeKind::Store,
        NodeKind::ThirdParty => v1::NodeKind::ThirdParty,
        NodeKind::Supplier => v1::NodeKind::Supplier,
    }
}
