//! The days on which something is valid.

use minicbor::{Decode, Encode};

use crate::model::{Day, Rule, Violation};

/// Days from a first one to a last one, both of them included. Days are those of the customer's
/// calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Validity {
    /// The first day.
    #[n(0)]
    pub from: Day,
    /// The last day; without end, if there is none.
    #[n(1)]
    pub until: Option<Day>,
}

impl Validity {
    /// From the first day that there is, without end.
    pub const ALWAYS: Self = Self { from: Day::from_epoch_days(i32::MIN), until: None };

    /// Whether it is not over before a day, and has begun.
    pub fn has(&self, day: Day) -> bool {
        self.from <= day && !self.is_over(day)
    }

    /// Whether it ended before a day.
    pub fn is_over(&self, day: Day) -> bool {
        self.until.is_some_and(|until| until < day)
    }

    /// Notes an end before the beginning.
    pub fn check(&self, field: &str, found: &mut Vec<Violation>) {
        if let Some(until) = self.until.filter(|until| *until < self.from) {
            let rule = Rule::Malformed(format!("is before the first day, {}", self.from));
            found.push(Violation::new(format!("{field}valid_until"), until, rule));
        }
    }
}
