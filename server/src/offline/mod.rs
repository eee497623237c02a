//! Operators' commands on a data directory that no server uses.

mod audit;
mod event;
mod init;
mod journal;
mod restore;
mod snapshots;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use backstock_engine::disk::{Disk, RealDisk};
use backstock_engine::engine::{PostalTable, RestoreError};
use backstock_engine::journal::LogError;
use backstock_engine::model::Timestamp;
use backstock_engine::snapshot::{ExportError, SnapshotError};

use crate::cli::Exit;
use crate::cli::exit::{
    exit_of_export, exit_of_io, exit_of_log, exit_of_open, exit_of_snapshot, is_of_argument,
};
use crate::export_file::ExportFileError;
use crate::reference::UsPostalCodes;

pub use audit::audit;
pub use init::init;
pub use journal::{inspect, verify};
pub use restore::restore;
pub use snapshots::{
    export as export_snapshot, list as list_snapshots, verify as verify_snapshot, verify_file,
};

/// Why a command on a data directory did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The engine's own files.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] LogError),
    /// The snapshots.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// An export.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// There is no snapshot, or not that one.
    #[error("there is no snapshot{}", .0.map_or(String::new(), |n| format!(" of generation {n}")))]
    NoSnapshot(Option<u64>),
    /// The file that a snapshot was exported to.
    #[error(transparent)]
    ExportFile(#[from] ExportFileError),
    /// The result cannot be printed.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

impl OfflineError {
    /// The exit code that tells of it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Restore(error) => exit_of_restore(error),
            Self::Journal(error) => exit_of_log(error),
            Self::Snapshot(error) => exit_of_snapshot(error),
            Self::Export(error) => exit_of_export(error),
            // What a live server answers with as well.
            Self::NoSnapshot(_) => Exit::Refused,
            Self::ExportFile(error) => error.exit(),
            Self::Output(_) => Exit::Failure,
        }
    }
}

fn exit_of_restore(error: &RestoreError) -> Exit {
    match error {
        RestoreError::Open(error) => exit_of_open(error),
        RestoreError::Snapshot(error) => exit_of_snapshot(error),
        RestoreError::Import(error) => exit_of_export(error),
        RestoreError::Unsound(_) => Exit::CorruptData,
        RestoreError::NotEmpty(_)
        | RestoreError::Beyond { .. }
        | RestoreError::TooFarBack { .. }
        | RestoreError::NoData(_)
        | RestoreError::NoName(_)
        | RestoreError::Unknown { .. } => Exit::Usage,
        RestoreError::File { source, .. } if is_of_argument(source.kind()) => Exit::Usage,
        RestoreError::Immovable { source, .. } => exit_of_immovable(source),
        RestoreError::File { source, .. } | RestoreError::HalfExchanged { source, .. } => {
            exit_of_io(source.kind())
        }
        RestoreError::Engine(_) => Exit::Failure,
    }
}

/// A mount point is no fault of the disk: the path is not one to restore.
fn exit_of_immovable(source: &io::Error) -> Exit {
    match exit_of_io(source.kind()) {
        Exit::ReadOnly => Exit::ReadOnly,
        _ => Exit::Usage,
    }
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

fn postal() -> PostalTable {
    Arc::new(UsPostalCodes::shared())
}

fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// Prints one JSON value on a line of its own.
fn json(out: &mut dyn Write, value: &serde_json::Value) -> io::Result<()> {
    writeln!(out, "{value}")
}

/// Prints what stands for what, aligned.
fn pairs(out: &mut dyn Write, rows: &[(&str, String)]) -> io::Result<()> {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$}  {value}"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
