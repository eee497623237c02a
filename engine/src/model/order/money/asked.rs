//! What an order costs and how it is paid, as a caller says it.

use minicbor::{Decode, Encode};

use super::components::{ComponentKind, PriceComponent, place, value_of};
use super::ledger::{LedgerEntry, LedgerKind};
use super::payment::{CaptureAt, Captures, OnExpiry, Payment};
use super::{OrderMoney, PricedUnits};
use crate::limits::{
    AMOUNT_MAX, AUTHORISATION_LEAD_MINUTES_MAX, COMPONENT_NAMES_MAX, COMPONENTS_MAX, PAYMENTS_MAX,
};
use crate::model::check::{bound, finish, in_range};
use crate::model::ids::{PaymentId, Text};
use crate::model::money::{Currency, Minor, UnitPrice, apportion, of_basis_points, tax_within};
use crate::model::time::Timestamp;
use crate::model::violation::{Rule, Violation};

/// What an order costs and how it is paid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PricesAsked {
    /// The currency of all amounts.
    #[n(0)]
    pub currency: Currency,
    /// Whether tax is within prices, or put on them.
    #[n(1)]
    pub tax_included: bool,
    /// What each line of the order costs, in their order.
    #[n(2)]
    pub lines: Vec<LinePrice>,
    /// What is taken off the order, by name: shared over its lines by what they cost.
    #[n(3)]
    pub discounts: Vec<(Text, Minor)>,
    /// What shipping costs.
    #[n(4)]
    pub shipping: Option<ShippingPrice>,
    /// When what is owed is captured.
    #[n(5)]
    pub captures: CaptureAt,
    /// What it is paid by; empty where somebody else sees to that.
    #[n(6)]
    pub payments: Vec<PaymentAsked>,
}

/// What a line costs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LinePrice {
    /// What one unit costs.
    #[n(0)]
    pub unit_price: UnitPrice,
    /// What is taken off all its units, by name.
    #[n(1)]
    pub discounts: Vec<(Text, Minor)>,
    /// The taxes on all its units, after what is taken off.
    #[n(2)]
    pub taxes: Vec<TaxAsked>,
}

/// A tax.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TaxAsked {
    /// Its name.
    #[n(0)]
    pub name: Text,
    /// How much.
    #[n(1)]
    pub amount: TaxAmount,
}

/// How much a tax is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum TaxAmount {
    /// So much.
    #[n(1)]
    Amount(#[n(0)] Minor),
    /// So many basis points of what it is on.
    #[n(2)]
    Rate(#[n(0)] u32),
}

/// What shipping costs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShippingPrice {
    /// Before anything is taken off.
    #[n(0)]
    pub amount: Minor,
    /// What is taken off it, by name.
    #[n(1)]
    pub discounts: Vec<(Text, Minor)>,
    /// The taxes on it.
    #[n(2)]
    pub taxes: Vec<TaxAsked>,
}

/// What an order is paid by, and what was done of that already.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaymentAsked {
    /// The caller's id.
    #[n(0)]
    pub id: PaymentId,
    /// What it is, such as `card`.
    #[n(1)]
    pub method: Text,
    /// How much of the order is to be paid by it.
    #[n(2)]
    pub amount: Minor,
    /// How often an authorisation of it may be captured.
    #[n(3)]
    pub captures: Captures,
    /// Until when it is authorised.
    #[n(4)]
    pub expires: Option<Timestamp>,
    /// What was done of it; the engine asks for an authorisation where nothing was.
    #[n(5)]
    pub taken: Taken,
    /// The provider's reference for that.
    #[n(6)]
    pub reference: Text,
    /// What becomes of its authorisation when it is about to end; none for what is usual.
    #[n(7)]
    pub on_expiry: Option<OnExpiry>,
}

/// What was done of a payment before the order came in. The numbers are those of fingerprints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Taken {
    /// Nothing.
    #[default]
    #[n(1)]
    Nothing,
    /// Its amount was set aside.
    #[n(2)]
    Authorised,
    /// Its amount was taken.
    #[n(3)]
    Captured,
    /// Its amount is on the customer's account.
    #[n(4)]
    OnAccount,
}

