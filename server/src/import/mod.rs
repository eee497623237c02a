//! `import`: files of items, nodes, stock, inbound supplies and orders, read
//! and sent as they are read.
//!
//! ```text
//!   .csv ---> csv_reader --+                                     +--> server
//!                          +--> Record --> parse --> Row --> sink|
//!   .jsonl -> json_reader -+        |           |                +--> faults
//!                                   +-----------+---------------------> report
//! ```
//! A bad row is reported with file, line, column and reason, and the good ones
//! still go in. Nothing holds a whole file in memory.

mod columns;
mod csv_reader;
mod json_reader;
mod limits;
mod parse;
mod record;
mod report;
mod sink;

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

pub use columns::Kind;
use csv_reader::CsvReader;
use json_reader::JsonReader;
use record::{Bad, Record};
use report::{FileReport, Report};
use sink::Sink;

use crate::cli::{CommandError, Exit, ImportArgs};
use crate::client::{Client, ClientError};

/// Why an import could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file is neither CSV nor JSON lines by its name.
    #[error("{} is neither .csv nor .jsonl", .0.display())]
    Format(PathBuf),
    /// The server is not there, or refused the whole and not a row.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Reads files in the order given and sends what is in them.
///
/// # Errors
/// What stops an import: a file that cannot be read, a server that is gone.
/// Bad rows do not: they make [`Exit::CheckFailed`].
pub async fn import(args: ImportArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let client = Client::connect(&args.server.server).await?;
    let mut report = Report::default();
    for path in &args.files {
        let file = import_file(path, args.kind, &client).await?;
        report.files.push(file);
    }
    report.print(args.output, out)?;
    Ok(report.exit())
}

async fn import_file(
    path: &Path,
    kind: Option<Kind>,
    client: &Client,
) -> Result<FileReport, ImportError> {
    let unreadable = |source| ImportError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let bar = progress(path, file.metadata().map_err(unreadable)?.len());
    let source = BufReader::new(bar.wrap_read(file));
    let mut report = FileReport::new(path, bar.clone());
    let records = match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Records::Csv(CsvReader::new(source)),
        Some("jsonl" | "ndjson") => Records::Json(JsonReader::new(source)),
        _ => return Err(ImportError::Format(path.to_owned())),
    };
    send_records(records, kind, client, &mut report).await.map_err(|error| match error {
        FileError::Read(source) => unreadable(source),
        FileError::Client(error) => error.into(),
    })?;
    bar.finish_and_clear();
    Ok(report)
}

/// A bar over the bytes of a file. It hides where there is no terminal.
fn progress(path: &Path, bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
    );
    let bar = ProgressBar::new(bytes).with_message(path.display().to_string());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

enum FileError {
    Read(std::io::Error),
    Client(ClientError),
}

impl From<ClientError> for FileError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

async fn send_records(
    mut records: Records<impl std::io::BufRead>,
    kind: Option<Kind>,
    client: &Client,
    report: &mut FileReport,
) -> Result<(), FileError> {
    let kind = match records.begin(kind) {
        Ok(kind) => kind,
        Err(Stop::Bad(bad)) => {
            report.bad(bad);
            return Ok(());
        }
        Err(Stop::Read(error)) => return Err(FileError::Read(error)),
    };
    report.kind = Some(kind);
    let mut sink = Sink::open(kind, client).await?;
    let mut rows = parse::Rows::new(kind);
    while let Some(record) = records.next().map_err(FileError::Read)? {
        report.count_row();
        let parsed = record.map(|record| rows.push(record));
        match parsed.unwrap_or_else(parse::Parsed::from) {
            parse::Parsed::Wait => {}
            parse::Parsed::Row(row) => sink.push(row, report).await?,
            parse::Parsed::Bad(bad) => bad.into_iter().for_each(|bad| report.bad(bad)),
        }
    }
    match rows.finish() {
        parse::Parsed::Wait => {}
        parse::Parsed::Row(row) => sink.push(row, report).await?,
        parse::Parsed::Bad(bad) => bad.into_iter().for_each(|bad| report.bad(bad)),
    }
    Ok(sink.finish(report).await?)
}

/// Why the rows of a file cannot be begun with.
enum Stop {
    /// The header, or what stands in its place, is wrong: no row goes in.
    Bad(Bad),
    Read(std::io::Error),
}

/// The records of a file, one after the other.
enum Records<R> {
    Csv(CsvReader<R>),
    Json(JsonReader<R>),
}

impl<R: std::io::BufRead> Records<R> {
    /// Finds out what the file holds, if nobody said, and checks its header.
    fn begin(&mut self, kind: Option<Kind>) -> Result<Kind, Stop> {
        match self {
            Self::Csv(reader) => reader.begin(kind),
            Self::Json(reader) => reader.begin(kind),
        }
    }

    /// The next record; `None` at the end of the file. What cannot be read as
    /// a record at all is bad, and the next one is tried after it.
    fn next(&mut self) -> std::io::Result<Option<Result<Record, Bad>>> {
        match self {
            Self::Csv(reader) => reader.next(),
            Self::Json(reader) => reader.next(),
        }
    }
}
