//! Snapshots of this engine: where they are, how they are taken and loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::DiskLock;
use crate::journal::History;
use crate::model::Lsn;
use crate::paths::snapshot_directory;
use crate::snapshot::prune::is_apart;
use crate::snapshot::{
    ExportError, Exported, Library, Manifest, Recovered, SledStore, SnapshotError,
    SnapshotStore as _, Source, StoreError, export, list, load_newest, manifests, verify,
};

/// The snapshots in a data directory, and the engine that they are of.
pub struct Snapshots {
    directory: PathBuf,
    library: Library,
    /// Held while the store is opened, which may take long: it is opened once.
    opening: Mutex<()>,
    held: Mutex<Held>,
}

/// What is held until the engine is shut down.
struct Held {
    /// Made when first used: an engine without a snapshot needs no store.
    store: Option<Arc<SledStore>>,
    /// Opening the store mends its files: no other process may have them open.
    lock: Option<Arc<DiskLock>>,
}

impl Snapshots {
    /// The snapshots of a data directory that `lock` is held on.
    ///
    /// # Errors
    /// When there is a store and it cannot be opened.
    pub fn open(data: &Path, lock: Arc<DiskLock>) -> Result<Self, StoreError> {
        let snapshots = Self::without_store(data, lock);
        if SledStore::exists(&snapshots.directory) {
            snapshots.store()?;
        }
        Ok(snapshots)
    }

    /// As [`open`](Self::open), as if there was no store.
    pub fn without_store(data: &Path, lock: Arc<DiskLock>) -> Self {
        Self {
            directory: snapshot_directory(data),
            library: Library::default(),
            opening: Mutex::default(),
            held: Mutex::new(Held { store: None, lock: Some(lock) }),
        }
    }

    /// Lets go of the store and of the data directory. A caller that still uses the
    /// store, or opens it, is told that it is closed.
    pub fn close(&self) {
        let held = std::mem::replace(&mut *self.held.lock(), Held { store: None, lock: None });
        self.library.close();
        drop(held);
    }

    /// The store; made when there was none.
    pub fn store(&self) -> Result<Arc<SledStore>, StoreError> {
        if let Some(store) = self.opened() {
            return Ok(store);
        }
        let _opening = self.opening.lock();
        // Another thread may have opened it meanwhile.
        if let Some(store) = self.opened() {
            return Ok(store);
        }
        let lock = self.held.lock().lock.clone().ok_or_else(|| self.closed())?;
        let opened = Arc::new(SledStore::open_by(&self.library, &self.directory)?.holding(lock));
        let mut held = self.held.lock();
        if held.lock.is_none() {
            return Err(self.closed());
        }
        Ok(Arc::clone(held.store.insert(opened)))
    }

    /// The answer to a caller that comes after the close.
    pub(super) fn closed(&self) -> StoreError {
        StoreError::Closed { directory: self.directory.clone() }
    }

    /// Sets aside what of the store is damaged: the state was recovered without it.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn mend(&self) -> Result<(), SnapshotError> {
        Ok(self.opened().map_or(Ok(false), |store| store.mend()).map(drop)?)
    }

    fn opened(&self) -> Option<Arc<SledStore>> {
        self.held.lock().store.clone()
    }

    /// Loads the newest good generation into what `make` makes. A data
    /// directory that never had a snapshot is given no store by this.
    pub fn load<S>(
        &self,
        until: Option<Lsn>,
        mut make: impl FnMut() -> S,
    ) -> Result<Recovered<S>, SnapshotError>
    where
        for<'a> Source<'a>: From<&'a S>,
    {
        match self.opened() {
            Some(store) => load_newest(&*store, until, make),
            None => Ok(Recovered { state: make(), loaded: None, damaged: Vec::new() }),
        }
    }

    /// What the generations say that can be read, the newest first.
    ///
    /// # Errors
    /// When the store fails, or a newer build wrote a generation.
    pub fn manifests(&self) -> Result<Vec<Manifest>, SnapshotError> {
        // Loading a generation that cannot be read tells of the damage.
        self.opened().map_or(Ok(Vec::new()), |store| Ok(manifests(&*store)?.0))
    }

    /// Whether a generation can be read back whole.
    pub fn is_whole(&self, generation: u64) -> bool {
        self.opened().is_some_and(|store| verify(&*store, generation).is_ok())
    }

    /// What is known to be wrong with the store; no chunk or manifest is read for it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn known_faults(&self) -> Result<Vec<String>, SnapshotError> {
        self.opened().map_or(Ok(Vec::new()), |store| Ok(store.faults()?))
    }

    /// What is wrong with the store and with its generations, all of which are read whole.
    ///
    /// # Errors
    /// When the store fails, or a newer build wrote a generation.
    pub fn faults(&self) -> Result<Vec<String>, SnapshotError> {
        let Some(store) = self.opened() else { return Ok(Vec::new()) };
        let mut faults = store.faults()?;
        for report in list(&*store)? {
            match verify(&*store, report.generation) {
                Ok(_) => {}
                Err(error) if error.is_damage() => faults.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        Ok(faults)
    }

    /// Where replay over the newest generation begins. A journal without any record goes
    /// on from there, if it was closed in order.
    pub fn newest_start(&self) -> Result<Lsn, SnapshotError> {
        Ok(self.manifests()?.first().map_or(Lsn::NONE, |manifest| manifest.start))
    }

    /// The first event that all generations need that are kept, if one fault does not take all of
    /// them: what comes before is needed by nobody who recovers.
    ///
    /// # Errors
    /// As [`manifests`](Self::manifests).
    pub fn needed_from(&self) -> Result<Option<Lsn>, SnapshotError> {
        let manifests = self.manifests()?;
        let both = manifests.first().zip(manifests.last());
        let apart = both.filter(|(newest, oldest)| is_apart(oldest, newest));
        Ok(apart.map(|(_, oldest)| oldest.start.next()))
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::disk::RealDisk;
    use crate::recovery::directory::lock_data;

    #[test]
    fn who_shuts_down_does_not_wait_for_an_opening_that_hangs() {
        let directory = tempfile::tempdir().unwrap();
        let lock = lock_data(&RealDisk, directory.path()).unwrap();
        let (end, never) = channel::<()>();
        let (opens, has_begun) = channel();
        let never = Mutex::new(never);
        let opener = move |_: &Path| {
            opens.send(()).unwrap();
            let _ = never.lock().recv();
            Err(StoreError::Closed { directory: PathBuf::new() })
        };
        let library = Library { opener: Arc::new(opener), ..Library::default() };
        let snapshots = Snapshots { library, ..Snapshots::without_store(directory.path(), lock) };
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| snapshots.store().map(drop));
            has_begun.recv().unwrap();
            let begun = Instant::now();
            snapshots.close();
            let told = opening.join().unwrap();
            assert!(matches!(told, Err(StoreError::Closed { .. })), "{told:?}");
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        });
        drop(end);
    }
}
