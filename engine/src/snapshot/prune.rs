//! Letting generations go, and the chunks that nobody names any more.

use std::collections::BTreeSet;

use super::error::SnapshotError;
use super::limits::GENERATIONS_KEPT;
use super::manifest::Manifest;
use super::report::list;
use super::store::{ChunkKey, SnapshotStore};

/// Keeps the newest generations and lets all else go. Answers with the kept
/// ones, the newest first, and the numbers of the others.
///
/// A damaged manifest makes no generation: it goes too, with its chunks. One that a
/// newer build wrote stays, and as nobody here knows which chunks it names, every
/// chunk stays with it.
pub(super) fn prune(store: &dyn SnapshotStore) -> Result<(Vec<Manifest>, Vec<u64>), SnapshotError> {
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    let mut newer = false;
    for report in list(store)? {
        match report.manifest {
            Ok(manifest) if kept.len() < GENERATIONS_KEPT => kept.push(manifest),
            Err(SnapshotError::Store(error)) => return Err(error.into()),
            Err(error) if error.is_newer() => newer = true,
            Ok(_) | Err(_) => dropped.push(report.generation),
        }
    }
    for generation in &dropped {
        store.remove_manifest(*generation)?;
    }
    // `MANIFEST_LAST` backwards: no manifest may outlive its chunks.
    store.sync()?;
    if newer {
        return Ok((kept, dropped));
    }
    let named: BTreeSet<ChunkKey> =
        kept.iter().flat_map(|manifest| manifest.chunks.iter().map(|chunk| chunk.key)).collect();
    for key in store.chunk_keys()?.into_iter().filter(|key| !named.contains(key)) {
        store.remove_chunk(key)?;
    }
    store.sync()?;
    Ok((kept, dropped))
}
