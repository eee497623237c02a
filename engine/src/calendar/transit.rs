//! Days on the way: which weekdays count, and on which a carrier delivers.
//!
//! ```text
//!   transit_days 2, Monday to Friday count, no delivery on Sunday
//!
//!   ships Thu     Fri 1       Sat -       Sun -       Mon 2 = deliver by
//! ```
//! This is the form of carriers' own tables: a number of transit days by zone, and the
//! weekdays that are business days of the service.

use crate::model::{Day, Weekdays};

/// The weekdays of a carrier between a node's dock and the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transit {
    /// Days that count as days in transit.
    pub counted: Weekdays,
    /// Days on which it delivers.
    pub delivered: Weekdays,
}

impl Transit {
    /// The day of delivery of what ships on `ship_by` and is `transit_days` counted days on
    /// the way. The day of shipping is never one of them: 0 is delivery on that day. Where
    /// the carrier does not deliver on the day that it comes to, the next day on which it
    /// does counts.
    pub fn deliver_by(self, ship_by: Day, transit_days: u16) -> Day {
        self.delivered.on_or_after(self.arrives(ship_by, transit_days))
    }

    fn arrives(self, ship_by: Day, transit_days: u16) -> Day {
        let Some(further) = transit_days.checked_sub(1) else { return ship_by };
        // Each whole week has the same number of counted days. What is left is fewer days
        // than a week has.
        let (weeks, days) = (further / self.counted.count(), further % self.counted.count());
        let from = ship_by.plus(weeks.saturating_mul(7));
        (0..=days).fold(from, |day, _| self.counted.on_or_after(day.plus(1)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    fn weekdays(bits: u8) -> Weekdays {
        Weekdays::from_bits(bits).unwrap()
    }

    /// As one counts with a finger on a wall calendar.
    fn walked(transit: Transit, ship_by: Day, transit_days: u16) -> Day {
        let (mut day, mut counted) = (ship_by, 0);
        while counted < transit_days {
            day = day.plus(1);
            counted += u16::from(transit.counted.contains(day));
        }
        while !transit.delivered.contains(day) {
            day = day.plus(1);
        }
        day
    }

    #[test]
    fn days_are_counted_as_on_a_wall_calendar_for_all_weekdays() {
        // A Monday.
        let monday = Day::from_epoch_days(4);
        for counted in (1..=127).map(weekdays) {
            for delivered in [1, 0b011_1111, 0b001_1111, 0b010_0000, 127].map(weekdays) {
                let transit = Transit { counted, delivered };
                for ship_by in (0..7).map(|days| monday.plus(days)) {
                    for days in [0, 1, 2, 3, 5, 6, 7, 8, 13, 14, 366] {
                        let (found, walked) =
                            (transit.deliver_by(ship_by, days), walked(transit, ship_by, days));
                        assert_eq!(found, walked, "{transit:?}, {days} from {ship_by}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_weekend_does_not_count_and_sunday_is_not_delivered_on() {
        let (week, every_day) = (Weekdays::MONDAY_TO_FRIDAY, Weekdays::EVERY_DAY);
        let no_sunday = Weekdays::MONDAY_TO_SATURDAY;
        let day = |text: &str| Day::from(text.parse::<Date>().unwrap());
        // 2026-11-26 is a Thursday.
        for (counted, delivered, ship_by, transit_days, deliver_by) in [
            (every_day, every_day, "2026-11-26", 2, "2026-11-28"),
            (week, every_day, "2026-11-26", 2, "2026-11-30"),
            (week, every_day, "2026-11-28", 1, "2026-11-30"),
            (week, every_day, "2026-11-27", 5, "2026-12-04"),
            (no_sunday, every_day, "2026-11-26", 3, "2026-11-30"),
            (every_day, no_sunday, "2026-11-26", 3, "2026-11-30"),
            (every_day, no_sunday, "2026-11-26", 4, "2026-11-30"),
            (every_day, week, "2026-11-28", 0, "2026-11-30"),
            (every_day, every_day, "2026-11-28", 0, "2026-11-28"),
        ] {
            let transit = Transit { counted, delivered };
            let found = transit.deliver_by(day(ship_by), transit_days);
            assert_eq!(found, day(deliver_by), "{transit:?}, {transit_days} from {ship_by}");
        }
    }
}
