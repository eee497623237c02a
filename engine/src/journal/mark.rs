//! The mark: how far the journal was durable, kept apart from the journal.
//!
//! A journal cannot tell that its own end is missing: a segment that was removed was
//! perhaps never there, and a damaged last record looks as if a crash had torn it. So
//! the writer leaves, in a small file beside the journal, the last record that it synced:
//!
//! ```text
//!   batch --> written --> synced --> mark --> acknowledged
//! ```
//! - **Invariant, not ahead.** The mark never names a record that was not on stable
//!   storage.
//! - It is written and not synced with each batch, which would sync twice as often. When
//!   the process dies it is exact: nothing was acknowledged beyond it. When the power
//!   goes it may be behind, and then less of a loss is noticed. It is synced with each
//!   new segment and at the end of a run.
//! - A mark that cannot be written is told of and stays behind until the next segment.
//!   The promise rests on the journal; who only witnesses it stops nobody.
//!
//! ```text
//! offset  bytes  little-endian; a slot, of which there is another one at 4096
//!      0      8  magic, "BKSTMARK"
//!      8      4  format version
//!     12      4  CRC-32 of this slot, with these four bytes taken as zero
//!     16      8  LSN
//! ```
//! The slots are written in turn, so that a torn write leaves the other one. They lie a
//! page apart, so that a bad sector leaves the other one, too.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::LogError;
use super::lsn::Lsn;
use crate::disk::{Access, Disk, DiskFile};

const MAGIC: [u8; 8] = *b"BKSTMARK";

/// The version that this code writes; it reads this one and all older ones.
const MARK_VERSION: u32 = 1;

const SLOT_BYTES: usize = 24;
const SLOT_OFFSETS: [u64; 2] = [0, 4096];

/// What there is of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// Nothing: a journal that an older version wrote, or a new one.
    Not,
    /// A file that no record can be read from.
    Damaged,
    /// The record that it names.
    At(Lsn),
}

impl Marked {
    /// All records up to here were durable, as far as is known.
    pub fn lsn(self) -> Lsn {
        match self {
            Self::Not | Self::Damaged => Lsn::NONE,
            Self::At(lsn) => lsn,
        }
    }
}

/// A mark that follows a journal.
pub struct Mark {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    found: Marked,
    /// None before it is first written.
    file: Option<Box<dyn DiskFile>>,
    /// The slot to write next: never that of the newest mark.
    slot: usize,
    is_behind: bool,
}

impl Mark {
    /// The mark in the file `path`. Nothing is made there before it is first set.
    ///
    /// # Errors
    /// [`LogError::NewerFormat`].
    pub fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, LogError> {
        let slots = read_slots(&*disk, path)?;
        let newest = usize::from(slots[1] > slots[0]);
        Ok(Self {
            found: found(&*disk, path, slots),
            disk,
            path: path.to_owned(),
            file: None,
            slot: 1 - newest,
            is_behind: false,
        })
    }

    /// Reads the mark in the file `path`.
    ///
    /// # Errors
    /// As [`Mark::open`].
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<Marked, LogError> {
        Ok(found(disk, path, read_slots(disk, path)?))
    }

    /// Makes a mark in the file `path`, durably.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn create(disk: &dyn Disk, path: &Path, lsn: Lsn) -> Result<(), LogError> {
        make(disk, path, lsn).map(drop).map_err(LogError::io("make", path))
    }

    /// What was there when it was opened.
    pub const fn found(&self) -> Marked {
        self.found
    }

    /// Marks that all records up to `lsn` are durable.
    pub(crate) fn set(&mut self, lsn: Lsn) {
        if self.is_behind {
            return;
        }
        if let Err(error) = self.write(lsn) {
            self.fall_behind(&error);
        }
    }

    /// Makes the mark durable, and lets one that fell behind follow again.
    pub(crate) fn sync(&mut self) {
        self.is_behind = false;
        if let Some(Err(error)) = self.file.as_ref().map(|file| file.sync_data()) {
            self.fall_behind(&error);
        }
    }

    fn write(&mut self, lsn: Lsn) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(match self.found {
                Marked::At(_) => self.disk.open(&self.path, Access::Write)?,
                Marked::Not | Marked::Damaged => make(&*self.disk, &self.path, lsn)?,
            });
            self.found = Marked::At(lsn);
        }
        let file = self.file.as_ref().expect("it was opened");
        file.write_at(&encode(lsn), SLOT_OFFSETS[self.slot])?;
        self.slot = 1 - self.slot;
        Ok(())
    }

    fn fall_behind(&mut self, error: &io::Error) {
        self.is_behind = true;
        let path = self.path.display();
        tracing::warn!(%path, %error, "the mark of the last acknowledged event stays behind");
    }
}

