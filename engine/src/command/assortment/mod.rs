//! Commands on what is said of items by those who choose what is sold. They come one at a time, with those on nodes, the
//! policy and prices.

pub mod define_styles;
pub mod set_associations;

use crate::model::{Refusal, Sku, SkuNo};
use crate::state::catalogue::Catalogue;

/// The number of an item that a caller names.
fn number(catalogue: &Catalogue, sku: &Sku) -> Result<SkuNo, Refusal> {
    catalogue.sku_no(sku.as_str()).ok_or_else(|| Refusal::ItemNotFound { sku: sku.clone() })
}

#[cfg(test)]
pub(crate) mod tests;
