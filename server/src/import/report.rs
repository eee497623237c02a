//! What became of the files.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use backstock_proto::v1;
use indicatif::ProgressBar;
use serde::Serialize;

use super::columns::Kind;
use super::error::{Answered, ImportError};
use super::go_on;
use super::limits::REPORTED_MAX;
use super::record::Bad;
use super::told::Told;
use crate::cli::{CommandError, Exit, ImportArgs, OutputArgs, table};
use crate::client::words;

/// All files of an import.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// Whether every file was read to its end.
    pub(super) complete: bool,
    /// Those that were begun.
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
    /// What went in; an order is one, and one that was rejected is none.
    applied: u64,
    /// What became of orders, by outcome.
    outcomes: BTreeMap<String, u64>,
    /// Orders that lack units, all of them.
    short_count: u64,
    /// The first [`REPORTED_MAX`] of them.
    short: Vec<ShortView>,
    /// Bad places, all of them.
    bad_count: u64,
    /// The first [`REPORTED_MAX`] of them.
    bad: Vec<BadView>,
    /// The file that has all bad places and all orders that lack units, if they
    /// are too many to print.
    list: Option<String>,
    /// The line that the last row begins on that the server has answered, and all
    /// before it.
    pub(super) answered_line: Option<u64>,
    /// Whether the file was read to its end.
    complete: bool,
    #[serde(skip)]
    told: Told,
}

#[derive(Debug, Serialize)]
struct BadView {
    line: u64,
    column: String,
    reason: String,
}

/// An order that lacks units.
#[derive(Debug, Serialize)]
struct ShortView {
    line: u64,
    order_id: String,
    outcome: String,
    shortages: Vec<ShortageView>,
}

#[derive(Debug, Serialize)]
struct ShortageView {
    line_index: u32,
    sku: String,
    short: u32,
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
    /// Nothing read yet. What is told is printed above the bar as it is met.
    pub(super) fn new(path: &Path, bar: ProgressBar) -> Self {
        Self {
            file: path.display().to_string(),
            kind: None,
            rows: 0,
            applied: 0,
            outcomes: BTreeMap::new(),
            short_count: 0,
            short: Vec::new(),
            bad_count: 0,
            bad: Vec::new(),
            list: None,
            answered_line: None,
            complete: false,
            told: Told::new(path, bar),
        }
    }

    /// The file is gone on with, and not read from its beginning.
    pub(super) fn go_on(&mut self) {
        self.told.go_on();
    }

    /// A row was read.
    pub(super) fn count_row(&mut self) {
        self.rows += 1;
    }

    /// So many went in.
    pub(super) fn count_applied(&mut self, count: u64) {
        self.applied += count;
    }

    /// The server has answered all up to the row that begins on this line.
    pub(super) fn answered(&mut self, line: u64) {
        self.answered_line = Some(line);
    }

    /// An order is answered. One that was rejected is dealt with, and has not gone
    /// in: nothing was taken and there is no order.
    pub(super) fn placed(&mut self, line: u64, placed: v1::PlaceOrderResponse) {
        let outcome = words::outcome(placed.outcome());
        *self.outcomes.entry(outcome.clone()).or_default() += 1;
        if placed.outcome() != v1::OrderOutcome::Rejected {
            self.applied += 1;
        }
        if placed.shortages.is_empty() && placed.outcome() != v1::OrderOutcome::Rejected {
            return;
        }
        let short = ShortView::new(line, outcome, placed);
        self.short_count += 1;
        self.told.tell(format!("{}:{line}: {}", self.file, short.text()));
        if self.short.len() < REPORTED_MAX {
            self.short.push(short);
        }
    }

    /// Something is wrong: tells it and keeps it for the report.
    pub(super) fn bad(&mut self, bad: Bad) {
        let place = format!("{}:{}", self.file, bad.line);
        self.told.tell(match bad.column.as_str() {
            "" => format!("{place}: {}", bad.reason),
            column => format!("{place}: {column}: {}", bad.reason),
        });
        self.bad_count += 1;
        if self.bad.len() < REPORTED_MAX {
            self.bad.push(BadView { line: bad.line, column: bad.column, reason: bad.reason });
        }
    }

    /// Nothing more comes of this file; `complete` if it was read to its end.
    pub(super) fn end(&mut self, complete: bool) {
        self.complete = complete;
        self.told.end();
        self.list = self.told.list();
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

    fn has_rejected(&self) -> bool {
        self.outcomes.contains_key(&words::outcome(v1::OrderOutcome::Rejected))
    }
}

impl ShortView {
    fn new(line: u64, outcome: String, placed: v1::PlaceOrderResponse) -> Self {
        let shortages = placed.shortages.into_iter().map(|shortage| ShortageView {
            line_index: shortage.line_index,
            sku: shortage.sku,
            short: shortage.short,
        });
        Self { line, order_id: placed.order_id, outcome, shortages: shortages.collect() }
    }

    fn text(&self) -> String {
        let lacks = self.shortages.iter().map(|lack| format!("{} of {}", lack.short, lack.sku));
        let lacks = lacks.collect::<Vec<_>>().join(", ");
        format!("{} is {}: it lacks {lacks}", self.order_id, self.outcome)
    }
}

impl Report {
    /// A file is begun.
    pub(super) fn begin(&mut self, file: FileReport) -> &mut FileReport {
        self.files.push(file);
        self.files.last_mut().expect("it was pushed")
    }

