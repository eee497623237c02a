//! Records of a file with one JSON object a line.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use serde_json::{Map, Value};

use super::Stop;
use super::columns::Kind;
use super::limits::LINE_BYTES_MAX;
use super::record::{Bad, Field, Record};

/// The key under which an order has its lines.
const LINES: &str = "lines";

/// Reads a file of JSON lines. Blank lines are skipped.
pub(super) struct JsonReader<R> {
    source: R,
    /// Lines read so far.
    line: u64,
    kind: Option<Kind>,
    /// Records that are read and not given out yet: those of one line.
    ready: VecDeque<Result<Record, Bad>>,
}

impl<R: BufRead> JsonReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, line: 0, kind: None, ready: VecDeque::new() }
    }

    /// Reads the first object, whose keys say what the file holds.
    pub(super) fn begin(&mut self, kind: Option<Kind>) -> Result<Kind, Stop> {
        let bad = |line, reason: &str| Stop::Bad(Bad::line(line, reason));
        let Some(first) = self.object().map_err(Stop::Read)? else {
            return kind.ok_or_else(|| bad(1, "the file is empty; --kind says what it would hold"));
        };
        let object = match first {
            Ok(object) => object,
            // With the kind known, one bad line is only a bad line.
            Err(found) if kind.is_some() => {
                self.ready.push_back(Err(found));
                Map::new()
            }
            Err(found) => return Err(Stop::Bad(found)),
        };
        let names: Vec<&str> = object.keys().map(String::as_str).collect();
        let kind = kind.or_else(|| Kind::of(&names));
        let unknown = "the keys are of no known kind of file; --kind says which it is";
        let kind = kind.ok_or_else(|| bad(self.line, unknown))?;
        self.kind = Some(kind);
        if self.ready.is_empty() {
            self.ready.extend(records(kind, self.line, &object));
        }
        Ok(kind)
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Result<Record, Bad>>> {
        while self.ready.is_empty() {
            let Some(kind) = self.kind else { return Ok(None) };
            match self.object()? {
                None => return Ok(None),
                Some(Err(bad)) => self.ready.push_back(Err(bad)),
                Some(Ok(object)) => self.ready.extend(records(kind, self.line, &object)),
            }
        }
        Ok(self.ready.pop_front())
    }

    /// The next line that is not blank, as an object.
    fn object(&mut self) -> io::Result<Option<Result<Map<String, Value>, Bad>>> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let read = self.source.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if bytes.len() > LINE_BYTES_MAX {
                self.skip_line(&bytes)?;
                let reason = format!("is longer than {LINE_BYTES_MAX} bytes");
                return Ok(Some(Err(Bad::line(self.line, reason))));
            }
            if !bytes.trim_ascii().is_empty() {
                return Ok(Some(self.parse(&bytes)));
            }
        }
    }

    fn parse(&self, bytes: &[u8]) -> Result<Map<String, Value>, Bad> {
        serde_json::from_slice(bytes.trim_ascii()).map_err(|error| {
            let reason = format!("is no JSON object, from character {} on", error.column());
            Bad::line(self.line, reason)
        })
    }

    fn skip_line(&mut self, read: &[u8]) -> io::Result<()> {
        if read.ends_with(b"\n") {
            return Ok(());
        }
        self.source.skip_until(b'\n').map(|_| ())
    }
}

/// The records of one object: one for each line of an order, else one.
fn records(kind: Kind, line: u64, object: &Map<String, Value>) -> Vec<Result<Record, Bad>> {
    let mut shared = Vec::new();
    for (name, value) in object.iter().filter(|(name, _)| *name != LINES) {
        match field(kind, line, name, name, value) {
            Ok(field) => shared.extend(field),
            Err(bad) => return vec![Err(bad)],
        }
    }
    match (kind, object.get(LINES)) {
        (Kind::Orders, Some(Value::Array(lines))) if !lines.is_empty() => lines
            .iter()
            .enumerate()
            .map(|(at, item)| line_record(line, &shared, at, item))
            .collect(),
        (_, Some(_)) => {
            let reason =
                if kind == Kind::Orders { "is no list of lines" } else { "is no known key" };
            vec![Err(Bad { line, column: LINES.to_owned(), reason: reason.to_owned() })]
        }
        (_, None) => vec![Ok(Record { line, fields: shared, continues: false })],
    }
}