/// Makes a file with `lsn` in both slots under another name first: a file with a mark's
/// name always has a whole slot, so one without is damage and never a crash.
fn make(disk: &dyn Disk, path: &Path, lsn: Lsn) -> io::Result<Box<dyn DiskFile>> {
    let unfinished = path.with_added_extension("new");
    let file = disk.open(&unfinished, Access::Create)?;
    for offset in SLOT_OFFSETS {
        file.write_at(&encode(lsn), offset)?;
    }
    file.sync_data()?;
    disk.rename(&unfinished, path)?;
    disk.sync_dir(path.parent().unwrap_or(Path::new("/")))?;
    Ok(file)
}

fn found(disk: &dyn Disk, path: &Path, slots: [Option<Lsn>; 2]) -> Marked {
    match slots.into_iter().max().flatten() {
        Some(lsn) => Marked::At(lsn),
        None if is_there(disk, path) => Marked::Damaged,
        None => Marked::Not,
    }
}

fn is_there(disk: &dyn Disk, path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    let opened = disk.open(path, Access::Read);
    !matches!(opened, Err(error) if matches!(error.kind(), NotFound | NotADirectory))
}

/// What the slots say. One that cannot be read says nothing, whatever keeps it from being
/// read: a journal needs no mark to be whole.
fn read_slots(disk: &dyn Disk, path: &Path) -> Result<[Option<Lsn>; 2], LogError> {
    let Ok(file) = disk.open(path, Access::Read) else { return Ok([None; 2]) };
    let mut slots = [None; 2];
    for (slot, offset) in slots.iter_mut().zip(SLOT_OFFSETS) {
        let mut bytes = [0; SLOT_BYTES];
        if file.read_at(&mut bytes, offset).is_ok_and(|read| read == SLOT_BYTES) {
            *slot = decode(&bytes).map_err(|found| LogError::NewerFormat {
                file: path.to_owned(),
                offset,
                found,
                known: MARK_VERSION,
            })?;
        }
    }
    Ok(slots)
}

fn encode(lsn: Lsn) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(&MAGIC);
    slot[8..12].copy_from_slice(&MARK_VERSION.to_le_bytes());
    slot[16..].copy_from_slice(&lsn.get().to_le_bytes());
    let checksum = crc32fast::hash(&slot);
    slot[12..16].copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// The record that a slot names; none when it is damaged. A whole slot of a version that
/// this code does not know is an error.
fn decode(slot: &[u8; SLOT_BYTES]) -> Result<Option<Lsn>, u32> {
    let mut zeroed = *slot;
    zeroed[12..16].fill(0);
    let stored = field(slot, 12);
    if slot[..8] != MAGIC || stored != crc32fast::hash(&zeroed) {
        return Ok(None);
    }
    match field(slot, 8) {
        MARK_VERSION => {
            let mut lsn = [0; 8];
            lsn.copy_from_slice(&slot[16..]);
            Ok(Some(Lsn::new(u64::from_le_bytes(lsn))))
        }
        newer => Err(newer),
    }
}

