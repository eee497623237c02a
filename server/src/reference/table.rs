//! The packed table of postal codes, decoded once.
//!
//! ```text
//! header line: format, version and attribution, up to the line feed
//! known        12,500 bytes: bit n (least significant first) is set if code n exists
//! locations    for each code, ascending: latitude, longitude in micro-degrees,
//!              each a zigzag varint of the difference to the code before
//! states       count u8, two letters each; varint count of runs of (state u8, varint codes)
//! cities       varint count; each: u8 bytes shared with the name before, u8 length, bytes
//! city of code for each code a varint: 0 repeats the one before, n is city n - 1
//! zones        count u8; each: u8 length, IANA name; then runs as of the states
//! ```
//! Varints are LEB128, at most five bytes.

use backstock_engine::calendar::Zone;
use backstock_engine::model::Location;

/// What the header line begins with. Another version is refused.
const HEADER: &[u8] = b"backstock postal 2;";

/// Codes are five digits.
pub(super) const CODE_SPACE: u32 = 100_000;

const BITS: u32 = u64::BITS;

/// The decoded table. The lists run parallel, one entry a code, ascending.
pub(super) struct Table {
    pub(super) known: RankedBits,
    pub(super) locations: Vec<Location>,
    pub(super) states: Vec<String>,
    pub(super) state_of_code: Vec<u8>,
    pub(super) cities: Vec<String>,
    pub(super) city_of_code: Vec<u16>,
    pub(super) zones: Vec<Zone>,
    pub(super) zone_of_code: Vec<u8>,
}

impl Table {
    /// `None` when the bytes are not a table of this version, end early, or
    /// hold more than the table.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Input(bytes);
        input.header()?;
        let known = RankedBits::decode(input.take(CODE_SPACE as usize / 8)?);
        let codes = known.count() as usize;
        let locations = decode_locations(&mut input, codes)?;
        let (states, state_of_code) = decode_states(&mut input, codes)?;
        let cities = decode_cities(&mut input)?;
        let city_of_code = decode_city_of_code(&mut input, codes, cities.len())?;
        let (zones, zone_of_code) = decode_zones(&mut input, codes)?;
        input.0.is_empty().then_some(Self {
            known,
            locations,
            states,
            state_of_code,
            cities,
            city_of_code,
            zones,
            zone_of_code,
        })
    }
}

/// A set of codes that knows how many of its members lie below one of them:
/// that rank is the dense index of a code, found by one addition.
pub(super) struct RankedBits {
    words: Vec<u64>,
    /// Members in all words before this one.
    below: Vec<u32>,
    count: u32,
}

impl RankedBits {
    fn decode(bytes: &[u8]) -> Self {
        let words: Vec<u64> = bytes.chunks(8).map(little_endian).collect();
        let mut count = 0;
        let below = words.iter().map(|word| {
            let before = count;
            count += word.count_ones();
            before
        });
        Self { below: below.collect(), words, count }
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// The place of `code` among the members; `None` when it is not one.
    pub(super) fn rank(&self, code: u32) -> Option<u32> {
        let at = (code / BITS) as usize;
        let word = *self.words.get(at)?;
        let bit = 1u64 << (code % BITS);
        let lower = (word & (bit - 1)).count_ones();
        (word & bit != 0).then(|| self.below[at] + lower)
    }
}

fn little_endian(chunk: &[u8]) -> u64 {
    chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// What is left to read. Every method is `None` at an early end.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn header(&mut self) -> Option<()> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        self.take(end + 1)?.starts_with(HEADER).then_some(())
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn varint(&mut self) -> Option<u32> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).ok();
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i32> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }
}

fn decode_locations(input: &mut Input<'_>, codes: usize) -> Option<Vec<Location>> {
    let (mut latitude, mut longitude) = (0i32, 0i32);
    let mut next = || {
        latitude = latitude.checked_add(input.zigzag()?)?;
        longitude = longitude.checked_add(input.zigzag()?)?;
        Location::new(latitude, longitude).ok()
    };
    (0..codes).map(|_| next()).collect()
}

