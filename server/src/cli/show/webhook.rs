//! The endpoints of webhooks.

use std::io::Write;
use std::path::Path;

use backstock_proto::v1;
use prost_types::FieldMask;
use serde::Serialize;

use super::{View, lines, or_dash, print, table};
use crate::cli::webhook::{EndpointArgs, ResumeEndpointArgs, SetEndpointArgs};
use crate::cli::{CommandError, Exit, OutputArgs, ServerAddr};
use crate::client::{Client, words};
use crate::webhooks::limits::SECRETS_MAX;
use crate::webhooks::secret::new_secret;

/// One endpoint.
#[derive(Debug, Serialize)]
struct EndpointView {
    endpoint_id: String,
    url: String,
    types: Vec<String>,
    subjects: Vec<String>,
    state: &'static str,
    create_time: Option<String>,
    delivered_version: u64,
    events_waiting: u32,
    last_failure: Option<FailureView>,
    /// One that was made now.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_secret: Option<String>,
}

/// Why an event was not delivered.
#[derive(Debug, Serialize)]
struct FailureView {
    time: Option<String>,
    version: u64,
    http_status: u32,
    message: String,
}

/// The endpoints.
#[derive(Debug, Serialize)]
struct EndpointsView {
    endpoints: Vec<EndpointView>,
}

/// What came of a test.
#[derive(Debug, Serialize)]
struct TestedView {
    endpoint_id: String,
    delivered: bool,
    http_status: u32,
    message: String,
}

/// That an endpoint is forgotten.
#[derive(Debug, Serialize)]
struct DeletedView {
    endpoint_id: String,
}

impl From<v1::Endpoint> for EndpointView {
    fn from(of: v1::Endpoint) -> Self {
        Self {
            state: state(of.state()),
            create_time: words::time(of.create_time.as_ref()),
            last_failure: of.last_failure.map(FailureView::from),
            endpoint_id: of.endpoint_id,
            url: of.url,
            types: of.types,
            subjects: of.subjects,
            delivered_version: of.delivered_version,
            events_waiting: of.events_waiting,
            new_secret: None,
        }
    }
}

impl From<v1::DeliveryFailure> for FailureView {
    fn from(of: v1::DeliveryFailure) -> Self {
        let time = words::time(of.time.as_ref());
        Self { time, version: of.version, http_status: of.http_status, message: of.message }
    }
}

const fn state(state: v1::EndpointState) -> &'static str {
    match state {
        v1::EndpointState::Unspecified => "unknown",
        v1::EndpointState::Active => "active",
        v1::EndpointState::Disabled => "disabled",
        v1::EndpointState::Parked => "PARKED: resume it",
        v1::EndpointState::Gone => "GONE: resume it",
    }
}

/// Makes an endpoint, or changes what is given of one.
pub(in crate::cli) async fn set(
    args: SetEndpointArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let output = args.of.output;
    let made =
        if args.new_secret { Some(new_secret().map_err(CommandError::Runtime)?) } else { None };
    let answer = client.webhooks().update_endpoint(request(args, made.clone())?).await?;
    let endpoint = answer.into_inner().endpoint.unwrap_or_default();
    let view = EndpointView { new_secret: made, ..EndpointView::from(endpoint) };
    print(out, output, &view)?;
    Ok(Exit::Success)
}

fn request(
    args: SetEndpointArgs,
    new_secret: Option<String>,
) -> Result<v1::UpdateEndpointRequest, CommandError> {
    let from_file = args.secrets.as_deref().map(read_secrets).transpose()?;
    let secrets = from_file.or_else(|| new_secret.map(|secret| vec![secret]));
    let is_filtered = !args.types.is_empty() || !args.subjects.is_empty();
    let says = [
        ("url", args.url.is_some()),
        ("secrets", secrets.is_some()),
        ("types", args.all || is_filtered),
        ("subjects", args.all || is_filtered),
        ("disabled", args.disabled.is_some()),
    ];
    let paths = says.into_iter().filter(|(_, is_said)| *is_said).map(|(field, _)| field.to_owned());
    let mut paths: Vec<String> = paths.collect();
    if paths.is_empty() {
        // A mask without a field would be about all of them.
        paths.push("secrets".to_owned());
    }
    let endpoint = v1::Endpoint {
        endpoint_id: args.of.id,
        url: args.url.unwrap_or_default(),
        secrets: secrets.unwrap_or_default(),
        types: args.types,
        subjects: args.subjects,
        disabled: args.disabled.unwrap_or_default(),
        ..v1::Endpoint::default()
    };
    Ok(v1::UpdateEndpointRequest {
        endpoint: Some(endpoint),
        update_mask: Some(FieldMask { paths }),
        allow_missing: true,
    })
}

