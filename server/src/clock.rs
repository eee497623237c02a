//! What time it is: the engine has no clock of its own, so each command carries
//! its instant.

use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use backstock_engine::model::Timestamp;

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

    /// The instant at which an order comes in that was placed at `placed`. In a replay
    /// that is `placed` itself, and the clock moves on to it: the past is played as it
    /// was, also where orders overtake each other.
    pub fn taken(&self, placed: Timestamp) -> Timestamp {
        match self {
            Self::System => self.now(),
            Self::Replay(newest) => {
                newest.fetch_max(placed.as_micros(), Ordering::Relaxed);
                placed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_never_goes_back() {
        let start: ClockKind = "replay:2014-01-03T00:00:00Z".parse().unwrap();
        let clock = Clock::start(start);
        let began = clock.now();
        let later = began.saturating_add_micros(1);
        assert_eq!(clock.taken(later), later);
        assert_eq!(clock.taken(began), began);
        assert_eq!(clock.now(), later);
    }

    #[test]
    fn other_texts_name_no_clock() {
        for text in ["", "replay", "replay:", "replay:yesterday", "atomic"] {
            assert_eq!(text.parse::<ClockKind>(), Err(BadClock), "{text}");
        }
    }
}
