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
//! - **Invariant, closed.** A mark that says that the log was closed names its last record.
//!   That is written, and synced, at the end of a run. The next run takes it back, durably,
//!   before it writes its first batch: were the batch written first, a run that dies between
//!   the two would leave records behind the end that the mark tells of. Where it cannot be
//!   taken back, nothing is written.
//! - It is written and not synced with each batch, which would sync twice as often. When
//!   the process dies it is exact: nothing was acknowledged beyond it. When the power
//!   goes it may be of any batch before, as of the one that a snapshot begins with: then
//!   less of a loss is noticed. No file tells the two apart. So a mark that is not closed
//!   says that what it names was there, and never that nothing came after. It is synced
//!   with each new segment.
//! - Any other mark that cannot be written is logged, and stays behind until the next
//!   segment. The promise rests on the journal. The mark only witnesses it, so its
//!   failure stops no command.
//!
//! ```text
//! offset  bytes  little-endian; a slot, of which there is another one at 4096
//!      0      8  magic, "BKSTMARK"
//!      8      4  format version
//!     12      4  CRC-32 of this slot, with these four bytes taken as zero
//!     16      8  LSN; the topmost bit says that the log was closed behind it (version 2)
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
const MARK_VERSION: u32 = 2;

const SLOT_BYTES: usize = 24;
const SLOT_OFFSETS: [u64; 2] = [0, 4096];

/// Says that the log was closed.
const CLOSED_BIT: u64 = 1 << 63;

/// What there is of a mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marked {
    /// Nothing: a journal that an older version wrote, or a new one.
    #[default]
    Not,
    /// A file that no record can be read from.
    Damaged,
    /// The record that it names; more may have followed.
    At(Lsn),
    /// The last record of a log that was closed behind it.
    Closed(Lsn),
}

impl Marked {
    /// All records up to here were durable, as far as is known.
    pub fn lsn(self) -> Lsn {
        match self {
            Self::Not | Self::Damaged => Lsn::NONE,
            Self::At(lsn) | Self::Closed(lsn) => lsn,
        }
    }
}

/// What a slot says. Of two that name the same record, the one that closes it is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    lsn: Lsn,
    is_closed: bool,
}

impl From<Slot> for Marked {
    fn from(Slot { lsn, is_closed }: Slot) -> Self {
        if is_closed { Self::Closed(lsn) } else { Self::At(lsn) }
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
    /// Whether a slot may say that the log is closed: no later record is written.
    is_closed: bool,
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
            is_closed: slots.into_iter().flatten().any(|slot| slot.is_closed),
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

    /// Makes a mark of a log that ends with `lsn` in the file `path`, durably.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn create(disk: &dyn Disk, path: &Path, lsn: Lsn) -> Result<(), LogError> {
        let closed = Slot { lsn, is_closed: true };
        make(disk, path, closed).map(drop).map_err(LogError::io("make", path))
    }

    /// The file that it is in.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is there.
    pub const fn found(&self) -> Marked {
        self.found
    }

    /// Takes back, durably, that the log was closed, if a slot may say so. `last` is the
    /// last record, behind which the next one is about to be written.
    ///
    /// # Errors
    /// When the mark may go on saying so.
    pub(crate) fn reopen(&mut self, last: Lsn) -> io::Result<()> {
        if !self.is_closed {
            return Ok(());
        }
        let slot = Slot { lsn: last, is_closed: false };
        if self.put_in_both(slot).is_err() {
            self.file = Some(make(&*self.disk, &self.path, slot)?);
            self.found = slot.into();
        }
        (self.is_closed, self.is_behind) = (false, false);
        Ok(())
    }

    /// Marks that all records up to `lsn` are durable. The mark is not closed.
    pub(crate) fn set(&mut self, lsn: Lsn) {
        debug_assert!(!self.is_closed, "it is reopened before anything is written");
        if !self.is_behind
            && let Err(error) = self.put(Slot { lsn, is_closed: false })
        {
            self.fall_behind(&error);
        }
    }

