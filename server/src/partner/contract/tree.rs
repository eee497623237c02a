//! JSON as it is written: every key kept, also one that stands twice; bounded in bytes, depth and
//! values.

use std::cell::Cell;
use std::fmt;

use backstock_engine::model::{Rule, Violation};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::partner::limits::{MESSAGE_BYTES_MAX, MESSAGE_VALUES_MAX};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(i64),
    /// A number that is not whole, or does not fit.
    OtherNumber,
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::OtherNumber => f.write_str("a number"),
            Self::Text(value) => f.write_str(value),
            Self::List(_) => f.write_str("[..]"),
            Self::Object(_) => f.write_str("{..}"),
        }
    }
}

/// Reads one JSON value and nothing after it.
pub(super) fn parse(bytes: &[u8]) -> Result<Tree, Violation> {
    let malformed = |text: String| Violation::new("", "", Rule::Malformed(text));
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(malformed(format!("the message has more than {MESSAGE_BYTES_MAX} bytes")));
    }
    let left = Cell::new(MESSAGE_VALUES_MAX);
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let read = Values { left: &left }.deserialize(&mut from);
    read.and_then(|tree| from.end().map(|()| tree))
        .map_err(|error| malformed(format!("the message is no JSON: {error}")))
}

/// Reads values while there is room for them.
#[derive(Clone, Copy)]
struct Values<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| D::Error::custom("it has too many values"))?);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or(Tree::OtherNumber, Tree::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::OtherNumber)
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = from.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(key) = from.next_key()? {
            object.push((key, from.next_value_seed(self)?));
        }
        Ok(Tree::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_refused_in_bounded_memory() {
        let deep = "[".repeat(100_000);
        let wide = format!("[{}0]", "0,".repeat(MESSAGE_VALUES_MAX));
        let long = " ".repeat(MESSAGE_BYTES_MAX + 1);
        for bad in ["", "{", "{}x", "\"a", &deep, &wide, &long] {
            assert!(parse(bad.as_bytes()).is_err(), "{}", &bad[..bad.len().min(20)]);
        }
        assert!(parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn a_key_that_stands_twice_is_kept_twice() {
        let Ok(Tree::Object(fields)) = parse(br#"{"a":1,"a":2}"#) else { panic!("no object") };
        assert_eq!(fields.len(), 2);
    }
}
