//! An order as a caller describes it.

use minicbor::Encode;
use smallvec::SmallVec;

use crate::limits;
use crate::model::check::{finish, in_range};
use crate::model::digest::{Part, hash_written};
use crate::model::{
    CustomerId, Day, Meta, OrderId, PostalCode, Rule, ServiceName, Shortage, Sku, Split, Text,
    Timestamp, Violation,
};

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

/// An order as a caller describes it.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct OrderRequest {
    /// The caller's id, which is an idempotency key.
    #[n(0)]
    pub id: OrderId,
    /// The customer that orders.
    #[n(1)]
    pub customer: Option<CustomerId>,
    /// Where the order comes in.
    #[n(2)]
    pub channel: Option<Text>,
    /// Where it goes.
    #[n(3)]
    pub postal_code: PostalCode,
    /// How it is to be shipped; the policy's first service when left out.
    #[n(4)]
    pub service: Option<ServiceName>,
    /// The day by which it is wanted; the service's promise when left out.
    #[n(5)]
    pub deliver_by: Option<Day>,
    /// What happens to units without supply; the policy's when left out.
    #[n(6)]
    pub shortage: Option<Shortage>,
    /// Whether a line may be split; the policy's when left out.
    #[n(7)]
    pub split: Option<Split>,
    /// What is ordered; lines of one SKU are summed.
    #[n(8)]
    pub lines: Lines,
}

/// The lines of an order as a caller gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(pub SmallVec<[LineRequest; 2]>);

impl<C> Encode<C> for Lines {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.as_slice().encode(e, ctx)
    }
}

/// So many units of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct LineRequest {
    /// The item.
    #[n(0)]
    pub sku: Sku,
    /// Units, from 1 to [`limits::LINE_UNITS_MAX`].
    #[n(1)]
    pub quantity: u32,
}

impl PlaceOrder {
    /// When the customer ordered.
    pub fn ordered_at(&self) -> Timestamp {
        self.placed_at.unwrap_or(self.meta.at)
    }

    /// Tells the same order sent again from another one under the same id.
    pub fn fingerprint(&self) -> u64 {
        self.order.fingerprint(self.placed_at)
    }

    /// Checks counts, quantities and days; `ordered_on` is the destination's day of the
    /// order, if the destination is known.
    pub fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        let mut found = self.order.validate(ordered_on).err().unwrap_or_default();
        if let Some(placed_at) = self.placed_at
            && let Some(why) = self.out_of_time(placed_at)
        {
            found.push(Violation::new("placed_at", placed_at, Rule::Malformed(why.into())));
        }
        finish(found)
    }

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

impl OrderRequest {
    /// The fingerprint of this order, as placed when the caller says. Made for every
    /// order, so that it does without an encoding.
    pub fn fingerprint(&self, placed_at: Option<Timestamp>) -> u64 {
        let print = hash_written(Part::Request, |digest| {
            digest.bytes(self.id.as_str().as_bytes());
            digest.optional(self.customer.as_ref().map(CustomerId::as_str));
            digest.optional(self.channel.as_ref().map(Text::as_str));
            digest.bytes(self.postal_code.as_str().as_bytes());
            digest.optional(self.service.as_ref().map(ServiceName::as_str));
            let deliver_by = self.deliver_by.map_or(i64::MIN, |day| day.epoch_days().into());
            let shortage = self.shortage.map_or(0, Shortage::code);
            let split = self.split.map_or(0, Split::code);
            digest.words([deliver_by.cast_unsigned(), shortage.into(), split.into()]);
            for line in &self.lines.0 {
                digest.bytes(line.sku.as_str().as_bytes());
                digest.words([line.quantity.into()]);
            }
            // No line begins like this.
            if let Some(at) = placed_at {
                digest.words([u64::MAX, at.as_micros().cast_unsigned()]);
            }
        });
        print.value()
    }

    /// Checks counts and quantities; no delivery can be wanted before `ordered_on`.
    fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        let mut found = self.lines.validate().err().unwrap_or_default();
        if let (Some(day), Some(earliest)) = (self.deliver_by, ordered_on)
            && day < earliest
        {
            found.push(Violation::new("deliver_by", day, Rule::InThePast { earliest }));
        }
        finish(found)
    }
}

impl Lines {
    /// Checks how many there are: so many can be asked for before any is made.
    pub fn validate_number(lines: usize) -> Result<(), Violation> {
        match lines {
            0 => Err(Violation::new("lines", "", Rule::Required)),
            1..=limits::ORDER_LINES_MAX => Ok(()),
            _ => {
                let rule = Rule::TooMany { max: limits::ORDER_LINES_MAX };
                Err(Violation::new("lines", lines, rule))
            }
        }
    }

    /// Checks their number and quantities.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        Self::validate_number(self.0.len()).map_err(|violation| vec![violation])?;
        let mut found = Vec::new();
        for (at, line) in self.0.iter().enumerate() {
            // The path is made only for what is wrong: orders come in by the
            // hundred thousand.
            if !(1..=limits::LINE_UNITS_MAX).contains(&line.quantity) {
                let field = format!("lines[{at}].quantity");
                let max = i64::from(limits::LINE_UNITS_MAX);
                in_range(&mut found, field, i64::from(line.quantity), 1, max);
            }
        }
        finish(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::fixture::{AT, order, said, sku};

    fn of(quantities: &[u32]) -> PlaceOrder {
        let mut command = order();
        let line = |&quantity| LineRequest { sku: sku("A"), quantity };
        command.order.lines = Lines(quantities.iter().map(line).collect());
        command
    }

    #[test]
    fn an_order_has_lines_and_lines_have_units() {
        let most = limits::LINE_UNITS_MAX;
        for (quantities, expected) in [
            (&[1, most][..], vec![]),
            (&[1; 500], vec![]),
            (&[], vec!["lines: \"\" is required"]),
            (&[1; 501], vec!["lines: \"501\" has more than 500 entries"]),
            (
                &[0, 1, most + 1],
                vec![
                    "lines[0].quantity: \"0\" is not within 1 to 500000",
                    "lines[2].quantity: \"500001\" is not within 1 to 500000",
                ],
            ),
        ] {
            assert_eq!(said(of(quantities).validate(None)), expected, "{quantities:?}");
        }
    }

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
        let mut command = of(&[0]);
        command.placed_at = Some(AT.saturating_add_micros(i64::MAX));
        command.order.deliver_by = Some(Day::from_epoch_days(0));
        let checked = command.validate(Some(Day::from_epoch_days(1)));
        let found = checked.expect_err("three fields are wrong");
        let fields: Vec<_> = found.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["lines[0].quantity", "deliver_by", "placed_at"]);
    }
}
