//! What a source file says of others: the modules that it declares, what it imports and
//! hands on, and the paths in its code.

use std::collections::BTreeSet;

use super::tokens::{is_name, tokens, without_test_items};

/// The names of a path, in their order.
pub(super) type Path = Vec<String>;

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The modules that have files of their own.
    pub(super) children: BTreeSet<String>,
    /// The modules that are written within this file.
    pub(super) inline: BTreeSet<String>,
    /// What it imports, and what it hands on.
    pub(super) imports: Vec<Import>,
    /// The paths outside of imports, as they are written.
    pub(super) paths: Vec<Path>,
    /// All names outside of imports.
    pub(super) names: BTreeSet<String>,
}

/// One name that a `use` brings in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// Where it is from, as it is written.
    pub(super) path: Path,
    /// What it is called here; `*` for all there is.
    pub(super) name: String,
    /// Whether others may import it from here: it is a `pub use`.
    pub(super) is_handed_on: bool,
}

impl Source {
    /// Reads the production part of a file.
    pub(super) fn read(text: &str) -> Self {
        let tokens = without_test_items(&tokens(text));
        let mut source = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            at = match tokens[at] {
                "use" if tokens[at + 1] != "<" => source.read_use(&tokens, at),
                "mod" => source.read_mod(&tokens, at),
                token if is_name(token) => source.read_path(&tokens, at),
                _ => at + 1,
            };
        }
        source
    }

    /// Reads the `use` at `at`; answers with where what comes after it begins.
    fn read_use(&mut self, tokens: &[&str], at: usize) -> usize {
        let before = at.checked_sub(1).map(|before| tokens[before]);
        // As in `pub use` and in `pub(super) use`.
        let is_handed_on = matches!(before, Some("pub" | ")"));
        self.read_tree(tokens, at + 1, &[], is_handed_on)
    }

    /// Reads a part of a `use` that stands behind `prefix`.
    fn read_tree(
        &mut self,
        tokens: &[&str],
        mut at: usize,
        prefix: &[String],
        is_handed_on: bool,
    ) -> usize {
        let mut path = prefix.to_vec();
        loop {
            match tokens[at] {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while tokens[at] != "}" {
                        at = self.read_tree(tokens, at, &path, is_handed_on);
                        at += usize::from(tokens[at] == ",");
                    }
                    return at + 1;
                }
                name if is_name(name) || name == "*" => {
                    path.push(name.to_owned());
                    at += 1;
                    if tokens[at] != "::" {
                        return self.push_import(tokens, at, path, is_handed_on);
                    }
                }
                other => panic!("{other:?} in the import of {path:?}"),
            }
        }
    }

    /// Keeps an import, whose other name stands at `at`, if it has one.
    fn push_import(
        &mut self,
        tokens: &[&str],
        at: usize,
        mut path: Path,
        is_handed_on: bool,
    ) -> usize {
        let is_glob = path.last().is_some_and(|last| last == "*");
        if is_glob || path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let (name, end) = match tokens[at] {
            "as" => (tokens[at + 1], at + 2),
            _ if is_glob => ("*", at),
            _ => (path.last().map_or("", String::as_str), at),
        };
        let name = name.to_owned();
        self.imports.push(Import { path, name, is_handed_on });
        end
    }

    fn read_mod(&mut self, tokens: &[&str], at: usize) -> usize {
        let name = tokens[at + 1].to_owned();
        if tokens[at + 2] == ";" {
            self.children.insert(name);
        } else {
            self.inline.insert(name);
        }
        at + 2
    }

    fn read_path(&mut self, tokens: &[&str], at: usize) -> usize {
        let mut path = vec![tokens[at].to_owned()];
        let mut end = at + 1;
        while tokens.get(end) == Some(&"::") && tokens.get(end + 1).is_some_and(|t| is_name(t)) {
            path.push(tokens[end + 1].to_owned());
            end += 2;
        }
        self.names.extend(path.iter().cloned());
        let continues = at > 0 && tokens[at - 1] == "::";
        if path.len() > 1 && !continues {
            self.paths.push(path);
        }
        end
    }
}