fn decode_states(input: &mut Input<'_>, codes: usize) -> Option<(Vec<String>, Vec<u8>)> {
    let count = input.byte()?;
    let names = (0..count).map(|_| text(input.take(2)?)).collect::<Option<Vec<_>>>()?;
    Some((names, decode_runs(input, count, codes)?))
}

fn decode_zones(input: &mut Input<'_>, codes: usize) -> Option<(Vec<Zone>, Vec<u8>)> {
    let count = input.byte()?;
    let mut next = || {
        let length = input.byte()?;
        let name = text(input.take(length.into())?)?;
        Zone::named(&name).ok()
    };
    let zones = (0..count).map(|_| next()).collect::<Option<Vec<_>>>()?;
    Some((zones, decode_runs(input, count, codes)?))
}

/// A number below `count` for each code, as runs of one number.
fn decode_runs(input: &mut Input<'_>, count: u8, codes: usize) -> Option<Vec<u8>> {
    let mut number_of_code = Vec::with_capacity(codes);
    for _ in 0..input.varint()? {
        let number = input.byte().filter(|number| *number < count)?;
        let length = input.varint()? as usize;
        if length > codes - number_of_code.len() {
            return None;
        }
        number_of_code.extend(std::iter::repeat_n(number, length));
    }
    (number_of_code.len() == codes).then_some(number_of_code)
}

fn decode_cities(input: &mut Input<'_>) -> Option<Vec<String>> {
    let count = input.varint()?;
    let mut name = Vec::new();
    let mut next = || {
        let shared = usize::from(input.byte()?);
        let length = usize::from(input.byte()?);
        name.truncate(shared);
        name.extend_from_slice(input.take(length)?);
        text(&name)
    };
    (0..count).map(|_| next()).collect()
}

fn decode_city_of_code(input: &mut Input<'_>, codes: usize, cities: usize) -> Option<Vec<u16>> {
    let mut city = None;
    let mut next = || {
        if let Some(number) = input.varint()?.checked_sub(1) {
            city = u16::try_from(number).ok().filter(|city| usize::from(*city) < cities);
        }
        city
    };
    (0..codes).map(|_| next()).collect()
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::postal::PACKED;

    #[test]
    fn a_table_that_is_cut_short_or_too_long_or_of_another_version_is_refused() {
        assert!(Table::decode(PACKED).is_some());
        for length in [0, 10, 500, 13_000, PACKED.len() / 2, PACKED.len() - 1] {
            assert!(Table::decode(&PACKED[..length]).is_none(), "{length} bytes");
        }
        assert!(Table::decode(&[PACKED, &[0]].concat()).is_none());
        let newer = [b"backstock postal 3;", &PACKED[HEADER.len()..]].concat();
        assert!(Table::decode(&newer).is_none());
    }

    #[test]
    fn the_rank_of_a_member_counts_the_members_below_it() {
        let mut bytes = vec![0; 16];
        (bytes[0], bytes[7], bytes[8]) = (0b0000_0101, 0b1000_0000, 0b0000_0001);
        let bits = RankedBits::decode(&bytes);
        assert_eq!(bits.count(), 4);
        let members = [(0, 0), (2, 1), (63, 2), (64, 3)];
        for (code, rank) in members {
            assert_eq!(bits.rank(code), Some(rank));
        }
        for code in [1, 3, 62, 65, 127, 128, u32::MAX] {
            assert_eq!(bits.rank(code), None);
        }
    }

    #[test]
    fn varints_past_32_bits_are_refused() {
        assert_eq!(Input(&[0xff, 0xff, 0xff, 0xff, 0x0f]).varint(), Some(u32::MAX));
        assert_eq!(Input(&[0xff, 0xff, 0xff, 0xff, 0x1f]).varint(), None);
        assert_eq!(Input(&[0x80; 6]).varint(), None);
        let ends = [(0u8, 0i32), (1, -1), (2, 1), (3, -2)];
        for (byte, value) in ends {
            assert_eq!(Input(&[byte]).zigzag(), Some(value));
        }
    }
}