/// The secrets in a file: a command line is seen by others.
fn read_secrets(path: &Path) -> Result<Vec<String>, CommandError> {
    let text = std::fs::read_to_string(path).map_err(CommandError::Input)?;
    let secrets = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(secrets.take(SECRETS_MAX + 1).map(str::to_owned).collect())
}

/// Lists the endpoints.
pub(in crate::cli) async fn list(
    server: &ServerAddr,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    // There are fewer than fit one page.
    let request = v1::ListEndpointsRequest::default();
    let answer = client.webhooks().list_endpoints(request).await?.into_inner();
    let endpoints = answer.endpoints.into_iter().map(EndpointView::from).collect();
    print(out, output, &EndpointsView { endpoints })?;
    Ok(Exit::Success)
}

/// Forgets an endpoint.
pub(in crate::cli) async fn delete(
    args: EndpointArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let request = v1::DeleteEndpointRequest { endpoint_id: args.id.clone() };
    client.webhooks().delete_endpoint(request).await?;
    print(out, args.output, &DeletedView { endpoint_id: args.id })?;
    Ok(Exit::Success)
}

/// Sends again to an endpoint.
pub(in crate::cli) async fn resume(
    args: ResumeEndpointArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let request = v1::ResumeEndpointRequest { endpoint_id: args.of.id, from_version: args.from };
    let answer = client.webhooks().resume_endpoint(request).await?.into_inner();
    print(out, args.of.output, &EndpointView::from(answer.endpoint.unwrap_or_default()))?;
    Ok(Exit::Success)
}

/// Sends a message that is no event.
pub(in crate::cli) async fn test(
    args: EndpointArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let request = v1::TestEndpointRequest { endpoint_id: args.id.clone() };
    let answer = client.webhooks().test_endpoint(request).await?.into_inner();
    let v1::TestEndpointResponse { delivered, http_status, message } = answer;
    print(out, args.output, &TestedView { endpoint_id: args.id, delivered, http_status, message })?;
    Ok(if delivered { Exit::Success } else { Exit::CheckFailed })
}

impl View for EndpointView {
    fn text(&self) -> String {
        let Self { endpoint_id, url, state, delivered_version, events_waiting, .. } = self;
        lines([
            Some(format!("endpoint {endpoint_id} at {url} is {state}")),
            Some(format!("delivered up to version {delivered_version}, {events_waiting} wait")),
            self.last_failure.as_ref().map(|failure| format!("last failure: {}", failure.text())),
            self.new_secret.as_ref().map(|secret| format!("secret, shown this once: {secret}")),
        ])
    }
}

impl FailureView {
    fn text(&self) -> String {
        let Self { time, version, message, .. } = self;
        format!("{} version {version}: {message}", or_dash(time.as_ref()))
    }
}

impl View for EndpointsView {
    fn text(&self) -> String {
        let header = ["endpoint", "url", "state", "delivered", "waiting", "last failure"];
        let mut table = table(&header, &[3, 4]);
        for of in &self.endpoints {
            table.add_row([
                of.endpoint_id.clone(),
                of.url.clone(),
                of.state.to_owned(),
                of.delivered_version.to_string(),
                of.events_waiting.to_string(),
                or_dash(of.last_failure.as_ref().map(FailureView::text).as_ref()),
            ]);
        }
        table.to_string()
    }
}

impl View for TestedView {
    fn text(&self) -> String {
        let Self { endpoint_id, http_status, message, .. } = self;
        if self.delivered {
            format!("endpoint {endpoint_id} took the message: {http_status}")
        } else {
            format!("endpoint {endpoint_id} did not take the message: {message}")
        }
    }
}

impl View for DeletedView {
    fn text(&self) -> String {
        format!("endpoint {} is forgotten", self.endpoint_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_parked_is_told_what_to_do() {
        let failure = v1::DeliveryFailure {
            version: 7,
            http_status: 500,
            message: "the answer was 500".into(),
            ..v1::DeliveryFailure::default()
        };
        let endpoint = v1::Endpoint {
            endpoint_id: "shop".into(),
            state: v1::EndpointState::Parked.into(),
            last_failure: Some(failure),
            ..v1::Endpoint::default()
        };
        let view = EndpointsView { endpoints: vec![endpoint.into()] };
        let text = view.text();
        assert!(text.contains("PARKED: resume it") && text.contains("version 7"), "{text}");
    }
}
