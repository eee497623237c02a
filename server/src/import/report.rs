//! What became of the files.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;

use super::columns::Kind;
use super::limits::BAD_ROWS_KEPT_MAX;
use super::record::Bad;
use crate::cli::{CommandError, Exit, OutputArgs, table};

/// All files of an import.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) files: Vec<FileReport>,
}

/// One file.
#[derive(Debug, Serialize)]
pub(super) struct FileReport {
    file: String,
    #[serde(serialize_with = "kind_name")]
    pub(super) kind: Option<Kind>,
    /// Rows read; an order of three lines is three in CSV.
    rows: u64,
    /// What went in; an order is one.
    applied: u64,
    /// What became of orders, by outcome.
    outcomes: BTreeMap<String, u64>,
    /// Bad places, all of them.
    bad_count: u64,
    /// The first [`BAD_ROWS_KEPT_MAX`] of them.
    bad: Vec<BadView>,
    #[serde(skip)]
    bar: ProgressBar,
}

#[derive(Debug, Serialize)]
struct BadView {
    line: u64,
    column: String,
    reason: String,
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference to the field"
)]
fn kind_name<S: serde::Serializer>(kind: &Option<Kind>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&kind.map(|kind| kind.to_string()).unwrap_or_default())
}

impl FileReport {
    /// Nothing read yet. Bad rows are printed above the bar as they are met.
    pub(super) fn new(path: &Path, bar: ProgressBar) -> Self {
        Self {
            file: path.display().to_string(),
            kind: None,
            rows: 0,
            applied: 0,
            outcomes: BTreeMap::new(),
            bad_count: 0,
            bad: Vec::new(),
            bar,
        }
    }

    /// A row was read.
    pub(super) fn count_row(&mut self) {
        self.rows += 1;
    }

    /// So many went in.
    pub(super) fn count_applied(&mut self, count: u64) {
        self.applied += count;
    }

    /// An order had this outcome.
    pub(super) fn count_outcome(&mut self, outcome: String) {
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    /// Something is wrong: prints it and keeps it for the report.
    pub(super) fn bad(&mut self, bad: Bad) {
        let place = format!("{}:{}", self.file, bad.line);
        let line = match bad.column.as_str() {
            "" => format!("{place}: {}", bad.reason),
            column => format!("{place}: {column}: {}", bad.reason),
        };
        self.bar.suspend(|| eprintln!("{line}"));
        self.bad_count += 1;
        if self.bad.len() < BAD_ROWS_KEPT_MAX {
            self.bad.push(BadView { line: bad.line, column: bad.column, reason: bad.reason });
        }
    }

    fn row(&self) -> Vec<String> {
        let outcomes = self.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}"));
        vec![
            self.file.clone(),
            self.kind.map_or_else(|| "unknown".to_owned(), |kind| kind.to_string()),
            self.rows.to_string(),
            self.applied.to_string(),
            self.bad_count.to_string(),
            outcomes.collect::<Vec<_>>().join(", "),
        ]
    }
}

impl Report {
    /// [`Exit::CheckFailed`] if anything was bad.
    pub(super) fn exit(&self) -> Exit {
        let clean = self.files.iter().all(|file| file.bad_count == 0);
        if clean { Exit::Success } else { Exit::CheckFailed }
    }

    /// Prints the report as was asked for.
    pub(super) fn print(
        &self,
        output: OutputArgs,
        out: &mut dyn Write,
    ) -> Result<(), CommandError> {
        let text = if output.json {
            serde_json::to_string_pretty(self).map_err(|e| CommandError::Output(e.into()))?
        } else {
            self.table()
        };
        writeln!(out, "{text}").map_err(CommandError::Output)
    }

    fn table(&self) -> String {
        let mut files = table(&["file", "kind", "rows", "went in", "bad", "outcomes"], &[2, 3, 4]);
        files.add_rows(self.files.iter().map(FileReport::row));
        files.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> FileReport {
        FileReport::new(Path::new("stock.csv"), ProgressBar::hidden())
    }

    #[test]
    fn one_bad_row_makes_the_import_fail() {
        let mut bad = file();
        bad.bad(Bad { line: 12, column: "on_hand".into(), reason: "\"x\" is no number".into() });
        assert_eq!(Report { files: vec![file()] }.exit(), Exit::Success);
        let report = Report { files: vec![file(), bad] };
        assert_eq!(report.exit(), Exit::CheckFailed);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["files"][1]["bad"][0]["line"], 12);
        assert_eq!(json["files"][1]["bad"][0]["column"], "on_hand");
    }

    #[test]
    fn bad_rows_beyond_the_bound_are_still_counted() {
        let mut report = file();
        let rows = BAD_ROWS_KEPT_MAX as u64 + 3;
        (0..rows).for_each(|line| report.bad(Bad::line(line, "is bad")));
        assert_eq!((report.bad_count, report.bad.len()), (rows, BAD_ROWS_KEPT_MAX));
    }

    #[test]
    fn the_table_says_what_became_of_orders() {
        let mut orders = file();
        orders.kind = Some(Kind::Orders);
        orders.count_applied(2);
        orders.count_outcome("allocated".into());
        orders.count_outcome("rejected".into());
        let table = Report { files: vec![orders] }.table();
        assert!(table.contains("1 allocated, 1 rejected"), "{table}");
    }
}
