//! The segment file: its name, its header, and how one is made.
//!
//! ```text
//! offset  bytes  little-endian
//!      0      8  magic, "BKSTKLOG"
//!      8      4  format version
//!     12      4  CRC-32 of this header, with these four bytes taken as zero
//!     16      8  first LSN
//!     24      8  length that the file was made with
//!     32         frames, then zeros
//! ```
//!
//! A segment is made under another name, filled with zeros, synced, and only
//! then renamed: **a file with a segment's name always has a whole header**, so
//! a bad header is damage and never a crash.

use std::path::{Path, PathBuf};

use super::error::{Defect, LogError};
use super::lsn::Lsn;
use crate::disk::{Access, Disk, DiskFile, is_full, is_unreadable};

/// Bytes of a segment before its first frame.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 32;

/// The version that this code writes; it reads this one and all older ones.
const SEGMENT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"BKSTKLOG";
const SUFFIX: &str = ".journal";
const UNFINISHED_SUFFIX: &str = ".journal.new";

/// The path of the segment that begins at `first`. Names sort as LSNs do.
pub(crate) fn path_of(dir: &Path, first: Lsn) -> PathBuf {
    dir.join(format!("{:020}{SUFFIX}", first.get()))
}

/// The first LSN that a segment's file name tells; `None` for other files.
pub(crate) fn first_lsn_of(name: &str) -> Option<Lsn> {
    let digits = name.strip_suffix(SUFFIX)?;
    let all_digits = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok().map(Lsn::new)).flatten()
}

/// Whether this is what a crash left of a segment that was being made.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(".new").is_some_and(|segment| first_lsn_of(segment).is_some())
}

/// Makes the segment that begins at `first`, `bytes` long, durably.
///
/// # Errors
/// [`LogError::Full`] when there is no room; then there is no trace of it.
pub(crate) fn create(
    disk: &dyn Disk,
    dir: &Path,
    first: Lsn,
    bytes: u64,
) -> Result<Box<dyn DiskFile>, LogError> {
    let unfinished = dir.join(format!("{:020}{UNFINISHED_SUFFIX}", first.get()));
    let file = match allocate(disk, &unfinished, bytes) {
        Ok(file) => file,
        Err(error) if is_full(&error) => {
            // What is left of it is removed at the next start if not now.
            drop(disk.remove(&unfinished));
            return Err(LogError::Full { dir: dir.to_owned() });
        }
        Err(error) => return Err(LogError::io("allocate", &unfinished)(error)),
    };
    name(disk, dir, first, (&*file, &unfinished, bytes))?;
    Ok(file)
}

/// Makes the segment that begins at `first` of a file of zeros that is there under
/// another name, durably.
pub(crate) fn name(
    disk: &dyn Disk,
    dir: &Path,
    first: Lsn,
    (file, unfinished, bytes): (&dyn DiskFile, &Path, u64),
) -> Result<(), LogError> {
    let header = encode_header(first, bytes);
    file.write_at(&header, 0).map_err(LogError::io("write", unfinished))?;
    file.sync_data().map_err(LogError::io("sync", unfinished))?;
    let path = path_of(dir, first);
    disk.rename(unfinished, &path).map_err(LogError::io("rename", unfinished))?;
    disk.sync_dir(dir).map_err(LogError::io("sync", dir))
}

fn allocate(disk: &dyn Disk, path: &Path, bytes: u64) -> std::io::Result<Box<dyn DiskFile>> {
    let file = disk.open(path, Access::Create)?;
    file.preallocate(bytes)?;
    Ok(file)
}

fn encode_header(first: Lsn, bytes: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&SEGMENT_VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&first.get().to_le_bytes());
    header[24..].copy_from_slice(&bytes.to_le_bytes());
    let checksum = crc32fast::hash(&header);
    header[12..16].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// Checks the header of the segment `path` that is named after `first`, and
/// answers the file's length in bytes.
pub(crate) fn check(file: &dyn DiskFile, path: &Path, first: Lsn) -> Result<u64, LogError> {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    let read = match file.read_at(&mut header, 0) {
        Err(error) if is_unreadable(&error) => {
            return Err(LogError::refusing(path, 0, first, Defect::Unreadable));
        }
        read => read.map_err(LogError::io("read", path))?,
    };
    let found = file.len().map_err(LogError::io("read the length of", path))?;
    check_header(&header[..read], first, found)
        .map_err(|defect| LogError::refusing(path, 0, first, defect))?;
    Ok(found)
}

