//! `backstock audit --data`.

use std::io::Write;
use std::path::Path;

use backstock_engine::engine::{AuditReport, audit_directory};
use serde_json::json;

use super::{OfflineError, disk, pairs, postal};
use crate::cli::Exit;

/// Recovers the state in a data directory and checks every invariant.
pub fn audit(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let report = audit_directory(data, &disk(), &postal())?;
    if as_json {
        super::json(out, &report_json(&report))?;
    } else {
        print(&report, out)?;
    }
    Ok(if report.is_clean() { Exit::Success } else { Exit::CheckFailed })
}

fn report_json(report: &AuditReport) -> serde_json::Value {
    let breaches: Vec<String> = report.breaches.iter().map(ToString::to_string).collect();
    json!({
        "lsn": report.lsn.get(), "pairs": report.pairs, "orders": report.orders,
        "reservations": report.reservations, "state_hash": report.state_hash.to_string(),
        "breach_count": report.breach_count, "breaches": breaches,
    })
}

fn print(report: &AuditReport, out: &mut dyn Write) -> std::io::Result<()> {
    pairs(
        out,
        &[
            ("at event", report.lsn.to_string()),
            ("pairs", report.pairs.to_string()),
            ("orders", report.orders.to_string()),
            ("reservations", report.reservations.to_string()),
            ("state hash", report.state_hash.to_string()),
            ("breaches", report.breach_count.to_string()),
        ],
    )?;
    report.breaches.iter().try_for_each(|breach| writeln!(out, "{breach}"))
}
