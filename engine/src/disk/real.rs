//! The operating system's disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, FallocateFlags, RenameFlags};
use rustix::io::Errno;

use super::{Access, Disk, DiskFile, DiskLock, HeldBy};

/// Zeros are written in pieces of this many bytes where the file system cannot
/// allocate by itself: large enough to be fast, small enough to keep in memory.
const ZERO_CHUNK_BYTES: usize = 1 << 20;

/// How often, and after how long, a lock that is held is tried again. A child
/// process that another thread starts shares this process's open files until it
/// becomes another program, and so holds a lock a moment longer than its owner.
const LOCK_TRIES_MAX: u32 = 10;
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// Files and directories are for the user that the process runs as alone: orders have
/// customers in them. Parents that are missing are made as the user makes directories.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// The file system of the operating system, by way of std and rustix.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        create_dir_all(dir, DIRECTORY_MODE)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn entries(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names =
            fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let create = access == Access::Create;
        let file = OpenOptions::new()
            .read(true)
            .write(access != Access::Read)
            .create(create)
            .truncate(create)
            .mode(FILE_MODE)
            .open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match fs::rename(from, to) {
            // File systems may say either; of a file it would be replaced.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(io::ErrorKind::DirectoryNotEmpty.into())
            }
            renamed => renamed,
        }
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        match rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            // What a file system, or a kernel, without this step answers.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                Err(io::ErrorKind::Unsupported.into())
            }
            other => Ok(other?),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<DiskLock> {
        for _ in 1..LOCK_TRIES_MAX {
            match try_lock(path) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::thread::sleep(LOCK_RETRY);
                }
                locked => return locked,
            }
        }
        try_lock(path).map_err(|error| naming_the_holder(error, path))
    }
}

fn try_lock(path: &Path) -> io::Result<DiskLock> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
    match file.try_lock() {
        Ok(()) if is_still_at(&file, path) => {
            // A lock that names no holder is a lock all the same.
            let _ = name_holder(&file);
            Ok(DiskLock::new(file))
        }
        // Locked, but its directory was moved away since it was opened: what
        // is at this path now is another one's.
        Ok(()) | Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn name_holder(file: &File) -> io::Result<()> {
    let name = format!("{}\n", std::process::id());
    file.write_all_at(name.as_bytes(), 0)?;
    file.set_len(name.len() as u64)
}

/// The lock file names the holder of the lock. That is true only while a process holds it.
fn naming_the_holder(error: io::Error, path: &Path) -> io::Error {
    if error.kind() != io::ErrorKind::WouldBlock {
        return error;
    }
    let holder = fs::read_to_string(path).ok().and_then(|name| name.trim().parse().ok());
    holder.map_or(error, |holder| io::Error::new(io::ErrorKind::WouldBlock, HeldBy(holder)))
}

fn is_still_at(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}

/// The directory that `dir` lies in, if its path names one.
fn parent_of(dir: &Path) -> Option<&Path> {
    match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Some(Path::new(".")),
        other => other,
    }
}

fn create_dir_all(dir: &Path, mode: u32) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let Some(parent) = parent_of(dir) else { return create_dir(dir, mode) };
    create_dir_all(parent, 0o777)?;
    create_dir(dir, mode)?;
    RealDisk.sync_dir(parent)
}

fn create_dir(dir: &Path, mode: u32) -> io::Result<()> {
    match fs::DirBuilder::new().mode(mode).create(dir) {
        // Another process or thread was quicker; the directory is there all the same.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(io::ErrorKind::NotADirectory.into())
        }
        other => other,
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn preallocate(&self, bytes: u64) -> io::Result<()> {
        match rustix::fs::fallocate(&self.0, FallocateFlags::empty(), 0, bytes) {
            Ok(()) => Ok(()),
            Err(Errno::OPNOTSUPP) => self.write_zeros_up_to(bytes),
            Err(errno) => Err(errno.into()),
        }
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(rustix::fs::fdatasync(&self.0)?)
    }
}

