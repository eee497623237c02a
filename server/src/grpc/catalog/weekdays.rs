//! Days of the week, there and back.

use backstock_engine::model::{Rule, WeekdayCutOffs, Weekdays};
use backstock_proto::v1;

use crate::dates::WEEK;
use crate::status::Violations;

/// A bit for each day, Monday first: a day that is said twice would be lost in them. 0 for
/// none.
pub(super) fn bits(found: &mut Violations, path: &str, days: &[i32]) -> u8 {
    let mut bits = 0u8;
    for (at, number) in days.iter().enumerate() {
        let path = format!("{path}[{at}]");
        let Some(bit) = WEEK.iter().position(|day| i32::from(*day) == *number) else {
            found.add(path, format!("\"{number}\" is no day of the week"));
            continue;
        };
        if bits & (1 << bit) != 0 {
            found.breaks(&path, number, Rule::Duplicate);
        }
        bits |= 1 << bit;
    }
    // Days that are none are told already; something stands for them.
    if bits == 0 && !days.is_empty() { 1 } else { bits }
}

/// The days whose bits are set, as callers see them.
pub(super) fn message(bits: u8) -> Vec<i32> {
    let is_set = WEEK.iter().zip(0u8..).filter(|(_, bit)| bits & (1 << bit) != 0);
    is_set.map(|(day, _)| i32::from(*day)).collect()
}

/// Days of a service: every day where none is said.
pub(super) fn of_service(found: &mut Violations, path: &str, days: &[i32]) -> Weekdays {
    Weekdays::from_bits(bits(found, path, days)).unwrap_or_default()
}

/// The same as callers see them: none is said where it is every day.
pub(super) fn of_service_message(days: Weekdays) -> Vec<i32> {
    if days == Weekdays::EVERY_DAY { Vec::new() } else { message(days.bits()) }
}

/// Cut-offs of single weekdays.
pub(super) fn cut_offs(
    found: &mut Violations,
    path: &str,
    given: Option<&v1::WeekdayCutOffs>,
    max: u32,
) -> WeekdayCutOffs {
    let Some(given) = given else { return WeekdayCutOffs::default() };
    let mut cut_off = |day: &str, minutes: Option<u32>| {
        minutes.map(|minutes| found.fits(&format!("{path}.{day}_minutes"), minutes.into(), 0, max))
    };
    WeekdayCutOffs([
        cut_off("monday", given.monday_minutes),
        cut_off("tuesday", given.tuesday_minutes),
        cut_off("wednesday", given.wednesday_minutes),
        cut_off("thursday", given.thursday_minutes),
        cut_off("friday", given.friday_minutes),
        cut_off("saturday", given.saturday_minutes),
        cut_off("sunday", given.sunday_minutes),
    ])
}

/// The same as callers see them.
pub(super) fn cut_offs_message(own: WeekdayCutOffs) -> Option<v1::WeekdayCutOffs> {
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
        own.0.map(|minutes| minutes.map(u32::from));
    (!own.is_none()).then_some(v1::WeekdayCutOffs {
        monday_minutes: monday,
        tuesday_minutes: tuesday,
        wednesday_minutes: wednesday,
        thursday_minutes: thursday,
        friday_minutes: friday,
        saturday_minutes: saturday,
        sunday_minutes: sunday,
    })
}
