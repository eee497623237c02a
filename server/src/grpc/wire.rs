//! Protobuf by hand, for the messages that come and go by the hundred thousand.
//!
//! Written as prost writes it, to the byte. Only what is plain is read: fields that
//! are numbers or have a length. A reader that meets anything else leaves the
//! message to prost, which reads all of it or tells what is wrong.

use backstock_proto::v1;

/// Wire types that are written and read; the lower three bits of a key.
const NUMBER: u8 = 0;
const LENGTH: u8 = 2;

/// Bytes that the longest number takes.
const NUMBER_BYTES_MAX: usize = 10;

const fn key(field: u8, wire_type: u8) -> u8 {
    assert!(field < 16, "its key would take two bytes");
    (field << 3) | wire_type
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// A field that is a number; 0 is what it is when it is not there.
pub(super) fn number(out: &mut Vec<u8>, field: u8, value: impl Into<u64>) {
    let value = value.into();
    if value != 0 {
        out.push(key(field, NUMBER));
        varint(out, value);
    }
}

/// A field that is a signed number, or one of an enum.
pub(super) fn int(out: &mut Vec<u8>, field: u8, value: impl Into<i32>) {
    number(out, field, i64::from(value.into()).cast_unsigned());
}

/// A field that is a text; an empty one is what it is when it is not there.
pub(super) fn text(out: &mut Vec<u8>, field: u8, value: &str) {
    if !value.is_empty() {
        out.push(key(field, LENGTH));
        varint(out, value.len() as u64);
        out.extend_from_slice(value.as_bytes());
    }
}

/// Where the content of a field with a length begins.
#[derive(Debug, Clone, Copy)]
#[must_use = "a field that has begun ends"]
pub(super) struct Begun(usize);

/// Begins a field that is a message: what is written from now on is its content.
pub(super) fn begin(out: &mut Vec<u8>, field: u8) -> Begun {
    out.push(key(field, LENGTH));
    // Room for the length of a short content.
    out.push(0);
    Begun(out.len())
}

/// Ends the field that began last.
pub(super) fn end(out: &mut Vec<u8>, Begun(from): Begun) {
    let length = out.len() - from;
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out[from - 1] = short,
        _ => lengthen(out, from, length),
    }
}

/// Moves a content that is longer than one byte can say.
fn lengthen(out: &mut Vec<u8>, from: usize, length: usize) {
    let end = out.len();
    varint(out, length as u64);
    // The length came last, and takes the room that was left for it and some more.
    let taken = out.len() - end;
    let mut said = [0; NUMBER_BYTES_MAX];
    said[..taken].copy_from_slice(&out[end..]);
    out.copy_within(from..end, from - 1 + taken);
    out.truncate(end + taken - 1);
    out[from - 1..from - 1 + taken].copy_from_slice(&said[..taken]);
}

/// A field that is a message.
pub(super) fn message(out: &mut Vec<u8>, field: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let begun = begin(out, field);
    write(out);
    end(out, begun);
}

/// A field that is a date, if there is one.
pub(super) fn date(out: &mut Vec<u8>, field: u8, date: Option<v1::Date>) {
    if let Some(v1::Date { year, month, day }) = date {
        message(out, field, |out| {
            int(out, 1, year);
            int(out, 2, month);
            int(out, 3, day);
        });
    }
}

/// Bytes that are better left to prost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotPlain;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number.
    Number(u64),
    /// A text or a message.
    Bytes(&'a [u8]),
}

