//! `AdminService`: operators' work. A file a method, and what they share: the snapshot
//! store, and ending with a drain what may take longer than that.

mod export_snapshot;
mod get_status;
mod list_snapshots;
mod run_audit;
mod snapshots;
mod take_snapshot;
mod verify_snapshot;

use backstock_proto::v1;
use backstock_proto::v1::admin_service_server::AdminService;
use tonic::{Request, Response, Status};

use super::service::service;
use super::{Api, errors};
pub(super) use export_snapshot::Exports;

service! {
    AdminService:
    take_snapshot(v1::TakeSnapshotRequest) -> v1::TakeSnapshotResponse;
    list_snapshots(v1::ListSnapshotsRequest) -> v1::ListSnapshotsResponse;
    verify_snapshot(v1::VerifySnapshotRequest) -> v1::VerifySnapshotResponse;
    run_audit(v1::RunAuditRequest) -> v1::RunAuditResponse;
    get_status(v1::GetStatusRequest) -> v1::GetStatusResponse;
    {
        type ExportSnapshotStream = export_snapshot::Pieces;

        async fn export_snapshot(
            &self,
            request: Request<v1::ExportSnapshotRequest>,
        ) -> Result<Response<Self::ExportSnapshotStream>, Status> {
            export_snapshot::start(self, request).await.map(Response::new)
        }
    }
}

impl Api {
    /// Does what may take longer than a drain, and need not be done.
    ///
    /// # Errors
    /// The server drains before it is done.
    async fn unless_drained<T>(
        &self,
        work: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.0.shutdown.draining() => Err(errors::unfinished()),
        }
    }
}
