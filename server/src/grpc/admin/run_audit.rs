//! `RunAudit`: conservation, checked on the live state.

use backstock_engine::engine::AuditReport;
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::{Api, errors, plain};
use crate::observability::names;

pub(super) async fn handle(
    api: &Api,
    _: v1::RunAuditRequest,
) -> Result<v1::RunAuditResponse, Status> {
    let engine = api.engine().clone();
    let audit = tokio::task::spawn_blocking(move || engine.audit());
    let failed = |error| errors::internal(format!("the audit did not end: {error}"));
    let audit = api.unless_drained(async { audit.await.map_err(failed) }).await?;
    let report = audit.map_err(plain)?;
    metrics::counter!(names::AUDIT_BREACHES).increment(report.breach_count);
    Ok(response(&report))
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
