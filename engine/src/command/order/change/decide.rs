//! What of a change an order allows: pure.

use super::operation::{Change, Operation, Wanted};
use crate::command::order::cancelled::{LineCancellation, line_of_bundle, releases};
use crate::model::{AllocationUnits, Order, OrderState, Refusal, Sku, SkuNo};
use crate::transaction::rests::Resting;

/// What a change asks of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Units that are no longer wanted, allocations ascending.
    pub releases: Vec<AllocationUnits>,
    /// Units that are wanted beyond those that it has.
    pub more: Vec<Wanted>,
    /// What cannot be had.
    pub faults: Vec<Fault>,
}

/// Why a part of a change cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation, from 0; none where several are concerned.
    pub operation: Option<usize>,
    /// Why.
    pub why: Refusal,
}

/// What a change asks of an order that rests on this supply. `sku` names items.
///
/// # Errors
/// [`Refusal::OrderClosed`], where nothing can be changed any more.
pub fn seek(
    (order, resting): (&Order, &Resting),
    change: &Change,
    sku: impl Fn(SkuNo) -> Sku,
) -> Result<Sought, Refusal> {
    if order.state() != OrderState::Open {
        return Err(Refusal::OrderClosed { order_id: order.header.id.clone() });
    }
    let mut seeking = Seeking { order, resting, sku, fewer: Vec::new(), found: Sought::default() };
    for (at, operation) in change.operations.iter().enumerate() {
        if let Err(why) = seeking.operation(operation, change) {
            seeking.found.faults.push(Fault { operation: Some(at), why });
        }
    }
    let Seeking { fewer, mut found, .. } = seeking;
    if !fewer.is_empty() {
        // Each of them can be had by itself, and no two are of the same line or bundle.
        found.releases = releases(order, resting, &fewer)?;
    }
    Ok(found)
}

struct Seeking<'a, F> {
    order: &'a Order,
    resting: &'a Resting,
    sku: F,
    fewer: Vec<LineCancellation>,
    found: Sought,
}

impl<F: Fn(SkuNo) -> Sku> Seeking<'_, F> {
    fn operation(&mut self, operation: &Operation, change: &Change) -> Result<(), Refusal> {
        if let Some(known) = self.order.amended.as_ref().and_then(|of| of.amounts.as_ref())
            && let Some(currency) = change.currency.filter(|currency| *currency != known.currency)
        {
            let (order_id, known) = (self.order.header.id.clone(), known.currency);
            return Err(Refusal::CurrencyDiffers { order_id, currency, known });
        }
        match operation {
            Operation::SetQuantity { line, quantity } => self.set_quantity(*line, *quantity),
            Operation::Add(wanted) => {
                self.found.more.push(wanted.clone());
                Ok(())
            }
            Operation::Swap { line, instead } => {
                self.line(*line)?;
                self.fewer(*line, instead.quantity)?;
                self.found.more.push(instead.clone());
                Ok(())
            }
            Operation::SetNote(_) => Ok(()),
            Operation::SetAmount { line, .. } => self.line(*line),
        }
    }

    fn line(&self, line: u16) -> Result<(), Refusal> {
        if usize::from(line) < self.order.lines.len() {
            return Ok(());
        }
        let order_id = self.order.header.id.clone();
        Err(Refusal::LineNotFound { order_id, line_index: line.into() })
    }

    fn set_quantity(&mut self, line: u16, quantity: u32) -> Result<(), Refusal> {
        self.line(line)?;
        let order = self.order;
        let of = order.lines[usize::from(line)];
        let (sku, wanted) = match order.bundle_of(line) {
            None => (of.sku, of.ordered - of.cancelled),
            Some(bundle) => (bundle.sku, (of.ordered - of.cancelled) / order.each_of(bundle, line)),
        };
        if quantity > wanted {
            let sku = (self.sku)(sku);
            self.found.more.push(Wanted { sku, quantity: quantity - wanted, amount: None });
        } else if quantity < wanted {
            return self.fewer(line, wanted - quantity);
        }
        Ok(())
    }

    fn fewer(&mut self, line: u16, quantity: u32) -> Result<(), Refusal> {
        let bundle = self.order.bundle_of(line);
        let is_named = |of: &LineCancellation| {
            bundle.is_some_and(|bundle| bundle.lines().any(|line| u32::from(line) + 1 == of.line))
        };
        if let Some(bundle) = bundle.filter(|_| self.fewer.iter().any(is_named)) {
            return Err(line_of_bundle(self.order, line.into(), bundle));
        }
        // Cancellations count lines from 1.
        let line = u32::from(line) + 1;
        let cancellation = LineCancellation { line, quantity, of_bundle: bundle.is_some() };
        releases(self.order, self.resting, &[cancellation])?;
        self.fewer.push(cancellation);
        Ok(())
    }
}
