//! Records of a file with one JSON object a line.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use super::Stop;
use super::columns::Kind;
use super::json::Json;
use super::limits::LINE_BYTES_MAX;
use super::parse::is_of_line;
use super::record::{Bad, Field, Part, Record, Unread};

/// The key under which an order has its lines.
const LINES: &str = "lines";

/// The keys of an object with what stands there, in the order written.
type Object = Vec<(String, Json)>;

/// Reads a file of JSON lines. Blank lines are skipped.
pub(super) struct JsonReader<R> {
    source: R,
    /// Lines read so far.
    line: u64,
    kind: Option<Kind>,
    /// Records that are read and not given out yet: those of one line.
    ready: VecDeque<Result<Record, Unread>>,
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
                self.ready.push_back(Err(found.into()));
                Object::new()
            }
            Err(found) => return Err(Stop::Bad(found)),
        };
        let names: Vec<String> = object.iter().map(|(key, _)| key.to_ascii_lowercase()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let kind = kind.or_else(|| Kind::of(&names));
        let unknown = "the keys are of no known kind of file; --kind says which it is";
        let kind = kind.ok_or_else(|| bad(self.line, unknown))?;
        self.kind = Some(kind);
        if self.ready.is_empty() {
            self.ready.extend(records(kind, self.line, &object));
        }
        Ok(kind)
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Result<Record, Unread>>> {
        while self.ready.is_empty() {
            let Some(kind) = self.kind else { return Ok(None) };
            match self.object()? {
                None => return Ok(None),
                Some(Err(bad)) => self.ready.push_back(Err(bad.into())),
                Some(Ok(object)) => self.ready.extend(records(kind, self.line, &object)),
            }
        }
        Ok(self.ready.pop_front())
    }

    /// The next line that is not blank, as an object.
    fn object(&mut self) -> io::Result<Option<Result<Object, Bad>>> {
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

    fn parse(&self, bytes: &[u8]) -> Result<Object, Bad> {
        match serde_json::from_slice(bytes.trim_ascii()) {
            Ok(Json::Object(object)) => Ok(object),
            Ok(_) => Err(Bad::line(self.line, "is no JSON object")),
            Err(error) => {
                let reason = format!("is no JSON object, from character {} on", error.column());
                Err(Bad::line(self.line, reason))
            }
        }
    }

    fn skip_line(&mut self, read: &[u8]) -> io::Result<()> {
        if read.ends_with(b"\n") {
            return Ok(());
        }
        self.source.skip_until(b'\n').map(|_| ())
    }
}

/// The records of one object: one for each line of an order, else one.
fn records(kind: Kind, line: u64, object: &Object) -> Vec<Result<Record, Unread>> {
    let is_lines = |(key, _): &&(String, Json)| key.eq_ignore_ascii_case(LINES);
    let lines = object.iter().find(is_lines).filter(|_| kind == Kind::Orders);
    let order = |part| order_id(object).map(|id| (id, part));
    let fields = match lines {
        Some(_) => fields(kind, line, object, "", |name| !is_of_line(name)),
        None => fields(kind, line, object, "", |_| true),
    };
    match (fields, lines) {
        (Ok(fields), None) => vec![Ok(Record { line, fields, part: Part::Row })],
        (Err(bad), None) => vec![Err(Unread { bad, order: order(Part::Row) })],
        (Err(bad), Some(_)) => vec![Err(Unread { bad, order: order(Part::First) })],
        (Ok(shared), Some((_, Json::List(items)))) if !items.is_empty() => {
            let parts = std::iter::once(Part::First).chain(std::iter::repeat(Part::Further));
            let items = items.iter().enumerate().zip(parts);
            let record = |((at, item), part)| {
                line_record(line, &shared, at, item)
                    .map(|fields| Record { line, fields, part })
                    .map_err(|bad| Unread { bad, order: order(part) })
            };
            items.map(record).collect()
        }
        (Ok(_), Some((label, _))) => {
            let reason = "is no list of lines".to_owned();
            let bad = Bad { line, column: label.clone(), reason };
            vec![Err(Unread { bad, order: order(Part::First) })]
        }
    }
}

/// The order that an object is of, whatever else is wrong with it.
fn order_id(object: &Object) -> Option<String> {
    let mut ids = object.iter().filter(|(key, _)| key.eq_ignore_ascii_case("order_id"));
    match (ids.next(), ids.next()) {
        (Some((_, Json::Text(id))), None) => Some(id.trim().to_owned()).filter(|id| !id.is_empty()),
        _ => None,
    }
}

/// The fields of one line: those of the order, and its own.
fn line_record(line: u64, shared: &[Field], at: usize, item: &Json) -> Result<Vec<Field>, Bad> {
    let label = format!("{LINES}[{at}]");
    let Json::Object(item) = item else {
        return Err(Bad { line, column: label, reason: "is no object".to_owned() });
    };
    let own = fields(Kind::Orders, line, item, &format!("{label}."), is_of_line)?;
    Ok([shared, &own].concat())
}

/// The fields of an object as a CSV file would have them, without those that are
/// empty. `before` stands before each key where messages name it; `fits` says
/// which columns may stand in this place.
fn fields(
    kind: Kind,
    line: u64,
    object: &Object,
    before: &str,
    fits: impl Fn(&str) -> bool,
) -> Result<Vec<Field>, Bad> {
    let mut names: Vec<String> = Vec::with_capacity(object.len());
    let mut fields = Vec::with_capacity(object.len());
    for (key, value) in object {
        let label = format!("{before}{key}");
        let bad = |reason: String| Bad { line, column: label.clone(), reason };
        let name = key.to_ascii_lowercase();
        if names.contains(&name) {
            return Err(bad("stands there twice".to_owned()));
        }
        names.push(name.clone());
        if name == LINES && kind == Kind::Orders && before.is_empty() {
            continue;
        }
        if !kind.has(&name) {
            return Err(bad(format!("is no key of {kind}; they are {}", kind.list())));
        }
        if !fits(&name) {
            return Err(bad("does not stand here: lines have sku and quantity".to_owned()));
        }
        let value = text(value, Kind::is_list(&name)).map_err(bad)?.trim().to_owned();
        if !value.is_empty() {
            fields.push(Field { name, label, value });
        }
    }
    Ok(fields)
}

/// A value as the text that a CSV file would have.
fn text(value: &Json, may_be_list: bool) -> Result<String, String> {
    match value {
        Json::Nothing => Ok(String::new()),
        Json::Text(text) => Ok(text.clone()),
        Json::Fraction => Err("is no whole number; as a text it goes in quotes".to_owned()),
        // It says that there is none, where an empty cell says nothing.
        Json::List(list) if may_be_list && list.is_empty() => Ok("none".to_owned()),
        Json::List(list) if may_be_list => {
            let texts: Result<Vec<_>, _> = list.iter().map(|value| text(value, false)).collect();
            texts.map(|texts| texts.join(";"))
        }
        Json::List(_) => Err("is a list, and has one value".to_owned()),
        Json::Object(_) => Err("is an object, and has one value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, kind: Option<Kind>) -> Vec<Result<Record, Unread>> {
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
            .map(|one| {
                one.as_ref().map_or_else(|unread| (unread.bad.line, false), |r| (r.line, true))
            })
            .collect();
        assert_eq!(lines, [(1, true), (2, false), (3, false), (4, true)]);
    }

    #[test]
    fn each_line_of_an_order_is_a_record_that_names_its_place() {
        let order = r#"{"order_id":"W1","destination_postal_code":"10001",
            "lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":"x"}]}"#;
        let found = all(&order.replace('\n', ""), None);
        let second = found[1].as_ref().unwrap();
        assert_eq!(second.part, Part::Further);
        assert_eq!(second.text("order_id"), Some("W1"));
        let quantity = second.fields.iter().find(|field| field.name == "quantity").unwrap();
        assert_eq!(quantity.label, "lines[1].quantity");
    }

    #[test]
    fn an_unknown_key_is_told_and_not_dropped() {
        let found = all("{\"sku\":\"A\",\"colour\":\"red\"}\n", None);
        assert_eq!(found[0].as_ref().unwrap_err().bad.column, "colour");
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let long = format!("{}\n{{\"sku\":\"B\"}}\n", "x".repeat(LINE_BYTES_MAX + 5));
        let found = all(&long, Some(Kind::Items));
        assert!(found[0].as_ref().unwrap_err().bad.reason.starts_with("is longer than"));
        assert_eq!(found[1].as_ref().unwrap().line, 2);
    }

    #[test]
    fn rows_of_an_order_may_be_objects_of_their_own() {
        let row = |sku| {
            format!(
                "{{\"order_id\":\"W1\",\"destination_postal_code\":\"1\",\"sku\":\"{sku}\",\"quantity\":1}}\n"
            )
        };
        let found = all(&[row("A"), row("B")].concat(), None);
        let parts: Vec<_> = found.into_iter().map(|record| record.unwrap().part).collect();
        assert_eq!(parts, [Part::Row, Part::Row]);
    }

    #[test]
    fn what_would_be_changed_or_dropped_is_refused() {
        let order = |rest: &str| format!("{{\"order_id\":\"W1\",{rest}}}\n");
        let refused = |text: &str| {
            let kind = if text.contains("order_id") { Kind::Orders } else { Kind::Nodes };
            all(text, Some(kind)).into_iter().find_map(Result::err).map(|unread| unread.bad.column)
        };
        for (text, column) in [
            ("{\"title\":1.10}\n".to_owned(), "title"),
            ("{\"title\":[\"a\",\"b\"]}\n".to_owned(), "title"),
            ("{\"holidays\":[[]]}\n".to_owned(), "holidays"),
            ("{\"node_id\":\"A\",\"Node_ID\":\"B\"}\n".to_owned(), "Node_ID"),
            (order("\"lines\":[],\"lines\":[{}]"), "lines"),
            (order("\"lines\":[]"), "lines"),
            (order("\"sku\":\"A\",\"lines\":[{\"sku\":\"B\",\"quantity\":1}]"), "sku"),
            (order("\"lines\":[{\"sku\":\"B\",\"sku\":\"C\"}]"), "lines[0].sku"),
            (order("\"lines\":[{\"sku\":\"B\",\"channel\":\"web\"}]"), "lines[0].channel"),
        ] {
            assert_eq!(refused(&text).as_deref(), Some(column), "{text}");
        }
        assert_eq!(refused("{\"holidays\":[],\"title\":null,\"lead_time_days\":3}\n"), None);
    }

    #[test]
    fn a_line_that_cannot_be_read_says_whose_it_is() {
        let text = "{\"order_id\":\"W1\",\"lines\":[{\"sku\":\"A\"},7]}\n";
        let found = all(text, None);
        let unread = found[1].as_ref().unwrap_err();
        assert_eq!(unread.order, Some(("W1".to_owned(), Part::Further)));
    }
}
