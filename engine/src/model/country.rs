//! Countries.

use std::fmt;

use minicbor::{Decode, Encode};

use super::violation::{Rule, Violation};

/// A country: two capital letters of ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Country(#[cbor(n(0), with = "minicbor::bytes")] [u8; 2]);

impl Country {
    /// Takes two capital letters; `field` is what a violation names.
    ///
    /// # Errors
    /// Where they are something else.
    pub fn new(field: &str, code: &str) -> Result<Self, Violation> {
        let letters = <[u8; 2]>::try_from(code.as_bytes());
        let capitals = letters.ok().filter(|of| of.iter().all(u8::is_ascii_uppercase));
        capitals.map(Self).ok_or_else(|| {
            let rule = Rule::Malformed("is not an ISO 3166-1 code of two capitals".into());
            Violation::new(field, code, rule)
        })
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
