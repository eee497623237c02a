//! Commands on orders.

pub mod cancel;
#[cfg(test)]
mod fixture;
pub mod place;
pub mod ship;

use serde_json::{Value, json};

use crate::model::AllocationUnits;

/// Units of an order, for a person or a script.
fn units(units: &[AllocationUnits]) -> Value {
    let unit = |release: &AllocationUnits| {
        json!({
            "line": release.line, "sku_no": release.pair.sku.0,
            "node_no": release.pair.node.0, "units": release.units,
        })
    };
    units.iter().map(unit).collect()
}
