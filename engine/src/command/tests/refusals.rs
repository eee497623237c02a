//! Every refusal of every command is provoked: in the table of its room, or by what the
//! transaction gives any command.

mod provoked;
mod rooms;

use std::collections::BTreeSet;

use provoked::provoked;
use rooms::{ROOMS, Room};

use crate::command::tests::sources::{commands, files, production};
use crate::model::RefusalKind::{self, *};

/// What consumers of the feed are refused, who send no commands.
const OF_NO_COMMAND: [RefusalKind; 2] = [ConsumerNotFound, EndpointNotFound];

#[test]
fn every_refusal_of_a_command_is_provoked_and_no_other() {
    let provoked = provoked();
    for Room { command, refusals, .. } in &ROOMS {
        let given = provoked.iter().filter(|(of, _)| of == command);
        let given: BTreeSet<_> = given.map(|(_, kind)| kind.name()).collect();
        let refusals: BTreeSet<_> = refusals.iter().map(|kind| kind.name()).collect();
        assert_eq!(given, refusals, "{command}: provoked, and listed");
    }
    for kind in RefusalKind::ALL.iter().filter(|kind| !OF_NO_COMMAND.contains(kind)) {
        assert!(provoked.iter().any(|(_, given)| given == kind), "nobody provokes {kind:?}");
    }
}

#[test]
fn every_command_has_a_room() {
    let rooms: BTreeSet<_> = ROOMS.iter().map(|room| room.command.to_owned()).collect();
    assert_eq!(rooms, commands(), "listed here, and found in the sources");
}

/// A refusal that a room begins to give needs a row in its table.
#[test]
fn a_command_has_the_refusals_that_its_files_name() {
    for Room { command, refusals, sources } in &ROOMS {
        let named: BTreeSet<_> = sources.iter().flat_map(|path| named(path)).collect();
        let listed: BTreeSet<_> = refusals.iter().map(|kind| kind.name()).collect();
        assert_eq!(named, listed, "{command}: named in {sources:?}, and listed");
    }
}

#[test]
fn no_other_file_gives_a_command_a_refusal() {
    let known: BTreeSet<_> = ROOMS.iter().flat_map(|room| room.sources).copied().collect();
    let others = files().into_iter().filter(|path| !known.contains(path.as_str()));
    let others = others.filter(|path| !path.starts_with("model/refusal"));
    // Those refuse reads.
    let reads = |path: &String| path.starts_with("feed/") || path == "read/partner.rs";
    for path in others.filter(|path| !reads(path)) {
        let named = named(&path);
        assert!(named.is_empty(), "{path} names {named:?}, and is no source of a room");
    }
}

/// The refusals that the production code of a file names.
fn named(path: &str) -> BTreeSet<&'static str> {
    let code = production(path);
    let is_named = |kind: &&RefusalKind| {
        let name = format!("Refusal::{kind:?}");
        code.match_indices(&name).any(|(at, _)| {
            let after = code[at + name.len()..].chars().next();
            !after.is_some_and(char::is_alphanumeric)
        })
    };
    RefusalKind::ALL.iter().filter(is_named).map(|kind| kind.name()).collect()
}
