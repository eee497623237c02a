//! What lies in a store's directory.
//!
//! ```text
//!   DIR/label          which layout this is, and the generations that are kept
//!   DIR/odd-N, even-N  the databases; N grows with each one that takes another's place
//!   DIR/odd-N.damaged-M  one that did not open, set aside
//!   DIR/odd, DIR/conf  a file and a directory: builds that know no label take them for a
//!                      database's directory and for its file, and do not open it
//! ```
//! Layout 1 had one database, in `DIR` itself, and layout 2 had `DIR/odd` and `DIR/even`.
//! They become this one when they are opened.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::store::StoreError;
use super::sync::{at, parent_of, paths_in, sync_directory};
use crate::disk::is_unreadable;

/// The layout that this build knows, beside the older ones.
const LAYOUT: u32 = 3;

/// The names of the two databases, and in layout 2 their directories.
pub(super) const ODD: &str = "odd";
pub(super) const EVEN: &str = "even";

const LABEL: &str = "label";
const TITLE: &str = "backstock snapshots";

/// What the file says that keeps older builds out.
const KEEPS_OUT: &str = "This store was written by a newer version of Backstock.\n";

/// What the label of a store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// There is none: the store is new, or of an older layout.
    None,
    /// It is damaged, or the disk cannot read it.
    Damaged,
    /// These generations were read back whole, and nothing was let go since.
    Keeps(Vec<u64>),
}

/// Whether there is a store.
pub(super) fn exists(directory: &Path) -> bool {
    directory.exists()
        || moving(directory).iter().any(|moving| moving.exists())
        || is_half_swapped(directory)
}

/// Makes a directory one of this layout, whatever it was; answers with its label.
///
/// # Errors
/// When the file system refuses, or a newer build wrote it.
pub(super) fn prepare(directory: &Path) -> Result<Label, StoreError> {
    let label = read_label(directory)?;
    if matches!(label, Label::None) {
        let mut is_older = move_layout_1(directory)?;
        fs::create_dir_all(directory).map_err(at(directory))?;
        for name in [ODD, EVEN] {
            is_older |= move_layout_2(directory, name)?;
        }
        if is_older {
            tracing::warn!(
                directory = %directory.display(),
                layout = LAYOUT,
                "the snapshot store gets a layout that older versions refuse"
            );
        }
    }
    keep_older_builds_out(directory)?;
    Ok(label)
}

/// Writes the label, with the generations that are kept.
pub(super) fn write_label(directory: &Path, kept: &[u64]) -> Result<(), StoreError> {
    let kept: Vec<_> = kept.iter().map(u64::to_string).collect();
    let text = format!("{TITLE}\nlayout {LAYOUT}\nkept {}\n", kept.join(" "));
    let text = format!("{text}crc {:08x}\n", crc32fast::hash(text.as_bytes()));
    let (path, fresh) = (directory.join(LABEL), directory.join("label.new"));
    let write = || {
        let mut file = fs::File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(at(&fresh))?;
    rename(&fresh, &path)?;
    sync_directory(directory)
}

fn read_label(directory: &Path) -> Result<Label, StoreError> {
    let path = directory.join(LABEL);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Label::None),
        Err(error) if is_unreadable(&error) => return Ok(Label::Damaged),
        Err(error) => return Err(at(&path)(error)),
    };
    match parse(&String::from_utf8_lossy(&bytes)) {
        // Its databases have names that no older layout has.
        None => Ok(Label::Damaged),
        Some((layout, _)) if layout > LAYOUT => {
            let directory = directory.to_owned();
            Err(StoreError::NewerLayout { directory, found: layout, known: LAYOUT })
        }
        Some((_, kept)) => Ok(Label::Keeps(kept)),
    }
}

/// The layout and the generations of a label that is whole. Later layouts keep its shape:
/// what they add stands before the checksum.
fn parse(text: &str) -> Option<(u32, Vec<u64>)> {
    let (covered, crc) = text.rsplit_once("crc ")?;
    let crc = u32::from_str_radix(crc.trim_end(), 16).ok()?;
    if crc32fast::hash(covered.as_bytes()) != crc {
        return None;
    }
    let mut lines = covered.lines();
    let _title = lines.next().filter(|title| *title == TITLE)?;
    let layout = lines.next()?.strip_prefix("layout ")?.parse().ok()?;
    let kept = lines.next()?.strip_prefix("kept")?.split_whitespace();
    Some((layout, kept.map(str::parse).collect::<Result<_, _>>().ok()?))
}

/// The numbers of the directories of a database, ascending.
pub(super) fn numbers(directory: &Path, name: &str) -> Result<Vec<u32>, StoreError> {
    let number = |path: &PathBuf| {
        path.file_name()?.to_str()?.strip_prefix(name)?.strip_prefix('-')?.parse().ok()
    };
    let mut numbers: Vec<u32> = paths_in(directory)?.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) fn numbered(directory: &Path, name: &str, no: u32) -> PathBuf {
    directory.join(format!("{name}-{no}"))
}

