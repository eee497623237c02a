//! The changes of a zone's clocks, listed.
//!
//! Between two changes of its clocks a zone is a fixed time off UTC. The changes of the
//! years to come are listed once, so that a day or an instant is a search in a short list and
//! a division, where the zone's rules would be worked out each time.

use jiff::tz::{TimeZone, TimeZoneTransition};

const DAY_SECONDS: i64 = 86_400;

/// What is listed: 1970 to 2099, in seconds since 1970-01-01 UTC. What is before and after is
/// found by the zone's rules.
const LISTED: std::ops::Range<i64> = 0..4_102_444_800;

/// The clocks of one zone. Immutable: a look-up takes no lock.
#[derive(Debug)]
pub(super) struct Clocks {
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
    /// The first second on a wall clock, counted as if it were UTC, that is meant in this span:
    /// what the clocks skip, and what they show twice, is of the span before.
    wall_from: i64,
}

impl Clocks {
    /// The clocks by a zone's rules.
    pub(super) fn of(rules: &TimeZone) -> Self {
        let at = |second| jiff::Timestamp::from_second(second).expect("a listed second");
        let mut ahead = i64::from(rules.to_offset(at(LISTED.start)).seconds());
        let mut spans = vec![Span { from: LISTED.start, ahead, wall_from: i64::MIN }];
        let from = |change: &TimeZoneTransition<'_>| change.timestamp().as_second();
        let changes = rules.following(at(LISTED.start));
        for change in changes.take_while(|change| from(change) < LISTED.end) {
            let (from, before) = (from(&change), ahead);
            ahead = change.offset().seconds().into();
            spans.push(Span { from, ahead, wall_from: from + before.max(ahead) });
        }
        Self { spans }
    }

    /// The day since 1970-01-01 that a wall calendar shows in that second, if it is listed.
    pub(super) fn local_day(&self, second: i64) -> Option<i64> {
        let is_listed = LISTED.contains(&second);
        let after = self.spans.partition_point(|span| span.from <= second);
        is_listed.then(|| (second + self.spans[after - 1].ahead).div_euclid(DAY_SECONDS))
    }

    /// The second in which a wall clock shows that second of a day since 1970-01-01, if it is
    /// listed: see [`Zone::instant`](super::Zone::instant).
    pub(super) fn second(&self, day: i64, second_of_day: i64) -> Option<i64> {
        let wall = day * DAY_SECONDS + second_of_day;
        // No clock is two days off.
        let is_listed =
            (LISTED.start + 2 * DAY_SECONDS..LISTED.end - 2 * DAY_SECONDS).contains(&wall);
        let after = self.spans.partition_point(|span| span.wall_from <= wall);
        is_listed.then(|| wall - self.spans[after - 1].ahead)
    }

    /// The seconds in which the clocks change.
    #[cfg(test)]
    pub(super) fn changes(&self) -> impl Iterator<Item = i64> {
        self.spans.iter().map(|span| span.from)
    }
}
