//! The file that a snapshot is exported to.
//!
//! ```text
//!   FILE.partial --written--> synced --> read back --> renamed to FILE, never over one
//! ```
//! So what lies under the name is whole. An export that was interrupted leaves
//! `FILE.partial`, which the next one to FILE begins anew; where a file system has no
//! locks, that one is refused instead. A file system that cannot rename without replacing
//! gets FILE as a second name of the same file first; an export that is killed then leaves
//! both names.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use backstock_engine::snapshot::{self, END_MARK_BYTES, ExportError, Exported};
use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::cli::Exit;
use crate::cli::exit::{exit_of_export, exit_of_io, is_of_argument};

/// What the name of standard output is, where a file may be named.
const STDOUT: &str = "-";

/// Why a snapshot could not be exported to a file or to standard output.
#[derive(Debug, thiserror::Error)]
pub enum ExportFileError {
    /// The file is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// Another process exports to the same name.
    #[error("another export to {} is under way", .0.display())]
    Busy(PathBuf),
    /// An export to the same name is under way, or was interrupted: where the file system
    /// has no locks, nothing tells.
    #[error("{} is there: if no export is under way, remove it and try again", .0.display())]
    Left(PathBuf),
    /// The file system refused.
    #[error("cannot write {}: {source}", .path.display())]
    File {
        /// Which path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was written is not whole, or cannot be read back.
    #[error(transparent)]
    Unsound(#[from] ExportError),
    /// A person would see bytes.
    #[error("a snapshot is not for a terminal: redirect standard output, or name a file")]
    Terminal,
    /// Standard output took not all of it.
    #[error("standard output has no whole snapshot: {0}")]
    Output(io::Error),
}

impl ExportFileError {
    /// The exit code that tells of it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Exists(_) | Self::Busy(_) | Self::Left(_) | Self::Terminal => Exit::Usage,
            // The directory is an argument.
            Self::File { source, .. } if is_of_argument(source.kind()) => Exit::Usage,
            Self::File { source, .. } => exit_of_io(source.kind()),
            Self::Output(_) => Exit::Failure,
            Self::Unsound(error) => exit_of_export(error),
        }
    }
}

/// Whether a path stands for standard output.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new(STDOUT)
}

/// A file in the making. Dropped before it is done, it goes.
#[derive(Debug)]
pub struct ExportFile {
    to: PathBuf,
    partial: PathBuf,
    /// Locked, or made by this process: no other one writes it.
    file: File,
    done: bool,
}

impl ExportFile {
    /// Begins a file that is to be named `to`, which nothing has yet.
    pub fn begin(to: &Path) -> Result<Self, ExportFileError> {
        if to.symlink_metadata().is_ok() {
            return Err(ExportFileError::Exists(to.to_owned()));
        }
        let partial = to.with_added_extension("partial");
        let file = open_locked(&partial, File::try_lock)?;
        let file = file.ok_or_else(|| ExportFileError::Busy(to.to_owned()))?;
        Ok(Self { to: to.to_owned(), partial, file, done: false })
    }

    /// Where to write to, and what it is called until it is done.
    pub fn parts(&self) -> (&File, &Path) {
        (&self.file, &self.partial)
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ExportFileError> {
        self.file.write_all(bytes).map_err(at(&self.partial))
    }

    /// Brings the file to stable storage, reads it back, and gives it its name.
    pub fn finish(mut self) -> Result<Exported, ExportFileError> {
        self.file.sync_all().map_err(at(&self.partial))?;
        let exported = snapshot::verify_file(&self.partial)?;
        if !is_at(&self.file, &self.partial) {
            return Err(ExportFileError::Busy(self.to.clone()));
        }
        rename_to_new(&self.partial, &self.to).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ExportFileError::Exists(self.to.clone()),
            _ => at(&self.to)(error),
        })?;
        self.done = true;
        let directory = match self.to.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(at(directory))?;
        Ok(exported)
    }
}

