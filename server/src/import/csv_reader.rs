//! Records of a file with delimiters and a header.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::Stop;
use super::columns::Kind;
use super::limits::LINE_BYTES_MAX;
use super::record::{Bad, Field, Part, Record, Unread};

/// What stands between the values of a `.csv` file: spreadsheets write what their
/// language has in place of a comma.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads a file of delimited values: double quotes, a header on the first line.
pub(super) struct CsvReader<R> {
    reader: csv::Reader<Bounded<R>>,
    /// Bytes that may still be read for the row at hand.
    left: Rc<Cell<usize>>,
    header: Vec<Column>,
    row: ByteRecord,
}

/// Ends a row that does not end by itself: a quote that is not closed would take the
/// whole file for one value.
struct Bounded<R> {
    source: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = self.source.read(into)?;
        self.left.set(self.left.get().saturating_sub(read));
        Ok(read)
    }
}

/// A column of the file.
struct Column {
    /// What it is to us, in lower case.
    name: String,
    /// What the file calls it.
    label: String,
}

impl<R: BufRead> CsvReader<R> {
    /// A file whose header says what stands between its values.
    pub(super) fn new(mut source: R) -> io::Result<Self> {
        let delimiter = delimiter(source.fill_buf()?);
        Ok(Self::delimited(source, delimiter))
    }

    /// A file with `delimiter` between its values.
    pub(super) fn delimited(source: R, delimiter: u8) -> Self {
        // Flexible, so that a row of another length is told with its line and
        // the next one is read. A line ends where it is counted: the CR before its end is
        // one more space around the last value.
        let mut builder = ReaderBuilder::new();
        builder.flexible(true).delimiter(delimiter).terminator(Terminator::Any(b'\n'));
        let left = Rc::new(Cell::new(LINE_BYTES_MAX));
        let source = Bounded { source, left: Rc::clone(&left) };
        let reader = builder.from_reader(source);
        Self { reader, left, header: Vec::new(), row: ByteRecord::new() }
    }

    pub(super) fn begin(&mut self, kind: Option<Kind>) -> Result<Kind, Stop> {
        let header = self.reader.byte_headers();
        let header = header.map_err(|error| match self.left.get() {
            0 => Stop::Read(endless(1)),
            _ => stop(&error),
        })?;
        let labels: Result<Vec<_>, _> = header.iter().map(|name| str::from_utf8(name)).collect();
        let labels = labels.map_err(|_| Stop::Bad(Bad::line(1, "the header is not UTF-8")))?;
        // Spreadsheets write a byte order mark before the first name.
        let labels = labels.iter().map(|name| name.trim_start_matches('\u{feff}').trim());
        if labels.clone().any(|label| label.contains('\r')) {
            // Nothing in it has a line of its own to be told by, or to go on from.
            return Err(Stop::Bad(Bad::line(1, "lines end in CR alone, and not in LF or CRLF")));
        }
        let column =
            |label: &str| Column { name: label.to_ascii_lowercase(), label: label.to_owned() };
        self.header = labels.map(column).collect();
        check_header(&self.header, kind).map_err(Stop::Bad)
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Result<Record, Unread>>> {
        let line = loop {
            let begins = self.reader.position().line();
            self.left.set(LINE_BYTES_MAX);
            match self.reader.read_byte_record(&mut self.row) {
                Ok(false) => return Ok(None),
                // A line of a CR alone is as empty as one of nothing.
                Ok(true) if self.row.len() == 1 && &self.row[0] == b"\r" => {}
                Ok(true) => break self.begins(begins),
                Err(_) if self.left.get() == 0 => return Err(endless(begins)),
                Err(error) => return Err(io_error(error)),
            }
        };
        Ok(Some(self.record(line).map_err(|bad| Unread { bad, order: self.order() })))
    }

    /// The line on which the row at hand begins: behind the empty ones that were passed
    /// over since the row before, which ended before the line `from`.
    fn begins(&self, from: u64) -> u64 {
        let lines = self.row.as_slice().split(|byte| *byte == b'\n').count() as u64;
        let passed = self.reader.position().line() - from;
        from + passed.saturating_sub(lines)
    }

    fn record(&self, line: u64) -> Result<Record, Bad> {
        if self.row.len() != self.header.len() {
            let reason =
                format!("has {} columns, the header has {}", self.row.len(), self.header.len());
            return Err(Bad::line(line, reason));
        }
        let mut fields = Vec::new();
        for (Column { name, label }, value) in self.header.iter().zip(&self.row) {
            let value = str::from_utf8(value).map_err(|_| Bad {
                line,
                column: label.clone(),
                reason: "is not UTF-8".to_owned(),
            })?;
            if !value.trim().is_empty() {
                let value = value.trim().to_owned();
                fields.push(Field { name: name.clone(), label: label.clone(), value });
            }
        }
        Ok(Record { line, fields, part: Part::Row })
    }

    /// The order that a row is of which cannot be read whole. What stands in the
    /// first column does so in a row of another length too; in any other column it
    /// may have moved.
    fn order(&self) -> Option<(String, Part)> {
        self.header.first().filter(|first| first.name == "order_id")?;
        let id = str::from_utf8(self.row.get(0)?).ok()?.trim();
        (!id.is_empty()).then(|| (id.to_owned(), Part::Row))
    }
}

/// What stands between the names of a header. No name has one of them inside.
fn delimiter(start: &[u8]) -> u8 {
    let header = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let there = DELIMITERS.into_iter().find(|delimiter| header.contains(delimiter));
    there.unwrap_or(DELIMITERS[0])
}

fn stop(error: &csv::Error) -> Stop {
    match error.kind() {
        csv::ErrorKind::Io(source) => Stop::Read(io::Error::new(source.kind(), source.to_string())),
        _ => Stop::Bad(Bad::line(1, error.to_string())),
    }
}

fn endless(line: u64) -> io::Error {
    let reason = format!(
        "the row on line {line} is longer than {LINE_BYTES_MAX} bytes: a quote may not be \
         closed"
    );
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        // Rows are bytes of any length here, so nothing else can go wrong.
        other => io::Error::other(format!("{other:?}")),
    }
}

