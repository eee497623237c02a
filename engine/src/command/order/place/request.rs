//! The command: an order, and when the customer placed it.

use super::event::OrderPlaced;
use crate::limits;
use crate::model::check::finish;
use crate::model::{Day, Meta, Refusal, Rule, Timestamp, Violation};
use crate::placing::places::Places;
use crate::placing::request::OrderRequest;

/// Places an order, or quotes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Key, origin, time.
    pub meta: Meta,
    /// When the customer ordered, as the caller says; none for now. What was promised to
    /// the customer counts from then. What can still be done counts from `meta.at`,
    /// which may be days later: a till that was offline, an import of past orders.
    pub placed_at: Option<Timestamp>,
    /// What is ordered.
    pub order: OrderRequest,
}

impl Places for PlaceOrder {
    type Event = OrderPlaced;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn order(&self) -> &OrderRequest {
        &self.order
    }

    fn placed_at(&self) -> Option<Timestamp> {
        self.placed_at
    }

    fn fingerprint(&self) -> u64 {
        self.order.fingerprint(self.placed_at)
    }

    fn reused(&self) -> Refusal {
        Refusal::OrderIdReused { order_id: self.order.id.clone() }
    }

    fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        let mut found = self.order.validate(ordered_on).err().unwrap_or_default();
        if let Some(placed_at) = self.placed_at
            && let Some(why) = self.out_of_time(placed_at)
        {
            found.push(Violation::new("placed_at", placed_at, Rule::Malformed(why.into())));
        }
        finish(found)
    }
}

impl PlaceOrder {
    /// Why an order cannot have been placed then.
    fn out_of_time(&self, placed_at: Timestamp) -> Option<&'static str> {
        let moved = |micros| self.meta.at.saturating_add_micros(micros);
        if placed_at > moved(limits::PLACED_AHEAD_MAX_MICROS) {
            Some("is more than 5 minutes ahead of now")
        } else if placed_at < moved(-limits::PLACED_AGO_MAX_MICROS) {
            Some("is more than 366 days ago")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::fixture::{AT, order, said};

    #[test]
    fn no_order_is_wanted_before_the_day_on_which_it_was_placed() {
        let today = Day::from_epoch_days(20_000);
        let wanted = |days, ordered_on| {
            let mut command = order();
            command.order.deliver_by = Some(Day::from_epoch_days(days));
            said(command.validate(ordered_on))
        };
        assert_eq!(wanted(20_000, Some(today)), [""; 0]);
        assert_eq!(wanted(19_999, None), [""; 0], "where it goes is not known");
        let (day, why) =
            (Day::from_epoch_days(19_999), "lies in the past; the earliest allowed is");
        assert_eq!(wanted(19_999, Some(today)), [format!("deliver_by: \"{day}\" {why} {today}")]);
    }

    #[test]
    fn an_order_was_placed_within_a_year_and_not_ahead_of_clocks() {
        let placed = |micros| {
            let placed_at = Some(AT.saturating_add_micros(micros));
            said(PlaceOrder { placed_at, ..order() }.validate(None))
        };
        let (minute, day) = (60_000_000, 86_400_000_000);
        for (micros, expected) in [
            (0, None),
            (5 * minute, None),
            (-366 * day, None),
            (5 * minute + 1, Some("is more than 5 minutes ahead of now")),
            (-366 * day - 1, Some("is more than 366 days ago")),
        ] {
            let at = AT.saturating_add_micros(micros);
            let expected = expected.map(|why| format!("placed_at: \"{at}\" {why}"));
            assert_eq!(placed(micros), Vec::from_iter(expected));
        }
    }

    #[test]
    fn all_that_is_wrong_with_an_order_is_told_at_once() {
        let mut command = order();
        command.order.lines.0[0].quantity = 0;
        command.placed_at = Some(AT.saturating_add_micros(i64::MAX));
        command.order.deliver_by = Some(Day::from_epoch_days(0));
        let checked = command.validate(Some(Day::from_epoch_days(1)));
        let found = checked.expect_err("three fields are wrong");
        let fields: Vec<_> = found.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["lines[0].quantity", "deliver_by", "placed_at"]);
    }
}