    /// Marks, durably, that the log ends with `lsn` for now.
    pub(crate) fn close(&mut self, lsn: Lsn) {
        if self.found == Marked::Closed(lsn) || lsn == Lsn::NONE {
            return;
        }
        self.is_behind = false;
        if let Err(error) = self.write_closed(lsn) {
            self.fall_behind(&error);
        }
    }

    /// Makes the mark durable. A mark that fell behind is written again from here on.
    pub(crate) fn sync(&mut self) {
        self.is_behind = false;
        if let Some(Err(error)) = self.file.as_ref().map(|file| file.sync_data()) {
            self.fall_behind(&error);
        }
    }

    /// One after the other: a torn write leaves the one that was synced before.
    fn put_in_both(&mut self, slot: Slot) -> io::Result<()> {
        for _ in SLOT_OFFSETS {
            self.put(slot)?;
            self.sync_file()?;
        }
        Ok(())
    }

    fn write_closed(&mut self, lsn: Lsn) -> io::Result<()> {
        // Also where the write fails: some of it may be there.
        self.is_closed = true;
        self.put(Slot { lsn, is_closed: true })?;
        self.sync_file()
    }

    fn put(&mut self, slot: Slot) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(match self.found {
                Marked::At(_) | Marked::Closed(_) => self.disk.open(&self.path, Access::Write)?,
                Marked::Not | Marked::Damaged => make(&*self.disk, &self.path, slot)?,
            });
        }
        let file = self.file.as_ref().expect("it was opened");
        file.write_at(&encode(slot), SLOT_OFFSETS[self.slot])?;
        self.slot = 1 - self.slot;
        self.found = slot.into();
        Ok(())
    }

    fn sync_file(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |file| file.sync_data())
    }

    fn fall_behind(&mut self, error: &io::Error) {
        self.is_behind = true;
        let path = self.path.display();
        tracing::warn!(%path, %error, "the mark of the last acknowledged event stays behind");
    }
}

/// Makes a file with the same content in both slots, under another name first. So a file
/// with a mark's name always had a whole slot: one without is damage and never a crash.
fn make(disk: &dyn Disk, path: &Path, slot: Slot) -> io::Result<Box<dyn DiskFile>> {
    let unfinished = path.with_added_extension("new");
    let file = disk.open(&unfinished, Access::Create)?;
    for offset in SLOT_OFFSETS {
        file.write_at(&encode(slot), offset)?;
    }
    file.sync_data()?;
    disk.rename(&unfinished, path)?;
    disk.sync_dir(path.parent().unwrap_or(Path::new("/")))?;
    Ok(file)
}

fn found(disk: &dyn Disk, path: &Path, slots: [Option<Slot>; 2]) -> Marked {
    match slots.into_iter().max().flatten() {
        Some(slot) => slot.into(),
        None if is_there(disk, path) => Marked::Damaged,
        None => Marked::Not,
    }
}

fn is_there(disk: &dyn Disk, path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    let opened = disk.open(path, Access::Read);
    !matches!(opened, Err(error) if matches!(error.kind(), NotFound | NotADirectory))
}

