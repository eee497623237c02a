//! What a simulated disk holds: live and durable bytes, live and durable names,
//! and the changes in between.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::random::Random;

/// Disks write this many bytes whole or not at all, aligned to their own size;
/// the simulation also tears within.
const SECTOR_BYTES: usize = 512;

/// A file, whatever its name; an index into [`State::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId(usize);

/// A change to one file.
#[derive(Clone)]
pub(super) enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Resize(usize),
    Grow(usize),
}

/// A change to the names in a directory.
#[derive(Clone)]
enum Naming {
    Create { path: PathBuf, file: FileId },
    Rename { from: PathBuf, to: PathBuf, file: FileId },
    Remove { path: PathBuf },
    MoveDir { from: PathBuf, to: PathBuf },
    ExchangeDirs { one: PathBuf, other: PathBuf },
    RemoveDir { dir: PathBuf },
}

/// One file: its bytes now, its bytes on stable storage, and, in order, the
/// changes that the next sync makes durable.
#[derive(Clone, Default)]
struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
    handles: usize,
    /// What cannot be read.
    unreadable: Vec<Range<usize>>,
    is_unopenable: bool,
}

type Names = BTreeMap<PathBuf, FileId>;

/// The whole disk.
#[derive(Clone, Default)]
pub(super) struct State {
    /// Never shrinks, so that a handle stays good when its name goes.
    files: Vec<Content>,
    dirs: BTreeSet<PathBuf>,
    live: Names,
    durable: Names,
    unsynced: Vec<Naming>,
}

impl State {
    pub(super) fn create_dir_all(&mut self, dir: &Path) {
        self.dirs.extend(dir.ancestors().map(Path::to_owned));
    }