impl PaymentAsked {
    /// The payment, and what the ledger has of it.
    pub fn payment(&self, at: Timestamp, no: u16) -> (Payment, Vec<LedgerEntry>) {
        let entry = |kind| LedgerEntry {
            kind,
            payment: Some(no),
            amount: self.amount,
            at,
            intent: 0,
            reference: self.reference.clone(),
        };
        let entries = match self.taken {
            Taken::Nothing => vec![],
            Taken::Authorised => vec![entry(LedgerKind::Authorised)],
            Taken::Captured => vec![entry(LedgerKind::Captured)],
            Taken::OnAccount => vec![entry(LedgerKind::OnAccount)],
        };
        let payment = Payment {
            id: self.id.clone(),
            method: self.method.clone(),
            amount: self.amount,
            captures: self.captures,
            expires: self.expires,
            failed: false,
            refund_failed: false,
            on_expiry: self.on_expiry,
            ending: None,
            replaced: None,
        };
        (payment, entries)
    }

    /// Checks its amount; `field` is the path of the payment.
    pub fn validate(&self, field: &str, found: &mut Vec<Violation>) {
        self.check(1, field, found);
    }

    fn check(&self, least: i64, field: &str, found: &mut Vec<Violation>) {
        in_range(found, format!("{field}.amount_minor"), self.amount.0, least, AMOUNT_MAX);
        if let Some(OnExpiry { lead_minutes, .. }) = self.on_expiry {
            let (field, max) =
                (format!("{field}.expiry_lead_minutes"), AUTHORISATION_LEAD_MINUTES_MAX);
            in_range(found, field, lead_minutes.into(), 1, max.into());
        }
    }
}

/// Checks what an order is paid by: each payment of an id of its own, and of at least so much.
pub fn check_payments(
    path: &str,
    payments: &[PaymentAsked],
    least: i64,
    found: &mut Vec<Violation>,
) {
    if payments.len() > PAYMENTS_MAX {
        let rule = Rule::TooMany { max: PAYMENTS_MAX };
        found.push(Violation::new(format!("{path}.payments"), payments.len(), rule));
    }
    for (at, payment) in payments.iter().enumerate().take(PAYMENTS_MAX) {
        let field = format!("{path}.payments[{at}]");
        payment.check(least, &field, found);
        if payments[..at].iter().any(|other| other.id == payment.id) {
            let rule = Rule::Malformed("is another payment's".into());
            found.push(Violation::new(format!("{field}.payment_id"), &payment.id, rule));
        }
    }
}

