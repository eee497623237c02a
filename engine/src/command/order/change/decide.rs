//! What of a change an order allows: pure.

use super::moving::Moving;
use super::operation::{Change, Operation, Wanted};
use crate::command::order::cancelled::{LineCancellation, line_of_bundle, releases};
use crate::command::order::on_hold::refuse_on_hold;
use crate::model::{AllocationUnits, LinePrice, Order, OrderState, Refusal, Sku, SkuNo, TaxAsked};
use crate::transaction::rests::Resting;

/// What a change asks of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Units that are no longer wanted, allocations ascending.
    pub releases: Vec<AllocationUnits>,
    /// Units that are wanted beyond those that it has.
    pub more: Vec<Wanted>,
    /// The operation, from 0, that wants each of these.
    pub wants: Vec<usize>,
    /// What is sourced anew of what it has, where it goes another way, or a shipment is moved.
    pub moving: Option<Moving>,
    /// What is priced of it, from 0, and costs something else once it is changed.
    pub repriced: Vec<(u16, NewPrice)>,
    /// What cannot be had.
    pub faults: Vec<Fault>,
}

/// What units cost that an order keeps, where a promotion ends for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPrice {
    /// What they did, without what these promotions took off, by the places of their names; and the taxes on
    /// that, where they are known.
    Without(Vec<u16>, Option<Vec<TaxAsked>>),
    /// What they cost today.
    Anew(Box<LinePrice>),
}

/// Why a part of a change cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation, from 0; none where several are concerned.
    pub operation: Option<usize>,
    /// Why.
    pub why: Refusal,
}

impl Sought {
    /// The operation that wants an item, if it is one alone.
    pub fn operation_of(&self, sku: &str) -> Option<usize> {
        let mut all = self.more.iter().zip(&self.wants).filter(|(of, _)| of.sku.as_str() == sku);
        let (_, first) = all.next()?;
        all.next().is_none().then_some(*first)
    }
}

/// What a change asks of an order that rests on this supply. `sku` names items.
///
/// # Errors
/// [`Refusal::OrderClosed`], where all of the order is cancelled: nothing can be changed any more.
pub fn seek(
    (order, resting): (&Order, &Resting),
    change: &Change,
    sku: impl Fn(SkuNo) -> Sku,
) -> Result<Sought, Refusal> {
    if order.state() == OrderState::Cancelled {
        return Err(closed(order));
    }
    let mut seeking = Seeking {
        order,
        resting,
        sku,
        fewer: Vec::new(),
        bundles: Vec::new(),
        found: Sought::default(),
    };
    if let Err(why) = one_currency(order, change) {
        seeking.found.faults.push(Fault { operation: None, why });
    }
    for (at, operation) in change.operations.iter().enumerate() {
        let more = seeking.found.more.len();
        let sought = seeking.operation(operation);
        let sought = sought.and_then(|()| priced(order, operation, &seeking.found.more[more..]));
        if let Err(why) = sought {
            seeking.found.faults.push(Fault { operation: Some(at), why });
        }
        seeking.found.wants.resize(seeking.found.more.len(), at);
    }
    let Seeking { fewer, mut found, .. } = seeking;
    if order.has_let_go() && !found.more.is_empty() {
        // It would keep what it is to let go of.
        let why = refuse_on_hold(order).expect_err("it is on hold");
        found.faults.push(Fault { operation: None, why });
    }
    if !fewer.is_empty() {
        // Each of them can be had by itself, and no two are of the same line or bundle.
        found.releases = releases(order, resting, &fewer)?;
    }
    Ok(found)
}

fn closed(order: &Order) -> Refusal {
    Refusal::OrderClosed { order_id: order.header.id.clone() }
}

/// Refuses units without a price of an order that has prices, and what else an operation says of what
/// lines cost than the order can keep.
fn priced(order: &Order, operation: &Operation, more: &[Wanted]) -> Result<(), Refusal> {
    let order_id = || order.header.id.clone();
    let sets = matches!(operation, Operation::SetAmount { .. });
    let Some(money) = order.money.as_deref() else {
        let is_priced = more.iter().any(|of| of.price.is_some());
        return if is_priced {
            Err(Refusal::OrderNotPriced { order_id: order_id() })
        } else {
            Ok(())
        };
    };
    if sets || more.iter().any(|of| of.amount.is_some()) {
        return Err(Refusal::OrderPriced { order_id: order_id() });
    }
    // What the engine priced, it prices.
    match more.iter().find(|of| of.price.is_none() && money.by.is_none()) {
        Some(of) => Err(Refusal::PriceMissing { order_id: order_id(), sku: of.sku.clone() }),
        None => Ok(()),
    }
}

