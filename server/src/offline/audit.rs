//! `backstock audit --data`.

use std::io::Write;
use std::path::Path;

use backstock_engine::engine::audit_directory;

use super::{OfflineError, disk, postal};
use crate::cli::{AuditView, Exit, render};

/// Recovers the state in a data directory and checks every invariant.
pub fn audit(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let view = AuditView::from(&audit_directory(data, &disk(), &postal())?);
    render(out, as_json, &view)?;
    Ok(view.exit())
}
