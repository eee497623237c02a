//! An event with the fields of `CloudEvents`.

use backstock_engine::engine::Told;
use backstock_proto::v1;

use crate::grpc::times;

/// What all events are of.
pub(crate) const SOURCE: &str = "/backstock";

/// The version of the `CloudEvents` specification.
pub(crate) const SPEC_VERSION: &str = "1.0";

/// The type of an event of that name.
pub(in crate::grpc) fn type_of(name: &str) -> String {
    format!("backstock.{name}.v1")
}

/// The name of the events of a type.
pub(super) fn name_of(event_type: &str) -> Option<&str> {
    event_type.strip_prefix("backstock.")?.strip_suffix(".v1")
}

/// An event as it is sent.
pub(crate) fn event(told: Told) -> v1::Event {
    let Told { version, at, name, subjects, data, origin } = told;
    // An order says itself by which channel it came.
    let of_order = data["channel"].as_str().unwrap_or_default();
    let channel = Some(origin.channel.as_str()).filter(|text| !text.is_empty());
    v1::Event {
        id: version.to_string(),
        source: SOURCE.to_owned(),
        specversion: SPEC_VERSION.to_owned(),
        r#type: type_of(name),
        subject: subjects.first().cloned().unwrap_or_default(),
        time: Some(times::timestamp(at)),
        datacontenttype: "application/json".to_owned(),
        stream_version: version.get(),
        subjects,
        actor: origin.actor.as_str().to_owned(),
        channel: channel.unwrap_or(of_order).to_owned(),
        cause: origin.reason.as_str().to_owned(),
        data: data.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use backstock_engine::command::AnyEvent;
    use backstock_engine::model::{Lsn, Origin, Timestamp};
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_has_the_fields_of_cloud_events() {
        let told = Told {
            version: Lsn::new(7),
            at: Timestamp::from_micros(1_500_000),
            name: "order_placed",
            subjects: vec!["orders/A".into(), "stock/S/N".into()],
            data: json!({ "order_id": "A", "channel": "web" }),
            origin: Origin::default(),
        };
        let event = event(told);
        assert_eq!((&*event.id, event.stream_version), ("7", 7));
        assert_eq!((&*event.specversion, &*event.source), ("1.0", "/backstock"));
        assert_eq!((&*event.r#type, &*event.subject), ("backstock.order_placed.v1", "orders/A"));
        let time = event.time.expect("a time");
        assert_eq!((time.seconds, time.nanos), (1, 500_000_000));
        assert_eq!(event.data, r#"{"channel":"web","order_id":"A"}"#);
        assert_eq!((&*event.channel, event.subjects.len()), ("web", 2));
    }

    /// Callers look up there what there is.
    #[test]
    fn the_proto_file_lists_the_types_that_there_are_and_no_others() {
        let file = include_str!("../../../../proto/backstock/v1/feed_service.proto");
        let listed = file.lines().filter_map(|line| line.trim().strip_prefix("// - backstock."));
        let listed: BTreeSet<_> = listed.filter_map(|line| line.split(".v1: ").next()).collect();
        let there_are: BTreeSet<_> = AnyEvent::names().collect();
        assert_eq!(listed, there_are, "at Event.type in feed_service.proto");
    }

    #[test]
    fn a_type_has_a_name_and_a_version() {
        assert_eq!(name_of(&type_of("stock_changed")), Some("stock_changed"));
        assert_eq!(name_of("backstock.stock_changed.v2"), None);
        assert_eq!(name_of("stock_changed"), None);
    }
}
