//! `import`: files of items, nodes, stock, inbound supplies, terms and orders, read
//! and sent as they are read.
//!
//! ```text
//!   .csv ---> csv_reader --+                                     +--> server
//!                          +--> Record --> parse --> Row --> sink|
//!   .jsonl -> json_reader -+        |           |                +--> faults
//!                                   +-----------+---------------------> report
//! ```
//! A bad row is reported with file, line, column and reason, and the good ones
//! still go in. Nothing holds a whole file in memory. A file of orders is read
//! twice: first for its order ids, see [`scattered`].
//!
//! An import that breaks off says which rows are answered, and the command that goes on
//! behind them. Rows that were sent and not answered are sent again by it: a definition is
//! set to what it is already, an order of the same id is the same order, and a level that
//! changed in between is set back.

mod columns;
mod csv_reader;
mod error;
mod go_on;
mod json;
mod json_reader;
mod limits;
mod parse;
mod record;
mod report;
mod scattered;
mod sink;
mod source;
mod told;

use std::io::Write;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

pub use columns::Kind;
pub use error::ImportError;
use limits::RECORDS_BETWEEN_PAUSES;
use record::Bad;
use report::{FileReport, Report};
use scattered::Scattered;
use sink::Sink;
use source::Source;

use crate::cli::{CommandError, Exit, ImportArgs};
use crate::client::{Client, ClientError, within};

/// Reads files in the order given and sends what is in them.
///
/// # Errors
/// What stops an import: a file that cannot be read, a server that is gone, a
/// signal. Bad rows do not: they make [`Exit::CheckFailed`].
pub async fn import(args: ImportArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let named = args.files.iter().map(|path| Source::named(path));
    let sources = named.collect::<Result<Vec<_>, _>>()?;
    let mut report = Report::default();
    let ended = tokio::select! {
        // Signals first, so that they are heeded before anything is sent.
        biased;
        stop = interrupted() => Err(stop),
        ended = within(args.server.timeout, import_files(&sources, &args, &mut report)) => ended,
    };
    report.complete = ended.is_ok();
    let ended = ended.map_err(|cause| report.broken_off(cause, &args));
    // Where no file was begun, the error says all.
    if report.complete || !report.files.is_empty() {
        report.print(args.output, out)?;
    }
    ended?;
    Ok(report.exit())
}

async fn import_files(
    sources: &[Source],
    args: &ImportArgs,
    report: &mut Report,
) -> Result<(), ImportError> {
    let client = args.server.connect().await?;
    let mut from = args.from_line.unwrap_or_default();
    for source in sources {
        let bar = progress(source);
        let file = report.begin(FileReport::new(&source.path, bar.clone()));
        if from > 0 {
            file.go_on();
        }
        import_file((source, from), args.kind, &client, &bar, file).await?;
        file.end(true);
        from = 0;
    }
    Ok(())
}

/// Ends when the process is asked to end.
async fn interrupted() -> ImportError {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Then a signal ends the process as it would any other.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => ImportError::Interrupted,
        _ = terminate.recv() => ImportError::Interrupted,
    }
}

/// A bar over the bytes of a file. It hides where there is no terminal.
fn progress(source: &Source) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
    );
    let bar = ProgressBar::new(source.bytes).with_message(source.path.display().to_string());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

async fn import_file(
    (source, from): (&Source, u64),
    kind: Option<Kind>,
    client: &Client,
    bar: &ProgressBar,
    report: &mut FileReport,
) -> Result<(), ImportError> {
    match send_records((source, from), kind, client, bar, report).await {
        Ok(()) => Ok(()),
        Err(Stop::Bad(bad)) => {
            report.bad(bad);
            Ok(())
        }
        Err(Stop::Read(error)) => Err(unreadable(&source.path, error)),
        Err(Stop::Client(error)) => Err(error.into()),
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> ImportError {
    ImportError::Read { path: path.to_owned(), source }
}

/// Sends what begins on the line `from` of a file, or behind it.
async fn send_records(
    (source, from): (&Source, u64),
    kind: Option<Kind>,
    client: &Client,
    bar: &ProgressBar,
    report: &mut FileReport,
) -> Result<(), Stop> {
    let mut records = source.open(|file| bar.wrap_read(file)).map_err(Stop::Read)?;
    let kind = records.begin(kind)?;
    report.kind = Some(kind);
    let scattered = match kind {
        Kind::Orders => source.scattered().await?,
        _ => Scattered::default(),
    };
    let mut sink = Sink::open(kind, client).await?;
    let mut rows = parse::Rows::new(kind, from, scattered);
    let mut read = 0;
    loop {
        let record = match records.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                // What comes before it is good. An order in hand may go on behind it.
                sink.finish(report).await?;
                return Err(Stop::Read(error));
            }
        };
        pause(&mut read).await;
        if record::line(&record) >= from {
            report.count_row();
        }
        take(rows.push(record), &mut sink, report).await?;
    }
    take(rows.finish(), &mut sink, report).await?;
    Ok(sink.finish(report).await?)
}

async fn take(
    parsed: parse::Parsed,
    sink: &mut Sink,
    report: &mut FileReport,
) -> Result<(), ClientError> {
    match parsed {
        parse::Parsed::Wait => {}
        parse::Parsed::Row(row) => sink.push(row, report).await?,
        parse::Parsed::Bad(bad) => bad.into_iter().for_each(|bad| report.bad(bad)),
    }
    Ok(())
}

/// Lets signals and time-outs in now and then: reading by itself never waits.
async fn pause(read: &mut u32) {
    *read += 1;
    if *read == RECORDS_BETWEEN_PAUSES {
        *read = 0;
        tokio::task::yield_now().await;
    }
}

/// Why the rows of a file are not gone on with.
enum Stop {
    /// The header, or what stands in its place, is wrong: no row goes in.
    Bad(Bad),
    Read(std::io::Error),
    Client(ClientError),
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}
