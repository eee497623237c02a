//! `backstock snapshot list`, `verify` and `export` on a data directory.

use std::io::Write;
use std::path::Path;

use backstock_engine::engine::{journal_directory, snapshot_directory};
use backstock_engine::journal::open_read_only;
use backstock_engine::snapshot::{self, GenerationReport, SledStore, SnapshotError};
use serde_json::json;

use super::{OfflineError, disk, pairs, shown};
use crate::cli::Exit;

fn open(data: &Path) -> Result<SledStore, OfflineError> {
    let directory = snapshot_directory(data);
    if !SledStore::exists(&directory) {
        return Err(OfflineError::NoSnapshot(None));
    }
    let (store, _) = SledStore::open(&directory).map_err(SnapshotError::from)?;
    Ok(store)
}

fn chosen(store: &SledStore, generation: Option<u64>) -> Result<u64, OfflineError> {
    let there: Vec<u64> = snapshot::list(store)?.iter().map(|report| report.generation).collect();
    match generation {
        None => there.first().copied().ok_or(OfflineError::NoSnapshot(None)),
        Some(wanted) if there.contains(&wanted) => Ok(wanted),
        Some(_) => Err(OfflineError::NoSnapshot(generation)),
    }
}

/// Shows the generations, the newest first.
pub fn list(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    for report in snapshot::list(&open(data)?)? {
        if as_json {
            super::json(out, &generation_json(&report))?;
        } else {
            writeln!(out, "{}", line(&report))?;
        }
    }
    Ok(Exit::Success)
}

fn line(report: &GenerationReport) -> String {
    match &report.manifest {
        Ok(manifest) => format!(
            "{:>6}  {}  events {} to {}  hash {}  {} pairs  {} orders  {} bytes",
            report.generation,
            manifest.created_at,
            manifest.start,
            manifest.end,
            manifest.state_hash,
            manifest.counts.pairs,
            manifest.counts.orders,
            manifest.bytes(),
        ),
        Err(error) => format!("{:>6}  unreadable: {error}", report.generation),
    }
}

fn generation_json(report: &GenerationReport) -> serde_json::Value {
    match &report.manifest {
        Ok(manifest) => json!({
            "generation": report.generation, "created_at": manifest.created_at.to_string(),
            "start_lsn": manifest.start.get(), "end_lsn": manifest.end.get(),
            "state_hash": manifest.state_hash.to_string(), "pairs": manifest.counts.pairs,
            "orders": manifest.counts.orders, "bytes": manifest.bytes(),
        }),
        Err(error) => json!({ "generation": report.generation, "error": error.to_string() }),
    }
}

/// Reads a generation back, whole; the newest without a number.
pub fn verify(
    data: &Path,
    generation: Option<u64>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, OfflineError> {
    let store = open(data)?;
    let generation = chosen(&store, generation)?;
    let (exit, found) = match snapshot::verify(&store, generation) {
        Ok(report) => {
            (Exit::Success, format!("{} chunks, {} bytes, whole", report.chunks, report.bytes))
        }
        Err(error) => (Exit::CheckFailed, error.to_string()),
    };
    if as_json {
        let sound = exit == Exit::Success;
        super::json(out, &json!({ "generation": generation, "sound": sound, "detail": found }))?;
    } else {
        writeln!(out, "snapshot {generation}: {found}")?;
    }
    Ok(exit)
}

/// Writes a generation to one file; the newest without a number.
pub fn export(
    data: &Path,
    generation: Option<u64>,
    to: &Path,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, OfflineError> {
    if to.exists() {
        return Err(OfflineError::Exists(shown(to)));
    }
    let store = open(data)?;
    let generation = chosen(&store, generation)?;
    let history = open_read_only(disk(), &journal_directory(data))?;
    let exported = snapshot::export(&store, &*history, generation, to)?;
    if as_json {
        let value = json!({ "generation": generation, "file": shown(to), "bytes": exported.bytes });
        super::json(out, &value)?;
    } else {
        pairs(
            out,
            &[
                ("snapshot", generation.to_string()),
                ("file", shown(to)),
                ("bytes", exported.bytes.to_string()),
            ],
        )?;
    }
    Ok(Exit::Success)
}
