//! Snapshots of this engine: where they are, how they are loaded and taken.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::core::{Applied, Core};
use crate::journal::History;
use crate::model::{Lsn, StateHash};
use crate::service::{SnapshotFailed, Snapshotting};
use crate::snapshot::{SnapshotError, SnapshotTaken};

/// The snapshots in a data directory, and the engine that they are of.
pub struct Snapshots {
    _directory: PathBuf,
    engine: Option<(Arc<Core>, Arc<dyn History>)>,
}

/// What a snapshot brought.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loaded {
    /// Its generation; none when there was no snapshot.
    pub generation: Option<u64>,
    /// Replay goes on behind this.
    pub applied: Applied,
    /// Where replay must come to which state hash.
    pub hash_at: Option<(Lsn, StateHash)>,
}

impl Snapshots {
    pub fn new(directory: &Path) -> Self {
        Self { _directory: directory.into(), engine: None }
    }

    pub fn newest_end(&self) -> Result<Lsn, SnapshotError> {
        Ok(Lsn::NONE)
    }

    pub fn load(&self, _: &Core) -> Result<Loaded, SnapshotError> {
        Ok(Loaded::default())
    }

    pub fn over(self, core: Arc<Core>, history: Arc<dyn History>) -> Self {
        Self { engine: Some((core, history)), ..self }
    }
}

impl Snapshotting for Snapshots {
    fn take(&self) -> Result<SnapshotTaken, SnapshotFailed> {
        let _ = &self.engine;
        Err(SnapshotFailed("not yet".into()))
    }
}
