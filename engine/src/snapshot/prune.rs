//! Letting generations go, and the chunks that no generation names any more.

use std::collections::BTreeMap;

use super::error::SnapshotError;
use super::limits::GENERATIONS_KEPT;
use super::manifest::Manifest;
use super::pace::Pace;
use super::report::list;
use super::store::{ChunkKey, SnapshotStore, are_kept_together};
use super::verify::verify_at;

/// What was kept, and what was not.
pub(super) struct Pruned {
    /// The newest first.
    pub kept: Vec<Manifest>,
    /// The numbers of the others.
    pub dropped: Vec<u64>,
    /// Bytes of each chunk; none when this build does not know all of them.
    pub held: Option<BTreeMap<ChunkKey, u64>>,
}

/// Keeps the newest generation and one to fall back to, and lets all else go. The newest
/// was read back already. The other one is read back here before it counts as kept,
/// because a generation that was damaged meanwhile is no fallback. It should share
/// nothing with the newest.
///
/// A damaged manifest makes no generation: it goes too, with its chunks. One that a
/// newer build wrote stays. This build does not know which chunks it names, so
/// every chunk stays with it.
///
/// # Errors
/// When the store fails. A generation that cannot be read for the moment stays.
pub(super) fn prune(
    pace: &mut Pace<'_>,
    store: &dyn SnapshotStore,
) -> Result<Pruned, SnapshotError> {
    let (mut whole, mut dropped) = (Vec::new(), Vec::new());
    let mut newer = false;
    for report in list(store)? {
        match report.manifest {
            Ok(manifest) => whole.push(manifest),
            Err(error) if error.is_newer() => newer = true,
            Err(error) if !is_lasting(&error) => return Err(error),
            Err(_) => dropped.push(report.generation),
        }
    }
    let mut kept = Vec::with_capacity(GENERATIONS_KEPT);
    let mut older = whole.into_iter();
    kept.extend(older.next());
    let (apart, beside): (Vec<_>, Vec<_>) = older.partition(|older| is_apart(older, &kept[0]));
    for manifest in apart.into_iter().chain(beside) {
        if kept.len() < GENERATIONS_KEPT && is_whole(pace, store, manifest.generation)? {
            kept.push(manifest);
        } else {
            dropped.push(manifest.generation);
        }
    }
    // Before any generation goes: the label must not name one that was let go. If this
    // fails, the snapshot is good all the same, and cutting the journal behind it may be
    // what gives the disk room again.
    let numbers: Vec<u64> = kept.iter().rev().map(|manifest| manifest.generation).collect();
    if let Err(error) = store.keeps(&numbers) {
        tracing::warn!(%error, "the snapshot store does not say which snapshots it keeps");
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

/// Whether no one fault takes both. A generation that this build took has all its chunks
/// with it; an older one may not.
pub(in crate::snapshot) fn is_apart(older: &Manifest, newest: &Manifest) -> bool {
    let mut written = older.chunks.iter().map(|chunk| chunk.key.generation);
    !are_kept_together(older.generation, newest.generation)
        && written.all(|generation| !are_kept_together(generation, newest.generation))
}

fn is_whole(
    pace: &mut Pace<'_>,
    store: &dyn SnapshotStore,
    generation: u64,
) -> Result<bool, SnapshotError> {
    match verify_at(pace, store, generation) {
        Ok(_) => Ok(true),
        Err(error) if is_lasting(&error) => {
            tracing::warn!(%error, generation, "a snapshot cannot be read any more, and is let go");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether a generation that cannot be read will not be read another time either.
fn is_lasting(error: &SnapshotError) -> bool {
    error.is_damage() && !error.is_lost()
}