/// The one database of layout 1 becomes that of the odd generations; true when there was one.
fn move_layout_1(directory: &Path) -> Result<bool, StoreError> {
    finish_swap(directory)?;
    let moving = moving(directory);
    let [first, later] = &moving;
    // Where an entry of this layout is as well, an older build was tried on it.
    let is_database = ["conf", "db"].iter().any(|name| directory.join(name).is_file());
    if is_database && !directory.join(ODD).exists() {
        rename(directory, if first.exists() { later } else { first })?;
    }
    let there: Vec<_> = moving.iter().filter(|moving| moving.exists()).collect();
    if there.is_empty() {
        return Ok(false);
    }
    fs::create_dir_all(directory).map_err(at(directory))?;
    for older in there {
        number(older, directory, ODD)?;
    }
    sync_directory(parent_of(directory))?;
    Ok(true)
}

fn move_layout_2(directory: &Path, name: &str) -> Result<bool, StoreError> {
    let older = directory.join(name);
    finish_swap(&older)?;
    if !older.is_dir() {
        return Ok(false);
    }
    number(&older, directory, name)?;
    Ok(true)
}

/// Gives a database of an older build the next number: where a move was stopped half way,
/// and such a build was started then, there are two, and the later one counts.
fn number(older: &Path, directory: &Path, name: &str) -> Result<(), StoreError> {
    let last = numbers(directory, name)?.pop().unwrap_or(0);
    rename(older, &numbered(directory, name, last + 1))?;
    sync_directory(directory)
}

fn keep_older_builds_out(directory: &Path) -> Result<(), StoreError> {
    let (file, no_file) = (directory.join(ODD), directory.join("conf"));
    if !file.exists() {
        fs::write(&file, KEEPS_OUT).map_err(at(&file))?;
    }
    if !no_file.exists() {
        fs::create_dir(&no_file).map_err(at(&no_file))?;
    }
    Ok(())
}

/// The names that a database of layout 1 has while it is moved. Where that was stopped, and
/// an older build was started then, there are two: the later one has the second.
fn moving(directory: &Path) -> [PathBuf; 2] {
    ["moving", "moving-2"].map(|suffix| beside(directory, suffix))
}

/// Whether an older build was stopped while it gave a database another's place.
fn is_half_swapped(directory: &Path) -> bool {
    beside(directory, "replaced").exists()
}

/// Finishes, or undoes, what an older build was stopped in: the old one is whole until the
/// new one has its name.
fn finish_swap(directory: &Path) -> Result<(), StoreError> {
    let replaced = beside(directory, "replaced");
    if replaced.exists() && !directory.exists() {
        rename(&replaced, directory)?;
    }
    remove_directory(&replaced)?;
    remove_directory(&beside(directory, "compacting"))?;
    // Before it is moved: nothing is to have its name again, and be taken for it.
    sync_directory(parent_of(directory))
}

/// Gives what will not open another name, which is answered, so that a new one can be
/// made.
///
/// # Errors
/// When the file system refuses.
pub(super) fn set_aside(directory: &Path) -> Result<PathBuf, StoreError> {
    let mut places = (1..).map(|no: u32| beside(directory, &format!("damaged-{no}")));
    let to = places.find(|place| !place.exists()).expect("some number is free");
    rename(directory, &to)?;
    sync_directory(parent_of(directory))?;
    Ok(to)
}

fn beside(directory: &Path, suffix: &str) -> PathBuf {
    directory.with_added_extension(suffix)
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(at(from))
}

pub(super) fn remove_directory(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_was_written_and_a_flipped_bit_is_found_anywhere() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(read_label(path).unwrap(), Label::None);
        for kept in [&[][..], &[7], &[7, 18_446_744_073_709_551_615]] {
            write_label(path, kept).unwrap();
            assert_eq!(read_label(path).unwrap(), Label::Keeps(kept.to_vec()));
        }
        let bytes = fs::read(path.join(LABEL)).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(path.join(LABEL), &flipped).unwrap();
            let read = read_label(path).unwrap();
            // The end of the line, and the case of a digit, say nothing.
            let says_the_same = parse(&String::from_utf8_lossy(&flipped)).is_some();
            assert!(says_the_same && bit / 8 > bytes.len() - 11 || read == Label::Damaged);
        }
    }

    #[test]
    fn a_label_that_the_disk_cannot_read_is_a_damaged_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        // There is no memory where it begins: reading it is a fault of the disk.
        std::os::unix::fs::symlink("/proc/self/mem", path.join(LABEL)).unwrap();
        assert_eq!(read_label(path).unwrap(), Label::Damaged);
        write_label(path, &[7]).unwrap();
        assert_eq!(read_label(path).unwrap(), Label::Keeps(vec![7]));
    }

    #[test]
    fn a_newer_layout_is_told_apart_from_damage() {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("{TITLE}\nlayout 4\nkept 3 4\nand more\n");
        let text = format!("{text}crc {:08x}\n", crc32fast::hash(text.as_bytes()));
        fs::write(directory.path().join(LABEL), text).unwrap();
        let refused = prepare(directory.path()).unwrap_err();
        assert!(matches!(refused, StoreError::NewerLayout { found: 4, known: 3, .. }));
    }

    #[test]
    fn only_databases_have_numbers() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["odd-10", "odd-9", "odd-9.damaged-1", "odd-x", "odd", "even-3"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        assert_eq!(numbers(directory.path(), ODD).unwrap(), [9, 10]);
    }
}
