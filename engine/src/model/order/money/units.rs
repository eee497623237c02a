//! What units of a line cost.

use minicbor::{Decode, Encode};

use super::components::{ComponentKind, PriceComponent};
use crate::model::money::{Minor, UnitPrice, scaled, share};

/// Units of a line that were priced together.
///
/// Each component is shared to units once: the first `k` of `n` units have `floor(amount k / n)` of it.
/// Units leave, and come back, from the first one on; they are cancelled from the last one on. So in
/// whatever steps that happens, what left, what came back and what was cancelled sum to the whole.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PricedUnits {
    /// The line, from 0.
    #[n(0)]
    pub line: u16,
    /// How many units, at least 1.
    #[n(1)]
    pub units: u32,
    /// What one costs.
    #[n(2)]
    pub unit_price: UnitPrice,
    /// What all of them cost, part by part.
    #[n(3)]
    pub components: Vec<PriceComponent>,
    /// Units of them that were cancelled.
    #[n(4)]
    pub cancelled: u32,
    /// Units of them whose price was given back.
    #[n(5)]
    pub credited: u32,
}

/// Units that an order keeps, and that cost something else from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Repriced {
    /// The place of what is priced, from 0.
    #[n(0)]
    pub place: u16,
    /// What one costs.
    #[n(1)]
    pub unit_price: UnitPrice,
    /// What all of them cost that are neither cancelled nor given back, part by part.
    #[n(2)]
    pub components: Vec<PriceComponent>,
}

impl PricedUnits {
    /// Units that were not cancelled.
    pub const fn kept(&self) -> u32 {
        self.units - self.cancelled
    }

    /// What the first so many units cost.
    pub fn upto(&self, units: u32) -> Minor {
        self.components.iter().map(|of| share(of.counted(), units, self.units)).sum()
    }

    /// What units from one on to another one, exclusive, have of a component.
    pub fn between(&self, component: &PriceComponent, (from, to): (u32, u32)) -> Minor {
        share(component.amount, to, self.units) - share(component.amount, from, self.units)
    }

    /// What the units have of a component that are neither cancelled nor given back.
    pub fn kept_of(&self, component: &PriceComponent) -> Minor {
        self.between(component, (self.credited.min(self.kept()), self.kept()))
    }

    /// Its first so many units, those that were given back by themselves so that they are worth what they
    /// were, and the others.
    pub(in crate::model::order) fn split_at(self, first: u32) -> (Vec<Self>, Option<Self>) {
        if first >= self.units {
            return (vec![self], None);
        }
        let back = self.credited.min(first);
        let (back, rest) = (back > 0).then(|| self.clone().split(back)).unzip();
        let rest: Self = rest.unwrap_or(self);
        let open = first - back.as_ref().map_or(0, |of: &Self| of.units);
        let (open, rest) = rest.split(open);
        (back.into_iter().chain([open]).filter(|of| of.units > 0).collect(), Some(rest))
    }

    /// The first so many units, and the others: each component is split as it is shared, so that both
    /// sum to what they were. The last ones are those that were cancelled.
    fn split(mut self, first: u32) -> (Self, Self) {
        let mut rest = self.clone();
        for (of, left) in self.components.iter_mut().zip(&mut rest.components) {
            of.amount = share(of.amount, first, rest.units);
            left.amount -= of.amount;
        }
        (self.units, rest.units) = (first, self.units - first);
        self.cancelled = self.cancelled.saturating_sub(rest.units);
        rest.cancelled -= self.cancelled;
        self.credited = self.credited.min(first);
        rest.credited -= self.credited;
        (self, rest)
    }

    /// Units that are neither cancelled nor given back.
    pub fn had(&self) -> u32 {
        self.kept() - self.credited.min(self.kept())
    }

    /// What units cost that are neither cancelled nor given back, without what some promotions take off, by
    /// the places of their names. Taxes are on as much more.
    pub fn without(&self, promotions: &[u16]) -> Vec<PriceComponent> {
        let is_off = |of: &PriceComponent| {
            of.kind == ComponentKind::Discount && promotions.contains(&of.name)
        };
        let net = self.components.iter().filter(|of| of.kind.is_net());
        let before: Minor = net.clone().map(|of| self.kept_of(of)).sum();
        let now: Minor = net.filter(|of| !is_off(of)).map(|of| self.kept_of(of)).sum();
        let amount = |of: &PriceComponent| {
            let amount = self.kept_of(of);
            let is_taxed = !of.kind.is_net() && before > Minor::ZERO;
            let amount = if is_taxed { scaled(amount, now, before) } else { amount };
            PriceComponent { amount, ..*of }
        };
        self.components.iter().filter(|of| !is_off(of)).map(amount).collect()
    }

    /// The same units, of which those that are neither cancelled nor given back cost something else. What
    /// was given back, and what was cancelled, stays apart, and costs what it did.
    pub(super) fn with(self, new: &Repriced) -> impl Iterator<Item = Self> {
        let had = self.had();
        let back = self.kept() - had;
        let (back, rest) = self.split(back);
        let (now, cancelled) = rest.split(had);
        let (unit_price, components) = (new.unit_price, new.components.clone());
        let now = Self { unit_price, components, ..now };
        [back, now, cancelled].into_iter().filter(|of| of.units > 0)
    }

    /// What they cost.
    pub fn value(&self) -> Minor {
        self.upto(self.kept()) - self.upto(self.credited.min(self.kept()))
    }
}
