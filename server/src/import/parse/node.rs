//! Rows of nodes.

use backstock_proto::v1;
use prost_types::FieldMask;

use super::working_days::{self, places, working_days};
use super::{INSTANT_OR_NONE, WHOLE_NUMBER, instant_or_none, list};
use crate::client::words;
use crate::dates;
use crate::import::record::{Bad, Columns, Record};

/// The end of the day.
const MIDNIGHT_MINUTES: u32 = 24 * 60;

/// Says that there is none, where an empty cell says nothing.
const NONE: &str = "none";

/// What a message says that cut-offs of single weekdays should have been.
const WEEKDAY_CUT_OFFS: &str = "days and their time, none of them twice, as \"fri 14:00 sat 10:00\" or \"mon-thu 16:00\", \
     or none";

/// What a message says that names should have been.
const NAMES: &str = "names with commas or semicolons between them, as \"web; in store\", or none";

/// The field that each column is of. That `kind` stays is for the server to see:
/// it refuses another one.
const FIELDS: [(&str, &str); 24] = [
    ("kind", "kind"),
    ("postal_code", "postal_code"),
    ("country_code", "country_code"),
    ("time_zone", "time_zone"),
    ("working_days", "working_days"),
    ("cut_off", "cut_off_minutes"),
    ("holidays", "holidays"),
    ("capacity_units_per_day", "capacity_units_per_day"),
    ("capacity_shipments_per_day", "capacity_shipments_per_day"),
    ("min_order_quantity", "min_order_quantity"),
    ("shipment_cost_minor", "shipment_cost_minor"),
    ("unit_cost_minor", "unit_cost_minor"),
    ("lead_time_days", "lead_time_days"),
    ("enabled", "enabled"),
    ("title", "title"),
    ("weekday_cut_offs", "weekday_cut_offs"),
    ("channels", "channels"),
    ("services", "services"),
    ("offers_pickup", "offers_pickup"),
    ("reliability_basis_points", "reliability_basis_points"),
    ("pickup_days", "pickup_days"),
    ("release_minutes_before_cut_off", "release_minutes_before_cut_off"),
    ("releases_at_once", "releases_at_once"),
    ("paused_until", "paused_until"),
];

/// A node that is new, or what a row says of one that is there: what it leaves
/// out stays as it is.
pub(super) fn node(record: &Record) -> Result<v1::UpdateNodeRequest, Vec<Bad>> {
    let mut columns = Columns::new(record);
    let node = whole(&mut columns);
    let said = FIELDS.iter().filter(|(column, _)| record.text(column).is_some());
    columns.finish(v1::UpdateNodeRequest {
        node: Some(node),
        update_mask: Some(FieldMask { paths: said.map(|(_, path)| (*path).to_owned()).collect() }),
        allow_missing: true,
        validate_only: false,
        request_id: String::new(),
    })
}

fn whole(columns: &mut Columns<'_>) -> v1::Node {
    columns.required("kind");
    columns.required("working_days");
    let kind = columns.parsed("kind", "warehouse, store, third_party or supplier", kind);
    let days = columns.parsed("working_days", working_days::EXPECTED, working_days);
    let paused = columns.parsed("paused_until", INSTANT_OR_NONE, instant_or_none);
    let mut capacity = |column| columns.parsed(column, "a whole number or none", number_or_none);
    let units = capacity("capacity_units_per_day");
    let shipments = capacity("capacity_shipments_per_day");
    let minimum = capacity("min_order_quantity");
    let reliability = capacity("reliability_basis_points");
    let pickup_days = capacity("pickup_days");
    let release = capacity("release_minutes_before_cut_off");
    v1::Node {
        node_id: columns.required("node_id"),
        kind: kind.unwrap_or_default().into(),
        postal_code: columns.required("postal_code"),
        country_code: columns.text("country_code"),
        time_zone: columns.required("time_zone"),
        working_days: days.unwrap_or_default(),
        cut_off_minutes: columns.parsed(
            "cut_off",
            "a time of day to the minute, as 15:00",
            cut_off,
        ),
        holidays: columns
            .parsed("holidays", "days, as 2026-12-25 2027-01-01, or none", holidays)
            .unwrap_or_default(),
        capacity_units_per_day: units.flatten(),
        capacity_shipments_per_day: shipments.flatten(),
        min_order_quantity: minimum.flatten(),
        reliability_basis_points: reliability.flatten(),
        pickup_days: pickup_days.flatten(),
        release_minutes_before_cut_off: release.flatten(),
        paused_until: paused.flatten(),
        releases_at_once: columns
            .parsed("releases_at_once", "true or false", truth)
            .unwrap_or_default(),
        shipment_cost_minor: columns
            .optional("shipment_cost_minor", WHOLE_NUMBER)
            .unwrap_or_default(),
        unit_cost_minor: columns.optional("unit_cost_minor", WHOLE_NUMBER).unwrap_or_default(),
        lead_time_days: columns.optional("lead_time_days", WHOLE_NUMBER).unwrap_or_default(),
        title: columns.text("title"),
        enabled: columns.parsed("enabled", "true or false", truth),
        weekday_cut_offs: columns
            .parsed("weekday_cut_offs", WEEKDAY_CUT_OFFS, weekday_cut_offs)
            .flatten(),
        channels: columns.parsed("channels", NAMES, names).unwrap_or_default(),
        services: columns.parsed("services", NAMES, names).unwrap_or_default(),
        offers_pickup: columns.parsed("offers_pickup", "true or false", truth).unwrap_or_default(),
    }
}