/// The fields of a message, by number, as they come.
#[derive(Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields in these bytes.
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self) -> Result<(u8, Value<'a>), NotPlain> {
        let (first, rest) = self.0.split_first().ok_or(NotPlain)?;
        self.0 = rest;
        // A key of two bytes is of a field beyond 15.
        let key = if *first < 0x80 { u32::from(*first) } else { self.long_key(*first)? };
        let value = match u8::try_from(key & 7).expect("it is three bits") {
            NUMBER => Value::Number(self.varint()?),
            LENGTH => {
                let length = usize::try_from(self.varint()?).map_err(|_| NotPlain)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(NotPlain)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            _ => return Err(NotPlain),
        };
        let field = u8::try_from(key >> 3).map_err(|_| NotPlain)?;
        Ok((field, value))
    }

    /// The key of a field from 16 to 255, whose first byte was read.
    fn long_key(&mut self, first: u8) -> Result<u32, NotPlain> {
        let (second, rest) = self.0.split_first().ok_or(NotPlain)?;
        self.0 = rest;
        let key = u32::from(first & 0x7f) | u32::from(*second) << 7;
        let is_plain = (0x01..0x80).contains(second) && key >> 3 > 15;
        if is_plain { Ok(key) } else { Err(NotPlain) }
    }

    fn varint(&mut self) -> Result<u64, NotPlain> {
        let mut value = 0;
        for (at, byte) in self.0.iter().enumerate().take(NUMBER_BYTES_MAX) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if *byte < 0x80 {
                self.0 = &self.0[at + 1..];
                // Of the last byte, one bit counts.
                let is_whole = at + 1 < NUMBER_BYTES_MAX || *byte <= 1;
                return if is_whole { Ok(value) } else { Err(NotPlain) };
            }
        }
        Err(NotPlain)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u8, Value<'a>), NotPlain>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.take())
    }
}

impl<'a> Value<'a> {
    /// The text that it is.
    pub(super) fn text(self) -> Result<&'a str, NotPlain> {
        std::str::from_utf8(self.bytes()?).map_err(|_| NotPlain)
    }

    /// The bytes that it is.
    pub(super) const fn bytes(self) -> Result<&'a [u8], NotPlain> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => Err(NotPlain),
        }
    }

    /// The number that it is, of 32 bits: more are cut off.
    pub(super) fn number(self) -> Result<u32, NotPlain> {
        match self {
            Self::Number(value) => Ok(u32::try_from(value & u64::from(u32::MAX)).expect("masked")),
            Self::Bytes(_) => Err(NotPlain),
        }
    }

    /// Whether it is a number other than 0.
    pub(super) const fn flag(self) -> Result<bool, NotPlain> {
        match self {
            Self::Number(value) => Ok(value != 0),
            Self::Bytes(_) => Err(NotPlain),
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn contents_of_every_length_are_written_as_prost_does() {
        for length in [0, 1, 125, 126, 127, 128, 129, 16_382, 16_384, 3 << 20] {
            let supply = v1::Supply { kind: 3, inbound_id: "x".repeat(length) };
            let line = v1::ShipmentLine { supply: Some(supply), ..v1::ShipmentLine::default() };
            let mut out = Vec::new();
            message(&mut out, 4, |out| {
                int(out, 1, 3);
                text(out, 2, &"x".repeat(length));
            });
            assert_eq!(out, line.encode_to_vec(), "{length}");
        }
    }

    #[test]
    fn numbers_are_written_as_prost_does_and_read_back() {
        for value in [0, 1, 127, 128, -1, i32::MAX, i32::MIN] {
            let mut out = Vec::new();
            int(&mut out, 1, value);
            assert_eq!(out, v1::Date { year: value, month: 0, day: 0 }.encode_to_vec());
            let read = Fields::of(&out).next().map(|field| field.unwrap().1.number().unwrap());
            assert_eq!(read.unwrap_or(0).cast_signed(), value);
        }
    }

    #[test]
    fn what_is_cut_off_is_not_plain() {
        let whole = v1::Supply { kind: 300, inbound_id: "PO-1".into() }.encode_to_vec();
        for end in [1, 2, 4, 5, whole.len() - 1] {
            let read: Result<Vec<_>, _> = Fields::of(&whole[..end]).collect();
            assert_eq!(read, Err(NotPlain), "{end}");
        }
        // Eleven bytes, and a tenth that says more than 64 bits hold.
        for long in [
            &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01][..],
            &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
        ] {
            assert_eq!(Fields::of(long).next(), Some(Err(NotPlain)));
        }
    }
}
