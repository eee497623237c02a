//! A message to an endpoint: an event in the JSON format of `CloudEvents`, signed by Standard Webhooks.

use backstock_engine::engine::Told;
use backstock_engine::feed::endpoints::Endpoint;
use backstock_engine::model::Timestamp;
use backstock_proto::v1;
use bytes::Bytes;
use http_body_util::Full;
use serde::Serialize;
use serde_json::value::RawValue;
use tonic::codegen::http::{Request, Uri, header};

use super::secret::signatures;
use crate::client::words;
use crate::grpc::event;

/// What a message says that it has.
const CONTENT_TYPE: &str = "application/cloudevents+json";

/// Who sends it.
const USER_AGENT: &str = concat!("backstock/", env!("CARGO_PKG_VERSION"));

/// The type of the message of a test.
const TEST_TYPE: &str = "backstock.webhook_test.v1";

/// The attributes of an event, as `CloudEvents` 1.0 has them in JSON. The names of extensions have
/// small letters and digits only, and no extension is a list: what else the feed tells is in `data`.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'a str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    time: Option<String>,
    datacontenttype: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    actor: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    channel: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cause: &'a str,
    data: &'a RawValue,
}

/// An event as it is sent.
pub(super) fn body(told: Told) -> Bytes {
    json(&event(told))
}

/// What is sent for a test.
pub(super) fn test_body(now: Timestamp) -> Bytes {
    json(&v1::Event {
        id: format!("test-{}", now.as_micros()),
        source: crate::grpc::SOURCE.to_owned(),
        specversion: crate::grpc::SPEC_VERSION.to_owned(),
        r#type: TEST_TYPE.to_owned(),
        time: Some(timestamp(now)),
        datacontenttype: "application/json".to_owned(),
        data: "{}".to_owned(),
        ..v1::Event::default()
    })
}

fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let micros = at.as_micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0);
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

fn json(event: &v1::Event) -> Bytes {
    let Ok(data) = serde_json::from_str(&event.data) else {
        unreachable!("the feed tells JSON");
    };
    let cloud_event = CloudEvent {
        specversion: &event.specversion,
        id: &event.id,
        source: &event.source,
        r#type: &event.r#type,
        subject: &event.subject,
        time: words::time(event.time.as_ref()),
        datacontenttype: &event.datacontenttype,
        actor: &event.actor,
        channel: &event.channel,
        cause: &event.cause,
        data,
    };
    let Ok(body) = serde_json::to_vec(&cloud_event) else {
        unreachable!("writing to memory does not fail, and keys are text");
    };
    body.into()
}

/// The id of the message of an event: the same at each try, and another one to an endpoint that was
/// made anew. After a restore, versions are given to other events, and endpoints are made anew.
pub(super) fn message_id(endpoint: &Endpoint, of: impl std::fmt::Display) -> String {
    format!("msg_{:x}_{of}", endpoint.created_at.as_micros())
}

/// A message, signed now.
pub(super) fn request(
    target: &Uri,
    endpoint: &Endpoint,
    (id, body): (&str, &Bytes),
    now: Timestamp,
) -> Request<Full<Bytes>> {
    let seconds = now.as_micros().div_euclid(1_000_000);
    let signed = signatures(&endpoint.secrets, id, seconds, body);
    let request = Request::post(target.clone())
        .header(header::CONTENT_TYPE, CONTENT_TYPE)
        .header(header::USER_AGENT, USER_AGENT)
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signed)
        .body(Full::new(body.clone()));
    let Ok(request) = request else {
        unreachable!("the headers are ASCII, and the target was read");
    };
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_attributes_of_cloud_events_and_no_others() {
        let body = test_body(Timestamp::from_micros(1_500_000));
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&json["specversion"], &json["source"]), (&"1.0".into(), &"/backstock".into()));
        assert_eq!(json["time"], "1970-01-01T00:00:01.5Z");
        assert_eq!(json["type"], TEST_TYPE);
        let is_name = |key: &String| key.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(json.as_object().unwrap().keys().all(is_name), "{json}");
        assert!(json.get("subject").is_none(), "an empty one is left out");
    }
}
