//! Local days of a zone, for questions that every order asks.
//!
//! Between two changes of its clocks a zone is a fixed time off UTC. The changes of the
//! years to come are listed once, so that a day is a search in a short list and a
//! division, where the zone's rules would be worked out each time.

use jiff::tz::TimeZoneTransition;

use super::Zone;
use crate::model::{Day, Timestamp};

const DAY_SECONDS: i64 = 86_400;

/// What is listed: 1970 to 2099, in seconds since 1970-01-01 UTC. Days before and after
/// are found by the zone's rules.
const LISTED: std::ops::Range<i64> = 0..4_102_444_800;

/// The local days of one zone. Immutable: a look-up takes no lock.
#[derive(Clone, Debug)]
pub struct LocalDays {
    zone: Zone,
    /// Ascending; the first begins where the list does.
    spans: Vec<Span>,
}

/// A time without a change of the clocks, up to the next one.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Its first second.
    from: i64,
    /// Seconds that local clocks are ahead of UTC.
    ahead: i64,
}

impl LocalDays {
    /// The days of a zone.
    pub fn new(zone: Zone) -> Self {
        let span = |change: TimeZoneTransition<'_>| Span {
            from: change.timestamp().as_second(),
            ahead: change.offset().seconds().into(),
        };
        let first = Span { from: LISTED.start, ahead: zone.seconds_ahead(LISTED.start) };
        let changes = zone.changes_after(LISTED.start).map(span);
        let listed = changes.take_while(|span| span.from < LISTED.end);
        let spans = std::iter::once(first).chain(listed).collect();
        Self { zone, spans }
    }

    /// The zone.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The day that a wall calendar in the zone shows at `at`: [`Zone::local_day`].
    pub fn day(&self, at: Timestamp) -> Day {
        let second = at.as_micros().div_euclid(1_000_000);
        if !LISTED.contains(&second) {
            return self.zone.local_day(at);
        }
        let after = self.spans.partition_point(|span| span.from <= second);
        let ahead = self.spans[after - 1].ahead;
        let days = (second + ahead).div_euclid(DAY_SECONDS);
        Day::from_epoch_days(i32::try_from(days).expect("a listed day fits 32 bits"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Half an hour off, no summer, summer in the south, across the date line, a day that
    /// was left out, and clocks that change at midnight.
    const ZONES: [&str; 8] = [
        "UTC",
        "America/New_York",
        "America/Phoenix",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Santiago",
        "Pacific/Kiritimati",
    ];

    #[test]
    fn a_day_begins_at_local_midnight_in_summer_and_in_winter() {
        let days = LocalDays::new(Zone::named("America/New_York").unwrap());
        for (before, first) in [
            ("2026-01-16T04:59:59.999999Z", "2026-01-16T05:00:00Z"),
            ("2026-07-16T03:59:59.999999Z", "2026-07-16T04:00:00Z"),
        ] {
            let day = |text: &str| {
                let at: jiff::Timestamp = text.parse().unwrap();
                days.day(Timestamp::from_micros(at.as_microsecond()))
            };
            assert_eq!(day(before).plus(1), day(first));
        }
    }

    proptest! {
        #[test]
        fn listed_days_are_those_of_the_zones_rules(
            zone in proptest::sample::select(&ZONES[..]),
            // From before the list begins to after it ends.
            seconds in -86_400_000i64..4_188_844_800,
            micros in 0i64..1_000_000,
        ) {
            let zone = Zone::named(zone).unwrap();
            let at = Timestamp::from_micros(seconds * 1_000_000 + micros);
            prop_assert_eq!(LocalDays::new(zone.clone()).day(at), zone.local_day(at));
        }

        #[test]
        fn listed_days_are_those_of_the_zones_rules_where_the_clocks_change(
            zone in proptest::sample::select(&ZONES[..]),
            change in 0usize..400,
            off in -90_000i64..90_000,
        ) {
            let zone = Zone::named(zone).unwrap();
            let days = LocalDays::new(zone.clone());
            let change = days.spans[change % days.spans.len()].from;
            let at = Timestamp::from_micros((change + off) * 1_000_000);
            prop_assert_eq!(days.day(at), zone.local_day(at));
        }
    }
}
