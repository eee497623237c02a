//! `partner check`: plays the contract at a partner's staging.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use serde::Serialize;
use tonic::codegen::http::{Request, Uri, header};

use super::{View, print, table};
use crate::cli::partner::CheckPartnerArgs;
use crate::cli::{CommandError, Exit};
use crate::partner::check::{Script, Step, Verdict};
use crate::webhooks::{Sender, WebhookPolicy, sender};

/// How long a partner has for an answer: staging is slow, and the longest message has 10,000 lines.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Bytes of an answer that are read: it has a few fields.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What was played, and what was answered.
#[derive(Debug, Serialize)]
struct CheckView {
    url: String,
    passed: bool,
    steps: Vec<StepView>,
}

#[derive(Debug, Serialize)]
struct StepView {
    shows: &'static str,
    passed: bool,
    why: String,
}

/// Plays the script, and says where the partner answers otherwise than it has to.
pub(in crate::cli) async fn check(
    args: CheckPartnerArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let url: Uri = args.url.parse().map_err(|error| {
        CommandError::Input(io::Error::new(io::ErrorKind::InvalidInput, format!("{error}")))
    })?;
    // Who runs it names the address: staging is often near.
    let policy = WebhookPolicy { allow_http: true, allow_private_addresses: true };
    let client = sender(policy).map_err(CommandError::Runtime)?;
    let now = jiff::Timestamp::now();
    let run = format!("{:x}", now.as_millisecond());
    let script = Script { sender: args.sender, node: args.node, seq: args.seq, run, now };
    let mut steps = Vec::new();
    for step in script.steps() {
        let verdict = match post(&client, &url, &step).await {
            Ok(answer) => step.judge(&answer),
            Err(why) => Verdict::Wrong(why),
        };
        let why = match verdict {
            Verdict::Right => String::new(),
            Verdict::Wrong(why) => why,
        };
        steps.push(StepView { shows: step.shows, passed: why.is_empty(), why });
    }
    let passed = steps.iter().all(|step| step.passed);
    print(out, args.output, &CheckView { url: args.url, passed, steps })?;
    Ok(if passed { Exit::Success } else { Exit::CheckFailed })
}

/// Sends a message; answers the body, whatever the HTTP status is: what is rejected may have any.
async fn post(client: &Sender, url: &Uri, step: &Step) -> Result<Vec<u8>, String> {
    let body = Full::new(Bytes::from(step.message.to_string()));
    let request = Request::post(url.clone())
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| error.to_string())?;
    let answered = tokio::time::timeout(ANSWER_MAX, answer(client, request)).await;
    answered.unwrap_or_else(|_| Err(format!("no answer within {ANSWER_MAX:?}")))
}

async fn answer(client: &Sender, request: Request<Full<Bytes>>) -> Result<Vec<u8>, String> {
    let response = client.request(request).await.map_err(|error| error.to_string())?;
    let mut body = response.into_body();
    let mut read = Vec::new();
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|error| error.to_string())?;
        read.extend_from_slice(frame.data_ref().map_or(&[][..], |bytes| bytes));
        if read.len() > ANSWER_BYTES_MAX {
            return Err(format!("the answer has more than {ANSWER_BYTES_MAX} bytes"));
        }
    }
    Ok(read)
}

impl View for CheckView {
    fn text(&self) -> String {
        let mut table = table(&["what it shows", "", "why"], &[]);
        for step in &self.steps {
            let mark = if step.passed { "ok" } else { "WRONG" };
            table.add_row([step.shows, mark, &step.why]);
        }
        let failed = self.steps.iter().filter(|step| !step.passed).count();
        let result = if self.passed {
            format!("{} does as the contract says", self.url)
        } else {
            format!("{} gets {failed} of {} wrong", self.url, self.steps.len())
        };
        format!("{table}\n{result}")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::State;
    use axum::routing::post;
    use backstock_engine::model::Timestamp;
    use serde_json::Value;
    use tokio::net::TcpListener;

    use super::*;
    use crate::cli::common::OutputArgs;
    use crate::partner::check::tests::{Fault, Naive};

    type Staging = Arc<Mutex<Naive>>;

    /// A partner's staging, on a port of its own: what it rejects is answered with 422.
    async fn staging(fault: Fault) -> String {
        let now = Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
        let partner = Arc::new(Mutex::new(Naive::new(fault, 7, now)));
        let taken = async |State(partner): State<Staging>, body: String| {
            let message: Value = serde_json::from_str(&body).expect("a message");
            let answer = partner.lock().expect("one at a time").answer(&message);
            let status = if answer["status"] == "rejected" { 422 } else { 200 };
            let status = axum::http::StatusCode::from_u16(status).expect("a status");
            (status, answer.to_string())
        };
        let app = Router::new().route("/messages", post(taken)).with_state(partner);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}/messages")
    }

    async fn played(url: String) -> (Exit, Value) {
        let mut out = Vec::new();
        let output = OutputArgs { json: true };
        let (node, sender) = ("east".into(), "shop".into());
        let args = CheckPartnerArgs { url, node, sender, seq: 7, output };
        let exit = check(args, &mut out).await.expect("it is played");
        (exit, serde_json::from_slice(&out).expect("JSON"))
    }

    #[tokio::test]
    async fn a_staging_that_does_as_the_contract_says_passes_over_http() {
        let (exit, told) = played(staging(Fault::None).await).await;
        assert_eq!((exit, &told["passed"]), (Exit::Success, &Value::Bool(true)), "{told}");
    }

    #[tokio::test]
    async fn a_staging_that_counts_twice_fails_and_is_told_where() {
        let (exit, told) = played(staging(Fault::NoDuplicates).await).await;
        assert_eq!(exit, Exit::CheckFailed);
        let steps = told["steps"].as_array().expect("steps");
        let failed = steps.iter().find(|step| step["passed"] == Value::Bool(false));
        assert_eq!(failed.expect("one failed")["shows"], "sent again, it counts once");
    }

    #[tokio::test]
    async fn nobody_there_is_no_pass() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let (exit, told) = played(format!("http://{address}/messages")).await;
        assert_eq!((exit, &told["passed"]), (Exit::CheckFailed, &Value::Bool(false)));
    }
}
