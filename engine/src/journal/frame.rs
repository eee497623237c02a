//! The frame: one record as bytes.
//!
//! ```text
//! offset  bytes  little-endian
//!      0      4  length of the whole frame, this header included;
//!                0: nothing was written from here on
//!      4      4  CRC-32 of the payload and then this header, with these four
//!                bytes taken as zero
//!      8      8  LSN
//!     16      4  place: bytes of the same batch before this frame
//!     20      1  format version
//!     21      1  kind: 1 record, 2 seal
//!     22      2  zero
//!     24         payload
//! ```
//!
//! The payload comes first in the checksum, so that a caller computes that part
//! before it takes the lock under which the LSN is assigned; the header's part
//! continues it.
//!
//! The place makes damage tell-tale. A batch is written only after the one
//! before it was synced, so a whole frame at offset `p` with place `b` proves
//! that everything in the file before `p - b` was durable: a bad frame there is
//! then no torn write. A seal is a batch of its own without a record; it carries
//! the last LSN and proves that all before it was synced.

use super::error::Defect;
use super::limits::{FRAME_BYTES_MAX, FRAME_HEADER_BYTES, PAYLOAD_BYTES_MAX};
use super::lsn::Lsn;

/// The version that this code writes; it reads this one and all older ones.
pub(crate) const FRAME_VERSION: u8 = 1;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A record of the log.
    Record = 1,
    /// No record: says that everything before it was synced.
    Seal = 2,
}

/// A payload whose part of the checksum is computed.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    bytes: &'a [u8],
    checksum: u32,
}

/// A payload is longer than [`PAYLOAD_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payload of {bytes} bytes is longer than {PAYLOAD_BYTES_MAX}")]
pub struct TooLong {
    /// The payload's length.
    pub bytes: usize,
}

impl<'a> Payload<'a> {
    /// Takes `bytes` as a payload and computes its part of the checksum.
    ///
    /// # Errors
    /// When it is longer than [`PAYLOAD_BYTES_MAX`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, TooLong> {
        if bytes.len() > PAYLOAD_BYTES_MAX {
            return Err(TooLong { bytes: bytes.len() });
        }
        Ok(Self { bytes, checksum: crc32fast::hash(bytes) })
    }

    /// The bytes that this payload takes as a frame.
    pub(crate) const fn framed_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.bytes.len()
    }
}

/// A frame's header, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) lsn: Lsn,
    /// Bytes of the same batch before this frame.
    pub(crate) place: u32,
    pub(crate) kind: Kind,
    /// Bytes of the whole frame.
    pub(crate) bytes: usize,
}

/// Appends a record's frame to `out`.
pub(crate) fn encode_record(out: &mut Vec<u8>, lsn: Lsn, place: u32, payload: Payload<'_>) {
    out.extend_from_slice(&header(lsn, place, Kind::Record, payload));
    out.extend_from_slice(payload.bytes);
}

/// The seal of a log whose last record is `last`.
pub(crate) fn seal(last: Lsn) -> [u8; FRAME_HEADER_BYTES] {
    header(last, 0, Kind::Seal, Payload { bytes: &[], checksum: crc32fast::hash(&[]) })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a frame's length is bounded by FRAME_BYTES_MAX"
)]
fn header(lsn: Lsn, place: u32, kind: Kind, payload: Payload<'_>) -> [u8; FRAME_HEADER_BYTES] {
    let mut header = [0; FRAME_HEADER_BYTES];
    header[..4].copy_from_slice(&(payload.framed_bytes() as u32).to_le_bytes());
    header[8..16].copy_from_slice(&lsn.get().to_le_bytes());
    header[16..20].copy_from_slice(&place.to_le_bytes());
    header[20] = FRAME_VERSION;
    header[21] = kind as u8;
    let checksum = continue_checksum(payload.checksum, &header);
    header[4..8].copy_from_slice(&checksum.to_le_bytes());
    header
}

fn continue_checksum(payload: u32, header: &[u8; FRAME_HEADER_BYTES]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(payload);
    hasher.update(header);
    hasher.finalize()
}

