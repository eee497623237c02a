//! `AdminService`: operators' work.

use backstock_engine::engine::AuditReport;
use backstock_proto::v1;
use backstock_proto::v1::admin_service_server::AdminService;
use bytes::Bytes;
use tonic::{Request, Response, Status};

use super::pages::Page;
use super::snapshots::Pieces;
use super::{Api, errors, plain, times};
use crate::observability::names;
use crate::shutdown::Phase;
use crate::status::Violations;

#[tonic::async_trait]
impl AdminService for Api {
    async fn take_snapshot(
        &self,
        _: Request<v1::TakeSnapshotRequest>,
    ) -> Result<Response<v1::TakeSnapshotResponse>, Status> {
        let snapshot = Some(self.take().await?);
        Ok(Response::new(v1::TakeSnapshotResponse { snapshot }))
    }

    async fn list_snapshots(
        &self,
        request: Request<v1::ListSnapshotsRequest>,
    ) -> Result<Response<v1::ListSnapshotsResponse>, Status> {
        let request = request.into_inner();
        let mut found = Violations::default();
        let page = Page::read(&mut found, request.page_size, &request.page_token);
        let page = found.converted(page)?;
        Ok(Response::new(self.list(page).await?))
    }

    async fn verify_snapshot(
        &self,
        request: Request<v1::VerifySnapshotRequest>,
    ) -> Result<Response<v1::VerifySnapshotResponse>, Status> {
        Ok(Response::new(self.verify(request.into_inner().generation).await?))
    }

    type ExportSnapshotStream = Pieces;

    async fn export_snapshot(
        &self,
        request: Request<v1::ExportSnapshotRequest>,
    ) -> Result<Response<Pieces>, Status> {
        Ok(Response::new(self.export(request).await?))
    }

    async fn run_audit(
        &self,
        _: Request<v1::RunAuditRequest>,
    ) -> Result<Response<v1::RunAuditResponse>, Status> {
        let engine = self.engine().clone();
        let audit = tokio::task::spawn_blocking(move || engine.audit());
        let failed = |error| errors::internal(format!("the audit did not end: {error}"));
        let audit = self.unless_drained(async { audit.await.map_err(failed) }).await?;
        let report = audit.map_err(plain)?;
        metrics::counter!(names::AUDIT_BREACHES).increment(report.breach_count);
        Ok(Response::new(response(&report)))
    }

    async fn get_status(
        &self,
        _: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        let status = self.engine().status();
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(Response::new(v1::GetStatusResponse {
            state: self.state().into(),
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
            start_time: Some(times::timestamp(self.0.started)),
            appended_lsn: status.tail.get(),
            applied_lsn: status.applied.get(),
            state_hash: Bytes::copy_from_slice(&status.state_hash.value().to_be_bytes()),
            items: count(status.items),
            nodes: count(status.nodes),
            pairs: count(status.pairs),
            orders: count(status.orders),
            archived_orders: count(status.archived_orders),
            request_ids: count(status.requests),
            commands_in_flight: u32::try_from(status.in_flight).unwrap_or(u32::MAX),
            commands_in_flight_max: self.0.commands_in_flight_max,
        }))
    }
}

impl Api {
    /// Does what may take longer than a drain, and need not be done.
    ///
    /// # Errors
    /// The server drains before it is done.
    pub(super) async fn unless_drained<T>(
        &self,
        work: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.0.shutdown.draining() => Err(errors::unfinished()),
        }
    }

    fn state(&self) -> v1::ServerState {
        if self.engine().halt().is_some() {
            return v1::ServerState::Halted;
        }
        match self.0.shutdown.phase() {
            Phase::Running => v1::ServerState::Serving,
            Phase::Draining | Phase::Cut => v1::ServerState::Draining,
        }
    }
}

fn response(report: &AuditReport) -> v1::RunAuditResponse {
    let breaches = report.breaches.iter().map(|breach| v1::AuditBreach {
        invariant: breach.name.to_owned(),
        detail: breach.detail.clone(),
    });
    v1::RunAuditResponse {
        pairs_checked: report.pairs,
        orders_checked: report.orders,
        archived_orders_checked: report.archived,
        breach_count: report.breach_count,
        breaches: breaches.collect(),
        version: report.lsn.get(),
    }
}
