//! What takes snapshots of a running engine.

use std::sync::Arc;

use crate::feed::retention::Retention;
use crate::model::{Lsn, Timestamp};
use crate::service::{SnapshotFailed, Snapshotting};
use crate::snapshot::snapshots::Snapshots;
use crate::snapshot::{Pace, SnapshotError, Source, TakeReport, take_at};
use crate::transaction::kernel::Kernel;

/// Takes snapshots of a running engine, and cuts its journal behind them and behind those who
/// read it.
pub struct Snapshotter {
    pub snapshots: Arc<Snapshots>,
    pub kernel: Arc<Kernel>,
    pub retention: Arc<Retention>,
}

impl Snapshotting for Snapshotter {
    fn take(&self, created_at: Timestamp) -> Result<TakeReport, SnapshotFailed> {
        let store = self.snapshots.store().map_err(SnapshotError::from)?;
        let mut pace = Pace::from(&*self.kernel);
        let report = take_at(&mut pace, Source::from(&*self.kernel), &*store, created_at)?;
        // The snapshot is good all the same; the next one cuts again, and lets go of more.
        if let Some(from) = report.journal_from {
            self.retention
                .cut(from)
                .unwrap_or_else(|error| tracing::warn!(%error, "the journal was not cut"));
        }
        let (archive, state) = (&self.kernel.archive, &self.kernel.state);
        let held_from = report.journal_from.map(Lsn::previous);
        match archive.archive(state, &report.manifest, held_from, created_at, &mut pace) {
            Ok(left) => {
                tracing::info!(
                    left,
                    archived = state.orders.archived(),
                    "closed orders left memory"
                );
            }
            Err(error) => tracing::warn!(%error, "not all closed orders left memory"),
        }
        Ok(report)
    }
}
