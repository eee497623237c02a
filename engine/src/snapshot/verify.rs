//! Reading back: every byte is checked before anything is believed.

use std::time::{Duration, Instant};

use super::chunk::{self, Kind};
use super::content::Content;
use super::error::{SnapshotError, StoredFault};
use super::manifest::{ChunkRef, Counts, Manifest};
use super::pace::Pace;
use super::store::{SnapshotStore, StoreError};

/// What reading a generation back found: no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// Which one.
    pub generation: u64,
    /// Its chunks, all read.
    pub chunks: usize,
    /// Bytes read.
    pub bytes: u64,
    /// What it holds.
    pub counts: Counts,
    /// How long it took.
    pub took: Duration,
}

/// Reads a generation's manifest.
///
/// # Errors
/// When it is not there, damaged, newer than this build, or makes no sense.
pub fn read_manifest(
    store: &dyn SnapshotStore,
    generation: u64,
) -> Result<Manifest, SnapshotError> {
    let fault = |fault| SnapshotError::Manifest { generation, fault };
    let bytes = stored(store.manifest(generation), fault)?;
    Manifest::decode(generation, &bytes).map_err(fault)
}

/// Reads a generation whole: every checksum, every archive, every image, and
/// the state hash of every chunk.
///
/// # Errors
/// The first fault found.
pub fn verify(store: &dyn SnapshotStore, generation: u64) -> Result<VerifyReport, SnapshotError> {
    verify_at(&mut Pace::unhurried(), store, generation)
}

/// As [`verify`], making way for commands between two chunks.
pub(super) fn verify_at(
    pace: &mut Pace<'_>,
    store: &dyn SnapshotStore,
    generation: u64,
) -> Result<VerifyReport, SnapshotError> {
    let begun = Instant::now();
    let manifest = read_manifest(store, generation)?;
    for chunk in &manifest.chunks {
        // No network is kept: its lanes may be of no size.
        read_chunk(store, chunk, 0)?;
        pace.rest()?;
    }
    Ok(VerifyReport {
        generation,
        chunks: manifest.chunks.len(),
        bytes: manifest.bytes(),
        counts: manifest.counts,
        took: begun.elapsed(),
    })
}

/// Reads a chunk and checks that it is the one that the manifest names.
pub(super) fn read_chunk(
    store: &dyn SnapshotStore,
    chunk: &ChunkRef,
    postal_codes: usize,
) -> Result<Content, SnapshotError> {
    let fault = |fault| SnapshotError::Chunk { key: chunk.key, fault };
    let bytes = stored(store.chunk(chunk.key), fault)?;
    open_chunk(chunk, &bytes, postal_codes).map_err(fault)
}

/// The bytes that a store was asked for. What it cannot give is a fault of the chunk or the
/// manifest, unless the store itself failed.
pub(super) fn stored(
    read: Result<Option<Vec<u8>>, StoreError>,
    fault: impl Fn(StoredFault) -> SnapshotError,
) -> Result<Vec<u8>, SnapshotError> {
    match read {
        Err(error) if error.is_damage() => Err(fault(StoredFault::Unreadable(error))),
        read => read?.ok_or_else(|| fault(StoredFault::Missing)),
    }
}

pub(super) fn open_chunk(
    chunk: &ChunkRef,
    bytes: &[u8],
    postal_codes: usize,
) -> Result<Content, StoredFault> {
    let frame = chunk::open(bytes)?;
    let header = frame.header;
    expect("checksum", frame.checksum == chunk.checksum && bytes.len() as u64 == chunk.bytes)?;
    expect("kind", header.kind == chunk.key.kind && header.kind != Kind::Manifest)?;
    expect("range", (header.from, header.to) == (chunk.key.from, chunk.to))?;
    expect("number of parts", header.count == chunk.count)?;
    expect("last LSN", header.last_lsn == chunk.last_lsn)?;
    let content = Content::decode(header.kind, frame.version, &frame.payload, postal_codes)?;
    let numbers = content.numbers();
    expect("number of parts", numbers.len() as u64 == u64::from(chunk.count))?;
    expect("order of parts", numbers.is_sorted_by(|a, b| a < b))?;
    let in_range = numbers.iter().all(|no| (chunk.key.from..=chunk.to).contains(no));
    expect("range", in_range)?;
    expect("state hash", content.hash_of(frame.version) == chunk.hash)?;
    Ok(content)
}

fn expect(what: &'static str, holds: bool) -> Result<(), StoredFault> {
    if holds { Ok(()) } else { Err(StoredFault::Differs(what)) }
}
