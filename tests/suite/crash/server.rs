//! The real binary as a child process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The program as its users start it.
const PROGRAM: &str = env!("CARGO_BIN_EXE_backstock-under-test");

/// A running server; killed when it is dropped.
pub struct Server {
    process: Child,
    /// Where it listens, as an URL.
    pub address: String,
}

impl Server {
    /// Starts a server on a data directory and waits until it listens.
    ///
    /// # Panics
    /// When it does not.
    pub fn start(directory: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        // What tests are told by environment is no setting of the server.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BACKSTOCK_") {
                command.env_remove(name);
            }
        }
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"])
            .args(["--log-level", "error", "--journal-segment-bytes", "1048576"])
            .arg("--data")
            .arg(directory)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let output = process.stdout.take().expect("its output is piped");
        for line in BufReader::new(output).lines() {
            let line = line.expect("its output is text");
            if let Some(address) = line.strip_prefix("listening on ") {
                let address = format!("http://{address}");
                return Self { process, address };
            }
        }
        panic!("the server ended before it listened: {:?}", process.wait());
    }

    /// Kills the server, as a power button would.
    pub fn kill(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
