//! Snapshots as they are shown.

use std::path::Path;

use backstock_engine::snapshot::{Exported, FileFault, Manifest, StoreReport};
use backstock_proto::v1;
use serde::Serialize;

use super::{View, lines, or_dash, table};
use crate::cli::Exit;
use crate::client::words;

/// A snapshot that is kept.
#[derive(Debug, Default, Serialize)]
pub(crate) struct SnapshotView {
    generation: u64,
    create_time: Option<String>,
    start_lsn: u64,
    end_lsn: u64,
    state_hash: String,
    pairs: u64,
    orders: u64,
    size_bytes: u64,
}

/// Snapshots, the newest first.
#[derive(Debug, Default, Serialize)]
pub(crate) struct SnapshotsView {
    pub(crate) snapshots: Vec<SnapshotView>,
    /// What is wrong with the store, and with snapshots that cannot be read.
    pub(crate) problems: Vec<String>,
}

/// What a check of a snapshot found.
#[derive(Debug, Serialize)]
pub(crate) struct CheckView {
    snapshot: SnapshotView,
    problems: Vec<String>,
}

/// What a check of an exported file found.
#[derive(Debug, Serialize)]
pub(crate) struct FileCheckView {
    file: String,
    snapshot: Option<SnapshotView>,
    problems: Vec<String>,
}

/// A snapshot that was written to a file.
#[derive(Debug, Serialize)]
pub(crate) struct ExportedView {
    pub(crate) file: String,
    pub(crate) size_bytes: u64,
    /// The version whose state it has.
    pub(crate) version: u64,
}

impl ExportedView {
    /// A snapshot that went through standard output.
    pub(crate) fn piped(size_bytes: u64, version: u64) -> Self {
        Self { file: "standard output".to_owned(), size_bytes, version }
    }
}

impl From<v1::Snapshot> for SnapshotView {
    fn from(snapshot: v1::Snapshot) -> Self {
        Self {
            generation: snapshot.generation,
            create_time: words::time(snapshot.create_time.as_ref()),
            start_lsn: snapshot.start_lsn,
            end_lsn: snapshot.end_lsn,
            state_hash: words::hex(&snapshot.state_hash),
            pairs: snapshot.pairs,
            orders: snapshot.orders,
            size_bytes: snapshot.size_bytes,
        }
    }
}

impl From<&Manifest> for SnapshotView {
    fn from(manifest: &Manifest) -> Self {
        Self {
            generation: manifest.generation,
            create_time: Some(manifest.created_at.to_string()),
            start_lsn: manifest.start.get(),
            end_lsn: manifest.end.get(),
            state_hash: manifest.state_hash.to_string(),
            pairs: manifest.counts.pairs,
            orders: manifest.counts.orders,
            size_bytes: manifest.bytes(),
        }
    }
}

impl SnapshotView {
    fn row(&self) -> Vec<String> {
        vec![
            self.generation.to_string(),
            or_dash(self.create_time.as_ref()),
            self.start_lsn.to_string(),
            self.end_lsn.to_string(),
            self.pairs.to_string(),
            self.orders.to_string(),
            self.size_bytes.to_string(),
            self.state_hash.clone(),
        ]
    }
}

impl From<StoreReport> for SnapshotsView {
    fn from(StoreReport { manifests, problems }: StoreReport) -> Self {
        Self { snapshots: manifests.iter().map(Into::into).collect(), problems }
    }
}

impl SnapshotsView {
    pub(crate) fn exit(&self) -> Exit {
        exit_of(&self.problems)
    }

    fn table(&self) -> String {
        if self.snapshots.is_empty() {
            return "no snapshot is kept".to_owned();
        }
        let header = [
            "generation",
            "created",
            "start lsn",
            "end lsn",
            "pairs",
            "orders",
            "bytes",
            "state hash",
        ];
        let mut snapshots = table(&header, &[0, 2, 3, 4, 5, 6]);
        snapshots.add_rows(self.snapshots.iter().map(SnapshotView::row));
        snapshots.to_string()
    }
}

