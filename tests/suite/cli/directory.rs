//! What a data directory may be, which process has it, and which commands may look into it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use backstock_engine::engine::{journal_directory, snapshot_directory};

use super::operate::Left;
use super::program::{Ran, Server, program, run};
use super::{Files, shown};

/// Serves until it listens, and has it end; answers with what it said.
fn serve_once(data: &Path, args: &[&str]) -> Ran {
    let mut child = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data"])
        .arg(data)
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("it listens or ends");
    if !line.is_empty() {
        let asked = Command::new("kill").arg(child.id().to_string()).status();
        assert!(asked.expect("kill is a program").success());
    }
    let mut stderr = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("text");
    let code = child.wait().expect("it ends").code().expect("it ends by itself");
    Ran { code, stdout: line, stderr }
}

const WARNING: &str = "THERE WAS NO DATA";

#[test]
fn a_server_warns_where_it_begins_an_empty_store_and_does_not_where_one_was_begun() {
    let files = Files::new();
    let data = files.data();
    let first = serve_once(&data, &[]);
    assert_eq!(first.code, 0, "{first:?}");
    let warned = first.stderr.lines().find(|line| line.contains(WARNING)).expect("a warning");
    assert!(warned.contains(&shown(&data)) && warned.contains("backstock init"), "{warned}");
    assert!(warned.contains("WARN"), "{warned}");
    let second = serve_once(&data, &["--create", "false"]);
    assert_eq!((second.code, second.stderr.contains(WARNING)), (0, false), "{second:?}");

    let begun = files.directory.path().join("begun");
    let init = run(&["init", &shown(&begun), "--json"]);
    assert_eq!((init.code, &init.json()["directory"]), (0, &shown(&begun).into()), "{init:?}");
    let served = serve_once(&begun, &["--create", "false"]);
    assert_eq!((served.code, served.stderr.contains(WARNING)), (0, false), "{served:?}");
    let again = run(&["init", &shown(&begun)]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.stderr.contains("is a data directory already"), "{again:?}");
}

/// An empty directory is what a volume looks like that is not mounted.
#[test]
fn without_leave_to_create_no_store_is_begun() {
    let files = Files::new();
    let empty = files.directory.path().join("empty");
    fs::create_dir(&empty).expect("a directory");
    for data in [&files.data(), &empty] {
        let refused = serve_once(data, &["--create", "false"]);
        assert_eq!((refused.code, &*refused.stdout), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains("holds no data"), "{refused:?}");
    }
    assert!(!files.data().exists());
    assert_eq!(fs::read_dir(&empty).expect("a directory").count(), 0);
}

#[test]
fn a_directory_with_foreign_files_is_refused_and_left_alone() {
    let files = Files::new();
    let path = |name: &str| {
        let path = files.directory.path().join(name);
        fs::create_dir(&path).expect("a directory");
        path
    };
    let (home, volume) = (path("home"), path("volume"));
    fs::write(home.join("holiday.jpg"), b"").expect("a file");
    fs::create_dir(volume.join("lost+found")).expect("a directory");
    let init = run(&["init", &shown(&home)]);
    for refused in [serve_once(&home, &[]), init] {
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("\"holiday.jpg\""), "{refused:?}");
        assert!(refused.stderr.contains(&shown(&home)), "{refused:?}");
    }
    assert_eq!(fs::read_dir(&home).expect("a directory").count(), 1);
    // What a file system keeps at its root makes no directory foreign.
    assert_eq!(run(&["init", &shown(&volume)]).code, 0);
    fs::write(volume.join("notes"), b"").expect("a file");
    let served = serve_once(&volume, &["--create", "false"]);
    assert_eq!(served.code, 0, "beside data, files are welcome: {served:?}");
}