fn field(slot: &[u8; SLOT_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([slot[at], slot[at + 1], slot[at + 2], slot[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimulatedDisk;
    use crate::disk::simulated::Operation;

    const PATH: &str = "/data/MARK";

    fn disk() -> SimulatedDisk {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(Path::new("/data")).unwrap();
        disk
    }

    fn open(disk: &SimulatedDisk) -> Mark {
        Mark::open(Arc::new(disk.clone()), Path::new(PATH)).unwrap()
    }

    /// A mark that was set to 1, 2 and so on up to `last`.
    fn marked(last: u64) -> SimulatedDisk {
        let disk = disk();
        let mut mark = open(&disk);
        assert_eq!(mark.found(), Marked::Not);
        for lsn in 1..=last {
            mark.set(Lsn::new(lsn));
        }
        disk
    }

    /// Written once and never again: a change here is a change of format.
    #[test]
    fn a_slot_has_these_bytes() {
        let golden = [
            0x42, 0x4B, 0x53, 0x54, 0x4D, 0x41, 0x52, 0x4B, 0x01, 0x00, 0x00, 0x00, 0x87, 0x64,
            0x55, 0x1C, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        assert_eq!(encode(Lsn::new(7)), golden);
        assert_eq!(decode(&golden), Ok(Some(Lsn::new(7))));
    }

    #[test]
    fn a_mark_is_exact_after_a_kill_and_never_ahead_after_a_power_cut() {
        for last in 1..6 {
            assert_eq!(open(&marked(last).restart()).found(), Marked::At(Lsn::new(last)));
            for seed in 0..50 {
                let found = open(&marked(last).crash(seed)).found();
                let Marked::At(lsn) = found else { panic!("{last}, seed {seed}: {found:?}") };
                assert!(lsn >= Lsn::FIRST && lsn <= Lsn::new(last), "{last}, seed {seed}: {lsn}");
            }
        }
    }

    #[test]
    fn a_synced_mark_survives_a_power_cut() {
        for seed in 0..50 {
            let disk = marked(3);
            let mut mark = open(&disk);
            mark.set(Lsn::new(4));
            mark.sync();
            mark.set(Lsn::new(5));
            let found = open(&disk.crash(seed)).found().lsn();
            assert!(found >= Lsn::new(4), "seed {seed}: {found}");
        }
    }

    #[test]
    fn a_mark_in_the_making_is_there_whole_or_not_at_all() {
        let whole = marked(2);
        for operation in 1..=whole.operations() {
            for seed in 0..20 {
                let disk = disk();
                disk.crash_at(operation);
                open(&disk).set(Lsn::FIRST);
                let found = open(&disk.crash(seed)).found();
                assert!(found != Marked::Damaged, "operation {operation}, seed {seed}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_puts_a_mark_back_by_one_at_most() {
        let disk = marked(9);
        for at in (0..SLOT_BYTES).chain(4096..4096 + SLOT_BYTES) {
            let damaged = disk.restart();
            damaged.flip_bit(Path::new(PATH), (at * 8 + at % 8) as u64);
            let found = open(&damaged).found().lsn();
            assert!(found == Lsn::new(8) || found == Lsn::new(9), "byte {at}: {found}");
        }
        let disk = disk.restart();
        disk.truncate(Path::new(PATH), 0);
        let mut mark = open(&disk);
        assert_eq!(mark.found(), Marked::Damaged);
        mark.set(Lsn::new(10));
        assert_eq!(open(&disk).found(), Marked::At(Lsn::new(10)), "it is made anew");
    }

    #[test]
    fn a_newer_mark_is_refused() {
        let disk = marked(1);
        let mut slot = encode(Lsn::new(2));
        slot[8] = 9;
        slot[12..16].fill(0);
        let checksum = crc32fast::hash(&slot);
        slot[12..16].copy_from_slice(&checksum.to_le_bytes());
        disk.put(Path::new(PATH), &slot);
        let refused = Mark::read(&disk, Path::new(PATH));
        assert!(matches!(refused, Err(LogError::NewerFormat { found: 9, .. })), "{refused:?}");
    }

    #[test]
    fn a_mark_that_cannot_be_written_stays_behind_until_it_is_synced() {
        let disk = marked(3);
        let mut mark = open(&disk);
        disk.fail(Operation::Write, 1);
        mark.set(Lsn::new(4));
        mark.set(Lsn::new(5));
        assert_eq!(open(&disk).found(), Marked::At(Lsn::new(3)));
        mark.sync();
        mark.set(Lsn::new(6));
        assert_eq!(open(&disk).found(), Marked::At(Lsn::new(6)));
    }
}
