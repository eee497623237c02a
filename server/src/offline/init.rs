//! `backstock init`.

use std::io::Write;
use std::path::Path;

use backstock_engine::engine::{self, RestoreError};
use serde_json::json;

use super::{OfflineError, disk, shown};
use crate::cli::Exit;

/// Begins an empty data directory.
pub fn init(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    engine::init(data, &disk()).map_err(RestoreError::from)?;
    if as_json {
        super::json(out, &json!({ "directory": shown(data) }))?;
    } else {
        writeln!(out, "{} is an empty data directory", shown(data))?;
    }
    Ok(Exit::Success)
}
