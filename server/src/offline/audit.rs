//! `backstock audit --data`.

use std::io::Write;
use std::path::Path;

use backstock_engine::engine::audit_directory;

use super::journal::Checked;
use super::{OfflineError, disk, postal};
use crate::cli::{AuditView, Exit, render};

/// Recovers the state in a data directory and checks every invariant. A state that is
/// sound although the journal is damaged, where a snapshot has the events, is told apart.
pub fn audit(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let view = AuditView::from(&audit_directory(data, &disk(), &postal())?);
    render(out, as_json, &view)?;
    let journal = Checked::read(data)?.exit();
    if journal != Exit::Success {
        tracing::warn!("the journal is damaged, `backstock journal verify` lists all damage");
        return Ok(journal);
    }
    Ok(view.exit())
}
