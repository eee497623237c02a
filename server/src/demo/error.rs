//! Why the demo could not go on.

use crate::client::ClientError;

/// Why the demo could not go on. That a check failed is no error: it is shown
/// and makes the exit code.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The server that the demo runs did not do what was asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server that the demo runs did not start, or did not end as it should.
    #[error("the demo's server failed: {0}")]
    Server(String),
    /// The server took no order, or not the stock that it was told.
    #[error("the demo's server refused {what}: {why}")]
    Refused {
        /// What it was told.
        what: String,
        /// What it said.
        why: String,
    },
    /// A file or process of the demo cannot be used.
    #[error("cannot {what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it did not work.
        source: std::io::Error,
    },
    /// Ctrl-C was pressed before the end.
    #[error("interrupted; the demo's server and its files are gone")]
    Interrupted,
}

impl DemoError {
    /// Makes an error of a failed attempt to do `what`.
    pub(super) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}

impl From<tonic::Status> for DemoError {
    fn from(status: tonic::Status) -> Self {
        Self::Client(status.into())
    }
}
