//! When orders are due.
//!
//! An open loop has a Poisson process for each caller: independent customers. An
//! order that is late because others are slow stays due when it was due.

use std::time::{Duration, Instant};

use super::error::LoadError;
use crate::random::{Random, unit};

/// An open loop that falls behind this far has no figure: its latency would only
/// tell how long it ran.
const LATE_MAX: Duration = Duration::from_secs(10);

/// How fast orders come due, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Orders a second of one caller; none in a closed loop.
    pub rate: Option<f64>,
    /// No order is due after this time.
    pub lasts: Option<Duration>,
    /// Nor after so many orders of one caller.
    pub orders: Option<u64>,
}

/// The orders of one caller in time.
#[derive(Debug)]
pub struct Schedule {
    random: Random,
    rate: Option<f64>,
    next: Instant,
    end: Option<Instant>,
    left: u64,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Send an order that was due then.
    Since(Instant),
    /// Wait until then.
    At(Instant),
    /// Send no more.
    Over,
}

impl Schedule {
    /// The schedule of a caller that begins now.
    pub fn new(plan: Plan, began: Instant, seed: u64) -> Self {
        let mut schedule = Self {
            random: Random::new(seed),
            rate: plan.rate,
            next: began,
            end: plan.lasts.map(|lasts| began + lasts),
            left: plan.orders.unwrap_or(u64::MAX),
        };
        schedule.next = began + schedule.gap();
        schedule
    }

    /// The time between two orders, exponential.
    fn gap(&mut self) -> Duration {
        let per_second = self.rate.unwrap_or(f64::INFINITY);
        Duration::from_secs_f64(-(1.0 - unit(&mut self.random)).ln() / per_second)
    }

    /// Takes the next order, if one is due.
    pub fn take(&mut self, now: Instant) -> Result<Due, LoadError> {
        let due = if self.rate.is_some() { self.next } else { now };
        if self.left == 0 || self.end.is_some_and(|end| due >= end) {
            return Ok(Due::Over);
        }
        if due > now {
            return Ok(Due::At(due));
        }
        let late = now - due;
        if let Some(rate) = self.rate.filter(|_| late > LATE_MAX) {
            return Err(LoadError::Behind { rate, late });
        }
        self.left -= 1;
        let gap = self.gap();
        self.next += gap;
        Ok(Due::Since(due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn all(plan: Plan, now: Duration) -> Vec<Duration> {
        let began = Instant::now();
        let mut schedule = Schedule::new(plan, began, 1);
        let take = || match schedule.take(began + now).unwrap() {
            Due::Since(due) => Some(due - began),
            Due::At(_) | Due::Over => None,
        };
        std::iter::from_fn(take).collect()
    }

    #[test]
    fn late_orders_stay_due_when_they_were_due() {
        let plan = Plan { rate: Some(1_000.0), lasts: Some(SECOND), orders: None };
        let due = all(plan, 3 * SECOND);
        assert!((900..1_100).contains(&due.len()), "{}", due.len());
        assert!(due.is_sorted() && due.last().is_some_and(|last| *last < SECOND));
    }

    #[test]
    fn nothing_is_sent_before_it_is_due() {
        let plan = Plan { rate: Some(1_000.0), lasts: Some(SECOND), orders: None };
        let (half, whole) = (all(plan, SECOND / 2), all(plan, SECOND));
        assert!(whole.starts_with(&half) && half.len() < whole.len());
    }

    #[test]
    fn a_closed_loop_ends_with_its_orders_or_its_time() {
        let plan = Plan { rate: None, lasts: None, orders: Some(5) };
        assert_eq!(all(plan, SECOND).len(), 5);
        let plan = Plan { lasts: Some(SECOND), ..plan };
        assert!(all(plan, SECOND).is_empty());
    }

    #[test]
    fn a_rate_that_is_not_kept_is_an_error() {
        let began = Instant::now();
        let plan = Plan { rate: Some(1_000.0), lasts: None, orders: None };
        let mut schedule = Schedule::new(plan, began, 1);
        let late = schedule.take(began + LATE_MAX + SECOND);
        assert!(matches!(late, Err(LoadError::Behind { .. })), "{late:?}");
    }
}
