//! When a node works: its zone, its working days, its cut-offs, its holidays. And when a
//! carrier picks up there and delivers.
//!
//! ```text
//!        Fri 14:59      Fri 15:00 = cut-off             Mon 15:00
//! -----------|--------------|---------------------------------|------>
//!   ships Friday            |        ships Monday             |  ships Tuesday
//!   valid until Fri 15:00   |        valid until Mon 15:00    |
//! ```
//!
//! Work that arrives before the cut-off of a working day is taken on that day;
//! all else waits for the next working day. The answer is constant between two
//! cut-offs, so each one says until when it may be cached.
//!
//! Pure: no clock and no machine's zone files. A promise is an event that
//! carries its dates, so newer zone rules never change what was promised.

mod clocks;
mod error;
mod transit;
mod zone;

use std::cmp::Ordering;

use crate::limits::HOLIDAYS_MAX;
use crate::model::{Day, Timestamp, WEEK_DAYS, WeekdayCutOffs, Weekdays};

pub use error::{CUT_OFF_MINUTES_MAX, CalendarError};
pub use transit::Transit;
pub use zone::Zone;

/// When work ships, and for how long that answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShipWindow {
    /// The node's local working day on which the work ships.
    pub ship_by: Day,
    /// The first instant at which the same question may get another answer:
    /// the cut-off, exclusive. Never before the instant asked about.
    pub valid_until: Timestamp,
}

/// A node's calendar. It has at least one working weekday, and its holidays are
/// sorted, unique and at most [`HOLIDAYS_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: Zone,
    working_days: Weekdays,
    /// By weekday, Monday first, in minutes after local midnight.
    cut_offs: [u16; WEEK_DAYS],
    holidays: Vec<Day>,
    /// Before that, new work is taken as though it came then.
    paused_until: Option<Timestamp>,
}

impl Calendar {
    /// A calendar in the zone of that IANA name. `cut_off_minutes` counts from
    /// local midnight by the wall clock, 0 to [`CUT_OFF_MINUTES_MAX`]: 0 takes
    /// nothing on the day itself, 1440 takes all of it. Holidays come in any
    /// order and may repeat.
    ///
    /// # Errors
    /// The first field that breaks its limit, in the order of the parameters.
    pub fn new(
        zone: &str,
        working_days: Weekdays,
        cut_off_minutes: u16,
        mut holidays: Vec<Day>,
    ) -> Result<Self, CalendarError> {
        let zone = Zone::named(zone)?;
        let cut_off = is_cut_off(cut_off_minutes)?;
        if holidays.len() > HOLIDAYS_MAX {
            return Err(CalendarError::TooManyHolidays { count: holidays.len() });
        }
        holidays.sort_unstable();
        holidays.dedup();
        let cut_offs = [cut_off; WEEK_DAYS];
        Ok(Self { zone, working_days, cut_offs, holidays, paused_until: None })
    }

    /// The same calendar with cut-offs of their own on some weekdays. That of a weekday that
    /// is not worked has no effect.
    ///
    /// # Errors
    /// [`CalendarError::CutOffTooLate`] for one past the end of the day.
    pub fn with_weekday_cut_offs(mut self, own: &WeekdayCutOffs) -> Result<Self, CalendarError> {
        for (cut_off, own) in self.cut_offs.iter_mut().zip(own.0) {
            *cut_off = own.map_or(Ok(*cut_off), is_cut_off)?;
        }
        Ok(self)
    }

    /// The same calendar, on which no work is taken before an instant.
    #[must_use]
    pub fn paused_until(mut self, until: Option<Timestamp>) -> Self {
        self.paused_until = until;
        self
    }

    /// The zone in which days begin and end.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The weekdays worked.
    pub const fn working_days(&self) -> Weekdays {
        self.working_days
    }

    /// The days off besides the weekly ones, ascending.
    pub fn holidays(&self) -> &[Day] {
        &self.holidays
    }

    /// Whether the node works on `day`.
    pub fn works_on(&self, day: Day) -> bool {
        self.working_days.contains(day) && self.holidays.binary_search(&day).is_err()
    }

