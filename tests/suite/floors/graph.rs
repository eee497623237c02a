//! Which file needs which: paths resolved to the files that define what they name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::source::{Path, Source};

/// Re-exports that are followed one after the other. More of them are a circle, or this
/// bound is too low: what they lead to must not be passed over.
const RE_EXPORTS_MAX: usize = 8;

/// A file by its module's path; the crate's root has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Module(Path);

impl Module {
    /// The crate's root.
    pub(super) const ROOT: Self = Self(Vec::new());

    /// The module at `path`, such as `journal/frame`.
    pub(super) fn new(path: &str) -> Self {
        Self(path.split('/').map(str::to_owned).collect())
    }

    /// The names that lead to it.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    fn child(&self, name: &str) -> Self {
        let mut path = self.0.clone();
        path.push(name.to_owned());
        Self(path)
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "lib" } else { "" })?;
        f.write_str(&self.0.join("/"))
    }
}

/// One file needs names of another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    /// The file that needs them.
    pub(super) from: Module,
    /// The file that defines them.
    pub(super) to: Module,
    /// What it needs.
    pub(super) names: BTreeSet<String>,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        write!(f, "{} -> {} ({})", self.from, self.to, names.join(", "))
    }
}

/// The production files of a crate.
#[derive(Debug)]
pub(super) struct Graph {
    sources: BTreeMap<Module, Source>,
}

impl Graph {
    /// Reads the crate's root and all modules below it that are not for tests only.
    pub(super) fn read(text_of: impl Fn(&Module) -> String) -> Self {
        let mut sources = BTreeMap::new();
        let mut unread = vec![Module::ROOT];
        while let Some(module) = unread.pop() {
            let source = Source::read(&text_of(&module));
            unread.extend(source.children.iter().map(|name| module.child(name)));
            sources.insert(module, source);
        }
        Self { sources }
    }

    /// All files and what they say.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&Module, &Source)> {
        self.sources.iter()
    }

    /// Whether there are modules below this one.
    pub(super) fn has_children(&self, module: &Module) -> bool {
        !self.sources[module].children.is_empty()
    }

    /// Whether a file imports all that another one of the crate has.
    pub(super) fn has_glob(&self, module: &Module) -> bool {
        let mut globs = self.sources[module].imports.iter().filter(|import| import.name == "*");
        globs.any(|import| self.rooted(module, &import.path, RE_EXPORTS_MAX).is_some())
    }

    /// Which module needs which.
    pub(super) fn edges(&self) -> Vec<Edge> {
        self.sources.keys().flat_map(|module| self.edges_from(module)).collect()
    }

    fn edges_from(&self, from: &Module) -> Vec<Edge> {
        let mut needed = BTreeMap::<Module, BTreeSet<String>>::new();
        for path in self.needs_of(from) {
            if let Some((to, name)) = self.definer(&path).filter(|(to, _)| to != from) {
                needed.entry(to).or_default().insert(name);
            }
        }
        let edge = |(to, names)| Edge { from: from.clone(), to, names };
        needed.into_iter().map(edge).collect()
    }

    /// The paths from the crate's root that a file's own code needs. What it only hands on
    /// is none of them.
    fn needs_of(&self, module: &Module) -> Vec<Path> {
        let source = &self.sources[module];
        let imports = source.imports.iter();
        let imports =
            imports.filter(|import| !import.is_handed_on || source.names.contains(&import.name));
        let written = imports.map(|import| &import.path).chain(&source.paths);
        written.filter_map(|path| self.rooted(module, path, RE_EXPORTS_MAX)).collect()
    }

    /// A path as it is written in `module`, from the crate's root; none for what is of
    /// another crate.
    fn rooted(&self, module: &Module, path: &[String], tries: usize) -> Option<Path> {
        let source = &self.sources[module];
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.0.clone(),
            "super" => return from_parent(module, path),
            name if source.children.contains(name) => module.child(name).0,
            name => {
                // `use rand;` brings in another crate under its own name.
                let mut imports = source.imports.iter();
                let import =
                    imports.find(|import| import.name == name && import.path[0] != name)?;
                let tries = tries.checked_sub(1).unwrap_or_else(|| {
                    panic!("{module}: {name} stands for more than {RE_EXPORTS_MAX} names in a row")
                });
                self.rooted(module, &import.path, tries)?
            }
        };
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The file that defines what a path from the root names, and the name there; none
    /// where the path is a module: what is needed of that, other paths say.
    fn definer(&self, path: &[String]) -> Option<(Module, String)> {
        self.definer_within(path, RE_EXPORTS_MAX)
    }

    fn definer_within(&self, path: &[String], tries: usize) -> Option<(Module, String)> {
        let tries = tries.checked_sub(1).unwrap_or_else(|| {
            panic!("{}: more than {RE_EXPORTS_MAX} re-exports in a row", path.join("::"))
        });
        let mut known = (0..=path.len()).rev().map(|end| Module(path[..end].to_vec()));
        let module = known.find(|module| self.sources.contains_key(module))?;
        let end = module.0.len();
        let Some(name) = path.get(end) else {
            // A module's parent may hand on something else of the same name.
            let (name, parent) = path.split_last()?;
            let target = self.handed_on(&Module(parent.to_vec()), name)?;
            return if target == path { None } else { self.definer_within(&target, tries) };
        };
        match self.handed_on(&module, name) {
            Some(target) => self.definer_within(&[&target, &path[end + 1..]].concat(), tries),
            None => Some((module, name.clone())),
        }
    }

    /// The path from the root of what a file hands on under a name.
    fn handed_on(&self, module: &Module, name: &str) -> Option<Path> {
        let source = self.sources.get(module)?;
        let mut imports = source.imports.iter();
        let import = imports.find(|import| import.is_handed_on && import.name == name)?;
        self.rooted(module, &import.path, RE_EXPORTS_MAX)
    }
}

/// A path that begins with `super`, from the crate's root.
fn from_parent(module: &Module, path: &[String]) -> Option<Path> {
    let up = path.iter().take_while(|name| *name == "super").count();
    let kept = module.0.len().checked_sub(up)?;
    Some([&module.0[..kept], &path[up..]].concat())
}