/// As a store is left when parts of it were removed, or lay on other volumes.
#[test]
fn a_directory_of_which_only_the_mark_is_left_is_told_as_lost() {
    let left = Left::new();
    let file = left.beside("backup.snapshot");
    left.export(&file);
    let data = left.files.data();
    for part in [journal_directory(&data), snapshot_directory(&data)] {
        fs::remove_dir_all(part).expect("removed");
    }
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"];
    for command in [
        &serve[..],
        &["audit"],
        &["restore"],
        &["restore", "--salvage"],
        &["restore", "--from", &shown(&file)],
        &["journal", "verify"],
        &["journal", "inspect"],
        &["snapshot", "list"],
    ] {
        let refused = run(&[command, &["--data", &left.data()]].concat());
        assert_eq!(refused.code, 5, "{command:?}: {refused:?}");
        let told = format!("LSN {} was acknowledged", left.last.lsn);
        assert!(refused.stderr.contains(&told), "{command:?}: {refused:?}");
    }
    assert_eq!(run(&["init", &left.data()]).code, 5);
    fs::remove_file(data.join("ACKNOWLEDGED")).expect("as the error says");
    let restored = left.run(&["restore", "--from", &shown(&file)]);
    left.check_restored(&restored, &data, &left.first);
}

#[test]
fn a_file_where_a_directory_should_be_is_told_as_such() {
    let left = Left::new();
    let file = left.files.write("file", "of another kind");
    let data = left.files.data();
    let below = shown(&Path::new(&file).join("below"));
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data"];
    let new = |command: &[&str], path: &str| run(&[command, &[path]].concat());
    let refusals = [
        (new(&serve, &file), "is a file"),
        (new(&serve, &below), "is a file"),
        (new(&["init"], &file), "is a file"),
        (new(&["restore", "--data"], &file), "is not a data directory"),
        (new(&["audit", "--data"], &file), "is not a data directory"),
        (new(&["restore", "--data", &shown(&left.beside("new")), "--from"], "/"), "directory"),
        (new(&["snapshot", "verify"], "/"), "directory"),
    ];
    for (refused, told) in refusals {
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(told), "{refused:?}");
    }
    for part in [journal_directory(&data), snapshot_directory(&data)] {
        let aside = part.with_extension("aside");
        fs::rename(&part, &aside).expect("renamed");
        fs::write(&part, b"").expect("a file");
        let refused = new(&serve, &left.data());
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(&shown(&part)), "{refused:?}");
        assert!(refused.stderr.contains("is a file"), "{refused:?}");
        fs::remove_file(&part).expect("removed");
        fs::rename(&aside, &part).expect("renamed");
    }
}

#[test]
fn who_has_a_directory_is_told() {
    let files = Files::new();
    let server = Server::start(&files.data());
    let lock = fs::read_to_string(files.data().join("LOCK")).expect("a file");
    assert_eq!(lock, format!("{}\n", server.pid()));
    for command in [&["audit"][..], &["restore"], &["serve", "--listen", "127.0.0.1:0"]] {
        let refused = run(&[command, &["--data", &shown(&files.data())]].concat());
        assert_eq!(refused.code, 4, "{refused:?}");
        let told = format!("is in use by process {}", server.pid());
        assert!(refused.stderr.contains(&told), "{refused:?}");
    }
}

fn all_under(path: &Path, all: &mut Vec<PathBuf>) {
    all.push(path.to_owned());
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a directory") {
            all_under(&entry.expect("an entry").path(), all);
        }
    }
}

#[test]
fn what_is_kept_of_orders_is_for_its_user_alone() {
    let left = Left::new();
    let file = left.beside("backup.snapshot");
    left.export(&file);
    let mut all = vec![file];
    all_under(&left.files.data(), &mut all);
    assert_eq!(left.run(&["restore"]).code, 0);
    all_under(&left.files.data(), &mut all);
    all.retain(|path| path.exists());
    assert!(all.len() > 10, "{all:?}");
    for path in all {
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode & 0o777, expected, "{} is {mode:o}", path.display());
    }
}
