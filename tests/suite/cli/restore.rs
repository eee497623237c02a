//! Restores of directories that cannot be given another name, to a point, and only to
//! see what one would do.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use backstock_engine::engine::journal_directory;
use serde_json::Value;

use super::operate::{Left, contents, copy, damage_record, now};
use super::program::{Ran, Server, run, run_script};
use super::shown;

/// Gives a process mounts of its own, and the right to make some.
const OWN_MOUNTS: [&str; 3] = ["unshare", "--mount", "--map-root-user"];

/// Root without the right to write where it may not.
const BY_PERMISSION: [&str; 3] = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"];

/// Runs the program with the rights of the test itself.
const AS_IS: [&str; 1] = ["env"];

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

/// A time of day whose text sorts as it does: zeros at its end are not printed.
fn padded(time: &str) -> String {
    format!("{:0<26}", time.trim_end_matches('Z'))
}

/// The JSON documents that a script printed, which are a line each.
fn documents(ran: &Ran) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {ran:?}"));
    ran.stdout.lines().map(parse).collect()
}

/// Every volume of a container is one.
#[test]
fn a_mount_point_is_restored_and_filled_inside_itself() {
    let mounts = run_script(&OWN_MOUNTS, "mount -t tmpfs tmpfs \"$1\"", &["/mnt"]);
    if mounts.code != 0 {
        eprintln!(
            "SKIPPED: nothing can be mounted here, so no mount point is restored: {mounts:?}"
        );
        return;
    }
    let left = Left::new();
    let file = left.beside("backup.snapshot");
    left.export(&file);
    let (volume, other) = (left.beside("volume"), left.beside("other"));
    for mount_point in [&volume, &other] {
        fs::create_dir(mount_point).expect("a directory");
    }
    let script = r#"
        mount -t tmpfs tmpfs "$1"; mount -t tmpfs tmpfs "$2"
        mkdir "$1/lost+found" "$2/lost+found"
        cp -a "$3/." "$1"
        "$BACKSTOCK" restore --data "$1" --until "$4" --json
        "$BACKSTOCK" restore --data "$1/before-restore-1" --dry-run --json
        "$BACKSTOCK" restore --data "$1" --json
        "$BACKSTOCK" restore --data "$2" --from "$5" --json
        ls "$1" "$2" >&2
    "#;
    let until = left.second.lsn.to_string();
    let args = [&*shown(&volume), &*shown(&other), &*left.data(), &*until, &*shown(&file)];
    let ran = run_script(&OWN_MOUNTS, script, &args);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = documents(&ran);
    let hashes: Vec<_> = told.iter().map(|restored| &restored["state_hash"]).collect();
    let [second, last, first] = [&left.second, &left.last, &left.first].map(|stand| &*stand.hash);
    assert_eq!(hashes, [second, last, second, first]);
    let aside = |no: usize| told[no]["set_aside"].as_str().map(str::to_owned);
    assert_eq!(aside(0), Some(shown(&volume.join("before-restore-1"))));
    assert_eq!(aside(2), Some(shown(&volume.join("before-restore-2"))));
    let listed: Vec<_> = ran.stderr.lines().filter(|name| !name.contains(' ')).collect();
    assert!(listed.contains(&"lost+found") && !listed.contains(&"restoring"), "{ran:?}");
}

#[test]
fn a_directory_whose_parent_cannot_be_written_is_restored_inside_itself() {
    let left = Left::new();
    let parent = left.beside("owned-by-others");
    let data = parent.join("data");
    copy(&left.files.data(), &data);
    fs::set_permissions(&parent, Permissions::from_mode(0o555)).expect("it is ours");
    // For root that is no obstacle, unless it gives up its rights.
    let may_write = fs::create_dir(parent.join("may-write")).is_ok();
    let by = if may_write { &BY_PERMISSION[..] } else { &AS_IS };
    let ran = run_script(by, "\"$BACKSTOCK\" restore --data \"$1\" --json", &[&shown(&data)]);
    fs::set_permissions(&parent, Permissions::from_mode(0o755)).expect("it is ours");
    left.check_restored(&ran, &data, &left.last);
    assert_eq!(ran.json()["set_aside"], shown(&data.join("before-restore-1")));
    let before = run(&["audit", "--json", "--data", &shown(&data.join("before-restore-1"))]);
    assert_eq!(before.json()["state_hash"], left.last.hash, "{before:?}");
    assert!(!names(&parent).contains(&"data.restoring".to_owned()));
}

