//! The state hash: one 64-bit number that two engines with the same durable
//! state share, on every machine.
//!
//! It is the wrapping sum of a hash for each part of the state (an item, a node,
//! the quantities of a pair, one reservation, an order, a remembered request).
//! A sum does not care for order, so every change of a part updates it in
//! constant time: subtract the part as it was, add the part as it is.

use std::cell::RefCell;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The state hash, kept up to date by the applier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateHash(u64);

impl StateHash {
    /// The hash as a number.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// A hash that was stored as a number.
    pub const fn from_value(value: u64) -> Self {
        Self(value)
    }

    /// Adds a part that is new.
    pub fn add(&mut self, part: PartHash) {
        self.0 = self.0.wrapping_add(part.0);
    }

    /// Takes out a part as it was.
    pub fn remove(&mut self, part: PartHash) {
        self.0 = self.0.wrapping_sub(part.0);
    }

    /// Adds all that another hash sums up.
    pub fn merge(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

impl std::fmt::Display for StateHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The hash of one part of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartHash(u64);

impl PartHash {
    /// The hash as a number.
    pub(crate) const fn value(self) -> u64 {
        self.0
    }
}

/// What kind of part a hash is of; keeps parts with equal bytes apart.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Part {
    Item = 1,
    Node = 2,
    Policy = 3,
    Quantities = 4,
    Reservation = 5,
    Inbound = 6,
    Order = 7,
    Request = 8,
    ClosedInbound = 9,
    Terms = 10,
    Feed = 11,
    Picked = 12,
    PriceList = 16,
    Prices = 17,
    Promotion = 18,
    TaxRates = 19,
    ShippingRates = 20,
    TaxCategory = 21,
    Style = 32,
    Associations = 33,
    Document = 14,
    ReturnPolicy = 24,
    PromotionUses = 22,
}

/// Hashes whole numbers, little-endian, behind the kind of part.
pub(crate) fn hash_words<const N: usize>(part: Part, words: [u64; N]) -> PartHash {
    let mut bytes = [[0u8; 8]; N];
    for (to, word) in bytes.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    PartHash(xxh3_64_with_kind(part, bytes.as_flattened()))
}

/// Hashes bytes behind the kind of part.
pub(crate) fn hash_bytes(part: Part, bytes: &[u8]) -> PartHash {
    PartHash(xxh3_64_with_kind(part, bytes))
}

/// Hashes a value by its journal encoding.
pub(crate) fn hash_encoded<T: minicbor::Encode<()>>(part: Part, value: &T) -> PartHash {
    hash_written(part, |digest| {
        minicbor::encode(value, &mut digest.0).unwrap_or_else(|never| match never.into_write() {
            Some(infallible) => match infallible {},
            None => unreachable!("model types encode without errors of their own"),
        });
    })
}

thread_local! {
    static DIGEST: RefCell<Digest> = const { RefCell::new(Digest(Vec::new())) };
}

/// Hashes what `write` writes, behind the kind of part. For parts that are hashed for
/// every order: an encoding that is read again costs several times as much.
pub(crate) fn hash_written(part: Part, write: impl FnOnce(&mut Digest)) -> PartHash {
    DIGEST.with_borrow_mut(|digest| {
        digest.0.clear();
        write(digest);
        hash_bytes(part, &digest.0)
    })
}

/// What is to be hashed: words, and text behind its length, so that different parts
/// never write the same bytes.
pub(crate) struct Digest(Vec<u8>);

impl Digest {
    /// Whole numbers.
    #[inline]
    pub(crate) fn words<const N: usize>(&mut self, words: [u64; N]) {
        self.0.extend_from_slice(words.map(u64::to_le_bytes).as_flattened());
    }

    /// Text, or any bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.words([bytes.len() as u64]);
        self.0.extend_from_slice(bytes);
    }

    /// Text that may not be there.
    pub(crate) fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.bytes(text.as_bytes()),
            None => self.words([u64::MAX]),
        }
    }
}

fn xxh3_64_with_kind(part: Part, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, u64::from(part as u8))
}

/// The fingerprint of a command's content, for telling a repeated request from
/// another one under the same key.
pub fn fingerprint<T: minicbor::Encode<()>>(content: &T) -> u64 {
    hash_encoded(Part::Request, content).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_known_words_never_changes() {
        // Manifests on disk hold such numbers: a change here is a format change.
        assert_eq!(hash_words(Part::Quantities, [1, 2, 3]).0, GOLDEN);
    }

    const GOLDEN: u64 = 17_455_749_352_691_545_586;

    #[test]
    fn what_is_added_and_removed_leaves_nothing() {
        let mut hash = StateHash::default();
        hash.add(hash_words(Part::Order, [7]));
        hash.remove(hash_words(Part::Order, [7]));
        assert_eq!(hash, StateHash::default());
    }

    #[test]
    fn parts_of_different_kinds_with_equal_bytes_differ() {
        assert_ne!(hash_bytes(Part::Item, b"a"), hash_bytes(Part::Node, b"a"));
    }
}
