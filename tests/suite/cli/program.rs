//! Runs the real program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_backstock-under-test");

/// A server on a directory of its own, killed when the test ends.
pub struct Server {
    child: Child,
    pub addr: String,
}

impl Server {
    pub fn start(data: &Path) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data"])
            .arg(data)
            .args(["--log-level", "error", "--journal-segment-bytes", "1048576"])
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
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to keep; that it is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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

/// Runs a command to its end.
pub fn run(args: &[&str]) -> Ran {
    let output = Command::new(PROGRAM).args(args).output().expect("the program starts");
    Ran {
        code: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}