impl Drop for ExportFile {
    fn drop(&mut self) {
        if !self.done && is_at(&self.file, &self.partial) {
            // Half a snapshot is of no use. The error that is told comes before this one.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Opens a file for one writer, empty; none while another process writes it. One that has
/// another name as well is whole, and only loses this one.
fn open_locked(
    path: &Path,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<Option<File>, ExportFileError> {
    loop {
        let Some((file, is_new)) = open(path).map_err(at(path))? else { continue };
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            // Without locks, a file that was there is left alone: another export may be
            // writing it. A file that this call made is its own.
            Err(TryLockError::Error(error)) if is_of(&error, &NO_LOCKS) => {
                if !is_new {
                    return Err(ExportFileError::Left(path.to_owned()));
                }
            }
            Err(TryLockError::Error(error)) => return Err(at(path)(error)),
        }
        // The lock came after another export had given the file its name: it is that
        // export's result.
        if !is_at(&file, path) {
            return Ok(None);
        }
        if file.metadata().map_err(at(path))?.nlink() <= 1 {
            file.set_len(0).map_err(at(path))?;
            return Ok(Some(file));
        }
        fs::remove_file(path).map_err(at(path))?;
    }
}

/// Opens a file to write it, and says whether it is new; none when it went meanwhile.
fn open(path: &Path) -> io::Result<Option<(File, bool)>> {
    let mut options = OpenOptions::new();
    // The target of a link is another program's file: links are not followed.
    options.write(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map(|file| Some((file, true))),
    }
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(|file| Some((file, false))),
    }
}

/// What a file system, or a kernel, answers that has no locks.
const NO_LOCKS: [Errno; 3] = [Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOLCK];

/// What one answers that has no links.
const NO_LINKS: [Errno; 3] = [Errno::PERM, Errno::NOSYS, Errno::OPNOTSUPP];

fn is_of(error: &io::Error, errors: &[Errno]) -> bool {
    Errno::from_io_error(error).is_some_and(|errno| errors.contains(&errno))
}

/// Renames a file, over nothing.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // What a file system, or a kernel, without this step answers.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            rename_in_steps(from, to, fs::hard_link(from, to))
        }
        renamed => Ok(renamed?),
    }
}

/// As [`rename_to_new`], after a second name was given, or could not be.
fn rename_in_steps(from: &Path, to: &Path, linked: io::Result<()>) -> io::Result<()> {
    match linked {
        // Only an export makes this name; between the two steps another program may.
        Err(error) if is_of(&error, &NO_LINKS) => match to.symlink_metadata() {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
            Err(error) => Err(error),
        },
        linked => linked.and_then(|()| fs::remove_file(from)),
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}

fn at(path: &Path) -> impl Fn(io::Error) -> ExportFileError + '_ {
    |source| ExportFileError::File { path: path.to_owned(), source }
}

/// Standard output, which a snapshot goes through. What has gone through cannot be read
/// back: its end mark tells whether it is all there.
pub struct ExportPipe<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
    tail: Vec<u8>,
}

impl<'a> ExportPipe<'a> {
    /// Begins to write to `out`; a terminal is refused.
    pub fn begin(out: &'a mut dyn Write) -> Result<Self, ExportFileError> {
        if io::IsTerminal::is_terminal(&io::stdout()) {
            return Err(ExportFileError::Terminal);
        }
        Ok(Self { out, bytes: 0, tail: Vec::new() })
    }

    /// Ends it; answers with how many bytes it was.
    pub fn finish(self) -> Result<u64, ExportFileError> {
        self.out.flush().map_err(ExportFileError::Output)?;
        if snapshot::is_end_mark(&self.tail, self.bytes) {
            return Ok(self.bytes);
        }
        Err(ExportFileError::Output(io::ErrorKind::UnexpectedEof.into()))
    }
}

