//! What time it is: the engine has no clock of its own, so each command carries
//! its instant.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use backstock_engine::model::Timestamp;

/// How far ahead an order may claim to have been placed: clocks differ.
pub const PLACED_AHEAD_MAX_MICROS: i64 = 5 * 60 * 1_000_000;

/// How long ago an order may have been placed: a year, and a day for a leap.
pub const PLACED_AGO_MAX_MICROS: i64 = 366 * 86_400 * 1_000_000;

/// Which clock a server goes by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClockKind {
    /// The machine's.
    #[default]
    System,
    /// The orders': now is the newest instant at which one was placed, and this
    /// one at first. For imports of the past, and for the demo.
    Replay(jiff::Timestamp),
}

/// Why a text names no clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected system or replay:TIMESTAMP, as replay:2026-11-21T10:03:05Z")]
pub struct BadClock;

impl FromStr for ClockKind {
    type Err = BadClock;

    fn from_str(text: &str) -> Result<Self, BadClock> {
        if text == "system" {
            return Ok(Self::System);
        }
        let start = text.strip_prefix("replay:").ok_or(BadClock)?;
        start.parse().map(Self::Replay).map_err(|_| BadClock)
    }
}

/// A running clock.
#[derive(Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// The newest instant seen, in microseconds since 1970 UTC.
    Replay(AtomicI64),
}

/// Why an order cannot have been placed when it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacedError {
    /// More than [`PLACED_AHEAD_MAX_MICROS`] after now.
    Ahead,
    /// More than [`PLACED_AGO_MAX_MICROS`] before now.
    LongAgo,
}

impl fmt::Display for PlacedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ahead => "is more than 5 minutes ahead of now",
            Self::LongAgo => "is more than 366 days ago",
        })
    }
}

impl Clock {
    /// Starts a clock.
    pub fn start(kind: ClockKind) -> Self {
        match kind {
            ClockKind::System => Self::System,
            ClockKind::Replay(start) => Self::Replay(AtomicI64::new(start.as_microsecond())),
        }
    }

    /// The instant that it is.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(match self {
            Self::System => jiff::Timestamp::now().as_microsecond(),
            Self::Replay(newest) => newest.load(Ordering::Relaxed),
        })
    }

    /// Takes the instant at which an order says that it was placed. A replay
    /// believes it, and goes on to it.
    pub fn placed(&self, at: Timestamp) -> Result<Timestamp, PlacedError> {
        match self {
            Self::System => check(self.now(), at),
            Self::Replay(newest) => {
                newest.fetch_max(at.as_micros(), Ordering::Relaxed);
                Ok(at)
            }
        }
    }
}

fn check(now: Timestamp, at: Timestamp) -> Result<Timestamp, PlacedError> {
    if at > now.saturating_add_micros(PLACED_AHEAD_MAX_MICROS) {
        Err(PlacedError::Ahead)
    } else if at < now.saturating_add_micros(-PLACED_AGO_MAX_MICROS) {
        Err(PlacedError::LongAgo)
    } else {
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_435_200_000_000);

    #[test]
    fn orders_are_placed_within_a_year_and_not_ahead() {
        let moved = |by| NOW.saturating_add_micros(by);
        for by in [0, PLACED_AHEAD_MAX_MICROS, -PLACED_AGO_MAX_MICROS] {
            assert_eq!(check(NOW, moved(by)), Ok(moved(by)));
        }
        assert_eq!(check(NOW, moved(PLACED_AHEAD_MAX_MICROS + 1)), Err(PlacedError::Ahead));
        assert_eq!(check(NOW, moved(-PLACED_AGO_MAX_MICROS - 1)), Err(PlacedError::LongAgo));
    }

    #[test]
    fn a_replay_never_goes_back() {
        let start: ClockKind = "replay:2014-01-03T00:00:00Z".parse().unwrap();
        let clock = Clock::start(start);
        let began = clock.now();
        let later = began.saturating_add_micros(1);
        assert_eq!(clock.placed(later), Ok(later));
        assert_eq!(clock.placed(began), Ok(began));
        assert_eq!(clock.now(), later);
    }

    #[test]
    fn other_texts_name_no_clock() {
        for text in ["", "replay", "replay:", "replay:yesterday", "atomic"] {
            assert_eq!(text.parse::<ClockKind>(), Err(BadClock), "{text}");
        }
    }
}
