//! One record of a file: named texts with the place that each came from.

use std::str::FromStr;

/// What is wrong at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    /// Line of the file, from 1.
    pub(super) line: u64,
    /// Column by its name, as `on_hand` or `lines[2].sku`; empty if the whole
    /// line is meant.
    pub(super) column: String,
    /// What is wrong.
    pub(super) reason: String,
}

impl Bad {
    /// What is wrong with a whole line.
    pub(super) fn line(line: u64, reason: impl Into<String>) -> Self {
        Self { line, column: String::new(), reason: reason.into() }
    }
}

/// A text of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// The column's name, as `sku`.
    pub(super) name: String,
    /// The column as messages name it; differs from `name` inside a list.
    pub(super) label: String,
    /// What stands there, without surrounding spaces; never empty.
    pub(super) value: String,
}

/// How a record of an order stands to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A row: with the rows next to it that name the same order it is that order.
    Row,
    /// The first line of an order that is written whole, in one object.
    First,
    /// A further line of it.
    Further,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Line of the file on which it begins, from 1.
    pub(super) line: u64,
    /// Fields that are not empty, no name twice.
    pub(super) fields: Vec<Field>,
    /// What it is of its order, if it is of one.
    pub(super) part: Part,
}

/// What stands where a record should, and cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    /// Why not.
    pub(super) bad: Bad,
    /// The order that it is of, if that much is sure, and what it is of it.
    pub(super) order: Option<(String, Part)>,
}

/// The line on which a record begins, or what stands in its place.
pub(super) fn line(record: &Result<Record, Unread>) -> u64 {
    match record {
        Ok(record) => record.line,
        Err(unread) => unread.bad.line,
    }
}

impl From<Bad> for Unread {
    fn from(bad: Bad) -> Self {
        Self { bad, order: None }
    }
}

impl Record {
    /// The text of a column; `None` if it is empty or not there.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.field(name).map(|field| field.value.as_str())
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn bad(&self, name: &str, reason: String) -> Bad {
        let label = self.field(name).map_or(name, |field| field.label.as_str());
        Bad { line: self.line, column: label.to_owned(), reason }
    }
}

/// Reads the columns of one record and collects all that is wrong with it.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    record: &'a Record,
    bad: Vec<Bad>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(record: &'a Record) -> Self {
        Self { record, bad: Vec::new() }
    }

    /// A text, empty if there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.record.text(name).unwrap_or_default().to_owned()
    }

    /// A text that has to be there.
    pub(super) fn required(&mut self, name: &str) -> String {
        if self.record.text(name).is_none() {
            self.wrong(name, "is empty".to_owned());
        }
        self.text(name)
    }

    /// A value that may be left out; `expected` says what it should be, as
    /// `a whole number`.
    pub(super) fn optional<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        self.parsed(name, expected, |text| text.parse().ok())
    }

    /// As [`Self::optional`], with a parser that gives `None` for a bad text.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.record.text(name)?;
        let value = parse(text);
        if value.is_none() {
            self.wrong(name, format!("{text:?} is not {expected}"));
        }
        value
    }

    /// Notes that something is wrong with a column.
    pub(super) fn wrong(&mut self, name: &str, reason: String) {
        self.bad.push(self.record.bad(name, reason));
    }

    /// `value` if nothing is wrong, else all that is.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<Bad>> {
        if self.bad.is_empty() { Ok(value) } else { Err(self.bad) }
    }
}
