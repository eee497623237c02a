//! Commands on orders.

pub mod cancel;
#[cfg(test)]
pub(crate) mod fixture;
pub mod place;
pub mod ship;

use serde_json::{Value, json};

use crate::model::AllocationUnits;

/// Units of an order, for a person or a script.
fn units(units: &[AllocationUnits]) -> Value {
    let part = |part: &AllocationUnits| {
        json!({
            "line": part.line, "sku_no": part.pair.sku.0,
            "node_no": part.pair.node.0, "units": part.units,
        })
    };
    units.iter().map(part).collect()
}
