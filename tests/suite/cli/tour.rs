//! The tour of the README, line by line as it is pasted; and that nothing of the README
//! is lost when it is pasted into a shell for people.

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

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

/// The lines of all blocks of commands.
fn commands() -> impl Iterator<Item = &'static str> {
    let blocks = README.split("```sh\n").skip(1);
    blocks.flat_map(|rest| rest.split("```").next().unwrap_or_default().lines())
}

/// In zsh, what a person types has no comments: a `#` is an argument there.
#[test]
fn what_the_readme_has_to_be_pasted_has_no_comments() {
    let lines: Vec<_> = commands().collect();
    assert!(lines.len() > 20, "{lines:#?}");
    let commented: Vec<_> = lines.into_iter().filter(|line| line.contains('#')).collect();
    assert!(commented.is_empty(), "{commented:#?}");
}

/// The README says in words what the tour shows.
fn is_told_of(shown: &Value, [allocated, backordered]: [u64; 2]) {
    let units = |state: &str| -> u64 {
        let lines = shown["lines"].as_array().expect("lines");
        lines.iter().filter_map(|line| line[state].as_u64()).sum()
    };
    assert_eq!([units("allocated"), units("backordered")], [allocated, backordered], "{shown:#}");
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
    let script = format!(
        "set -e\n{commands}\nfor order in 1 2; do backstock order show ORDER-$order --json \
         > \"$SHOWN-$order\"; done\nkill $!\nwait $!\n"
    );
    let output = program_named("bash")
        .args(["-c", &script])
        .current_dir(root)
        .env("PATH", path)
        .env("BACKSTOCK_LISTEN", &address)
        .env("BACKSTOCK_METRICS_LISTEN", "off")
        .env("BACKSTOCK_SERVER", &address)
        .env("SHOWN", directory.path().join("order"))
        .output()
        .expect("there is a shell");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    for told in ["DC-EAST", "ACME", "every invariant holds"] {
        assert!(stdout.contains(told), "{told} is missing in {stdout}\n{stderr}");
    }
    let shown = |order: u32| -> Value {
        let path = directory.path().join(format!("order-{order}"));
        serde_json::from_slice(&std::fs::read(path).expect("it was shown")).expect("JSON")
    };
    assert!(README.contains("ships from one warehouse and\none supplier"));
    let nodes = shown(1)["shipments"].as_array().expect("shipments").len();
    assert_eq!(nodes, 2, "{:#}", shown(1));
    assert!(README.contains("Of the 20 units\nof `ORDER-2`, 9 wait for supply"));
    is_told_of(&shown(2), [11, 9]);
}