impl PricesAsked {
    /// Checks all amounts against lines of so many units: nothing goes below zero, and nothing is more
    /// than the engine adds up.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self, units: &[u32]) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.currency.exponent().is_none() {
            let rule = Rule::Malformed("is not a currency of ISO 4217 that is paid in".into());
            found.push(Violation::new("pricing.currency_code", self.currency, rule));
            return Err(found);
        }
        if self.lines.len() != units.len() {
            let rule = Rule::Malformed(format!("is not the number of lines, {}", units.len()));
            found.push(Violation::new("pricing.lines", self.lines.len(), rule));
            return Err(found);
        }
        let nets = self.lines.iter().zip(units).enumerate().map(|(at, (line, units))| {
            line.net(&format!("pricing.lines[{at}]"), (*units, self.currency), &mut found)
        });
        let nets: Vec<Minor> = nets.collect();
        self.check_sum(units, &mut found);
        self.check_order_discounts(&nets, &mut found);
        if let Some(shipping) = &self.shipping {
            shipping.validate(&mut found);
        }
        check_payments("pricing", &self.payments, 1, &mut found);
        if self.names().len() > COMPONENT_NAMES_MAX {
            let rule = Rule::TooMany { max: COMPONENT_NAMES_MAX };
            found.push(Violation::new("pricing names", self.names().len(), rule));
        }
        finish(found)
    }

    /// All of it together is an amount, so that whatever is added up of it is.
    fn check_sum(&self, units: &[u32], found: &mut Vec<Violation>) {
        let lines = self.lines.iter().zip(units);
        let lines: i128 = lines.map(|(line, units)| line.most((*units, self.currency))).sum();
        let shipping = self.shipping.as_ref();
        let all = lines + shipping.map_or(0, |of| with_taxes(of.amount, &of.taxes));
        if found.is_empty() && all > i128::from(AMOUNT_MAX) {
            let rule = Rule::OutOfRange { min: 0, max: AMOUNT_MAX };
            found.push(Violation::new("pricing.lines", all, rule));
        }
    }

    fn check_order_discounts(&self, nets: &[Minor], found: &mut Vec<Violation>) {
        let most = Minor(nets.iter().map(|net| net.0.clamp(0, AMOUNT_MAX)).sum());
        check_discounts("pricing", &self.discounts, most, found);
    }

    /// What components are named after, each once.
    fn names(&self) -> Vec<Text> {
        let of_lines = self.lines.iter().flat_map(|line| named(&line.discounts, &line.taxes));
        let shipping = self.shipping.iter().flat_map(|of| named(&of.discounts, &of.taxes));
        let order = self.discounts.iter().map(|(name, _)| name);
        let mut all = Vec::<Text>::new();
        for name in of_lines.chain(order).chain(shipping) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }

    /// The prices of an order whose lines, from 0, are those of the caller: of each of his lines, so many
    /// units, in these lines of the order, each with its units. Lines that stand for one of his, as those
    /// of a bundle do, share what it costs by their units.
    ///
    /// What is taken off the order is shared in the canonical order of lines: the dearest first, then by
    /// `key`. So the order in which a caller names lines does not matter.
    pub fn priced(
        &self,
        of_lines: &[(u32, Vec<(u16, u32)>)],
        key: impl Fn(usize) -> String,
        at: Timestamp,
    ) -> OrderMoney {
        let mut money = OrderMoney {
            captures: self.captures,
            tax_included: self.tax_included,
            ..OrderMoney::new(self.currency)
        };
        money.names = self.names();
        let named = Named { names: &money.names, tax_included: self.tax_included };
        let mut all: Vec<Vec<PriceComponent>> = self
            .lines
            .iter()
            .zip(of_lines)
            .map(|(line, (units, _))| line.components(&named, (*units, self.currency)))
            .collect();
        self.share_discounts(&named, &mut all, key);
        for ((line, components), (_, parts)) in self.lines.iter().zip(&mut all).zip(of_lines) {
            named.tax(&line.taxes, components);
            money.units.extend(units_of(line.unit_price, components, parts));
        }
        money.units.sort_by_key(|of| of.line);
        if let Some(shipping) = &self.shipping {
            money.shipping = shipping.components(&named);
        }
        for (no, asked) in self.payments.iter().enumerate() {
            let (payment, entries) = asked.payment(at, place(no));
            money.payments.push(payment);
            money.ledger.extend(entries);
        }
        money
    }

    fn share_discounts(
        &self,
        named: &Named<'_>,
        all: &mut [Vec<PriceComponent>],
        key: impl Fn(usize) -> String,
    ) {
        let mut canonical: Vec<usize> = (0..all.len()).collect();
        canonical.sort_by_cached_key(|at| (-self.lines[*at].unit_price.0, key(*at), *at));
        for (name, amount) in &self.discounts {
            let weights: Vec<Minor> = canonical.iter().map(|at| value_of(&all[*at])).collect();
            for (at, share) in canonical.iter().zip(apportion(*amount, weights)) {
                named.displace(name, share, &mut all[*at]);
            }
        }
    }
}

impl OrderMoney {
    /// Puts taxes on what components come to without them. `names` are those of the order and of what was
    /// added before, and gets what is new.
    pub fn tax(
        &self,
        taxes: &[TaxAsked],
        components: &mut Vec<PriceComponent>,
        names: &mut Vec<Text>,
    ) {
        for name in taxes.iter().map(|tax| &tax.name) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Named { names, tax_included: self.tax_included }.tax(taxes, components);
    }
}

/// What components are named after, and how tax is meant.
struct Named<'a> {
    names: &'a [Text],
    tax_included: bool,
}

