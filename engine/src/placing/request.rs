//! An order as a caller describes it.

use minicbor::Encode;
use smallvec::SmallVec;

use super::costs::OrderPrices;
use crate::limits;
use crate::model::check::{finish, in_range};
use crate::model::digest::{Part, hash_written};
use crate::model::{
    CustomerId, Day, Destination, NodeId, OrderId, Pickup, PostalCode, Priority, Rule, ServiceName,
    Shortage, Sku, Split, Text, Timestamp, Violation,
};

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
    pub destination: Destination<NodeId>,
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
    /// Before whom it is served.
    #[cbor(skip)]
    pub priority: Priority,
    /// What it costs and how it is paid, if the engine is to know.
    #[cbor(skip)]
    pub prices: Option<Box<OrderPrices>>,
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

impl OrderRequest {
    /// The fingerprint of this order, as placed when the caller says. Made for every
    /// order, so that it does without an encoding.
    pub fn fingerprint(&self, placed_at: Option<Timestamp>) -> u64 {
        let print = hash_written(Part::Request, |digest| {
            digest.bytes(self.id.as_str().as_bytes());
            digest.optional(self.customer.as_ref().map(CustomerId::as_str));
            digest.optional(self.channel.as_ref().map(Text::as_str));
            digest.optional(self.destination.address().map(PostalCode::as_str));
            digest.optional(self.service.as_ref().map(ServiceName::as_str));
            let deliver_by = self.deliver_by.map_or(i64::MIN, |day| day.epoch_days().into());
            let shortage = self.shortage.map_or(0, Shortage::code);
            let split = self.split.map_or(0, Split::code);
            digest.words([deliver_by.cast_unsigned(), shortage.into(), split.into()]);
            for line in &self.lines.0 {
                digest.bytes(line.sku.as_str().as_bytes());
                digest.words([line.quantity.into()]);
            }
            // No line begins like these.
            if !self.priority.is_default() {
                digest.words([u64::MAX - 1, self.priority.code().into()]);
            }
            if let Some(Pickup { node, only_there }) = self.destination.pickup() {
                digest.words([u64::MAX - 2, (*only_there).into()]);
                digest.bytes(node.as_str().as_bytes());
            }
            if let Some(prices) = &self.prices {
                prices.write_to(digest);
            }
            if let Some(at) = placed_at {
                digest.words([u64::MAX, at.as_micros().cast_unsigned()]);
            }
        });
        print.value()
    }

    /// Checks counts and quantities; no delivery can be wanted before `ordered_on`.
    pub fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        let mut found = self.lines.validate().err().unwrap_or_default();
        if let (Some(day), Some(earliest)) = (self.deliver_by, ordered_on)
            && day < earliest
        {
            found.push(Violation::new("deliver_by", day, Rule::InThePast { earliest }));
        }
        if let (Some(prices), true) = (&self.prices, found.is_empty()) {
            let units: Vec<u32> = self.lines.0.iter().map(|line| line.quantity).collect();
            found.extend(prices.validate(&units).err().unwrap_or_default());
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
    use crate::command::fixture::{said, sku};

    fn of(quantities: &[u32]) -> Lines {
        let line = |&quantity| LineRequest { sku: sku("A"), quantity };
        Lines(quantities.iter().map(line).collect())
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
            assert_eq!(said(of(quantities).validate()), expected, "{quantities:?}");
        }
    }
}