/// What the slots say. A slot that cannot be read, for whatever reason, says nothing: a
/// journal is whole without a mark.
fn read_slots(disk: &dyn Disk, path: &Path) -> Result<[Option<Slot>; 2], LogError> {
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

fn encode(Slot { lsn, is_closed }: Slot) -> [u8; SLOT_BYTES] {
    let closed = if is_closed { CLOSED_BIT } else { 0 };
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(&MAGIC);
    slot[8..12].copy_from_slice(&MARK_VERSION.to_le_bytes());
    slot[16..].copy_from_slice(&(lsn.get() | closed).to_le_bytes());
    let checksum = crc32fast::hash(&slot);
    slot[12..16].copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// What a slot says; none when it is damaged. A whole slot of a version that this code does
/// not know is an error.
fn decode(slot: &[u8; SLOT_BYTES]) -> Result<Option<Slot>, u32> {
    let mut zeroed = *slot;
    zeroed[12..16].fill(0);
    let stored = field(slot, 12);
    if slot[..8] != MAGIC || stored != crc32fast::hash(&zeroed) {
        return Ok(None);
    }
    match field(slot, 8) {
        1..=MARK_VERSION => {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&slot[16..]);
            let bits = u64::from_le_bytes(bytes);
            let (lsn, is_closed) = (Lsn::new(bits & !CLOSED_BIT), bits & CLOSED_BIT > 0);
            Ok(Some(Slot { lsn, is_closed }))
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

    fn slot(lsn: u64, is_closed: bool) -> Slot {
        Slot { lsn: Lsn::new(lsn), is_closed }
    }

    /// Written once and never again: a change here is a change of format.
    #[test]
    fn a_slot_has_these_bytes() {
        let version_1 = [
            0x42, 0x4B, 0x53, 0x54, 0x4D, 0x41, 0x52, 0x4B, 0x01, 0x00, 0x00, 0x00, 0x87, 0x64,
            0x55, 0x1C, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        assert_eq!(decode(&version_1), Ok(Some(slot(7, false))));
        let open = [
            0x42, 0x4B, 0x53, 0x54, 0x4D, 0x41, 0x52, 0x4B, 0x02, 0x00, 0x00, 0x00, 0x75, 0xD0,
            0x9D, 0x35, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        let closed = [
            0x42, 0x4B, 0x53, 0x54, 0x4D, 0x41, 0x52, 0x4B, 0x02, 0x00, 0x00, 0x00, 0x55, 0x53,
            0x25, 0xD8, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80,
        ];
        for (bytes, slot) in [(open, slot(7, false)), (closed, slot(7, true))] {
            assert_eq!(encode(slot), bytes);
            assert_eq!(decode(&bytes), Ok(Some(slot)));
        }
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

    /// Whatever the power leaves of the writes that follow.
    #[test]
    fn what_says_that_the_log_was_closed_is_taken_back_before_anything_is_written() {
        let closed = marked(3);
        open(&closed).close(Lsn::new(3));
        assert_eq!(open(&closed.crash(1)).found(), Marked::Closed(Lsn::new(3)));
        for (last, seed) in (4..9).flat_map(|last| (0..50).map(move |seed| (last, seed))) {
            let disk = closed.restart();
            let mut mark = open(&disk);
            mark.reopen(Lsn::new(3)).unwrap();
            for lsn in 4..=last {
                mark.set(Lsn::new(lsn));
            }
            let found = open(&disk.crash(seed)).found();
            assert!(
                matches!(found, Marked::At(lsn) if lsn >= Lsn::new(3)),
                "{last}, {seed}: {found:?}"
            );
        }
    }

    /// So is one whose own writing failed: what its file holds is not known.
    #[test]
    fn a_mark_of_a_closed_log_that_cannot_be_written_in_its_place_is_made_anew() {
        for (operation, nth) in
            [Operation::Write, Operation::Sync].into_iter().flat_map(|op| [(op, 1), (op, 2)])
        {
            for (closes_well, seed) in (0..50).flat_map(|seed| [(true, seed), (false, seed)]) {
                let disk = marked(3).restart();
                let mut mark = open(&disk);
                if !closes_well {
                    disk.fail(operation, 1);
                }
                mark.close(Lsn::new(3));
                disk.fail(operation, nth);
                mark.reopen(Lsn::new(3)).unwrap();
                let found = open(&disk.crash(seed)).found();
                let what = format!("{operation:?} {nth}, closes well {closes_well}, seed {seed}");
                assert_eq!(found, Marked::At(Lsn::new(3)), "{what}");
            }
        }
    }

    #[test]
    fn whoever_cannot_take_back_that_the_log_was_closed_is_told() {
        let disk = marked(3).restart();
        let mut mark = open(&disk);
        mark.close(Lsn::new(3));
        for making in [Operation::Create, Operation::Rename, Operation::SyncDirectory] {
            disk.fail(Operation::Write, 1);
            disk.fail(making, 1);
            assert!(mark.reopen(Lsn::new(3)).is_err(), "{making:?}");
        }
        mark.reopen(Lsn::new(3)).unwrap();
        assert_eq!(open(&disk.crash(1)).found(), Marked::At(Lsn::new(3)));
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
        let mut slot = encode(slot(2, false));
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
