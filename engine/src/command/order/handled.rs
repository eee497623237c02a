//! What a node does with units of an order: at which pairs, and of which bundles.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::model::{AllocationUnits, Handled, LineHandled, Order, OrderNo, Pair, Refusal};

/// What a node does with units of an order at its pairs, pairs ascending: those that go back to the
/// shelf, that are picked, that leave, and that the order gives back.
pub(super) fn handled(order: OrderNo, units: [&[AllocationUnits]; 4]) -> Vec<(Pair, Handled)> {
    let mut all = BTreeMap::<(Pair, u16), [u32; 4]>::new();
    for (kind, units) in units.into_iter().enumerate() {
        for of in units {
            all.entry((of.pair, of.line)).or_default()[kind] += of.units;
        }
    }
    let mut handled = Vec::<(Pair, Handled)>::new();
    for ((pair, line), [put_back, picked, left, released]) in all {
        if handled.last().is_none_or(|(of, _)| *of != pair) {
            handled.push((pair, Handled { order, lines: SmallVec::new(), parts: false }));
        }
        let lines = &mut handled.last_mut().expect("it is there").1.lines;
        lines.push(LineHandled { line, put_back, picked, left, released, expired: 0 });
    }
    handled
}

/// Refuses that a part of a bundle goes where the rest of it does not.
pub(super) fn whole_bundles(order: &Order, units: &[AllocationUnits]) -> Result<(), Refusal> {
    let of_line = |line| {
        let of_line = units.iter().filter(move |of| of.line == line);
        of_line.map(|of| of.units).sum::<u32>()
    };
    let part = order.part_of_bundle(of_line).and_then(|at| u32::try_from(at).ok());
    let Some(bundle_index) = part else { return Ok(()) };
    Err(Refusal::BundleNotWhole { order_id: order.header.id.clone(), bundle_index })
}
