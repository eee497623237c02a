//! Open files: as many as the process may have, and some that are kept for the engine.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::limits::FILES_KEPT;

/// Lets the process open as many files as the system allows it. What many systems begin
/// with is the bound of programs that wait for files by `select`.
pub(crate) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    // Kept as it is: there are as many connections as it leaves room for.
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Connections that the limit of open files leaves room for. Read anew each time: others
/// may change it while the process runs.
pub(super) fn left_for_connections() -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return usize::MAX };
    // Where there are few files, connections get half of them.
    let left = limit - FILES_KEPT.min(limit / 2);
    usize::try_from(left).unwrap_or(usize::MAX).max(1)
}
