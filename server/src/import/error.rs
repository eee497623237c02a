//! Why an import could not go on.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::cli::Exit;
use crate::client::ClientError;

/// Why an import could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What is named is a directory or a pipe. Orders are read twice.
    #[error("{} is no regular file", .0.display())]
    NoFile(PathBuf),
    /// The name of a file does not say what it is.
    #[error("{} ends in none of .csv, .tsv, .jsonl and .ndjson", .0.display())]
    Format(PathBuf),
    /// The server is not there, or refused the whole and not a row.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The process was asked to end.
    #[error("it was interrupted")]
    Interrupted,
    /// It stopped when rows had been sent already.
    #[error(
        "the import broke off in {file}: {answered}{}\n  {}:\n  {go_on}", bad(*bad_count), when(cause)
    )]
    BrokenOff {
        /// The file.
        file: String,
        /// How far it came in that file.
        answered: Answered,
        /// Bad places so far, in all files.
        bad_count: u64,
        /// The command that goes on.
        go_on: String,
        /// Why.
        #[source]
        cause: Box<ImportError>,
    },
}

/// What the exit code of the command that goes on does not tell.
fn bad(count: u64) -> String {
    match count {
        0 => String::new(),
        _ => format!("\n  {count} bad so far; those behind what is answered are told again"),
    }
}

/// When the command that goes on can do so.
fn when(cause: &ImportError) -> &'static str {
    match cause {
        ImportError::Read { .. } => "once the file can be read further, go on with",
        _ => "go on with",
    }
}

/// How far the server has answered the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// What went in.
    pub applied: u64,
    /// The line that the last answered row begins on; none if nothing is answered.
    pub line: Option<u64>,
    /// Whether nothing was sent that is not answered.
    pub is_all: bool,
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.is_all) {
            (Some(line), is_all) => {
                write!(f, "{} went in, and all up to line {line} is answered", self.applied)?;
                let rest = if is_all { "" } else { "; some of what follows may be in as well" };
                f.write_str(rest)
            }
            (None, true) => f.write_str("nothing of it was sent"),
            (None, false) => f.write_str("nothing of it is answered; some of it may be in"),
        }
    }
}

impl ImportError {
    /// The exit code that tells of it.
    pub fn exit(&self) -> Exit {
        match self {
            // What is named is an argument.
            Self::Format(_) | Self::NoFile(_) => Exit::Usage,
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => Exit::Usage,
            Self::Read { .. } => Exit::Failure,
            Self::Client(error) => error.exit(),
            Self::Interrupted => Exit::Interrupted,
            Self::BrokenOff { cause, .. } => cause.exit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_broke_off_says_how_far_it_came_and_how_to_go_on() {
        let answered = Answered { applied: 7, line: Some(9), is_all: false };
        let cause = Box::new(ImportError::Interrupted);
        let go_on = "backstock import --from-line 10 stock.csv".into();
        let file = "stock.csv".into();
        let error = ImportError::BrokenOff { file, answered, bad_count: 3, go_on, cause };
        let text = error.to_string();
        let told = "broke off in stock.csv: 7 went in, and all up to line 9 is answered";
        let how = "\n  go on with:\n  backstock import --from-line 10 stock.csv";
        assert!(text.contains(told) && text.ends_with(how), "{text}");
        assert!(text.contains("\n  3 bad so far"), "{text}");
        assert_eq!(error.exit(), Exit::Interrupted);
    }

    #[test]
    fn a_name_that_means_nothing_is_an_argument_that_does() {
        assert_eq!(ImportError::Format("stock.xlsx".into()).exit(), Exit::Usage);
        let source = io::ErrorKind::NotFound.into();
        assert_eq!(ImportError::Read { path: "stock.csv".into(), source }.exit(), Exit::Usage);
    }
}
