//! What an order costs, what was paid, and what is asked of payment providers.
//!
//! ```text
//!   components (price, discounts, taxes) --shared to units once--> value of what is kept, and of what left
//!   ledger (authorised, captured, refunded, ..) -----------------> balance
//!   value against balance --settle--> intents --> results --> ledger
//! ```
//! Nothing is ever settled by a delta: each event looks at what the order is worth by then and at the
//! ledger, and asks for the difference. So a repeat asks for nothing.

mod asked;
mod components;
mod credited;
mod expiry;
mod intent;
mod ledger;
mod payment;
mod result;
mod return_fee;
mod sums;
mod units;

use minicbor::{Decode, Encode};

pub use self::asked::{
    LinePrice, PaymentAsked, PricesAsked, ShippingPrice, Taken, TaxAmount, TaxAsked, check_payments,
};
pub use self::components::{ComponentKind, PriceComponent, value_of};
pub(super) use self::credited::UnitsBack;
pub use self::expiry::ExpiryStep;
pub use self::intent::{
    Intent, IntentKind, IntentState, IntentsMinted, Minted, OrderMinted, describe_minted,
};
pub use self::ledger::{LedgerEntry, LedgerKind};
pub use self::payment::{CaptureAt, Captures, Ending, OnExpiry, Payment};
pub use self::result::{PaymentOutcome, PaymentTold, Telling, Told, told};
pub use self::return_fee::ReturnFee;
pub use self::sums::Sums;
pub use self::units::{PricedUnits, Repriced};
use crate::model::country::Country;
use crate::model::ids::{CouponCode, PromotionNo, RefundId, Text};
use crate::model::money::{Currency, Minor, share_of_amount};

/// What an order costs, what was paid of it, and what is asked of payment providers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderMoney {
    /// The currency of all amounts.
    #[n(0)]
    pub currency: Currency,
    /// What components are named after: promotions and taxes.
    #[n(1)]
    pub names: Vec<Text>,
    /// What units cost: ascending by line, and those of one line in the order in which they came.
    #[n(2)]
    pub units: Vec<PricedUnits>,
    /// What shipping costs.
    #[n(3)]
    pub shipping: Vec<PriceComponent>,
    /// What was given back as an amount alone, and not of units, the oldest first.
    #[n(5)]
    pub allowances: Vec<Allowance>,
    /// What is charged beside: for what came back, say.
    #[n(6)]
    pub fees: Vec<Fee>,
    /// When what is owed is captured.
    #[n(7)]
    pub captures: CaptureAt,
    /// What it is paid by, in the order in which they came.
    #[n(8)]
    pub payments: Vec<Payment>,
    /// What was asked of payment providers, number 1 first.
    #[n(9)]
    pub intents: Vec<Intent>,
    /// What happened to its money, the oldest first. Nothing is ever taken out.
    #[n(10)]
    pub ledger: Vec<LedgerEntry>,
    /// Whether taxes are within prices.
    #[n(11)]
    pub tax_included: bool,
    /// The limited promotions that it uses, ascending.
    #[n(12)]
    pub uses: Vec<PromotionNo>,
    /// For whom its prices are, where the engine made them; none where a caller said them.
    #[n(13)]
    pub by: Option<Box<PricedFor>>,
}

/// For whom the engine's prices are, beside what the order says: what is added to it is priced alike.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PricedFor {
    /// The customer's group.
    #[n(0)]
    pub group: Option<Text>,
    /// The contract under which it was ordered.
    #[n(1)]
    pub contract: Option<Text>,
    /// The coupons that were given.
    #[n(2)]
    pub coupons: Vec<CouponCode>,
    /// The country where it goes.
    #[n(3)]
    pub country: Option<Country>,
    /// Whether there are taxes by the tax rates.
    #[n(4)]
    pub taxed: bool,
}

/// What units cost that are added to an order with prices.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PricesAdded {
    /// What components are named after, behind what those of the order are.
    #[n(0)]
    pub names: Vec<Text>,
    /// The units.
    #[n(1)]
    pub units: Vec<PricedUnits>,
}

/// An amount that is given back, and not of units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Allowance {
    /// The caller's id: given once.
    #[n(0)]
    pub id: RefundId,
    /// How much, above zero.
    #[n(1)]
    pub amount: Minor,
    /// Of what.
    #[n(2)]
    pub of: AllowedOf,
    /// Why, for people.
    #[n(3)]
    pub reason: Text,
}

