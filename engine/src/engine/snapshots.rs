//! Snapshots of this engine: where they are, how they are taken and loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::core::Core;
use super::open::snapshot_directory;
use crate::journal::History;
use crate::model::{Lsn, Timestamp};
use crate::service::{SnapshotFailed, Snapshotting};
use crate::snapshot::{
    ExportError, Exported, Recovered, SledStore, SnapshotError, State, TakeReport, export, list,
    load_newest, take,
};

/// The snapshots in a data directory, and the engine that they are of.
pub struct Snapshots {
    directory: PathBuf,
    /// Opened when first used: an engine without a snapshot needs no store.
    store: Mutex<Option<Arc<SledStore>>>,
}

impl Snapshots {
    /// The snapshots of a data directory.
    pub fn new(data: &Path) -> Self {
        Self { directory: snapshot_directory(data), store: Mutex::new(None) }
    }

    /// The store; opened, and made, when that was not done before.
    pub fn store(&self) -> Result<Arc<SledStore>, SnapshotError> {
        let mut store = self.store.lock();
        if let Some(store) = &*store {
            return Ok(Arc::clone(store));
        }
        let (opened, _) = SledStore::open(&self.directory)?;
        Ok(Arc::clone(store.insert(Arc::new(opened))))
    }

    /// Loads the newest good generation into what `make` makes. A data
    /// directory that never had a snapshot is given no store by this.
    pub fn load(
        &self,
        until: Option<Lsn>,
        mut make: impl FnMut() -> Core,
    ) -> Result<Recovered<Core>, SnapshotError> {
        if !SledStore::exists(&self.directory) {
            return Ok(Recovered { core: make(), loaded: None, damaged: Vec::new() });
        }
        load_newest(&*self.store()?, until, make)
    }

    /// Where replay over the newest generation begins: a journal without any
    /// record goes on from there.
    pub fn newest_start(&self) -> Result<Lsn, SnapshotError> {
        if !SledStore::exists(&self.directory) {
            return Ok(Lsn::NONE);
        }
        let manifests = list(&*self.store()?)?.into_iter().filter_map(|g| g.manifest.ok());
        Ok(manifests.map(|manifest| manifest.start).next().unwrap_or(Lsn::NONE))
    }

    /// Writes a generation to a file, with the journal records that belong to it.
    pub fn export(
        &self,
        history: &dyn History,
        generation: u64,
        to: &Path,
    ) -> Result<Exported, ExportError> {
        export(&*self.store()?, history, generation, to)
    }
}

/// Takes snapshots of a running engine, and cuts its journal behind them.
pub struct Snapshotter {
    pub snapshots: Arc<Snapshots>,
    pub core: Arc<Core>,
    pub history: Arc<dyn History>,
}

impl Snapshotting for Snapshotter {
    fn take(&self, created_at: Timestamp) -> Result<TakeReport, SnapshotFailed> {
        let store = self.snapshots.store()?;
        let report = take(State::from(&*self.core), &*store, created_at)?;
        if let Some(from) = report.journal_from {
            // The snapshot is good all the same; the next one cuts again.
            self.history
                .drop_before(from)
                .unwrap_or_else(|error| tracing::warn!(%error, "the journal was not cut"));
        }
        Ok(report)
    }
}
