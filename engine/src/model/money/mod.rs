//! Amounts of money, and how they are shared.
//!
//! What changes hands is whole minor units; what one unit of an item costs has four decimals. Nothing here
//! is a float. Whatever is shared is shared by differences of one cumulative function, so that the parts
//! are the whole, in whatever steps they are taken.

mod amount;
mod currency;
mod share;

pub use amount::{Minor, UnitPrice};
pub use currency::Currency;
pub use share::{apportion, of_basis_points, scaled, share, share_of_amount, tax_within};
