//! Why a call to a server did not give what was asked.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use backstock_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::cli::Exit;
use crate::status::DOMAIN;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No server answers there.
    #[error("no server answers at {0}")]
    Unreachable(String),
    /// The connection broke before the answer came.
    #[error("the connection to the server broke: {0}")]
    Lost(String),
    /// The time that the command was given has passed.
    #[error("not done within {0:?}")]
    TimedOut(Duration),
    /// The server answered, and said no.
    #[error(transparent)]
    Refused(Box<Refused>),
}

impl ClientError {
    /// The exit code that tells of it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreachable(_) | Self::Lost(_) => Exit::ServerUnreachable,
            Self::TimedOut(_) => Exit::TimedOut,
            Self::Refused(_) => Exit::Refused,
        }
    }
}

/// What a server says no with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The gRPC code.
    pub code: i32,
    /// The stable reason, as `ORDER_NOT_FOUND`; empty if the server gave none.
    pub reason: String,
    /// One sentence for a person.
    pub message: String,
    /// The fields that are wrong and what is wrong with each.
    pub fields: Vec<(String, String)>,
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// What was sent: something else may be taken.
    Content,
    /// The moment: the same may be taken a little later.
    Moment,
    /// The server, or the way to it: nothing else is taken either.
    Server,
}

impl Refused {
    /// What it is about. Its code tells: each reason has one, and what stands between
    /// client and server knows codes only.
    pub fn concern(&self) -> Concern {
        match Code::from(self.code) {
            Code::Aborted | Code::ResourceExhausted => Concern::Moment,
            Code::Ok
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::OutOfRange
            // One archived order cannot be read.
            | Code::DataLoss => Concern::Content,
            Code::Unavailable
            | Code::Internal
            | Code::Unknown
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::Unimplemented => Concern::Server,
        }
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        // A single field is in the message already.
        if self.fields.len() > 1 {
            for (field, description) in &self.fields {
                write!(f, "; {field}: {description}")?;
            }
        }
        Ok(())
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        // A reason of ours proves that the server answered. Without one, these
        // codes come from the transport, and so does what has a cause on this side:
        // of a server's answer only the words arrive.
        let code = matches!(status.code(), Code::Unavailable | Code::Unknown);
        let from_transport = code || status.source().is_some();
        if info.is_none() && from_transport {
            return Self::Lost(status.message().to_owned());
        }
        let violations = details.bad_request().map(|bad| bad.field_violations.as_slice());
        let fields = violations.unwrap_or_default().iter();
        Self::Refused(Box::new(Refused {
            code: status.code().into(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            fields: fields.map(|v| (v.field.clone(), v.description.clone())).collect(),
        }))
    }
}

impl From<v1::Fault> for Refused {
    fn from(fault: v1::Fault) -> Self {
        let fields = fault.field_violations.into_iter();
        Self {
            code: fault.code,
            reason: fault.reason,
            message: fault.message,
            fields: fields.map(|v| (v.field, v.description)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Reason, Violations, failure};
    use backstock_engine::model::RefusalKind;

    #[test]
    fn a_refusal_shows_its_reason_and_every_wrong_field() {
        let reason = Reason::Refused(RefusalKind::OrderNotFound);
        let error = ClientError::from(failure(reason, "no order"));
        assert_eq!(error.to_string(), "no order (ORDER_NOT_FOUND)");

        let mut violations = Violations::default();
        violations.add("a", "is empty");
        violations.add("b", "is 0");
        let error = ClientError::from(violations.into_status());
        let text = "2 fields are not valid: a, b (INVALID_REQUEST); a: is empty; b: is 0";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn a_broken_connection_is_no_refusal() {
        let error = ClientError::from(Status::unavailable("broken pipe"));
        assert!(matches!(error, ClientError::Lost(_)), "{error:?}");
        let mut cut = Status::internal("h2 protocol error");
        cut.set_source(std::sync::Arc::new(std::io::Error::other("reset")));
        let error = ClientError::from(cut);
        assert!(matches!(error, ClientError::Lost(_)), "{error:?}");
        let error = ClientError::from(failure(Reason::Draining, "ending"));
        assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
    }
}
