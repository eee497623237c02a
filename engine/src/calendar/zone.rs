//! A time zone that is known by its IANA name: instants to local days and back.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::ToSpan;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use parking_lot::Mutex;

use super::clocks::Clocks;
use super::error::CalendarError;
use crate::model::{Day, Timestamp};

/// The rules that are compiled in, never those of the machine: the same
/// calendar must give the same day wherever it is asked.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The clocks of zones that were asked for, by name. The database bounds them.
static CLOCKS: Mutex<BTreeMap<String, Arc<Clocks>>> = Mutex::new(BTreeMap::new());

const SECOND_MICROS: i64 = 1_000_000;
const HALF_DAY_MICROS: i64 = 12 * 60 * 60 * SECOND_MICROS;

/// A time zone with an IANA name, such as `America/Denver`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Zone {
    rules: TimeZone,
    clocks: Arc<Clocks>,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}

impl Eq for Zone {}

impl Zone {
    /// The zone of that IANA name, in any letter case.
    ///
    /// # Errors
    /// [`CalendarError::UnknownZone`] when the name is not in the database.
    pub fn named(name: &str) -> Result<Self, CalendarError> {
        match ZONES.get(name) {
            Ok(rules) if !rules.is_unknown() => Ok(Self::of(rules)),
            _ => Err(CalendarError::UnknownZone { zone: name.to_owned() }),
        }
    }

    fn of(rules: TimeZone) -> Self {
        let mut known = CLOCKS.lock();
        let clocks =
            known.entry(name(&rules).to_owned()).or_insert_with(|| Clocks::of(&rules).into());
        Self { clocks: Arc::clone(clocks), rules }
    }

    /// The IANA name, spelled as the database spells it.
    pub fn name(&self) -> &str {
        name(&self.rules)
    }

    /// The day that a wall calendar in this zone shows at `at`. An instant
    /// outside the years -9999 to 9999 counts as the nearest one inside.
    pub fn local_day(&self, at: Timestamp) -> Day {
        let listed = self.clocks.local_day(at.as_micros().div_euclid(SECOND_MICROS));
        listed.map_or_else(|| self.day_by_rules(at), day)
    }

    /// What a wall clock in this zone shows at `at`, as `2026-11-28 08:15`.
    pub fn local_time(&self, at: Timestamp) -> String {
        self.rules.to_datetime(nearest_instant(at)).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The day whose start is nearest to `at`; noon belongs to its own day. A day that was
    /// told as its start in another zone is that day here as well, unless the zones are
    /// half a day apart.
    pub fn day_that_starts_near(&self, at: Timestamp) -> Day {
        self.local_day(at.saturating_add_micros(HALF_DAY_MICROS - 1))
    }

    /// The instant at which a wall clock in this zone shows `minutes` (0 to
    /// 1440) past midnight on `day`.
    ///
    /// A time that the clocks skip is moved forward by the length of the gap; of
    /// a time that they show twice, the first is meant. A day outside the years
    /// -9999 to 9999 gives the nearest end of the range of instants.
    pub fn instant(&self, day: Day, minutes: u16) -> Timestamp {
        let listed = self.clocks.second(day.epoch_days().into(), i64::from(minutes) * 60);
        let instant = |second: i64| Timestamp::from_micros(second * SECOND_MICROS);
        listed.map_or_else(|| self.instant_by_rules(day, minutes), instant)
    }

    fn day_by_rules(&self, at: Timestamp) -> Day {
        self.rules.to_datetime(nearest_instant(at)).date().into()
    }

    fn instant_by_rules(&self, day: Day, minutes: u16) -> Timestamp {
        let beyond = if day.epoch_days() < 0 { i64::MIN } else { i64::MAX };
        let micros = self.resolve(day, minutes).map_or(beyond, jiff::Timestamp::as_microsecond);
        Timestamp::from_micros(micros)
    }

    fn resolve(&self, day: Day, minutes: u16) -> Option<jiff::Timestamp> {
        let midnight = day.date()?.at(0, 0, 0, 0);
        let wall_clock = midnight.checked_add(i32::from(minutes).minutes()).ok()?;
        self.rules.to_ambiguous_timestamp(wall_clock).compatible().ok()
    }
}

fn name(rules: &TimeZone) -> &str {
    rules.iana_name().unwrap_or("UTC")
}

fn day(days: i64) -> Day {
    Day::from_epoch_days(i32::try_from(days).expect("a listed day fits 32 bits"))
}

fn nearest_instant(at: Timestamp) -> jiff::Timestamp {
    let end = if at.as_micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Half an hour off, no summer, summer in the south, across the date line, a day that
    /// was left out, clocks that change at midnight, and a summer that is half an hour.
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

    fn is_by_rules(zone: &Zone, at: Timestamp, minutes: u16) -> Result<(), TestCaseError> {
        let day = zone.day_by_rules(at);
        prop_assert_eq!(zone.local_day(at), day);
        prop_assert_eq!(zone.instant(day, minutes), zone.instant_by_rules(day, minutes));
        Ok(())
    }

    #[test]
    fn a_day_begins_at_local_midnight_in_summer_and_in_winter() {
        let zone = Zone::named("America/New_York").unwrap();
        for (before, first) in [
            ("2026-01-16T04:59:59.999999Z", "2026-01-16T05:00:00Z"),
            ("2026-07-16T03:59:59.999999Z", "2026-07-16T04:00:00Z"),
        ] {
            let day = |text: &str| {
                let at: jiff::Timestamp = text.parse().unwrap();
                zone.local_day(Timestamp::from_micros(at.as_microsecond()))
            };
            assert_eq!(day(before).plus(1), day(first));
        }
    }

    /// Each minute of the days around each change of the clocks: those that they skip, and
    /// those that they show twice.
    #[test]
    fn the_minutes_around_each_change_of_the_clocks_are_by_the_zones_rules() {
        for zone in ZONES.map(|zone| Zone::named(zone).unwrap()) {
            for change in zone.clocks.changes() {
                let day = zone.day_by_rules(Timestamp::from_micros(change * SECOND_MICROS));
                for (day, minutes) in [day.minus(1), day, day.plus(1)]
                    .into_iter()
                    .flat_map(|day| (0..=1440).step_by(15).map(move |minutes| (day, minutes)))
                {
                    let by_rules = zone.instant_by_rules(day, minutes);
                    assert_eq!(zone.instant(day, minutes), by_rules, "{zone:?} {day} {minutes}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_listed_is_by_the_zones_rules(
            zone in proptest::sample::select(&ZONES[..]),
            // From before the list begins to after it ends.
            seconds in -86_400_000i64..4_188_844_800,
            micros in 0i64..1_000_000,
            minutes in 0u16..=1440,
        ) {
            let at = Timestamp::from_micros(seconds * 1_000_000 + micros);
            is_by_rules(&Zone::named(zone).unwrap(), at, minutes)?;
        }

        #[test]
        fn what_is_listed_is_by_the_zones_rules_where_the_clocks_change(
            zone in proptest::sample::select(&ZONES[..]),
            change in 0usize..400,
            off in -90_000i64..90_000,
            minutes in 0u16..=1440,
        ) {
            let zone = Zone::named(zone).unwrap();
            let changes: Vec<i64> = zone.clocks.changes().collect();
            let at = Timestamp::from_micros((changes[change % changes.len()] + off) * 1_000_000);
            is_by_rules(&zone, at, minutes)?;
        }
    }
}
