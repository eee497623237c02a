//! What is wrong in the demo's source data, and what was done about it.

use std::fmt;

/// Every irregularity that was met while reading the orders. Nothing is
/// dropped: all orders and all lines are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirtReport {
    /// Postal codes that had been stored as numbers, ascending.
    pub postal_codes_restored: Vec<PostalRestored>,
    /// Postal codes that the reference table does not know, ascending.
    pub postal_codes_replaced: Vec<PostalReplacement>,
    /// Product ids that name two products, in order of appearance.
    pub product_ids_shared: Vec<SharedProductId>,
    /// Orders that name a product on two lines, in order of date.
    pub products_repeated: Vec<RepeatedProduct>,
    /// Lines whose total has more than two decimals.
    pub lines_finer_than_cents: u32,
    /// Lines whose total is not the quantity times the unit price in cents,
    /// because that price had to be rounded.
    pub lines_with_rounded_unit_price: u32,
    /// The sum over all lines of how far that is off, in hundredths of a cent.
    pub rounding_hundredths_of_a_cent: u64,
}

/// A postal code that had lost its leading zeros, and has them again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostalRestored {
    /// As the source has it, such as `6824`.
    pub given: String,
    /// With five digits, such as `06824`.
    pub restored: String,
    /// Orders that go there.
    pub orders: u32,
}

/// A postal code that is not in the reference table: the orders go to the other. An
/// approximation: see
/// [`crate::reference::NearestCode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostalReplacement {
    /// With five digits.
    pub unknown: String,
    /// The known code nearest by number with the same three-digit prefix.
    pub used: String,
    /// Orders that go there.
    pub orders: u32,
}

/// A product id that names two products. They are one SKU from here on, under
/// the name that comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedProductId {
    /// The product id.
    pub sku: String,
    /// The name that is kept.
    pub kept: String,
    /// The name that is not.
    pub dropped: String,
    /// Lines that meant the name that is not kept.
    pub lines: u32,
}

/// An order with one product on two lines. Both are sent, as the customer ordered
/// them; the server sums them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedProduct {
    /// The order id.
    pub order: String,
    /// The product id.
    pub sku: String,
}

impl fmt::Display for DirtReport {
    /// A line for each kind, and below it what fits one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let restored: u32 = self.postal_codes_restored.iter().map(|code| code.orders).sum();
        let codes = self.postal_codes_restored.len();
        writeln!(f, "{codes} postal codes in {restored} orders had lost leading zeros: restored")?;
        for PostalReplacement { unknown, used, orders } in &self.postal_codes_replaced {
            writeln!(f, "postal code {unknown} of {orders} orders is unknown: they go to {used}")?;
        }
        let shared = self.product_ids_shared.len();
        writeln!(f, "{shared} product ids name two products: one SKU each, under the first name")?;
        let repeated = self.products_repeated.len();
        writeln!(f, "{repeated} orders name a product on two lines: both are sent")?;
        let finer = self.lines_finer_than_cents;
        writeln!(f, "{finer} line totals are finer than a cent: unit prices rounded to cents")
    }
}
