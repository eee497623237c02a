//! Rows of nodes.

use backstock_proto::v1;
use jiff::civil;

use super::WHOLE_NUMBER;
use crate::client::words;
use crate::import::record::{Bad, Columns, Record};

const DAYS: [(&str, v1::DayOfWeek); 7] = [
    ("mon", v1::DayOfWeek::Monday),
    ("tue", v1::DayOfWeek::Tuesday),
    ("wed", v1::DayOfWeek::Wednesday),
    ("thu", v1::DayOfWeek::Thursday),
    ("fri", v1::DayOfWeek::Friday),
    ("sat", v1::DayOfWeek::Saturday),
    ("sun", v1::DayOfWeek::Sunday),
];

/// The end of the day.
const MIDNIGHT_MINUTES: u32 = 24 * 60;

pub(super) fn node(record: &Record) -> Result<v1::Node, Vec<Bad>> {
    let mut columns = Columns::new(record);
    columns.required("kind");
    columns.required("working_days");
    let kind = columns.parsed("kind", "warehouse, store, third_party or supplier", kind);
    let days = columns.parsed("working_days", "weekdays, as mon tue wed thu fri", working_days);
    let node = v1::Node {
        node_id: columns.required("node_id"),
        kind: kind.unwrap_or_default().into(),
        postal_code: columns.required("postal_code"),
        country_code: columns.text("country_code"),
        time_zone: columns.required("time_zone"),
        working_days: days.unwrap_or_default(),
        cut_off_minutes: columns.parsed("cut_off", "a time of day, as 15:00", cut_off),
        holidays: columns
            .parsed("holidays", "days, as 2026-12-25 2027-01-01", holidays)
            .unwrap_or_default(),
        capacity_units_per_day: columns.optional("capacity_units_per_day", WHOLE_NUMBER),
        shipment_cost_minor: columns
            .optional("shipment_cost_minor", WHOLE_NUMBER)
            .unwrap_or_default(),
        unit_cost_minor: columns.optional("unit_cost_minor", WHOLE_NUMBER).unwrap_or_default(),
        lead_time_days: columns.optional("lead_time_days", WHOLE_NUMBER).unwrap_or_default(),
        title: columns.text("title"),
        enabled: columns.optional("enabled", "true or false"),
    };
    columns.finish(node)
}

fn kind(text: &str) -> Option<v1::NodeKind> {
    let name = format!("NODE_KIND_{}", text.to_ascii_uppercase());
    v1::NodeKind::from_str_name(&name).filter(|kind| *kind != v1::NodeKind::Unspecified)
}

/// Days by the first three letters of their English names, with spaces between.
fn working_days(text: &str) -> Option<Vec<i32>> {
    let day = |word: &str| {
        let word = word.to_ascii_lowercase();
        let known = DAYS.iter().find(|(short, _)| word.starts_with(short));
        known.map(|(_, day)| i32::from(*day))
    };
    text.split_whitespace().map(day).collect()
}

fn cut_off(text: &str) -> Option<u32> {
    if text == "24:00" {
        return Some(MIDNIGHT_MINUTES);
    }
    let time: civil::Time = text.parse().ok()?;
    u32::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).ok()
}

fn holidays(text: &str) -> Option<Vec<v1::Date>> {
    let date = |word: &str| word.parse().ok().map(words::wire_date);
    text.split_whitespace().map(date).collect()
}