    /// The import that was asked for could not go on. What was begun ends here.
    pub(super) fn broken_off(&mut self, cause: ImportError, asked: &ImportArgs) -> ImportError {
        let at = self.files.len().saturating_sub(1);
        let bad_count = self.files.iter().map(|file| file.bad_count).sum();
        let Some(last) = self.files.last_mut() else { return cause };
        last.end(false);
        // What cannot be read is met between the rows that are sent and answered.
        let is_all = matches!(cause, ImportError::Read { .. });
        let line = last.answered_line.map(|line| line + 1);
        let line = line.or_else(|| asked.from_line.filter(|_| at == 0));
        ImportError::BrokenOff {
            file: last.file.clone(),
            answered: Answered { applied: last.applied, line: last.answered_line, is_all },
            bad_count,
            go_on: go_on::command(asked, at, line),
            cause: Box::new(cause),
        }
    }

    /// [`Exit::CheckFailed`] if anything was bad, else [`Exit::Rejected`] if an
    /// order was rejected.
    pub(super) fn exit(&self) -> Exit {
        if self.files.iter().any(|file| file.bad_count > 0) {
            Exit::CheckFailed
        } else if self.files.iter().any(FileReport::has_rejected) {
            Exit::Rejected
        } else {
            Exit::Success
        }
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
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn file() -> FileReport {
        FileReport::new(Path::new("stock.csv"), ProgressBar::hidden())
    }

    fn asked(files: &[&str]) -> ImportArgs {
        let words = [&["backstock", "import"], files].concat();
        let Command::Import(asked) = Cli::parse_from(words).command else { unreachable!() };
        asked
    }

    fn report(files: Vec<FileReport>) -> Report {
        Report { complete: true, files }
    }

    fn answer(outcome: v1::OrderOutcome, short: u32) -> v1::PlaceOrderResponse {
        let shortage = v1::LineShortage { line_index: 2, sku: "SCARF".into(), short };
        v1::PlaceOrderResponse {
            order_id: "W1".into(),
            outcome: outcome.into(),
            shortages: Some(shortage).filter(|_| short > 0).into_iter().collect(),
            ..Default::default()
        }
    }

    #[test]
    fn one_bad_row_makes_the_import_fail() {
        let mut bad = file();
        bad.bad(Bad { line: 12, column: "on_hand".into(), reason: "\"x\" is no number".into() });
        assert_eq!(report(vec![file()]).exit(), Exit::Success);
        let report = report(vec![file(), bad]);
        assert_eq!(report.exit(), Exit::CheckFailed);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["files"][1]["bad"][0]["line"], 12);
        assert_eq!(json["files"][1]["bad"][0]["column"], "on_hand");
    }

    #[test]
    fn bad_rows_beyond_the_bound_are_still_counted() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("stock.csv");
        let mut report = FileReport::new(&source, ProgressBar::hidden());
        let rows = REPORTED_MAX as u64 + 3;
        (0..rows).for_each(|line| report.bad(Bad::line(line, "is bad")));
        report.end(true);
        assert_eq!((report.bad_count, report.bad.len()), (rows, REPORTED_MAX));
        assert_eq!(report.list, Some(format!("{}.told", source.display())));
    }

    #[test]
    fn an_order_that_was_rejected_has_not_gone_in() {
        let mut orders = file();
        orders.kind = Some(Kind::Orders);
        orders.placed(2, answer(v1::OrderOutcome::Allocated, 0));
        orders.placed(3, answer(v1::OrderOutcome::PartiallyAllocated, 1));
        assert_eq!(report(vec![file()]).exit(), Exit::Success, "what waits is no failure");
        orders.placed(5, answer(v1::OrderOutcome::Rejected, 4));
        let report = report(vec![orders]);
        assert_eq!(report.exit(), Exit::Rejected);
        let table = report.table();
        assert!(table.contains("1 allocated, 1 partially_allocated, 1 rejected"), "{table}");
        let json = serde_json::to_value(&report.files[0]).unwrap();
        assert_eq!((&json["applied"], &json["short_count"]), (&2.into(), &2.into()));
        let rejected = serde_json::json!({
            "line": 5,
            "order_id": "W1",
            "outcome": "rejected",
            "shortages": [{"line_index": 2, "sku": "SCARF", "short": 4}],
        });
        assert_eq!(json["short"][1], rejected);
        assert_eq!(report.files[0].short[1].text(), "W1 is rejected: it lacks 4 of SCARF");
    }

    #[test]
    fn what_broke_off_is_not_complete_and_says_where() {
        let mut report = Report::default();
        report.begin(file()).end(true);
        let second = report.begin(file());
        second.count_applied(3);
        second.bad(Bad::line(3, "is bad"));
        second.answered(4);
        let asked = asked(&["items.csv", "stock.csv"]);
        let broken = report.broken_off(ImportError::Interrupted, &asked);
        let ImportError::BrokenOff { answered, go_on, bad_count, .. } = broken else {
            panic!("rows were sent")
        };
        assert_eq!(answered, Answered { applied: 3, line: Some(4), is_all: false });
        assert_eq!(bad_count, 1);
        assert!(go_on.contains("--from-line 5 ") && go_on.ends_with(" stock.csv"), "{go_on}");
        let json = serde_json::to_value(&report).unwrap();
        let complete =
            [&json["complete"], &json["files"][0]["complete"], &json["files"][1]["complete"]];
        assert_eq!(complete, [false, true, false]);
    }

    #[test]
    fn what_broke_off_before_any_row_is_told_as_it_is() {
        let told = Report::default().broken_off(ImportError::Interrupted, &asked(&["items.csv"]));
        assert!(matches!(told, ImportError::Interrupted));
    }
}
