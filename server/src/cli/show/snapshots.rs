//! `snapshot take`, `list`, `verify` and `export` of a live server.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use backstock_proto::v1;

use super::print;
use super::snapshot_views::{CheckView, ExportedView, SnapshotsView};
use crate::cli::{CommandError, Exit, OutputArgs, ServerAddr};
use crate::client::{Client, ClientError};

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
    print(out, output, &SnapshotsView { snapshots })?;
    Ok(Exit::Success)
}

/// Shows the snapshots that the server keeps.
pub(in crate::cli) async fn list(
    server: &ServerAddr,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    let mut snapshots = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListSnapshotsRequest { page_size: PAGE_SIZE, page_token };
        let page = client.admin().list_snapshots(request).await?.into_inner();
        snapshots.extend(page.snapshots.into_iter().map(Into::into));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    print(out, output, &SnapshotsView { snapshots })?;
    Ok(Exit::Success)
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

/// Writes a snapshot of the server to a file that does not exist yet.
pub(in crate::cli) async fn export(
    server: &ServerAddr,
    generation: Option<u64>,
    to: &Path,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    let request = v1::ExportSnapshotRequest { generation: generation.unwrap_or(0) };
    let pieces = client.admin().export_snapshot(request).await?.into_inner();
    let unwritable = |source| CommandError::WriteFile { path: to.to_owned(), source };
    let file = File::create_new(to).map_err(unwritable)?;
    let written = write_pieces(pieces, file).await;
    if written.is_err() {
        // Half a snapshot is worse than none. That it could not be written is
        // the error to tell; that it could not be removed adds nothing.
        let _ = fs::remove_file(to);
    }
    let size_bytes = match written {
        Ok(bytes) => bytes,
        Err(PieceError::File(source)) => return Err(unwritable(source)),
        Err(PieceError::Server(error)) => return Err(error.into()),
    };
    print(out, output, &ExportedView { file: to.display().to_string(), size_bytes })?;
    Ok(Exit::Success)
}

enum PieceError {
    Server(ClientError),
    File(std::io::Error),
}

/// Returns the bytes written, all of them on stable storage.
async fn write_pieces(
    mut pieces: tonic::Streaming<v1::ExportSnapshotResponse>,
    mut file: File,
) -> Result<u64, PieceError> {
    let mut bytes = 0;
    while let Some(piece) = pieces.message().await.map_err(|s| PieceError::Server(s.into()))? {
        file.write_all(&piece.data).map_err(PieceError::File)?;
        bytes += piece.data.len() as u64;
    }
    file.sync_all().map_err(PieceError::File)?;
    Ok(bytes)
}