    /// The day on which work ships that arrives at `at` and takes `lead_days`
    /// further working days: the day of arrival if it is worked and its cut-off
    /// is still ahead, else the next working day, and from there `lead_days` on.
    ///
    /// Takes at most `7 * (lead_days + 2 + HOLIDAYS_MAX)` steps.
    pub fn ship_window(&self, at: Timestamp, lead_days: u16) -> ShipWindow {
        self.window(self.paused_until.map_or(at, |until| until.max(at)), lead_days)
    }

    /// The same of work that was given before a pause, if there is one: it goes on.
    pub fn ship_window_of_known(&self, at: Timestamp, lead_days: u16) -> ShipWindow {
        self.window(at, lead_days)
    }

    fn window(&self, at: Timestamp, lead_days: u16) -> ShipWindow {
        let accepted = self.accepting_day(at);
        let ship_by = (0..lead_days).fold(accepted, |day, _| self.next_working_day(day));
        ShipWindow { ship_by, valid_until: self.cut_off_at(accepted) }
    }

    /// When units on their way can be counted on, asked at `at`. Those of a later day
    /// come as it begins, those of today may be here now. Those of a day that has passed
    /// did not come then: tomorrow is the first day of which nothing is known yet, and so
    /// it is told each day until they come. Goods count as work that arrives then, so those
    /// of today ship today where the cut-off is still ahead.
    ///
    /// An ETA is a day, told as its start: `calendar.zone().instant(day, 0)`. It stays that
    /// day when the node gets another zone: [`Zone::day_that_starts_near`].
    pub fn expected_at(&self, at: Timestamp, eta: Timestamp) -> Timestamp {
        let (today, day) = (self.zone.local_day(at), self.zone.day_that_starts_near(eta));
        match day.cmp(&today) {
            Ordering::Greater => self.zone.instant(day, 0),
            Ordering::Equal => at,
            Ordering::Less => self.zone.instant(today.plus(1), 0),
        }
    }

    /// The beginning of the day on which units on their way are overdue for more than so many
    /// days: one day overdue on the day after that on which they were expected.
    pub fn overdue_after(&self, eta: Timestamp, days: u16) -> Timestamp {
        self.zone.instant(self.zone.day_that_starts_near(eta).plus(days).plus(1), 0)
    }

    /// The day on which a carrier takes what is ready to ship on `ready`: the first from then
    /// on, itself included, on which the carrier picks up and the node works. None when no
    /// weekday is both.
    ///
    /// Takes at most `7 * (1 + HOLIDAYS_MAX)` steps.
    pub fn picked_up(&self, ready: Day, pickup: Weekdays) -> Option<Day> {
        if !self.working_days.meets(pickup) {
            return None;
        }
        let mut day = ready;
        while !(pickup.contains(day) && self.works_on(day)) {
            day = day.plus(1);
        }
        Some(day)
    }

    fn accepting_day(&self, at: Timestamp) -> Day {
        let today = self.zone.local_day(at);
        let open = self.works_on(today) && at < self.cut_off_at(today);
        if open { today } else { self.next_working_day(today) }
    }

    /// The instant until which orders of a day are taken.
    pub fn cut_off_at(&self, day: Day) -> Timestamp {
        self.zone.instant(day, self.cut_offs[usize::from(day.weekday())])
    }

    /// The first working day after `day`. It exists, because a weekday is
    /// worked and holidays are finite.
    fn next_working_day(&self, day: Day) -> Day {
        let mut next = day.plus(1);
        while !self.works_on(next) {
            next = next.plus(1);
        }
        next
    }
}

/// The working days whose bits are set: bit 0 is Monday, bit 6 is Sunday.
///
/// # Errors
/// [`CalendarError::NoWorkingDay`] for 0, [`CalendarError::UnknownWeekday`] for a bit above
/// the seventh.
pub fn working_days(bits: u8) -> Result<Weekdays, CalendarError> {
    Weekdays::from_bits(bits).ok_or(match bits {
        0 => CalendarError::NoWorkingDay,
        _ => CalendarError::UnknownWeekday { bits },
    })
}

fn is_cut_off(minutes: u16) -> Result<u16, CalendarError> {
    let is_in_the_day = minutes <= CUT_OFF_MINUTES_MAX;
    is_in_the_day.then_some(minutes).ok_or(CalendarError::CutOffTooLate { minutes })
}

#[cfg(test)]
mod tests;
