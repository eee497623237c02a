//! Small numbers and short texts in few bytes: what orders and their traces are
//! packed with. Numbers are LEB128, signed ones zigzag first, texts behind their
//! length.

/// Packed bytes end early, or hold what no packing writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("packed bytes make no sense at {at}")]
pub struct Unpackable {
    /// What was to be read.
    pub at: &'static str,
}

/// Appends a number of 7 bits a byte, the lowest first.
#[inline]
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Appends a number that may be below zero.
#[inline]
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Appends a text behind its length in bytes.
#[inline]
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads what was packed, from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    /// Begins at the first byte.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What was not read yet.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }

    /// The next so many bytes.
    pub(crate) fn bytes(
        &mut self,
        length: usize,
        at: &'static str,
    ) -> Result<&'a [u8], Unpackable> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Unpackable { at })?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next byte.
    #[inline]
    pub(crate) fn byte(&mut self, at: &'static str) -> Result<u8, Unpackable> {
        let (&byte, rest) = self.0.split_first().ok_or(Unpackable { at })?;
        self.0 = rest;
        Ok(byte)
    }

    /// The next eight bytes as they are, little-endian.
    #[inline]
    pub(crate) fn word(&mut self, at: &'static str) -> Result<u64, Unpackable> {
        let (word, rest) = self.0.split_first_chunk::<8>().ok_or(Unpackable { at })?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*word))
    }

    /// A number.
    #[inline]
    pub(crate) fn number(&mut self, at: &'static str) -> Result<u64, Unpackable> {
        let first = self.byte(at)?;
        if first < 0x80 {
            return Ok(first.into());
        }
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte(at)?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Unpackable { at });
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Unpackable { at })
    }

    /// A number that fits a narrower type.
    #[inline]
    pub(crate) fn narrow<T: TryFrom<u64>>(&mut self, at: &'static str) -> Result<T, Unpackable> {
        T::try_from(self.number(at)?).map_err(|_| Unpackable { at })
    }

    /// A number that may be below zero.
    #[inline]
    pub(crate) fn signed(&mut self, at: &'static str) -> Result<i64, Unpackable> {
        let zigzag = self.number(at)?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    /// A text.
    pub(crate) fn text(&mut self, at: &'static str) -> Result<&'a str, Unpackable> {
        let len = self.narrow::<usize>(at)?;
        let (text, rest) = self.0.split_at_checked(len).ok_or(Unpackable { at })?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Unpackable { at })
    }

    /// How many parts follow, each of at least one byte: a length that lies is found
    /// out before anything is allocated for it.
    pub(crate) fn count(&mut self, at: &'static str) -> Result<usize, Unpackable> {
        let count = self.narrow::<usize>(at)?;
        if count > self.0.len() { Err(Unpackable { at }) } else { Ok(count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_read_back() {
        let mut out = Vec::new();
        let numbers = [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX];
        for number in numbers {
            put_number(&mut out, number);
        }
        let signed = [0, -1, 1, -64, 64, i64::MIN, i64::MAX];
        for number in signed {
            put_signed(&mut out, number);
        }
        put_text(&mut out, "Café");
        let mut unpacker = Unpacker::new(&out);
        assert!(numbers.iter().all(|number| unpacker.number("number") == Ok(*number)));
        assert!(signed.iter().all(|number| unpacker.signed("signed") == Ok(*number)));
        assert_eq!(unpacker.text("text"), Ok("Café"));
        assert!(unpacker.rest().is_empty());
    }

    #[test]
    fn what_is_cut_or_too_long_is_refused() {
        assert!(Unpacker::new(&[0x80]).number("cut").is_err());
        assert!(Unpacker::new(&[0xff; 10]).number("more than 64 bits").is_err());
        assert!(Unpacker::new(&[5, b'a']).text("cut").is_err());
        assert!(Unpacker::new(&[1, 0xff]).text("no UTF-8").is_err());
        assert!(Unpacker::new(&[200, 1, 0]).count("more than is there").is_err());
        assert!(Unpacker::new(&[0x80, 4]).narrow::<u8>("512").is_err());
    }
}
