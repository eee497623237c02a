//! One try to deliver a message.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use tonic::codegen::http::{HeaderMap, Request, StatusCode, header};

use super::connect::Sender;
use super::limits::{ANSWER_BYTES_MAX, WHY_BYTES_MAX};

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The receiver took the message.
    Delivered(u16),
    /// The receiver is gone, and wants no more messages.
    Gone,
    /// The receiver did not take it.
    Failed {
        /// The HTTP status of the answer; 0 if there was none.
        status: u16,
        /// Why, for people.
        why: String,
        /// When the receiver wants the next try.
        retry_after: Option<Duration>,
    },
}

/// Sends a message once, and gives it up after so long.
pub(super) async fn attempt(
    sender: &Sender,
    request: Request<Full<Bytes>>,
    attempt_max: Duration,
) -> Outcome {
    let answer = tokio::time::timeout(attempt_max, answer(sender, request)).await;
    answer.unwrap_or_else(|_| failed(0, format!("no answer within {attempt_max:?}")))
}

async fn answer(sender: &Sender, request: Request<Full<Bytes>>) -> Outcome {
    let response = match sender.request(request).await {
        Ok(response) => response,
        Err(error) => return failed(0, chain(&error)),
    };
    let (parts, mut body) = response.into_parts();
    let mut left = ANSWER_BYTES_MAX;
    while !body.is_end_stream()
        && let Some(Ok(frame)) = body.frame().await
    {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(bytes) else { break };
        left = rest;
    }
    outcome(parts.status, &parts.headers)
}

fn outcome(status: StatusCode, headers: &HeaderMap) -> Outcome {
    let code = status.as_u16();
    if status.is_success() {
        return Outcome::Delivered(code);
    }
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    let followed = if status.is_redirection() { ": redirects are not followed" } else { "" };
    let why = format!("the answer was {status}{followed}");
    Outcome::Failed { status: code, why: cut(why), retry_after: retry_after(headers) }
}

/// What `retry-after` says in seconds. The date that it may say instead is no matter: the schedule
/// goes on.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn failed(status: u16, why: String) -> Outcome {
    Outcome::Failed { status, why: cut(why), retry_after: None }
}

/// An error and what caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(WHY_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, retry: Option<&str>) -> Outcome {
        let mut headers = HeaderMap::new();
        if let Some(retry) = retry {
            headers.insert(header::RETRY_AFTER, retry.parse().unwrap());
        }
        outcome(StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn an_answer_delivers_ends_or_fails() {
        assert_eq!(of(204, None), Outcome::Delivered(204));
        assert_eq!(of(410, None), Outcome::Gone);
        for (status, retry, expected) in [
            (302, None, None),
            (400, None, None),
            (429, Some("7"), Some(7)),
            (503, Some("Wed, 21 Oct 2026 07:28:00 GMT"), None),
            (503, Some("-1"), None),
        ] {
            let Outcome::Failed { status: told, retry_after, .. } = of(status, retry) else {
                panic!("{status} is no failure");
            };
            assert_eq!((told, retry_after), (status, expected.map(Duration::from_secs)));
        }
    }

    #[test]
    fn why_is_short() {
        assert_eq!(cut("ä".repeat(WHY_BYTES_MAX)).len(), WHY_BYTES_MAX);
    }
}
