//! Days and instants, there and back.

use backstock_engine::model::{Day, Timestamp};
use backstock_proto::v1;

use crate::dates;
use crate::status::Violations;

/// The years that a date may name.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=9999;

/// A day of the calendar, if it exists.
pub(super) fn day(violations: &mut Violations, path: &str, date: &v1::Date) -> Option<Day> {
    let day = to_day(date);
    if day.is_none() {
        let v1::Date { year, month, day } = date;
        violations.add(path, format!("{year}-{month}-{day} is no day of 1970 to 9999"));
    }
    day
}

fn to_day(date: &v1::Date) -> Option<Day> {
    let date = dates::from_wire(date)?;
    YEARS.contains(&date.year()).then(|| date.into())
}

/// The day of an instant in UTC.
pub(super) fn utc_day(at: Timestamp) -> Day {
    let days = at.as_micros().div_euclid(86_400_000_000);
    Day::from_epoch_days(i32::try_from(days).unwrap_or(i32::MAX))
}

/// A day as callers see it; none beyond the calendar's range.
pub(super) fn date(day: Day) -> Option<v1::Date> {
    day.date().map(dates::to_wire)
}

/// An instant, to the microsecond; what is finer is cut off.
pub(super) fn instant(
    violations: &mut Violations,
    path: &str,
    timestamp: &prost_types::Timestamp,
) -> Option<Timestamp> {
    let exact = jiff::Timestamp::new(timestamp.seconds, timestamp.nanos)
        .ok()
        .filter(|_| (0..1_000_000_000).contains(&timestamp.nanos));
    if exact.is_none() {
        violations.add(path, "is no instant of the years 1 to 9999");
    }
    exact.map(|exact| Timestamp::from_micros(exact.as_microsecond()))
}

/// An instant as callers see it.
pub(super) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let micros = at.as_micros();
    let nanos = micros.rem_euclid(1_000_000) * 1_000;
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(nanos).expect("less than a second"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_there_and_back() {
        for (year, month, day) in [(1970, 1, 1), (2026, 11, 21), (2028, 2, 29), (9999, 12, 31)] {
            let given = v1::Date { year, month, day };
            assert_eq!(date(to_day(&given).unwrap()), Some(given));
        }
    }

    #[test]
    fn days_beyond_the_calendar_have_no_date() {
        let last = to_day(&v1::Date { year: 9999, month: 12, day: 31 }).unwrap();
        assert_eq!(date(last.plus(1)), None);
        assert_eq!(date(Day::from_epoch_days(i32::MIN)), None);
        assert_eq!(date(Day::from_epoch_days(i32::MAX)), None);
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for (year, month, day) in [(1969, 12, 31), (2026, 2, 29), (2026, 13, 1), (2026, 1, 0)] {
            assert_eq!(to_day(&v1::Date { year, month, day }), None);
        }
    }

    #[test]
    fn instants_before_the_epoch_go_there_and_back() {
        let at = Timestamp::from_micros(-1);
        let mut violations = Violations::default();
        assert_eq!(instant(&mut violations, "at", &timestamp(at)), Some(at));
        assert!(violations.is_empty());
    }
}
