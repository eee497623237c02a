//! Takes the fields of a JSON object one by one, notes what is wrong with each, and in the end what is
//! left over.

use backstock_engine::model::{Rule, Text, Violation};
use jiff::civil::Date;

use super::tree::Tree;
use crate::partner::found::Found;

/// Stands before keys that are the partner's own.
const OWN: &str = "x_";

/// An object of a message, of which fields are taken.
pub(super) struct Object<'a> {
    /// Stands before each key in a path: `lines[3].`, or nothing.
    path: String,
    fields: Vec<(String, Tree)>,
    found: &'a mut Found,
}

impl<'a> Object<'a> {
    /// The object at `path`; none, and noted, if there is something else.
    pub(super) fn new(path: &str, tree: Tree, found: &'a mut Found) -> Option<Self> {
        let Tree::Object(fields) = tree else {
            found.malformed(path, &tree, "is no JSON object");
            return None;
        };
        let before = if path.is_empty() { String::new() } else { format!("{path}.") };
        Some(Self { path: before, fields, found })
    }

    /// Where violations are noted.
    pub(super) fn found(&mut self) -> &mut Found {
        self.found
    }

    /// The path of a field.
    pub(super) fn path(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    /// Takes a field; `null` counts as not there, and a second one with the same key stays to be told.
    fn take(&mut self, key: &str) -> Option<Tree> {
        let at = self.fields.iter().position(|(name, _)| name == key)?;
        Some(self.fields.remove(at).1).filter(|tree| *tree != Tree::Null)
    }

    /// Takes a field that has to be there.
    fn required(&mut self, key: &str) -> Option<Tree> {
        let taken = self.take(key);
        if taken.is_none() {
            let path = self.path(key);
            self.found.note(Violation::new(path, "", Rule::Required));
        }
        taken
    }

    fn text_of(&mut self, key: &str, tree: Tree) -> Option<String> {
        if let Tree::Text(text) = tree {
            return Some(text);
        }
        let path = self.path(key);
        self.found.malformed(&path, tree, "is no text");
        None
    }

    fn number_of(&mut self, key: &str, tree: &Tree) -> Option<i64> {
        if let Tree::Number(number) = tree {
            return Some(*number);
        }
        let path = self.path(key);
        self.found.malformed(&path, tree, "is no whole number");
        None
    }

    /// A name, made by its type's constructor.
    pub(super) fn name<T>(
        &mut self,
        key: &str,
        make: impl FnOnce(&str, String) -> Result<T, Violation>,
    ) -> Option<T> {
        let tree = self.required(key)?;
        let (text, path) = (self.text_of(key, tree)?, self.path(key));
        self.found.take(make(&path, text))
    }

    /// A name that may be missing. None if it is wrong, and that is noted.
    pub(super) fn name_or<T>(
        &mut self,
        key: &str,
        make: impl FnOnce(&str, String) -> Result<T, Violation>,
    ) -> Option<T> {
        let tree = self.take(key)?;
        let (text, path) = (self.text_of(key, tree)?, self.path(key));
        self.found.take(make(&path, text))
    }

    /// Text for people, not empty.
    pub(super) fn text(&mut self, key: &str) -> Option<Text> {
        self.name(key, filled)
    }

    /// Text that may be missing.
    pub(super) fn text_or(&mut self, key: &str) -> Option<Text> {
        self.name_or(key, filled)
    }

    /// A whole number, checked by `make`.
    pub(super) fn number<T>(
        &mut self,
        key: &str,
        make: impl FnOnce(&str, i64) -> Result<T, Violation>,
    ) -> Option<T> {
        let tree = self.required(key)?;
        let (number, path) = (self.number_of(key, &tree)?, self.path(key));
        self.found.take(make(&path, number))
    }

    /// A whole number that is `missing` if it is not there.
    pub(super) fn number_or<T>(
        &mut self,
        key: &str,
        missing: T,
        make: impl FnOnce(&str, i64) -> Result<T, Violation>,
    ) -> Option<T> {
        let Some(tree) = self.take(key) else { return Some(missing) };
        let (number, path) = (self.number_of(key, &tree)?, self.path(key));
        self.found.take(make(&path, number))
    }

    /// `true` or `false`; false if it is not there.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        match self.take(key) {
            None => Some(false),
            Some(Tree::Bool(value)) => Some(value),
            Some(tree) => {
                let path = self.path(key);
                self.found.malformed(&path, tree, "is neither true nor false");
                None
            }
        }
    }

    /// A date that may be missing.
    pub(super) fn date_or(&mut self, key: &str) -> Option<Date> {
        self.name_or(key, |path, text| date(path, &text))
    }

    /// A date.
    pub(super) fn date(&mut self, key: &str) -> Option<Date> {
        self.name(key, |path, text| date(path, &text))
    }

    /// One of some names.
    pub(super) fn one_of<T: Copy>(&mut self, key: &str, all: &[(T, &str)]) -> Option<T> {
        self.name(key, |path, text| one_of(path, &text, all))
    }

    /// An object within it, read by `read`.
    pub(super) fn object<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Object<'_>) -> Option<T>,
    ) -> Option<T> {
        let tree = self.required(key)?;
        self.object_of(key, tree, read)
    }

    /// An object that may be missing.
    pub(super) fn object_or<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Object<'_>) -> Option<T>,
    ) -> Option<T> {
        let tree = self.take(key)?;
        self.object_of(key, tree, read)
    }

    fn object_of<T>(
        &mut self,
        key: &str,
        tree: Tree,
        read: impl FnOnce(&mut Object<'_>) -> Option<T>,
    ) -> Option<T> {
        let path = self.path(key);
        let mut object = Object::new(&path, tree, self.found)?;
        let value = read(&mut object);
        object.end();
        value
    }

    /// A list of at most `max` entries, each read by `read`. Not there: empty.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        max: usize,
        mut read: impl FnMut(&str, Tree, &mut Found) -> Option<T>,
    ) -> Vec<T> {
        let (taken, path) = (self.take(key), self.path(key));
        let list = match taken {
            None => return Vec::new(),
            Some(Tree::List(list)) => list,
            Some(tree) => {
                self.found.malformed(&path, tree, "is no list");
                return Vec::new();
            }
        };
        if list.len() > max {
            self.found.note(Violation::new(path, list.len(), Rule::TooMany { max }));
            return Vec::new();
        }
        let entries = list.into_iter().enumerate();
        entries.filter_map(|(at, tree)| read(&format!("{path}[{at}]"), tree, self.found)).collect()
    }

    /// A list of objects.
    pub(super) fn objects<T>(
        &mut self,
        key: &str,
        max: usize,
        mut read: impl FnMut(&mut Object<'_>) -> Option<T>,
    ) -> Vec<T> {
        self.list(key, max, |path, tree, found| {
            let mut object = Object::new(path, tree, found)?;
            let value = read(&mut object);
            object.end();
            value
        })
    }

    /// The fields that are left, with their keys: the object names things by its keys.
    pub(super) fn rest(&mut self) -> Vec<(String, Tree)> {
        std::mem::take(&mut self.fields)
    }

    /// Notes what nobody took.
    pub(super) fn end(self) {
        let Self { path, fields, found } = self;
        for (key, tree) in fields.into_iter().filter(|(key, _)| !key.starts_with(OWN)) {
            let shown: String = key.chars().take(80).collect();
            found.malformed(
                &format!("{path}{shown}"),
                tree,
                "is no field of this message, or stands twice",
            );
        }
    }
}

/// Text for people that is not empty.
pub(super) fn filled(path: &str, text: String) -> Result<Text, Violation> {
    if text.is_empty() {
        return Err(Violation::new(path, "", Rule::Required));
    }
    Text::new(path, text)
}

fn date(path: &str, text: &str) -> Result<Date, Violation> {
    let malformed = |_| Rule::Malformed("is no date like 2026-12-24".to_owned());
    text.parse().map_err(malformed).map_err(|rule| Violation::new(path, text, rule))
}

fn one_of<T: Copy>(path: &str, text: &str, all: &[(T, &str)]) -> Result<T, Violation> {
    let fits = all.iter().find(|(_, name)| *name == text);
    fits.map(|(value, _)| *value).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(_, name)| *name).collect();
        Violation::new(path, text, Rule::NotOneOf { allowed: names.join(", ") })
    })
}
