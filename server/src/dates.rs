//! Days of the wire and of the calendar, there and back.

use backstock_proto::v1;
use jiff::civil;

/// Days of the week, in the order in which the engine counts them.
pub const WEEK: [v1::DayOfWeek; 7] = [
    v1::DayOfWeek::Monday,
    v1::DayOfWeek::Tuesday,
    v1::DayOfWeek::Wednesday,
    v1::DayOfWeek::Thursday,
    v1::DayOfWeek::Friday,
    v1::DayOfWeek::Saturday,
    v1::DayOfWeek::Sunday,
];

/// A day of the calendar, if there is one of that date.
pub fn from_wire(date: &v1::Date) -> Option<civil::Date> {
    let year = i16::try_from(date.year).ok()?;
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    civil::Date::new(year, month, day).ok()
}

/// A day for the wire.
pub fn to_wire(date: civil::Date) -> v1::Date {
    v1::Date { year: date.year().into(), month: date.month().into(), day: date.day().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_to_the_wire_and_back() {
        for (year, month, day) in [(1969, 12, 31), (2028, 2, 29), (9999, 12, 31)] {
            let date = v1::Date { year, month, day };
            assert_eq!(from_wire(&date).map(to_wire), Some(date));
        }
    }

    #[test]
    fn days_that_do_not_exist_are_none() {
        let years = [i32::MIN, 10_000, 65_536 + 2_026].map(|year| (year, 1, 1));
        let days = [(2026, 2, 29), (2026, 13, 1), (2026, 1, 0), (2026, 257, 1), (2026, 1, -1)];
        for (year, month, day) in years.into_iter().chain(days) {
            assert_eq!(from_wire(&v1::Date { year, month, day }), None, "{year}-{month}-{day}");
        }
    }
}
