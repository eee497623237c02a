//! `ExportSnapshot`: a generation, sent as a file.
//!
//! ```text
//!   ExportSnapshot --> a place --> a file in the data directory --> pieces --> caller
//!                      one of few  gone when it is sent
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::engine::Engine;
use backstock_engine::service::SnapshotFailed;
use backstock_engine::snapshot::ExportError;
use backstock_proto::v1;
use bytes::BytesMut;
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tonic::{Request, Status};

use crate::grpc::limits::{EXPORTS_MAX, PIECE_BYTES, PIECE_STALL_MAX};
use crate::grpc::transport::streams::{self, Answering, Answers};
use crate::grpc::{Api, errors};
use crate::shutdown::Shutdown;

/// The pieces of an exported file.
pub(super) type Pieces = Answers<v1::ExportSnapshotResponse>;

/// Where the pieces of an exported file go.
type Sending = Answering<v1::ExportSnapshotResponse>;

/// The snapshots that are being sent.
pub(in crate::grpc) struct Exports {
    directory: PathBuf,
    places: Arc<Semaphore>,
}

impl Exports {
    /// None yet; they lie in `directory` while they are sent.
    pub(in crate::grpc) fn new(directory: PathBuf) -> Self {
        Self { directory, places: Arc::new(Semaphore::new(EXPORTS_MAX)) }
    }
}

/// Begins to send a generation, if there is a place.
pub(super) async fn start(
    api: &Api,
    request: Request<v1::ExportSnapshotRequest>,
) -> Result<Pieces, Status> {
    let generation = api.generation(request.get_ref().generation).await?;
    let place = Arc::clone(&api.0.exports.places).try_acquire_owned();
    let place = place.map_err(|_| errors::too_many_exports())?;
    let (sending, pieces) = streams::answers(request.extensions(), &api.0.streams.export_snapshot);
    let export = Export {
        engine: api.engine().clone(),
        directory: api.0.exports.directory.clone(),
        generation,
    };
    tokio::spawn(export.send(sending, place, api.0.shutdown.clone()));
    Ok(pieces)
}

/// One generation on its way to a caller.
struct Export {
    engine: Engine,
    directory: PathBuf,
    generation: u64,
}

impl Export {
    async fn send(self, mut sending: Sending, _place: OwnedSemaphorePermit, shutdown: Shutdown) {
        let sent = tokio::select! {
            sent = self.sent(&mut sending) => sent,
            () = shutdown.draining() => Err(errors::unfinished()),
        };
        sending.end(sent);
    }

    async fn sent(self, sending: &mut Sending) -> Result<(), Status> {
        match tokio::task::spawn_blocking(move || self.write()).await {
            Ok(Ok(written)) => {
                send_file((&written.path, written.version), sending, PIECE_STALL_MAX).await
            }
            Ok(Err(failed)) => Err(errors::snapshot(&failed)),
            Err(panicked) => Err(errors::internal(panicked.to_string())),
        }
    }

    /// Writes the generation to a file of its own, which goes with the answer.
    fn write(&self) -> Result<Written, SnapshotFailed> {
        let path = self.directory.as_path();
        let file_error = |source| ExportError::File { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(file_error)?;
        let directory = tempfile::tempdir_in(path).map_err(file_error)?;
        let path = directory.path().join("export");
        let exported = self.engine.export_snapshot(self.generation, &path)?;
        let version = exported.manifest.end.get();
        Ok(Written { path, version, _directory: directory })
    }
}

/// A generation in a file that is removed with this.
struct Written {
    path: PathBuf,
    /// The version whose state it has.
    version: u64,
    _directory: TempDir,
}

/// Sends a file, until it ends or the caller has gone.
///
/// # Errors
/// Also when the caller reads nothing for as long as `stall`: without an error the
/// caller would take the part that it has for the whole.
async fn send_file(
    (path, version): (&Path, u64),
    sending: &mut Sending,
    stall: Duration,
) -> Result<(), Status> {
    let failed = |source| {
        let error = ExportError::File { path: path.to_owned(), source };
        errors::snapshot(&error.into())
    };
    let mut file = File::open(path).await.map_err(failed)?;
    loop {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let bytes = file.read_buf(&mut piece).await.map_err(failed)?;
        if bytes == 0 {
            return Ok(());
        }
        let message = v1::ExportSnapshotResponse { data: piece.freeze(), version };
        match timeout(stall, sending.send(message, bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(_gone)) => return Ok(()),
            Err(_) => return Err(errors::reader_stalled(stall)),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use tonic::{Code, Extensions};

    use super::*;
    use crate::grpc::limits::ANSWERS_WAITING_BYTES_MAX;
    use crate::grpc::transport::meters::StreamMeter;

    fn answers() -> (Sending, Pieces) {
        streams::answers(&Extensions::default(), &Arc::new(StreamMeter::new("tested")))
    }

    /// A file that is twice as long as what waits for a reader.
    fn long_file() -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export");
        std::fs::write(&path, vec![7; 2 * ANSWERS_WAITING_BYTES_MAX]).unwrap();
        (directory, path)
    }

    #[tokio::test]
    async fn a_reader_who_stands_still_is_told_that_the_file_is_not_whole() {
        let (_directory, path) = long_file();
        let (mut sending, pieces) = answers();
        let sent = send_file((&path, 7), &mut sending, Duration::from_millis(50)).await;
        sending.end(sent);
        let (read, ends): (Vec<_>, Vec<_>) =
            pieces.collect::<Vec<_>>().await.into_iter().partition(Result::is_ok);
        let read: usize = read.into_iter().map(|piece| piece.unwrap().data.len()).sum();
        assert!(0 < read && read <= ANSWERS_WAITING_BYTES_MAX, "{read} bytes");
        let ends: Vec<_> = ends.into_iter().map(|end| end.unwrap_err().code()).collect();
        assert_eq!(ends, [Code::Aborted]);
    }

    #[tokio::test]
    async fn a_reader_who_reads_has_the_whole_file() {
        let (_directory, path) = long_file();
        let (mut sending, pieces) = answers();
        let send = async move {
            let sent = send_file((&path, 7), &mut sending, PIECE_STALL_MAX).await;
            sending.end(sent);
        };
        let read = pieces.map(|piece| piece.unwrap().data.len());
        let ((), read) = tokio::join!(send, read.collect::<Vec<_>>());
        assert_eq!(read.into_iter().sum::<usize>(), 2 * ANSWERS_WAITING_BYTES_MAX);
    }
}
