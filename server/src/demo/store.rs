//! How much the demo's server keeps on disk.

use std::io;
use std::path::Path;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{journal_directory, snapshot_directory};
use backstock_engine::journal::{Known, SegmentState, inspect};

use super::error::DemoError;

/// Bytes on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoreSize {
    /// Of the journal, what is written; what is preallocated behind it is not
    /// counted.
    pub(super) journal_bytes: u64,
    /// Of the snapshots, as their files are.
    pub(super) snapshot_bytes: u64,
}

impl StoreSize {
    /// Measures a server's data directory, also while the server runs.
    pub(super) fn of(data: &Path) -> Result<Self, DemoError> {
        let unreadable = "read the journal of the demo's server";
        let segments = inspect(&RealDisk, &journal_directory(data), Known::default())
            .map_err(|error| DemoError::system(unreadable)(io::Error::other(error)))?;
        let used = segments.segments.iter().map(|segment| match &segment.state {
            SegmentState::Sound(content)
            | SegmentState::Torn(content, _)
            | SegmentState::Damaged(content, _) => content.bytes_used,
            SegmentState::Unreadable(_) => 0,
        });
        let snapshot_bytes = directory_bytes(&snapshot_directory(data))
            .map_err(DemoError::system("measure the snapshots of the demo's server"))?;
        Ok(Self { journal_bytes: used.sum(), snapshot_bytes })
    }
}

/// Sum of the files under a directory; 0 if there is none.
fn directory_bytes(directory: &Path) -> io::Result<u64> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => directory_bytes(&entry.path())?,
            Ok(metadata) => metadata.len(),
            // A server that runs may have removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_all_levels_are_counted_and_a_missing_directory_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("inner")).unwrap();
        std::fs::write(directory.path().join("a"), [0; 3]).unwrap();
        std::fs::write(directory.path().join("inner/b"), [0; 4]).unwrap();
        assert_eq!(directory_bytes(directory.path()).unwrap(), 7);
        assert_eq!(directory_bytes(&directory.path().join("none")).unwrap(), 0);
    }
}
