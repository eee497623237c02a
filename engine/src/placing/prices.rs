//! What an order costs that is about to be placed, and what it asks of payment providers.

use super::places::Places;
use super::request::{Lines, OrderRequest};
use crate::model::{Order, OrderLine, PricesAsked, SkuNo};
use crate::planning::{Draft, Wanted};
use crate::transaction::kernel::Kernel;

/// Has an order cost what its caller says, and ask for what is due of that already.
pub fn price(kernel: &Kernel, order: &mut Order, command: &impl Places) {
    let OrderRequest { prices: Some(prices), lines, .. } = command.order() else { return };
    let of_lines = lines_of(kernel, order, lines);
    let at = command.meta().at;
    let money = prices.priced(&of_lines, |line| lines.0[line].sku.to_string(), at);
    order.priced(money, at);
}

/// Which lines of an order, from 0, each line of its caller is, with its units: of a bundle, those of its
/// components.
fn lines_of(kernel: &Kernel, order: &Order, lines: &Lines) -> Vec<(u32, Vec<(u16, u32)>)> {
    let all = lines.0.iter().map(|line| {
        let sku = kernel.state.catalogue.sku_no(line.sku.as_str()).expect("it was looked up");
        (line.quantity, order.lines_of_item(sku, line.quantity))
    });
    all.collect()
}

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

/// Whether something was paid of an order, or set aside, before it came in.
pub fn is_paid(prices: Option<&PricesAsked>) -> bool {
    prices.is_some_and(PricesAsked::is_paid)
}
