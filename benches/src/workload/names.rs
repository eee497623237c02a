//! Names by number, written without a formatter: a generator makes millions a
//! second.

use backstock_engine::model::{NodeId, OrderId, PostalCode, Sku};

/// The exclusive upper bound of what [`sku`] can name.
pub const SKUS_MAX: u32 = 10_000_000;

/// The SKU of a number below [`SKUS_MAX`].
pub fn sku(no: u32) -> Sku {
    let mut text = *b"SKU-0000000";
    write_digits(&mut text[4..], no.into());
    Sku::new("sku", ascii(&text)).expect("a sku")
}

/// The node of a number below 100.
pub fn node_id(no: u32) -> NodeId {
    let mut text = *b"N00";
    write_digits(&mut text[1..], no.into());
    NodeId::new("node", ascii(&text)).expect("a node id")
}

/// The postal code of five digits.
pub fn postal_code(no: u32) -> PostalCode {
    let mut text = *b"00000";
    write_digits(&mut text, no.into());
    PostalCode::new("postal_code", ascii(&text)).expect("a postal code")
}

/// Ids of the orders of one series: `H7-000000001` and so on.
#[derive(Clone, Debug)]
pub struct OrderIds {
    text: [u8; Self::BYTES_MAX],
    /// Where the digits begin.
    digits: usize,
    made: u64,
}

impl OrderIds {
    /// A prefix, the longest series, a dash, and the digits.
    const BYTES_MAX: usize = 1 + 20 + 1 + Self::DIGITS;
    const DIGITS: usize = 9;

    /// Ids that no other series has.
    pub fn new(series: u64) -> Self {
        let prefix = format!("H{series}-");
        let mut text = [b'0'; Self::BYTES_MAX];
        text[..prefix.len()].copy_from_slice(prefix.as_bytes());
        Self { text, digits: prefix.len(), made: 0 }
    }

    /// How many were made.
    pub const fn made(&self) -> u64 {
        self.made
    }

    /// The id of the order made as the `number`-th, from 1.
    pub fn id(&mut self, number: u64) -> OrderId {
        let end = self.digits + Self::DIGITS;
        write_digits(&mut self.text[self.digits..end], number);
        OrderId::new("order", ascii(&self.text[..end])).expect("an order id")
    }

    /// The next id.
    pub fn next_id(&mut self) -> OrderId {
        self.made += 1;
        self.id(self.made)
    }
}

fn write_digits(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
    }
    assert!(number == 0, "the number has more digits than there is room for");
}

fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("digits and capitals")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbers_of_a_fixed_width() {
        assert_eq!(sku(1_234_567).as_str(), "SKU-1234567");
        assert_eq!(node_id(7).as_str(), "N07");
        assert_eq!(postal_code(2_108).as_str(), "02108");
        let mut ids = OrderIds::new(12);
        assert_eq!(ids.next_id().as_str(), "H12-000000001");
        assert_eq!(ids.next_id().as_str(), "H12-000000002");
        assert_eq!((ids.made(), ids.id(999_999_999).as_str()), (2, "H12-999999999"));
    }

    #[test]
    #[should_panic(expected = "more digits")]
    fn a_number_that_would_repeat_a_name_is_no_name() {
        sku(SKUS_MAX);
    }
}
