//! When a node works: its zone, its working days, its cut-off, its holidays.
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

mod error;
mod local_days;
mod zone;

use std::cmp::Ordering;

use crate::limits::HOLIDAYS_MAX;
use crate::model::{Day, Timestamp};

pub use error::{CUT_OFF_MINUTES_MAX, CalendarError};
pub use local_days::LocalDays;
pub use zone::Zone;

/// The weekdays on which a node works: bit 0 is Monday, bit 6 is Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkingDays(u8);

impl WorkingDays {
    /// Monday to Friday.
    pub const MONDAY_TO_FRIDAY: Self = Self(0b001_1111);
    /// Monday to Saturday.
    pub const MONDAY_TO_SATURDAY: Self = Self(0b011_1111);
    /// All seven.
    pub const EVERY_DAY: Self = Self(0b111_1111);

    /// The weekdays whose bits are set.
    ///
    /// # Errors
    /// [`CalendarError::NoWorkingDay`] for 0, [`CalendarError::UnknownWeekday`]
    /// for a bit above the seventh.
    pub const fn from_bits(bits: u8) -> Result<Self, CalendarError> {
        match bits {
            0 => Err(CalendarError::NoWorkingDay),
            1..=0b111_1111 => Ok(Self(bits)),
            _ => Err(CalendarError::UnknownWeekday { bits }),
        }
    }

    /// The mask, never 0.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether `day` falls on one of these weekdays.
    pub const fn contains(self, day: Day) -> bool {
        // 1970-01-01 was a Thursday, three days after a Monday. The remainder
        // is taken first, so that the addition cannot overflow.
        let weekday = (day.epoch_days().rem_euclid(7) + 3) % 7;
        self.0 & (1 << weekday) != 0
    }
}

/// When work ships, and for how long that answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShipWindow {
    /// The node's local working day on which the work ships.
    pub ship_by: Day,
    /// The first instant at which the same question may get another answer:
    /// the cut-off, exclusive. Never before the instant asked about.
    pub valid_until: Timestamp,
}

impl ShipWindow {
    /// The local day of delivery after `transit_days` calendar days on the way.
    /// Carriers move on weekends and holidays; nodes do not.
    pub const fn deliver_by(&self, transit_days: u16) -> Day {
        self.ship_by.plus(transit_days)
    }
}

/// A node's calendar. It has at least one working weekday, and its holidays are
/// sorted, unique and at most [`HOLIDAYS_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: Zone,
    working_days: WorkingDays,
    cut_off_minutes: u16,
    holidays: Vec<Day>,
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
        working_days: WorkingDays,
        cut_off_minutes: u16,
        mut holidays: Vec<Day>,
    ) -> Result<Self, CalendarError> {
        let zone = Zone::named(zone)?;
        if cut_off_minutes > CUT_OFF_MINUTES_MAX {
            return Err(CalendarError::CutOffTooLate { minutes: cut_off_minutes });
        }
        if holidays.len() > HOLIDAYS_MAX {
            return Err(CalendarError::TooManyHolidays { count: holidays.len() });
        }
        holidays.sort_unstable();
        holidays.dedup();
        Ok(Self { zone, working_days, cut_off_minutes, holidays })
    }

    /// The zone in which days begin and end.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The weekdays worked.
    pub const fn working_days(&self) -> WorkingDays {
        self.working_days
    }

    /// The cut-off, in minutes after local midnight.
    pub const fn cut_off_minutes(&self) -> u16 {
        self.cut_off_minutes
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
    /// Takes at most `7 * (lead_days + 2) + HOLIDAYS_MAX` steps.
    pub fn ship_window(&self, at: Timestamp, lead_days: u16) -> ShipWindow {
        let accepted = self.accepting_day(at);
        let ship_by = (0..lead_days).fold(accepted, |day, _| self.next_working_day(day));
        ShipWindow { ship_by, valid_until: self.cut_off_at(accepted) }
    }

    /// The ship window, asked at `at`, of units that are only here from `eta` on:
    /// inbound supply. Goods count as work that arrives when they are
    /// [expected](Self::expected_at), so those that come in before the cut-off ship on
    /// the same day.
    pub fn ship_window_from(&self, at: Timestamp, eta: Timestamp, lead_days: u16) -> ShipWindow {
        self.ship_window(self.expected_at(at, eta), lead_days)
    }

    /// When units on their way can be counted on, asked at `at`. Those of a later day
    /// come as it begins, those of today may be here now. Those of a day that has passed
    /// did not come then: tomorrow is the first day of which nothing is known yet, and so
    /// it is told each day until they come.
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

    fn accepting_day(&self, at: Timestamp) -> Day {
        let today = self.zone.local_day(at);
        let open = self.works_on(today) && at < self.cut_off_at(today);
        if open { today } else { self.next_working_day(today) }
    }

    fn cut_off_at(&self, day: Day) -> Timestamp {
        self.zone.instant(day, self.cut_off_minutes)
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

#[cfg(test)]
mod tests;