    pub(super) fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        if !self.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = self.live.keys().filter(|path| path.parent() == Some(dir));
        let names = inside.filter_map(|path| path.file_name());
        Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
    }

    /// As [`list`](Self::list), with the directories.
    pub(super) fn entries(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = self.list(dir)?;
        let inside = self.dirs.iter().filter(|path| path.parent() == Some(dir));
        let inside = inside.filter_map(|path| path.file_name());
        names.extend(inside.map(|name| name.to_string_lossy().into_owned()));
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn find(&self, path: &Path) -> Option<FileId> {
        self.live.get(path).copied()
    }

    pub(super) fn find_openable(&self, path: &Path) -> io::Result<FileId> {
        let file = self.find(path).ok_or(io::ErrorKind::NotFound)?;
        if self.files[file.0].is_unopenable { Err(rustix::io::Errno::IO.into()) } else { Ok(file) }
    }

    pub(super) fn live(&self, file: FileId) -> &[u8] {
        &self.files[file.0].live
    }

    /// The bytes of all files that have a name, or are open.
    pub(super) fn used(&self) -> u64 {
        let named: BTreeSet<usize> = self.live.values().map(|file| file.0).collect();
        let held = self.files.iter().enumerate();
        let held = held.filter(|(no, file)| file.handles > 0 || named.contains(no));
        held.map(|(_, file)| file.live.len() as u64).sum()
    }

    /// A machine that comes up again has nothing open.
    pub(super) fn close_all(&mut self) {
        self.files.iter_mut().for_each(|file| file.handles = 0);
    }

    pub(super) fn make_unreadable(&mut self, path: &Path, bytes: Range<usize>) {
        let file = self.find(path).expect("there is such a file");
        self.files[file.0].unreadable.push(bytes);
    }

    pub(super) fn make_unopenable(&mut self, path: &Path) {
        let file = self.find(path).expect("there is such a file");
        self.files[file.0].is_unopenable = true;
    }

    pub(super) fn is_readable(&self, file: FileId, bytes: &Range<usize>) -> bool {
        let overlaps = |bad: &Range<usize>| bad.start < bytes.end && bytes.start < bad.end;
        !self.files[file.0].unreadable.iter().any(overlaps)
    }

    pub(super) fn opened(&mut self, file: FileId) {
        self.files[file.0].handles += 1;
    }

    pub(super) fn closed(&mut self, file: FileId) {
        self.files[file.0].handles -= 1;
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<FileId> {
        if !path.parent().is_some_and(|dir| self.dirs.contains(dir)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if let Some(existing) = self.find(path) {
            self.change(existing, Change::Resize(0));
            return Ok(existing);
        }
        let file = FileId(self.files.len());
        self.files.push(Content::default());
        self.name(Naming::Create { path: path.to_owned(), file });
        Ok(file)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if self.dirs.contains(from) {
            return self.move_dir(from, to);
        }
        let file = self.find(from).ok_or(io::ErrorKind::NotFound)?;
        if self.dirs.contains(to) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        self.name(Naming::Rename { from: from.to_owned(), to: to.to_owned(), file });
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.find(path).ok_or(io::ErrorKind::NotFound)?;
        self.name(Naming::Remove { path: path.to_owned() });
        Ok(())
    }

    fn move_dir(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if self.live.keys().any(|path| path.starts_with(to)) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        self.dirs = self.dirs.iter().map(|dir| moved(dir, from, to)).collect();
        self.name(Naming::MoveDir { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    pub(super) fn exchange(&mut self, one: &Path, other: &Path) -> io::Result<()> {
        if !self.dirs.contains(one) || !self.dirs.contains(other) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.dirs = self.dirs.iter().map(|dir| exchanged(dir, one, other)).collect();
        self.name(Naming::ExchangeDirs { one: one.to_owned(), other: other.to_owned() });
        Ok(())
    }

    pub(super) fn remove_dir_all(&mut self, dir: &Path) -> io::Result<()> {
        if !self.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.dirs.retain(|path| !path.starts_with(dir));
        self.name(Naming::RemoveDir { dir: dir.to_owned() });
        Ok(())
    }

    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.live);
        self.unsynced.push(naming);
    }

    pub(super) fn change(&mut self, file: FileId, change: Change) {
        let content = &mut self.files[file.0];
        change.apply(&mut content.live);
        content.unsynced.push(change);
    }

    pub(super) fn sync(&mut self, file: FileId) {
        let content = &mut self.files[file.0];
        for change in content.unsynced.drain(..) {
            change.apply(&mut content.durable);
        }
    }

    /// What a failed sync leaves: live bytes that no later sync makes durable.
    pub(super) fn forget_unsynced(&mut self, file: FileId) {
        self.files[file.0].unsynced.clear();
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) {
        let durable = &mut self.durable;
        self.unsynced.retain(|naming| {
            let here = naming.directory() == Some(dir);
            if here {
                naming.apply(durable);
            }
            !here
        });
    }

    /// The state that a machine finds when it comes up again.
    pub(super) fn after_power_loss(&self, random: &mut Random) -> Self {
        let mut names = self.durable.clone();
        for naming in self.unsynced.iter().filter(|_| random.coin()) {
            naming.apply(&mut names);
        }
        let files = self.files.iter().map(|file| file.after_power_loss(random)).collect();
        // Directories are made durably; what lost its new name has its old one.
        let named = names.keys().filter_map(|path| path.parent()).flat_map(Path::ancestors);
        let dirs = self.dirs.iter().map(PathBuf::as_path).chain(named).map(Path::to_owned);
        Self {
            files,
            dirs: dirs.collect(),
            live: names.clone(),
            durable: names,
            unsynced: Vec::new(),
        }
    }

    /// Changes what is stored of a file, live and durable alike.
    pub(super) fn rewrite(&mut self, path: &Path, rewrite: impl Fn(&mut Vec<u8>)) {
        let file = self.find(path).expect("a stored file");
        let content = &mut self.files[file.0];
        rewrite(&mut content.live);
        content.unsynced.clear();
        content.durable = content.live.clone();
    }

    pub(super) fn put(&mut self, path: &Path, bytes: &[u8]) {
        let file = FileId(self.files.len());
        let (live, durable) = (bytes.to_vec(), bytes.to_vec());
        self.files.push(Content { live, durable, ..Content::default() });
        if let Some(dir) = path.parent() {
            self.create_dir_all(dir);
        }
        self.live.insert(path.to_owned(), file);
        self.durable.insert(path.to_owned(), file);
    }
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Create { path, file } => {
                names.insert(path.clone(), *file);
            }
            Self::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            Self::Remove { path } => {
                names.remove(path);
            }
            Self::MoveDir { from, to } => rename_all(names, |path| moved(path, from, to)),
            Self::ExchangeDirs { one, other } => {
                rename_all(names, |path| exchanged(path, one, other));
            }
            Self::RemoveDir { dir } => names.retain(|path, _| !path.starts_with(dir)),
        }
    }

    fn directory(&self) -> Option<&Path> {
        match self {
            Self::Create { path, .. } | Self::Remove { path } => path.parent(),
            Self::Rename { to, .. } | Self::MoveDir { to, .. } => to.parent(),
            Self::ExchangeDirs { one, .. } => one.parent(),
            Self::RemoveDir { dir } => dir.parent(),
        }
    }
}

fn rename_all(names: &mut Names, rename: impl Fn(&Path) -> PathBuf) {
    *names = std::mem::take(names).into_iter().map(|(path, file)| (rename(&path), file)).collect();
}

/// Where `path` is when the directory `from` was renamed to `to`.
fn moved(path: &Path, from: &Path, to: &Path) -> PathBuf {
    match path.strip_prefix(from) {
        Ok(inside) if inside == Path::new("") => to.to_owned(),
        Ok(inside) => to.join(inside),
        Err(_) => path.to_owned(),
    }
}

/// Where `path` is when two directories were exchanged.
fn exchanged(path: &Path, one: &Path, other: &Path) -> PathBuf {
    if path.starts_with(one) { moved(path, one, other) } else { moved(path, other, one) }
}

impl Content {
    fn after_power_loss(&self, random: &mut Random) -> Self {
        let mut bytes = self.durable.clone();
        for change in &self.unsynced {
            change.apply_perhaps(&mut bytes, random);
        }
        Self { live: bytes.clone(), durable: bytes, ..Self::default() }
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => write(content, *offset, bytes),
            Self::Resize(bytes) => content.resize(*bytes, 0),
            Self::Grow(bytes) => content.resize(content.len().max(*bytes), 0),
        }
    }

    /// Keeps, loses or tears the change, each as likely as the others.
    fn apply_perhaps(&self, content: &mut Vec<u8>, random: &mut Random) {
        match random.up_to(2) {
            0 => self.apply(content),
            1 => {}
            _ => self.apply_torn(content, random),
        }
    }

    fn apply_torn(&self, content: &mut Vec<u8>, random: &mut Random) {
        let Self::Write { offset, bytes } = self else { return };
        if random.coin() {
            let cut = random.up_to(bytes.len());
            if random.coin() {
                write(content, *offset, &bytes[..cut]);
            } else {
                write(content, offset + cut, &bytes[cut..]);
            }
            return;
        }
        let mut at = 0;
        while at < bytes.len() {
            let in_sector = SECTOR_BYTES - (offset + at) % SECTOR_BYTES;
            let end = (at + in_sector).min(bytes.len());
            if random.coin() {
                write(content, offset + at, &bytes[at..end]);
            }
            at = end;
        }
    }
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}
