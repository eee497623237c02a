//! The files of an import, by what their names end in.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::columns::Kind;
use super::csv_reader::CsvReader;
use super::json_reader::JsonReader;
use super::limits::ORDERS_SEEN_MAX;
use super::record::{Bad, Record, Unread};
use super::scattered::{Pass, Runs, Scattered, Search, TooMany};
use super::{ImportError, Stop, pause};

/// A file that is to be read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    format: Format,
    /// Its size when the import began.
    pub(super) bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// The header says what stands between values.
    Csv,
    Tsv,
    JsonLines,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

impl Source {
    /// A file as it was named. That it can be read is found out before anything of
    /// any file is sent.
    pub(super) fn named(path: &Path) -> Result<Self, ImportError> {
        let format = Format::of(path).ok_or_else(|| ImportError::Format(path.to_owned()))?;
        let unreadable = |source| ImportError::Read { path: path.to_owned(), source };
        let found = File::open(path).and_then(|file| file.metadata()).map_err(unreadable)?;
        if !found.is_file() {
            return Err(ImportError::NoFile(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), format, bytes: found.len() })
    }

    /// Its records, read through `watch`.
    pub(super) fn open<R: Read>(
        &self,
        watch: impl FnOnce(File) -> R,
    ) -> io::Result<Records<BufReader<R>>> {
        let source = BufReader::new(watch(File::open(&self.path)?));
        Ok(match self.format {
            Format::Csv => Records::Csv(CsvReader::new(source)?),
            Format::Tsv => Records::Csv(CsvReader::delimited(source, b'\t')),
            Format::JsonLines => Records::Json(JsonReader::new(source)),
        })
    }

    /// The orders of the file whose rows do not stand together.
    pub(super) async fn scattered(&self) -> Result<Scattered, Stop> {
        let mut search = Search::new(ORDERS_SEEN_MAX);
        loop {
            let whole = self.search(&mut search).await?;
            if search.ended(whole) == Pass::Done {
                return Ok(search.finish());
            }
        }
    }

    /// One pass of a search; false if it has to begin again.
    async fn search(&self, search: &mut Search) -> Result<bool, Stop> {
        let mut records = self.open(|file| file).map_err(Stop::Read)?;
        records.begin(Some(Kind::Orders))?;
        let mut runs = Runs::default();
        let mut read = 0;
        while let Some(record) = records.next().map_err(Stop::Read)? {
            pause(&mut read).await;
            let (id, part) = match &record {
                Ok(record) => (record.text("order_id"), record.part),
                Err(Unread { order: Some((id, part)), .. }) => (Some(id.as_str()), *part),
                // The order of this row is not known; the orders of the rows beside it are
                // left out.
                Err(Unread { order: None, .. }) => continue,
            };
            if !runs.begins(id, part) {
                continue;
            }
            let Some(id) = id else { continue };
            if !search.begins(id).map_err(|TooMany| Stop::Bad(too_many()))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn too_many() -> Bad {
    let reason = format!(
        "more than {ORDERS_SEEN_MAX} orders are in more places than one; sort the file by order_id"
    );
    Bad { line: 1, column: "order_id".to_owned(), reason }
}

/// The records of a file, one after the other.
pub(super) enum Records<R> {
    Csv(CsvReader<R>),
    Json(JsonReader<R>),
}

impl<R: BufRead> Records<R> {
    /// Finds out what the file holds, if `kind` does not say it, and checks its header.
    pub(super) fn begin(&mut self, kind: Option<Kind>) -> Result<Kind, Stop> {
        match self {
            Self::Csv(reader) => reader.begin(kind),
            Self::Json(reader) => reader.begin(kind),
        }
    }

    /// The next record; `None` at the end of the file. What cannot be read as
    /// a record at all is bad, and the next one is tried after it.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<Record, Unread>>> {
        match self {
            Self::Csv(reader) => reader.next(),
            Self::Json(reader) => reader.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_says_the_format_in_any_case() {
        let format = |name: &str| Format::of(Path::new(name));
        assert_eq!(format("a/stock.csv"), Some(Format::Csv));
        assert_eq!(format("STOCK.CSV"), Some(Format::Csv));
        assert_eq!(format("stock.tsv"), Some(Format::Tsv));
        assert_eq!(format("stock.ndjson"), Some(Format::JsonLines));
        for name in ["stock", "stock.xlsx", "stock.json", "stock.csv.gz", ".csv"] {
            assert_eq!(format(name), None, "{name}");
        }
    }
}