fn kind(text: &str) -> Option<v1::NodeKind> {
    let name = format!("NODE_KIND_{}", text.to_ascii_uppercase());
    v1::NodeKind::from_str_name(&name).filter(|kind| *kind != v1::NodeKind::Unspecified)
}

/// Spreadsheets write both in capitals.
pub(super) fn truth(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

#[expect(clippy::option_option, reason = "none: not understood; some none: no bound")]
pub(super) fn number_or_none(text: &str) -> Option<Option<u32>> {
    if text.eq_ignore_ascii_case(NONE) {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

/// Minutes after midnight. Seconds may be written where they are none: a time
/// that is cut to the minute is another one.
fn cut_off(text: &str) -> Option<u32> {
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 1..=2)?;
    let minute = digits(parts.next()?, 2..=2)?;
    let second = parts.next().map_or(Some(0), |part| digits(part, 2..=2))?;
    let minutes = hour * 60 + minute;
    let exact = parts.next().is_none() && second == 0 && minute < 60;
    (exact && minutes <= MIDNIGHT_MINUTES).then_some(minutes)
}

/// Days and times in turn: a name or a range, and the cut-off of these days.
#[expect(clippy::option_option, reason = "none: not understood; some none: none of them")]
fn weekday_cut_offs(text: &str) -> Option<Option<v1::WeekdayCutOffs>> {
    if text.eq_ignore_ascii_case(NONE) {
        return Some(None);
    }
    let mut own = v1::WeekdayCutOffs::default();
    let mut words = list(text);
    while let Some(days) = words.next() {
        let minutes = cut_off(words.next()?)?;
        for place in places(days)? {
            if minutes_of(&mut own, place).replace(minutes).is_some() {
                return None;
            }
        }
    }
    (own != v1::WeekdayCutOffs::default()).then_some(Some(own))
}

/// The cut-off of a day of the week, Monday first.
const fn minutes_of(own: &mut v1::WeekdayCutOffs, place: usize) -> &mut Option<u32> {
    match place {
        0 => &mut own.monday_minutes,
        1 => &mut own.tuesday_minutes,
        2 => &mut own.wednesday_minutes,
        3 => &mut own.thursday_minutes,
        4 => &mut own.friday_minutes,
        5 => &mut own.saturday_minutes,
        _ => &mut own.sunday_minutes,
    }
}

/// Names may have spaces within.
fn names(text: &str) -> Option<Vec<String>> {
    if text.eq_ignore_ascii_case(NONE) {
        return Some(Vec::new());
    }
    let names = text.split([',', ';']).map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let plain = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn holidays(text: &str) -> Option<Vec<v1::Date>> {
    if text.eq_ignore_ascii_case(NONE) {
        return Some(Vec::new());
    }
    let days: Vec<_> =
        list(text).map(|word| words::day(word).map(dates::to_wire)).collect::<Option<_>>()?;
    (!days.is_empty()).then_some(days)
}
