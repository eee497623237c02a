//! The tour of the README, line by line as it is pasted.

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::program::{PROGRAM, program_named};

const README: &str = include_str!("../../../README.md");

/// The first block of commands in the tour, without the lines that build and name the
/// program: the test has it under that name on its path.
fn tour() -> String {
    let (_, tour) = README.split_once("## Tour").expect("the README has a tour");
    let (_, block) = tour.split_once("```sh\n").expect("the tour has commands");
    let (block, _) = block.split_once("```").expect("the block ends");
    let of_the_shell = |line: &&str| !line.starts_with("cargo ") && !line.starts_with("alias ");
    block.lines().filter(of_the_shell).collect::<Vec<_>>().join("\n")
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").to_string()
}

#[test]
fn the_tour_of_the_readme_runs_as_it_is_pasted() {
    let directory = tempfile::tempdir().expect("a directory");
    let bin = directory.path().join("bin");
    std::fs::create_dir(&bin).expect("a directory is made");
    symlink(PROGRAM, bin.join("backstock")).expect("a link is made");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let data = directory.path().join("tour-data");
    let commands = tour().replace("./tour-data", &data.display().to_string());
    assert!(commands.lines().count() > 10, "{commands}");

    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let address = free_address();
    // The second server is asked to end, and drains.
    let script = format!("set -e\n{commands}\nkill $!\nwait $!\n");
    let output = program_named("bash")
        .args(["-c", &script])
        .current_dir(root)
        .env("PATH", path)
        .env("BACKSTOCK_LISTEN", &address)
        .env("BACKSTOCK_METRICS_LISTEN", "off")
        .env("BACKSTOCK_SERVER", &address)
        .output()
        .expect("there is a shell");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    for told in ["DC-EAST", "ACME", "every invariant holds"] {
        assert!(stdout.contains(told), "{told} is missing in {stdout}\n{stderr}");
    }
}
