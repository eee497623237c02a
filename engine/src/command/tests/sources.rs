//! The engine's sources, for tests that look for what nobody listed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The names of all commands. `PlaceOrder` and `CreateHold` have a way of their own to the
/// journal: they are no `Command`.
pub(crate) fn commands() -> BTreeSet<String> {
    let mut commands = BTreeSet::from(["PlaceOrder", "CreateHold"].map(str::to_owned));
    for path in files() {
        let code = production(&path);
        let of_command = code.lines().filter(|line| line.starts_with("impl"));
        let names = of_command.filter_map(|line| line.split_once(" Command for "));
        commands.extend(names.map(|(_, name)| name.trim_end_matches(" {").to_owned()));
    }
    commands
}

/// All files but those that only tests see, as paths in `engine/src`.
pub(super) fn files() -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the sources") {
            let path = entry.expect("an entry of it").path();
            let name = path.file_stem().expect("a name").to_str().expect("a name in UTF-8");
            if matches!(name, "tests" | "fixture") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(root()).expect("it is below the root");
                let names = path.iter().map(|name| name.to_str().expect("a name in UTF-8"));
                files.push(names.collect::<Vec<_>>().join("/"));
            }
        }
    }
    files
}

/// The code of a file, without comments. Tests end it; of modules that are tests, the line
/// that declares them is left out.
pub(super) fn production(path: &str) -> String {
    let text = fs::read_to_string(root().join(path)).expect(path);
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            match lines.next() {
                Some(declared) if declared.ends_with(';') => continue,
                _ => break,
            }
        }
        if !line.trim_start().starts_with("//") {
            code.extend([line, "\n"]);
        }
    }
    code
}