/// The length that the frame at the start of `bytes` claims, judged: `None`
/// for zero, which ends the written part of a segment. `room` is how many bytes
/// the segment has from here on.
pub(crate) fn claimed_length(bytes: &[u8], room: u64) -> Result<Option<usize>, Defect> {
    // The last few bytes of a segment may be too few for a length.
    let mut field = [0; 4];
    let known = bytes.len().min(4);
    field[..known].copy_from_slice(&bytes[..known]);
    let found = u32::from_le_bytes(field);
    let length = found as usize;
    match length {
        0 => Ok(None),
        FRAME_HEADER_BYTES..=FRAME_BYTES_MAX if u64::from(found) <= room => Ok(Some(length)),
        _ => Err(Defect::Length { found }),
    }
}

/// Checks the frame that is exactly `bytes`, at least a header long.
pub(crate) fn decode(bytes: &[u8]) -> Result<Frame, Defect> {
    let (head, payload) = bytes.split_at(FRAME_HEADER_BYTES);
    let mut header = [0; FRAME_HEADER_BYTES];
    header.copy_from_slice(head);
    let stored = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    header[4..8].fill(0);
    let computed = continue_checksum(crc32fast::hash(payload), &header);
    if stored != computed {
        return Err(Defect::Checksum { stored, computed });
    }
    if header[20] != FRAME_VERSION {
        return Err(Defect::Version {
            found: u32::from(header[20]),
            known: u32::from(FRAME_VERSION),
        });
    }
    let kind = match header[21] {
        1 => Kind::Record,
        2 => Kind::Seal,
        found => return Err(Defect::Kind { found }),
    };
    let place = u32::from_le_bytes([header[16], header[17], header[18], header[19]]);
    Ok(Frame { lsn: lsn_of(&header), place, kind, bytes: bytes.len() })
}

/// The LSN in a header that is not checked.
pub(crate) fn lsn_of(header: &[u8; FRAME_HEADER_BYTES]) -> Lsn {
    let mut lsn = [0; 8];
    lsn.copy_from_slice(&header[8..16]);
    Lsn::new(u64::from_le_bytes(lsn))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(lsn: u64, place: u32, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_record(&mut out, Lsn::new(lsn), place, Payload::new(payload).unwrap());
        out
    }

    /// Written once and never again: a change here is a change of format.
    #[test]
    fn a_frame_has_these_bytes() {
        let golden = [
            0x1D, 0x00, 0x00, 0x00, 0x2E, 0x2D, 0xCA, 0x28, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00, 0x73, 0x74, 0x6F, 0x63,
            0x6B,
        ];
        assert_eq!(framed(7, 2, b"stock"), golden);
    }

    #[test]
    fn a_seal_has_these_bytes() {
        let golden = [
            0x18, 0x00, 0x00, 0x00, 0xDD, 0xC2, 0x66, 0x48, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00,
        ];
        assert_eq!(seal(Lsn::new(7)), golden);
    }

    #[test]
    fn a_frame_reads_back() {
        let bytes = framed(7, 2, b"stock");
        assert_eq!(claimed_length(&bytes, 29), Ok(Some(29)));
        let frame = decode(&bytes).unwrap();
        assert_eq!(frame, Frame { lsn: Lsn::new(7), place: 2, kind: Kind::Record, bytes: 29 });
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        let bytes = framed(7, 2, b"a payload of some length");
        for bit in 32..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(decode(&flipped), Err(Defect::Checksum { .. })), "bit {bit}");
        }
    }

    #[test]
    fn lengths_out_of_range_are_refused() {
        for found in [1, 23, u32::try_from(FRAME_BYTES_MAX).unwrap() + 1, u32::MAX, 101] {
            let judged = claimed_length(&found.to_le_bytes(), 100);
            assert_eq!(judged, Err(Defect::Length { found }));
        }
        assert_eq!(claimed_length(&[0; 4], 100), Ok(None));
        assert_eq!(claimed_length(&[0; 3], 3), Ok(None));
        assert_eq!(claimed_length(&[0, 0, 1], 3), Err(Defect::Length { found: 1 << 16 }));
    }

    #[test]
    fn a_payload_has_a_longest_length() {
        let bytes = PAYLOAD_BYTES_MAX + 1;
        assert_eq!(Payload::new(&vec![0; bytes]).unwrap_err(), TooLong { bytes });
    }
}
