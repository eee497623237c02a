//! What the feed keeps beside the journal: lists that callers write and that are no events.
//!
//! - **Invariant, durable first.** What is shown is on stable storage.

mod file;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

pub use self::file::KeptError;
use self::file::KeptFile;
pub(super) use self::file::{Kind, Part};
use crate::disk::{Disk, is_full};
use crate::model::Refusal;
use crate::transaction::error::EngineError;

/// A list in a file of its own, which is replaced whole at each change.
pub(super) struct Kept<K, V> {
    /// Held while the file is written: one change at a time.
    file: Mutex<KeptFile>,
    /// As the file has them.
    shown: Mutex<Arc<BTreeMap<K, V>>>,
}

impl<K: Part + Ord + Clone, V: Part + Clone + PartialEq> Kept<K, V> {
    /// What a file has. A file that is damaged is set aside, and the list begins anew.
    ///
    /// # Errors
    /// When the file system refuses, and when a newer program wrote the file.
    pub(super) fn open(disk: Arc<dyn Disk>, kind: Kind) -> Result<Self, KeptError> {
        let (file, entries) = KeptFile::open(disk, kind)?;
        Ok(Self { file: Mutex::new(file), shown: Mutex::new(Arc::new(entries)) })
    }

    /// All of it.
    pub(super) fn all(&self) -> Arc<BTreeMap<K, V>> {
        Arc::clone(&self.shown.lock())
    }

    /// Changes a copy, and shows it once it is on stable storage.
    ///
    /// # Errors
    /// What the change refuses, and what the disk answers.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<K, V>) -> Result<T, Refusal>,
    ) -> Result<T, EngineError> {
        let mut file = self.file.lock();
        let before = self.all();
        let mut entries = (*before).clone();
        let answer = change(&mut entries)?;
        if entries != *before {
            file.write(&entries).map_err(|error| unwritten(&error))?;
            *self.shown.lock() = Arc::new(entries);
        }
        Ok(answer)
    }
}

fn unwritten(error: &io::Error) -> EngineError {
    if is_full(error) {
        return EngineError::DiskFull;
    }
    EngineError::ConsumersUnwritable(error.to_string())
}
