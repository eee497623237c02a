//! The exit codes of every command.

use std::process::ExitCode;

/// How a command ended. The numbers are part of the interface: scripts read
/// them, so none is ever given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked.
    Success = 0,
    /// A check found something: an audit, a verification, bad rows.
    CheckFailed = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// The configuration is not valid.
    Configuration = 3,
    /// Another process has the data directory.
    DataInUse = 4,
    /// The data directory holds what cannot be read.
    CorruptData = 5,
    /// A write or sync failed: the journal halted, nothing more was
    /// acknowledged.
    DiskFailure = 6,
    /// Another process has the port.
    PortInUse = 7,
    /// The server cannot be reached.
    ServerUnreachable = 8,
    /// The server was reached and refused: no such order, not now.
    Refused = 9,
    /// A shutdown was not drained in time, or a second signal cut it short.
    DrainCut = 10,
    /// A newer program wrote the data directory.
    NewerFormat = 11,
    /// The data directory cannot be written.
    ReadOnly = 12,
    /// Anything else: a fault of the program or of its surroundings.
    Failure = 70,
}

impl Exit {
    /// Every way a command can end, in order of its code.
    pub const ALL: [Self; 14] = [
        Self::Success,
        Self::CheckFailed,
        Self::Usage,
        Self::Configuration,
        Self::DataInUse,
        Self::CorruptData,
        Self::DiskFailure,
        Self::PortInUse,
        Self::ServerUnreachable,
        Self::Refused,
        Self::DrainCut,
        Self::NewerFormat,
        Self::ReadOnly,
        Self::Failure,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// The exit codes as `--help` shows them.
pub(super) const HELP: &str = "\
Exit codes:
   0  done
   1  a check failed: an audit, a verification, bad rows of an import
   2  wrong arguments
   3  the configuration is not valid
   4  another process uses the data directory
   5  the data directory holds corrupt data
   6  the disk failed: the journal halted
   7  another process uses the port
   8  the server cannot be reached
   9  the server refused the request
  10  a shutdown was cut short before it had drained
  11  a newer version wrote the data directory
  12  the data directory cannot be written
  70  anything else";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_help_once() {
        let codes: Vec<u8> = HELP
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(codes, Exit::ALL.map(Exit::code));
    }
}