/// Of what an amount is given back. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum AllowedOf {
    /// Of the order.
    #[n(1)]
    Order,
    /// Of what shipping costs.
    #[n(2)]
    Shipping,
}

/// An amount that is charged beside what units cost.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fee {
    /// For what, for people.
    #[n(0)]
    pub what: Text,
    /// How much, above zero.
    #[n(1)]
    pub amount: Minor,
    /// Of which return, and for what of it; none if it is of none.
    #[n(2)]
    pub of_return: Option<(u16, ReturnFee)>,
}

/// What an order comes to, part by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What units that are kept cost, before anything is taken off.
    pub price: Minor,
    /// What is taken off that, below zero.
    pub discounts: Minor,
    /// What shipping costs, less what was given back of it, without tax that is put on it.
    pub shipping: Minor,
    /// Tax that is put on all that.
    pub tax: Minor,
    /// Tax that is within all that.
    pub tax_included: Minor,
    /// Fees.
    pub fees: Minor,
    /// What was given back as an amount alone, below zero.
    pub allowed: Minor,
}

impl Totals {
    /// What it comes to.
    pub fn total(&self) -> Minor {
        self.price + self.discounts + self.shipping + self.tax + self.fees + self.allowed
    }
}

impl OrderMoney {
    /// An order of which nothing is priced, in a currency.
    pub const fn new(currency: Currency) -> Self {
        Self {
            currency,
            names: Vec::new(),
            units: Vec::new(),
            shipping: Vec::new(),
            allowances: Vec::new(),
            fees: Vec::new(),
            captures: CaptureAt::Shipment,
            payments: Vec::new(),
            intents: Vec::new(),
            ledger: Vec::new(),
            tax_included: false,
            uses: Vec::new(),
            by: None,
        }
    }

    /// Units come to be that cost this.
    pub(super) fn add(&mut self, added: &PricesAdded) {
        self.names.extend(added.names.iter().cloned());
        self.units.extend(added.units.iter().cloned());
        self.units.sort_by_key(|of| of.line);
    }

    /// Has the order cost the first so many units of a line, from 0, and puts what others cost to what is
    /// kept beside, which is behind what it has.
    pub(super) fn have_first(&mut self, (line, first): (u16, u32), beside: &mut Vec<PricedUnits>) {
        let has: u32 = self.of_line(line).map(|of| of.units).sum();
        let is_of = |of: &mut PricedUnits| of.line == line;
        let is_so =
            if has < first { beside.iter().all(|of| of.line != line) } else { has == first };
        if is_so {
            return;
        }
        let mut left = first;
        let all: Vec<_> =
            self.units.extract_if(.., is_of).chain(beside.extract_if(.., is_of)).collect();
        for of in all {
            let (had, rest) = of.split_at(left);
            left -= had.iter().map(|of| of.units).sum::<u32>();
            self.units.extend(had);
            beside.extend(rest);
        }
        self.units.sort_by_key(|of| of.line);
        beside.sort_by_key(|of| of.line);
    }

    /// Units that it keeps cost something else, ascending by place. What is added is behind all of them.
    pub(super) fn reprice(&mut self, repriced: &[Repriced]) {
        for of in repriced.iter().rev() {
            let at = usize::from(of.place);
            let before = self.units.remove(at);
            self.units.splice(at..at, before.with(of));
        }
    }

    /// What is priced of a line, from 0.
    pub fn of_line(&self, line: u16) -> impl Iterator<Item = &PricedUnits> {
        self.units.iter().filter(move |of| of.line == line)
    }

    /// What a line, from 0, costs once so many more of its units are cancelled.
    pub fn value_of_line(&self, line: u16, gone: u32) -> Minor {
        let mut more = gone;
        let all: Vec<&PricedUnits> = self.of_line(line).collect();
        let values = all.iter().rev().map(|of| {
            let fewer = more.min(of.kept() - of.credited.min(of.kept()));
            more -= fewer;
            of.upto(of.kept() - fewer) - of.upto(of.credited.min(of.kept()))
        });
        values.sum()
    }