fn line_record(line: u64, shared: &[Field], at: usize, item: &Value) -> Result<Record, Bad> {
    let Value::Object(item) = item else {
        let column = format!("{LINES}[{at}]");
        return Err(Bad { line, column, reason: "is no object".to_owned() });
    };
    let mut fields = shared.to_vec();
    for (name, value) in item {
        fields.extend(field(Kind::Orders, line, name, &format!("{LINES}[{at}].{name}"), value)?);
    }
    Ok(Record { line, fields, continues: at > 0 })
}

/// A value as the text that a CSV file would have; `None` if there is nothing.
fn field(
    kind: Kind,
    line: u64,
    name: &str,
    label: &str,
    value: &Value,
) -> Result<Option<Field>, Bad> {
    let bad = |reason: String| Bad { line, column: label.to_owned(), reason };
    if !kind.has(name) {
        return Err(bad(format!("is no key of {kind}; they are {}", kind.list())));
    }
    let value = text(value).ok_or_else(|| bad("is no text, number or list of them".to_owned()))?;
    let value = value.trim().to_owned();
    let field = Field { name: name.to_owned(), label: label.to_owned(), value };
    Ok((!field.value.is_empty()).then_some(field))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(list) => {
            let texts: Option<Vec<_>> = list.iter().map(text).collect();
            texts.map(|texts| texts.join(" "))
        }
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, kind: Option<Kind>) -> Vec<Result<Record, Bad>> {
        let mut reader = JsonReader::new(text.as_bytes());
        assert!(reader.begin(kind).is_ok(), "{text}");
        std::iter::from_fn(|| reader.next().unwrap()).collect()
    }

    #[test]
    fn the_keys_of_the_first_line_say_what_the_file_holds() {
        let text = "\n{\"sku\":\"A\",\"node_id\":\"N\",\"on_hand\":7}\n";
        let mut reader = JsonReader::new(text.as_bytes());
        assert!(matches!(reader.begin(None), Ok(Kind::Stock)));
        let record = reader.next().unwrap().unwrap().unwrap();
        assert_eq!((record.line, record.text("on_hand")), (2, Some("7")));
    }

    #[test]
    fn a_line_that_is_no_json_is_bad_and_the_next_one_is_read() {
        let found = all("{\"sku\":\"A\"}\n{\"sku\":\nnot\n{\"sku\":\"B\"}\n", None);
        let lines: Vec<_> = found
            .iter()
            .map(|one| one.as_ref().map_or_else(|bad| (bad.line, false), |r| (r.line, true)))
            .collect();
        assert_eq!(lines, [(1, true), (2, false), (3, false), (4, true)]);
    }

    #[test]
    fn each_line_of_an_order_is_a_record_that_names_its_place() {
        let order = r#"{"order_id":"W1","destination_postal_code":"10001",
            "lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":"x"}]}"#;
        let found = all(&order.replace('\n', ""), None);
        let second = found[1].as_ref().unwrap();
        assert!(second.continues);
        assert_eq!(second.text("order_id"), Some("W1"));
        let quantity = second.fields.iter().find(|field| field.name == "quantity").unwrap();
        assert_eq!(quantity.label, "lines[1].quantity");
    }

    #[test]
    fn an_unknown_key_is_told_and_not_dropped() {
        let found = all("{\"sku\":\"A\",\"colour\":\"red\"}\n", None);
        assert_eq!(found[0].as_ref().unwrap_err().column, "colour");
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let long = format!("{}\n{{\"sku\":\"B\"}}\n", "x".repeat(LINE_BYTES_MAX + 5));
        let found = all(&long, Some(Kind::Items));
        assert!(found[0].as_ref().unwrap_err().reason.starts_with("is longer than"));
        assert_eq!(found[1].as_ref().unwrap().line, 2);
    }
}
