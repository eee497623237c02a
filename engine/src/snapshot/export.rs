//! One generation as one file, for another machine or a safe place.
//!
//! ```text
//!   magic "BKSTEXPT", file version u16, 6 zero bytes
//!   the manifest's frame
//!   each chunk's frame, in the manifest's order
//!   the journal's records after the manifest's start, up to its end: each a
//!   length u32 and a payload
//!   magic "BKSTEND.", bytes of all before it u64, CRC-32 of all before it u32
//! ```
//! Frames know their lengths, so the file is written and read as a stream, one
//! chunk in memory at a time. The images of a generation are from no single
//! moment; the records make the file whole without the journal it came from.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::chunk::{self, FrameError, HEADER_BYTES};
use super::error::{SnapshotError, StoredFault};
use super::manifest::{ChunkRef, Manifest};
use super::store::{SnapshotStore, StoreError};
use super::verify::{open_chunk, read_manifest, stored};
use crate::journal::{History, LogError};
use crate::model::Lsn;

const MAGIC: [u8; 8] = *b"BKSTEXPT";
const END: [u8; 8] = *b"BKSTEND.";
const FILE_VERSION: u16 = 1;
const FILE_HEADER_BYTES: usize = 16;

/// Bytes of the mark that an exported file ends with.
pub const END_MARK_BYTES: usize = 20;

/// Why a generation could not be exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store, or the generation in it, is at fault.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in the file to import cannot be read.
    #[error("{}: {fault}", .path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// The journal no longer has the records that make the generation whole.
    #[error("the journal lacks the records {from} to {to}, which belong to the generation")]
    RecordsMissing {
        /// The first record that is missing.
        from: Lsn,
        /// The last record that is needed.
        to: Lsn,
    },
    /// The journal cannot be read, or written.
    #[error(transparent)]
    Journal(#[from] LogError),
    /// The store to import into has generations already.
    #[error("the store to import into is not empty, it has {0} generations")]
    NotEmpty(usize),
}

/// What is wrong with a file to import.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It is no export of a snapshot.
    #[error("not an exported snapshot")]
    Foreign,
    /// A newer build wrote it.
    #[error("file version {0} is newer than {FILE_VERSION}, the newest known here")]
    NewerVersion(u16),
    /// It ends too early.
    #[error("it ends after {0} bytes, in the middle")]
    Truncated(u64),
    /// Bytes are damaged, or follow the end mark.
    #[error("it is damaged: its end mark does not fit its content")]
    Damaged,
    /// The manifest in it cannot be read.
    #[error("its manifest: {0}")]
    Manifest(#[source] StoredFault),
    /// A chunk in it cannot be read.
    #[error("its chunk {at}: {fault}")]
    Chunk {
        /// Its place, from 0.
        at: usize,
        /// What is wrong with it.
        fault: StoredFault,
    },
}

impl FileFault {
    /// Whether a newer build wrote it: it is not damaged.
    pub fn is_newer(&self) -> bool {
        match self {
            Self::NewerVersion(_) => true,
            Self::Manifest(fault) | Self::Chunk { fault, .. } => fault.is_newer(),
            _ => false,
        }
    }

    /// For `map_err`: what is wrong with the file `path`.
    pub(crate) fn of(path: &Path) -> impl Fn(Self) -> ExportError + '_ {
        |fault| ExportError::Content { path: path.to_owned(), fault }
    }
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        SnapshotError::from(error).into()
    }
}

/// What was exported or imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The generation.
    pub manifest: Manifest,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Writes a generation to a file, which appears under its name when it is whole
