//! What the checks say of a store of snapshots.

use std::path::Path;

use backstock_engine::engine::snapshot_directory;
use backstock_engine::snapshot::{SledStore, SnapshotStore as _};

use super::operate::{Left, copy, stand};
use super::program::{Ran, Server, run};
use super::shown;

const CHECKS: [&[&str]; 3] = [&["snapshot", "list"], &["snapshot", "verify"], &["audit"]];

/// Whether a check found something: by exit code, and by what it says.
fn check(name: &str, command: &[&str], checked: &Ran, expected: i32) {
    assert_eq!(checked.code, expected, "{name}, {command:?}: {checked:?}");
    let told = &checked.json()[if command[0] == "audit" { "breaches" } else { "problems" }];
    let told = told.as_array().map_or(0, Vec::len);
    assert_eq!(told > 0, expected > 0, "{name}, {command:?}: {checked:?}");
}

/// What is done to a store.
type Lose<'a> = &'a dyn Fn(&Path);

#[test]
fn a_database_or_a_snapshot_that_is_lost_fails_every_check() {
    let left = Left::new();
    let server = Server::start(&left.files.data());
    assert_eq!(server.run(&["snapshot", "take"]).code, 0);
    assert_eq!(server.terminate().code(), Some(0));
    let lose: [(&str, Lose<'_>); 3] = [
        ("damaged", &|store| {
            std::fs::write(store.join("odd-1/conf"), b"not what the store wrote there")
                .expect("a file");
        }),
        ("gone", &|store| std::fs::remove_dir_all(store.join("even-1")).expect("removed")),
        ("without the newest", &|store| {
            let store = SledStore::open(store).expect("a store");
            let newest = store.generations().expect("generations")[1];
            store.remove_manifest(newest).expect("writable");
            store.sync().expect("synced");
        }),
    ];
    for (name, lose) in lose {
        let path = left.beside(name);
        copy(&left.files.data(), &path);
        for (expected, lose) in [(0, None), (1, Some(lose))] {
            if let Some(lose) = lose {
                lose(&snapshot_directory(&path));
            }
            for command in CHECKS {
                let checked = run(&[command, &["--json", "--data", &shown(&path)]].concat());
                check(name, command, &checked, expected);
            }
        }
        // Nothing but a fallback is lost: a server goes on, and its snapshots make up for it.
        let server = Server::start(&path);
        for expected in [1, 0] {
            for command in CHECKS {
                let checked = server.run(&[command, &["--json"]].concat());
                check(name, command, &checked, expected);
            }
            for _ in 0..2 {
                assert_eq!(server.run(&["snapshot", "take"]).code, 0);
            }
        }
        assert_eq!(stand(&server).hash, left.last.hash);
    }
}

/// As an older program left it.
#[test]
fn who_looks_at_a_store_of_an_older_layout_says_that_it_gets_a_new_one() {
    let left = Left::new();
    let store = snapshot_directory(&left.files.data());
    std::fs::remove_file(store.join("label")).expect("removed");
    std::fs::remove_file(store.join("odd")).expect("removed");
    std::fs::remove_dir(store.join("conf")).expect("removed");
    for name in ["odd", "even"] {
        let numbered = store.join(format!("{name}-1"));
        std::fs::rename(numbered, store.join(name)).expect("renamed");
    }
    for is_older in [true, false] {
        let listed = left.run(&["snapshot", "list"]);
        assert_eq!((listed.code, listed.stderr.lines().count() > 0), (0, is_older), "{listed:?}");
        assert_eq!(listed.stderr.contains("older versions refuse"), is_older, "{listed:?}");
    }
}
