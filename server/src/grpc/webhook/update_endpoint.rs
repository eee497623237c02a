//! `UpdateEndpoint`: makes an endpoint, or changes one.

use backstock_engine::engine::Filter;
use backstock_engine::feed::endpoints::{Endpoint, EndpointState, Progress, Secret};
use backstock_engine::model::{EndpointId, Timestamp};
use backstock_proto::v1;
use tonic::Status;

use super::endpoint::message;
use crate::grpc::feed::filter;
use crate::grpc::update::Mask;
use crate::grpc::{Api, plain};
use crate::status::Violations;
use crate::webhooks::limits::SECRETS_MAX;
use crate::webhooks::{self, secret};

/// What may be written.
const FIELDS: [&str; 5] = ["url", "secrets", "types", "subjects", "disabled"];

/// What a request writes; none of what it leaves as it is.
struct Written {
    url: Option<String>,
    secrets: Option<Vec<Secret>>,
    names: Option<Vec<String>>,
    subjects: Option<Vec<String>>,
    is_disabled: Option<bool>,
}

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateEndpointRequest,
) -> Result<v1::UpdateEndpointResponse, Status> {
    let (id, written) = read(api, &request)?;
    let now = webhooks::now();
    let put = api.0.webhooks.put(id.clone(), request.allow_missing, move |before| {
        Ok(written.over(before.unwrap_or_else(|| new(now))))
    });
    let endpoint = put.await.map_err(plain)?;
    Ok(v1::UpdateEndpointResponse { endpoint: Some(message(&id, &endpoint)) })
}

fn read(api: &Api, request: &v1::UpdateEndpointRequest) -> Result<(EndpointId, Written), Status> {
    let mut found = Violations::default();
    let mask = Mask::read(&mut found, request.update_mask.as_ref(), &FIELDS);
    let Some(given) = found.required("endpoint", request.endpoint.clone()) else {
        return Err(found.into_status());
    };
    let id = found.id("endpoint.endpoint_id", &given.endpoint_id, EndpointId::new);
    let is_new = api.engine().endpoints().get(&id).is_err();
    let says = |field| is_new || mask.says(field);
    if says("url")
        && let Err(error) = api.0.webhooks.check_url(&given.url)
    {
        found.add("endpoint.url", error.to_string());
    }
    let written = Written {
        secrets: if says("secrets") { secrets(&mut found, &given.secrets, is_new) } else { None },
        is_disabled: says("disabled").then_some(given.disabled),
        url: says("url").then_some(given.url),
        names: says("types").then(|| names(&mut found, &given.types)),
        subjects: says("subjects").then(|| subjects(&mut found, given.subjects)),
    };
    found.finish((id, written))
}

/// The secrets that are given. Those that are there stay if none is.
fn secrets(found: &mut Violations, given: &[String], is_new: bool) -> Option<Vec<Secret>> {
    if given.len() > SECRETS_MAX || (is_new && given.is_empty()) {
        let limit = format!("{} secrets; 1 to {SECRETS_MAX}", given.len());
        found.add("endpoint.secrets", limit);
        return None;
    }
    let mut all = Vec::with_capacity(given.len());
    for (at, text) in given.iter().enumerate() {
        match secret::secret(text) {
            Ok(secret) => all.push(secret),
            Err(error) => found.add(format!("endpoint.secrets[{at}]"), error.to_string()),
        }
    }
    (!given.is_empty()).then_some(all)
}

fn names(found: &mut Violations, types: &[String]) -> Vec<String> {
    let filter = filter(found, "endpoint.", types, Vec::new());
    filter.map_or_else(Vec::new, |Filter { names, .. }| names)
}

fn subjects(found: &mut Violations, subjects: Vec<String>) -> Vec<String> {
    filter(found, "endpoint.", &[], subjects.clone());
    subjects
}

/// An endpoint of which nothing is said yet.
fn new(now: Timestamp) -> Endpoint {
    Endpoint {
        url: String::new(),
        secrets: Vec::new(),
        names: Vec::new(),
        subjects: Vec::new(),
        created_at: now,
        state: EndpointState::Active,
        last_failure: None,
        progress: Progress::default(),
        revision: 0,
    }
}

impl Written {
    /// What an endpoint becomes.
    fn over(self, before: Endpoint) -> Endpoint {
        let state = match (before.state, self.is_disabled) {
            (EndpointState::Active, Some(true)) => EndpointState::Disabled,
            (EndpointState::Disabled, Some(false)) => EndpointState::Active,
            (state, _) => state,
        };
        Endpoint {
            url: self.url.unwrap_or(before.url),
            secrets: self.secrets.unwrap_or(before.secrets),
            names: self.names.unwrap_or(before.names),
            subjects: self.subjects.unwrap_or(before.subjects),
            state,
            ..before
        }
    }
}
