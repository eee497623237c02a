//! Instants and days. The model has no clock: time arrives inside commands.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use minicbor::{Decode, Encode};

const EPOCH: Date = Date::constant(1970, 1, 1);

/// An instant: microseconds since 1970-01-01T00:00:00Z, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] i64);

impl Timestamp {
    /// The instant that is `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time that passed since an earlier instant; none has when it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(if micros > 0 { micros.unsigned_abs() } else { 0 })
    }

    /// This instant moved by `micros`, saturating at the ends of the range.
    #[must_use]
    pub const fn saturating_add_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => instant.fmt(f),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// A calendar day without a zone: days since 1970-01-01. Dates told to
/// customers are local dates, so a day carries no instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Day(#[n(0)] i32);

impl Day {
    /// The day of an instant, in UTC.
    pub fn of(at: Timestamp) -> Self {
        let days = at.0.div_euclid(24 * 60 * 60 * 1_000_000);
        Self(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// The day that is `days` days after 1970-01-01.
    pub const fn from_epoch_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn epoch_days(self) -> i32 {
        self.0
    }

    /// The day as a calendar has it, if that is in the years -9999 to 9999.
    pub fn date(self) -> Option<Date> {
        // A duration is quicker to add than a span, and the answer to an order has dates.
        EPOCH.checked_add(SignedDuration::from_hours(24 * i64::from(self.0))).ok()
    }

    /// The day `days` calendar days later, saturating at the end of the range.
    #[must_use]
    pub const fn plus(self, days: u16) -> Self {
        Self(self.0.saturating_add(days as i32))
    }

    /// The day `days` calendar days earlier, saturating at the end of the range.
    #[must_use]
    pub const fn minus(self, days: u16) -> Self {
        Self(self.0.saturating_sub(days as i32))
    }

    /// Whole days from `earlier` to this day; 0 when this day is not later.
    pub const fn days_after(self, earlier: Self) -> u32 {
        if self.0 > earlier.0 { self.0.abs_diff(earlier.0) } else { 0 }
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self((date - EPOCH).get_days())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => date.fmt(f),
            None => write!(f, "day {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_print_as_iso_dates() {
        assert_eq!(Day::from_epoch_days(0).to_string(), "1970-01-01");
        assert_eq!(Day::from_epoch_days(20_778).to_string(), "2026-11-21");
        assert_eq!(Day::from_epoch_days(i32::MAX).to_string(), "day 2147483647");
    }

    #[test]
    fn days_are_dates_as_far_as_the_calendar_goes() {
        for date in [Date::MIN, Date::constant(1969, 12, 31), EPOCH, Date::MAX] {
            assert_eq!(Day::from(date).date(), Some(date));
        }
        let beyond = [Day::from(Date::MIN).minus(1), Day::from(Date::MAX).plus(1)];
        for day in beyond.into_iter().chain([i32::MIN, i32::MAX].map(Day)) {
            assert_eq!(day.date(), None);
        }
    }

    #[test]
    fn a_day_is_never_a_negative_number_of_days_after_another() {
        assert_eq!(Day::from_epoch_days(5).days_after(Day::from_epoch_days(3)), 2);
        assert_eq!(Day::from_epoch_days(3).days_after(Day::from_epoch_days(5)), 0);
    }
}