impl Named<'_> {
    fn name(&self, name: &Text) -> u16 {
        place(self.names.iter().position(|of| of == name).expect("all names were collected"))
    }

    fn displace(&self, name: &Text, amount: Minor, to: &mut Vec<PriceComponent>) {
        if amount != Minor::ZERO {
            let (kind, name) = (ComponentKind::Discount, self.name(name));
            to.push(PriceComponent { kind, name, amount: -amount });
        }
    }

    /// Puts taxes on what components come to without them.
    fn tax(&self, taxes: &[TaxAsked], to: &mut Vec<PriceComponent>) {
        let net = value_of(to);
        for tax in taxes {
            let amount = match tax.amount {
                TaxAmount::Amount(amount) => amount,
                TaxAmount::Rate(rate) if self.tax_included => tax_within(net, rate),
                TaxAmount::Rate(rate) => of_basis_points(net, rate),
            };
            let kind =
                if self.tax_included { ComponentKind::TaxIncluded } else { ComponentKind::Tax };
            to.push(PriceComponent { kind, name: self.name(&tax.name), amount });
        }
    }
}

fn named<'a>(
    discounts: &'a [(Text, Minor)],
    taxes: &'a [TaxAsked],
) -> impl Iterator<Item = &'a Text> {
    discounts.iter().map(|(name, _)| name).chain(taxes.iter().map(|tax| &tax.name))
}

/// Units of lines of the order that share what one line of the caller costs.
fn units_of(
    unit_price: UnitPrice,
    components: &[PriceComponent],
    parts: &[(u16, u32)],
) -> Vec<PricedUnits> {
    let weights = parts.iter().map(|(_, units)| Minor(i64::from(*units)));
    let shares = components.iter().map(|of| (of, apportion(of.amount, weights.clone())));
    let shares: Vec<_> = shares.collect();
    let of_part = |(at, (line, units)): (usize, &(u16, u32))| PricedUnits {
        line: *line,
        units: *units,
        unit_price,
        components: shares
            .iter()
            .map(|(of, shares)| PriceComponent { amount: shares[at], ..**of })
            .collect(),
        cancelled: 0,
        credited: 0,
    };
    parts.iter().enumerate().map(of_part).collect()
}

impl LinePrice {
    /// Checks it as that of so many units; `field` is its path.
    pub fn validate(
        &self,
        field: &str,
        (units, currency): (u32, Currency),
        found: &mut Vec<Violation>,
    ) {
        if currency.exponent().is_none() {
            return;
        }
        let known = found.len();
        self.net(field, (units, currency), found);
        let most = self.most((units, currency));
        if found.len() == known && most > i128::from(AMOUNT_MAX) {
            let rule = Rule::OutOfRange { min: 0, max: AMOUNT_MAX };
            found.push(Violation::new(field, most, rule));
        }
    }

    /// What so many units cost that are added to an order with prices as these lines, from 0, each with
    /// its units; `names` are those of the order and of what was added before, and gets what is new.
    pub fn added(
        &self,
        money: &OrderMoney,
        (units, parts): (u32, &[(u16, u32)]),
        names: &mut Vec<Text>,
    ) -> Vec<PricedUnits> {
        for name in named(&self.discounts, &self.taxes) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let named = Named { names, tax_included: money.tax_included };
        let mut components = self.components(&named, (units, money.currency));
        named.tax(&self.taxes, &mut components);
        units_of(self.unit_price, &components, parts)
    }

    fn components(&self, named: &Named<'_>, of: (u32, Currency)) -> Vec<PriceComponent> {
        let price = self.unit_price.times(of.0, of.1).expect("the currency was checked");
        let price = PriceComponent { kind: ComponentKind::Price, name: 0, amount: price };
        let mut components = vec![price];
        for (name, amount) in &self.discounts {
            named.displace(name, *amount, &mut components);
        }
        components
    }

    /// What so many units cost at most: with all taxes, and nothing taken off. It is checked that the
    /// price is an amount.
    fn most(&self, (units, currency): (u32, Currency)) -> i128 {
        let price = self.unit_price.times(units, currency).unwrap_or_default();
        with_taxes(price, &self.taxes)
    }