/// Whether the frames of a segment may be read although its header is refused with
/// `error`: each frame has its own checksum. A wrong file length counts only in the
/// last segment: a following one tells whether records are missing.
pub(crate) fn may_be_passed(error: &LogError, is_followed: bool) -> bool {
    let LogError::Corrupt { defect, .. } = error else { return false };
    match defect {
        Defect::Magic | Defect::Checksum { .. } | Defect::Unreadable => true,
        Defect::FileLength { .. } => is_followed,
        _ => false,
    }
}

/// Whether all but one byte of the header are those of a segment of `file_bytes` bytes
/// that begins at `first`.
pub(crate) fn is_nearly_whole(
    file: &dyn DiskFile,
    first: Lsn,
    file_bytes: u64,
) -> std::io::Result<bool> {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    let read = file.read_at(&mut header, 0)?;
    let whole = encode_header(first, file_bytes);
    let wrong = header.iter().zip(whole).filter(|(found, made)| **found != *made).count();
    Ok(read == header.len() && wrong <= 1)
}

fn check_header(bytes: &[u8], first: Lsn, file_bytes: u64) -> Result<(), Defect> {
    let mut header: [u8; SEGMENT_HEADER_BYTES] = bytes.try_into().map_err(|_| Defect::Magic)?;
    if header[..8] != MAGIC {
        return Err(Defect::Magic);
    }
    let stored = u32_at(&header, 12);
    header[12..16].fill(0);
    let computed = crc32fast::hash(&header);
    if stored != computed {
        return Err(Defect::Checksum { stored, computed });
    }
    let version = u32_at(&header, 8);
    if version != SEGMENT_VERSION {
        return Err(Defect::Version { found: version, known: SEGMENT_VERSION });
    }
    let (named, made) = (Lsn::new(u64_at(&header, 16)), u64_at(&header, 24));
    if named != first {
        return Err(Defect::Name { found: named });
    }
    if made != file_bytes {
        return Err(Defect::FileLength { found: file_bytes, made });
    }
    Ok(())
}

fn u32_at(header: &[u8; SEGMENT_HEADER_BYTES], at: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&header[at..at + 4]);
    u32::from_le_bytes(field)
}

fn u64_at(header: &[u8; SEGMENT_HEADER_BYTES], at: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&header[at..at + 8]);
    u64::from_le_bytes(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_these_bytes() {
        let golden = [
            0x42, 0x4B, 0x53, 0x54, 0x4B, 0x4C, 0x4F, 0x47, 0x01, 0x00, 0x00, 0x00, 0x37, 0x56,
            0xBF, 0x77, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00,
        ];
        assert_eq!(encode_header(Lsn::new(5), 4096), golden);
    }

    #[test]
    fn names_tell_the_first_lsn() {
        let name = path_of(Path::new("d"), Lsn::new(7));
        assert_eq!(name, Path::new("d/00000000000000000007.journal"));
        assert_eq!(first_lsn_of("00000000000000000007.journal"), Some(Lsn::new(7)));
        for other in
            ["7.journal", "0000000000000000000x.journal", "LOCK", "99999999999999999999.journal"]
        {
            assert_eq!(first_lsn_of(other), None, "{other}");
        }
        assert!(is_unfinished("00000000000000000007.journal.new"));
        assert!(!is_unfinished("00000000000000000007.journal"));
    }

    #[test]
    fn a_header_is_refused_for_what_is_wrong_with_it() {
        let first = Lsn::new(5);
        let good = encode_header(first, 4096);
        assert_eq!(check_header(&good, first, 4096), Ok(()));
        assert_eq!(check_header(&good[..31], first, 4096), Err(Defect::Magic));
        assert_eq!(
            check_header(&good, first, 4095),
            Err(Defect::FileLength { found: 4095, made: 4096 })
        );
        assert_eq!(check_header(&good, Lsn::new(6), 4096), Err(Defect::Name { found: first }));
        for bit in 0..good.len() * 8 {
            let mut flipped = good;
            flipped[bit / 8] ^= 1 << (bit % 8);
            let refused = check_header(&flipped, first, 4096).unwrap_err();
            assert!(matches!(refused, Defect::Magic | Defect::Checksum { .. }), "bit {bit}");
        }
    }

    #[test]
    fn a_newer_header_is_told_apart_from_a_damaged_one() {
        let mut newer = encode_header(Lsn::new(5), 4096);
        newer[8] = 2;
        newer[12..16].fill(0);
        let checksum = crc32fast::hash(&newer);
        newer[12..16].copy_from_slice(&checksum.to_le_bytes());
        let refused = check_header(&newer, Lsn::new(5), 4096);
        assert_eq!(refused, Err(Defect::Version { found: 2, known: 1 }));
    }
}