/// Amounts of an order are in one currency.
fn one_currency(order: &Order, change: &Change) -> Result<(), Refusal> {
    let known = order.amended.as_ref().and_then(|of| of.amounts.as_ref());
    let known = known.map(|known| known.currency);
    let known = order.money.as_deref().map(|money| money.currency).or(known);
    match (known, change.currency) {
        (Some(known), Some(currency)) if known != currency => {
            let order_id = order.header.id.clone();
            Err(Refusal::CurrencyDiffers { order_id, currency, known })
        }
        _ => Ok(()),
    }
}

struct Seeking<'a, F> {
    order: &'a Order,
    resting: &'a Resting,
    sku: F,
    fewer: Vec<LineCancellation>,
    /// The first lines of bundles that were named.
    bundles: Vec<u16>,
    found: Sought,
}

impl<F: Fn(SkuNo) -> Sku> Seeking<'_, F> {
    fn operation(&mut self, operation: &Operation) -> Result<(), Refusal> {
        match operation {
            Operation::SetQuantity { line, quantity } => self.set_quantity(*line, *quantity),
            Operation::Add(wanted) => {
                self.found.more.push(wanted.clone());
                Ok(())
            }
            Operation::Swap { line, instead } => {
                self.line(*line)?;
                self.name_bundle(*line)?;
                self.fewer(*line, instead.quantity)?;
                self.found.more.push(instead.clone());
                Ok(())
            }
            Operation::SetAmount { line, .. } => self.line(*line),
            Operation::SetNote(_) => Ok(()),
            // What of it leaves from elsewhere is told by where its shipments are.
            Operation::SetDestination(_)
            | Operation::SetService(_)
            | Operation::SetDeliverBy(_) => self.leaves(),
            Operation::Move { lines, .. } => {
                lines.iter().try_for_each(|(line, _)| self.line(*line))?;
                self.leaves()
            }
        }
    }

    /// Whether any unit is still to leave.
    fn leaves(&self) -> Result<(), Refusal> {
        if self.order.state() == OrderState::Open { Ok(()) } else { Err(closed(self.order)) }
    }

    fn line(&self, line: u16) -> Result<(), Refusal> {
        if usize::from(line) < self.order.lines.len() {
            return Ok(());
        }
        let order_id = self.order.header.id.clone();
        Err(Refusal::LineNotFound { order_id, line_index: line.into() })
    }

    /// A bundle is named by one of its lines.
    fn name_bundle(&mut self, line: u16) -> Result<(), Refusal> {
        let Some(bundle) = self.order.bundle_of(line) else { return Ok(()) };
        if self.bundles.contains(&bundle.line) {
            return Err(line_of_bundle(self.order, line.into(), bundle));
        }
        self.bundles.push(bundle.line);
        Ok(())
    }

    fn set_quantity(&mut self, line: u16, quantity: u32) -> Result<(), Refusal> {
        self.line(line)?;
        self.name_bundle(line)?;
        let order = self.order;
        let of = order.lines[usize::from(line)];
        let (sku, wanted) = match order.bundle_of(line) {
            None => (of.sku, of.ordered - of.cancelled),
            Some(bundle) => (bundle.sku, (of.ordered - of.cancelled) / order.each_of(bundle, line)),
        };
        if quantity > wanted {
            let sku = (self.sku)(sku);
            let quantity = quantity - wanted;
            self.found.more.push(Wanted { sku, quantity, amount: None, price: None });
        } else if quantity < wanted {
            return self.fewer(line, wanted - quantity);
        }
        Ok(())
    }

    fn fewer(&mut self, line: u16, quantity: u32) -> Result<(), Refusal> {
        let of_bundle = self.order.bundle_of(line).is_some();
        // Cancellations count lines from 1.
        let line = u32::from(line) + 1;
        let cancellation = LineCancellation { line, quantity, of_bundle };
        releases(self.order, self.resting, &[cancellation])?;
        self.fewer.push(cancellation);
        Ok(())
    }
}
