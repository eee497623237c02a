//! The rules that the files of the engine keep, and what breaks them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::graph::{Edge, Graph, Module};

/// What a crate's files must keep to.
pub(super) struct Rules<'a> {
    /// The floors, the lowest first: folders and files right below the crate's root. A
    /// file needs nothing of a floor above its own.
    pub(super) floors: &'a [&'a [&'a str]],
    /// `command` itself, which hands the rooms on, and the list of events: they are no
    /// rooms.
    pub(super) no_rooms: &'a [&'a str],
    /// Files that the rooms of their folder share.
    pub(super) shared: &'a [&'a str],
    /// Folders whose rooms carry out what rooms of another folder do, as a part of their own event: the
    /// rooms that they may need. Only in that direction.
    pub(super) lent: &'a [(&'a str, &'a str)],
}

/// What breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The file or folder is on no floor.
    NoFloor(String),
    /// It imports all that there is, so that what it needs cannot be told.
    Glob(Module),
    /// It has a module within, whose paths are not read.
    Inline(Module),
    /// A file needs one of a floor above its own.
    Upward(Edge),
    /// Each of these files needs the others.
    Circle(Vec<Edge>),
    /// A room needs another one, or the file of a folder needs one of its rooms: what rooms
    /// of the folder have of that file would couple them to the other room.
    Rooms(Edge),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFloor(name) => write!(f, "no floor: give {name} one in the rules"),
            Self::Glob(module) => write!(f, "glob: {module} imports everything of a module"),
            Self::Inline(module) => write!(f, "inline: {module} has a module within"),
            Self::Upward(edge) => write!(f, "upward: {edge}"),
            Self::Rooms(edge) => write!(f, "room to room: {edge}"),
            Self::Circle(edges) => {
                f.write_str("circle:")?;
                edges.iter().try_for_each(|edge| write!(f, "\n    {edge}"))
            }
        }
    }
}

impl Rules<'_> {
    /// All that breaks a rule.
    pub(super) fn faults(&self, graph: &Graph) -> Vec<Fault> {
        let edges = graph.edges();
        let mut faults = unreadable(graph);
        faults.extend(self.without_floor(graph).into_iter().map(Fault::NoFloor));
        let upward = edges.iter().filter(|edge| self.is_upward(edge));
        faults.extend(upward.cloned().map(Fault::Upward));
        let rooms = edges.iter().filter(|edge| self.is_between_rooms(graph, edge));
        faults.extend(rooms.cloned().map(Fault::Rooms));
        faults.extend(circles(&edges).into_iter().map(Fault::Circle));
        faults
    }

    fn without_floor(&self, graph: &Graph) -> BTreeSet<String> {
        let tops = graph.sources().filter_map(|(module, _)| module.names().first());
        tops.filter(|top| self.floor_of(top).is_none()).cloned().collect()
    }

    fn floor_of(&self, top: &str) -> Option<usize> {
        self.floors.iter().position(|floor| floor.contains(&top))
    }

    /// What is on no floor is a fault of its own, and the root is above all floors.
    fn is_upward(&self, edge: &Edge) -> bool {
        let floor = |module: &Module| match module.names().first() {
            Some(top) => self.floor_of(top),
            None => Some(self.floors.len()),
        };
        matches!((floor(&edge.from), floor(&edge.to)), (Some(from), Some(to)) if to > from)
    }

    fn is_between_rooms(&self, graph: &Graph, edge: &Edge) -> bool {
        let Some(to) = self.room_of(graph, &edge.to) else { return false };
        match self.room_of(graph, &edge.from) {
            Some(from) if self.is_lent(&to, &from) => false,
            Some(from) if self.is_shared(&to) => folder_of(&from) != folder_of(&to),
            Some(from) => from != to,
            None => is_folder(graph, &edge.from) && !self.is_shared(&to),
        }
    }

    /// A room is a file in a folder below `command`, with all that is below that file.
    fn room_of(&self, graph: &Graph, module: &Module) -> Option<String> {
        let is_none =
            is_folder(graph, module) || self.no_rooms.contains(&module.to_string().as_str());
        (is_in_command(module) && !is_none)
            .then(|| module.names().iter().take(3).cloned().collect::<Vec<_>>().join("/"))
    }

    fn is_lent(&self, room: &str, to: &str) -> bool {
        self.lent.iter().any(|(lent, folder)| *lent == room && folder_of(to) == Some(*folder))
    }

    fn is_shared(&self, room: &str) -> bool {
        self.shared.contains(&room)
    }
}

fn is_in_command(module: &Module) -> bool {
    module.names().first().is_some_and(|top| top == "command")
}

/// Whether it is the file of a folder of rooms, or of all of them.
fn is_folder(graph: &Graph, module: &Module) -> bool {
    is_in_command(module) && module.names().len() <= 2 && graph.has_children(module)
}

/// The files whose needs cannot be told.
fn unreadable(graph: &Graph) -> Vec<Fault> {
    let globs = graph.sources().filter(|(module, _)| graph.has_glob(module));
    let inline = graph.sources().filter(|(_, source)| !source.inline.is_empty());
    let globs = globs.map(|(module, _)| Fault::Glob(module.clone()));
    globs.chain(inline.map(|(module, _)| Fault::Inline(module.clone()))).collect()
}

fn folder_of(room: &str) -> Option<&str> {
    room.rsplit_once('/').map(|(folder, _)| folder)
}

/// The circles: sets of files, each of which needs all others, directly or not. Each as
/// all edges within it.
fn circles(edges: &[Edge]) -> Vec<Vec<Edge>> {
    let reached = reached(edges);
    let is_round = |from: &Module, to: &Module| {
        reached[from].contains(to) && reached.get(to).is_some_and(|back| back.contains(from))
    };
    let mut circles = BTreeMap::<&Module, Vec<Edge>>::new();
    for edge in edges.iter().filter(|edge| is_round(&edge.from, &edge.to)) {
        // All of a circle have the same first one.
        let first = reached[&edge.from].iter().find(|other| is_round(&edge.from, other));
        circles.entry(first.unwrap_or(&edge.from)).or_default().push(edge.clone());
    }
    circles.into_values().collect()
}

/// By file: all that it needs, directly or not.
fn reached(edges: &[Edge]) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut direct = BTreeMap::<&Module, Vec<&Module>>::new();
    for edge in edges {
        direct.entry(&edge.from).or_default().push(&edge.to);
    }
    let all = |from: &&Module| {
        let (mut seen, mut unseen) = (BTreeSet::new(), direct[from].clone());
        while let Some(module) = unseen.pop() {
            if seen.insert(module.clone()) {
                unseen.extend(direct.get(module).into_iter().flatten());
            }
        }
        seen
    };
    direct.keys().map(|from| ((*from).clone(), all(from))).collect()
}