/// A restore that cannot come to its end is refused before it builds anything.
#[test]
fn a_directory_that_cannot_be_written_is_refused_at_once() {
    let left = Left::new();
    let parent = left.beside("owned-by-others");
    let data = parent.join("data");
    copy(&left.files.data(), &data);
    for path in [&data, &parent] {
        fs::set_permissions(path, Permissions::from_mode(0o555)).expect("it is ours");
    }
    let may_write = fs::create_dir(parent.join("may-write")).is_ok();
    let by = if may_write { &BY_PERMISSION[..] } else { &AS_IS };
    let before = names(&data);
    let ran = run_script(by, "\"$BACKSTOCK\" restore --data \"$1\"", &[&shown(&data)]);
    assert_eq!(ran.code, 12, "{ran:?}");
    assert_eq!(names(&data), before);
    for path in [&parent, &data] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("it is ours");
    }
}

#[test]
fn what_a_restore_to_a_point_leaves_out_is_told_and_a_dry_run_changes_nothing() {
    let left = Left::new();
    let until = left.second.lsn.to_string();
    let data = left.files.data();
    // The databases of snapshots write to their files whenever they are opened.
    let seen = || {
        let beside = names(left.files.directory.path());
        (contents(&journal_directory(&data)), names(&data), beside)
    };
    let before = seen();
    let dry = left.run(&["restore", "--until", &until, "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(seen() == before, "a dry run changed {:?}", seen());
    assert_eq!(left.run(&["audit"]).json()["state_hash"], left.last.hash);
    let real = left.run(&["restore", "--until", &until]);
    let text = run(&["restore", "--data", &left.data(), "--dry-run"]);
    assert!(text.stdout.contains("nothing was changed"), "{text:?}");
    for (told, dry_run) in [(dry.json(), true), (real.json(), false)] {
        assert_eq!(told["dry_run"], dry_run);
        assert_eq!(told["last_lsn"], left.second.lsn, "{told}");
        assert_eq!(told["state_hash"], left.second.hash, "{told}");
        assert_eq!(told["dropped_events"], left.last.lsn - left.second.lsn, "{told}");
        assert_eq!(told["dropped_from_lsn"], left.second.lsn + 1, "{told}");
        assert_eq!(told["dropped_to_lsn"], left.last.lsn, "{told}");
        let time = |name: &str| padded(told[name].as_str().expect("a time"));
        let (first, last) = (time("dropped_from_time"), time("dropped_to_time"));
        let (after, now) = (padded(&left.after_second), padded(&now()));
        assert!(after < first && first <= last && last < now, "{told}");
        // The journal is whole.
        assert_eq!(told["earliest_lsn"], 1, "{told}");
        assert!(time("earliest_time") < after, "{told}");
        assert_eq!(told["set_aside"].is_null(), dry_run, "{told}");
    }
    left.check_restored(&real, &left.files.data(), &left.second);
}

#[test]
fn a_point_that_is_too_far_back_is_answered_with_the_earliest_as_event_and_time() {
    let left = Left::new();
    // A restored directory has no events before its snapshot.
    assert_eq!(left.run(&["restore"]).code, 0);
    let earliest = left.run(&["restore", "--dry-run"]).json();
    assert_eq!(earliest["earliest_lsn"], left.last.lsn, "{earliest}");
    let time = earliest["earliest_time"].as_str().expect("a time").to_owned();
    let told =
        format!("the earliest point that can be restored to is event {} of {time}", left.last.lsn);
    for until in [left.second.lsn.to_string(), left.after_second.clone()] {
        let refused = left.run(&["restore", "--until", &until]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(&told), "{refused:?}");
    }
    for until in [left.last.lsn.to_string(), time] {
        let restored = left.run(&["restore", "--until", &until, "--dry-run"]);
        assert_eq!(restored.code, 0, "{restored:?}");
        assert_eq!(restored.json()["state_hash"], left.last.hash, "{restored:?}");
    }
}

/// Before the snapshot that replay begins with, and behind the point.
#[test]
fn damage_of_what_a_point_does_not_need_is_no_obstacle_to_it() {
    let left = Left::new();
    for (name, damaged) in [("before", 2), ("behind", left.last.lsn - 2)] {
        let data = left.beside(name);
        copy(&left.files.data(), &data);
        damage_record(&data, damaged);
        for until in [&*left.second.lsn.to_string(), &*left.after_second] {
            let args = ["restore", "--dry-run", "--json", "--until", until, "--data"];
            let dry = run(&[&args[..], &[&shown(&data)]].concat());
            assert_eq!(dry.code, 0, "{name} {until}: {dry:?}");
            let told = dry.json();
            assert_eq!(told["state_hash"], left.second.hash, "{name} {until}: {told}");
            assert_eq!(told["dropped_events"], left.last.lsn - left.second.lsn, "{name}: {told}");
        }
        let end = left.last.lsn.to_string();
        let needed = run(&["restore", "--data", &shown(&data), "--dry-run", "--until", &end]);
        assert_eq!(needed.code, if name == "before" { 0 } else { 5 }, "{name}: {needed:?}");
    }
}

#[test]
fn a_dry_run_of_a_file_checks_it_and_makes_nothing() {
    let left = Left::new();
    let (file, elsewhere) = (left.beside("one.snapshot"), left.beside("far/away"));
    left.export(&file);
    let args = ["restore", "--dry-run", "--json", "--from", &shown(&file), "--data"];
    let dry = run(&[&args[..], &[&shown(&elsewhere)]].concat());
    assert_eq!((dry.code, &dry.json()["state_hash"]), (0, &left.first.hash.clone().into()));
    assert!(!left.beside("far").exists());
    let taken = run(&[&args[..], &[&left.data()]].concat());
    assert_eq!(taken.code, 2, "{taken:?}");
    let beyond = run(&[&args[..], &[&shown(&elsewhere), "--until", "999999"]].concat());
    assert_eq!(beyond.code, 2, "{beyond:?}");
}

/// As a process leaves it that is killed between the two halves of an exchange.
#[test]
fn an_exchange_that_was_stopped_is_told_of_and_finished_by_who_serves() {
    let left = Left::new();
    let data = left.files.data();
    let fresh = data.join("restoring");
    let built = left.beside("built");
    copy(&data, &built);
    let until = left.second.lsn.to_string();
    let restored = run(&["restore", "--data", &shown(&built), "--until", &until]);
    assert_eq!(restored.code, 0, "{restored:?}");
    copy(&built, &fresh);
    fs::write(fresh.join("RESTORED"), b"").expect("a file");
    fs::create_dir(fresh.join("before")).expect("a directory");
    fs::rename(data.join("journal"), fresh.join("before/journal")).expect("renamed");
    for command in [&["audit"][..], &["journal", "verify"], &["snapshot", "list"]] {
        let refused = left.run(command);
        assert_eq!(refused.code, 5, "{command:?}: {refused:?}");
        assert!(refused.stderr.contains("goes on with that"), "{refused:?}");
    }
    let hash = super::operate::stand(&Server::start(&data)).hash;
    assert_eq!(hash, left.second.hash);
    assert!(!fresh.exists());
    let before = run(&["audit", "--json", "--data", &shown(&data.join("before-restore-1"))]);
    assert_eq!(before.json()["state_hash"], left.last.hash, "{before:?}");
}
