//! `backstock snapshot list`, `verify` and `export` on a data directory. What they
//! say is what the same commands say of a live server.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use backstock_engine::engine::{journal_directory, lock_data, require_data, snapshot_directory};
use backstock_engine::journal::{History, Known, Log as _, open_damaged};
use backstock_engine::snapshot::{self, ExportError, SledStore, SnapshotError};

use super::{OfflineError, disk, shown};
use crate::cli::{CheckView, Exit, ExportedView, FileCheckView, SnapshotsView, render};
use crate::export_file::{ExportFile, ExportPipe, is_stdout};

/// Opens the store of a data directory; none when no snapshot was ever taken.
fn open(data: &Path) -> Result<Option<SledStore>, OfflineError> {
    require_data(&*disk(), data)?;
    let lock = lock_data(&*disk(), data)?;
    let directory = snapshot_directory(data);
    if !SledStore::exists(&directory) {
        return Ok(None);
    }
    let store = SledStore::open(&directory).map_err(SnapshotError::from)?;
    Ok(Some(store.holding(lock)))
}

fn chosen(data: &Path, generation: Option<u64>) -> Result<(SledStore, u64), OfflineError> {
    let store = open(data)?.ok_or(OfflineError::NoSnapshot(None))?;
    let mut there = snapshot::list(&store)?.into_iter().map(|report| report.generation);
    let number = match generation {
        None => there.next(),
        Some(wanted) => there.find(|number| *number == wanted),
    };
    number.map(|number| (store, number)).ok_or(OfflineError::NoSnapshot(generation))
}

/// Shows the generations, the newest first, and what is wrong with the store.
pub fn list(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let report = open(data)?.map(|store| snapshot::examine(&store)).transpose()?;
    let view = report.map_or_else(SnapshotsView::default, SnapshotsView::from);
    render(out, as_json, &view)?;
    Ok(view.exit())
}

/// Reads a generation back, whole; the newest without a number. A database that is damaged
/// or gone, or a snapshot that was kept and is gone, is a problem as well.
pub fn verify(
    data: &Path,
    generation: Option<u64>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, OfflineError> {
    let (store, generation) = chosen(data, generation)?;
    let mut problems = store.faults().map_err(SnapshotError::from)?;
    match snapshot::verify(&store, generation) {
        Ok(_) => {}
        Err(error) if error.is_damage() => problems.insert(0, error.to_string()),
        Err(error) => return Err(error.into()),
    }
    let manifest = snapshot::read_manifest(&store, generation);
    let view = CheckView::new(generation, manifest.ok().as_ref(), problems);
    render(out, as_json, &view)?;
    Ok(view.exit())
}

/// Checks an exported file, whole.
pub fn verify_file(file: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let view = match snapshot::verify_file(file) {
        Ok(exported) => FileCheckView::sound(file, &exported),
        Err(ExportError::Content { fault, .. }) if !fault.is_newer() => {
            FileCheckView::damaged(file, &fault)
        }
        Err(error) => return Err(error.into()),
    };
    render(out, as_json, &view)?;
    Ok(view.exit())
}

/// Writes a generation to one file, or to standard output; the newest without a number.
pub fn export(
    data: &Path,
    generation: Option<u64>,
    to: &Path,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, OfflineError> {
    if is_stdout(to) {
        let mut pipe = ExportPipe::begin(out)?;
        let (store, history, generation) = opened(data, generation)?;
        let stdout = Path::new("stdout");
        let exported = snapshot::export_to(&store, &*history, generation, &mut pipe, stdout)?;
        let view = ExportedView::piped(pipe.finish()?, exported.manifest.end.get());
        return Ok(render(&mut io::stderr(), as_json, &view).map(|()| Exit::Success)?);
    }
    let file = ExportFile::begin(to)?;
    let (store, history, generation) = opened(data, generation)?;
    let (writer, partial) = file.parts();
    let exported = snapshot::export_to(&store, &*history, generation, writer, partial)?;
    let (version, size_bytes) = (exported.manifest.end.get(), file.finish()?.bytes);
    let view = ExportedView { file: shown(to), size_bytes, version };
    render(out, as_json, &view)?;
    Ok(Exit::Success)
}

/// A store, the journal beside it, and the generation that was asked for.
fn opened(
    data: &Path,
    generation: Option<u64>,
) -> Result<(SledStore, Arc<dyn History>, u64), OfflineError> {
    let (store, generation) = chosen(data, generation)?;
    // Of the journal, only what comes after the snapshot's start goes into the file.
    let covered = snapshot::read_manifest(&store, generation)?.start;
    let known = Known { covered, ..Known::default() };
    let log = open_damaged(disk(), &journal_directory(data), known)?;
    if let Some(damage) = log.damage() {
        tracing::warn!(%damage, "the journal is damaged, which the snapshot may not need");
    }
    Ok((store, log.history(), generation))
}
