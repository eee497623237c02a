//! Letting generations go, and the chunks that nobody names any more.

use std::collections::BTreeMap;

use super::error::SnapshotError;
use super::limits::GENERATIONS_KEPT;
use super::manifest::Manifest;
use super::pace::Pace;
use super::report::list;
use super::store::{ChunkKey, SnapshotStore};
use super::verify::verify_at;

/// What was kept, and what was not.
pub(super) struct Pruned {
    /// The newest first.
    pub kept: Vec<Manifest>,
    /// The numbers of the others.
    pub dropped: Vec<u64>,
    /// Bytes of each chunk; none when nobody here knows all of them.
    pub held: Option<BTreeMap<ChunkKey, u64>>,
}

/// Keeps the newest generations and lets all else go. The newest of all was read back;
/// another one is before it counts as kept, as what is damaged meanwhile is no fallback.
///
/// A damaged manifest makes no generation: it goes too, with its chunks. One that a
/// newer build wrote stays, and as nobody here knows which chunks it names, every
/// chunk stays with it.
pub(super) fn prune(
    pace: &mut Pace<'_>,
    store: &dyn SnapshotStore,
) -> Result<Pruned, SnapshotError> {
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    let mut newer = false;
    for report in list(store)? {
        match report.manifest {
            Ok(manifest) if kept.len() < GENERATIONS_KEPT => {
                if kept.is_empty() || is_whole(pace, store, manifest.generation)? {
                    kept.push(manifest);
                } else {
                    dropped.push(manifest.generation);
                }
            }
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
        return Ok(Pruned { kept, dropped, held: None });
    }
    let chunks = kept.iter().flat_map(|manifest| &manifest.chunks);
    let named: BTreeMap<ChunkKey, u64> = chunks.map(|chunk| (chunk.key, chunk.bytes)).collect();
    for key in store.chunk_keys()?.into_iter().filter(|key| !named.contains_key(key)) {
        store.remove_chunk(key)?;
    }
    store.sync()?;
    Ok(Pruned { kept, dropped, held: Some(named) })
}

fn is_whole(
    pace: &mut Pace<'_>,
    store: &dyn SnapshotStore,
    generation: u64,
) -> Result<bool, SnapshotError> {
    match verify_at(pace, store, generation) {
        Ok(_) => Ok(true),
        Err(damaged @ (SnapshotError::Chunk { .. } | SnapshotError::Manifest { .. }))
            if !damaged.is_newer() =>
        {
            tracing::warn!(%damaged, generation, "a snapshot was damaged, and is let go");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
