//! What an order costs: pure, values in and values out.
//!
//! ```text
//!   basket, buyer --lists: contract, group, channel, everybody--> unit prices, lines in order
//!        --lanes of promotions: each counts from what those before left--> net lines
//!        --shipping rates, promotions on shipping--> charge   --rates, or the caller's--> taxes
//! ```
//! Neither the order of lines nor that of promotions matters: both are put in an order of their
//! own. Lines: the dearest unit first, then by item, then by number. Promotions: by lane, priority
//! and id. A fixed amount is shared in the order of lines.
//!
//! The algorithm is that of the lanes of Solidus, with units in the place of items where sets are
//! made. All arithmetic is that of [`money`](crate::model::money). A line's price is rounded once;
//! a discount is rounded once for each line; nothing goes below zero.

mod asked;
mod basket;
mod book;
mod categories;
mod change;
mod condition;
mod discount;
mod lanes;
mod line;
mod list;
mod live;
mod offer;
mod offers;
mod pages;
mod price;
mod priced;
mod promotion;
mod refusals;
mod row;
mod sets;
mod shipped;
mod shipping;
mod tax;
#[cfg(test)]
mod tests;
mod validity;
mod zone;
mod zones;

pub use asked::asked;
pub use basket::{BasketLine, Buyer, GivenTaxes, Taxes};
pub use book::Book;
pub use categories::Categories;
pub use change::{PricingChange, SkuCategory, SkuPrices};
pub use condition::{Condition, Facts, Fault};
pub use discount::{BuyGet, Companion, Discount};
pub use list::{PriceList, PriceListDefinition, Scope};
pub use pages::Pages;
pub use price::price;
pub use priced::{
    LineDiscount, Priced, PricedLine, PricedShipping, SetPart, SetsMade, Unpriced, WhyNot,
};
pub use promotion::{OnChange, Promotion, Stack};
pub use row::{PriceRow, SkuRows, price_at, sku_rows};
pub use shipping::{ShippingRate, ShippingTable, check_rates};
pub use tax::{TaxRate, TaxRates, TaxTable};
pub use validity::Validity;
pub use zone::{Place, Zone};
pub use zones::Zones;
