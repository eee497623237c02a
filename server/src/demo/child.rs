//! The demo's own server: this program again, as a process that can be killed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::error::DemoError;
use crate::cli::ServerAddr;
use crate::config::ENV_PREFIX;

/// What the server prints before its address.
const LISTENING: &str = "listening on ";

/// A server that takes longer to start has not started. It recovers within a
/// second, on a slow machine within some.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that takes longer to drain is killed: it has nothing to do.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Small, so that a store of a few megabytes is not a file of 256.
const SEGMENT_BYTES: &str = "4194304";

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    addr: ServerAddr,
}

impl ServerProcess {
    /// Starts a server on a data directory; its clock stands at `now` until
    /// an order was placed later.
    pub(super) async fn start(directory: &Path, now: Timestamp) -> Result<Self, DemoError> {
        let log = directory.join("server.log");
        let mut child = command(directory, now, &log)?
            .spawn()
            .map_err(DemoError::system("start the demo's server"))?;
        let stdout = child.stdout.take().expect("standard output is piped");
        let mut lines = BufReader::new(stdout).lines();
        let addr = tokio::time::timeout(START_TIMEOUT, address(&mut lines)).await;
        let Ok(Some(addr)) = addr else {
            return Err(DemoError::Server(format!("it did not start: {}", last_words(&log))));
        };
        // Whatever it prints later is read, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, addr })
    }

    /// Where it listens.
    pub(super) fn addr(&self) -> &ServerAddr {
        &self.addr
    }

    /// Kills it hard (SIGKILL): it gets no chance to finish anything.
    pub(super) async fn kill(&mut self) -> Result<(), DemoError> {
        self.child.kill().await.map_err(DemoError::system("kill the demo's server"))
    }

    /// Has it drain and end. That it does, and well, is a part of the demo.
    pub(super) async fn stop(mut self) -> Result<(), DemoError> {
        // Without a process id it has ended already.
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)
                .map_err(|error| DemoError::system("stop the demo's server")(error.into()))?;
        }
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(DemoError::Server(format!("it ended with {status}"))),
            Ok(Err(error)) => Err(DemoError::system("wait for the demo's server")(error)),
            Err(_) => {
                self.kill().await?;
                Err(DemoError::Server("it did not drain in time, and was killed".to_owned()))
            }
        }
    }
}

fn command(directory: &Path, now: Timestamp, log: &Path) -> Result<Command, DemoError> {
    let program = std::env::current_exe().map_err(DemoError::system("find this program"))?;
    let log = std::fs::File::options().create(true).append(true).open(log);
    let log = log.map_err(DemoError::system("write the log of the demo's server"))?;
    let mut command = Command::new(program);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"])
        .args(["--log-level", "warn", "--journal-segment-bytes", SEGMENT_BYTES])
        .arg(format!("--clock=replay:{now}"))
        .arg("--data")
        .arg(directory.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true);
    // The settings of another server are none of the demo's.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with(ENV_PREFIX)) {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// Reads up to the line that has the address; `None` if the server ends first.
async fn address(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<ServerAddr> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, addr)) = line.split_once(LISTENING) {
            return addr.split_whitespace().next()?.parse().ok();
        }
    }
    None
}

/// The end of the server's log, which says why it ended.
fn last_words(log: &Path) -> String {
    const LINES_MAX: usize = 5;
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(LINES_MAX)..];
    if last.is_empty() { "it said nothing".to_owned() } else { last.join("\n") }
}
