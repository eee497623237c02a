//! The days on which the demo's nodes are closed.

use backstock_engine::model::Day;
use jiff::civil::{Date, Weekday, date};
use jiff::{Span, ToSpan};

/// The demo's orders run from 2014 to 2017; what is ordered last ships in 2018.
const YEARS: std::ops::RangeInclusive<i16> = 2014..=2018;

/// US federal holidays of 2014 to 2018 as observed (5 U.S.C. 6103), ascending:
/// one that falls on a Saturday is kept on the Friday before, on a Sunday on
/// the Monday after. Offices and most warehouses close.
pub(super) fn federal() -> Vec<Day> {
    YEARS.flat_map(federal_of).map(Day::from).collect()
}

/// The days on which shops close too: New Year's Day, Thanksgiving, Christmas.
/// Shops keep the date itself, whatever weekday it is.
pub(super) fn retail() -> Vec<Day> {
    let closed = |year| [date(year, 1, 1), nth(year, 11, 4, Weekday::Thursday), date(year, 12, 25)];
    YEARS.flat_map(closed).map(Day::from).collect()
}

fn federal_of(year: i16) -> [Date; 10] {
    [
        observed(date(year, 1, 1)),
        nth(year, 1, 3, Weekday::Monday),
        nth(year, 2, 3, Weekday::Monday),
        nth(year, 5, -1, Weekday::Monday),
        observed(date(year, 7, 4)),
        nth(year, 9, 1, Weekday::Monday),
        nth(year, 10, 2, Weekday::Monday),
        observed(date(year, 11, 11)),
        nth(year, 11, 4, Weekday::Thursday),
        observed(date(year, 12, 25)),
    ]
}

fn observed(holiday: Date) -> Date {
    let shift = match holiday.weekday() {
        Weekday::Saturday => (-1).days(),
        Weekday::Sunday => 1.days(),
        _ => Span::new(),
    };
    holiday.saturating_add(shift)
}

/// The `n`th such weekday of the month; -1 is the last.
fn nth(year: i16, month: i8, n: i8, weekday: Weekday) -> Date {
    date(year, month, 1)
        .nth_weekday_of_month(n, weekday)
        .expect("every month has four of each weekday")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn federal_holidays_are_those_that_were_observed() {
        let days: Vec<String> = federal().iter().map(Day::to_string).collect();
        // The list that the Office of Personnel Management published for 2015.
        let observed_2015 = [
            "2015-01-01",
            "2015-01-19",
            "2015-02-16",
            "2015-05-25",
            "2015-07-03",
            "2015-09-07",
            "2015-10-12",
            "2015-11-11",
            "2015-11-26",
            "2015-12-25",
        ];
        assert_eq!(days[10..20], observed_2015);
        // Christmas 2016 and New Year's Day 2017 were Sundays.
        assert!(days.contains(&"2016-12-26".to_owned()));
        assert!(days.contains(&"2017-01-02".to_owned()));
        assert_eq!(days.len(), 50);
        assert!(days.is_sorted());
    }

    #[test]
    fn shops_close_on_three_days_a_year() {
        assert_eq!(retail().len(), 15);
        assert!(retail().is_sorted());
    }
}
