//! `snapshot take`, `list`, `verify` and `export` of a live server.

use std::io::{self, Write};
use std::path::Path;

use backstock_proto::v1;

use super::print;
use super::snapshot_views::{CheckView, ExportedView, SnapshotsView};
use crate::cli::{CommandError, Exit, OutputArgs, ServerAddr};
use crate::client::Client;
use crate::export_file::{ExportFile, ExportFileError, ExportPipe, is_stdout};

/// The most snapshots of one page, which is the most that a server gives.
const PAGE_SIZE: i32 = 1_000;

/// Has the server take a snapshot.
pub(in crate::cli) async fn take(
    server: &ServerAddr,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    let answer = client.admin().take_snapshot(v1::TakeSnapshotRequest {}).await?.into_inner();
    let snapshots = answer.snapshot.into_iter().map(Into::into).collect();
    print(out, output, &SnapshotsView { snapshots, problems: Vec::new() })?;
    Ok(Exit::Success)
}

/// Shows the snapshots that the server keeps; [`Exit::CheckFailed`] if one is lost.
pub(in crate::cli) async fn list(
    server: &ServerAddr,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    let mut view = SnapshotsView::default();
    let mut page_token = String::new();
    loop {
        let request = v1::ListSnapshotsRequest { page_size: PAGE_SIZE, page_token };
        let page = client.admin().list_snapshots(request).await?.into_inner();
        view.snapshots.extend(page.snapshots.into_iter().map(Into::into));
        // Each page has all of them.
        view.problems = page.problems;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    print(out, output, &view)?;
    Ok(view.exit())
}

/// Has the server check a snapshot; [`Exit::CheckFailed`] if it is damaged.
pub(in crate::cli) async fn verify(
    server: &ServerAddr,
    generation: Option<u64>,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    let request = v1::VerifySnapshotRequest { generation: generation.unwrap_or(0) };
    let view = CheckView::from(client.admin().verify_snapshot(request).await?.into_inner());
    print(out, output, &view)?;
    Ok(view.exit())
}

/// Writes a snapshot of the server to a file that does not exist yet, or to standard
/// output.
pub(in crate::cli) async fn export(
    server: &ServerAddr,
    generation: Option<u64>,
    to: &Path,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    let request = v1::ExportSnapshotRequest { generation: generation.unwrap_or(0) };
    let mut pieces = client.admin().export_snapshot(request).await?.into_inner();
    let mut version = 0;
    if is_stdout(to) {
        let mut pipe = ExportPipe::begin(out)?;
        while let Some(piece) = pieces.message().await? {
            version = piece.version;
            pipe.write_all(&piece.data).map_err(ExportFileError::Output)?;
        }
        let view = ExportedView::piped(pipe.finish()?, version);
        print(&mut io::stderr(), output, &view)?;
        return Ok(Exit::Success);
    }
    let mut file = ExportFile::begin(to)?;
    while let Some(piece) = pieces.message().await? {
        version = piece.version;
        file.write(&piece.data)?;
    }
    let size_bytes = file.finish()?.bytes;
    print(out, output, &ExportedView { file: to.display().to_string(), size_bytes, version })?;
    Ok(Exit::Success)
}