impl RealFile {
    /// Takes the room by writing it, from the file's present end on.
    fn write_zeros_up_to(&self, bytes: u64) -> io::Result<()> {
        let zeros = vec![0; ZERO_CHUNK_BYTES];
        let mut at = self.len()?;
        while at < bytes {
            let piece = (bytes - at).min(ZERO_CHUNK_BYTES as u64);
            self.write_at(&zeros[..usize::try_from(piece).unwrap_or(ZERO_CHUNK_BYTES)], at)?;
            at += piece;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_the_rest_is_zeros() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/file");
        RealDisk.create_dir_all(path.parent().unwrap()).unwrap();
        let file = RealDisk.open(&path, Access::Create).unwrap();
        file.preallocate(4096).unwrap();
        file.write_at(b"stock", 100).unwrap();
        file.sync_data().unwrap();
        RealDisk.sync_dir(path.parent().unwrap()).unwrap();

        let mut read = [1; 4096];
        let reopened = RealDisk.open(&path, Access::Read).unwrap();
        assert_eq!(reopened.read_at(&mut read, 0).unwrap(), 4096);
        assert_eq!(&read[100..105], b"stock");
        assert!(read[..100].iter().chain(&read[105..]).all(|byte| *byte == 0));
        assert_eq!(reopened.read_at(&mut read, 4000).unwrap(), 96);
    }

    #[test]
    fn room_taken_by_writing_zeros_is_as_long_as_asked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("zeros");
        let file = RealFile(
            OpenOptions::new().read(true).write(true).create_new(true).open(path).unwrap(),
        );
        let bytes = ZERO_CHUNK_BYTES as u64 + 7;
        file.write_zeros_up_to(bytes).unwrap();
        assert_eq!(file.len().unwrap(), bytes);
    }

    #[test]
    fn a_lock_has_one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("LOCK");
        let held = RealDisk.lock(&path).unwrap();
        let refused = RealDisk.lock(&path).err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(HeldBy::of(&refused), Some(HeldBy(std::process::id())));
        drop(held);
        RealDisk.lock(&path).unwrap();
    }

    #[test]
    fn what_is_made_is_for_its_user_alone_and_a_file_is_no_directory() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let data = dir.path().join("var/data");
        RealDisk.create_dir_all(&data).unwrap();
        let file = data.join("file");
        RealDisk.open(&file, Access::Create).unwrap();
        drop(RealDisk.lock(&data.join("LOCK")).unwrap());
        assert_eq!((mode(&data), mode(&file), mode(&data.join("LOCK"))), (0o700, 0o600, 0o600));
        for path in [file.clone(), file.join("below")] {
            let error = RealDisk.create_dir_all(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotADirectory, "{}", path.display());
        }
    }

    #[test]
    fn a_lock_in_a_directory_that_was_moved_away_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = (dir.path().join("data"), dir.path().join("aside"));
        fs::create_dir(&here).unwrap();
        let file = File::create(here.join("LOCK")).unwrap();
        fs::rename(&here, &there).unwrap();
        assert!(!is_still_at(&file, &here.join("LOCK")));
        fs::create_dir(&here).unwrap();
        File::create(here.join("LOCK")).unwrap();
        assert!(!is_still_at(&file, &here.join("LOCK")));
        assert!(is_still_at(&file, &there.join("LOCK")));
    }

    #[test]
    fn two_directories_are_exchanged_and_one_is_removed_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        for path in [&one, &other] {
            RealDisk.create_dir_all(path).unwrap();
            RealDisk.open(&path.join(path.file_name().unwrap()), Access::Create).unwrap();
        }
        match RealDisk.exchange(&one, &other) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return,
            exchanged => exchanged.unwrap(),
        }
        assert_eq!(RealDisk.list(&one).unwrap(), ["other"]);
        assert_eq!(RealDisk.list(&other).unwrap(), ["one"]);
        RealDisk.remove_dir_all(&other).unwrap();
        assert!(RealDisk.is_dir(&one) && !RealDisk.is_dir(&other));
    }

    #[test]
    fn only_files_are_listed_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b", "a"] {
            RealDisk.open(&dir.path().join(name), Access::Create).unwrap();
        }
        RealDisk.create_dir_all(&dir.path().join("inner")).unwrap();
        assert_eq!(RealDisk.list(dir.path()).unwrap(), ["a", "b"]);
        assert_eq!(RealDisk.entries(dir.path()).unwrap(), ["a", "b", "inner"]);
        RealDisk.rename(&dir.path().join("a"), &dir.path().join("c")).unwrap();
        RealDisk.remove(&dir.path().join("b")).unwrap();
        assert_eq!(RealDisk.list(dir.path()).unwrap(), ["c"]);
    }
}
