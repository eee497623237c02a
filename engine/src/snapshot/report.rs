//! What is told of snapshots, for a person or a script.

use std::time::Duration;

use super::error::{SnapshotError, StoredFault};
use super::manifest::Manifest;
use super::sled_store::SledStore;
use super::store::SnapshotStore;
use super::verify::read_manifest;
use crate::model::Lsn;

/// What taking a snapshot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeReport {
    /// The new generation, read back whole.
    pub manifest: Manifest,
    /// Chunks that were written.
    pub chunks_written: usize,
    /// Bytes of these.
    pub bytes_written: u64,
    /// Chunks that did not change since the generation before the last, named again.
    pub chunks_reused: usize,
    /// Generations that were let go.
    pub pruned: Vec<u64>,
    /// The journal may be cut before this LSN: replay over the oldest kept
    /// generation starts there. None while too few generations are kept.
    pub journal_from: Option<Lsn>,
    /// Copying and writing.
    pub took_copying: Duration,
    /// Reading back.
    pub took_verifying: Duration,
    /// Of both, making way for commands.
    pub took_resting: Duration,
}

/// One generation in a list.
#[derive(Debug)]
pub struct GenerationReport {
    /// Its number.
    pub generation: u64,
    /// What its manifest says, or why it cannot be read.
    pub manifest: Result<Manifest, SnapshotError>,
}

impl GenerationReport {
    fn is_missing(&self) -> bool {
        matches!(self.manifest, Err(SnapshotError::Manifest { fault: StoredFault::Missing, .. }))
    }
}

/// What a store has, and what is wrong with it, as far as that can be seen without reading
/// chunks.
#[derive(Debug)]
pub struct StoreReport {
    /// The generations that can be read, the newest first.
    pub manifests: Vec<Manifest>,
    /// What is wrong with the store, and with the generations that cannot be read.
    pub problems: Vec<String>,
}

/// Looks at the store and reads all manifests. A store of which both databases are lost has
/// none.
///
/// # Errors
/// When the store fails, or a newer build wrote a generation.
pub fn examine(store: &SledStore) -> Result<StoreReport, SnapshotError> {
    let (manifests, damaged) = match manifests(store) {
        Err(SnapshotError::Store(error)) if error.is_damage() => (Vec::new(), Vec::new()),
        read => read?,
    };
    // What the store met when it was read is one of them.
    let mut problems = store.faults()?;
    problems.extend(damaged.iter().map(ToString::to_string));
    Ok(StoreReport { manifests, problems })
}

/// The manifests that can be read, and what is wrong with the others, the newest first.
///
/// # Errors
/// When the store fails, or a newer build wrote a generation.
pub(crate) fn manifests(
    store: &dyn SnapshotStore,
) -> Result<(Vec<Manifest>, Vec<SnapshotError>), SnapshotError> {
    let (mut manifests, mut damaged) = (Vec::new(), Vec::new());
    for report in list(store)? {
        match report.manifest {
            Ok(manifest) => manifests.push(manifest),
            Err(error) if error.is_damage() => damaged.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok((manifests, damaged))
}

/// All generations, the newest first. Reads manifests only.
///
/// # Errors
/// When the store fails; an unreadable manifest is in the list.
pub fn list(store: &dyn SnapshotStore) -> Result<Vec<GenerationReport>, SnapshotError> {
    let generations = store.generations()?;
    let report =
        |generation| GenerationReport { generation, manifest: read_manifest(store, generation) };
    let mut reports: Vec<_> = generations.into_iter().rev().map(report).collect();
    if reports.iter().any(GenerationReport::is_missing) {
        // A snapshot that ended meanwhile let it go.
        let there = store.generations()?;
        reports.retain(|report| !report.is_missing() || there.contains(&report.generation));
    }
    Ok(reports)
}
