//! Snapshots as `AdminService` shows them.

use std::io::Read as _;
use std::sync::Arc;

use backstock_engine::snapshot::{self, ExportError, Manifest, SledStore, SnapshotError};
use backstock_proto::v1;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use super::pages::Page;
use super::{Api, times};
use crate::status::{Reason, failure};

/// Bytes of a piece of an exported file.
const PIECE_BYTES: usize = 64 << 10;

/// Pieces that wait for a caller who reads slowly.
const PIECES_WAITING_MAX: usize = 16;

/// The pieces of an exported file.
pub(super) type Pieces = ReceiverStream<Result<v1::ExportSnapshotResponse, Status>>;

impl Api {
    pub(super) async fn take(&self) -> Result<v1::Snapshot, Status> {
        let taken = self.engine().take_snapshot(self.0.clock.now()).await;
        let report = taken.map_err(|error| internal(&error))?;
        Ok(message(&report.manifest))
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

    pub(super) async fn export(&self, generation: u64) -> Result<Pieces, Status> {
        let generation = self.generation(generation).await?;
        let engine = self.engine().clone();
        let (pieces, stream) = mpsc::channel(PIECES_WAITING_MAX);
        tokio::task::spawn_blocking(move || {
            let sent = send_export(&engine, generation, &pieces);
            if let Err(error) = sent {
                // Whoever stopped listening needs no error.
                let _ = pieces.blocking_send(Err(internal(&error)));
            }
        });
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
        found.ok_or_else(|| {
            let which =
                if wanted == 0 { String::new() } else { format!(" of generation {wanted}") };
            let text = format!("there is no snapshot{which}");
            failure(Code::NotFound, Reason::SnapshotNotFound, text)
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
        done.await.map_err(|error| internal(&error))?.map_err(|error| internal(&error))
    }
}

fn send_export(
    engine: &backstock_engine::engine::Engine,
    generation: u64,
    pieces: &mpsc::Sender<Result<v1::ExportSnapshotResponse, Status>>,
) -> Result<(), ExportError> {
    let file_error = |path: &std::path::Path| {
        let path = path.to_owned();
        move |source| ExportError::File { path, source }
    };
    let directory = tempfile::tempdir().map_err(file_error(std::path::Path::new("temporary")))?;
    let path = directory.path().join("export");
    engine.export_snapshot(generation, &path)?;
    let mut file = std::fs::File::open(&path).map_err(file_error(&path))?;
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let read = file.read(&mut piece).map_err(file_error(&path))?;
        piece.truncate(read);
        let message = v1::ExportSnapshotResponse { data: Bytes::from(piece) };
        if read == 0 || pieces.blocking_send(Ok(message)).is_err() {
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

fn internal(error: &dyn std::fmt::Display) -> Status {
    failure(Code::Internal, Reason::Internal, error.to_string())
}
