//! Runs the real program.

use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;

/// Where it is.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_backstock-under-test");

/// The program, without what tests are told by environment: that is no setting of
/// the server, which refuses what it does not know.
pub fn program() -> Command {
    program_named(PROGRAM)
}

/// Another program, without what tests are told by environment.
pub fn program_named(name: &str) -> Command {
    let mut command = Command::new(name);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BACKSTOCK_") {
            command.env_remove(name);
        }
    }
    command
}

/// A server on a directory of its own, killed when the test ends.
pub struct Server {
    child: Child,
    pub addr: String,
}

impl Server {
    pub fn start(data: &Path) -> Self {
        Self::spawn(data, program().env("BACKSTOCK_LOG_LEVEL", "error"))
    }

    /// A server whose log lines are kept.
    pub fn start_logged(data: &Path) -> Self {
        Self::spawn(data, program().stderr(Stdio::piped()))
    }

    fn spawn(data: &Path, command: &mut Command) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data"])
            .arg(data)
            .args(["--journal-segment-bytes", "1048576"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server says where it listens");
        let addr = line.trim().strip_prefix("listening on ").expect("an address");
        Self { addr: addr.to_owned(), child }
    }

    /// Runs a command against this server.
    pub fn run(&self, args: &[&str]) -> Ran {
        run(&[args, &["--server", &self.addr]].concat())
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }

    /// Kills it; returns what it has logged, if that is kept.
    pub fn killed(mut self) -> String {
        self.child.kill().expect("it is there");
        let mut logged = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut logged).expect("text");
        }
        logged
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to keep; that it is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process.
pub fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status();
    assert!(sent.expect("kill is a program").success());
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// Runs a command to its end.
pub fn run(args: &[&str]) -> Ran {
    program().args(args).output().expect("the program starts").into()
}

/// Runs a script to its end, in which the program is `$BACKSTOCK`, by another program that
/// decides what the script may do, as `unshare --mount`.
pub fn run_script(by: &[&str], script: &str, args: &[&str]) -> Ran {
    let (by, by_args) = by.split_first().expect("a program");
    let mut command = program_named(by);
    command.args(by_args).args(["sh", "-euc", script, "sh"]).args(args);
    command.env("BACKSTOCK", PROGRAM).output().expect("the script starts").into()
}

/// Runs a command to its end from within a directory.
pub fn run_in(directory: &Path, args: &[&str]) -> Ran {
    let output = program().args(args).current_dir(directory).output();
    output.expect("the program starts").into()
}