/// and on stable storage. Every chunk is checked on its way.
///
/// # Errors
/// When the generation is damaged or the file cannot be written; the name is
/// then as it was.
pub fn export(
    store: &dyn SnapshotStore,
    history: &dyn History,
    generation: u64,
    path: &Path,
) -> Result<Exported, ExportError> {
    let partial = path.with_added_extension("partial");
    let written = write_file(store, history, generation, &partial).and_then(|exported| {
        std::fs::rename(&partial, path).map_err(at(path))?;
        sync_directory_of(path)?;
        Ok(exported)
    });
    if written.is_err() {
        // The first error is the one that counts.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn write_file(
    store: &dyn SnapshotStore,
    history: &dyn History,
    generation: u64,
    path: &Path,
) -> Result<Exported, ExportError> {
    let file = File::create(path).map_err(at(path))?;
    let exported = export_to(store, history, generation, &file, path)?;
    file.sync_all().map_err(at(path))?;
    Ok(exported)
}

/// Writes a generation to whatever takes bytes, which `path` names in errors. Every
/// chunk is checked on its way.
///
/// # Errors
/// When the generation is damaged or `out` fails; what was written is then of no use.
pub fn export_to(
    store: &dyn SnapshotStore,
    history: &dyn History,
    generation: u64,
    out: impl Write,
    path: &Path,
) -> Result<Exported, ExportError> {
    let manifest = read_manifest(store, generation)?;
    let mut out = Counted::new(BufWriter::new(out));
    let mut header = [0; FILE_HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..10].copy_from_slice(&FILE_VERSION.to_le_bytes());
    out.put(&header).map_err(at(path))?;
    out.put(&manifest.encode().map_err(SnapshotError::Unwritable)?).map_err(at(path))?;
    for chunk in &manifest.chunks {
        let fault = |fault| SnapshotError::Chunk { key: chunk.key, fault };
        let bytes = stored(store.chunk(chunk.key), fault)?;
        open_chunk(chunk, &bytes, 0).map_err(fault)?;
        out.put(&bytes).map_err(at(path))?;
    }
    put_records(&mut out, history, &manifest, path)?;
    let end = out.end_mark();
    out.put(&end).map_err(at(path))?;
    out.inner.flush().map_err(at(path))?;
    Ok(Exported { manifest, bytes: out.bytes })
}

fn put_records(
    out: &mut Counted<impl Write>,
    history: &dyn History,
    manifest: &Manifest,
    path: &Path,
) -> Result<(), ExportError> {
    let mut next = manifest.start.next();
    if next > manifest.end {
        return Ok(());
    }
    let mut failed = Ok(());
    history.cursor(next).read(&mut |lsn, payload| {
        let length = u32::try_from(payload.len()).expect("a record's length is 32 bits");
        failed = out.put(&length.to_le_bytes()).and_then(|()| out.put(payload));
        next = lsn.next();
        // What comes behind is not needed, and may be damaged.
        let goes_on = failed.is_ok() && next <= manifest.end;
        if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    failed.map_err(at(path))?;
    if next <= manifest.end {
        return Err(ExportError::RecordsMissing { from: next, to: manifest.end });
    }
    Ok(())
}

/// Whether the last bytes of a stream of `bytes` bytes are the mark that ends an export
/// of this length. For a caller that passed the stream on and cannot read it again.
/// Only reading it all, as [`verify_file`] does, shows that nothing in it changed.
pub fn is_end_mark(tail: &[u8], bytes: u64) -> bool {
    let Some(tail) = tail.last_chunk::<END_MARK_BYTES>() else { return false };
    let before = bytes.saturating_sub(END_MARK_BYTES as u64);
    tail[..8] == END && tail[8..16] == before.to_le_bytes()
}

/// Reads a file whole, and checks all that is in it: every checksum, every chunk as
/// [`verify`](super::verify()) does, and that nothing is missing or follows.
///
/// # Errors
/// When the file is foreign, truncated, damaged, or from a newer build.
pub fn verify_file(path: &Path) -> Result<Exported, ExportError> {
    read_file(path, |_, _| Ok(()), |_, _| Ok(()))
}

/// Reads a generation from a file into a store without generations, and hands
/// the journal records that belong to it to `keep_record`. The file is read twice: it
/// is checked whole before anything is kept, and the manifest is kept last.
///
/// # Errors
/// When the file is foreign, truncated, damaged, or from a newer build, or the
/// store is not empty; the store has then no generation more than before.
pub fn import(
    path: &Path,
    store: &dyn SnapshotStore,
    mut keep_record: impl FnMut(Lsn, &[u8]) -> Result<(), ExportError>,
) -> Result<Exported, ExportError> {
    let there = store.generations()?.len();
    if there > 0 {
        return Err(ExportError::NotEmpty(there));
    }
    verify_file(path)?;
    let keep_chunk = |chunk: &ChunkRef, bytes: &[u8]| Ok(store.put_chunk(chunk.key, bytes)?);
    let exported = read_file(path, keep_chunk, &mut keep_record)?;
    store.sync()?;
    let frame = exported.manifest.encode().map_err(SnapshotError::Unwritable)?;
    store.put_manifest(exported.manifest.generation, &frame)?;
    store.sync()?;
    super::verify::verify(store, exported.manifest.generation)?;
    Ok(exported)
}

fn read_file(
    path: &Path,
    mut keep: impl FnMut(&ChunkRef, &[u8]) -> Result<(), ExportError>,
    mut keep_record: impl FnMut(Lsn, &[u8]) -> Result<(), ExportError>,
) -> Result<Exported, ExportError> {
    let file = File::open(path).map_err(at(path))?;
    let mut input = Counted::new(BufReader::new(file));
    let bad = FileFault::of(path);
    check_header(&input.exactly(FILE_HEADER_BYTES as u64, path)?).map_err(&bad)?;
    let manifest = input.frame(path, |error| FileFault::Manifest(error.into()))?;
    let manifest =
        Manifest::decode_any(&manifest).map_err(|fault| bad(FileFault::Manifest(fault)))?;
    for (place, chunk) in manifest.chunks.iter().enumerate() {
        let fault = |fault| FileFault::Chunk { at: place, fault };
        let bytes = input.frame(path, |error| fault(error.into()))?;
        open_chunk(chunk, &bytes, 0).map_err(|error| bad(fault(error)))?;
        keep(chunk, &bytes)?;
    }
    let mut lsn = manifest.start;
    while lsn < manifest.end {
        lsn = lsn.next();
        let length = input.exactly(4, path)?;
        let length = u32::from_le_bytes(length.try_into().expect("four bytes were read"));
        keep_record(lsn, &input.exactly(u64::from(length), path)?)?;
    }
    let expected = input.end_mark();
    if input.exactly(expected.len() as u64, path)? != expected || !input.is_at_end(path)? {
        return Err(bad(FileFault::Damaged));
    }
    Ok(Exported { manifest, bytes: input.bytes })
}

fn check_header(header: &[u8]) -> Result<(), FileFault> {
    if header[..8] != MAGIC {
        return Err(FileFault::Foreign);
    }
    match u16::from_le_bytes([header[8], header[9]]) {
        FILE_VERSION if header[10..] == [0; 6] => Ok(()),
        FILE_VERSION | 0 => Err(FileFault::Damaged),
        newer => Err(FileFault::NewerVersion(newer)),
    }
}

/// A stream with the count and the checksum of what went through it.
struct Counted<T> {
    inner: T,
    bytes: u64,
    checksum: crc32fast::Hasher,
}

impl<T> Counted<T> {
    fn new(inner: T) -> Self {
        Self { inner, bytes: 0, checksum: crc32fast::Hasher::new() }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.checksum.update(bytes);
    }

    /// The end mark that fits what went through so far.
    fn end_mark(&self) -> [u8; END_MARK_BYTES] {
        let mut mark = [0; END_MARK_BYTES];
        mark[..8].copy_from_slice(&END);
        mark[8..16].copy_from_slice(&self.bytes.to_le_bytes());
        mark[16..].copy_from_slice(&self.checksum.clone().finalize().to_le_bytes());
        mark
    }
}

impl<T: Write> Counted<T> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count(bytes);
        self.inner.write_all(bytes)
    }
}

impl<T: Read> Counted<T> {
    /// Reads so many bytes. A length from a damaged header reserves no memory:
    /// what is read is what is there.
    fn exactly(&mut self, bytes: u64, path: &Path) -> Result<Vec<u8>, ExportError> {
        let mut read = Vec::new();
        self.inner.by_ref().take(bytes).read_to_end(&mut read).map_err(at(path))?;
        self.count(&read);
        if (read.len() as u64) < bytes {
            // Too short for a header, a file may still be another program's.
            let in_header = self.bytes < FILE_HEADER_BYTES as u64;
            let foreign = in_header && !read.starts_with(&MAGIC[..read.len().min(MAGIC.len())]);
            let fault = if foreign { FileFault::Foreign } else { FileFault::Truncated(self.bytes) };
            return Err(FileFault::of(path)(fault));
        }
        Ok(read)
    }

    fn frame(
        &mut self,
        path: &Path,
        fault: impl FnOnce(FrameError) -> FileFault,
    ) -> Result<Vec<u8>, ExportError> {
        let mut frame = self.exactly(HEADER_BYTES as u64, path)?;
        let payload = chunk::payload_bytes(&frame);
        let payload = payload.map_err(|error| FileFault::of(path)(fault(error)))?;
        frame.append(&mut self.exactly(payload, path)?);
        Ok(frame)
    }

    fn is_at_end(&mut self, path: &Path) -> Result<bool, ExportError> {
        let mut more = [0; 1];
        Ok(self.inner.read(&mut more).map_err(at(path))? == 0)
    }
}

fn sync_directory_of(path: &Path) -> Result<(), ExportError> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(at(directory))
}

fn at(path: &Path) -> impl Fn(io::Error) -> ExportError + '_ {
    |source| ExportError::File { path: path.to_owned(), source }
}
