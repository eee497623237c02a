//! Orders that are paid, and of which nothing is there.

use crate::model::{OrderLine, SkuNo};
use crate::planning::{Draft, Wanted};

/// An order of which nothing is there, and that is paid: all its units are cancelled. So what was paid is
/// given back in the event that says so.
pub fn not_placeable(wanted: &Wanted<'_>) -> Draft {
    let line = |sku: SkuNo, units: u32| OrderLine { sku, ordered: units, cancelled: units };
    let lines =
        wanted.lines.iter().zip(0..).flat_map(|(of, at): (_, usize)| match &wanted.bundled {
            None => vec![line(of.sku, of.quantity)],
            Some(made) => {
                let parts = made.0[at].parts.iter();
                parts.map(|part| line(part.sku, part.each * of.quantity)).collect()
            }
        });
    Draft {
        lines: lines.collect(),
        bundles: None,
        shipments: Box::default(),
        allocations: Box::default(),
        promise_by: wanted.promise_by,
        unfilled: wanted.lines.iter().map(|of| of.quantity).collect(),
        cost: 0,
        cut_short: false,
        comes_late: false,
        in_flight: [].into_iter().collect(),
        trace: Box::default(),
        asked: false,
    }
}
