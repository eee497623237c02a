//! A time zone that is known by its IANA name: instants to local days and back.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::tz::{TimeZone, TimeZoneDatabase, TimeZoneFollowingTransitions};

use super::error::CalendarError;
use crate::model::{Day, Timestamp};

/// The rules that are compiled in, never those of the machine: the same
/// calendar must give the same day wherever it is asked.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const HALF_DAY_MICROS: i64 = 12 * 60 * 60 * 1_000_000;

/// A time zone with an IANA name, such as `America/Denver`. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of that IANA name, in any letter case.
    ///
    /// # Errors
    /// [`CalendarError::UnknownZone`] when the name is not in the database.
    pub fn named(name: &str) -> Result<Self, CalendarError> {
        match ZONES.get(name) {
            Ok(zone) if !zone.is_unknown() => Ok(Self(zone)),
            _ => Err(CalendarError::UnknownZone { zone: name.to_owned() }),
        }
    }

    /// The IANA name, spelled as the database spells it.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The day that a wall calendar in this zone shows at `at`. An instant
    /// outside the years -9999 to 9999 counts as the nearest one inside.
    pub fn local_day(&self, at: Timestamp) -> Day {
        self.0.to_datetime(nearest_instant(at)).date().into()
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
        let beyond = if day.epoch_days() < 0 { i64::MIN } else { i64::MAX };
        let micros = self.resolve(day, minutes).map_or(beyond, jiff::Timestamp::as_microsecond);
        Timestamp::from_micros(micros)
    }

    /// Seconds that local clocks are ahead of UTC at that second of the epoch.
    pub(super) fn seconds_ahead(&self, second: i64) -> i64 {
        self.0.to_offset(nearest_second(second)).seconds().into()
    }

    /// The changes of the clocks after that second of the epoch, ascending. Without an end
    /// where the rules have none.
    pub(super) fn changes_after(&self, second: i64) -> TimeZoneFollowingTransitions<'_> {
        self.0.following(nearest_second(second))
    }

    fn resolve(&self, day: Day, minutes: u16) -> Option<jiff::Timestamp> {
        let midnight = day.date()?.at(0, 0, 0, 0);
        let wall_clock = midnight.checked_add(i32::from(minutes).minutes()).ok()?;
        self.0.to_ambiguous_timestamp(wall_clock).compatible().ok()
    }
}

fn nearest_second(second: i64) -> jiff::Timestamp {
    nearest_instant(Timestamp::from_micros(second.saturating_mul(1_000_000)))
}

fn nearest_instant(at: Timestamp) -> jiff::Timestamp {
    let end = if at.as_micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(end)
}
