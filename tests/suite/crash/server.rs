//! The real binary as a child process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

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
        let mut process = Command::new(binary())
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

/// The binary that was built beside this test, or one built now.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("this test is a file");
        let profile = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
        let binary = profile.join("backstock");
        if !binary.exists() {
            let built = Command::new(env!("CARGO")).args(["build", "-p", "backstock"]).status();
            assert!(built.expect("cargo runs").success(), "the server is built");
        }
        binary
    })
}
