//! Frames: how a chunk, or a manifest, lies on disk.
//!
//! ```text
//!   0  magic "BKSTSNAP"        32  first LSN of the parts
//!   8  format version, u16     40  last LSN of the parts
//!  10  kind, u8                48  payload bytes
//!  11  0                       56  0, u32
//!  12  parts, u32              60  CRC-32 of bytes 0..60 and of the payload
//!  16  from, u64               64  payload: an rkyv archive
//!  24  to, u64, inclusive
//! ```
//! All numbers are little-endian. The header keeps its shape in every version.

use std::ops::Deref;

use rkyv::util::AlignedVec;

use super::limits::PAYLOAD_BYTES_MAX;
use crate::model::Lsn;

/// The newest format that this build reads. It writes each chunk in the oldest one, from
/// version 2 on, that can say what is in it.
pub const FORMAT_VERSION: u16 = 14;

/// Bytes of a frame's header.
pub(super) const HEADER_BYTES: usize = 64;

const MAGIC: [u8; 8] = *b"BKSTSNAP";
const CHECKSUM_AT: usize = 60;

/// What the widest number of an archive asks for, and more.
const PAYLOAD_ALIGNMENT: usize = 16;

// A frame that is aligned has a payload that is.
const _: () = assert!(HEADER_BYTES.is_multiple_of(PAYLOAD_ALIGNMENT));

/// What a frame holds. Numbers are never changed, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A generation's manifest.
    Manifest = 1,
    /// Nodes and policy.
    Catalogue = 2,
    /// Items and their pairs.
    Items = 3,
    /// Orders.
    Orders = 4,
    /// Remembered requests.
    Requests = 5,
    /// What prices are made of.
    Pricing = 6,
    /// Documents.
    Documents = 7,
    /// What may come back.
    ReturnRules = 8,
    /// Styles and associations, and what was learnt from orders.
    Companions = 9,
    /// How often promotions were used.
    Uses = 10,
}

impl Kind {
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Manifest),
            2 => Some(Self::Catalogue),
            3 => Some(Self::Items),
            4 => Some(Self::Orders),
            5 => Some(Self::Requests),
            6 => Some(Self::Pricing),
            7 => Some(Self::Documents),
            8 => Some(Self::ReturnRules),
            9 => Some(Self::Companions),
            10 => Some(Self::Uses),
            _ => None,
        }
    }
}

/// Why a frame cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It ends before its header, or before or after its payload does.
    #[error("{found} bytes are there, {expected} should be")]
    Length {
        /// Bytes there.
        found: u64,
        /// Bytes that the header asks for; its own, when it is not whole.
        expected: u64,
    },
    /// It does not begin as frames do.
    #[error("not a frame of a snapshot")]
    Foreign,
    /// Bytes changed since it was written.
    #[error("checksum {found:08x} is not the recorded {recorded:08x}")]
    Checksum {
        /// Of the bytes there.
        found: u32,
        /// In the header.
        recorded: u32,
    },
    /// A newer build wrote it.
    #[error("format version {found} is newer than {FORMAT_VERSION}, the newest known here")]
    NewerVersion {
        /// Its version.
        found: u16,
    },
    /// The checksum is right and the header makes no sense.
    #[error("header field {field} is {value}")]
    Header {
        /// Which one.
        field: &'static str,
        /// What it is.
        value: u64,
    },
}

/// What a frame's header says, besides lengths and checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    /// Parts in the payload.
    pub count: u32,
    /// Number of the first part that may be in it.
    pub from: u64,
    /// Number of the last part that may be in it.
    pub to: u64,
    pub first_lsn: Lsn,
    pub last_lsn: Lsn,
}

/// A frame whose checksum is right.
pub(super) struct Frame<'a> {
    pub header: Header,
    /// The format that it was written in.
    pub version: u16,
    pub checksum: u32,
    pub payload: Payload<'a>,
}

/// A payload, aligned as archives need it.
pub(super) enum Payload<'a> {
    /// Where it was read to, as large pieces of memory mostly are aligned.
    InPlace(&'a [u8]),
    Moved(AlignedVec<PAYLOAD_ALIGNMENT>),
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        if bytes.as_ptr().addr().is_multiple_of(PAYLOAD_ALIGNMENT) {
            return Self::InPlace(bytes);
        }
        let mut aligned = AlignedVec::with_capacity(bytes.len());
        aligned.extend_from_slice(bytes);
        Self::Moved(aligned)
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InPlace(bytes) => bytes,
            Self::Moved(bytes) => bytes,
        }
    }
}

/// The checksum that a frame's header records.
pub(super) fn recorded_checksum(frame: &[u8]) -> u32 {
    u32_at(frame, CHECKSUM_AT)
}

/// Makes a frame whose payload is as that version of the format has it.
pub(super) fn seal(version: u16, header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER_BYTES + payload.len());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&version.to_le_bytes());
    frame.extend_from_slice(&[header.kind as u8, 0]);
    frame.extend_from_slice(&header.count.to_le_bytes());
    let words = [
        header.from,
        header.to,
        header.first_lsn.get(),
        header.last_lsn.get(),
        payload.len() as u64,
    ];
    for word in words {
        frame.extend_from_slice(&word.to_le_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    let checksum = checksum_of(&frame, payload);
    frame.extend_from_slice(&checksum.to_le_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Reads a frame: its length, then its checksum, and only then its fields.
pub(super) fn open(frame: &[u8]) -> Result<Frame<'_>, FrameError> {
    let expected = HEADER_BYTES as u64 + payload_bytes(frame)?;
    if frame.len() as u64 != expected {
        return Err(FrameError::Length { found: frame.len() as u64, expected });
    }
    let (head, payload) = frame.split_at(HEADER_BYTES);
    let (found, recorded) = (checksum_of(&head[..CHECKSUM_AT], payload), recorded_checksum(head));
    if found != recorded {
        return Err(FrameError::Checksum { found, recorded });
    }
    let (version, header) = read_header(head)?;
    Ok(Frame { header, version, checksum: recorded, payload: payload.into() })
}

/// Bytes that follow the header, as a header says that may be damaged.
pub(super) fn payload_bytes(head: &[u8]) -> Result<u64, FrameError> {
    if head.len() < HEADER_BYTES {
        let (found, expected) = (head.len() as u64, HEADER_BYTES as u64);
        return Err(FrameError::Length { found, expected });
    }
    if head[..MAGIC.len()] != MAGIC {
        return Err(FrameError::Foreign);
    }
    match u64_at(head, 48) {
        bytes if bytes > PAYLOAD_BYTES_MAX => {
            Err(FrameError::Header { field: "payload bytes", value: bytes })
        }
        bytes => Ok(bytes),
    }
}

fn read_header(head: &[u8]) -> Result<(u16, Header), FrameError> {
    let version = u16::from_le_bytes([head[8], head[9]]);
    if version > FORMAT_VERSION {
        return Err(FrameError::NewerVersion { found: version });
    }
    if version == 0 {
        return Err(FrameError::Header { field: "version", value: 0 });
    }
    let kind = Kind::from_code(head[10]);
    let kind = kind.ok_or(FrameError::Header { field: "kind", value: head[10].into() })?;
    let header = Header {
        kind,
        count: u32_at(head, 12),
        from: u64_at(head, 16),
        to: u64_at(head, 24),
        first_lsn: Lsn::new(u64_at(head, 32)),
        last_lsn: Lsn::new(u64_at(head, 40)),
    };
    Ok((version, header))
}

fn checksum_of(head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}
