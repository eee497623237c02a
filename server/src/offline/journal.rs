//! `backstock journal inspect` and `backstock journal verify`.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::journal_directory;
use backstock_engine::journal::{self, SegmentReport, SegmentState, open_read_only};
use backstock_engine::model::{Lsn, Record};
use serde_json::json;

use super::{OfflineError, disk, shown};
use crate::cli::Exit;

/// Shows segments, and the events from an LSN on.
pub fn inspect(
    data: &Path,
    from: Option<u64>,
    limit: Option<u64>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, OfflineError> {
    let directory = journal_directory(data);
    if !as_json {
        for report in journal::inspect(&RealDisk, &directory)? {
            writeln!(out, "{}", line(&report))?;
        }
    }
    let history = open_read_only(disk(), &directory)?;
    let from = from.map_or(history.first(), Lsn::new).max(history.first());
    let mut left = limit.unwrap_or(u64::MAX);
    let mut printed = Ok(());
    history.cursor(from).read(&mut |lsn, payload| {
        if left == 0 {
            return ControlFlow::Break(());
        }
        left -= 1;
        printed = event(lsn, payload, as_json, out);
        if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    printed?;
    Ok(Exit::Success)
}

fn event(lsn: Lsn, payload: &[u8], as_json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let record = minicbor::decode::<Record>(payload);
    let (at, text) = match &record {
        Ok(record) => (record.at.to_string(), format!("{:?}", record.event)),
        Err(error) => (String::new(), format!("not an event of this version: {error}")),
    };
    if as_json {
        let request = record.ok().and_then(|r| r.request).map(|r| r.id.to_string());
        let value = json!({
            "lsn": lsn.get(), "at": at, "bytes": payload.len(), "request_id": request,
            "event": text,
        });
        return super::json(out, &value);
    }
    writeln!(out, "{lsn:>10}  {at}  {text}")
}

/// Checks every frame of every segment.
pub fn verify(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let reports = journal::inspect(&RealDisk, &journal_directory(data))?;
    let mut exit = Exit::Success;
    for report in &reports {
        if matches!(report.state, SegmentState::Damaged(_)) {
            exit = Exit::CheckFailed;
        }
        if as_json {
            super::json(out, &segment_json(report))?;
        } else {
            writeln!(out, "{}", line(report))?;
        }
    }
    if !as_json {
        let found = if exit == Exit::Success { "no damage" } else { "DAMAGED" };
        writeln!(out, "{} segments, {found}", reports.len())?;
    }
    Ok(exit)
}

fn line(report: &SegmentReport) -> String {
    let file = shown(&report.file);
    match &report.state {
        SegmentState::Sound(content) => {
            let sealed = if content.sealed { ", sealed" } else { "" };
            format!(
                "{file}: {} to {}, {} of {} bytes{sealed}",
                report.first, content.last, content.bytes_used, content.bytes
            )
        }
        SegmentState::Torn(content, tail) => format!(
            "{file}: {} to {}, then {} torn bytes that the next start cuts",
            report.first, content.last, tail.bytes
        ),
        SegmentState::Damaged(error) => format!("{file}: DAMAGED: {error}"),
    }
}

fn segment_json(report: &SegmentReport) -> serde_json::Value {
    let (state, last, detail) = match &report.state {
        SegmentState::Sound(content) => ("sound", Some(content.last), None),
        SegmentState::Torn(content, tail) => {
            ("torn", Some(content.last), Some(format!("{} bytes", tail.bytes)))
        }
        SegmentState::Damaged(error) => ("damaged", None, Some(error.to_string())),
    };
    json!({
        "file": shown(&report.file), "first_lsn": report.first.get(),
        "last_lsn": last.map(Lsn::get), "state": state, "detail": detail,
    })
}
