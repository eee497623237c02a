//! An order that has prices: what it comes to, whether it is paid, and what it asks for.

mod check;
mod due;
mod expiring;

use super::money::{IntentsMinted, Minted, OrderMinted, OrderMoney, PricedUnits, Totals};
use super::{Order, count};
use crate::model::ids::SkuNo;
use crate::model::money::Minor;
use crate::model::promotion_use::{UsesOf, UsesTaken};
use crate::model::time::Timestamp;

/// The money of an order.
impl Order {
    /// What it comes to; none where it has no prices.
    pub fn totals(&self) -> Option<Totals> {
        self.money.as_deref().map(OrderMoney::totals)
    }

    /// What it asks payment providers for as it stands, if it does.
    fn minted_now(&self, at: Timestamp) -> Option<OrderMinted> {
        self.minted_beside(at, None)
    }

    /// What an event has it ask for that leaves it as it stands, and the uses of promotions that the event
    /// gives back, if it does either. It was `before` until then.
    pub fn minted_since(&self, before: &Self, at: Timestamp) -> Option<OrderMinted> {
        let gives_back = self.uses().next().is_none();
        self.minted_beside(at, before.uses_taken().filter(|_| gives_back))
    }

    fn minted_beside(&self, at: Timestamp, uses_back: UsesTaken) -> Option<OrderMinted> {
        let expired = self.over_by(at);
        let minted = match &expired {
            None => self.intents_due(),
            Some(over) => self.lapsed(over, at).intents_due(),
        };
        let is_nothing = minted.is_empty() && uses_back.is_none() && expired.is_none();
        let money = self.money.as_deref().filter(|_| !is_nothing)?;
        let payment = |of: &Minted| Some(money.payments[usize::from(of.payment?)].id.clone());
        Some(OrderMinted {
            no: self.no,
            id: self.header.id.clone(),
            first: count(money.intents.len()) + 1,
            currency: money.currency,
            payments: minted.iter().map(payment).collect(),
            minted: IntentsMinted { at, minted, expired },
            uses_back,
        })
    }

    /// The order once that is set aside of it no more, by payment, from 0.
    fn lapsed(&self, over: &[(u16, Minor)], at: Timestamp) -> Self {
        let mut after = self.clone();
        after.money_mut().lapse(over, at);
        after
    }

    /// The uses of limited promotions that it has, as they are counted: everybody's and the customer's own.
    pub fn uses(&self) -> impl Iterator<Item = UsesOf> {
        let used = self.money.as_deref().map_or(&[][..], |money| &money.uses);
        used.iter().flat_map(|no| UsesOf::of(*no, self.header.customer.as_ref()))
    }

    /// The same, which the command takes that places it; mostly none.
    pub fn uses_taken(&self) -> UsesTaken {
        let uses: Box<[UsesOf]> = self.uses().collect();
        (!uses.is_empty()).then_some(uses)
    }

    /// Units of a line, from 0, that left.
    pub fn left_of(&self, line: u16) -> u32 {
        self.allocations.iter().filter(|a| a.line == line).map(|a| a.shipped).sum()
    }

    /// Whether what it is paid by covers what it comes to, so that nodes may work on it. It does where
    /// nothing is said of how it is paid.
    pub fn is_secured(&self) -> bool {
        let money = self.money.as_deref();
        money.is_none_or(|money| money.payments.is_empty() || money.secured() >= money.total())
    }

    /// Has it cost this, and ask for what is due of that already.
    pub fn priced(&mut self, money: OrderMoney, at: Timestamp) {
        self.money = Some(Box::new(money));
        self.cancel_priced();
        if let Some(due) = self.minted_now(at) {
            self.mint(&due.minted);
        }
    }

    /// The lines, from 0, of so many units of what begins with a line: of a bundle, those of its components.
    pub fn lines_from(&self, first: u16, units: u32) -> Vec<(u16, u32)> {
        let of_bundle = self.bundles.iter().find(|bundle| bundle.line == first);
        let sku = of_bundle.map_or(self.lines[usize::from(first)].sku, |bundle| bundle.sku);
        match of_bundle {
            Some(_) => self.lines_of_item(sku, units),
            None => vec![(first, units)],
        }
    }

    /// The lines, from 0, that an item is which was ordered so often, with their units: of a bundle, those
    /// of its components. Empty if it is none of them.
    pub fn lines_of_item(&self, sku: SkuNo, units: u32) -> Vec<(u16, u32)> {
        if let Some(bundle) = self.bundles.iter().find(|bundle| bundle.sku == sku) {
            let lines = bundle.line..bundle.line + bundle.components;
            let each = |line: u16| self.lines[usize::from(line)].ordered / bundle.units;
            return lines.map(|line| (line, each(line) * units)).collect();
        }
        let is_it = |at: &usize| self.lines[*at].sku == sku && self.bundle_of(count(*at)).is_none();
        let line = (0..self.lines.len()).find(is_it);
        line.map(|at| (count(at), units)).into_iter().collect()
    }

    /// Units that were cancelled take their share along: the last that came of a line first. Without any
    /// unit that is wanted, the order uses no promotion.
    pub(super) fn cancel_priced(&mut self) {
        let Self { money: Some(money), lines, returns, .. } = self else { return };
        if lines.iter().all(|line| line.wanted() == 0) {
            money.uses.clear();
        }
        let cancelled = |line: u16| lines[usize::from(line)].cancelled;
        if returns.iter().all(|of| of.exchange.is_none()) {
            cancel_units(&mut money.units, cancelled);
            return;
        }
        // What waits for units to come back is behind what left.
        let exchanges = returns.iter_mut().filter_map(|of| of.exchange.as_deref_mut());
        exchanges.for_each(|exchange| cancel_units(&mut exchange.prices, cancelled));
        let beside = |line: u16| {
            let all = returns.iter().filter_map(|of| of.exchange.as_deref());
            let of_line = all.flat_map(|of| &of.prices).filter(|of| of.line == line);
            of_line.map(|of| of.cancelled).sum::<u32>()
        };
        cancel_units(&mut money.units, |line| cancelled(line) - beside(line));
        self.place_prices();
    }
}

/// So many units of each line, from 0, are cancelled: the last that came of a line first.
fn cancel_units(units: &mut [PricedUnits], cancelled: impl Fn(u16) -> u32) {
    for of_line in units.chunk_by_mut(|a, b| a.line == b.line) {
        let known: u32 = of_line.iter().map(|of| of.cancelled).sum();
        let mut more = cancelled(of_line[0].line).saturating_sub(known);
        for of in of_line.iter_mut().rev() {
            let gone = more.min(of.kept() - of.credited.min(of.kept()));
            of.cancelled += gone;
            more -= gone;
        }
    }
}

#[cfg(test)]
mod tests;
