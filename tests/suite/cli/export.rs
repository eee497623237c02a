//! Snapshots that are exported: to a file, to a pipe, and checked where they arrive.

use std::fs;
use std::path::Path;

use super::operate::{Left, damage_record};
use super::program::{Ran, Server, program, run};
use super::shown;

/// Exports to standard output; answers with what arrived there.
fn piped(args: &[&str]) -> Vec<u8> {
    let args = [&["snapshot", "export", "--to", "-"], args].concat();
    let output = program().args(args).output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    // Beside it, a person is told.
    assert!(stderr.contains(&format!("wrote {} bytes", output.stdout.len())), "{stderr}");
    output.stdout
}

#[test]
fn an_exported_snapshot_is_the_same_in_a_file_and_in_a_pipe() {
    let left = Left::new();
    let file = left.beside("backup.snapshot");
    // As an export leaves it that was killed.
    let partial = left.beside("backup.snapshot.partial");
    fs::write(&partial, b"BKSTEXPT, the first half of it").expect("a file");
    left.export(&file);
    assert!(!partial.exists());
    let exported = fs::read(&file).expect("a file");
    assert_eq!(piped(&["--data", &left.data()]), exported);
    let taken = left.run(&["snapshot", "export", "--to", &shown(&file)]);
    assert_eq!(taken.code, 2, "{taken:?}");
    assert!(taken.stderr.contains("exists already"), "{taken:?}");

    let server = Server::start(&left.files.data());
    assert_eq!(piped(&["--server", &server.addr]), exported);
    let live = left.beside("live.snapshot");
    let answer = server.run(&["snapshot", "export", "--json", "--to", &shown(&live)]);
    assert_eq!(answer.json()["size_bytes"], exported.len() as u64, "{answer:?}");
    assert_eq!(fs::read(&live).expect("a file"), exported);
    let taken = server.run(&["snapshot", "export", "--to", &shown(&live)]);
    assert_eq!(taken.code, 2, "{taken:?}");
}

#[test]
fn damage_of_what_an_export_or_a_look_does_not_need_is_told_and_no_obstacle() {
    let left = Left::new();
    // The first one behind the snapshot.
    let damaged = left.first.lsn + 1;
    damage_record(&left.files.data(), damaged);
    damage_record(&left.files.data(), left.last.lsn);
    let file = left.beside("backup.snapshot");
    let exported = left.run(&["snapshot", "export", "--to", &shown(&file)]);
    assert_eq!(exported.code, 0, "{exported:?}");
    assert!(exported.stderr.contains("is damaged at byte"), "{exported:?}");
    assert_eq!(check(&file).code, 0);

    let whole = left.run(&["journal", "inspect", "--limit", &left.first.lsn.to_string()]);
    assert_eq!(whole.code, 0, "nothing that was asked for is missing: {whole:?}");
    let cut = left.run(&["journal", "inspect"]);
    assert_eq!(cut.code, 5, "{cut:?}");
    assert_eq!(whole.stdout.lines().count() as u64, left.first.lsn);
    assert_eq!(cut.stdout, whole.stdout);
    assert!(cut.stderr.contains(&format!("where LSN {damaged} should be")), "{cut:?}");
    let behind = (damaged + 1).to_string();
    let behind = left.run(&["journal", "inspect", "--from", &behind]);
    assert_eq!(behind.code, 5, "the last one is missing: {behind:?}");
    assert_eq!(behind.stdout.lines().count() as u64, left.last.lsn - damaged - 1);
}

/// A reader that stops in the middle of a table has what it wanted. Half an export is of no
/// use.
#[test]
fn a_pipe_that_closes_early_is_a_failed_export() {
    let left = Left::new();
    let server = Server::start(&left.beside("other"));
    let taken = server.run(&["snapshot", "take"]);
    assert_eq!(taken.code, 0, "{taken:?}");
    for of in [&["--data", &*left.data()], &["--server", &*server.addr]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ran: Ran = program()
            .args(["snapshot", "export", "--to", "-"])
            .args(of)
            .stdout(writer)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .and_then(std::process::Child::wait_with_output)
            .expect("the program runs")
            .into();
        assert_eq!(ran.code, 70, "{ran:?}");
    }
}

fn check(file: &Path) -> Ran {
    run(&["snapshot", "verify", &shown(file)])
}

#[test]
fn an_exported_file_is_checked_where_it_arrives() {
    let left = Left::new();
    let file = left.beside("backup.snapshot");
    left.export(&file);
    let sound = check(&file);
    assert_eq!(sound.code, 0, "{sound:?}");
    assert!(sound.stdout.contains(&left.first.hash), "{sound:?}");
    let told = run(&["snapshot", "verify", &shown(&file), "--json"]).json();
    assert_eq!(told["snapshot"]["end_lsn"], left.first.lsn, "{told}");
    let both = run(&["snapshot", "verify", &shown(&file), "--data", &left.data()]);
    assert_eq!(both.code, 2, "{both:?}");

    let whole = fs::read(&file).expect("a file");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let cases: [(&[u8], i32, &str); 4] = [
        (&flipped, 1, "NOT SOUND"),
        (&whole[..whole.len() - 1], 1, "in the middle"),
        (b"something else", 1, "not an exported snapshot"),
        (&[&whole[..8], &[9], &whole[9..]].concat(), 11, "version 9 is newer"),
    ];
    for (content, code, told) in cases {
        fs::write(&file, content).expect("a file");
        let ran = check(&file);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stdout.contains(told) || ran.stderr.contains(told), "{ran:?}");
    }
    assert_eq!(check(&left.beside("none")).code, 2);
}
