//! Amounts.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use minicbor::{Decode, Encode};

use super::currency::{Currency, UNIT_PRICE_DECIMALS};

/// An amount in minor units of a currency: cents of USD. Below zero it is taken off.
///
/// Callers' amounts are within [`AMOUNT_MAX`](crate::limits::AMOUNT_MAX), and an order has far fewer of
/// them than it would take to leave 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Minor(#[n(0)] pub i64);

impl Minor {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// This, or nothing where it is below zero.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.max(Self::ZERO)
    }
}

impl Add for Minor {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("MONEY_BOUNDED: amounts add up in 64 bits"))
    }
}

impl Neg for Minor {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sub for Minor {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl AddAssign for Minor {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Minor {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Minor {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What one unit costs, in ten-thousandths of the currency's major unit, whatever its exponent: business
/// prices are below a cent. 19.99 USD are 199,900.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct UnitPrice(#[n(0)] pub i64);

impl UnitPrice {
    /// Its decimals.
    pub const DECIMALS: u8 = UNIT_PRICE_DECIMALS;

    /// What so many units cost, rounded once, half up. None where the currency has no minor unit.
    pub fn times(self, units: u32, currency: Currency) -> Option<Minor> {
        let exponent = currency.exponent()?;
        let per_minor = 10_i128.pow(u32::from(Self::DECIMALS - exponent));
        let exact = i128::from(self.0) * i128::from(units);
        i64::try_from(round_half_up(exact, per_minor)).ok().map(Minor)
    }
}

/// The quotient of a number and a positive one, rounded to the nearest, and half towards infinity.
pub(super) fn round_half_up(number: i128, by: i128) -> i128 {
    (2 * number + by).div_euclid(2 * by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_rounded_once_and_half_up_to_the_minor_unit_of_its_currency() {
        for (code, price, units, minor) in [
            ("USD", 199_900, 3, 5_997),
            ("USD", 50, 3, 2),
            ("USD", 49, 1, 0),
            ("USD", 123, 1_000, 1_230),
            ("JPY", 125_000, 1, 13),
            ("JPY", 124_999, 1, 12),
            ("KWD", 12_345, 2, 2_469),
        ] {
            let currency = Currency::new("currency_code", code).unwrap();
            assert_eq!(
                UnitPrice(price).times(units, currency),
                Some(Minor(minor)),
                "{code} {price}"
            );
        }
        let none = Currency::new("currency_code", "XXX").unwrap();
        assert_eq!(UnitPrice(1).times(1, none), None);
    }
}
