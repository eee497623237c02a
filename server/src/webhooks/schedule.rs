//! When a delivery that failed is tried again.

use std::time::Duration;

/// How long after each failure the next try follows. After the last one, there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

impl Default for Schedule {
    /// The schedule of Standard Webhooks 1.0; the first try is immediate.
    fn default() -> Self {
        let (seconds, minutes, hours) =
            (Duration::from_secs, Duration::from_mins, Duration::from_hours);
        Self(vec![
            seconds(5),
            minutes(5),
            minutes(30),
            hours(2),
            hours(5),
            hours(10),
            hours(14),
            hours(20),
            hours(24),
        ])
    }
}

impl Schedule {
    /// A schedule with these pauses.
    pub const fn new(pauses: Vec<Duration>) -> Self {
        Self(pauses)
    }

    /// The pause after so many failures; none if there is no further try.
    pub(super) fn after(&self, failures: u32) -> Option<Duration> {
        let at = usize::try_from(failures).ok()?.checked_sub(1)?;
        self.0.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ten_tries_within_some_three_days() {
        let schedule = Schedule::default();
        assert_eq!(schedule.after(1), Some(Duration::from_secs(5)));
        assert_eq!(schedule.after(9), Some(Duration::from_hours(24)));
        assert_eq!(schedule.after(10), None);
        let all: Duration = (1..10).filter_map(|failures| schedule.after(failures)).sum();
        assert_eq!(all.as_secs() / 3_600, 75);
    }
}