    /// What so many units cost without tax, and what is wrong with that.
    fn net(
        &self,
        field: &str,
        (units, currency): (u32, Currency),
        found: &mut Vec<Violation>,
    ) -> Minor {
        let known = found.len();
        in_range(found, format!("{field}.unit_price_e4"), self.unit_price.0, 0, AMOUNT_MAX);
        if found.len() > known {
            return Minor::ZERO;
        }
        let price = self.unit_price.times(units, currency);
        let Some(price) = price.filter(|price| price.0 <= AMOUNT_MAX) else {
            let rule = Rule::OutOfRange { min: 0, max: AMOUNT_MAX };
            found.push(Violation::new(format!("{field}.unit_price_e4"), self.unit_price.0, rule));
            return Minor::ZERO;
        };
        let taken_off = check_discounts(field, &self.discounts, price, found);
        check_taxes(field, &self.taxes, found);
        price - taken_off
    }
}

impl ShippingPrice {
    fn components(&self, named: &Named<'_>) -> Vec<PriceComponent> {
        let price = PriceComponent { kind: ComponentKind::Price, name: 0, amount: self.amount };
        let mut components = vec![price];
        for (name, amount) in &self.discounts {
            named.displace(name, *amount, &mut components);
        }
        named.tax(&self.taxes, &mut components);
        components
    }

    fn validate(&self, found: &mut Vec<Violation>) {
        let field = "pricing.shipping";
        in_range(found, format!("{field}.amount_minor"), self.amount.0, 0, AMOUNT_MAX);
        check_discounts(field, &self.discounts, self.amount, found);
        check_taxes(field, &self.taxes, found);
    }
}

/// What discounts come to, each of them above zero, and all of them no more than what they are taken
/// off.
fn check_discounts(
    field: &str,
    discounts: &[(Text, Minor)],
    most: Minor,
    found: &mut Vec<Violation>,
) -> Minor {
    check_number(format!("{field}.discounts"), discounts.len(), found);
    let mut sum = Minor::ZERO;
    for (at, (_, amount)) in discounts.iter().enumerate().take(COMPONENTS_MAX) {
        let left = (most - sum).0.clamp(0, AMOUNT_MAX);
        let path = || format!("{field}.discounts[{at}].amount_minor");
        in_range(found, path(), amount.0, 0, left);
        sum += Minor(amount.0.clamp(0, left));
    }
    sum
}

/// An amount with all its taxes, each rounded up.
fn with_taxes(amount: Minor, taxes: &[TaxAsked]) -> i128 {
    let net = i128::from(amount.0);
    let of_tax = |tax: &TaxAsked| match tax.amount {
        TaxAmount::Amount(amount) => i128::from(amount.0),
        TaxAmount::Rate(rate) => net * i128::from(rate) / 10_000 + 1,
    };
    net + taxes.iter().map(of_tax).sum::<i128>()
}

fn check_taxes(field: &str, taxes: &[TaxAsked], found: &mut Vec<Violation>) {
    check_number(format!("{field}.taxes"), taxes.len(), found);
    for (at, tax) in taxes.iter().enumerate().take(COMPONENTS_MAX) {
        match tax.amount {
            TaxAmount::Amount(amount) => {
                in_range(
                    found,
                    format!("{field}.taxes[{at}].amount_minor"),
                    amount.0,
                    0,
                    AMOUNT_MAX,
                );
            }
            TaxAmount::Rate(rate) => {
                let field = format!("{field}.taxes[{at}].rate_bp");
                in_range(found, field, rate.into(), 0, TAX_RATE_BP_MAX);
            }
        }
    }
}

/// Most of a tax: as much again as what it is on.
const TAX_RATE_BP_MAX: i64 = 10_000;

fn check_number(field: String, number: usize, found: &mut Vec<Violation>) {
    if number > COMPONENTS_MAX {
        let rule = Rule::TooMany { max: COMPONENTS_MAX };
        found.push(Violation::new(field, number, rule));
    }
}

const _: () = assert!(bound(COMPONENTS_MAX) * 2 < bound(u16::MAX as usize));
