//! What a command is that places an order, or a hold.

use super::request::OrderRequest;
use crate::model::event::Listed;
use crate::model::{Day, Hold, Meta, PackedOrder, Refusal, Timestamp, Violation};
use crate::planning::{Draft, Own};

/// A command that places what a caller describes.
pub trait Places {
    /// That it was placed.
    type Event: Listed + From<PackedOrder> + Into<PackedOrder>;

    /// Key, origin, time.
    fn meta(&self) -> &Meta;

    /// What is wanted.
    fn order(&self) -> &OrderRequest;

    /// When the customer ordered, as the caller says; none for now.
    fn placed_at(&self) -> Option<Timestamp>;

    /// Tells the same content sent again from another one under the same id.
    fn fingerprint(&self) -> u64;

    /// Checks what needs no actor; `ordered_on` is the destination's day of the order, if the
    /// destination is known.
    ///
    /// # Errors
    /// Every field that is wrong.
    fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>>;

    /// That its id was used before, for something else.
    fn reused(&self) -> Refusal;

    /// The hold that it begins as, if it is one, planned so.
    fn hold(&self, _: &Draft) -> Option<Box<Hold>> {
        None
    }

    /// Units that an order has beside which it is placed: they are free to it, and stay with that
    /// order.
    fn beside(&self) -> Option<&Own> {
        None
    }

    /// Whether it may wait in line for a sale to open.
    fn waits_in_line(&self) -> bool {
        false
    }

    /// Whether it takes a part of what it waits for.
    fn takes_a_part(&self) -> bool {
        false
    }

    /// When the customer ordered.
    fn ordered_at(&self) -> Timestamp {
        self.placed_at().unwrap_or(self.meta().at)
    }
}