    /// What the order comes to, of the units that are neither cancelled nor given back.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { allowed: -self.allowed(AllowedOf::Order), ..Totals::default() };
        for of in &self.units {
            for component in &of.components {
                totals.count(component.kind, of.kept_of(component));
            }
        }
        for component in self.shipping_owed() {
            match component.kind {
                ComponentKind::Price | ComponentKind::Discount => {
                    totals.shipping += component.amount;
                }
                kind => totals.count(kind, component.amount),
            }
        }
        totals.fees = self.fees.iter().map(|fee| fee.amount).sum();
        // Of what came back, no amount is given back any more.
        totals.allowed -= totals.total().min(Minor::ZERO);
        totals
    }

    /// What the order comes to.
    pub fn total(&self) -> Minor {
        self.totals().total()
    }

    /// What it comes to of what left by now: so many units of each line, from 0.
    pub fn earned(&self, left: impl Fn(u16) -> u32) -> Minor {
        let mut earned = Minor::ZERO;
        let mut any = false;
        for of_line in self.units.chunk_by(|a, b| a.line == b.line) {
            let mut more = left(of_line[0].line);
            any |= more > 0;
            for of in of_line {
                let gone = more.min(of.kept());
                more -= gone;
                earned += of.upto(gone) - of.upto(of.credited.min(gone));
            }
        }
        if !any {
            return Minor::ZERO;
        }
        let shipping: Minor = self.shipping_owed().iter().map(PriceComponent::counted).sum();
        let fees: Minor = self.fees.iter().map(|fee| fee.amount).sum();
        (earned + shipping + fees - self.allowed(AllowedOf::Order)).or_zero()
    }

    /// What was given back as amounts alone, of shipping or of the order.
    pub fn allowed(&self, of: AllowedOf) -> Minor {
        self.allowances.iter().filter(|all| all.of == of).map(|all| all.amount).sum()
    }

    /// How much more may be given back of shipping, or of the order.
    pub fn allowable(&self, of: AllowedOf) -> Minor {
        match of {
            AllowedOf::Order => self.total(),
            AllowedOf::Shipping => self.shipping_owed().iter().map(PriceComponent::counted).sum(),
        }
    }

    /// What shipping costs by now: nothing where no unit is wanted any more.
    fn shipping_owed(&self) -> Vec<PriceComponent> {
        if !self.units.is_empty() && self.units.iter().all(|of| of.kept() == 0) {
            return Vec::new();
        }
        let (all, given) = (value_of(&self.shipping), self.allowed(AllowedOf::Shipping));
        let less = |component: &PriceComponent| PriceComponent {
            amount: component.amount - share_of_amount(component.amount, given, all),
            ..*component
        };
        self.shipping.iter().map(less).collect()
    }
}

impl OrderMoney {
    /// Whether it fits an order whose lines are of so many units: each is there, no more units of it are
    /// priced, cancelled or credited than there are, and what names others names those that are there.
    pub(super) fn is_sound(&self, ordered: impl Fn(u16) -> Option<u32>) -> bool {
        let names = |of: &PriceComponent| {
            of.kind == ComponentKind::Price || usize::from(of.name) < self.names.len()
        };
        let fits = |of: &PricedUnits| {
            let is_counted = of.units > 0 && of.cancelled <= of.units && of.credited <= of.kept();
            is_counted && ordered(of.line).is_some_and(|ordered| of.units <= ordered)
        };
        let payments = self.payments.len();
        let pays = |of: Option<u16>| of.is_none_or(|at| usize::from(at) < payments);
        let tells = |of: Option<u16>| of.is_none_or(|at| usize::from(at) < self.ledger.len());
        self.currency.exponent().is_some()
            && self.units.is_sorted_by_key(|of| of.line)
            && self.units.iter().all(|of| fits(of) && of.components.iter().all(names))
            && self.shipping.iter().all(names)
            && self.intents.iter().all(|of| pays(of.payment) && tells(of.of))
            && self.payments.iter().all(|of| tells(of.replaced.map(|(of, _)| of)))
            && self.ledger.iter().all(|of| pays(of.payment))
    }
}

impl Totals {
    fn count(&mut self, kind: ComponentKind, amount: Minor) {
        match kind {
            ComponentKind::Price => self.price += amount,
            ComponentKind::Discount => self.discounts += amount,
            ComponentKind::Tax => self.tax += amount,
            ComponentKind::TaxIncluded => self.tax_included += amount,
        }
    }
}
