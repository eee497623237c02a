//! What an order costs, as its caller says it: by his own prices, or by the engine's.

use minicbor::Encode;

use crate::limits::{AMOUNT_MAX, COUPONS_PER_ORDER_MAX};
use crate::model::check::{finish, in_range};
use crate::model::digest::{Digest, Part, hash_written};
use crate::model::{
    CaptureAt, Country, CouponCode, Currency, Minor, PaymentAsked, PricedFor, PricesAsked, Rule,
    Taken, Text, Violation, check_payments,
};

/// What an order costs, and how it is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderPrices {
    /// What its caller says.
    Asked(PricesAsked),
    /// What the engine's price lists, promotions and rates say as it is placed.
    Listed(PricesListed),
}

/// What prices by the engine depend on, beside the order itself; and how it is paid.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct PricesListed {
    /// The currency of all amounts.
    #[n(0)]
    pub currency: Currency,
    /// The customer's group, if there is one.
    #[n(1)]
    pub group: Option<Text>,
    /// The contract under which it is ordered, if there is one.
    #[n(2)]
    pub contract: Option<Text>,
    /// The coupons that were given. Each of them is granted, or the order is refused.
    #[n(3)]
    pub coupons: Vec<CouponCode>,
    /// The country where it goes, if it is known.
    #[n(4)]
    pub country: Option<Country>,
    /// Whether there are taxes by the tax rates.
    #[n(5)]
    pub taxed: bool,
    /// What the customer was told that it comes to: nothing is placed for another amount.
    #[n(6)]
    pub expected: Option<Minor>,
    /// When what is owed is captured.
    #[n(7)]
    pub captures: CaptureAt,
    /// What it is paid by. One of an amount of zero pays what the others leave.
    #[n(8)]
    pub payments: Vec<PaymentAsked>,
}

impl OrderPrices {
    /// Whether something was paid, or set aside, before the order came in.
    pub fn is_paid(&self) -> bool {
        let is_paid = |of: &PaymentAsked| matches!(of.taken, Taken::Authorised | Taken::Captured);
        self.payments().iter().any(is_paid)
    }

    fn payments(&self) -> &[PaymentAsked] {
        match self {
            Self::Asked(asked) => &asked.payments,
            Self::Listed(listed) => &listed.payments,
        }
    }

    /// Checks all fields, of an order whose lines have so many units.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self, units: &[u32]) -> Result<(), Vec<Violation>> {
        match self {
            Self::Asked(asked) => asked.validate(units),
            Self::Listed(listed) => listed.validate(),
        }
    }

    /// Tells it from other content.
    pub fn fingerprint(&self) -> u64 {
        hash_written(Part::Request, |digest| self.write_to(digest)).value()
    }

    /// Writes what tells it from other content. No line of an order begins like these words.
    pub(super) fn write_to(&self, digest: &mut Digest) {
        let (word, bytes) = match self {
            Self::Asked(asked) => (u64::MAX - 3, minicbor::to_vec(asked)),
            Self::Listed(listed) => (u64::MAX - 4, minicbor::to_vec(listed)),
        };
        digest.words([word]);
        digest.bytes(&bytes.expect("memory takes what is written"));
    }
}

impl PricesListed {
    fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.currency.exponent().is_none() {
            let rule = Rule::Malformed("is not a currency of ISO 4217 that is paid in".into());
            found.push(Violation::new("server_pricing.currency_code", self.currency, rule));
        }
        if self.coupons.len() > COUPONS_PER_ORDER_MAX {
            let rule = Rule::TooMany { max: COUPONS_PER_ORDER_MAX };
            found.push(Violation::new("server_pricing.coupon_codes", self.coupons.len(), rule));
        }
        let expected = self.expected.unwrap_or(Minor::ZERO);
        let field = "server_pricing.expected_total_minor".into();
        in_range(&mut found, field, expected.0, 0, AMOUNT_MAX);
        let least = i64::from(!self.leaves_one_open());
        check_payments("server_pricing", &self.payments, least, &mut found);
        finish(found)
    }

    /// For whom they are.
    pub(super) fn whom(&self) -> PricedFor {
        let Self { group, contract, coupons, country, taxed, .. } = self;
        PricedFor {
            group: group.clone(),
            contract: contract.clone(),
            coupons: coupons.clone(),
            country: *country,
            taxed: *taxed,
        }
    }

    /// Whether exactly one payment is of whatever the others leave.
    fn leaves_one_open(&self) -> bool {
        self.payments.iter().filter(|of| of.amount == Minor::ZERO).count() == 1
    }

    /// What it is paid by, of an order that comes to so much. What is left open pays what the others
    /// leave, and is none where they leave nothing.
    pub(super) fn payments_of(&self, total: Minor) -> Vec<PaymentAsked> {
        let given: Minor = self.payments.iter().map(|of| of.amount).sum();
        let mut payments = self.payments.clone();
        for of in payments.iter_mut().filter(|of| of.amount == Minor::ZERO) {
            of.amount = Minor((total.0 - given.0).max(0));
        }
        payments.retain(|of| of.amount > Minor::ZERO);
        payments
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::fixture::said;
    use crate::command::order::payment::tests::card;

    fn listed(amounts: &[i64]) -> PricesListed {
        let ids = ["a", "b", "c"];
        let payment = |(id, amount): (&&str, &i64)| card(id, *amount, Taken::Nothing);
        PricesListed {
            currency: Currency::new("currency_code", "USD").expect("it is one"),
            group: None,
            contract: None,
            coupons: Vec::new(),
            country: None,
            taxed: false,
            expected: None,
            captures: CaptureAt::default(),
            payments: ids.iter().zip(amounts).map(payment).collect(),
        }
    }

    #[test]
    fn a_payment_without_an_amount_pays_what_the_others_leave() {
        for (given, total, expected) in [
            (&[0][..], 100, &[100][..]),
            (&[30, 0, 20], 100, &[30, 50, 20]),
            (&[30, 0], 30, &[30]),
            (&[30, 0], 20, &[30]),
            (&[30, 70], 90, &[30, 70]),
            (&[0], 0, &[]),
        ] {
            let paid = listed(given).payments_of(Minor(total));
            let amounts: Vec<i64> = paid.iter().map(|of| of.amount.0).collect();
            assert_eq!(amounts, expected, "{given:?} of {total}");
        }
    }

    #[test]
    fn one_payment_may_be_left_open_and_all_else_is_bounded() {
        let two = said(listed(&[0, 0]).validate());
        let field = |at| format!("server_pricing.payments[{at}].amount_minor: \"0\"");
        assert_eq!(two.len(), 2);
        assert!((0..2).all(|at| two[at].starts_with(&field(at))), "{two:?}");
        assert_eq!(said(listed(&[0, 5]).validate()), [""; 0]);
        let coupon = CouponCode::new("coupon", "SUMMER").expect("it is one");
        let wrong = PricesListed {
            coupons: vec![coupon; COUPONS_PER_ORDER_MAX + 1],
            expected: Some(Minor(-1)),
            ..listed(&[])
        };
        assert_eq!(
            said(wrong.validate()),
            [
                "server_pricing.coupon_codes: \"17\" has more than 16 entries",
                "server_pricing.expected_total_minor: \"-1\" is not within 0 to 1000000000000000",
            ]
        );
    }
}
