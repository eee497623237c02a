//! Commands on what prices are made of: price lists and their prices, promotions, tax rates and
//! shipping rates. They come one at a time, with those on nodes and the policy.

pub mod define_price_list;
pub mod define_promotion;
pub mod define_shipping_rates;
pub mod define_tax_rates;
pub mod items;
pub mod rates;
pub mod set_prices;
pub mod set_tax_categories;

use crate::model::Refusal;

/// The number of a thing that is there, or the next one of so many.
fn number_of(
    known: Option<u32>,
    there: usize,
    (what, max): (&'static str, usize),
) -> Result<u32, Refusal> {
    match known {
        Some(no) => Ok(no),
        None if there < max => Ok(u32::try_from(there).expect("lists are far shorter")),
        None => Err(Refusal::ListFull { what, max }),
    }
}

#[cfg(test)]
pub(crate) mod tests;
