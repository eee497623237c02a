//! Amounts of money, as callers give them.

use std::fmt;

use minicbor::{Decode, Encode};

use super::violation::{Rule, Violation};

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
