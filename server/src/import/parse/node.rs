//! Rows of nodes.

use backstock_proto::v1;
use prost_types::FieldMask;

use super::working_days::{self, working_days};
use super::{WHOLE_NUMBER, list};
use crate::client::words;
use crate::dates;
use crate::import::record::{Bad, Columns, Record};

/// The end of the day.
const MIDNIGHT_MINUTES: u32 = 24 * 60;

/// Says that there is none, where an empty cell says nothing.
const NONE: &str = "none";

/// The field that each column is of. That `kind` stays is for the server to see:
/// it refuses another one.
const FIELDS: [(&str, &str); 13] = [
    ("kind", "kind"),
    ("postal_code", "postal_code"),
    ("country_code", "country_code"),
    ("time_zone", "time_zone"),
    ("working_days", "working_days"),
    ("cut_off", "cut_off_minutes"),
    ("holidays", "holidays"),
    ("capacity_units_per_day", "capacity_units_per_day"),
    ("shipment_cost_minor", "shipment_cost_minor"),
    ("unit_cost_minor", "unit_cost_minor"),
    ("lead_time_days", "lead_time_days"),
    ("enabled", "enabled"),
    ("title", "title"),
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
    let capacity = columns.parsed("capacity_units_per_day", "a whole number or none", capacity);
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
        capacity_units_per_day: capacity.flatten(),
        shipment_cost_minor: columns
            .optional("shipment_cost_minor", WHOLE_NUMBER)
            .unwrap_or_default(),
        unit_cost_minor: columns.optional("unit_cost_minor", WHOLE_NUMBER).unwrap_or_default(),
        lead_time_days: columns.optional("lead_time_days", WHOLE_NUMBER).unwrap_or_default(),
        title: columns.text("title"),
        enabled: columns.parsed("enabled", "true or false", truth),
    }
}

fn kind(text: &str) -> Option<v1::NodeKind> {
    let name = format!("NODE_KIND_{}", text.to_ascii_uppercase());
    v1::NodeKind::from_str_name(&name).filter(|kind| *kind != v1::NodeKind::Unspecified)
}

/// Spreadsheets write both in capitals.
fn truth(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

#[expect(clippy::option_option, reason = "none: not understood; some none: no bound")]
fn capacity(text: &str) -> Option<Option<u32>> {
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
