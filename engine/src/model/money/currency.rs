//! Currencies.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::model::violation::{Rule, Violation};

/// Decimals of what one unit costs: as many as any minor unit has.
pub(super) const UNIT_PRICE_DECIMALS: u8 = 4;

/// A currency: three capital letters of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Currency(#[cbor(n(0), with = "minicbor::bytes")] [u8; 3]);

impl Currency {
    /// Takes a code of three capitals; `field` is what a violation names.
    ///
    /// # Errors
    /// Where it is none.
    pub fn new(field: &str, code: &str) -> Result<Self, Violation> {
        let letters = <[u8; 3]>::try_from(code.as_bytes());
        let capitals = letters.ok().filter(|of| of.iter().all(u8::is_ascii_uppercase));
        capitals.map(Self).ok_or_else(|| {
            let rule = Rule::Malformed("is not an ISO 4217 code of three capitals".into());
            Violation::new(field, code, rule)
        })
    }

    /// How many decimals its minor unit has, by ISO 4217: 2 for USD, 0 for JPY. None where ISO 4217 has
    /// no such code, or none of money that changes hands.
    pub fn exponent(&self) -> Option<u8> {
        let known = iso_currency::Currency::from_code(self.as_str())?.exponent()?;
        u8::try_from(known).ok().filter(|exponent| *exponent <= UNIT_PRICE_DECIMALS)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_iso_4217() {
        let exponent = |code| Currency::new("currency_code", code).unwrap().exponent();
        for (code, decimals) in
            [("USD", Some(2)), ("JPY", Some(0)), ("KWD", Some(3)), ("XAU", None), ("QQQ", None)]
        {
            assert_eq!(exponent(code), decimals, "{code}");
        }
    }
}