impl View for SnapshotsView {
    fn text(&self) -> String {
        lines(std::iter::once(self.table()).chain(self.problems.clone()).map(Some))
    }
}

impl From<v1::VerifySnapshotResponse> for CheckView {
    fn from(answer: v1::VerifySnapshotResponse) -> Self {
        Self { snapshot: answer.snapshot.unwrap_or_default().into(), problems: answer.problems }
    }
}

impl CheckView {
    /// What a check of a data directory's snapshot found; there is no manifest
    /// when that is what cannot be read.
    pub(crate) fn new(generation: u64, manifest: Option<&Manifest>, problems: Vec<String>) -> Self {
        let unreadable = SnapshotView { generation, ..SnapshotView::default() };
        let snapshot = manifest.map_or(unreadable, Into::into);
        Self { snapshot, problems }
    }

    pub(crate) fn exit(&self) -> Exit {
        exit_of(&self.problems)
    }
}

fn exit_of(problems: &[String]) -> Exit {
    if problems.is_empty() { Exit::Success } else { Exit::CheckFailed }
}

impl View for CheckView {
    fn text(&self) -> String {
        let generation = self.snapshot.generation;
        if self.problems.is_empty() {
            let hash = &self.snapshot.state_hash;
            return format!("snapshot {generation} is sound: every checksum and state hash {hash}");
        }
        let head = format!("snapshot {generation} is DAMAGED");
        lines(std::iter::once(head).chain(self.problems.clone()).map(Some))
    }
}

impl FileCheckView {
    /// Everything in it is as its checksums say.
    pub(crate) fn sound(file: &Path, exported: &Exported) -> Self {
        let snapshot = Some(SnapshotView::from(&exported.manifest));
        Self { file: file.display().to_string(), snapshot, problems: Vec::new() }
    }

    /// Something in it is not, or it is none of ours.
    pub(crate) fn damaged(file: &Path, fault: &FileFault) -> Self {
        let (file, problems) = (file.display().to_string(), vec![fault.to_string()]);
        Self { file, snapshot: None, problems }
    }

    pub(crate) fn exit(&self) -> Exit {
        if self.problems.is_empty() { Exit::Success } else { Exit::CheckFailed }
    }
}

impl View for FileCheckView {
    fn text(&self) -> String {
        match &self.snapshot {
            Some(snapshot) => format!(
                "{} is sound: snapshot {} up to event {}, every checksum and state hash {}",
                self.file, snapshot.generation, snapshot.end_lsn, snapshot.state_hash
            ),
            None => format!("{} is NOT SOUND\n{}", self.file, self.problems.join("\n")),
        }
    }
}

impl View for ExportedView {
    fn text(&self) -> String {
        let Self { file, size_bytes, version } = self;
        format!("wrote {size_bytes} bytes to {file}: the state of version {version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_snapshot_fails_the_command_and_says_what_is_wrong() {
        let snapshot = v1::Snapshot { generation: 4, ..v1::Snapshot::default() };
        let problems = vec!["chunk 3 has another checksum".to_owned()];
        let view =
            CheckView::from(v1::VerifySnapshotResponse { snapshot: Some(snapshot), problems });
        assert_eq!(view.exit(), Exit::CheckFailed);
        assert_eq!(view.text(), "snapshot 4 is DAMAGED\nchunk 3 has another checksum");
    }

    #[test]
    fn a_sound_snapshot_shows_its_state_hash() {
        let snapshot =
            v1::Snapshot { state_hash: vec![0xab, 0x01].into(), ..v1::Snapshot::default() };
        let view = CheckView::from(v1::VerifySnapshotResponse {
            snapshot: Some(snapshot),
            problems: Vec::new(),
        });
        assert_eq!(view.exit(), Exit::Success);
        assert!(view.text().ends_with("state hash ab01"), "{}", view.text());
    }
}
