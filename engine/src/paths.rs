//! Where the parts of a data directory are.

use std::path::{Path, PathBuf};

/// The journal's directory within a data directory.
pub fn journal_directory(data: &Path) -> PathBuf {
    data.join("journal")
}

/// The snapshots' directory within a data directory.
pub fn snapshot_directory(data: &Path) -> PathBuf {
    data.join("snapshots")
}

/// How far the consumers of the feed have come, within a data directory.
pub fn consumers_file(data: &Path) -> PathBuf {
    data.join("CONSUMERS")
}

/// The endpoints that the feed is sent to, within a data directory.
pub fn endpoints_file(data: &Path) -> PathBuf {
    data.join("ENDPOINTS")
}

/// The mark of the last acknowledged event within a data directory. It lies beside the
/// journal's directory, so that a lost journal does not take the mark with it.
pub fn mark_file(data: &Path) -> PathBuf {
    data.join("ACKNOWLEDGED")
}
