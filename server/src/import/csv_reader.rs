//! Records of a CSV file with a header.

use std::io::{self, BufRead};

use csv::{ByteRecord, ReaderBuilder};

use super::Stop;
use super::columns::Kind;
use super::record::{Bad, Field, Record};

/// Reads a CSV file: commas, double quotes, a header on the first line.
pub(super) struct CsvReader<R> {
    reader: csv::Reader<R>,
    header: Vec<String>,
    row: ByteRecord,
    /// The order of the row before, if it had one.
    order: Option<String>,
}

impl<R: BufRead> CsvReader<R> {
    pub(super) fn new(source: R) -> Self {
        // Flexible, so that a row of another length is told with its line and
        // the next one is read.
        let reader = ReaderBuilder::new().flexible(true).from_reader(source);
        Self { reader, header: Vec::new(), row: ByteRecord::new(), order: None }
    }

    pub(super) fn begin(&mut self, kind: Option<Kind>) -> Result<Kind, Stop> {
        let header = self.reader.byte_headers().map_err(|error| stop(&error))?;
        let names: Result<Vec<_>, _> = header.iter().map(|name| str::from_utf8(name)).collect();
        let names = names.map_err(|_| Stop::Bad(Bad::line(1, "the header is not UTF-8")))?;
        // Spreadsheets write a byte order mark before the first name.
        let names = names.iter().map(|name| name.trim_start_matches('\u{feff}').trim());
        self.header = names.map(str::to_owned).collect();
        check_header(&self.header, kind).map_err(Stop::Bad)
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Result<Record, Bad>>> {
        match self.reader.read_byte_record(&mut self.row) {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(error) => return Err(io_error(error)),
        }
        let line = self.row.position().map_or(0, csv::Position::line);
        Ok(Some(self.record(line)))
    }

    fn record(&mut self, line: u64) -> Result<Record, Bad> {
        if self.row.len() != self.header.len() {
            let reason =
                format!("has {} columns, the header has {}", self.row.len(), self.header.len());
            return Err(Bad::line(line, reason));
        }
        let mut fields = Vec::new();
        for (name, value) in self.header.iter().zip(&self.row) {
            let value = str::from_utf8(value).map_err(|_| Bad {
                line,
                column: name.clone(),
                reason: "is not UTF-8".to_owned(),
            })?;
            if !value.trim().is_empty() {
                let value = value.trim().to_owned();
                fields.push(Field { name: name.clone(), label: name.clone(), value });
            }
        }
        let mut record = Record { line, fields, continues: false };
        let order = record.text("order_id").map(str::to_owned);
        record.continues = order.is_some() && order == self.order;
        self.order = order;
        Ok(record)
    }
}

fn stop(error: &csv::Error) -> Stop {
    match error.kind() {
        csv::ErrorKind::Io(source) => Stop::Read(io::Error::new(source.kind(), source.to_string())),
        _ => Stop::Bad(Bad::line(1, error.to_string())),
    }
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        // Rows are bytes of any length here, so nothing else can go wrong.
        other => io::Error::other(format!("{other:?}")),
    }
}

/// The kind that a header is of, if it is a good one.
fn check_header(names: &[String], kind: Option<Kind>) -> Result<Kind, Bad> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bad = |name: &str, reason| Bad { line: 1, column: name.to_owned(), reason };
    let kind = kind.or_else(|| Kind::of(&names)).ok_or_else(|| {
        Bad::line(1, "the header is of no known kind of file; --kind says which it is")
    })?;
    for (at, name) in names.iter().enumerate() {
        if !kind.has(name) {
            let known = kind.list();
            return Err(bad(name, format!("is no column of {kind}; they are {known}")));
        }
        if names[..at].contains(name) {
            return Err(bad(name, "stands in the header twice".to_owned()));
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
        CsvReader::new(text)
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
    fn a_row_of_another_length_is_bad_and_the_next_one_is_read() {
        let mut reader = reader(b"sku,node_id,on_hand\nA,N\nB,N,2\n");
        assert!(reader.begin(None).is_ok());
        let bad = reader.next().unwrap().unwrap().unwrap_err();
        assert_eq!(bad, Bad::line(2, "has 2 columns, the header has 3"));
        assert_eq!(reader.next().unwrap().unwrap().unwrap().text("on_hand"), Some("2"));
    }

    #[test]
    fn a_value_that_is_not_utf8_is_told_by_line_and_column() {
        let mut reader = reader(b"sku,title\nA,\xff\n");
        assert!(reader.begin(None).is_ok());
        let bad = reader.next().unwrap().unwrap().unwrap_err();
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
    fn rows_of_one_order_belong_together() {
        let rows = "order_id,destination_postal_code,sku,quantity\nW1,1,A,1\nW1,1,B,1\nW2,1,A,1\n";
        let mut reader = reader(rows.as_bytes());
        assert!(reader.begin(None).is_ok());
        let mut continues = || reader.next().unwrap().unwrap().unwrap().continues;
        assert_eq!([continues(), continues(), continues()], [false, true, false]);
    }
}