impl Write for ExportPipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        self.tail.extend_from_slice(&bytes[written.saturating_sub(END_MARK_BYTES)..written]);
        self.tail.drain(..self.tail.len().saturating_sub(END_MARK_BYTES));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_whole_never_gets_the_name() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("backup");
        let mut file = ExportFile::begin(&to).unwrap();
        file.write(b"BKSTEXPT, and then the connection went").unwrap();
        let error = file.finish().unwrap_err();
        assert!(matches!(error, ExportFileError::Unsound(_)), "{error}");
        assert!(names(directory.path()).is_empty());
    }

    /// As a process leaves it that is killed.
    #[test]
    fn what_an_interrupted_export_left_is_begun_anew() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("backup");
        fs::write(directory.path().join("backup.partial"), b"left by another export").unwrap();
        let file = ExportFile::begin(&to).unwrap();
        assert_eq!(fs::read(file.parts().1).unwrap(), b"");
        let other = ExportFile::begin(&to).unwrap_err();
        assert!(matches!(other, ExportFileError::Busy(_)), "{other}");
        assert_eq!(names(directory.path()), ["backup.partial"]);
        drop(file);
        assert!(names(directory.path()).is_empty());
    }

    /// What has the name of a file in the making may be a whole one under another name:
    /// an export that could not be renamed in one step was killed between two.
    #[test]
    fn what_lies_under_another_name_as_well_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let (to, kept) = (directory.path().join("backup"), directory.path().join("kept"));
        let partial = directory.path().join("backup.partial");
        fs::write(&kept, b"a whole snapshot").unwrap();
        fs::hard_link(&kept, &partial).unwrap();
        let file = ExportFile::begin(&to).unwrap();
        assert_eq!(fs::read(&partial).unwrap(), b"");
        drop(file);
        assert_eq!(fs::read(&kept).unwrap(), b"a whole snapshot");
        std::os::unix::fs::symlink(&kept, &partial).unwrap();
        assert!(ExportFile::begin(&to).is_err());
        assert_eq!(fs::read(&kept).unwrap(), b"a whole snapshot");
    }

    /// Without locks nothing tells whether the export is still under way.
    #[test]
    fn what_another_export_left_is_never_emptied_where_there_are_no_locks() {
        let directory = tempfile::tempdir().unwrap();
        let partial = directory.path().join("backup.partial");
        let no_locks = |_: &File| Err(TryLockError::Error(Errno::NOLCK.into()));
        let mut file = open_locked(&partial, no_locks).unwrap().expect("nobody has it");
        file.write_all(b"half a snapshot").unwrap();
        let other = open_locked(&partial, no_locks).unwrap_err();
        assert!(matches!(other, ExportFileError::Left(_)), "{other}");
        assert_eq!(fs::read(&partial).unwrap(), b"half a snapshot");
    }

    /// A name that cannot be looked at may be in use.
    #[test]
    fn a_file_is_renamed_only_to_a_name_that_nothing_has_for_sure() {
        let directory = tempfile::tempdir().unwrap();
        let (from, file) = (directory.path().join("from"), directory.path().join("file"));
        fs::write(&from, b"new").unwrap();
        fs::write(&file, b"no directory").unwrap();
        let error = rename_in_steps(&from, &file.join("to"), Err(Errno::PERM.into())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
        assert_eq!(names(directory.path()), ["file", "from"]);
    }

    #[test]
    fn a_file_is_renamed_over_nothing_where_there_are_no_links() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        let no_links = || Err(Errno::PERM.into());
        fs::write(&from, b"new").unwrap();
        rename_in_steps(&from, &to, no_links()).unwrap();
        assert_eq!(names(directory.path()), ["to"]);
        fs::write(&from, b"newer").unwrap();
        for linked in [no_links(), fs::hard_link(&from, &to)] {
            let error = rename_in_steps(&from, &to, linked).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&to).unwrap(), b"new");
        }
        fs::remove_file(&to).unwrap();
        rename_in_steps(&from, &to, fs::hard_link(&from, &to)).unwrap();
        assert_eq!(
            (names(directory.path()), fs::read(&to).unwrap()),
            (vec!["to".into()], b"newer".into())
        );
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let (to, other) = (directory.path().join("backup"), directory.path().join("other"));
        fs::write(&to, b"mine").unwrap();
        fs::write(&other, b"newer").unwrap();
        assert!(matches!(ExportFile::begin(&to).unwrap_err(), ExportFileError::Exists(_)));
        let error = rename_to_new(&other, &to).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"mine");
    }
}