/// The kind that a header is of, if it is a good one.
fn check_header(header: &[Column], kind: Option<Kind>) -> Result<Kind, Bad> {
    let names: Vec<&str> = header.iter().map(|column| column.name.as_str()).collect();
    let bad = |name: &str, reason| Bad { line: 1, column: name.to_owned(), reason };
    let kind = kind.or_else(|| Kind::of(&names)).ok_or_else(|| {
        Bad::line(1, "the header is of no known kind of file; --kind says which it is")
    })?;
    for (at, (name, Column { label, .. })) in names.iter().zip(header).enumerate() {
        if !kind.has(name) {
            let known = kind.list();
            return Err(bad(label, format!("is no column of {kind}; they are {known}")));
        }
        if names[..at].contains(name) {
            return Err(bad(label, "stands in the header twice".to_owned()));
        }
    }
    match kind.missing(&names) {
        Some(missing) => Err(bad(missing, format!("is missing; {kind} need it"))),
        None => Ok(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &[u8]) -> CsvReader<&[u8]> {
        CsvReader::new(text).unwrap()
    }

    fn header_error(text: &str) -> Bad {
        match reader(text.as_bytes()).begin(None) {
            Err(Stop::Bad(bad)) => bad,
            _ => panic!("{text:?} was taken"),
        }
    }

    #[test]
    fn a_quoted_value_may_go_over_lines_and_the_next_row_still_has_its_line() {
        let mut reader = reader(b"sku,title\nA,\"two\nlines\"\nB,short\n");
        assert!(matches!(reader.begin(None), Ok(Kind::Items)));
        let first = reader.next().unwrap().unwrap().unwrap();
        assert_eq!((first.line, first.text("title")), (2, Some("two\nlines")));
        let second = reader.next().unwrap().unwrap().unwrap();
        assert_eq!((second.line, second.text("sku")), (4, Some("B")));
        assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn a_row_has_the_line_that_it_begins_on_however_lines_end() {
        for end in ["\n", "\r\n"] {
            let rows = "sku,title\nA,\"b\"\n\n\nC,\"d\ne\"\nF,g\n";
            let file = rows.replace('\n', end);
            let mut reader = reader(file.as_bytes());
            assert!(matches!(reader.begin(None), Ok(Kind::Items)));
            let rows = std::iter::from_fn(|| reader.next().unwrap());
            let rows: Vec<_> = rows.map(|row| row.unwrap()).collect();
            let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [2, 5, 7], "{end:?}");
            let titles: Vec<_> = rows.iter().map(|row| row.text("title").unwrap()).collect();
            assert_eq!(titles, ["b", &format!("d{end}e"), "g"]);
        }
    }

    #[test]
    fn a_file_without_lines_to_tell_rows_by_is_refused() {
        let bad = header_error("sku,title\rA,b\rC,d\r");
        assert_eq!(bad, Bad::line(1, "lines end in CR alone, and not in LF or CRLF"));
    }

    #[test]
    fn a_row_of_another_length_is_bad_and_the_next_one_is_read() {
        let mut reader = reader(b"sku,node_id,on_hand\nA,N\nB,N,2\n");
        assert!(reader.begin(None).is_ok());
        let bad = reader.next().unwrap().unwrap().unwrap_err().bad;
        assert_eq!(bad, Bad::line(2, "has 2 columns, the header has 3"));
        assert_eq!(reader.next().unwrap().unwrap().unwrap().text("on_hand"), Some("2"));
    }

    #[test]
    fn a_value_that_is_not_utf8_is_told_by_line_and_column() {
        let mut reader = reader(b"sku,title\nA,\xff\n");
        assert!(reader.begin(None).is_ok());
        let bad = reader.next().unwrap().unwrap().unwrap_err().bad;
        assert_eq!((bad.line, bad.column.as_str()), (2, "title"));
    }

    #[test]
    fn a_bad_header_says_which_column_and_what_is_known() {
        let unknown = header_error("sku,titel\n");
        assert_eq!((unknown.line, unknown.column.as_str()), (1, "titel"));
        assert!(unknown.reason.contains("they are sku, title"), "{}", unknown.reason);
        assert_eq!(header_error("sku,sku\n").reason, "stands in the header twice");
        assert_eq!(header_error("inbound_id,sku,node_id,eta\n").column, "quantity");
        assert!(header_error("colour\n").reason.contains("--kind"));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_column() {
        assert!(matches!(reader("\u{feff}sku\n".as_bytes()).begin(None), Ok(Kind::Items)));
    }

    #[test]
    fn a_quote_that_is_not_closed_does_not_fill_the_memory() {
        let file = format!("sku,title\nA,b\nB,\"{}", "C,d\n".repeat(LINE_BYTES_MAX));
        let mut reader = reader(file.as_bytes());
        assert!(reader.begin(None).is_ok());
        assert!(reader.next().unwrap().unwrap().is_ok());
        let reason = reader.next().unwrap_err().to_string();
        assert!(reason.starts_with("the row on line 3 is longer than"), "{reason}");
    }

    #[test]
    fn the_names_of_a_header_may_be_written_in_any_case() {
        let mut reader = reader(b"SKU,Node_Id,On_Hand\nA,N,x\n");
        assert!(matches!(reader.begin(None), Ok(Kind::Stock)));
        let record = reader.next().unwrap().unwrap().unwrap();
        assert_eq!(record.text("on_hand"), Some("x"));
        assert_eq!(record.fields[2].label, "On_Hand", "messages name it as the file does");
        assert_eq!(header_error("sku,SKU\n").column, "SKU");
    }

    #[test]
    fn the_header_says_what_stands_between_values() {
        for text in
            ["sku;title\nA;\"b;c,d\"\n", "sku\ttitle\nA\t\"b;c,d\"\n", "sku,title\nA,\"b;c,d\"\n"]
        {
            let mut reader = reader(text.as_bytes());
            assert!(matches!(reader.begin(None), Ok(Kind::Items)), "{text}");
            assert_eq!(reader.next().unwrap().unwrap().unwrap().text("title"), Some("b;c,d"));
        }
        let mut tabs = CsvReader::delimited(&b"sku\nA,B\n"[..], b'\t');
        assert!(tabs.begin(None).is_ok());
        assert_eq!(tabs.next().unwrap().unwrap().unwrap().text("sku"), Some("A,B"));
    }

    #[test]
    fn a_row_that_cannot_be_read_says_its_order_only_where_that_is_sure() {
        let order = |header: &str| {
            let file = format!("{header}\nW1,1\n");
            let mut reader = reader(file.as_bytes());
            assert!(reader.begin(None).is_ok());
            reader.next().unwrap().unwrap().unwrap_err().order
        };
        let first = order("order_id,destination_postal_code,sku,quantity");
        assert_eq!(first, Some(("W1".to_owned(), Part::Row)));
        assert_eq!(order("destination_postal_code,order_id,sku,quantity"), None);
    }
}
