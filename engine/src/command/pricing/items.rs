//! What the rooms share that name items.

use std::collections::HashSet;

use crate::model::{Refusal, Rule, Sku, SkuNo, Violation};
use crate::state::catalogue::Catalogue;

/// The number of an item that a caller names.
pub fn number(catalogue: &Catalogue, sku: &Sku) -> Result<SkuNo, Refusal> {
    catalogue.sku_no(sku.as_str()).ok_or_else(|| Refusal::ItemNotFound { sku: sku.clone() })
}

/// Notes a list of items that is empty, too long, or names one twice: `field` is the list.
pub fn check_items<T>(
    found: &mut Vec<Violation>,
    field: &str,
    items: &[T],
    max: usize,
    sku: impl Fn(&T) -> &Sku,
) {
    if items.is_empty() {
        found.push(Violation::new(field, "", Rule::Required));
    }
    if items.len() > max {
        found.push(Violation::new(field, items.len(), Rule::TooMany { max }));
        return;
    }
    let mut seen = HashSet::new();
    for (at, item) in items.iter().enumerate() {
        let sku = sku(item);
        if !seen.insert(sku) {
            found.push(Violation::new(format!("{field}[{at}].sku"), sku, Rule::Duplicate));
        }
    }
}
