//! Snapshots as `AdminService` shows them.
//!
//! ```text
//!   ExportSnapshot --> a place --> a file in the data directory --> pieces --> caller
//!                      one of few  gone when it is sent
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use backstock_engine::engine::Engine;
use backstock_engine::service::SnapshotFailed;
use backstock_engine::snapshot::{self, ExportError, Manifest, SledStore, SnapshotError};
use backstock_proto::v1;
use bytes::{Bytes, BytesMut};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::limits::{EXPORTS_MAX, PIECE_BYTES, PIECE_STALL_MAX, PIECES_WAITING_MAX};
use super::pages::Page;
use super::{Api, errors, times};
use crate::housekeeping;

/// The pieces of an exported file.
pub(super) type Pieces = ReceiverStream<Result<v1::ExportSnapshotResponse, Status>>;

/// Where the pieces of an exported file go.
type Sender = mpsc::Sender<Result<v1::ExportSnapshotResponse, Status>>;

/// The snapshots that are being sent.
pub(super) struct Exports {
    directory: PathBuf,
    places: Arc<Semaphore>,
}

impl Exports {
    /// None yet; they lie in `directory` while they are sent.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, places: Arc::new(Semaphore::new(EXPORTS_MAX)) }
    }
}

impl Api {
    pub(super) async fn take(&self) -> Result<v1::Snapshot, Status> {
        let taken = housekeeping::take_snapshot(self.engine(), &self.0.clock).await;
        Ok(message(&taken.map_err(|failed| errors::snapshot(&failed))?.manifest))
    }

    pub(super) async fn list(&self, page: Page) -> Result<(Vec<v1::Snapshot>, String), Status> {
        let mut entries = self
            .on_store(move |store| {
                let reports = snapshot::list(store)?.into_iter();
                let sound = reports.filter_map(|report| report.manifest.ok());
                Ok(sound.skip(page.from).take(page.peek()).map(|m| message(&m)).collect())
            })
            .await?;
        let next = page.cut(&mut entries);
        Ok((entries, next))
    }

    /// Reads a generation back; what is wrong with it is part of the answer.
    pub(super) async fn verify(
        &self,
        generation: u64,
    ) -> Result<v1::VerifySnapshotResponse, Status> {
        let generation = self.generation(generation).await?;
        self.on_store(move |store| {
            let manifest = snapshot::read_manifest(store, generation);
            let verified = snapshot::verify(store, generation);
            Ok(v1::VerifySnapshotResponse {
                snapshot: manifest.ok().map(|manifest| message(&manifest)),
                problems: verified.err().map(|error| error.to_string()).into_iter().collect(),
            })
        })
        .await
    }

    /// Begins to send a generation, if there is a place.
    pub(super) async fn export(&self, generation: u64) -> Result<Pieces, Status> {
        let generation = self.generation(generation).await?;
        let place = Arc::clone(&self.0.exports.places).try_acquire_owned();
        let place = place.map_err(|_| errors::too_many_exports())?;
        let (pieces, stream) = mpsc::channel(PIECES_WAITING_MAX);
        let export = Export {
            engine: self.engine().clone(),
            directory: self.0.exports.directory.clone(),
            generation,
        };
        tokio::spawn(export.send(pieces, place));
        Ok(ReceiverStream::new(stream))
    }

    /// The generation asked for, or the newest for 0.
    async fn generation(&self, wanted: u64) -> Result<u64, Status> {
        let found = self
            .on_store(move |store| {
                let mut there = snapshot::list(store)?.into_iter().map(|report| report.generation);
                Ok(if wanted == 0 { there.next() } else { there.find(|n| *n == wanted) })
            })
            .await?;
        found.ok_or_else(|| match wanted {
            0 => errors::no_snapshot(),
            wanted => errors::snapshot(&SnapshotFailed::Unknown(wanted)),
        })
    }

    /// Works on the snapshot store, on a thread that may block.
    async fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SledStore) -> Result<T, SnapshotError> + Send + 'static,
    ) -> Result<T, Status> {
        let engine = self.engine().clone();
        let done = tokio::task::spawn_blocking(move || {
            let store: Arc<SledStore> = engine.snapshot_store()?;
            work(&store)
        });
        let done = done.await.map_err(|error| errors::internal(error.to_string()))?;
        done.map_err(|error| errors::snapshot(&error.into()))
    }
}

/// One generation on its way to a caller.
struct Export {
    engine: Engine,
    directory: PathBuf,
    generation: u64,
}

impl Export {
    async fn send(self, pieces: Sender, _place: OwnedSemaphorePermit) {
        let sent = match tokio::task::spawn_blocking(move || self.write()).await {
            Ok(Ok(written)) => send_file(&written, &pieces).await,
            Ok(Err(failed)) => Err(errors::snapshot(&failed)),
            Err(panicked) => Err(errors::internal(panicked.to_string())),
        };
        if let Err(status) = sent {
            // Whoever stopped listening needs no error.
            let _ = pieces.send_timeout(Err(status), PIECE_STALL_MAX).await;
        }
    }

    /// Writes the generation to a file of its own, which goes with the answer.
    fn write(&self) -> Result<Written, SnapshotFailed> {
        let path = self.directory.as_path();
        let file_error = |source| ExportError::File { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(file_error)?;
        let directory = tempfile::tempdir_in(path).map_err(file_error)?;
        let path = directory.path().join("export");
        self.engine.export_snapshot(self.generation, &path)?;
        Ok(Written { path, _directory: directory })
    }
}

/// A generation in a file that is removed with this.
struct Written {
    path: PathBuf,
    _directory: TempDir,
}

/// Sends a file, until it ends or the caller reads no more.
async fn send_file(written: &Written, pieces: &Sender) -> Result<(), Status> {
    let failed = |source| {
        let error = ExportError::File { path: written.path.clone(), source };
        errors::snapshot(&error.into())
    };
    let mut file = File::open(&written.path).await.map_err(failed)?;
    loop {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        if file.read_buf(&mut piece).await.map_err(failed)? == 0 {
            return Ok(());
        }
        let message = v1::ExportSnapshotResponse { data: piece.freeze() };
        if pieces.send_timeout(Ok(message), PIECE_STALL_MAX).await.is_err() {
            return Ok(());
        }
    }
}

fn message(manifest: &Manifest) -> v1::Snapshot {
    v1::Snapshot {
        generation: manifest.generation,
        create_time: Some(times::timestamp(manifest.created_at)),
        start_lsn: manifest.start.get(),
        end_lsn: manifest.end.get(),
        state_hash: Bytes::copy_from_slice(&manifest.state_hash.value().to_be_bytes()),
        pairs: manifest.counts.pairs,
        orders: manifest.counts.orders,
        size_bytes: manifest.bytes(),
    }
}
