//! The journal's only measure of order.

use std::fmt;

use minicbor::{Decode, Encode};

/// A log sequence number: the position of a record in the journal, counted
/// from 1 without gaps. 0 is "nothing yet", the position before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Lsn(#[n(0)] u64);

impl Lsn {
    /// The position before the first record.
    pub const NONE: Self = Self(0);

    /// The position of the first record.
    pub const FIRST: Self = Self(1);

    /// The LSN with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// This LSN's number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The LSN after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The LSN before this one; [`Lsn::NONE`] has none and stays.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The LSN `records` records later. 64 bits outlast any log: a million
    /// records a second take 584,000 years.
    #[must_use]
    pub const fn plus(self, records: u64) -> Self {
        Self(self.0 + records)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_lsn_is_encoded_as_its_number() {
        let bytes = minicbor::to_vec(Lsn::new(5)).unwrap();
        assert_eq!(bytes, [5]);
        assert_eq!(minicbor::decode::<Lsn>(&bytes).unwrap(), Lsn::new(5));
    }

    #[test]
    fn nothing_comes_before_the_first() {
        assert_eq!(Lsn::FIRST.previous(), Lsn::NONE);
        assert_eq!(Lsn::NONE.previous(), Lsn::NONE);
        assert_eq!(Lsn::NONE.next(), Lsn::FIRST);
    }
}
