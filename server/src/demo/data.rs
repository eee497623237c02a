//! A retailer's orders of four years, as they were, with their irregularities.
//!
//! Superstore, MIT licence; see `assets/ATTRIBUTION.md`.

mod parse;

use std::sync::LazyLock;

use backstock_engine::model::{Day, Timestamp};

use super::dirt::DirtReport;

static SHARED: LazyLock<Superstore> =
    LazyLock::new(|| parse::superstore().expect("the tables in the binary parse"));

/// All orders, with the products and customers they name.
#[derive(Debug)]
pub struct Superstore {
    /// One for each product id, in order of first appearance in the source.
    pub products: Vec<SuperstoreProduct>,
    /// In order of first appearance in the source.
    pub customers: Vec<SuperstoreCustomer>,
    /// By the instant placed, ascending, and so by date.
    pub orders: Vec<SuperstoreOrder>,
    /// What was wrong, and what was done about it.
    pub dirt: DirtReport,
}

impl Superstore {
    /// The one copy of the process, parsed at the first call.
    ///
    /// # Panics
    /// When the tables in the binary do not parse, which a test rules out.
    pub fn shared() -> &'static Self {
        &SHARED
    }
}

/// A product: a SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperstoreProduct {
    /// The product id.
    pub sku: String,
    /// Its first name, where the id names two products.
    pub name: String,
    /// What kind of product it is.
    pub category: Category,
    /// Finer than the category, such as `Binders`.
    pub sub_category: String,
}

/// The three departments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// Desks, chairs, bookcases.
    Furniture,
    /// Paper, binders, storage, appliances.
    OfficeSupplies,
    /// Phones, copiers, accessories.
    Technology,
}

/// A customer. The people are fictitious.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperstoreCustomer {
    /// The customer id.
    pub id: String,
    /// First and last name.
    pub name: String,
    /// The kind of customer.
    pub segment: Segment,
}

/// What a customer buys for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A private person.
    Consumer,
    /// A company.
    Corporate,
    /// A company of one.
    HomeOffice,
}

/// How fast the customer wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShipMode {
    /// The slowest.
    StandardClass,
    /// Between first and standard.
    SecondClass,
    /// Faster than second.
    FirstClass,
    /// The fastest.
    SameDay,
}

/// An order as the customer placed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperstoreOrder {
    /// The order id.
    pub id: String,
    /// The day it was placed.
    pub date: Day,
    /// An instant on that day in [`SHOP_ZONE`], between [`SHOP_OPENS_MINUTES`]
    /// and [`SHOP_CLOSES_MINUTES`]. The source has days only, so this is made
    /// from the order id, and always the same.
    pub placed_at: Timestamp,
    /// How fast.
    pub ship_mode: ShipMode,
    /// The customer id.
    pub customer: String,
    /// The kind of customer.
    pub segment: Segment,
    /// Five digits, as the customer gave them: it may be unknown.
    pub postal_code: String,
    /// Five digits that the reference table knows: `postal_code`, or what
    /// [`DirtReport::postal_codes_replaced`] says is used for it.
    pub located_at: String,
    /// In the order of the source, 1 to 14.
    pub lines: Vec<SuperstoreLine>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperstoreLine {
    /// The product id.
    pub sku: String,
    /// Units, 1 to 14.
    pub quantity: u32,
    /// US cents for one unit after discount: the line's total over its
    /// quantity, rounded half up.
    pub unit_price_cents: u32,
    /// What the line came to in the source, in hundredths of a US cent.
    pub total_hundredths_of_a_cent: u64,
}

/// The shop keeps one clock, in the middle of the country.
pub const SHOP_ZONE: &str = "America/Chicago";

/// Minutes after local midnight of the first possible order.
pub const SHOP_OPENS_MINUTES: u16 = 8 * 60;

/// Minutes after local midnight by which the last order has come in, exclusive.
pub const SHOP_CLOSES_MINUTES: u16 = 20 * 60;

#[cfg(test)]
mod tests;
