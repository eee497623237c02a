//! `backstock journal inspect` and `backstock journal verify`.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{journal_directory, mark_file, require_data};
use backstock_engine::journal::{
    self, Inspected, Known, Log as _, LogError, Mark, Marked, SegmentReport, SegmentState,
    open_damaged,
};
use backstock_engine::model::Lsn;
use serde_json::json;

use super::{OfflineError, disk, event, shown};
use crate::cli::Exit;

/// What the mark beside a journal says. It is read before the journal, which a server may
/// be writing.
fn marked(data: &Path) -> Result<(Marked, Known), OfflineError> {
    let marked = Mark::read(&RealDisk, &mark_file(data))?;
    Ok((marked, Known { marked, ..Known::default() }))
}

/// Shows segments, and the events from an LSN on, up to the first that is damaged or
/// missing.
pub fn inspect(
    data: &Path,
    from: Option<u64>,
    limit: Option<u64>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, OfflineError> {
    require_data(&RealDisk, data)?;
    let directory = journal_directory(data);
    let (_, known) = marked(data)?;
    if !as_json {
        for report in journal::inspect(&RealDisk, &directory, known)?.segments {
            writeln!(out, "{}", line(&report))?;
        }
    }
    let log = open_damaged(disk(), &directory, known)?;
    let history = log.history();
    let from = from.map_or(history.first(), Lsn::new).max(history.first());
    let mut left = limit.unwrap_or(u64::MAX);
    let mut printed = Ok(());
    history.cursor(from).read(&mut |lsn, payload| {
        if left == 0 {
            return ControlFlow::Break(());
        }
        left -= 1;
        printed = if as_json {
            super::json(out, &event::as_json(lsn, payload))
        } else {
            writeln!(out, "{}", event::line(lsn, payload))
        };
        // What comes behind was not asked for, and may be damaged.
        let goes_on = printed.is_ok() && left > 0;
        if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    printed?;
    let missing = log.missing_after(history.last()).filter(|_| left > 0);
    missing.map_or(Ok(Exit::Success), |missing| Err(missing.into()))
}

/// A journal, and what is beside it, read through.
pub(super) struct Checked {
    segments: Vec<SegmentReport>,
    /// What is wrong with the journal as a whole.
    beside: Vec<String>,
}

impl Checked {
    /// Reads all of a data directory's journal; one that is gone is damaged.
    pub(super) fn read(data: &Path) -> Result<Self, OfflineError> {
        let directory = journal_directory(data);
        let (marked, known) = marked(data)?;
        let Inspected { segments, missing } = journal::inspect(&RealDisk, &directory, known)?;
        let mut beside: Vec<_> = missing.iter().map(ToString::to_string).collect();
        if marked == Marked::Damaged {
            beside.push(format!("{} is damaged: it names no event", shown(&mark_file(data))));
        }
        Ok(Self { segments, beside })
    }

    /// The exit code that tells of it.
    pub(super) fn exit(&self) -> Exit {
        let sound = if self.beside.is_empty() { Exit::Success } else { Exit::CheckFailed };
        self.segments.iter().fold(sound, |exit, report| match &report.state {
            SegmentState::Unreadable(LogError::NewerFormat { .. }) => Exit::NewerFormat,
            SegmentState::Damaged(..) | SegmentState::Unreadable(_) if exit == Exit::Success => {
                Exit::CheckFailed
            }
            _ => exit,
        })
    }
}

/// Checks every frame of every segment, and that all that was acknowledged is there.
pub fn verify(data: &Path, as_json: bool, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    require_data(&RealDisk, data)?;
    let checked = Checked::read(data)?;
    for report in &checked.segments {
        if as_json {
            super::json(out, &segment_json(report))?;
        } else {
            writeln!(out, "{}", line(report))?;
        }
    }
    for problem in &checked.beside {
        if as_json {
            super::json(out, &json!({ "state": "damaged", "detail": problem }))?;
        } else {
            writeln!(out, "DAMAGED: {problem}")?;
        }
    }
    let exit = checked.exit();
    if !as_json {
        let found = match exit {
            Exit::Success => "no damage",
            Exit::NewerFormat => "of a NEWER VERSION",
            _ => "DAMAGED",
        };
        writeln!(out, "{} segments, {found}", checked.segments.len())?;
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
        SegmentState::Damaged(content, damage) => {
            let last = format!("{file}: {} to {}", report.first, content.last);
            let damage = damage.iter().map(|error| format!("\n  DAMAGED: {error}"));
            damage.fold(last, |lines, line| lines + &line)
        }
        SegmentState::Unreadable(error @ LogError::NewerFormat { .. }) => format!("NEWER: {error}"),
        SegmentState::Unreadable(error) => format!("{file}: UNREADABLE: {error}"),
    }
}

fn segment_json(report: &SegmentReport) -> serde_json::Value {
    let (state, last, detail) = match &report.state {
        SegmentState::Sound(content) => ("sound", Some(content.last), vec![]),
        SegmentState::Torn(content, tail) => {
            ("torn", Some(content.last), vec![format!("{} bytes", tail.bytes)])
        }
        SegmentState::Damaged(content, damage) => {
            let damage = damage.iter().map(ToString::to_string).collect();
            ("damaged", Some(content.last), damage)
        }
        SegmentState::Unreadable(error @ LogError::NewerFormat { .. }) => {
            ("newer", None, vec![error.to_string()])
        }
        SegmentState::Unreadable(error) => ("unreadable", None, vec![error.to_string()]),
    };
    json!({
        "file": shown(&report.file), "first_lsn": report.first.get(),
        "last_lsn": last.map(Lsn::get), "state": state, "detail": detail.first(),
        "details": detail,
    })
}
